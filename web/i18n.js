// The page's words in the viewer's language. A dictionary is loaded when it is needed.
import { plain, shorten } from "./format.js";
import { remembered, store } from "./store.js";

export const languages = { en: "English", zh: "简体中文" };
const tags = { en: "en", zh: "zh-Hans" };

export const language = store(undefined); // set when its dictionary is there

let words = {};
let plural;

// `?lang=` goes before what was chosen earlier, and that before what the browser is set to.
export function choose(asked, chosen, preferred) {
	for (const wanted of [asked, chosen, ...preferred]) {
		const short = String(wanted ?? "").toLowerCase().split("-")[0];
		if (Object.hasOwn(languages, short))
			return short;
	}
	return "en";
}

export async function setLanguage(lang) {
	const dictionary = await (lang === "zh" ? import("./zh.js") : import("./en.js"));

	words = dictionary.default;
	plural = new Intl.PluralRules(lang);
	document.documentElement.lang = tags[lang];
	language.set(lang);
}

export function startLanguage() {
	const asked = new URLSearchParams(location.search).get("lang");
	const lang = choose(asked, remembered.get("lang"), navigator.languages ?? []);

	if (asked)
		remembered.set("lang", lang);
	return setLanguage(lang);
}

/*
 * The text of that key. `{name}` is filled from `values`; of "one|other" the form that `values.n` asks for is taken. A
 * key that is not there is shown as it is: the catalog gains words before the page does.
 */
export function t(key, values = {}) {
	let text = words[key] ?? key;

	if (text.includes("|")) {
		const [one, other] = text.split("|");
		text = plural.select(Number(values.n)) === "one" ? one : other;
	}
	return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A word of the catalog's vocabulary, `state.available`: the word itself where the page has no better one.
export function word(family, value) {
	return words[`${family}.${value}`] ?? plain(shorten(String(value), 60));
}

export const has = (key) => key in words;
