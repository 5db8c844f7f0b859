// Numbers, sizes and times as people of a language write them; times in the viewer's zone. Pure functions.

const made = new Map();

// As it is written where the viewer is: a British viewer's English has another clock than an American's.
function localeOf(lang) {
	return navigator.languages?.find((tag) => tag.toLowerCase().startsWith(lang)) ?? { zh: "zh-CN" }[lang] ?? lang;
}

function formatter(kind, lang, options) {
	const key = kind.name + lang + JSON.stringify(options);

	if (!made.has(key))
		made.set(key, new kind(localeOf(lang), options));
	return made.get(key);
}

export function number(value, lang) {
	return formatter(Intl.NumberFormat, lang, { maximumFractionDigits: 2 }).format(value);
}

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value, lang) {
	let step = 0;

	for (; Math.abs(value) >= 1024 && step < binary.length - 1; step++)
		value /= 1024;
	const digits = { maximumFractionDigits: value < 10 && step > 0 ? 1 : 0 };
	return `${formatter(Intl.NumberFormat, lang, digits).format(value)} ${binary[step]}`;
}

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

// In the largest unit that is reached: 90 s are a minute.
function inUnits(seconds) {
	const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
	return [Math.trunc(seconds / size), unit];
}

export function span(seconds, lang) {
	const [value, unit] = inUnits(seconds);
	return formatter(Intl.NumberFormat, lang, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

export function ago(at, now, lang) {
	const seconds = Math.round(at - now);
	const [value, unit] = inUnits(seconds);

	if (Math.abs(seconds) > 60 * 86400)
		return formatter(Intl.DateTimeFormat, lang, { dateStyle: "medium" }).format(at * 1000);
	return formatter(Intl.RelativeTimeFormat, lang, { numeric: "auto", style: "short" }).format(value, unit);
}

export function instant(at, lang) {
	return formatter(Intl.DateTimeFormat, lang, { dateStyle: "medium", timeStyle: "long" }).format(at * 1000);
}

export function clock(at, lang) {
	return formatter(Intl.DateTimeFormat, lang, { timeStyle: "medium" }).format(at * 1000);
}

export function day(at, lang) {
	return formatter(Intl.DateTimeFormat, lang, { dateStyle: "medium" }).format(at * 1000);
}

// What turns text around or shows nothing would let a name look like another.
const tricks = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

export function plain(text) {
	return text.replaceAll(tricks, "\ufffd");
}

// Text of the catalog that stands in a table: nobody reads ten thousand characters there.
export function shorten(text, max = 300) {
	const letters = [...text.slice(0, 2 * max)]; // never through the middle of a letter
	return letters.length > max || text.length > 2 * max ? `${letters.slice(0, max).join("")}…` : text;
}

// An address of the catalog is anybody's text: only what leads to a web page may become a link.
export function webAddress(text) {
	try {
		const url = new URL(text);
		return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
	} catch {
		return undefined;
	}
}

// A name as a pattern that matches itself alone.
export function exactly(name) {
	return name.replace(/[*?[]/g, "[$&]");
}

// Below a time axis whose marks are `step` seconds apart; a `long` one needs the day.
export function stepLabel(at, step, long, lang) {
	const options = long ? { month: "short", day: "numeric", ...(step < 86400 && { hour: "2-digit" }) }
		: { hour: "2-digit", minute: "2-digit", ...(step < 60 && { second: "2-digit" }) };
	return formatter(Intl.DateTimeFormat, lang, { ...options, hourCycle: "h23" }).format(at * 1000);
}
