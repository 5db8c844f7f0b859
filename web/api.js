// Questions to the daemon. A request that nobody waits for any more is cancelled; a failure is a Problem that
// says in a sentence what went wrong.
import { store } from "./store.js";

// How many requests are under way: tests and screen readers learn from it when a view has settled.
export const pending = store(0);

// When the daemon last answered, in milliseconds.
export const heard = store(0);

const PATIENCE_MS = 15000; // a daemon that hangs still takes connections

export class Problem extends Error {
	constructor(status, detail, oldest) {
		super(detail);
		this.status = status; // 0: no answer
		this.oldest = oldest; // the first change that is kept, where the one asked for is not
	}
}

function query(params) {
	const known = Object.entries(params).filter(([, value]) => value !== undefined && value !== "");
	return known.length ? `?${new URLSearchParams(known)}` : "";
}

// What a uid stands in keeps its slashes; everything else of it is escaped.
export function imagePath(uid) {
	return `/api/v1/images/${uid.split("/").map(encodeURIComponent).join("/")}`;
}

async function problemOf(response) {
	try {
		const body = await response.json();
		return new Problem(response.status, String(body.detail ?? body.title ?? response.statusText), body.oldest_seq);
	} catch {
		return new Problem(response.status, `HTTP ${response.status}`);
	}
}

export async function get(path, params = {}, signal) {
	pending.set(pending.get() + 1);
	try {
		const patience = AbortSignal.timeout(PATIENCE_MS);
		const response = await fetch(path + query(params), { signal: signal ? AbortSignal.any([signal, patience]) : patience });
		heard.set(Date.now());
		if (!response.ok)
			throw await problemOf(response);
		return await response.json();
	} catch (error) {
		if (error instanceof Problem || error.name === "AbortError")
			throw error;
		throw new Problem(0, "");
	} finally {
		pending.set(pending.get() - 1);
	}
}

// Page behind page, up to `max` rows; `more` says that there are others.
export async function getAll(path, params, { max, signal }) {
	const items = [];
	let answer, cursor;

	do {
		answer = await get(path, { ...params, limit: Math.min(max, 1000), cursor }, signal);
		items.push(...answer.items);
		cursor = answer.next_cursor;
	} while (cursor && items.length < max);
	return { items, more: Boolean(cursor), seq: answer.seq };
}
