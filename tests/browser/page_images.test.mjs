// The catalog's table: filters that are the address, pages, order, and text that means harm.
import { exported } from "./lib/source.mjs";
import { test } from "./lib/test.mjs";

const rows = (page) => page.locator(".images tbody tr");
const ids = (page) => page.locator(".images tbody code").allInnerTexts();

// The page has asked again and shows that many.
const counted = (page, text) => page.waitForSelector(`.count[data-busy=false]:text-is('${text}')`);

const countOf = async (world, query) => (await world.api(`/api/v1/images?limit=1000&columns=uid&${query}`)).items.length;

test("page images: the first look is the catalog's", async ({ open, page, world, assert }) => {
	await open("/");
	await counted(page, `${await countOf(world, "")} images`);
	const { items } = await world.api("/api/v1/images?limit=50&sort=created_at:desc");
	assert.deepEqual(await ids(page), items.map((image) => image.image_id));
	const [first] = items;
	const row = await rows(page).first().innerText();
	assert.ok(row.includes(first.name) && row.includes(first.zone ?? first.region), row);
});

// What is done in the form, and the parameter that it becomes.
const filters = [
	{ label: "Provider", choose: "qingcloud", name: "provider" },
	{ label: "Region", choose: "cn-bj2", name: "region" },
	{ label: "System", type: "ubuntu:22.04", name: "os" },
	{ label: "Processor", choose: "aarch64", name: "arch" },
	{ label: "Kind", choose: "community", name: "kind" },
	{ label: "Launchable", choose: "0", name: "launchable" },
	{ label: "Account", choose: "qc", name: "account", more: true },
	{ label: "Service", choose: "uk8s", name: "service", more: true },
	{ label: "Zone", type: "pek3", name: "zone", more: true },
	{ label: "Made by", choose: "self", name: "origin", more: true },
	{ label: "Boots as", choose: "container", name: "form", more: true },
	{ label: "Workload", type: "-", name: "workload", more: true },
	{ label: "State", choose: "deprecated", name: "state", more: true },
	{ label: "GPU", choose: "unknown", name: "gpu", more: true },
	{ label: "Name pattern", type: "*64*", name: "name", more: true },
	{ label: "Changed within", choose: "1h", name: "since", more: true },
	{ label: "Cloud", type: "api.ucloud.cn", name: "cloud", more: true },
	{ label: "Only the newest of each sort", check: true, name: "latest", more: true },
	{ label: "Removed images", check: true, name: "removed", more: true },
	{ label: "Only of stale listings", check: true, name: "stale", more: true },
];

async function set(page, { label, choose, type, check, more }) {
	if (more && !(await page.locator(".filters details").evaluate((details) => details.open)))
		await page.getByText("More filters").click();
	const field = page.getByLabel(label, { exact: true });
	if (check)
		return field.check();
	if (choose)
		return field.selectOption(choose);
	await field.fill(type);
	await field.press("Enter");
}

test("page images: each filter goes into the address and narrows the table as the interface does",
	async ({ open, page, world, assert }) => {
		const seen = new Set();
		await open("/");
		for (const filter of filters) {
			const value = filter.choose ?? filter.type ?? "1";
			await set(page, filter);
			await page.waitForURL((url) => url.searchParams.get(filter.name) === value);
			const n = await countOf(world, `${filter.name}=${encodeURIComponent(value)}`);
			await counted(page, n === 1 ? "1 image" : `${n} images`);
			seen.add(n);
			await page.getByRole("link", { name: "Clear all filters" }).first().click();
			await page.waitForURL((url) => url.search === "");
		}
		assert.ok(seen.size > 8, `different filters give different numbers: ${[...seen]}`);
	});

