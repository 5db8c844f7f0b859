// What the catalog can be asked for. A row is a parameter of /api/v1/images; adding one is adding a row.
import { useEffect, useRef, useState } from "./hooks.js";
import { t, word } from "./i18n.js";
import { Icon, html } from "./parts.js";
import { address, go } from "./route.js";

const answers = ["1", "0", "unknown"];
const kinds = ["system", "marketplace", "application", "custom", "community", "shared", "unknown"];
const origins = ["platform", "self", "community", "shared", "unknown"];
const states = ["available", "pending", "copying", "reviewing", "unavailable", "deprecated", "suspended", "offline",
	"deleted", "purged", "unknown"];

/*
 * words: a choice among these, as family `words.` of the dictionary where `family` says so
 * counted: a choice among what the catalog has of that dimension of /api/v1/stats
 * hints: any text, these are offered; flag: yes or not asked
 */
export const filters = [
	{ name: "provider", counted: "provider", family: "provider" },
	{ name: "region", counted: "region" },
	{ name: "os", hints: "os_distro" },
	{ name: "arch", words: ["x86_64", "aarch64", "i386", "-"], family: "arch" },
	{ name: "kind", words: kinds, family: "kind" },
	{ name: "launchable", words: answers, family: "answer" },

	{ name: "account", accounts: true, more: true },
	{ name: "service", counted: "service", more: true },
	{ name: "zone", more: true },
	{ name: "origin", words: origins, family: "origin", more: true },
	{ name: "visibility", words: ["public", "private", "shared", "unknown"], family: "visibility", more: true },
	{ name: "form", words: ["vm", "container", "baremetal", "unknown"], family: "form", more: true },
	{ name: "workload", more: true },
	{ name: "state", words: states, family: "state", more: true },
	{ name: "gpu", words: answers, family: "answer", more: true },
	{ name: "name", more: true, hint: "filter.name.hint" },
	{ name: "since", words: ["1h", "1d", "7d", "30d"], family: "since", more: true },
	{ name: "cloud", more: true },
	{ name: "latest", flag: true, more: true },
	{ name: "stale", flag: true, more: true },
	{ name: "removed", flag: true, more: true },
];

export const filterNames = ["q", ...filters.map((filter) => filter.name)];

// Of all that stands in an address, what narrows the list.
export function chosenOf(params) {
	return Object.fromEntries(filterNames.filter((name) => params[name]).map((name) => [name, params[name]]));
}

// Another question begins with its first page.
export function narrowed(params, name, value) {
	const { cursor, page, ...rest } = params;
	return { ...rest, [name]: value || undefined };
}

export function Filters({ params, stats, accounts }) {
	const set = (name, value, how) => go(address("images", narrowed(params, name, value)), how);
	const row = (filter) => html`<${Filter} key=${filter.name} filter=${filter} value=${params[filter.name] ?? ""}
		options=${optionsOf(filter, stats, accounts)} set=${set} />`;
	const more = filters.filter((filter) => filter.more);
	const [open, setOpen] = useState(more.some((filter) => params[filter.name]));

	return html`<form class="filters" role="search" aria-label=${t("search")} onSubmit=${(event) => event.preventDefault()}>
		<${SearchBox} value=${params.q ?? ""} set=${set} />
		<div class="fields">${filters.filter((filter) => !filter.more).map(row)}</div>
		<details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
			<summary>${t("filter.more")}</summary>
			<div class="fields">${more.map(row)}</div>
		</details>
		<${Chosen} params=${params} set=${set} />
	</form>`;
}

const TYPING_MS = 250;

