// The page's pure functions, in the browser that they are for.
import { readFileSync, readdirSync } from "node:fs";
import { serve_sources } from "./lib/source.mjs";
import { test } from "./lib/test.mjs";
import en from "../../web/en.js";
import zh from "../../web/zh.js";

const web = new URL("../../web/", import.meta.url);

test("page words: both dictionaries have the same keys and the same places to fill", ({ assert }) => {
	assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
	const holes = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
	for (const [key, text] of Object.entries(en)) {
		assert.ok(zh[key].trim() && text.trim(), key);
		assert.ok(text.split("|").length <= 2 && !zh[key].includes("|"), `${key}: Chinese has one form`);
		for (const hole of holes(zh[key]))
			assert.ok(holes(text).includes(hole), `${key}: ${hole}`);
	}
});

// Family of the dictionary, and the parameter whose words it has.
const vocabularies = [
	["kind", "/api/v1/images", "kind"],
	["origin", "/api/v1/images", "origin"],
	["form", "/api/v1/images", "form"],
	["state", "/api/v1/images", "state"],
	["visibility", "/api/v1/images", "visibility"],
	["answer", "/api/v1/images", "gpu"],
	["change", "/api/v1/changes", "kind"],
];

test("page words: the vocabularies of the interface have words", async ({ world, assert }) => {
	const api = await world.api("/openapi.json");
	const vocabulary = (path, name) => api.paths[path].get.parameters.find((one) => one.name === name).schema.enum.map(String);
	const missing = [];
	for (const [family, path, name] of vocabularies)
		missing.push(...vocabulary(path, name).map((word) => `${family}.${word}`).filter((key) => !(key in en) && !key.endsWith(".-")));
	assert.deepEqual(missing, []);
});