test("page images: every filter of the interface is in the form", async ({ open, page, world, assert }) => {
	await open("/");
	const api = await world.api("/openapi.json");
	const names = api.paths["/api/v1/images"].get.parameters.map((parameter) => parameter.name)
		.filter((name) => !["sort", "columns", "limit", "cursor", "format"].includes(name));
	const known = await exported(page, "filters", "filterNames");
	assert.deepEqual(known.sort(), names.sort());
	const choices = (await exported(page, "filters", "filters")).filter((one) => one.words && one.name !== "since"); // which is any age
	for (const filter of choices) {
		const { schema } = api.paths["/api/v1/images"].get.parameters.find((one) => one.name === filter.name);
		const named = (list) => list.map(String).filter((word) => word !== "-").sort();
		assert.deepEqual(named(filter.words), named(schema.enum), filter.name);
	}
});

test("page images: an address is the view, and back is back", async ({ open, page, world, assert }) => {
	await open("/?os=ubuntu&arch=x86_64&q=ubuntu");
	assert.equal(await page.getByLabel("System", { exact: true }).inputValue(), "ubuntu");
	assert.equal(await page.getByLabel("Processor", { exact: true }).inputValue(), "x86_64");
	assert.equal(await page.locator("#q").inputValue(), "ubuntu");
	await counted(page, `${await countOf(world, "os=ubuntu&arch=x86_64&q=ubuntu")} images`);
	await page.getByRole("button", { name: "Remove filter System: ubuntu" }).click();
	await page.waitForURL((url) => !url.searchParams.has("os"));
	await counted(page, `${await countOf(world, "arch=x86_64&q=ubuntu")} images`);
	await page.goBack();
	await page.waitForURL((url) => url.searchParams.get("os") === "ubuntu");
	await counted(page, `${await countOf(world, "os=ubuntu&arch=x86_64&q=ubuntu")} images`);
	assert.equal(await page.getByLabel("System", { exact: true }).inputValue(), "ubuntu", "the form follows the address");
});

test("page images: a search is one step back, however many letters it has", async ({ open, page, world, assert }) => {
	await open("/");
	await page.locator("#q").pressSequentially("pytorch", { delay: 1 });
	await page.waitForURL((url) => url.searchParams.get("q") === "pytorch");
	await counted(page, `${await countOf(world, "q=pytorch")} images`);
	await page.locator("#q").pressSequentially(" cuda");
	await page.waitForURL((url) => url.searchParams.get("q") === "pytorch cuda");
	await page.goBack();
	await page.waitForURL((url) => url.search === "");
	assert.equal(await page.locator("#q").inputValue(), "");
});

test("page images: page behind page, each image once, and back", async ({ open, page, world, assert }) => {
	await open("/?provider=qingcloud");
	const all = new Set(), n = await countOf(world, "provider=qingcloud");
	for (let number = 1; ; number++) {
		const from = 50 * (number - 1) + 1;
		await page.waitForSelector(`.pages:has-text('${from}–${Math.min(from + 49, n)} of ${n} images')`);
		await page.waitForSelector(".answer[aria-busy=false] .images");
		for (const id of await page.locator(".images .title").evaluateAll((links) => links.map((link) => link.href)))
			all.add(id);
		if (!(await page.getByRole("link", { name: "Next page" }).count()))
			break;
		const before = (await ids(page))[0];
		await page.getByRole("link", { name: "Next page" }).click();
		await page.waitForURL((url) => url.searchParams.get("page") === `${number + 1}`);
		await page.waitForFunction((id) => document.querySelector(".images tbody code")?.innerText !== id, before);
	}
	assert.equal(all.size, n);
	await page.getByRole("link", { name: "First page" }).click();
	await page.waitForURL((url) => !url.searchParams.has("cursor"));
	await page.waitForSelector(`.pages:has-text('1–50 of')`);
});

test("page images: a filter begins with its first page", async ({ open, page }) => {
	await open("/");
	await page.getByRole("link", { name: "Next page" }).click();
	await page.waitForURL((url) => url.searchParams.has("cursor"));
	await page.getByLabel("Provider").selectOption("ucloud");
	await page.waitForURL(({ searchParams: given }) =>
		given.get("provider") === "ucloud" && !given.has("cursor") && !given.has("page"));
});

