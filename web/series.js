// Numbers over time, made from the polls. Pure functions.
//
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

// One line of a listing: its value at each step. `polls` from the oldest on.
function lineOf(listing, polls, steps) {
	const complete = polls.filter((poll) => poll.outcome === "complete");
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

// What was added, changed and removed in each step. The polls in `first` met their listing for the first time: what they
// found is no news.
export function changesOverTime(polls, first, from, steps) {
	const lines = { added: [], changed: [], removed: [] };

	for (const values of Object.values(lines))
		values.push(...steps.map(() => 0));
	for (const poll of polls) {
		const step = steps.findIndex((end) => poll.finished_at <= end);
		if (poll.finished_at <= from || step < 0 || first.has(poll.poll_id))
			continue;
		lines.added[step] += poll.added + poll.returned;
		lines.changed[step] += poll.changed;
		lines.removed[step] += poll.removed;
	}
	return Object.entries(lines).map(([name, values]) => ({ name, values }));
}
