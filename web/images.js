// The catalog: images that fit the filters, page by page.
import { get, getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { Filters, chosenOf, narrowed } from "./filters.js";
import { bytes, number } from "./format.js";
import { language, t, word } from "./i18n.js";
import { seq } from "./live.js";
import { Announce, Answer, Copy, Empty, Heading, Icon, Mark, None, Scroll, Text, Time, html } from "./parts.js";
import { address } from "./route.js";
import { useStore } from "./store.js";
import { StateMarks } from "./value.js";

const PAGE = 50;
const COUNT_MAX = 5000; // more are not counted: each number costs a row
const SORT = "created_at:desc"; // where the address names none

const columns = "uid,image_id,name,version_name,provider,service,region,zone,kind,origin,state,launchable,os_distro," +
	"os_version,os_name,arch,gpu_supported,size_bytes,created_at,stale,presence";

// What the table shows, and by which column of the catalog that sorts.
const shown = [
	{ name: "name", sort: "name", cell: NameCell },
	{ name: "place", sort: "region", cell: PlaceCell, wide: true },
	{ name: "system", sort: "os_distro", cell: SystemCell },
	{ name: "kind", sort: "kind", cell: KindCell, wide: true },
	{ name: "state", sort: "state", cell: StateMarks },
	{ name: "size", sort: "size_bytes", cell: SizeCell, wide: true, number: true },
	{ name: "created", sort: "created_at", cell: ({ image }) => html`<${Time} at=${image.created_at} />`, wide: true, number: true },
];

export function Images({ params }) {
	const chosen = chosenOf(params);
	const question = { ...chosen, sort: params.sort ?? SORT, cursor: params.cursor };
	const page = pageOf(params);
	const answer = useAnswer(JSON.stringify(question),
		(signal) => get("/api/v1/images", { ...question, columns, limit: PAGE }, signal));
	const count = useAnswer(JSON.stringify(chosen), (signal, known) => (isSettled(known, chosen) ? known : countOf(chosen, signal)));
	const stats = useAnswer("stats", (signal) => get("/api/v1/stats", {}, signal));
	const accounts = useAnswer("accounts", accountsOf);
	const first = html`<a href=${address("images", { ...params, cursor: undefined, page: undefined })}>${t("page.first")}</a>`;

	return html`
		<${Heading} extra=${html`<${Count} count=${count} chosen=${chosen} />`}>${t("view.images")}<//>
		<${Filters} params=${params} stats=${stats.value} accounts=${accounts.value ?? []} />
		<${Answer} answer=${answer} retry=${params.cursor && first}>
			${answer.value?.items.length
				? html`<${Table} images=${answer.value.items} params=${params} />
					<${Pages} params=${params} page=${page} answer=${answer.value} count=${count} first=${first} />`
				: answer.value && html`<${NoImages} chosen=${chosen} stats=${stats.value} />`}
		<//>`;
}

async function accountsOf(signal) {
	const { items } = await getAll("/api/v1/listings", {}, { max: 5000, signal });
	return [...new Set(items.map((listing) => listing.account))].sort();
}

// The interface gives pages and no sum: the narrowest column of all rows is what counting costs.
async function countOf(chosen, signal) {
	const { items, more, seq: reached } = await getAll("/api/v1/images", { ...chosen, columns: "provider" }, { max: COUNT_MAX, signal });
	return { images: items.length, more, seq: reached };
}

// Polls that changed nothing leave the number as it was, unless time alone changes it.
function isSettled(known, chosen) {
	return known && known.seq === seq.get() && !chosen.since && !chosen.stale && !chosen.latest;
}

function countText({ images, more }, lang) {
	return t(more ? "count.more" : "count", { n: images, count: number(images, lang) });
}

function Count({ count }) {
	const lang = useStore(language);

	if (!count.value)
		return null;
	const text = countText(count.value, lang);
	return html`<span class="count" data-busy=${count.busy}>${text}</span><${Announce} text=${count.busy ? "" : text} />`;
}

// Nothing found and nothing there are different things.
function NoImages({ chosen, stats }) {
	if (Object.keys(chosen).length)
		return html`<${Empty}><p><strong>${t("empty.filtered")}</strong></p>
			<p>${t("empty.filtered.hint")} <a href=${address("images")}>${t("filter.clear")}</a></p><//>`;
	return html`<${Empty}><p><strong>${t("empty.catalog")}</strong></p>
		<p>${stats?.listings ? t("empty.catalog.hint") : t("empty.configuration")}
		${" "}<a href=${address("listings")}>${t("view.listings")}</a></p><//>`;
}

// ---- the table -----------------------------------------------------------------------------------------

function Table({ images, params }) {
	return html`<${Scroll} label=${t("view.images")}><table class="images">
		<caption class="unseen">${t("images.caption")}</caption>
		<thead><tr>${shown.map((column) => html`<${Head} key=${column.name} column=${column} params=${params} />`)}</tr></thead>
		<tbody>${images.map((image) => html`<${Row} key=${image.uid} image=${image} />`)}</tbody>
	</table><//>`;
}

const classOf = (column) => [column.wide && "wide", column.number && "number"].filter(Boolean).join(" ") || undefined;

function Head({ column, params }) {
	const order = params.sort ?? SORT;
	const [by, direction] = order.split(":");
	const sorted = by !== column.sort ? undefined : direction === "desc" ? "descending" : "ascending";
	const next = sorted === "ascending" ? `${column.sort}:desc` : sorted && order !== SORT ? undefined : column.sort;
	const icon = { ascending: "up", descending: "down" }[sorted] ?? "both";
	const to = address("images", narrowed(params, "sort", next === SORT ? undefined : next));

	return html`<th scope="col" class=${classOf(column)} aria-sort=${sorted}>
		<a href=${to} title=${t("sort", { by: t(`column.${column.name}`) })}>
		${t(`column.${column.name}`)}<${Icon} name=${icon} /></a></th>`;
}

function Row({ image }) {
	return html`<tr>${shown.map((column) => column.name === "name"
		? html`<th scope="row" class="name"><${NameCell} image=${image} /></th>`
		: html`<td class=${classOf(column)}><${column.cell} image=${image} /></td>`)}</tr>`;
}

function NameCell({ image }) {
	return html`<a class="title" href=${address("image", { image: image.uid })}>
			<${Text} value=${image.name || image.image_id} max=${160} /></a>
		<span class="under"><code><${Text} value=${image.image_id} max=${80} /></code>
			<${Copy} text=${image.image_id} /></span>
		<span class="under narrow">${place(image)}</span>`;
}

function place(image) {
	return [word("provider", image.provider), image.zone ?? image.region].filter(Boolean).join(" · ");
}

function PlaceCell({ image }) {
	return html`<${Text} value=${image.zone ?? image.region ?? "–"} max=${60} />
		<span class="under">${word("provider", image.provider)} · <${Text} value=${image.service} max=${30} /></span>`;
}

function SystemCell({ image }) {
	const system = [word("distro", image.os_distro ?? ""), image.os_version].filter(Boolean).join(" ") || image.os_name;

	return html`${system ? html`<${Text} value=${system} max=${60} />` : html`<${None} />`}
		<span class="under">${image.arch && html`<${Text} value=${image.arch} max=${30} />`}
			${image.gpu_supported === 1 && html` <${Mark}>GPU<//>`}</span>`;
}

function KindCell({ image }) {
	return html`${word("kind", image.kind ?? "unknown")}
		${image.origin && image.origin !== image.kind && html`<span class="under">${word("origin", image.origin)}</span>`}`;
}

function SizeCell({ image }) {
	const lang = useStore(language);
	return image.size_bytes === null ? html`<${None} />` : bytes(image.size_bytes, lang);
}

// ---- from page to page --------------------------------------------------------------------------------------

// Which page a cursor leads to only its address can say; one that says nonsense has no number.
function pageOf({ cursor, page }) {
	return !cursor ? 1 : /^[1-9]\d{0,5}$/.test(page) ? Number(page) : undefined;
}

function Pages({ params, page, answer, count, first }) {
	const lang = useStore(language);
	const from = (page - 1) * PAGE + 1;
	const range = page && t("page.range", {
		from: number(from, lang), to: number(from + answer.items.length - 1, lang),
		count: count.value && !count.busy ? countText(count.value, lang) : "…",
	});
	const next = answer.next_cursor && address("images", { ...params, cursor: answer.next_cursor, page: page && page + 1 });

	return html`<nav class="pages" aria-label=${t("pages")}>
		<span>${range}</span>
		${params.cursor && first}
		${page > 1 && history.state?.inside && html`<a href="#back" onClick=${back}>${t("page.back")}</a>`}
		${next && html`<a class="next" rel="next" href=${next}>${t("page.next")}</a>`}
	</nav>`;
}

function back(event) {
	event.preventDefault();
	history.back();
}