test("page images: a cursor of another catalog leads to the first page", async ({ open, page, expect_fault, world }) => {
	expect_fault(/status of 4\d\d/);
	const { next_cursor } = await world.api("/api/v1/images?limit=1&provider=ucloud");
	await open(`/?provider=qingcloud&cursor=${next_cursor}`);
	await page.waitForSelector(".notice");
	await page.getByRole("link", { name: "First page" }).click();
	await page.waitForSelector(".images tbody tr");
});

test("page images: a column sorts up, down, and not", async ({ open, page, world, assert }) => {
	const sorted = async (sort) => (await world.api(`/api/v1/images?limit=50&columns=image_id&sort=${sort}`))
		.items.map((image) => image.image_id);
	const head = page.locator("th:has(a:text('Size'))");
	await open("/");
	assert.equal(await head.getAttribute("aria-sort"), null);
	assert.equal(await page.locator("th:has(a:text('Created'))").getAttribute("aria-sort"), "descending", "the newest first");
	for (const [sort, aria] of [["size_bytes", "ascending"], ["size_bytes:desc", "descending"]]) {
		await head.getByRole("link").click();
		await page.waitForURL((url) => url.searchParams.get("sort") === sort);
		const wanted = await sorted(sort);
		await page.waitForFunction((id) => document.querySelector(".images tbody code")?.innerText === id, wanted[0]);
		assert.deepEqual(await ids(page), wanted);
		assert.equal(await head.getAttribute("aria-sort"), aria);
	}
	await head.getByRole("link").click();
	await page.waitForURL((url) => !url.searchParams.has("sort"));
	const created = page.locator("th:has(a:text('Created'))");
	await created.getByRole("link").click();
	await page.waitForURL((url) => url.searchParams.get("sort") === "created_at");
	await created.getByRole("link").click();
	await page.waitForURL((url) => url.search === "");
});

test("page images: a pause between two words loses no blank", async ({ open, page, assert }) => {
	await open("/");
	await page.locator("#q").pressSequentially("ubuntu ");
	await page.waitForURL((url) => url.searchParams.get("q") === "ubuntu");
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	await page.locator("#q").pressSequentially("22");
	await page.waitForURL((url) => url.searchParams.get("q") === "ubuntu 22");
	assert.equal(await page.locator("#q").inputValue(), "ubuntu 22");
	await page.goBack();
	await page.waitForURL((url) => url.search === "");
	await page.waitForFunction(() => document.getElementById("q").value === "");
});

test("page images: a system is one step back, however often the typing rests", async ({ open, page }) => {
	await open("/");
	const field = page.getByLabel("System", { exact: true });
	let typed = "";
	for (const part of ["ubu", "ntu", ":22.04"]) {
		await field.pressSequentially(part);
		typed += part;
		await page.waitForURL((url) => url.searchParams.get("os") === typed);
	}
	await page.goBack();
	await page.waitForURL((url) => url.search === "");
});

test("page images: a page that the address makes up is not believed", async ({ open, page, world, assert }) => {
	const n = await countOf(world, "");
	for (const made_up of ["1e308", "1.5", "-3", "7", "x"]) {
		await open(`/?page=${made_up}`);
		await page.waitForSelector(`.pages:has-text('1–50 of ${n} images')`);
	}
	await page.getByRole("link", { name: "Next page" }).click();
	await page.waitForURL((url) => url.searchParams.get("page") === "2");
	const cursor = new URL(page.url()).searchParams.get("cursor");
	await open(`/?cursor=${cursor}&page=1e308`);
	await page.waitForSelector(".pages");
	assert.doesNotMatch(await page.locator(".pages").innerText(), /\d+–|∞|NaN/);
});

