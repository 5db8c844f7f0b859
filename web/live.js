// The stream of changes, and whether there is one. Views do not read the events: they ask again when `tick` moves, so
// that what they show is always one moment of the catalog.
import { get, heard } from "./api.js";
import { store } from "./store.js";

const SETTLE_MS = 400; // a poll commits many changes at once
const REST_MS = 2000; // between two renewals, however much happens
const REFRESH_MS = 15000; // polls that change nothing make no event, but they renew what is shown of them
const RETRY_MS = 5000;
const GONE_MS = 10000;
const SILENT_MS = REFRESH_MS + GONE_MS;

export const tick = store(0);
export const seq = store(0);
export const renewed = store(0); // the seq at which the views were last told to ask
export const link = store("connecting"); // live | connecting | polling | reconnecting | gone
export const now = store(Date.now());

let source, begun = false, settling, lostAt, asking = false, renewedAt = 0, lookedAt = Date.now();

function touch() {
	settling ??= setTimeout(() => {
		settling = undefined;
		renewedAt = Date.now();
		tick.set(tick.get() + 1);
		renewed.set(seq.get());
	}, Math.max(SETTLE_MS, renewedAt + REST_MS - Date.now()));
}

function onAlive() {
	lostAt = undefined;
	if (!["live", "connecting"].includes(link.get()))
		touch(); // what happened meanwhile
	link.set("live");
	heard.set(Date.now());
}

function onEvent(event) {
	onAlive();
	seq.set(Number(event.lastEventId));
	touch();
}

// A daemon that has no stream to give but answers is not gone; one that hangs is, though its stream stands open.
function judge() {
	if (Date.now() - Math.max(heard.get(), lookedAt) >= SILENT_MS)
		link.set("gone");
	else if (lostAt === undefined)
		link.set(link.get() === "gone" ? "live" : link.get());
	else if (source?.readyState === EventSource.CLOSED && Date.now() - heard.get() < SILENT_MS)
		link.set("polling");
	else
		link.set(Date.now() - lostAt < GONE_MS ? "reconnecting" : "gone");
}

// The browser tries again by itself, behind the last event that it has seen, unless the answer was a refusal.
function onLost() {
	lostAt ??= Date.now();
	judge();
	if (source.readyState === EventSource.CLOSED)
		setTimeout(connect, RETRY_MS, seq.get());
}

function connect(after) {
	if (document.hidden)
		return;
	source?.close();
	source = new EventSource(`/api/v1/events?after=${after}`);
	source.onopen = onAlive;
	source.onmessage = onEvent;
	source.onerror = onLost;
	source.addEventListener("reset", () => location.reload()); // another catalog: nothing that is shown holds
}

// From where the page stands, not from now: nothing may fall between the first answers and the stream.
async function begin() {
	try {
		const stats = await get("/api/v1/stats");
		seq.set(stats.seq);
		begun = true;
		connect(stats.seq);
	} catch {
		lostAt ??= Date.now();
		judge();
		setTimeout(begin, RETRY_MS);
	}
}

// The daemon has 32 streams to give; a tab that nobody looks at needs none.
function onVisibility() {
	if (document.hidden)
		return source?.close();
	lookedAt = Date.now();
	beat();
	if (begun)
		connect(seq.get());
	touch();
}

// Where no view asks, as one that is paused, this does.
async function inquire() {
	asking = true;
	await get("/api/v1/changes", { limit: 1 }).catch(() => {});
	asking = false;
}

function beat() {
	if (document.hidden)
		return;
	now.set(Date.now());
	if (begun && !asking && Date.now() - heard.get() > REFRESH_MS)
		inquire();
	judge();
}

export function startLive() {
	document.addEventListener("visibilitychange", onVisibility);
	heard.subscribe(judge);
	setInterval(beat, 5000);
	setInterval(() => document.hidden || tick.set(tick.get() + 1), REFRESH_MS);
	begin();
}
