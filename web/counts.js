// How many images there are, of which sort, and how that moved.
import { get, getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { Chart } from "./chart.js";
import { instant, number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { Answer, Heading, Text, html } from "./parts.js";
import { address } from "./route.js";
import { changesOverTime, imagesOverTime, stepsOf } from "./series.js";
import { useStore } from "./store.js";

const windows = { "1h": [3600, 60], "1d": [86400, 48], "7d": [7 * 86400, 56] };
const POLLS_MAX = 6000; // of a window; what is older is not shown, and that is said
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

// Polls of the window from the newest back; of those that are known only what came since is asked for.
async function pollsOf(since, known, signal) {
	const newest = known?.polls.at(-1)?.poll_id ?? 0;
	const fresh = [];
	let cursor, answer;

	do {
		answer = await get("/api/v1/polls", { since, limit: newest && !cursor ? 100 : 1000, cursor }, signal);
		fresh.push(...answer.items.filter((poll) => poll.poll_id > newest));
		cursor = answer.items.at(-1)?.poll_id > newest ? answer.next_cursor : undefined;
	} while (cursor && fresh.length < POLLS_MAX);
	const polls = [...(known?.polls ?? []), ...fresh.reverse().map(slim)].slice(-POLLS_MAX);
	return { polls, more: Boolean(cursor) || known?.more };
}

function slim({ poll_id, listing_id, finished_at, outcome, items, added, changed, missing, removed, returned }) {
	return { poll_id, listing_id, finished_at, outcome, items, added, changed, missing, removed, returned };
}

async function pastOf(chosen, known, signal) {
	const [{ polls, more }, listings, baselines, stats] = await Promise.all([
		pollsOf(chosen, known, signal),
		getAll("/api/v1/listings", {}, { max: 5000, signal }),
		getAll("/api/v1/changes", { kind: "baseline", since: chosen }, { max: 5000, signal }),
		get("/api/v1/stats", {}, signal),
	]);
	return {
		polls, more, listings: listings.items, first: new Set(baselines.items.map((change) => change.poll_id)),
		since: more ? polls[0].finished_at : stats.created_at, // a catalog of an hour has no day to show
		to: Date.now() / 1000,
	};
}

function Past({ past, chosen }) {
	const lang = useStore(language);
	const [length, count] = windows[chosen];
	const { to } = past;
	const from = Math.max(to - length, Math.min(past.since, to - SHORTEST_S));
	const steps = stepsOf(from, to, Math.min(count, Math.floor(to - from)));
	const images = imagesOverTime(past.polls, past.listings, steps);
	const changes = changesOverTime(past.polls, past.first, from, steps);

	return html`
		${past.more && html`<p class="lead">${t("counts.cut", { at: instant(from, lang) })}</p>`}
		<div class="charts">
		<${Chart} title=${t("counts.images")} steps=${steps} lines=${named(images, "provider")} />
		<${Chart} title=${t("counts.changes")} steps=${steps} lines=${named(changes, "change")} bars=${true} />
		</div>
		<p class="lead">${t("counts.lead")}</p>`;
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
