// How many images there are, of which sort, and how that moved.
import { get, getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { Chart } from "./chart.js";
import { instant, number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { Answer, Heading, Text, html } from "./parts.js";
import { address } from "./route.js";
import { changesOverTime, imagesByDay, imagesOverTime, stepsOf } from "./series.js";
import { useStore } from "./store.js";

const DAY = 86400;
const windows = { "1h": [3600, 60], "1d": [DAY, 48], "7d": [7 * DAY, 56], "30d": [30 * DAY, 60] };
const ROWS_MAX = 6000; // polls or changes of a window; what is older is not shown, and that is said
const COUNTS_MAX = 50000;
const SHORTEST_S = 2; // a line has two ends

export function Counts({ params }) {
	const chosen = Object.hasOwn(windows, params.window ?? "") ? params.window : "1d";
	const stats = useAnswer("stats", (signal) => get("/api/v1/stats", {}, signal));
	const past = useAnswer(chosen, (signal, known) => pastOf(chosen, known, signal));

	return html`<${Heading}>${t("view.counts")}<//>
		<${Answer} answer=${stats}>${stats.value && html`<${Numbers} stats=${stats.value} />`}<//>
		<nav class="tabs" aria-label=${t("counts.window")}>${Object.keys(windows).map((name) => html`
			<a key=${name} href=${address("counts", { window: name })} aria-current=${name === chosen ? "true" : undefined}>
			${word("since", name)}</a>`)}</nav>
		<${Answer} answer=${past}>${past.value && html`<${Past} past=${past.value} chosen=${chosen} />`}<//>`;
}

// What is in the window, from the newest back; of what is known only that which came since is asked for. The oldest first.
async function backTo(path, params, id, known, signal) {
	const newest = known?.items.at(-1)?.[id] ?? 0;
	const fresh = [];
	let cursor, answer;

	do {
		answer = await get(path, { ...params, limit: newest && !cursor ? 100 : 1000, cursor }, signal);
		fresh.push(...answer.items.filter((row) => row[id] > newest));
		cursor = answer.items.at(-1)?.[id] > newest ? answer.next_cursor : undefined;
	} while (cursor && fresh.length < ROWS_MAX);
	const items = [...(known?.items ?? []), ...fresh.reverse()].slice(-ROWS_MAX);
	return { items, more: Boolean(cursor) || known?.more };
}

// The days of the window; of those that are known the last one is asked for again. On its first day a catalog was counted
// before it was whole.
async function daysOf(length, created, known, signal) {
	const since = known?.at(-1)?.time ?? Math.max(created, Math.floor(Date.now() / 1000) - length);
	const { items } = await getAll("/api/v1/counts", { since, columns: "time,provider,images" }, { max: COUNTS_MAX, signal });
	return [...(known ?? []).filter((row) => row.time < since), ...items];
}

async function pastOf(chosen, known, signal) {
	const [length] = windows[chosen];
	const stats = await get("/api/v1/stats", {}, signal);
	const [changes, days] = await Promise.all([
		backTo("/api/v1/changes", { since: chosen, sort: "-seq", columns: "seq,at,kind" }, "seq", known?.changes, signal),
		length > DAY ? daysOf(length, stats.created_at, known?.days, signal) : [],
	]);
	const past = { stats, changes, days, to: Date.now() / 1000 };

	if (days.some((row) => row.time > days[0].time)) // else a catalog that is too young for a line of days
		return past;
	const [polls, { items: listings }] = await Promise.all([
		backTo("/api/v1/polls", { since: chosen, outcome: "complete",
			columns: "poll_id,listing_id,finished_at,items,added,returned,missing" }, "poll_id", known?.polls, signal),
		getAll("/api/v1/listings", {}, { max: 5000, signal }),
	]);
	return { ...past, polls, listings };
}

// A catalog of an hour has no day to show; what is cut, shows nothing before the first row that was read.
function stepsSince(from, { to, stats }, count) {
	const start = Math.max(from, Math.min(stats.created_at, to - SHORTEST_S));
	return { from: start, steps: stepsOf(start, to, Math.min(count, Math.floor(to - start))) };
}

function imagesOf({ polls, listings, days, stats, to }, steps) {
	return polls ? { steps, images: imagesOverTime(polls.items, listings, steps) } : imagesByDay(days, stats.by.provider, to);
}

function Past({ past, chosen }) {
	const lang = useStore(language);
	const { polls, changes, to } = past;
	const [length, count] = windows[chosen];
	const cut = Math.max(polls?.more ? polls.items[0].finished_at : 0, changes.more ? changes.items[0].at : 0);
	const { from, steps } = stepsSince(Math.max(to - length, cut), past, count);
	const { images, steps: moments } = imagesOf(past, steps);

	return html`
		${cut > 0 && html`<p class="lead">${t("counts.cut", { at: instant(from, lang) })}</p>`}
		<div class="charts">
		<${Chart} title=${t("counts.images")} steps=${moments} lines=${named(images, "provider")} />
		<${Chart} title=${t("counts.changes")} steps=${steps} bars=${true}
			lines=${named(changesOverTime(changes.items, from, steps), "change")} />
		</div>
		<p class="lead">${t(polls ? "counts.lead" : "counts.lead.days")}</p>`;
}

const tones = { added: "good", changed: "accent", removed: "bad" };

const named = (lines, family) => lines.map(({ name, values }) => ({ name: word(family, name), values, tone: tones[name] }));

// ---- now ------------------------------------------------------------------------------------------------

// Dimensions of /api/v1/stats, and the filter that each row leads to.
const dimensions = [
	{ name: "provider", family: "provider" }, { name: "region" }, { name: "os_distro", family: "distro", filter: "os" },
	{ name: "kind", family: "kind" }, { name: "state", family: "state" }, { name: "arch", family: "arch" },
];
const ROWS = 8;

function Numbers({ stats }) {
	const lang = useStore(language);

	return html`<p class="total"><b>${number(stats.images, lang)}</b>${" "}
			${t("counts.total", { n: stats.images, listings: number(stats.listings, lang) })}</p>
		<div class="breakdowns">${dimensions.map((dimension) => html`<${Breakdown} key=${dimension.name} dimension=${dimension}
			rows=${stats.by[dimension.name] ?? []} />`)}</div>`;
}

function Breakdown({ dimension, rows }) {
	const lang = useStore(language);
	const sorted = [...rows].sort((a, b) => b.images - a.images);
	const most = sorted[0]?.images;
	const rest = sorted.slice(ROWS).reduce((sum, row) => sum + row.images, 0);

	if (!most)
		return null;
	return html`<table class="breakdown"><caption>${t(`filter.${dimension.filter ?? dimension.name}`)}</caption>
		<tbody>${sorted.slice(0, ROWS).map((row) => html`<tr key=${row.value}>
			<th scope="row"><${Named} dimension=${dimension} value=${row.value} />
			<span class="share" style=${{ width: `${(100 * row.images) / most}%` }}></span></th>
			<td class="number">${number(row.images, lang)}</td></tr>`)}
		${rest > 0 && html`<tr><th scope="row">${t("counts.others")}</th><td class="number">${number(rest, lang)}</td></tr>`}</tbody></table>`;
}

// What the cloud does not say can be asked for only where the interface has a word for none.
function Named({ dimension, value }) {
	const filter = dimension.filter ?? dimension.name;

	if (value === null)
		return t("not-said");
	const name = dimension.family ? word(dimension.family, value) : value;
	return html`<a href=${address("images", { [filter]: value })}><${Text} value=${name} max=${60} /></a>`;
}
