// Which system is where, and where it is missing.
import { getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { Answer, Empty, Heading, Scroll, Text, html } from "./parts.js";
import { address, go } from "./route.js";
import { useStore } from "./store.js";

const ROWS_MAX = 20000;

export function Coverage({ params }) {
	const answer = useAnswer("coverage", (signal) => getAll("/api/v1/coverage", {}, { max: ROWS_MAX, signal }));
	const rows = answer.value?.items ?? [];
	const providers = [...new Set(rows.map((row) => row.provider))];
	const shown = providers.filter((name) => !params.provider || params.provider === name);

	return html`<${Heading}>${t("view.coverage")}<//>
		<p class="lead">${t("coverage.lead")}</p>
		<${Choices} providers=${providers} params=${params} />
		<${Answer} answer=${answer}>
			${answer.value && !shown.length && html`<${Empty}><p>${t("coverage.empty")}</p><//>`}
			${shown.map((name) => html`<${Matrix} key=${name} provider=${name} params=${params}
				rows=${rows.filter((row) => row.provider === name)} />`)}
			${answer.value?.more && html`<p>${t("coverage.more")}</p>`}
		<//>`;
}

function Choices({ providers, params }) {
	const set = (name, value) => go(address("coverage", { ...params, [name]: value }));
	const names = new Set([...providers, params.provider].filter(Boolean)); // also one that has nothing

	return html`<form class="row" onSubmit=${(event) => event.preventDefault()}>
		<div class="field"><label for="coverage-provider">${t("filter.provider")}</label>
			<select id="coverage-provider" value=${params.provider ?? ""} onChange=${(event) => set("provider", event.currentTarget.value)}>
			<option value="">${t("filter.any")}</option>
			${[...names].map((name) => html`<option value=${name}>${word("provider", name)}</option>`)}</select></div>
		<label class="flag"><input type="checkbox" checked=${params.missing === "1"}
			onChange=${(event) => set("missing", event.currentTarget.checked ? "1" : "")} />${t("coverage.missing")}</label>
	</form>`;
}

const systemKey = (row) => JSON.stringify([row.os_distro, row.os_version, row.arch, row.form]);
const placeKey = (row) => JSON.stringify([row.region, row.zone]);

// Rows of the view, as systems by places.
export function matrixOf(rows) {
	const systems = new Map(), places = new Map();

	for (const row of rows) {
		places.set(placeKey(row), { region: row.region, zone: row.zone });
		if (!systems.has(systemKey(row)))
			systems.set(systemKey(row), { ...row, cells: new Map() });
		systems.get(systemKey(row)).cells.set(placeKey(row), row);
	}
	return { places: [...places].sort(([a], [b]) => (a < b ? -1 : 1)), systems: [...systems.values()].sort(bySystem) };
}

// By name, the newest version first; numbers by what they count.
function bySystem(a, b) {
	return a.os_distro.localeCompare(b.os_distro) ||
		(b.os_version ?? "").localeCompare(a.os_version ?? "", undefined, { numeric: true }) ||
		(a.arch ?? "").localeCompare(b.arch ?? "") || (a.form ?? "").localeCompare(b.form ?? "");
}

const lacks = (system) => [...system.cells.values()].some((cell) => cell.images === 0);

function Matrix({ provider, rows, params }) {
	const { places, systems } = matrixOf(rows);
	const shown = params.missing === "1" ? systems.filter(lacks) : systems;
	const name = word("provider", provider);

	const caption = t("coverage.caption", { provider: name });

	if (shown.length === 0)
		return html`<section class="matrix"><h2>${name}</h2><${Empty}><p>${t("coverage.whole")}</p><//></section>`;
	return html`<section class="matrix"><h2>${name}</h2><${Scroll} label=${caption}><table>
		<caption class="unseen">${caption}</caption>
		<thead><tr><th scope="col">${t("coverage.system")}</th>
			${places.map(([key, place]) => html`<th key=${key} scope="col" class="number">
				<${Text} value=${place.zone ?? place.region ?? "–"} max=${40} /></th>`)}</tr></thead>
		<tbody>${shown.map((system) => html`<tr key=${systemKey(system)}>
			<th scope="row">${word("distro", system.os_distro)} <${Text} value=${system.os_version ?? ""} max=${30} />
				<span class="under">${[system.arch, system.form && word("form", system.form)].filter(Boolean).join(" · ")}</span></th>
			${places.map(([key]) => html`<${Cell} key=${key} cell=${system.cells.get(key)} />`)}</tr>`)}</tbody>
		</table><//></section>`;
}

function Cell({ cell }) {
	const lang = useStore(language);

	if (!cell || cell.images === 0)
		return html`<td class="number lacking"><span aria-label=${t("coverage.lacks")} role="img">–</span></td>`;
	// By the region alone: an image that names no zone counts in every zone of it.
	const to = address("images", { provider: cell.provider, region: cell.region ?? "-", origin: "platform",
		os: cell.os_version ? `${cell.os_distro}:${cell.os_version}` : cell.os_distro, arch: cell.arch ?? "-", form: cell.form, launchable: 1 });
	const bare = t("coverage.of-system", { n: cell.system_images, count: number(cell.system_images, lang) });
	return html`<td class="number"><a href=${to} title=${bare}>${number(cell.images, lang)}</a></td>`;
}
