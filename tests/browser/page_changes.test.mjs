// What changed: it comes by itself, waits when asked to, and goes back to the beginning.
import { test } from "./lib/test.mjs";
import { until } from "./lib/world.mjs";

const feed = (page) => page.locator(".feed > li");
const numbers = (page) => feed(page).evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));

test("page changes: the newest first, each as the interface has it", async ({ open, page, world, assert }) => {
	const { items } = await world.api("/api/v1/changes?limit=1000");
	await open("/?view=changes");
	await page.waitForSelector(".feed");
	assert.deepEqual(await numbers(page), items.map((change) => change.seq).reverse());
	const first = items.at(-1);
	const text = await feed(page).first().innerText();
	assert.ok(text.includes("first read") && text.includes(first.account) && text.includes(first.service), text);
});

test("page changes: one in the cloud appears without a reload; a pause holds it back", { world: { interval: "1s" } },
	async ({ open, page, world, shot, assert }) => {
		await page.addInitScript(() => { // the page asks every quarter of a minute as well: only the stream shall tell
			const real = window.setInterval;
			window.setInterval = (call, after) => (after < 10000 ? real(call, after) : 0);
		});
		await open("/?view=changes");
		await page.waitForSelector(".link.live");
		await page.evaluate(() => (window.notReloaded = true));
		const before = (await numbers(page))[0];
		await world.sim("add", { segment: "uhost/hk/platform", count: 1 });
		await page.waitForSelector(".feed > li:first-child .mark:text-is('added')");
		assert.ok((await numbers(page))[0] > before);
		await page.waitForSelector("[role=status]:text-is('1 new change')", { state: "attached" });

		await page.getByRole("button", { name: "Pause" }).click();
		const held = await numbers(page);
		await world.sim("remove", { segment: "uhost/hk/platform", count: 1 });
		const newest = await until(async () => (await world.api(`/api/v1/changes?after=${held[0]}&kind=missing`)).items[0], "it is missed");
		await page.waitForFunction((seq) => document.querySelector(".link").dataset.seq >= seq, newest.seq); // the views were told
		await page.waitForSelector("html[data-ready]", { state: "attached" });
		await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
		assert.deepEqual(await numbers(page), held);
		await shot("page changes paused");
		await page.getByRole("button", { name: "Resume" }).click();
		await page.waitForSelector(`.feed > li[data-seq="${newest.seq}"] .mark:text-is('missing')`);
		assert.ok(await page.evaluate(() => window.notReloaded));
		const all = await numbers(page);
		assert.deepEqual(all, [...new Set(all)].sort((a, b) => b - a), "each once, the newest first");
	});

test("page changes: a stream that breaks off misses nothing", { world: { interval: "1s" } }, async (given) => {
	const { open, page, world, expect_fault, assert } = given;

	expect_fault(/Failed to load resource|ERR_/);
	await open("/?view=changes");
	await page.waitForSelector(".link.live");
	const before = (await numbers(page))[0];
	await world.stop_daemon();
	await page.waitForSelector(".link.reconnecting, .link.gone");
	await world.sim("add", { segment: "uhost/hk/platform", count: 2 });
	await world.start_daemon();
	await until(async () => (await world.api(`/api/v1/changes?after=${before}&kind=added`)).items.length === 2, "both are seen");
	await page.waitForSelector(".link.live", { timeout: 60000 });
	await page.waitForFunction((seq) =>
		[...document.querySelectorAll(".feed > li")].filter((row) => Number(row.dataset.seq) > seq).length === 2, before);
});

test("page changes: by kind, in the address", { world: {} }, async ({ open, page, world, assert }) => {
	await world.sim("churn", { changes: 30 });
	await world.poll();
	const { items } = await world.api("/api/v1/changes?limit=1000&kind=changed");
	assert.ok(items.length > 0);
	await open("/?view=changes");
	await page.getByRole("link", { name: "changed", exact: true }).click();
	await page.waitForURL((url) => url.searchParams.get("kind") === "changed");
	await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length === n, items.length);
	assert.deepEqual(await numbers(page), items.map((change) => change.seq).reverse());
	const fields = Object.keys(items.at(-1).fields).filter((name) => !name.endsWith("_native"));
	assert.equal(await feed(page).first().locator("dt").count(), fields.length);
	await page.getByRole("link", { name: "released", exact: true }).click();
	await page.waitForSelector(".empty:has-text('No change of that kind')");
	await page.goBack();
	await page.waitForSelector(".feed > li .mark:text-is('changed')");
});

test("page changes: every kind that the interface knows can be chosen", async ({ open, page, world, assert }) => {
	const api = await world.api("/openapi.json");
	const kinds = api.paths["/api/v1/changes"].get.parameters.find((one) => one.name === "kind").schema.enum;
	await open("/?view=changes");
	const shown = await page.locator(".tabs a").evaluateAll((links) => links.map((link) => new URL(link.href).searchParams.get("kind")));
	assert.deepEqual(shown.filter(Boolean).sort(), [...kinds].sort());
});

test("page changes: back to the first one, each once", { world: {} }, async ({ open, page, world, assert }) => {
	await world.sim("churn", { changes: 700 });
	await world.poll();
	const { seq } = await world.api("/api/v1/changes?limit=1");
	assert.ok(seq > 300, `${seq} changes are several looks`);
	await open("/?view=changes");
	await page.waitForSelector(".feed");
	assert.ok((await numbers(page)).length < seq, "not all at once");
	while (await page.getByRole("button", { name: "Older changes" }).count()) {
		const before = (await numbers(page)).length;
		await page.getByRole("button", { name: "Older changes" }).click();
		await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length > n, before);
	}
	await page.getByText("This is the first change").waitFor();
	assert.deepEqual(await numbers(page), Array.from({ length: seq }, (_, i) => seq - i));
});

test("page changes: hostile text is text", async ({ open, page, assert }) => {
	const text = "<img src=x onerror=\"document.documentElement.dataset.planted=1\">" + "y".repeat(10000);
	await page.route("**/api/v1/changes?*", async (route) => {
		const reply = await route.fetch();
		const body = await reply.json();
		for (const change of body.items)
			Object.assign(change, {
				name: text, uid: `x/${text}`,
				fields: { name: [text, null], [text]: [1, { a: text }], tags: [[text], []], nothing: 7 },
			});
		return route.fulfill({ response: reply, json: body });
	});
	await open("/?view=changes");
	await page.waitForSelector(".feed");
	assert.equal(await page.evaluate(() => document.documentElement.dataset.planted), undefined);
	assert.equal(await page.locator("main img").count(), 0);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	assert.ok(wide <= 0, `the page is ${wide} pixels wider than the screen`);
});
