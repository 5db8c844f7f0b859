// What the page shows is in its address and nowhere else: `/?os=ubuntu&sort=name`, `/?image=UID`,
// `/?view=changes&kind=removed`. So it can be shared, and the back button works.
import { store } from "./store.js";

export const views = ["images", "changes", "listings", "counts", "coverage"];

// An address no view knows shows the images.
export function parse(search) {
	const params = Object.fromEntries(new URLSearchParams(search));
	const { view, image, lang, ...rest } = params;

	if (image)
		return { view: "image", params: { image } };
	return { view: views.includes(view) ? view : "images", params: rest };
}

// Parameters that say nothing ("" or undefined) are left out, so that one view has one address.
export function address(view, params = {}) {
	const query = new URLSearchParams();

	if (view !== "images" && view !== "image")
		query.set("view", view);
	for (const [name, value] of Object.entries(params))
		if (value !== undefined && value !== null && value !== "")
			query.set(name, value);
	const text = query.toString();
	return text ? `/?${text}` : "/";
}

// What shall have the focus in the view that is gone to, other than its heading.
export const wish = { focus: undefined };

export const route = store(parse(globalThis.location?.search ?? ""));

// `replace` for what is not worth a step back: each letter of a search.
export function go(to, { replace = false } = {}) {
	if (to === location.pathname + location.search)
		return;
	history[replace ? "replaceState" : "pushState"](replace ? history.state : { inside: true }, "", to);
	route.set(parse(location.search));
	if (!replace)
		scrollTo(0, 0);
}

function isPlainClick(event) {
	return event.button === 0 && !event.defaultPrevented &&
		!(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

// Links stay links: they can be copied and opened in another tab; a plain click stays on the page.
function follow(event) {
	const link = event.target.closest?.("a[href^='/?'], a[href='/']");

	if (!link || link.target || !isPlainClick(event))
		return;
	event.preventDefault();
	go(link.getAttribute("href"));
}

export function startRouting() {
	addEventListener("popstate", () => route.set(parse(location.search)));
	addEventListener("click", follow);
}
