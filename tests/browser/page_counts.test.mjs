// Numbers: what there is now, how it moved, and where a system is missing.
import { test } from "./lib/test.mjs";

const plotted = (page, title) => page.locator(`figure:has(h2:text-is('${title}'))`);
const numberOf = (text) => Number(text.replaceAll(/[^\d]/g, ""));

test("page counts: what there is, by dimension, as the interface says", async ({ open, page, world, assert }) => {
	const stats = await world.api("/api/v1/stats");
	await open("/?view=counts");
	await page.waitForSelector(`.total:has-text('${stats.images} images in ${stats.listings} listings')`);
	for (const [caption, dimension] of [["Provider", "provider"], ["Region", "region"], ["Kind", "kind"]]) {
		const table = page.locator(`table:has(caption:text-is('${caption}'))`);
		const sum = (await table.locator("td").allInnerTexts()).reduce((total, text) => total + numberOf(text), 0);
		assert.equal(sum, stats.by[dimension].reduce((total, row) => total + row.images, 0), caption);
	}
	await page.getByRole("link", { name: "UCloud", exact: true }).click();
	await page.waitForURL((url) => url.searchParams.get("provider") === "ucloud");
});

test("page counts: charts have a table beside them, and end at what there is", { world: {} }, async (given) => {
	const { open, page, world, shot, assert } = given;

	await world.sim("add", { segment: "uhost/hk/platform", count: 5 });
	await world.poll();
	const listings = (await world.listings()).filter((listing) => listing.service !== "discovery");
	await open("/?view=counts&window=1h");
	const images = plotted(page, "Images by provider"), changes = plotted(page, "Changes of images");
	await images.locator("canvas").waitFor();
	await images.getByText("As a table").click();
	const heads = await images.locator("thead th").allInnerTexts();
	const last = await images.locator("tbody tr").first().locator("td").allInnerTexts();
	for (const [label, provider] of [["UCloud", "ucloud"], ["Compshare", "compshare"], ["QingCloud", "qingcloud"]]) {
		const sum = listings.filter((one) => one.provider === provider).reduce((total, one) => total + one.images_present, 0);
		assert.equal(numberOf(last[heads.indexOf(label) - 1]), sum, label);
	}
	await changes.getByText("As a table").click();
	const added = (await changes.locator("tbody tr td:nth-child(2)").allInnerTexts()).reduce((total, text) => total + numberOf(text), 0);
	assert.equal(added, 5, "what the first polls found is no change");
	assert.match(await images.locator("[role=img]").getAttribute("aria-label"), /UCloud: from \d+ to \d+/);
	await shot("page counts", { fullPage: true });
});

test("page counts: the line moves while one looks", { world: { interval: "1s" } }, async ({ open, page, world }) => {
	const { images } = await world.api("/api/v1/stats");
	await open("/?view=counts&window=1h");
	await page.waitForSelector(`.total b:text-is('${images}')`);
	const line = page.locator("figure").first().locator(".legend li:has-text('UCloud') b");
	const before = Number(await line.innerText());
	await world.sim("add", { segment: "uhost/hk/platform", count: 3 });
	await page.waitForSelector(`.total b:text-is('${images + 3}')`);
	await page.waitForFunction((n) => [...document.querySelectorAll("figure .legend li")].some((item) => item.innerText.includes("UCloud") &&
		Number(item.querySelector("b").innerText) === n), before + 3);
});

test("page counts: no time is shown in which there was no catalog", { world: {} }, async ({ open, page, world, assert }) => {
	const { created_at } = await world.api("/api/v1/stats");
	await world.poll();
	await page.clock.install({ time: (created_at + 120) * 1000 });
	for (const window of ["1h", "7d", "toString"]) {
		await open(`/?view=counts&window=${window}`);
		await plotted(page, "Images by provider").getByText("As a table").click();
		const rows = await plotted(page, "Images by provider").locator("tbody tr").count();
		assert.ok(rows > 40 && rows <= 60, `${rows} rows`);
		const first = await plotted(page, "Images by provider").locator("tbody tr").last().locator("th").innerText();
		assert.ok(Date.parse(first.replace(" at ", " ")) / 1000 >= created_at, first);
	}
});

