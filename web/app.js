// The frame around the views: where one is, how fresh it is, and how it looks.
import { useEffect, useState } from "./hooks.js";
import { heard } from "./api.js";
import { Changes } from "./changes.js";
import { Counts } from "./counts.js";
import { Coverage } from "./coverage.js";
import { ago, clock } from "./format.js";
import { language, languages, setLanguage, t } from "./i18n.js";
import { ImageView } from "./image.js";
import { Images } from "./images.js";
import { link, now, renewed } from "./live.js";
import { Listings } from "./listings.js";
import { Icon, html } from "./parts.js";
import { address, go, route, views, wish } from "./route.js";
import { remembered, useStore } from "./store.js";

const shown = {
	images: Images,
	image: ImageView,
	changes: Changes,
	listings: Listings,
	counts: Counts,
	coverage: Coverage,
};

export function App() {
	const { view, params } = useStore(route);
	const lang = useStore(language);
	const View = shown[view];

	useEffect(() => {
		if (view !== "image") // which names itself after its image
			document.title = `${t(`view.${view}`)} · imagecat`;
	}, [view, lang]);
	useEffect(() => {
		addEventListener("keydown", onKey);
		return () => removeEventListener("keydown", onKey);
	}, []);
	return html`
		<a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
		<${Header} view=${view} />
		<${Gone} />
		<main id="main" tabindex="-1">
			<${View} key=${view + (params.image ?? "")} params=${params} />
		</main>
		<${Footer} />`;
}

// Not by the address: it belongs to the view.
function skip(event) {
	event.preventDefault();
	document.getElementById("main").focus();
}

function onKey(event) {
	const typing = event.target.matches("input, select, textarea");

	if (typing || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey)
		return;
	event.preventDefault();
	const search = document.getElementById("q");
	if (search)
		return search.focus();
	wish.focus = "q";
	go(address("images"));
}

function Header({ view }) {
	const current = view === "image" ? "images" : view;

	return html`<header class="top">
		<a class="brand" href="/"><${Icon} name="layers" />imagecat</a>
		<nav aria-label=${t("nav")}>
			${views.map((name) => html`<a href=${address(name)} aria-current=${name === current ? "page" : undefined}>
				${t(`view.${name}`)}</a>`)}
		</nav>
		<div class="tools"><${Link} /><${LanguageChoice} /><${ThemeChoice} /></div>
	</header>`;
}

function Link() {
	const state = useStore(link);
	const reached = useStore(renewed);

	return html`<span class="link ${state}" role="status" data-seq=${reached} title=${t(`link.${state}.why`)}>
		<span class="dot" aria-hidden="true"></span>${t(`link.${state}`)}</span>`;
}

// Nobody should take yesterday's catalog for today's.
function Gone() {
	const state = useStore(link);
	const at = useStore(heard);
	const seen = useStore(now);
	const lang = useStore(language);

	if (state !== "gone")
		return null;
	return html`<div class="notice bad gone" role="alert"><strong>${t("gone")}</strong>${" "}
		<span>${at ? t("gone.since", { at: clock(at / 1000, lang), ago: ago(at / 1000, seen / 1000, lang) }) : t("gone.ever")}</span>
	</div>`;
}

function LanguageChoice() {
	const lang = useStore(language);
	const other = Object.keys(languages).find((name) => name !== lang);
	const [failed, setFailed] = useState(false);
	const change = async () => {
		try {
			await setLanguage(other);
		} catch {
			return setFailed(true);
		}
		setFailed(false);
		remembered.set("lang", other);
		const { view, params } = route.get();
		go(address(view, params), { replace: true }); // an address that asks for a language would bring it back
	};

	return html`${failed && html`<span class="count" role="status">${t("problem.part")}</span>`}
		<button type="button" class="tool" lang=${other === "zh" ? "zh-Hans" : "en"} onClick=${change}>
		${languages[other]}</button>`;
}

const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;

function ThemeChoice() {
	const root = document.documentElement;
	const [theme, set] = useState(root.dataset.theme ?? (dark() ? "dark" : "light"));
	const other = theme === "dark" ? "light" : "dark";
	const change = () => {
		root.dataset.theme = other;
		remembered.set("theme", other);
		set(other);
		dispatchEvent(new Event("imagecat-theme")); // a canvas does not follow style sheets
	};

	return html`<button type="button" class="tool square" aria-label=${t(`theme.${other}`)} title=${t(`theme.${other}`)}
		onClick=${change}><${Icon} name=${theme === "dark" ? "sun" : "moon"} /></button>`;
}

function Footer() {
	return html`<footer>
		<a href="/api/v1/images?format=csv">${t("foot.csv")}</a>
		<a href="/openapi.json">${t("foot.api")}</a>
		<a href="/metrics">${t("foot.metrics")}</a>
		<a href="/readyz?verbose">${t("foot.health")}</a>
		<a href="/licenses.txt">${t("foot.licenses")}</a>
	</footer>`;
}
