// The page's modules one by one, as they are written: the daemon serves them in one piece.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const web = new URL("../../../web/", import.meta.url);

// What a module needs of the libraries to be loaded; nothing that is called here uses them.
const libraries = {
	"preact.js": "export const h = () => {};",
	"hooks.js": "export const useEffect = () => {}, useRef = useEffect, useState = useEffect;",
	"htm.js": "export default () => {};",
	"uplot.js": "export default class {};",
};

// serve_sources(page), then import("/source/NAME.js") in the page.
export function serve_sources(page) {
	return page.route("**/source/*.js", (route) => {
		const name = basename(new URL(route.request().url()).pathname);
		return route.fulfill({ contentType: "text/javascript", body: libraries[name] ?? readFileSync(new URL(name, web), "utf8") });
	});
}

// The value that a module exports by that name.
export async function exported(page, module, name) {
	await serve_sources(page);
	return page.evaluate(async ([file, key]) => (await import(`/source/${file}.js`))[key], [module, name]);
}