// A catalog that began twenty days ago, after midnight, and was polled ever since; of its polls the last is left.
async function aged(world) {
	await world.stop_daemon();
	const day = Math.floor(Date.now() / 86400000) * 86400;
	world.sql(`UPDATE _meta SET value = ${day - 20 * 86400 + 3600} WHERE key = 'created_at';
		DELETE FROM _image_counts; DELETE FROM _polls WHERE poll_id < (SELECT max(poll_id) FROM _polls);
		WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 41)
		INSERT INTO _image_counts (time, provider, region, kind, state, images) SELECT ${day} - 86400 * n, p.column1, 'r', k.column1, 'available',
		100 + n FROM d, (VALUES ('ucloud'), ('qingcloud')) AS p, (VALUES ('system'), ('custom')) AS k WHERE n <> 3`);
	await world.start_daemon();
	return day;
}

test("page counts: days that no poll is left of are as they were counted, but for the first", { world: {} }, async (given) => {
	const { open, page, world, shot, assert } = given;

	await world.poll();
	const day = await aged(world), { by } = await world.api("/api/v1/stats");
	const now = (name) => by.provider.find((row) => row.value === name)?.images ?? 0;
	const asked = [];
	page.on("request", (request) => asked.push(new URL(request.url()).pathname));
	for (const [window, days] of [["7d", 7], ["30d", 20]]) {
		await open(`/?view=counts&window=${window}`);
		const images = plotted(page, "Images by provider");
		await images.locator("canvas").waitFor();
		await images.getByText("As a table").click();
		const rows = await images.locator("tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.innerText)));
		const lines = (await images.locator("thead th").allInnerTexts()).slice(1);
		assert.deepEqual(lines, ["Compshare", "QingCloud", "UCloud"]);
		assert.deepEqual(rows[0].slice(1).map(numberOf), ["compshare", "qingcloud", "ucloud"].map(now));
		const counted = Array.from({ length: days }, (_, n) => n).filter((n) => n !== 3);
		assert.deepEqual(rows.slice(1).map((row) => row.slice(1).map(numberOf)), counted.map((n) => [0, 200 + 2 * n, 200 + 2 * n]));
		assert.equal(Date.parse(rows[1][0].replace(" at ", " ")) / 1000, day);
		await page.getByText("As counted once each UTC day").waitFor();
		assert.equal(await plotted(page, "Changes of images").locator("tbody tr").count(), { "7d": 56, "30d": 60 }[window]);
	}
	assert.deepEqual(asked.filter((path) => /polls/.test(path)), []);
	assert.ok(asked.includes("/api/v1/counts"));
	await shot("page counts of days", { fullPage: true });
});

test("page counts: a catalog without days has the line of its polls", { world: {} }, async ({ open, page, world, assert }) => {
	await world.poll();
	const asked = page.waitForRequest((request) => request.url().includes("/api/v1/polls?"));
	await open("/?view=counts&window=30d");
	await page.getByText("From the polls").waitFor();
	const columns = new URL((await asked).url()).searchParams.get("columns").split(",");
	const { items: [poll] } = await world.api("/api/v1/polls?limit=1");
	assert.ok(columns.length < 10 && columns.every((name) => name in poll), `${columns}`);
});

test("page counts: no boxes of nothing", { world: { images: 0 } }, async ({ open, page, assert }) => {
	await open("/?view=counts");
	await page.waitForSelector(".total:has-text('0 images')");
	assert.equal(await page.locator(".breakdown").count(), 0);
});

test("page counts: a chart that cannot be drawn is still a table, and is drawn the next time", async (given) => {
	const { open, page, expect_fault, axe, assert } = given;

	expect_fault(/ERR_FAILED/);
	await page.route(/uPlot/i, (route) => (/\.js$/.test(route.request().url()) ? route.abort() : route.continue()));
	await open("/?view=counts");
	await page.getByText("A part of the page could not be loaded").first().waitFor();
	await plotted(page, "Images by provider").getByText("As a table").click();
	await plotted(page, "Images by provider").locator("tbody tr").first().waitFor();
	await axe({ preload: false });
	await page.unroute(/uPlot/i);
	await page.getByRole("link", { name: "Health", exact: true }).click();
	await page.getByRole("link", { name: "Counts", exact: true }).click();
	await page.locator("figure canvas").first().waitFor();
	assert.equal(await page.getByText("A part of the page could not be loaded").count(), 0);
});

test("page counts: axe finds nothing in a chart's table", async ({ open, page, axe }) => {
	await open("/?view=counts&window=1d");
	await page.locator("figure canvas").first().waitFor();
	await plotted(page, "Changes of images").getByText("As a table").click();
	await axe({ preload: false });
});

test("page counts: a chart follows the theme", async ({ open, page, assert }) => {
	const ink = () => page.locator("figure canvas").first().evaluate((canvas) => {
		const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
		let light = 0, dark = 0; // of what is drawn
		for (let i = 0; i < data.length; i += 4)
			if (data[i + 3] > 200)
				data[i] + data[i + 1] + data[i + 2] > 384 ? light++ : dark++;
		return light > dark ? "light" : "dark";
	});
	await open("/?view=counts");
	await page.locator("figure canvas").first().waitFor();
	const before = await ink();
	await page.getByRole("button", { name: "Dark theme" }).click();
	await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
	await page.locator("figure canvas").first().waitFor();
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	assert.notDeepEqual([before, await ink()], ["dark", "dark"]);
});

test("page coverage: systems by places, as the interface says", async ({ open, page, world, shot, assert }) => {
	const { items } = await world.api("/api/v1/coverage?limit=1000&provider=ucloud");
	await open("/?view=coverage&provider=ucloud");
	await page.waitForSelector(".matrix");
	assert.deepEqual(await page.locator(".matrix h2").allInnerTexts(), ["UCloud"]);
	const places = new Set(items.map((row) => row.zone ?? row.region));
	assert.deepEqual(new Set((await page.locator(".matrix thead th").allInnerTexts()).slice(1)), places);
	assert.equal(await page.locator(".matrix td").count(), items.length);
	assert.equal(await page.locator(".matrix td.lacking").count(), items.filter((row) => row.images === 0).length);
	const numbers = (await page.locator(".matrix td a").allInnerTexts()).map(Number);
	assert.equal(numbers.reduce((a, b) => a + b, 0), items.reduce((sum, row) => sum + row.images, 0));
	await shot("page coverage", { fullPage: true });
});

test("page coverage: only what is missing somewhere, in the address", async ({ open, page, world, assert }) => {
	const { items } = await world.api("/api/v1/coverage?limit=1000&missing");
	const systems = new Set(items.map((row) => JSON.stringify([row.provider, row.os_distro, row.os_version, row.arch, row.form])));
	await open("/?view=coverage");
	await page.getByLabel("Only systems that are missing somewhere").check();
	await page.waitForURL((url) => url.searchParams.get("missing") === "1");
	await page.waitForFunction((n) => document.querySelectorAll(".matrix tbody tr").length === n, systems.size);
	assert.ok(systems.size > 0, "the simulator has gaps");
});

test("page coverage: of a provider that has none it says so", async ({ open, page, assert }) => {
	await open("/?view=coverage&provider=evil");
	await page.waitForSelector(".empty:has-text('Nothing is known yet of any place')");
	assert.equal(await page.locator("#coverage-provider").inputValue(), "evil");
});

test("page coverage: a number leads to its images", async ({ open, page, world, assert }) => {
	await open("/?view=coverage&provider=qingcloud");
	const cell = page.locator(".matrix td a").first();
	const n = Number(await cell.innerText());
	await cell.click();
	await page.waitForURL((url) => url.searchParams.get("provider") === "qingcloud" && !url.searchParams.has("view"));
	await page.waitForSelector(`.count:text-is('${n} ${n === 1 ? "image" : "images"}')`);
});
