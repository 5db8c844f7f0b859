// What a change changed.
import { t } from "./i18n.js";
import { html } from "./parts.js";
import { Value, columnName } from "./value.js";

const tones = { added: "good", returned: "good", enabled: "good", released: "good", removed: "bad", disabled: "bad",
	missing: "warn", held: "warn", "source-drift": "warn" };

export const kindTone = (kind) => tones[kind] ?? "quiet";

// The cloud's own word moves with ours: told once is enough in a feed.
const repeats = (name, fields) => name.endsWith("_native") && name.slice(0, -"_native".length) in fields;

const FIELDS_MAX = 12;

// Old and new value of each column that differs.
export function Fields({ fields, brief = false }) {
	const all = Object.entries(fields ?? {}).filter(([, pair]) => Array.isArray(pair));
	const names = brief ? all.filter(([name]) => !repeats(name, fields)) : all;

	if (!names.length)
		return null;
	return html`<dl class="diff ${brief && "brief"}">${names.slice(0, FIELDS_MAX).map(([name, [before, after]]) => html`<div key=${name}>
		<dt>${columnName(name)}</dt>
		<dd><del><span class="unseen">${t("was")} </span><${Value} column=${name} value=${before} /></del>
		<span aria-hidden="true"> → </span>
		<ins><span class="unseen">${t("is")} </span><${Value} column=${name} value=${after} /></ins></dd></div>`)}
		${names.length > FIELDS_MAX && html`<div><dt>${t("feed.more-fields", { n: names.length - FIELDS_MAX })}</dt><dd></dd></div>`}</dl>`;
}
