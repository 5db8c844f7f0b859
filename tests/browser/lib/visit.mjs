// To another view without loading the page anew, as a link does. Every load is one more of the daemon's streams, which it
// misses only when it next writes to them.
export async function visit(page, address) {
	await page.evaluate((to) => {
		if (to === location.pathname + location.search)
			return; // nothing new is asked
		delete document.documentElement.dataset.ready; // the view's first answer brings it back
		history.pushState(null, "", to);
		dispatchEvent(new PopStateEvent("popstate"));
	}, address);
	await page.waitForSelector("html[data-ready]", { state: "attached" });
}
