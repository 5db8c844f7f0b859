// How well every listing is read, the worst first: for somebody who was just woken up.
import { getAll } from "./api.js";
import { useAnswer } from "./answer.js";
import { number, span } from "./format.js";
import { language, t, word } from "./i18n.js";
import { link } from "./live.js";
import { Answer, Empty, Heading, Mark, None, Scroll, Text, Time, html } from "./parts.js";
import { useStore } from "./store.js";

const order = ["auth", "failing", "suspect", "partial", "new", "ok", "disabled"];
const tones = { ok: "good", disabled: "quiet", new: "quiet", partial: "warn", suspect: "warn", failing: "bad", auth: "bad" };

const rank = (health) => (order.includes(health) ? order.indexOf(health) : 0);

// Stale before fresh, then by how bad it is, then by how long it has been so.
export function worstFirst(a, b) {
	return b.stale - a.stale || rank(a.health) - rank(b.health) ||
		b.consecutive_failures - a.consecutive_failures ||
		(a.last_complete_at ?? 0) - (b.last_complete_at ?? 0) || a.listing_id - b.listing_id;
}

const isWell = (listing) => !listing.stale && (listing.health === "ok" || listing.health === "disabled");

export const listingName = (l) => [l.account, l.service, l.zone ?? l.region, l.project, l.variant].filter(Boolean).join(" ");

export function Listings() {
	const answer = useAnswer("listings", (signal) => getAll("/api/v1/listings", {}, { max: 5000, signal }));
	const listings = [...(answer.value?.items ?? [])].sort(worstFirst);
	const known = useStore(link) !== "gone"; // who does not answer is not well

	return html`<${Heading}>${t("view.listings")}<//>
		<${Answer} answer=${answer}>
			${answer.value && (listings.length
				? html`${known && html`<${Summary} listings=${listings} />`}<${Table} listings=${listings} />`
				: html`<${Empty}><p><strong>${t("empty.configuration")}</strong></p><//>`)}
		<//>`;
}

// The answer to "is it all right?" in one line.
function Summary({ listings }) {
	const lang = useStore(language);
	const ill = listings.filter((listing) => !isWell(listing));
	const stale = listings.filter((listing) => listing.stale);
	const count = (list) => ({ n: list.length, count: number(list.length, lang), all: number(listings.length, lang) });

	if (!ill.length)
		return html`<p class="summary good" role="status"><strong>${t("health.all-well", count(listings))}</strong></p>`;
	return html`<p class="summary bad" role="status"><strong>${t("health.some-ill", count(ill))}</strong>
		${" "}${stale.length ? t("health.some-stale", count(stale)) : t("health.none-stale")}</p>`;
}

function Table({ listings }) {
	return html`<${Scroll} label=${t("view.listings")}><table class="listings">
		<caption class="unseen">${t("health.caption")}</caption>
		<thead><tr>
			<th scope="col">${t("health.listing")}</th><th scope="col">${t("health.health")}</th>
			<th scope="col">${t("health.complete")}</th><th scope="col" class="number wide">${t("health.interval")}</th>
			<th scope="col" class="number">${t("health.images")}</th><th scope="col" class="wide">${t("health.next")}</th>
		</tr></thead>
		${listings.map((listing) => html`<${Listing} key=${listing.listing_id} listing=${listing} />`)}
	</table><//>`;
}

// The error has a row of its own below: it is a sentence, and the one thing that is looked for.
function Listing({ listing: l }) {
	const lang = useStore(language);
	const error = !isWell(l) && l.last_error;

	return html`<tbody data-listing=${l.listing_id} data-health=${l.health}><tr>
		<th scope="row"><${Text} value=${listingName(l)} max=${120} />
			<span class="under">${word("provider", l.provider)} · <${Text} value=${l.cloud} max=${60} /></span></th>
		<td><${Mark} tone=${tones[l.health] ?? "warn"} title=${t(`health.${l.health}.why`)}>${word("health", l.health)}<//>
			${l.stale === 1 && html` <${Mark} tone="bad" title=${t("stale.why")}>${t("stale")}<//>`}</td>
		<td><${Age} listing=${l} /></td>
		<td class="number wide">${span(l.interval_s, lang)}</td>
		<td class="number">${number(l.images_present, lang)}</td>
		<td class="wide">${l.health === "disabled" ? html`<${None} />` : html`<${Time} at=${l.next_due_at} ahead=${true} />`}</td>
	</tr>${error && html`<tr class="error"><td colspan="6"><${Reason} listing=${l} /></td></tr>`}</tbody>`;
}

function Age({ listing: l }) {
	if (l.last_complete_at === null)
		return html`<span class="never">${t("health.never")}</span>`;
	return html`<${Time} at=${l.last_complete_at} />`;
}

// The sentence names its listing, as it must in a log; here that stands above it.
function errorOf(l) {
	const name = `${listingName(l)}: `;
	return l.last_error.startsWith(name) ? l.last_error.slice(name.length) : l.last_error;
}

function Reason({ listing: l }) {
	const lang = useStore(language);
	const details = [
		l.last_error_class && word("error", l.last_error_class),
		l.last_code ? t("health.code", { code: l.last_code }) : "",
		l.consecutive_failures ? t("health.failures", { n: l.consecutive_failures, count: number(l.consecutive_failures, lang) }) : "",
	].filter(Boolean);

	return html`<p><${Text} value=${errorOf(l)} max=${2000} /></p>
		<p class="under">${details.map((text) => `${text} · `)}
			${t("health.tried")} <${Time} at=${l.last_attempt_at} />${advice(l)}</p>`;
}

// What a person can do about it, where there is anything.
function advice(listing) {
	const known = ["auth", "permission", "throttled", "network", "timeout", "tls", "suspect"];
	return known.includes(listing.last_error_class) ? html` · <strong>${t(`advice.${listing.last_error_class}`)}</strong>` : "";
}
