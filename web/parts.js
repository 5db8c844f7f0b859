// Small parts that several views are made of. Text of the catalog only ever becomes a text node.
import { h } from "./preact.js";
import { useEffect, useRef, useState } from "./hooks.js";
import htm from "./htm.js";
import { ago, clock, instant, plain, shorten, webAddress } from "./format.js";
import { language, t } from "./i18n.js";
import { link, now } from "./live.js";
import { wish } from "./route.js";
import { useStore } from "./store.js";

export const html = htm.bind(h);

// Text from a cloud: isolated, so that a right-to-left override in it turns nothing else around.
export function Text({ value, max }) {
	return html`<bdi>${plain(shorten(String(value), max))}</bdi>`;
}

const SKEW_S = 120; // clocks that are a little apart must not make what was just read lie in the future

// When, seen from now; the exact time in the viewer's zone on request.
export function Time({ at, ahead = false }) {
	const lang = useStore(language);
	const seconds = useStore(now) / 1000;

	if (at === null || at === undefined)
		return html`<${None} />`;
	const date = new Date(at * 1000);
	if (Number.isNaN(date.getTime()))
		return String(at);
	return html`<time datetime=${date.toISOString()} title=${instant(at, lang)}>
		${ago(ahead || at - seconds > SKEW_S ? at : Math.min(at, seconds), seconds, lang)}</time>`;
}

export function None() {
	return html`<span class="none" aria-label=${t("none")} role="img">–</span>`;
}

const copiedFor = 2000;

export function Copy({ text, what }) {
	const [copied, set] = useState(false);
	const label = t(copied ? "copied" : "copy", { what: plain(shorten(what ?? text, 80)) });

	useEffect(() => {
		if (!copied)
			return;
		const timer = setTimeout(set, copiedFor, false);
		return () => clearTimeout(timer);
	}, [copied]);
	return html`<button type="button" class="copy" data-copied=${copied} aria-label=${label} title=${label}
		onClick=${async () => set(await copy(text))}>
		<${Icon} name=${copied ? "check" : "copy"} /></button>`;
}

// Over plain HTTP on another machine's address browsers have no clipboard; what they had before still works.
async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}

const shapes = {
	copy: "M9 9h11v11H9zM5 15H4V4h11v1",
	check: "M5 12.5l4.5 4.5L19 7.5",
	close: "M6 6l12 12M18 6L6 18",
	sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
	moon: "M20 14.5A8.5 8.5 0 019.5 4 8.5 8.5 0 1020 14.5z",
	pause: "M8 5v14M16 5v14",
	play: "M7 5l12 7-12 7z",
	search: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5",
	up: "M6 15l6-6 6 6",
	down: "M6 9l6 6 6-6",
	both: "M8 10l4-4 4 4M8 14l4 4 4-4",
	layers: "M3 9l9-4.5L21 9l-9 4.5zM3 13.5l9 4.5 9-4.5",
};

export function Icon({ name }) {
	return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${shapes[name]} /></svg>`;
}

// A word with a colour; the colour never says anything that the word does not.
export function Mark({ tone = "quiet", title, children }) {
	return html`<span class="mark ${tone}" title=${title}>${children}</span>`;
}

export function WebLink({ address }) {
	const safe = webAddress(address);

	return safe
		? html`<a href=${safe} target="_blank" rel="noopener noreferrer nofollow"><${Text} value=${address} /></a>`
		: html`<${Text} value=${address} />`;
}

// ---- what stands where an answer should ------------------------------------------------------------

// A page's cursor, not a change that is gone.
const isLostPage = (problem) => problem.status === 410 && problem.oldest === undefined;

export function explain(problem) {
	if (problem.status === 0)
		return t("problem.silent");
	if (isLostPage(problem))
		return t("problem.cursor");
	return problem.message;
}

function title(problem) {
	const known = { 0: "problem.0", 400: "problem.400", 404: "problem.404", 503: "problem.503" };
	return t(isLostPage(problem) ? "problem.410" : known[problem.status] ?? "problem.other", { status: problem.status });
}

export function Failure({ problem, children }) {
	return html`<div class="notice bad" role="alert">
		<strong>${title(problem)}</strong> <span>${explain(problem)}</span> ${children}</div>`;
}

/*
 * The frame of an answer: how it fails, that it is on its way, or the children. A failed refresh leaves what is there
 * and says of when it is.
 */
export function Answer({ answer, children, retry }) {
	const lang = useStore(language);
	const gone = useStore(link) === "gone";

	if (answer.value === undefined)
		return answer.problem && !answer.busy
			? html`<${Failure} problem=${answer.problem}>${retry}<//>`
			: html`<${Waiting} />`;
	const stale = answer.problem && !answer.busy && !(gone && answer.problem.status === 0);
	return html`
		${stale && html`<${Failure} problem=${answer.problem}>
			${retry} <span>${t("problem.old", { at: clock(answer.at / 1000, lang) })}</span><//>`}
		<div class="answer" aria-busy=${answer.busy}>${children}</div>`;
}

// Only what takes long is worth a word.
function Waiting() {
	return html`<div class="waiting" role="status"><span class="bar"></span><span>${t("loading")}</span></div>`;
}

export function Empty({ children }) {
	return html`<div class="empty">${children}</div>`;
}

// ---- for screen readers --------------------------------------------------------------------------------

export function Announce({ text }) {
	return html`<div class="unseen" role="status">${text}</div>`;
}

// The heading that a new view begins with takes the focus, unless the page has only just been opened.
let views = 0;

export function Heading({ children, extra }) {
	const ref = useRef();

	useEffect(() => {
		const wanted = wish.focus && document.getElementById(wish.focus);
		wish.focus = undefined;
		if (views++ > 0)
			(wanted ?? ref.current).focus({ preventScroll: true });
	}, []);
	return html`<div class="heading"><h1 tabindex="-1" ref=${ref}>${children}</h1>${extra}</div>`;
}

// A table that may be wider than the screen scrolls by itself, also from the keyboard.
export function Scroll({ label, children }) {
	return html`<div class="scroll" role="region" aria-label=${label} tabindex="0">${children}</div>`;
}
