// One image: every field, its history, and the way to others.
import { test } from "./lib/test.mjs";
import { visit } from "./lib/visit.mjs";

const addressOf = (uid) => `/?image=${encodeURIComponent(uid)}`;

const oneOf = async (world, query) => (await world.api(`/api/v1/images?limit=1&${query}`)).items[0];

test("page image: from the table to the image, and back to the same table", async ({ open, page, assert }) => {
	await open("/?os=ubuntu");
	const title = await page.locator(".images .title").first().innerText();
	await page.locator(".images .title").first().click();
	await page.waitForURL((url) => url.searchParams.has("image"));
	await page.waitForSelector(".groups");
	assert.equal(await page.locator("h1").innerText(), title);
	assert.ok((await page.title()).startsWith(title));
	await page.goBack();
	await page.waitForURL((url) => url.searchParams.get("os") === "ubuntu");
	await page.waitForSelector(".images");
});

test("page image: everything that the catalog says is there", async ({ open, page, world, assert }) => {
	const uid = (await oneOf(world, "kind=community&provider=compshare")).uid;
	const image = await world.api(`/api/v1/images/${uid}`);
	await open(addressOf(uid));
	await page.waitForSelector(".groups");
	const shown = await page.evaluate(() => document.querySelectorAll(".groups dl > div").length);
	const apart = ["name", "description", "readme", "raw", "account", "account_count", "listing_id"];
	const told = Object.entries(image).filter(([name, value]) => !apart.includes(name) && !name.endsWith("_utc") &&
		value !== null && value !== "" && !(Array.isArray(value) && value.length === 0));
	assert.equal(shown, told.length, told.map(([name]) => name).join());
	const text = await page.locator("main").innerText();
	for (const name of ["image_id", "uid", "cloud", "region", "owner_name", "author", "group_id", "state_native"].filter((one) => image[one]))
		assert.ok(text.includes(image[name]), name);
	await page.getByText("As received from the cloud").click();
	assert.deepEqual(JSON.parse(await page.locator("pre").innerText()), image.raw);
});

test("page image: a column that the page does not know is shown by its name", async ({ open, page, world }) => {
	const { uid } = await oneOf(world, "");
	await page.route(`**/api/v1/images/${uid}`, async (route) => {
		const reply = await route.fetch();
		return route.fulfill({ response: reply, json: { ...(await reply.json()), brand_new: "what is to come" } });
	});
	await open(addressOf(uid));
	await page.waitForSelector("section:has(h2:text-is('Other')) dt:text-is('brand_new') + dd:has-text('what is to come')");
});

test("page image: its history has the old and the new, and grows while one looks", { world: {} },
	async ({ open, page, world, shot, assert }) => {
		const { items } = await world.api("/api/v1/images?service=uhost&region=hk&origin=platform&limit=1&state=available");
		const [image] = items;
		await open(addressOf(image.uid));
		await page.waitForSelector(".history .empty, .history .feed");
		await page.waitForSelector(".link.live");
		await world.sim("change", { segment: "uhost/hk/platform", id: image.image_id, what: "state" });
		await world.poll();
		const { items: history } = await world.api(`/api/v1/images/${image.uid}/history`);
		const change = history.at(-1);
		assert.equal(change.kind, "changed", "the simulator changed it");
		const row = page.locator(".history .feed li").first();
		await row.getByText("changed", { exact: true }).waitFor();
		assert.match(await row.locator("div:has(> dt:text-is('State')) del").innerText(), /available/);
		const now = await row.locator("div:has(> dt:text-is('State')) ins").innerText();
		assert.ok(!now.includes("available") || now.includes("unavailable"), now);
		await shot("page image history", { fullPage: true });
	});

test("page image: the newest of its sort is a click away", async ({ open, page, world, assert }) => {
	const { items } = await world.api("/api/v1/images?limit=1000&launchable&os=ubuntu&origin=platform&gpu=unknown");
	const { items: latest } = await world.api("/api/v1/images?limit=1000&latest&os=ubuntu");
	const newest = new Set(latest.map((image) => image.uid));
	const sort = (image) => JSON.stringify(["provider", "cloud", "service", "region", "zone", "os_version", "arch", "form", "kind", "workload",
		"gpu_supported"].map((name) => image[name]));
	const old = items.find((image) => image.os_version && !newest.has(image.uid));
	const wanted = latest.find((image) => sort(image) === sort(old));
	await open(addressOf(old.uid));
	await page.getByRole("link", { name: "Newest of its sort" }).click();
	await page.waitForURL((url) => url.searchParams.get("image") === wanted.uid);
	await page.getByText("newest of its sort", { exact: true }).waitFor();
	assert.equal(await page.locator(".id code").innerText(), wanted.image_id);
});

test("page image: one that was removed is found, with when and why", { world: {} }, async ({ open, page, world, assert }) => {
	const before = await world.api("/api/v1/images?service=uhost&region=hk&origin=platform&limit=1000");
	await world.sim("remove", { segment: "uhost/hk/platform", count: 1 });
	await world.poll();
	await world.poll();
	const { items: [gone] } = await world.api("/api/v1/images?removed&service=uhost&region=hk");
	assert.ok(before.items.some((image) => image.uid === gone.uid));
	await open(addressOf(gone.uid));
	await page.waitForSelector(".heading .mark:text-is('removed')");
	await page.waitForSelector("dt:text-is('Why it is removed') + dd:has-text('absent from two complete polls')");
	await page.waitForSelector(".history .mark:text-is('removed')");
});

test("page image: one that never was is said so", async ({ open, page, expect_fault }) => {
	expect_fault(/status of 404/);
	await open("/?image=ucloud/nowhere/uhost/nothing");
	await page.waitForSelector("[role=alert]:has-text('Not found')");
});

// What stands as link_url, and whether it may be one.
const links = [
	["https://example.com/a", true],
	["http://example.com/a", true],
	["javascript:alert(1)", false],
	["JaVaScRiPt:alert(1)", false],
	[" \tjavascript:alert(1)", false],
	["data:text/html,<script>alert(1)</script>", false],
	["vbscript:x", false],
	["//example.com", false],
	["/-/reload", false],
	["not an address", false],
];

test("page image: only what leads to a web page is a link, and no picture is loaded", async ({ open, page, world, assert }) => {
	const { uid } = await oneOf(world, "");
	let link;
	await page.route(`**/api/v1/images/${uid}`, async (route) => {
		const reply = await route.fetch();
		const planted = { link_url: link, cover_url: link, name: "<b>bold</b>", readme: "<i>x</i>" };
		return route.fulfill({ response: reply, json: { ...(await reply.json()), ...planted } });
	});
	await open("/");
	for (const [address, safe] of links) {
		link = address;
		await visit(page, "/");
		await visit(page, addressOf(uid));
		const found = page.locator("dt:text-is('Page') + dd a, dt:text-is('Picture') + dd a");
		await page.waitForSelector("dt:text-is('Page')");
		assert.equal(await found.count(), safe ? 2 : 0, address);
		if (safe) {
			assert.equal(await found.first().getAttribute("rel"), "noopener noreferrer nofollow");
			assert.equal(await found.first().getAttribute("href"), address);
		}
	}
	assert.equal(await page.locator("main :is(img, b b, i)").count(), 0);
	assert.equal(await page.locator("h1").innerText(), "<b>bold</b>");
});
