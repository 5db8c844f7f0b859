// The page begins here: the viewer's words, then the views.
import { h, render } from "./preact.js";
import { App } from "./app.js";
import { pending } from "./api.js";
import { startLanguage } from "./i18n.js";
import { startLive } from "./live.js";
import { startRouting } from "./route.js";

// `data-ready` stands on the root while no answer is awaited.
function showReadiness() {
	const root = document.documentElement;
	let settling;

	pending.subscribe((count) => {
		clearTimeout(settling);
		if (count > 0)
			delete root.dataset.ready;
		else
			settling = setTimeout(() => (root.dataset.ready = ""), 50); // a view's next question comes at once
	});
}

showReadiness();
startRouting();
try {
	await startLanguage();
	startLive();
	render(h(App), document.getElementById("app"));
} catch (error) {
	console.error(error);
	document.getElementById("app").textContent = "The page could not be loaded whole: load it again. 页面未能完整加载，请刷新。";
}
