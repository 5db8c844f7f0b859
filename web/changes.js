// What changed: the newest first, and what comes in while one looks.
import { useEffect, useRef, useState } from "./hooks.js";
import { get } from "./api.js";
import { asProblem, useAnswer } from "./answer.js";
import { Fields, kindTone } from "./diff.js";
import { number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { Announce, Answer, Empty, Failure, Heading, Icon, Mark, Text, Time, html } from "./parts.js";
import { address } from "./route.js";
import { useStore } from "./store.js";

const ENOUGH = 100; // changes on the first look, and for each look further back
const MANY = 1000; // of what came since
const SHOWN_MAX = 2 * MANY;

const kinds = ["added", "changed", "missing", "removed", "returned", "held", "released", "baseline", "source-drift", "remapped",
	"disabled", "enabled"];

// The newest, or those behind the cursor; at the end `floor`, the first change of all that is kept.
async function pageOf(params, { limit = ENOUGH, cursor }, signal) {
	const { items, next_cursor, seq } = await get("/api/v1/changes", { ...params, sort: "-seq", limit, cursor }, signal);

	if (next_cursor)
		return { items, cursor: next_cursor, high: seq };
	const first = await get("/api/v1/changes", { limit: 1, columns: "seq" }, signal);
	return { items, floor: first.items[0]?.seq ?? first.seq + 1, high: seq };
}

// What came since, before what was there; when that is too much, what was there is older from then on.
async function refreshed(known, params, signal) {
	const { items, seq, next_cursor } = await get("/api/v1/changes",
		{ ...params, after: known.high, sort: "-seq", limit: MANY }, signal);

	if (next_cursor || items.length + known.items.length > SHOWN_MAX)
		return { ...(await pageOf(params, { limit: MANY }, signal)), fresh: items.length };
	return { ...known, items: [...items, ...known.items], high: seq, fresh: items.length };
}

// Anew, when what was known is no longer kept.
async function load(known, params, signal) {
	try {
		return await (known ? refreshed(known, params, signal) : pageOf(params, {}, signal));
	} catch (error) {
		if (!known || !error.oldest)
			throw error;
		return pageOf(params, {}, signal);
	}
}

export function Changes({ params }) {
	const asked = { kind: params.kind, account: params.account };
	const [paused, pause] = useState(false);
	const [older, setOlder] = useState({});
	const key = JSON.stringify(asked);
	const answer = useAnswer(key, (signal, known) => load(known, asked, signal), { paused });
	const newer = answer.value ?? { items: [] };
	const end = key + newer.cursor; // what is older goes on there, or it is no continuation
	const { items, cursor, floor } = older.end === end ? older : { ...newer, items: [] };
	const add = (more) => setOlder((old) => ({ ...more, end, items: old.end === end ? [...old.items, ...more.items] : more.items }));

	return html`
		<${Heading} extra=${html`<${Pause} paused=${paused} pause=${pause} />`}>${t("view.changes")}<//>
		<${Kinds} params=${params} />
		<${Answer} answer=${answer}>
			${answer.value && html`<${Feed} changes=${[...newer.items, ...items]} filtered=${params.kind || params.account} />
				<${More} key=${end} cursor=${cursor} floor=${floor} asked=${asked} add=${add} waits=${answer.busy} />
				<${Fresh} value=${newer} />`}
		<//>`;
}

function Pause({ paused, pause }) {
	return html`<button type="button" aria-pressed=${paused} onClick=${() => pause(!paused)}>
		<${Icon} name=${paused ? "play" : "pause"} />${t(paused ? "feed.resume" : "feed.pause")}</button>
		${paused && html`<span class="count">${t("feed.paused")}</span>`}`;
}

function Kinds({ params }) {
	return html`<nav class="tabs" aria-label=${t("feed.kinds")}>${["", ...kinds].map((kind) => html`
		<a key=${kind} href=${address("changes", { ...params, kind })} aria-current=${(params.kind ?? "") === kind ? "true" : undefined}>
		${kind ? word("change", kind) : t("filter.any")}</a>`)}</nav>`;
}

// A number, not the changes: nobody wants a hundred of them read out.
function Fresh({ value }) {
	const lang = useStore(language);
	return html`<${Announce} text=${value.fresh ? t("feed.fresh", { n: value.fresh, count: number(value.fresh, lang) }) : ""} />`;
}

function Feed({ changes, filtered }) {
	if (!changes.length)
		return html`<${Empty}><p>${t(filtered ? "feed.none" : "feed.empty")}</p><//>`;
	return html`<ol class="feed" aria-label=${t("view.changes")}>
		${changes.map((change) => html`<${Change} key=${change.seq} change=${change} />`)}</ol>`;
}

function Change({ change }) {
	const place = [change.account, change.service, change.zone ?? change.region].filter(Boolean).join(" · ");

	return html`<li data-seq=${change.seq}>
		<span class="when"><${Time} at=${change.at} /></span>
		<${Mark} tone=${kindTone(change.kind)}>${word("change", change.kind)}<//>
		<div class="what">
			${change.uid
				? html`<a href=${address("image", { image: change.uid })}><${Text} value=${change.name || change.image_id} max=${160} /></a>`
				: change.name && html`<${Text} value=${change.name} max=${160} />`}
			<span class="under"><${Text} value=${place} max=${120} /></span>
			<${Fields} fields=${change.fields} brief=${true} />
		</div></li>`;
}

function More({ cursor, floor, asked, add, waits }) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState();
	const abort = useRef();

	useEffect(() => () => abort.current?.abort(), []);
	if (!cursor)
		return html`<p class="end">${t(floor > 1 ? "feed.pruned" : "feed.end")}</p>`;
	const ask = async () => {
		const { signal } = (abort.current = new AbortController());
		setBusy(true);
		try {
			const more = await pageOf(asked, { cursor }, signal);
			setProblem();
			add(more);
		} catch (error) {
			if (!signal.aborted)
				setProblem(asProblem(error));
		} finally {
			setBusy(false);
		}
	};
	return html`${problem && html`<${Failure} problem=${problem} />`}
		<p class="end"><button type="button" disabled=${busy || waits} onClick=${ask}>${t("feed.older")}</button></p>`;
}
