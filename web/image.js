// One image: everything that the catalog knows of it, and what happened to it.
import { useEffect } from "./hooks.js";
import { get, getAll, imagePath } from "./api.js";
import { useAnswer } from "./answer.js";
import { Fields, kindTone } from "./diff.js";
import { exactly } from "./format.js";
import { t, word } from "./i18n.js";
import { Answer, Copy, Empty, Heading, Mark, Text, Time, html } from "./parts.js";
import { address } from "./route.js";
import { StateMarks, Value, columnName, isSilent } from "./value.js";

const HISTORY_MAX = 2000;

// Which column stands where. What no group names stands in the last one: the catalog gains columns.
const groups = {
	identity: ["image_id", "uid", "provider", "cloud", "service", "region", "zone", "zone_id", "project", "accounts",
		"group_id", "version_name", "version_description", "image_set"],
	state: ["state", "state_native", "transition", "launchable", "failure_reason", "presence", "removed_at",
		"removed_reason", "missing_since_at", "eol_on"],
	system: ["os_type", "os_distro", "os_version", "os_name", "arch", "form", "workload", "size_bytes",
		"min_cpu_platform", "recommended_type", "features", "auto_start"],
	software: ["gpu_supported", "gpu_types", "source_gpu_type", "cuda_version", "framework", "framework_version",
		"applications", "integrated_software", "primary_software", "scene_categories"],
	origin: ["kind", "kind_native", "origin", "origin_native", "is_official", "visibility", "visibility_native",
		"owner_id", "owner_name", "author", "author_level", "vendor", "link_url", "cover_url", "tags"],
	price: ["is_paid", "price", "price_currency", "prices", "created_count", "favorites_count", "use_time"],
	times: ["created_at", "published_at", "state_changed_at", "first_seen_at", "last_seen_at", "changed_at",
		"revision", "listing_health", "stale"],
	reading: ["inferred", "warnings", "unmapped", "redacted", "data_snapshot_ids"],
};
const apart = ["name", "description", "readme", "raw", "account", "account_count", "listing_id"];
const placed = new Set([...Object.values(groups).flat(), ...apart]);

export function ImageView({ params }) {
	const uid = params.image;
	const answer = useAnswer(uid, (signal) => get(imagePath(uid), {}, signal));
	const image = answer.value;

	useEffect(() => {
		document.title = `${image?.name ?? uid} · imagecat`;
	}, [image?.name, uid]);
	return html`
		<p class="crumb"><a href="/">${t("view.images")}</a></p>
		<${Heading} extra=${image && html`<span class="marks"><${StateMarks} image=${image} /></span>`}>
			<${Text} value=${image?.name || image?.image_id || uid} max=${400} /><//>
		<${Answer} answer=${answer}>${image && html`<${Detail} image=${image} />`}<//>`;
}

function Detail({ image }) {
	return html`
		<p class="id"><code><${Text} value=${image.image_id} /></code><${Copy} text=${image.image_id} />
			<${Newest} image=${image} />
			${image.name && html`<a href=${address("images", { provider: image.provider, name: exactly(image.name) })}>
				${t("image.same-name")}</a>`}</p>
		${image.description && html`<p class="prose"><${Text} value=${image.description} max=${4000} /></p>`}
		<div class="groups">
			${Object.entries(groups).map(([name, columns]) => html`<${Group} key=${name} name=${name} columns=${columns} image=${image} />`)}
			<${Group} name="others" columns=${others(image)} image=${image} />
		</div>
		${image.readme && html`<details class="long"><summary>${t("image.readme")}</summary>
			<p class="prose"><${Text} value=${image.readme} max=${20000} /></p></details>`}
		${image.raw && html`<details class="long"><summary>${t("image.raw")}</summary>
			<pre tabindex="0">${JSON.stringify(image.raw, null, 2)}</pre></details>`}
		<${History} uid=${image.uid} />`;
}

function others(image) {
	return Object.keys(image).filter((name) => !placed.has(name) && !name.endsWith("_utc"));
}

// What the cloud does not say is not shown: sixty dashes hide the five facts.
function Group({ name, columns, image }) {
	const told = columns.filter((column) => !isSilent(image[column]));

	if (!told.length)
		return null;
	return html`<section class="group" aria-labelledby="group-${name}"><h2 id="group-${name}">${t(`group.${name}`)}</h2>
		<dl>${told.map((column) => html`<div key=${column}><dt>${columnName(column)}${image.inferred?.includes(column) &&
			html` <span class="inferred" title=${t("inferred.why")}>${t("inferred")}</span>`}</dt>
			<dd><${Value} column=${column} value=${image[column]} /></dd></div>`)}</dl></section>`;
}

// ---- the newest of its sort ---------------------------------------------------------------------------------

// What makes a sort in `latest_images`, as parameters.
function sortOf(image) {
	const given = (value) => value ?? "-";
	return { latest: 1, provider: image.provider, cloud: image.cloud, service: image.service, region: given(image.region),
		zone: given(image.zone), os: `${image.os_distro}:${image.os_version}`, arch: given(image.arch), kind: image.kind,
		form: given(image.form), workload: given(image.workload), gpu: image.gpu_supported ?? "unknown",
		columns: "uid,name,os_version,rank_reason", limit: 100 };
}

async function newestOf(image, signal) {
	if (!image.os_distro || !image.os_version || !image.kind)
		return null;
	const { items } = await get("/api/v1/images", sortOf(image), signal);
	return items.find((other) => other.os_version === image.os_version) ?? null; // 22.04.5 is another sort
}

function Newest({ image }) {
	const answer = useAnswer(image.uid, (signal) => newestOf(image, signal));
	const newest = answer.value;

	if (!newest)
		return null;
	if (newest.uid === image.uid)
		return html`<${Mark} tone="good" title=${newest.rank_reason}>${t("image.is-newest")}<//>`;
	return html`<a href=${address("image", { image: newest.uid })} title=${newest.rank_reason}>
		${t("image.newest")}: <${Text} value=${newest.name ?? newest.uid} max=${60} /></a>`;
}

// ---- history ----------------------------------------------------------------------------------------------------

function History({ uid }) {
	const answer = useAnswer(uid, (signal) => getAll(`${imagePath(uid)}/history`, { sort: "-seq" }, { max: HISTORY_MAX, signal }));
	const changes = answer.value?.items ?? [];

	return html`<section class="history" aria-labelledby="history"><h2 id="history">${t("image.history")}</h2>
		<${Answer} answer=${answer}>
		${changes.length === 0
			? html`<${Empty}><p>${t("image.no-history")}</p><//>`
			: html`<ol class="feed">${changes.map((change) => html`<li key=${change.seq}>
				<span class="when"><${Time} at=${change.at} /></span>
				<${Mark} tone=${kindTone(change.kind)}>${word("change", change.kind)}<//>
				<div class="what"><span class="under">${[change.account, change.service].filter(Boolean).join(" · ")}</span>
				<${Fields} fields=${change.fields} /></div></li>`)}</ol>`}
		${answer.value?.more && html`<p>${t("image.long-history")}</p>`}
		<//></section>`;
}
