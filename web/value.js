// Values of the catalog as people read them, by what their column is.
import { bytes, number } from "./format.js";
import { has, language, t, word } from "./i18n.js";
import { Copy, Mark, Text, Time, WebLink, html } from "./parts.js";
import { useStore } from "./store.js";

export const isSilent = (value) =>
	value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

export function columnName(column) {
	return has(`column.${column}`) ? t(`column.${column}`) : column;
}

const flags = new Set(["launchable", "is_official", "gpu_supported", "auto_start", "is_paid", "stale"]);
const families = { kind: "kind", origin: "origin", state: "state", form: "form", presence: "presence", provider: "provider",
	visibility: "visibility", listing_health: "health", os_distro: "distro", removed_reason: "removed" };

export function Value({ column, value }) {
	const lang = useStore(language);

	if (isSilent(value))
		return html`<span class="none">${t("none")}</span>`;
	if (flags.has(column))
		return value ? t("yes") : t("no");
	if (column.endsWith("_at") && typeof value === "number")
		return html`<${Time} at=${value} />`;
	if (column.endsWith("_bytes"))
		return bytes(value, lang);
	if (column.endsWith("_url"))
		return html`<${WebLink} address=${value} />`;
	if (column === "image_id" || column === "uid")
		return html`<code><${Text} value=${value} /></code> <${Copy} text=${value} />`;
	if (families[column])
		return word(families[column], value);
	if (typeof value === "number")
		return column.endsWith("_id") ? String(value) : number(value, lang);
	if (Array.isArray(value))
		return html`<ul class="values">${value.slice(0, 200).map((item) => html`<li><${Text} value=${textOf(item)} /></li>`)}</ul>`;
	return html`<${Text} value=${textOf(value)} max=${2000} />`;
}

const textOf = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : value);

// ---- the state of an image -----------------------------------------------------------------------------

const calm = new Set(["available"]);
const lost = new Set(["deleted", "purged", "unavailable", "offline", "suspended"]);

const stateTone = (state) => (calm.has(state) ? "good" : lost.has(state) ? "bad" : "warn");

// Its state in the cloud, and what makes that doubtful.
export function StateMarks({ image }) {
	return html`<${Mark} tone=${stateTone(image.state)}>${word("state", image.state ?? "unknown")}<//>
		${image.presence !== "present" && html` <${Mark} tone="bad">${word("presence", image.presence)}<//>`}
		${image.launchable === 0 && calm.has(image.state) && html` <${Mark} tone="warn">${t("not-launchable")}<//>`}
		${image.stale === 1 && html` <${Mark} tone="warn" title=${t("stale.why")}>${t("stale")}<//>`}`;
}