test("page images: an id is copied with one click", { permissions: ["clipboard-read", "clipboard-write"] },
	async ({ open, page, assert }) => {
		await open("/");
		const [id] = await ids(page);
		await page.getByRole("button", { name: `Copy ${id}` }).first().click();
		await page.getByRole("button", { name: `Copied ${id}` }).first().waitFor();
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
	});

test("page images: what is found is told to who does not see it", async ({ open, page, world }) => {
	await open("/");
	await page.getByLabel("Provider").selectOption("compshare");
	const n = await countOf(world, "provider=compshare");
	await page.waitForSelector(`[role=status]:text-is('${n} images')`, { state: "attached" });
});

test("page images: nothing found and a refused question are different", async ({ open, page, expect_fault, assert }) => {
	await open("/?q=nothing-is-called-so");
	await page.waitForSelector(".empty:has-text('No image fits')");
	expect_fault(/status of 400/);
	await open("/?arch=sparc");
	await page.waitForSelector("[role=alert]:has-text('arch must be one of')");
	assert.equal(await page.locator(".empty").count(), 0);
	await page.getByLabel("Processor", { exact: true }).selectOption("aarch64");
	await page.waitForSelector(".images tbody tr");
});

test("page images: an empty catalog says so", { world: { images: 0 } }, async ({ open, page }) => {
	await open("/");
	await page.waitForSelector(".empty:has-text('No image yet')");
});

test("page images: a question that nobody waits for any more is cancelled", async ({ open, page }) => {
	await open("/");
	await page.route("**/api/v1/images?*q=slow*", () => {}); // never answered
	const asked = page.waitForRequest(/q=slow/);
	await page.locator("#q").fill("slow");
	const request = await asked;
	const cancelled = page.waitForEvent("requestfailed", (failed) => failed === request);
	await page.getByRole("link", { name: "Coverage" }).click();
	await cancelled;
});

// Each of them in a name, and whatever else of an image is text.
const hostile = ["<img src=x onerror=\"document.documentElement.dataset.planted=1\">",
	"<script>document.documentElement.dataset.planted=1</script>",
	"\u202Egpj.exe", "x".repeat(10000), "${7*7} {{7*7}} <!--", "name'\"><svg onload=alert(1)>", "لا إله", "\u0000\u0007\uFFFE"];

test("page images: hostile text is text", async ({ open, page, assert, shot }) => {
	await page.route("**/api/v1/images?*", async (route) => {
		const reply = await route.fetch();
		const body = await reply.json();
		body.items.slice(0, hostile.length).forEach((image, i) =>
			Object.assign(image, { name: hostile[i], zone: hostile[i], os_distro: hostile[i], os_version: hostile[i], service: hostile[i],
				state: hostile[i], kind: hostile[i], arch: hostile[i] }));
		return route.fulfill({ response: reply, json: body });
	});
	await open("/");
	await page.waitForSelector(".images");
	assert.equal(await page.evaluate(() => document.documentElement.dataset.planted), undefined);
	assert.equal(await page.locator(".images :is(img, script, [onerror], [onload])").count(), 0);
	assert.ok((await rows(page).first().innerText()).includes(hostile[0]), "it is shown as it is");
	for (let i = 0; i < hostile.length; i++)
		assert.ok((await rows(page).nth(i).boundingBox()).height < 400, `row ${i} stays a row`);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	assert.ok(wide <= 0, `the page is ${wide} pixels wider than the screen`);
	assert.equal(await page.locator(".images tbody bdi").first().evaluate((bdi) => getComputedStyle(bdi).unicodeBidi), "isolate");
	await shot("page hostile");
});

test("page images: what a stale listing says is marked", async ({ open, page, assert }) => {
	await page.route("**/api/v1/images?*", async (route) => {
		const reply = await route.fetch();
		const body = await reply.json();
		if (body.items[0])
			body.items[0].stale = 1;
		return route.fulfill({ response: reply, json: body });
	});
	await open("/");
	await rows(page).first().getByText("stale").waitFor();
	assert.equal(await rows(page).nth(1).getByText("stale").count(), 0);
});
