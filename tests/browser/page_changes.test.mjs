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
	await page.waitForSelector(".empty:has-text('No change fits')");
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
	await to_the_end(page);
	await page.getByText("This is the first change").waitFor();
	assert.deepEqual(await numbers(page), Array.from({ length: seq }, (_, i) => seq - i));
});

async function to_the_end(page) {
	const older = page.getByRole("button", { name: "Older changes" });
	while (await older.count()) {
		const before = await feed(page).count();
		await older.click();
		await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length > n || !document.querySelector("p.end button"), before);
	}
}

// A catalog with that many changes more than its first look has.
async function grown(world, added) {
	for (let left = added; left > 0; left -= 300) {
		await world.sim("add", { segment: "uhost/hk/platform", count: Math.min(300, left) });
		await world.poll();
	}
}

test("page changes: a catalog that was pruned is shown down to what is kept", { world: {} }, async (given) => {
	const { open, page, world, expect_fault, assert } = given;

	await grown(world, 450);
	await open("/?view=changes");
	await page.waitForSelector(".feed");
	const newest = (await numbers(page))[0];
	expect_fault(/ERR_|Failed to load resource/); // while there is none, and of what is pruned
	await world.stop_daemon();
	world.prune(230);
	await world.start_daemon();
	await page.waitForSelector(".link.live", { timeout: 60000 });
	const kept = (n) => Array.from({ length: n }, (_, i) => newest - i);
	await to_the_end(page); // behind a page that was read when more was kept
	await page.getByText("Older ones were pruned").waitFor();
	assert.deepEqual(await numbers(page), kept(230));
	for (const [kind, count] of [["added", 230], ["removed", 0]]) {
		await open(`/?view=changes&kind=${kind}`);
		await to_the_end(page);
		await page.getByText("Older ones were pruned").waitFor();
		assert.deepEqual(await numbers(page), kept(count), kind);
	}
});

test("page changes: older ones of one kind never stand under another", { world: {} }, async ({ open, page, world, assert }) => {
	await grown(world, 450);
	await open("/?view=changes&kind=added");
	const older = page.getByRole("button", { name: "Older changes" });
	await older.waitFor();
	let free;
	const held = new Promise((resolve) => (free = resolve));
	await page.route(/api\/v1\/changes.*kind=added/, async (route) => {
		await held;
		await route.continue().catch(() => {});
	});
	const cancelled = page.waitForEvent("requestfailed", (request) => request.url().includes("kind=added"));
	await older.click();
	await page.getByRole("link", { name: "removed", exact: true }).click();
	await cancelled;
	free();
	await page.getByText("No change fits").waitFor();
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	assert.deepEqual(await numbers(page), []);
});

test("page changes: older ones that cannot be had are said to be, and asked for again", { world: {} }, async (given) => {
	const { open, page, world, expect_fault, assert } = given;

	await grown(world, 450);
	await open("/?view=changes");
	await page.waitForSelector(".feed");
	const before = (await numbers(page)).length;
	expect_fault(/status of 503/);
	await page.route("**/api/v1/changes?*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json",
		json: { title: "Service Unavailable", status: 503, detail: "the catalog cannot be read: disk I/O error" } }));
	await page.getByRole("button", { name: "Older changes" }).click();
	await page.waitForSelector("[role=alert]:has-text('disk I/O error')");
	await page.unroute("**/api/v1/changes?*");
	await page.getByRole("button", { name: "Older changes" }).click();
	await page.waitForSelector("[role=alert]", { state: "detached" });
	await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length > n, before);
	const all = await numbers(page);
	assert.deepEqual(all, Array.from(all, (_, i) => all[0] - i));
});

test("page changes: a refusal of what is pruned is not taken for a page that is gone", async ({ open, page, expect_fault, assert }) => {
	expect_fault(/status of 410/);
	await page.route("**/api/v1/stats", (route) => route.fulfill({ status: 410, contentType: "application/problem+json",
		json: { title: "Gone", status: 410, detail: "changes behind that seq were pruned", oldest_seq: 7, seq: 9 } }));
	await open("/?view=counts");
	await page.waitForSelector("[role=alert]:has-text('changes behind that seq were pruned')");
	assert.equal(await page.getByText("Begin with the first page").count(), 0);
});

test("page changes: no gap, however much comes while one looks", { world: {} }, async ({ open, page, world, assert }) => {
	await open("/?view=changes");
	await page.waitForSelector(".link.live");
	await grown(world, 1150);
	const { seq } = await world.api("/api/v1/changes?limit=1");
	await page.waitForSelector(`.feed > li[data-seq="${seq}"]`);
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	const whole = (n) => Array.from({ length: n }, (_, i) => seq - i);
	const shown = await numbers(page);
	assert.deepEqual(shown, whole(shown.length));
	await to_the_end(page);
	await page.getByText("This is the first change").waitFor();
	assert.deepEqual(await numbers(page), whole(seq));
});

test("page changes: the newest cost one question, however long the feed; too many at once begin with the newest", async (given) => {
	const { open, page, assert } = given;
	const asked = [];
	let newest = 20000;
	await page.route("**/api/v1/changes?*", (route) => { // of a kind that every tenth change has
		const params = new URL(route.request().url()).searchParams;
		asked.push(Object.fromEntries(params));
		const back = params.get("sort") === "-seq", after = Number(params.get("after") ?? 0), limit = Number(params.get("limit"));
		const from = Number(params.get("cursor") ?? (back ? newest + 1 : 0));
		const all = Array.from({ length: newest / 10 }, (_, i) => 10 * (i + 1)).filter((seq) => seq > after && (back ? seq < from : seq > from));
		const items = (back ? all.reverse() : all).slice(0, limit)
			.map((seq) => ({ seq, at: 1, kind: "changed", name: "x", fields: {} }));
		return route.fulfill({ json: { items, next_cursor: items.length < all.length ? `${items.at(-1).seq}` : null, seq: newest } });
	});
	const whole = (n) => Array.from({ length: n }, (_, i) => newest - 10 * i);
	await open("/?view=changes&kind=changed");
	await page.waitForSelector(".feed");
	assert.deepEqual(await numbers(page), whole(100));
	assert.deepEqual(asked, [{ kind: "changed", sort: "-seq", limit: "100" }]);
	await page.getByRole("button", { name: "Older changes" }).click();
	await page.waitForFunction(() => document.querySelectorAll(".feed > li").length > 100);
	assert.deepEqual(await numbers(page), whole(200));
	assert.equal(asked.length, 2);
	newest += 15000;
	await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // looks again, as who comes back does
	await page.waitForSelector(`.feed > li[data-seq="${newest}"]`);
	assert.deepEqual(await numbers(page), whole(1000));
});

test("page changes: paused, read further back and left by keyboard alone", { world: {} }, async ({ open, page, world }) => {
	await grown(world, 450);
	await page.clock.install();
	await open("/?view=changes");
	const press = async (name, key) => {
		const button = page.getByRole("button", { name });
		for (let i = 0; i < 400 && !(await button.evaluate((one) => one === document.activeElement)); i++)
			await page.keyboard.press("Tab");
		await page.keyboard.press(key);
	};
	await press("Pause", "Enter");
	await page.getByText("paused").waitFor();
	const before = await feed(page).count();
	await page.getByRole("button", { name: "Older changes" }).focus();
	await page.keyboard.press("Space");
	await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length > n, before);
	await page.clock.runFor(60000); // a feed that is paused asks nothing, and is not taken for one without a daemon
	await page.waitForSelector(".link.live");
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
