// The dashboard page in a real browser: node tests/browser/run.mjs BUILD_DIR [PART_OF_A_NAME]...
// Screenshots are left in BUILD_DIR/test-results/browser. CHROMIUM names another browser than Debian's.
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { run_test, tests } from "./lib/test.mjs";
import { World } from "./lib/world.mjs";

const [build, ...parts] = process.argv.slice(2);
if (!build || !existsSync(join(build, "imagecatd"))) {
	console.error("usage: node tests/browser/run.mjs BUILD_DIR [PART_OF_A_NAME]...  (BUILD_DIR holds imagecatd)");
	process.exit(2);
}

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
for (const file of readdirSync(here).filter((name) => name.endsWith(".test.mjs")).sort())
	await import(join(here, file));
const chosen = tests.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	// Nothing but this machine can be reached, whatever a page asks for.
	args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", ...process.getuid() === 0 ? ["--no-sandbox"] : []],
});
let shared, failed = 0;
for (const one of chosen) {
	const started = Date.now();
	let own;
	try {
		if (one.world)
			own = await World.start(build, one.world);
		else
			shared ??= await World.start(build);
		await run_test(one, { browser, world: own ?? shared, results: resolve(build, "test-results/browser") });
		console.log(`[       OK ] browser: ${one.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
	} catch (error) {
		failed++;
		console.log(`${error.stack ?? error}\n[  FAILED  ] browser: ${one.name}`);
		for (const line of (own ?? shared)?.daemon?.said.slice(-10) ?? [])
			console.log(`    imagecatd: ${line}`);
	} finally {
		await own?.stop();
	}
}
await shared?.stop();
await browser.close();
console.log(`[==========] ${chosen.length} tests, ${failed} failed`);
process.exit(failed || chosen.length === 0 ? 1 : 0);
