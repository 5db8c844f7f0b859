// Numbers over time, made from what the interface gives. Pure functions.
//
// Of an hour or a day the polls tell how many images there were, and the catalog's own count of each day of what is longer.
// A listing has as many images as its last complete poll found, until the next one. Before its first one in the window it
// had what that poll says it began with; a listing without any has what the catalog holds of it.

const isOfImages = (listing) => listing.service !== "discovery" && listing.health !== "disabled";

function before(poll) {
	return Math.max(0, poll.items - poll.added - poll.returned + poll.missing);
}

// Ends of equal steps, the last one at `to`.
export function stepsOf(from, to, count) {
	const width = (to - from) / count;
	return Array.from({ length: count }, (_, i) => Math.round(from + (i + 1) * width));
}

// One line of a listing: its value at each step. Its complete polls from the oldest on.
function lineOf(listing, complete, steps) {
	let at = 0, value = complete.length ? before(complete[0]) : listing.images_present;

	return steps.map((end) => {
		while (at < complete.length && complete[at].finished_at <= end)
			value = complete[at++].items;
		return value;
	});
}

function group(rows, keyOf) {
	const groups = new Map();

	for (const row of rows) {
		const key = keyOf(row);
		if (!groups.has(key))
			groups.set(key, []);
		groups.get(key).push(row);
	}
	return groups;
}

// [{ name, values }], a line for each provider.
export function imagesOverTime(polls, listings, steps) {
	const byListing = group(polls, (poll) => poll.listing_id);
	const byProvider = group(listings.filter(isOfImages), (listing) => listing.provider);

	return [...byProvider].map(([name, own]) => {
		const lines = own.map((listing) => lineOf(listing, byListing.get(listing.listing_id) ?? [], steps));
		return { name, values: steps.map((_, i) => lines.reduce((sum, line) => sum + line[i], 0)) };
	});
}

// The same from the counts of days, with what there is now behind them. Steps are the days that were counted.
export function imagesByDay(rows, now, to) {
	const days = [...group(rows, (row) => row.time)];
	const steps = [...days.map(([time]) => time), to];
	const last = now.map(({ value, images }) => ({ provider: value, images }));
	const names = new Set([...rows, ...last].map((row) => row.provider));
	const sum = (of, name) => of.reduce((total, row) => total + (row.provider === name ? row.images : 0), 0);

	return { steps, images: [...names].sort().map((name) => ({ name,
		values: [...days.map(([, counted]) => sum(counted, name)), sum(last, name)] })) };
}

const lineOfKind = { added: "added", returned: "added", changed: "changed", removed: "removed" };

// What was added, changed and removed in each step. What a first poll finds is no change.
export function changesOverTime(changes, from, steps) {
	const lines = { added: [], changed: [], removed: [] };

	for (const values of Object.values(lines))
		values.push(...steps.map(() => 0));
	for (const { at, kind } of changes) {
		const step = steps.findIndex((end) => at <= end);
		if (at > from && step >= 0 && Object.hasOwn(lineOfKind, kind))
			lines[lineOfKind[kind]][step]++;
	}
	return Object.entries(lines).map(([name, values]) => ({ name, values }));
}