// What is typed goes into the address when the typing rests, without a step back for every letter.
function useTyped(name, value, set) {
	const [typed, setTyped] = useState(value);
	const sent = useRef(value);
	const timer = useRef();

	useEffect(() => {
		if (value === sent.current)
			return; // it comes back without its blanks, while more is typed behind them
		sent.current = value;
		clearTimeout(timer.current);
		setTyped(value);
	}, [value]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const send = (text) => {
		clearTimeout(timer.current);
		sent.current = text.trim();
		set(name, sent.current, { replace: Boolean(value) === Boolean(sent.current) });
	};
	const onInput = (event) => {
		const text = event.currentTarget.value;
		setTyped(text);
		clearTimeout(timer.current);
		timer.current = setTimeout(send, TYPING_MS, text);
	};
	return { value: typed, onInput, onChange: (event) => send(event.currentTarget.value) };
}

function SearchBox({ value, set }) {
	const typed = useTyped("q", value, set);

	return html`<div class="searchbox"><label class="unseen" for="q">${t("search.label")}</label>
		<${Icon} name="search" />
		<input id="q" type="search" placeholder=${t("search.placeholder")} autocomplete="off" spellcheck=${false}
			aria-keyshortcuts="/" ...${typed} /><kbd aria-hidden="true">/</kbd></div>`;
}

function Filter({ filter, value, options, set }) {
	const label = t(`filter.${filter.name}`);
	const id = `filter-${filter.name}`;

	if (filter.flag)
		return html`<label class="flag"><input type="checkbox" checked=${value === "1" || value === "true"}
			onChange=${(event) => set(filter.name, event.currentTarget.checked ? "1" : "")} />${label}</label>`;
	return html`<div class="field" data-set=${value !== ""}><label for=${id}>${label}</label>
		${filter.words || filter.counted || filter.accounts
			? html`<${Choice} id=${id} filter=${filter} value=${value} options=${options} set=${set} />`
			: html`<${Typed} id=${id} filter=${filter} value=${value} options=${options} set=${set} />`}</div>`;
}

function Choice({ id, filter, value, options, set }) {
	const all = value && !options.includes(value) ? [...options, value] : options;

	return html`<select id=${id} value=${value} onChange=${(event) => set(filter.name, event.currentTarget.value)}>
		<option value="">${t("filter.any")}</option>
		${all.map((option) => html`<option key=${option} value=${option} selected=${option === value}>
			${named(filter, option)}</option>`)}</select>`;
}

function Typed({ id, filter, value, options, set }) {
	const typed = useTyped(filter.name, value, set);
	const hint = filter.hint ?? (filter.hints ? `filter.${filter.name}.hint` : undefined);

	return html`<input id=${id} type="text" list=${options.length ? `${id}-hints` : undefined} autocomplete="off"
		spellcheck=${false} placeholder=${hint ? t(hint) : t("filter.any")} ...${typed} />
		${options.length > 0 && html`<datalist id="${id}-hints">
			${options.map((option) => html`<option value=${option}></option>`)}</datalist>`}`;
}

function optionsOf(filter, stats, accounts) {
	const dimension = filter.counted ?? filter.hints;

	if (filter.words)
		return filter.words;
	if (filter.accounts)
		return accounts;
	return (stats?.by[dimension] ?? []).filter((row) => row.value !== null).map((row) => row.value).sort();
}

function named(filter, value) {
	return filter.family ? word(filter.family, value) : value;
}

// What narrows the list, in one line, each to be taken away.
function Chosen({ params, set }) {
	const chosen = filters.filter((filter) => params[filter.name]);

	if (!chosen.length)
		return null;
	return html`<ul class="chosen" aria-label=${t("filter.chosen")}>
		${chosen.map((filter) => {
			const text = filter.flag ? t(`filter.${filter.name}`)
				: `${t(`filter.${filter.name}`)}: ${named(filter, params[filter.name])}`;
			return html`<li key=${filter.name}><button type="button" onClick=${() => set(filter.name, "")}
				aria-label=${t("filter.drop", { what: text })}><bdi>${text}</bdi><${Icon} name="close" /></button></li>`;
		})}
		<li><a href=${address("images", { sort: params.sort })}>${t("filter.clear")}</a></li>
	</ul>`;
}
