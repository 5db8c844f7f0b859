// Health: whether all is well in one line, and if not what, why, and since when.
import { test } from "./lib/test.mjs";
import { until } from "./lib/world.mjs";

test("page listings: all is well", async ({ open, page, world, assert }) => {
	const listings = await world.listings();
	await open("/?view=listings");
	await page.waitForSelector(`.summary.good:has-text('All ${listings.length} listings are read as planned')`);
	assert.equal(await page.locator(".listings tbody").count(), listings.length);
	for (const listing of listings) {
		const text = await page.locator(`tbody[data-listing="${listing.listing_id}"]`).innerText();
		assert.ok(text.includes(listing.account) && text.includes(listing.service), text);
		assert.ok(text.includes(`${listing.images_present}`), text);
	}
	assert.match(await page.locator(".listings tbody").first().innerText(), /1 hr/, "the interval");
});

test("page listings: one that fails goes first, with what the cloud said and what to check", { world: { interval: "2s" } },
	async ({ open, page, axe, world, shot, assert }) => {
		const look_again = async () => { // as it does every 15 seconds
			const answered = page.waitForResponse(/\/api\/v1\/listings/);
			await page.clock.runFor(16000);
			await answered;
		};
		await page.clock.install();
		await open("/?view=listings");
		await page.waitForSelector(".summary.good");
		await world.sim("fail", { rule: "http403=1@DescribeImage" });
		const bad = await until(async () => (await world.listings())
			.find((listing) => !["ok", "new"].includes(listing.health)), "a listing fails");
		const listings = await until(async () => {
			const now = await world.listings();
			return now.some((listing) => listing.stale) && now;
		}, "three intervals pass without a whole poll");
		await look_again();
		const first = page.locator(".listings tbody").first();
		await page.waitForSelector(".summary.bad"); // by itself
		const failing = listings.filter((listing) => listing.health !== "ok");
		await page.waitForFunction((n) => document.querySelectorAll("tr.error").length >= n, failing.length);
		const text = await first.innerText();
		assert.ok(text.includes(bad.last_error.replace(/^.*?: /, "")), `${text} has ${bad.last_error}`);
		assert.match(text, /failures? in a row/);
		const order = await page.locator(".listings tbody").evaluateAll((all) => all.map((one) => one.dataset.health));
		assert.equal(order.lastIndexOf(bad.health) < order.indexOf("ok"), true, order.join());
		await page.waitForSelector(".listings .mark.bad:text-is('stale')");
		await shot("page failing");
		await axe({ preload: false });
		await world.sim("fail", { clear: "1" });
		await world.poll(); // at once, whatever the back-off
		await look_again();
		await page.waitForSelector(".summary.good");
	});

test("page listings: keys that are refused are said so", { world: { interval: "2s" } }, async ({ open, page, world, assert }) => {
	await world.sim("fail", { rule: "retcode171=1" }).catch(() => world.sim("fail", { rule: "auth=1" }));
	await until(async () => (await world.listings()).find((listing) => listing.health === "auth"), "keys are refused");
	await open("/?view=listings");
	await page.waitForSelector(".mark.bad:text-is('keys refused')");
	await page.waitForSelector("tr.error strong:has-text(\"Check the account's keys\")");
	const order = await page.locator(".listings tbody").evaluateAll((all) => all.map((one) => one.dataset.health));
	assert.equal(order[0], "auth");
});

test("page listings: no configuration is told from no trouble", async ({ open, page }) => {
	await page.route("**/api/v1/listings?*", async (route) => {
		const reply = await route.fetch();
		return route.fulfill({ response: reply, json: { ...(await reply.json()), items: [] } });
	});
	await open("/?view=listings");
	await page.waitForSelector(".empty:has-text('No listing is configured')");
});

test("page listings: a failed refresh leaves what was read and says of when it is", { world: { interval: "1s" } },
	async ({ open, page, world, expect_fault }) => {
		await open("/?view=listings");
		await page.waitForSelector(".listings tbody");
		expect_fault(/status of 503/);
		await page.route("**/api/v1/listings?*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json",
			json: { title: "Service Unavailable", status: 503, detail: "the catalog cannot be read: disk I/O error" } }));
		await world.sim("add", { segment: "uhost/hk/platform", count: 1 });
		await page.waitForSelector("[role=alert]:has-text('disk I/O error'):has-text('What is shown is of')");
		await page.waitForSelector(".listings tbody");
	});
