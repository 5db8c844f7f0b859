// What holds in every view: that it can be read by everybody, in both languages and themes, on every screen.
import { test } from "./lib/test.mjs";
import { visit } from "./lib/visit.mjs";
import en from "../../web/en.js";

const views = {
	images: "/",
	filtered: "/?os=ubuntu&gpu=1&sort=name",
	empty: "/?q=nothing-is-called-so",
	changes: "/?view=changes",
	listings: "/?view=listings",
	counts: "/?view=counts",
	coverage: "/?view=coverage",
};

// The same, of fewer rows: axe looks at each of them for as long as at the first.
const short = {
	...views, images: "/?service=uk8s", filtered: "/?service=shared&gpu=1&sort=name",
	coverage: "/?view=coverage&provider=compshare",
};

const anImage = async (world) => (await world.api("/api/v1/images?gpu=1&limit=1")).items[0];

const addresses = async (world, of = views) => ({ ...of, image: `/?image=${encodeURIComponent((await anImage(world)).uid)}` });

// axe takes seconds for a view: what it looks at does not depend on the language, nor colours on the width.
const looks = [
	{ theme: "light", lang: "en", width: 1280, axed: true },
	{ theme: "dark", lang: "zh-CN", width: 360, axed: true },
	{ theme: "light", lang: "zh-CN", width: 1280 },
	{ theme: "dark", lang: "en", width: 360 },
];

