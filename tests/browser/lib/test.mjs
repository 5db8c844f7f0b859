// A test is a name, options and a function; what it gets is described in web/README.md.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";

export const tests = [];

// Options: `world` starts one for this test alone (see World.start); the others are of the browser's context, such as
// { locale: "zh-CN", colorScheme: "dark", viewport: { width: 400, height: 800 } }.
export function test(name, ...rest) {
	const run = rest.pop();
	const { world, ...context } = rest[0] ?? {};
	tests.push({ name, world, context, run });
}

// What may never happen on the page, collected while it is open.
class Witness {
	constructor(origin) {
		Object.assign(this, { origin, faults: [], elsewhere: [], expected: [], seen: new Set(), responses: [], refusals: [] });
	}

	fault(text) {
		const known = this.expected.findIndex((pattern) => pattern.test(text));
		if (known < 0)
			this.faults.push(text);
		else
			this.seen.add(known);
	}

	watch(page) {
		page.on("console", (message) => {
			if (["error", "warning"].includes(message.type()))
				this.fault(`${message.type()} on the console: ${message.text()} (${message.location().url})`);
		});
		page.on("pageerror", (error) => this.fault(`not caught: ${error.stack ?? error}`));
		page.on("crash", () => this.fault("the page crashed"));
		page.on("response", (response) => this.answered(response));
	}

	// What a refusal says is kept: the console gives its status alone.
	answered(response) {
		this.responses.push(response);
		if (response.status() >= 500)
			response.text().then((text) => this.refusals.push(`${response.url()}: ${text.trim()}`), () => {});
	}

	async watch_context(context) {
		await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
			console.error(`policy ${event.effectiveDirective} breached by ${event.blockedURI}`)));
		context.on("request", (request) => {
			if (![this.origin, ...this.elsewhere].includes(new URL(request.url()).origin) && !/^(data|blob):/.test(request.url()))
				this.fault(`a request to another origin: ${request.url()}`);
		});
		context.on("page", (page) => this.watch(page));
	}

	check() {
		assert.deepEqual(this.faults, [], "nothing goes wrong on the page");
		const silent = this.expected.filter((_, i) => !this.seen.has(i));
		assert.deepEqual(silent, [], "what was expected came");
	}
}

async function check_axe(page, options) {
	await page.evaluate(axe.source);
	const { violations } = await page.evaluate((given) => globalThis.axe.run(document, given), options ?? {});
	const told = violations.map(({ id, help, nodes }) =>
		`${id}: ${help}\n${nodes.map((node) => `    ${node.target.join(" ")}: ${node.html.slice(0, 160)}`).join("\n")}`);
	assert.equal(told.join("\n"), "", "axe finds nothing");
}

export async function run_test({ name, context: options, run }, { browser, world, results }) {
	const context = await browser.newContext({ reducedMotion: "reduce", ...options });
	const witness = new Witness(new URL(world.url).origin);
	await witness.watch_context(context);
	context.setDefaultTimeout(20000);
	const page = await context.newPage();
	mkdirSync(results, { recursive: true });
	const shot = (file, more) => page.screenshot({ path: join(results, `${file}.png`), ...more });
	try {
		await run({
			page, context, world, shot, assert,
			open: async (path = "/") => {
				await page.goto(world.url + path);
				await page.waitForSelector("html[data-ready]", { state: "attached" });
			},
			axe: (more) => check_axe(page, more),
			expect_fault: (pattern) => witness.expected.push(pattern),
			allow_origin: (origin) => witness.elsewhere.push(origin),
			responses: witness.responses,
			figure: (text) => console.log(`figure: ${text}`),
		});
		witness.check();
	} catch (error) {
		await shot(`failed ${name}`).catch(() => {});
		for (const line of [...witness.faults, ...witness.refusals])
			console.log(`    ${line}`);
		throw error;
	} finally {
		await context.close();
	}
}
