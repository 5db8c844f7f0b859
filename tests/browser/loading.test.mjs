// What holds of the page whatever it shows: where it comes from, what it weighs, who may link to it.
import { test } from "./lib/test.mjs";

const LIMIT_BYTES = 60000;

const asset = (response) => !new URL(response.url()).pathname.match(/^\/(api|metrics)/);

test("the page loads and says nothing on the console", async ({ open, page, shot, assert }) => {
	await open("/");
	assert.match(await page.title(), /imagecat/);
	await shot("loaded");
});

test("all that it loads is compressed and small", async ({ open, page, responses, assert, figure }) => {
	const sizes = new Map(); // of each file
	const add_up = async () => {
		for (const response of responses.filter(asset)) {
			const { pathname } = new URL(response.url());
			if (sizes.has(pathname))
				continue; // asked whether it changed
			const headers = await response.allHeaders();
			assert.equal(headers["content-encoding"], "gzip", response.url());
			sizes.set(pathname, Number(headers["content-length"]));
		}
		return [...sizes.values()].reduce((sum, size) => sum + size, 0);
	};
	await open("/");
	const first = await add_up();
	await page.getByRole("link", { name: "Counts", exact: true }).click();
	await page.locator("canvas").first().waitFor();
	await page.getByRole("button", { name: "简体中文" }).click();
	await page.waitForSelector("html[lang=zh-Hans]");
	const all = await add_up();
	const [en, zh] = ["en", "zh"].map((name) => sizes.get(`/assets/${name}.js`));
	const whole = all - Math.min(en, zh);
	figure(`the page: ${first} bytes compressed at first, ${whole} with the charts in one language, ${all} in both; ${sizes.size} files`);
	assert.ok(first > 1000 && whole > first && whole <= LIMIT_BYTES, `${whole} bytes`);
});

test("the second visit fetches nothing that did not change", async ({ open, page, responses, assert }) => {
	await open("/");
	responses.length = 0;
	await page.reload();
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	const files = responses.filter(asset);
	assert.ok(files.length > 0);
	for (const response of files)
		assert.equal((await response.request().sizes()).responseBodySize, 0, response.url());
});

test("a script in the markup does not run", async ({ open, page, expect_fault, assert }) => {
	expect_fault(/policy script-src/);
	expect_fault(/Content Security Policy|violates/);
	await open("/");
	await page.evaluate(() => {
		const script = document.createElement("script");
		script.textContent = "document.documentElement.dataset.planted = 'yes'";
		document.body.append(script);
	});
	assert.equal(await page.evaluate(() => document.documentElement.dataset.planted), undefined);
});

// A page of another site, which exists in this browser alone.
const OTHER = "http://wiki.example";

async function elsewhere({ page, allow_origin }, html) {
	allow_origin(OTHER);
	await page.route(`${OTHER}/`, (route) => route.fulfill({ contentType: "text/html", body: html }));
	await page.goto(`${OTHER}/`);
}

test("a link of another site leads to the page", async (given) => {
	const { page, world, assert } = given;
	await elsewhere(given, `<a href="${world.url}/?os=ubuntu">images</a>`);
	await page.click("a");
	await page.waitForURL(`${world.url}/?os=ubuntu`);
	await page.waitForSelector("html[data-ready]", { state: "attached" });
	assert.match(await page.title(), /imagecat/);
});

test("a link of another site leads to no answer", async (given) => {
	const { page, world, expect_fault, assert } = given;
	expect_fault(/status of 403/);
	await elsewhere(given, `<a href="${world.url}/api/v1/images">images</a>`);
	const [response] = await Promise.all([page.waitForResponse(`${world.url}/api/v1/images`), page.click("a")]);
	assert.equal(response.status(), 403);
});

test("a page of another site cannot embed this one", async (given) => {
	const { page, world, assert } = given;
	await elsewhere(given, "<p>");
	await page.evaluate((url) => new Promise((loaded) => {
		const frame = document.createElement("iframe");
		frame.onload = loaded;
		frame.src = url;
		document.body.append(frame);
	}), world.url + "/");
	const [, embedded] = page.frames();
	assert.notEqual(new URL(embedded.url()).origin, world.url);
	assert.doesNotMatch(await embedded.title(), /imagecat/);
});