for (const { theme, lang, width, axed } of looks)
	test(`page: every view fits in ${theme}, ${lang}, ${width} wide${axed ? ", and axe finds nothing" : ""}`,
		{ colorScheme: theme, locale: lang, viewport: { width, height: 900 } },
		async ({ open, page, axe, shot, world, assert }) => {
			await open("/");
			for (const [name, address] of Object.entries(await addresses(world, axed ? short : views))) {
				await visit(page, address);
				await page.waitForSelector("h1");
				const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
				assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the screen`);
				assert.equal(await page.locator("h1").count(), 1, name);
				assert.ok(await page.title(), name);
				assert.equal(await page.evaluate(() => document.documentElement.lang), lang === "en" ? "en" : "zh-Hans");
				if (axed)
					await axe({ preload: false }); // which would fetch style sheets as inline ones, against the policy
				await shot(`page ${name} ${theme} ${lang} ${width}`);
			}
		});

test("page: every view has no text that is a key of a dictionary", async ({ open, page, world, assert }) => {
	await open("/");
	for (const address of Object.values(await addresses(world))) {
		await visit(page, address);
		await page.waitForSelector("h1");
		const keys = Object.keys(en).filter((key) => key.includes("."));
		const text = await page.evaluate(() => document.body.innerText);
		assert.deepEqual(keys.filter((key) => text.includes(key)), [], address);
	}
});

test("page: the language is the browser's, or chosen; the choice is kept", { locale: "zh-CN" }, async ({ open, page, assert }) => {
	await open("/");
	assert.equal(await page.locator("h1").innerText(), "镜像");
	await page.getByRole("button", { name: "English" }).click();
	await page.waitForSelector("html[lang=en]");
	assert.equal(await page.locator("h1").innerText(), "Images");
	await page.reload();
	await page.waitForSelector("html[lang=en]");
	await open("/?lang=zh");
	assert.equal(await page.locator("h1").innerText(), "镜像");
	await page.getByRole("link", { name: "变更", exact: true }).click();
	await page.waitForSelector("h1:text-is('变更')");
	assert.ok(!page.url().includes("lang="), "a link does not carry the language");
});

test("page: a language that nobody speaks here is English", { locale: "fr-FR" }, async ({ open, page, assert }) => {
	await open("/");
	assert.equal(await page.locator("h1").innerText(), "Images");
});

test("page: the theme is the system's until one is chosen; the choice is kept", { colorScheme: "dark" },
	async ({ open, page, assert }) => {
		const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
		await open("/");
		const dark = await ground();
		await page.getByRole("button", { name: "Light theme" }).click();
		const light = await ground();
		assert.notEqual(light, dark);
		await page.reload();
		await page.waitForSelector("h1");
		assert.equal(await ground(), light);
		await page.getByRole("button", { name: "Dark theme" }).click();
		assert.equal(await ground(), dark);
	});

test("page: by keyboard alone from the top to an image and back", async ({ open, page, assert }) => {
	const focused = () => page.evaluate(() => document.activeElement.outerHTML.slice(0, 200));
	await open("/");
	await page.keyboard.press("Tab");
	assert.match(await focused(), /class="skip"/);
	assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), "what has the focus is seen");
	await page.keyboard.press("Enter");
	assert.match(await focused(), /id="main"/);
	await page.keyboard.press("/");
	assert.match(await focused(), /id="q"/);
	await page.keyboard.type("ubuntu/a");
	assert.equal(await page.locator("#q").inputValue(), "ubuntu/a", "a slash in the search is a slash");
	await page.locator("#q").fill("");
	await page.waitForSelector("tbody tr");
	await page.locator("tbody a").first().focus();
	const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
	assert.notEqual(outline, "none", "the focus is seen");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".groups");
	assert.match(await focused(), /^<h1/, "a new view says what it is");
	await page.goBack();
	await page.waitForSelector(".images");
	assert.match(await focused(), /^<h1/);
});

test("page: a slash leads from every view to the search", async ({ open, page }) => {
	await open("/?view=coverage");
	await page.waitForSelector(".matrix");
	await page.keyboard.press("/");
	await page.waitForSelector("#q:focus");
});

test("page: to the coverage and its choice by keyboard alone", async ({ open, page }) => {
	await open("/?view=listings");
	const tab = async (selector) => {
		for (let i = 0; i < 100 && !(await page.locator(`${selector}:focus`).count()); i++)
			await page.keyboard.press("Tab");
	};
	await tab("nav a[href='/?view=coverage']");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".matrix");
	await tab("main input[type=checkbox]");
	await page.keyboard.press("Space");
	await page.waitForURL((url) => url.searchParams.get("missing") === "1");
	await tab(".matrix td a");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".images");
});

test("page: landmarks, and one word for what has the attention", async ({ open, page, assert }) => {
	await open("/?view=listings");
	for (const role of ["banner", "main", "contentinfo"])
		assert.equal(await page.getByRole(role).count(), 1, role);
	const current = page.getByRole("navigation").getByRole("link").and(page.locator("[aria-current=page]"));
	assert.deepEqual(await current.allInnerTexts(), ["Health"]);
});

test("page: who wants no motion gets none", { reducedMotion: "reduce" }, async ({ open, page, assert }) => {
	await open("/");
	const moving = await page.evaluate(() => document.getAnimations().length);
	assert.equal(moving, 0);
});

test("page: times are told from now, exactly on request, in the viewer's zone", { timezoneId: "Asia/Shanghai", locale: "en-GB" },
	async ({ open, page, world, assert }) => {
		const image = await anImage(world);
		await open(`/?image=${encodeURIComponent(image.uid)}`);
		const time = page.locator("dt:has-text('First seen') + dd time");
		assert.equal(Date.parse(await time.getAttribute("datetime")) / 1000, image.first_seen_at);
		assert.match(await time.getAttribute("title"), /GMT\+8/);
	});

test("page: a daemon that ends is missed, and the page says of when it is; one that is back is heard",
	{ world: {}, reducedMotion: "reduce" }, async ({ open, page, world, expect_fault, shot }) => {
		expect_fault(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|Failed to load resource/);
		await page.clock.install();
		await open("/");
		await page.waitForSelector(".link.live");
		await world.stop_daemon();
		await page.waitForSelector(".link.reconnecting, .link.gone");
		await page.clock.runFor(15000);
		await page.waitForSelector(".notice.gone:has-text('What you see is of')", { timeout: 60000 });
		await page.waitForSelector("tbody tr"); // what was read is still there
		await shot("page gone");
		await world.start_daemon();
		await page.waitForSelector(".link.live", { timeout: 60000 });
		await page.waitForSelector(".notice.gone", { state: "detached" });
	});

test("page: a daemon that hangs is missed, and nothing is said to be well; one that goes on is heard", { world: {} },
	async ({ open, page, axe, world, assert }) => {
		await page.clock.install();
		await open("/?view=listings");
		await page.waitForSelector(".link.live");
		await page.waitForSelector(".summary.good");
		world.freeze_daemon();
		const given_up = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/v1/listings"));
		await page.clock.runFor(16000); // until it asks again
		await page.clock.runFor(15000); // and waited long enough
		await given_up;
		await page.waitForSelector(".notice.gone");
		await page.waitForSelector(".listings tbody");
		assert.equal(await page.locator(".summary").count(), 0);
		await axe({ preload: false });
		world.thaw_daemon();
		await page.clock.runFor(16000);
		await page.waitForSelector(".link.live");
		await page.waitForSelector(".summary.good");
		assert.equal(await page.locator(".notice").count(), 0);
	});

test("page: a language chosen holds against an address that asks for another", async ({ open, page, assert }) => {
	await open("/?lang=zh&os=ubuntu");
	await page.getByRole("button", { name: "English" }).click();
	await page.waitForSelector("html[lang=en]");
	await page.waitForURL((url) => url.search === "?os=ubuntu");
	await page.reload();
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
});

test("page: words that do not come are no empty page", { locale: "zh-CN" }, async ({ page, world, expect_fault }) => {
	expect_fault(/ERR_FAILED|dynamically imported module/);
	await page.route("**/assets/zh.js", (route) => route.abort());
	await page.goto(`${world.url}/`);
	await page.getByText("页面未能完整加载").waitFor();
});

test("page: a language that does not come leaves the one that is there", async ({ open, page, expect_fault, assert }) => {
	expect_fault(/ERR_FAILED/);
	await page.route("**/assets/zh.js", (route) => route.abort());
	await open("/");
	await page.getByRole("button", { name: "简体中文" }).click();
	await page.getByText("A part of the page could not be loaded").waitFor();
	assert.equal(await page.locator("h1").innerText(), "Images");
});

test("page: on a small screen every view is in sight of its link", { viewport: { width: 360, height: 800 } },
	async ({ open, page, assert }) => {
		await open("/");
		const ends = await page.locator(".top nav a").evaluateAll((links) => links.map((link) => link.getBoundingClientRect().right));
		const edge = await page.locator(".top nav").evaluate((nav) => nav.getBoundingClientRect().right); // what is behind it is cut
		assert.equal(ends.length, 5);
		assert.ok(ends.every((end) => end <= edge), `${ends.join()} of ${edge}`);
	});

test("page: axe finds nothing in the filters that are seldom open", async ({ open, page, axe }) => {
	await open("/?q=nothing-is-called-so");
	await page.getByText("More filters").click();
	await page.getByLabel("Workload").waitFor();
	await axe({ preload: false });
});

test("page: a daemon that has no stream to give is not taken for gone", async ({ open, page, expect_fault, assert }) => {
	expect_fault(/status of 503/);
	await page.route("**/api/v1/events*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json",
		json: { title: "Service Unavailable", status: 503, detail: "32 clients listen" } }));
	await open("/");
	await page.waitForSelector(".link.polling:text-is('Every 15 s')");
	assert.equal(await page.locator(".notice.gone").count(), 0);
	await page.waitForSelector(".images tbody tr");
});

// What a browser says of a tab, which no driver can put into the background.
const hide = (page, hidden) => page.evaluate((value) => {
	Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
	document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

test("page: a tab that nobody looks at holds no stream; looked at again it misses nothing", { world: {} },
	async ({ open, page, world }) => {
		await open("/?view=changes");
		await page.waitForSelector(".link.live");
		const before = await page.locator(".feed > li").count();
		const closed = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/v1/events"));
		await hide(page, true);
		await closed;
		await world.sim("add", { segment: "uhost/hk/platform", count: 1 });
		await world.poll();
		await hide(page, false);
		await page.waitForFunction((n) => document.querySelectorAll(".feed > li").length === n + 1, before);
	});
