// What changed: the newest first, and what comes in while one looks.
import { useEffect, useRef, useState } from "./hooks.js";
import { get, getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { Fields, kindTone } from "./diff.js";
import { number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { Announce, Answer, Empty, Heading, Icon, Mark, Text, Time, html } from "./parts.js";
import { address } from "./route.js";
import { useStore } from "./store.js";

const ENOUGH = 100; // changes on the first look, and for each look further back
const SHOWN_MAX = 1000;
const READ_MAX = 5000; // of one stretch

const kinds = ["added", "changed", "missing", "removed", "returned", "held", "released", "baseline", "source-drift", "remapped",
	"disabled", "enabled"];
/*
 * The interface gives changes from the oldest on. What is newest is found by numbers: a stretch of them below `before`, a
 * longer one where it held too little, down to the first.
 */
async function olderThan(before, params, signal) {
	let found = [], low = before;

	for (let width = 2 * ENOUGH; low > 1 && found.length < ENOUGH; width *= 4) {
		const after = Math.max(0, low - 1 - width);
		const { items } = await getAll("/api/v1/changes", { ...params, after }, { max: READ_MAX, signal });
		found = items.filter((change) => change.seq < before).reverse();
		low = after + 1;
	}
	return { items: found, low };
}

async function newest(params, signal) {
	const { seq } = await get("/api/v1/changes", { limit: 1 }, signal);
	return { ...(await olderThan(seq + 1, params, signal)), high: seq };
}

// What came since, before what was there.
async function refreshed(known, params, signal) {
	const { items, seq } = await getAll("/api/v1/changes", { ...params, after: known.high }, { max: READ_MAX, signal });

	if (!items.length)
		return { ...known, high: Math.max(known.high, seq), fresh: 0 };
	return { items: [...items.reverse(), ...known.items].slice(0, SHOWN_MAX), low: known.low, high: items[0].seq, fresh: items.length };
}

export function Changes({ params }) {
	const asked = { kind: params.kind, account: params.account };
	const [paused, pause] = useState(false);
	const [older, setOlder] = useState({ items: [], low: undefined });
	const key = JSON.stringify(asked);
	const answer = useAnswer(key, (signal, known) => (known ? refreshed(known, asked, signal) : newest(asked, signal)), { paused });

	useEffect(() => setOlder({ items: [], low: undefined }), [key]);
	const low = older.low ?? answer.value?.low;
	const items = [...(answer.value?.items ?? []), ...older.items];
	return html`
		<${Heading} extra=${html`<${Pause} paused=${paused} pause=${pause} />`}>${t("view.changes")}<//>
		<${Kinds} params=${params} />
		<${Answer} answer=${answer}>
			${answer.value && html`<${Feed} changes=${items} />
				<${More} low=${low} asked=${asked} add=${(more) => setOlder({ items: [...older.items, ...more.items], low: more.low })} />
				<${Fresh} value=${answer.value} />`}
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

function Feed({ changes }) {
	if (!changes.length)
		return html`<${Empty}><p>${t("feed.empty")}</p><//>`;
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

function More({ low, asked, add }) {
	const [busy, setBusy] = useState(false);
	const abort = useRef();

	useEffect(() => () => abort.current?.abort(), []);
	if (!low || low <= 1)
		return html`<p class="end">${t("feed.end")}</p>`;
	const load = async () => {
		abort.current = new AbortController();
		setBusy(true);
		try {
			add(await olderThan(low, asked, abort.current.signal));
		} finally {
			setBusy(false);
		}
	};
	return html`<p class="end"><button type="button" disabled=${busy} onClick=${load}>${t("feed.older")}</button></p>`;
}
