// A chart, and beside it the same numbers as text: a canvas says nothing to who does not see it.
import { useEffect, useRef, useState } from "./hooks.js";
import { instant, number, stepLabel } from "./format.js";
import { language, t } from "./i18n.js";
import { Scroll, html } from "./parts.js";
import { useStore } from "./store.js";

const HEIGHT = 240;
const dashes = [undefined, [6, 3], [2, 3], [9, 3, 2, 3]]; // lines differ by more than their colour

// Colours are the style sheet's; only an element knows what they are in this theme.
function colourOf(element, name) {
	element.style.color = `var(--${name})`;
	const { color } = getComputedStyle(element);
	element.style.color = "";
	return color;
}

const colourName = (line, i) => line.tone ?? `series-${(i % 4) + 1}`;

function optionsOf(uPlot, element, { lines, bars, lang, steps }, onPoint) {
	const ink = colourOf(element, "quiet"), rule = colourOf(element, "rule");
	const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
	const long = steps.at(-1) - steps[0] > 86400;

	return {
		width: Math.max(200, element.clientWidth), height: HEIGHT,
		legend: { show: false },
		cursor: { drag: { x: false, y: false }, points: { show: !bars } },
		scales: { y: { range: (_, low, high) => rangeOf(low, high, bars) } },
		axes: [
			{ ...axis, grid: { show: false }, space: 70, size: 30,
				values: (_, splits, _axis, _space, step) => splits.map((at) => stepLabel(at, step, long, lang)) },
			{ ...axis, size: 56, space: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
				values: (_, splits) => splits.map((value) => number(value, lang)) },
		],
		series: [{}, ...lines.map((line, i) => seriesOf(uPlot, element, line, i, bars))],
		hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx)] },
	};
}

// Nothing but whole images, and room above: a line along the frame reads as no line.
function rangeOf(low, high, bars) {
	if (low === null)
		return [0, 1];
	const room = Math.max(1, Math.ceil((high - low) * 0.1));
	return [bars ? 0 : Math.max(0, low - room), high + room];
}

function seriesOf(uPlot, element, line, i, bars) {
	const stroke = colourOf(element, colourName(line, i));

	return bars
		? { stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.28, 12], align: i - 1 }) }
		: { stroke, width: 2, dash: dashes[i % dashes.length], points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }) };
}

// Most visits look at no chart: the library comes with the first one.
let library;

export function Chart({ title, steps, lines, bars = false }) {
	const lang = useStore(language);
	const element = useRef();
	const plot = useRef();
	const [point, setPoint] = useState(null);
	const [look, setLook] = useState(0); // moves with the theme
	const [failed, setFailed] = useState(false);
	const latest = useRef();
	const data = (latest.current = [steps, ...lines.map((line) => line.values)]);
	const names = lines.map((line) => line.name).join();

	useEffect(() => {
		const again = () => setLook((n) => n + 1);
		const scheme = matchMedia("(prefers-color-scheme: dark)");
		addEventListener("imagecat-theme", again);
		scheme.addEventListener("change", again);
		return () => {
			removeEventListener("imagecat-theme", again);
			scheme.removeEventListener("change", again);
		};
	}, []);
	useEffect(() => {
		const box = element.current;
		const size = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, box.clientWidth), height: HEIGHT }));
		let wanted = true;
		library ??= import("./uplot.js");
		library.then(({ default: uPlot }) => {
			if (!wanted)
				return;
			setFailed(false);
			plot.current = new uPlot(optionsOf(uPlot, box, { lines, bars, lang, steps }, (idx) => setPoint(idx ?? null)), latest.current, box);
			size.observe(box);
		}, () => {
			library = undefined; // so that the next chart asks again
			setFailed(true);
		});
		return () => {
			wanted = false;
			size.disconnect();
			plot.current?.destroy();
			plot.current = undefined;
		};
	}, [names, bars, lang, look, steps.at(-1) - steps[0]]);
	useEffect(() => plot.current?.setData(data), [lines, steps]);

	const at = point ?? steps.length - 1;
	return html`<figure class="chart">
		<figcaption><h2>${title}</h2><${Legend} lines=${lines} at=${at} when=${instant(steps[at], lang)} /></figcaption>
		${failed && html`<p class="quiet">${t("problem.part")}</p>`}
		<div class="plot" hidden=${failed} ref=${element} role="img"
			aria-label=${t("chart.label", { title, lines: summaryOf(lines, lang) })}></div>
		<details><summary>${t("chart.table")}</summary><${Numbers} title=${title} steps=${steps} lines=${lines} /></details>
	</figure>`;
}

function summaryOf(lines, lang) {
	return lines.map(({ name, values }) => t("chart.line", { name, first: number(values[0], lang), last: number(values.at(-1), lang),
		low: number(Math.min(...values), lang), high: number(Math.max(...values), lang) })).join("; ");
}

function Legend({ lines, at, when }) {
	const lang = useStore(language);

	return html`<ul class="legend"><li class="quiet">${when}</li>
		${lines.map((line, i) => html`<li key=${line.name}><span class="swatch" style=${{ background: `var(--${colourName(line, i)})` }}></span>
			${line.name} <b>${number(line.values[at] ?? 0, lang)}</b></li>`)}</ul>`;
}

function Numbers({ title, steps, lines }) {
	const lang = useStore(language);

	return html`<${Scroll} label=${title}><table><caption class="unseen">${title}</caption>
		<thead><tr><th scope="col">${t("chart.until")}</th>
			${lines.map((line) => html`<th scope="col" class="number">${line.name}</th>`)}</tr></thead>
		<tbody>${steps.map((end, i) => html`<tr key=${end}><th scope="row">${instant(end, lang)}</th>
			${lines.map((line) => html`<td class="number">${number(line.values[i], lang)}</td>`)}</tr>`).reverse()}</tbody></table><//>`;
}