test("page words: every key that the modules name is in the dictionary, and none is there for nothing", ({ assert }) => {
	const modules = readdirSync(web).filter((name) => /\.js$/.test(name) && !["en.js", "zh.js"].includes(name));
	const source = modules.map((name) => readFileSync(new URL(name, web), "utf8")).join("\n");
	const named = [...source.matchAll(/\bt\("([^"]+)"/g)].map((match) => match[1]);
	assert.ok(named.length > 80);
	assert.deepEqual(named.filter((key) => !(key in en)), []);
	const computed = new RegExp("^(view|filter|column|group|theme|link|health|advice|problem|provider|answer|arch|since|kind|" +
		"origin|visibility|form|state|presence|removed|change|error|distro)\\.");
	assert.deepEqual(Object.keys(en).filter((key) => !computed.test(key) && !source.includes(`"${key}"`)), []);
});

// [function, arguments, what comes]
const rows = [
	["format", "bytes", [0, "en"], "0 B"],
	["format", "bytes", [1536, "en"], "1.5 KiB"],
	["format", "bytes", [16106127360, "en"], "15 GiB"],
	["format", "bytes", [1023, "en"], "1,023 B"],
	["format", "number", [1234567, "en"], "1,234,567"],
	["format", "span", [600, "en"], "10 min"],
	["format", "span", [600, "zh"], "10分钟"],
	["format", "span", [5400, "en"], "1 hr"],
	["format", "span", [15, "en"], "15 sec"],
	["format", "ago", [1000, 1000, "en"], "now"],
	["format", "ago", [1000, 1059, "en"], "59 sec. ago"],
	["format", "ago", [1000, 1060, "en"], "1 min. ago"],
	["format", "ago", [0, 86400 * 59, "en"], "59 days ago"],
	["format", "ago", [0, 7200, "zh"], "2小时前"],
	["format", "ago", [1030, 1000, "en"], "in 30 sec."],
	["format", "shorten", ["abc", 3], "abc"],
	["format", "shorten", ["abcd", 3], "abc…"],
	["format", "shorten", ["😀😀😀", 2], "😀😀…"],
	["format", "plain", ["a\u202eb\u0000c\td"], "a\ufffdb\ufffdc\td"],
	["format", "plain", ["لا 中文 é 😀"], "لا 中文 é 😀"],
	["format", "webAddress", ["https://a.example/"], "https://a.example/"],
	["format", "webAddress", ["javascript:alert(1)"], null],
	["format", "webAddress", ["ftp://a.example/"], null],
	["format", "webAddress", ["//a.example/"], null],
	["format", "exactly", ["a*b?[c]"], "a[*]b[?][[]c]"],
	["i18n", "choose", ["zh-CN", null, ["en"]], "zh"],
	["i18n", "choose", [null, "en", ["zh-CN"]], "en"],
	["i18n", "choose", [null, null, ["fr", "zh-TW", "en"]], "zh"],
	["i18n", "choose", ["xx", "__proto__", ["constructor"]], "en"],
	["route", "parse", ["?os=ubuntu"], { view: "images", params: { os: "ubuntu" } }],
	["route", "parse", ["?view=changes&kind=added"], { view: "changes", params: { kind: "added" } }],
	["route", "parse", ["?view=nothing"], { view: "images", params: {} }],
	["route", "parse", ["?image=a%2Fb&view=changes"], { view: "image", params: { image: "a/b" } }],
	["route", "address", ["images", {}], "/"],
	["route", "address", ["images", { q: "a b&c", os: "" }], "/?q=a+b%26c"],
	["route", "address", ["changes", { kind: "added" }], "/?view=changes&kind=added"],
	["route", "address", ["image", { image: "a/b" }], "/?image=a%2Fb"],
	["api", "imagePath", ["a/b c/d?e"], "/api/v1/images/a/b%20c/d%3Fe"],
	["series", "stepsOf", [0, 100, 4], [25, 50, 75, 100]],
];

test(`page words: ${rows.length} examples of formatting, addresses and choices`, async ({ open, page, assert }) => {
	await open("/");
	await serve_sources(page);
	for (const [module, name, given, wanted] of rows) {
		const got = await page.evaluate(async ([file, fn, args]) =>
			(await import(`/source/${file}.js`))[fn](...args) ?? null, [module, name, given]);
		assert.deepEqual(got, wanted, `${name}(${JSON.stringify(given)})`);
	}
});

const listing = (listing_id, provider, images_present, service = "uhost") =>
	({ listing_id, provider, images_present, service, health: "ok" });
const poll = (listing_id, finished_at, items, more = {}) =>
	({ poll_id: finished_at, listing_id, finished_at, items, added: 0, missing: 0, returned: 0, ...more });

test("page words: a line holds what the last complete poll found", async ({ open, page, assert }) => {
	await open("/");
	await serve_sources(page);
	const given = {
		listings: [listing(1, "ucloud", 12), listing(2, "ucloud", 5), listing(3, "qingcloud", 1, "discovery")],
		polls: [poll(1, 15, 11, { added: 1 }), poll(1, 35, 12, { added: 2, missing: 1 }), poll(3, 20, 9)],
		news: [[5, "added"], [15, "baseline"], [25, "missing"], [31, "added"], [40, "returned"], [41, "added"], [30, "removed"], [21, "changed"]]
			.map(([at, kind]) => ({ at, kind })),
		steps: [10, 20, 30, 40],
	};
	const [images, changes] = await page.evaluate(async ({ polls, listings, news, steps }) => {
		const { imagesOverTime, changesOverTime } = await import("/source/series.js");
		return [imagesOverTime(polls, listings, steps), changesOverTime(news, 5, steps)];
	}, given);
	assert.deepEqual(images, [{ name: "ucloud", values: [15, 16, 16, 17] }]);
	assert.deepEqual(changes, [{ name: "added", values: [0, 0, 0, 2] }, { name: "changed", values: [0, 0, 1, 0] },
		{ name: "removed", values: [0, 0, 1, 0] }]);
});

test("page words: a line of days is their counts, and what there is now", async ({ open, page, assert }) => {
	await open("/");
	await serve_sources(page);
	const row = (time, provider, images) => ({ time, provider, images });
	const given = [[row(86400, "ucloud", 5), row(86400, "ucloud", 2), row(86400, "qingcloud", 1), row(259200, "ucloud", 9)],
		[{ value: "ucloud", images: 10 }, { value: "compshare", images: 3 }], 300000];
	assert.deepEqual(await page.evaluate(async (args) => (await import("/source/series.js")).imagesByDay(...args), given), {
		steps: [86400, 259200, 300000],
		images: [{ name: "compshare", values: [0, 0, 3] }, { name: "qingcloud", values: [1, 0, 0] }, { name: "ucloud", values: [7, 9, 10] }],
	});
});
