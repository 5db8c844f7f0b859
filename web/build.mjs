// What the daemon serves of the page, as C: node web/build.mjs OUT.inc
// index.html names what is built: its modules with all that they import, its scripts, its styles. Each file is kept
// once as it is and once compressed. The same input gives the same bytes.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

const types = {
	".html": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
};

// The neighbours that are not here but in npm's packages.
const libraries = {
	"preact.js": "preact/dist/preact.mjs",
	"hooks.js": "preact/hooks/dist/hooks.mjs",
	"htm.js": "htm/dist/htm.module.js",
	"uplot.js": "uplot/dist/uPlot.esm.js",
	"uplot.css": "uplot/dist/uPlot.min.css",
};

const inPackages = (name) => join(here, "node_modules", libraries[name]);

const neighbours = {
	name: "neighbours",
	setup(to) {
		to.onResolve({ filter: /^(\.\/.*|preact)$/ }, ({ path, kind }) => {
			const name = path === "preact" ? "preact.js" : basename(path); // hooks ask for the package
			return kind !== "entry-point" && libraries[name] ? { path: inPackages(name) } : undefined;
		});
		// The indentation of markup, in templates; htm drops it too.
		to.onLoad({ filter: new RegExp(`^${here}/[^/]+\\.js$`) }, ({ path }) =>
			({ contents: readFileSync(path, "utf8").replaceAll(/\n\t+/g, "\n"), loader: "js" }));
	},
};

// Each of them with all that it imports; what it imports later only is a file of its own.
async function bundle(names, more) {
	const { outputFiles } = await build({
		entryPoints: names.map((name) => ({
			in: libraries[name] ? inPackages(name) : join(here, name),
			out: basename(name, extname(name)),
		})),
		outdir: "/assets", entryNames: "[name]", chunkNames: "[name]",
		bundle: true, minify: true, write: false, charset: "utf8", target: "es2022", legalComments: "none",
		external: ["*.svg"], plugins: [neighbours], ...more,
	});
	return outputFiles.map(({ path, text }) => ({ path: `/assets/${basename(path)}`, text }));
}

const read = (...path) => readFileSync(join(here, ...path), "utf8");

function named(html, pattern) {
	return [...html.matchAll(pattern)].map(([, name]) => name);
}

async function bundles(html) {
	return [
		...await bundle(named(html, /<script type="module" src="\/assets\/([^"]+)"/g), { format: "esm", splitting: true }),
		...await bundle(named(html, /<script src="\/assets\/([^"]+)"/g), { format: "iife" }),
		...await bundle(named(html, /<link rel="stylesheet" href="\/assets\/([^"]+)"/g)),
	];
}

function licences() {
	return Object.keys(JSON.parse(read("package.json")).dependencies).map((name) => {
		const { version, license } = JSON.parse(read("node_modules", name, "package.json"));
		return `${name} ${version} (${license})\n\n${read("node_modules", name, "LICENSE").trimEnd()}\n`;
	}).join(`\n${"-".repeat(78)}\n\n`);
}

function images() {
	return readdirSync(here).filter((name) => extname(name) === ".svg").sort().flatMap((name) => {
		const paths = name === "favicon.svg" ? ["/favicon.svg", "/favicon.ico"] : [`/assets/${name}`];
		return paths.map((path) => ({ path, type: types[".svg"], text: read(name) }));
	});
}

async function files() {
	const html = read("index.html");
	const all = [{ path: "/", type: types[".html"], text: html }, ...await bundles(html), ...images(),
		{ path: "/licenses.txt", text: licences() }];
	return all.map((file) => ({ type: types[extname(file.path)], ...file }));
}

const asArray = (name, bytes) =>
	`static const unsigned char ${name}[] = {\n${bytes.toString("hex").replaceAll(/../g, "0x$&,").replaceAll(/.{100}/g, "$&\n")}\n};\n`;

function asC(all) {
	let arrays = "", rows = "";
	all.forEach(({ path, type, text }, i) => {
		const plain = Buffer.from(text);
		const etag = createHash("sha256").update(plain).digest("hex").slice(0, 16);
		arrays += asArray(`plain_${i}`, plain) + asArray(`gzip_${i}`, gzipSync(plain, { level: 9 }));
		rows += `\t{ "${path}", "${type}", "W/\\"${etag}\\"", plain_${i}, sizeof(plain_${i}), gzip_${i}, sizeof(gzip_${i}) },\n`;
	});
	return `/* Made by web/build.mjs. */\n${arrays}const struct asset assets[] = {\n${rows}\t{ 0 },\n};\n`;
}

writeFileSync(process.argv[2], asC(await files()));
