/*
 * The catalog describes itself: one row of _column_docs for each column of each public view. Record
 * columns are described in imagecat/record.h unless a row here says more of a view's own, the
 * others here, the *_utc twins by their originals. Written again whenever the texts or the schema
 * changed since the last start.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/db.h"
#include "store/internal.h"

/* `view` NULL: in every view that has such a column and no row of its own. */
static const struct doc {
	const char *view, *column, *type, *unit, *description;
} docs[] = {
	/* clang-format off */
	{ NULL, "uid",            "text",    NULL, "the image over all listings: provider/cloud/service/region/zone/image_id, '-' for an absent part" },
	{ NULL, "provider",       "text",    NULL, "the cloud's protocol: ucloud, compshare or qingcloud" },
	{ NULL, "cloud",          "text",    NULL, "host of the endpoint, or the configured name of the cloud" },
	{ NULL, "service",        "text",    NULL, "the image-listing API it comes from" },
	{ NULL, "region",         "text",    NULL, "region that was asked for" },
	{ NULL, "zone",           "text",    NULL, "availability zone" },
	{ NULL, "project",        "text",    NULL, "project that was asked for" },
	{ NULL, "account",        "text",    NULL, "account of the configuration" },
	{ "images", "account",    "text",    NULL, "the account that represents it: of the first listing that is not stale" },
	{ NULL, "accounts",       "json",    NULL, "all accounts that see it" },
	{ NULL, "account_count",  "integer", NULL, "how many accounts see it" },
	{ NULL, "presence",       "text",    NULL, "present|missing|removed: missing is absent from the last complete poll, not yet believed" },
	{ NULL, "first_seen_at",  "time",    "s",  "first time a poll saw it" },
	{ NULL, "last_seen_at",   "time",    "s",  "last time a poll saw it" },
	{ NULL, "changed_at",     "time",    "s",  "last time that a column changed, the volatile ones and those about the reading excepted" },
	{ NULL, "missing_since_at", "time",  "s",  "first complete poll that did not have it" },
	{ NULL, "revision",       "integer", NULL, "number of the present version; older ones are in revisions" },
	{ NULL, "listing_health", "text",    NULL, "health of its listing" },
	{ NULL, "stale",          "integer", NULL, "1 when the last complete poll of its listing is older than 3 intervals" },
	{ NULL, "listing_id",     "integer", NULL, "listing; see view listings" },
	{ NULL, "removed_at",     "time",    "s",  "when it was found to be removed" },
	{ NULL, "removed_reason", "text",    NULL, "reported|absent|account-removed" },

	{ "latest_images", "account", "text",    NULL, "the account that represents it: of the first listing that is not stale" },
	{ "latest_images", "rank_reason", "text", NULL, "why this one of its sort" },

	{ "families", "image_ids",    "json",    NULL, "its ids, by region and zone" },
	{ "families", "places",       "json",    NULL, "where it is: region/zone, or region where no zone is named" },
	{ "families", "images",       "integer", NULL, "images of that name" },
	{ "families", "launchable_images", "integer", NULL, "how many of them a machine can be made from now" },
	{ "families", "newest_created_at", "time", "s", "when the newest of them was created in the cloud" },
	{ "families", "os_distro",    "text",    NULL, "distribution; NULL unless all have the same" },
	{ "families", "os_version",   "text",    NULL, "version of the distribution; NULL unless all have the same" },
	{ "families", "arch",         "word",    NULL, "processor architecture; NULL unless all have the same" },

	{ "coverage", "region",       "text",    NULL, "region that lists an image" },
	{ "coverage", "zone",         "text",    NULL, "zone that lists an image; NULL in a region none of whose images names a zone" },
	{ "coverage", "images",       "integer", NULL, "launchable images of the platform, those of no zone in each zone of their region; 0 where it is missing" },
	{ "coverage", "system_images", "integer", NULL, "how many of them are of kind system: with nothing else installed" },
	{ "coverage", "newest_created_at", "time", "s", "when the newest of them was created in the cloud" },

	{ "listings", "variant",      "text",    NULL, "fixed filter that the service was asked with" },
	{ "listings", "interval_s",   "integer", "s",  "time from poll to poll" },
	{ "listings", "health",       "text",    NULL, "new|ok|partial|suspect|failing|auth|disabled, by the last outcome" },
	{ "listings", "last_attempt_at", "time", "s",  "end of the last poll" },
	{ "listings", "last_complete_at", "time", "s", "end of the last poll that proved to be whole" },
	{ "listings", "next_due_at",  "time",    "s",  "when the next poll is due" },
	{ "listings", "consecutive_failures", "integer", NULL, "failed polls in a row" },
	{ "listings", "last_error",   "text",    NULL, "why the last poll was not complete" },
	{ "listings", "last_error_class", "text", NULL, "class of that error" },
	{ "listings", "last_code",    "integer", NULL, "the provider's code of that error" },
	{ "listings", "images_present", "integer", NULL, "images of the listing that are present" },
	{ "listings", "stale",        "integer", NULL, "1 when the last complete poll is older than 3 intervals" },

	{ "polls", "poll_id",         "integer", NULL, "number of the poll, increasing" },
	{ "polls", "started_at",      "time",    "s",  "when it began" },
	{ "polls", "finished_at",     "time",    "s",  "when it ended" },
	{ "polls", "outcome",         "text",    NULL, "complete|partial|suspect|failed|aborted" },
	{ "polls", "pages",           "integer", NULL, "pages read" },
	{ "polls", "requests",        "integer", NULL, "requests sent" },
	{ "polls", "retries",         "integer", NULL, "requests that repeated a failed one" },
	{ "polls", "throttled",       "integer", NULL, "requests that were refused as too many" },
	{ "polls", "bytes",           "integer", "bytes", "bytes received" },
	{ "polls", "duration_ms",     "integer", "ms", "duration" },
	{ "polls", "items",           "integer", NULL, "images received, without duplicates" },
	{ "polls", "duplicates",      "integer", NULL, "images received more than once" },
	{ "polls", "total_reported",  "integer", NULL, "number of images that the provider claimed" },
	{ "polls", "added",           "integer", NULL, "images added" },
	{ "polls", "changed",         "integer", NULL, "images changed" },
	{ "polls", "missing",         "integer", NULL, "images newly missing" },
	{ "polls", "removed",         "integer", NULL, "images removed" },
	{ "polls", "returned",        "integer", NULL, "images that came back" },
	{ "polls", "held",            "integer", NULL, "absent images that were held as present, because the drop was not believed" },
	{ "polls", "warnings",        "integer", NULL, "values that did not fit" },
	{ "polls", "error_class",     "text",    NULL, "network|timeout|tls|http|throttled|auth|permission|parameter|unavailable|malformed|oversized|incomplete|suspect|internal" },
	{ "polls", "http_status",     "integer", NULL, "HTTP status of the failed request" },
	{ "polls", "code",            "integer", NULL, "the provider's return code" },
	{ "polls", "provider_message", "text",   NULL, "what the provider said" },
	{ "polls", "message",         "text",    NULL, "what happened, in a sentence" },
	{ "polls", "clock_jump",      "flag",    NULL, "1 when the clock of the machine was set since the listing's poll before, by more than 30 s, or was plainly wrong: these times are not to be compared with others" },

	{ "changes", "seq",           "integer", NULL, "number of the change, strictly increasing, never given twice" },
	{ "changes", "at",            "time",    "s",  "when it was noticed" },
	{ "changes", "kind",          "text",    NULL, "baseline|added|changed|missing|removed|returned|held|released|source-drift|remapped|disabled|enabled" },
	{ "changes", "image_id",      "text",    NULL, "the id to launch it by; NULL where the listing is meant" },
	{ "changes", "name",          "text",    NULL, "image name at that time" },
	{ "changes", "poll_id",       "integer", NULL, "poll that noticed it" },
	{ "changes", "revision",      "integer", NULL, "version of the image after the change" },
	{ "changes", "fields",        "json",    NULL, "old and new value of each column that differs: {\"state\":[\"available\",\"deprecated\"]}" },
	{ "changes", "clock_jump",    "flag",    NULL, "clock_jump of the poll: `at` is not to be compared with others" },

	{ "revisions", "revision",    "integer", NULL, "number of the version, from 1, without gaps" },
	{ "revisions", "valid_from_at", "time",  "s",  "first time it was seen so" },
	{ "revisions", "valid_to_at", "time",    "s",  "when it was found to be otherwise" },
	{ "revisions", "record",      "json",    NULL, "the image as it was: every column of the record that was not NULL" },

	{ "drift", "path",            "text",    NULL, "field of the provider's item" },
	{ "drift", "json_type",       "text",    NULL, "type of a field that no mapping names; NULL for a word" },
	{ "drift", "native",          "text",    NULL, "word that no mapping names; NULL for a field" },
	{ "drift", "first_seen_at",   "time",    "s",  "first time it was seen" },
	{ "drift", "last_seen_at",    "time",    "s",  "last time it was read; items that did not change are not read again" },

	{ "image_counts", "time",     "time",    "s",  "start of the UTC day" },
	{ "image_counts", "kind",     "text",    NULL, "what sort of image" },
	{ "image_counts", "state",    "text",    NULL, "state in the cloud" },
	{ "image_counts", "images",   "integer", NULL, "images of that sort at the first poll of the day" },

	{ "column_docs", "view",      "text",    NULL, "view" },
	{ "column_docs", "column",    "text",    NULL, "column of the view" },
	{ "column_docs", "type",      "text",    NULL, "text, word, date, json, integer, flag, time (Unix seconds UTC) or real" },
	{ "column_docs", "unit",      "text",    NULL, "unit of a number" },
	{ "column_docs", "description", "text",  NULL, "what the column says" },
	{ "column_docs", "source",    "text",    NULL, "fields of the providers that feed it, or imagecat" },

	{ "catalog_info", "key",      "text",    NULL, "schema_version, created_at, daemon_version or last_seq" },
	{ "catalog_info", "value",    "text",    NULL, "its value" },
	/* clang-format on */
};

static const char *type_name(enum column_type type)
{
	switch (type) {
	case COLUMN_TEXT:
	case COLUMN_PROSE: return "text";
	case COLUMN_WORD: return "word";
	case COLUMN_DATE: return "date";
	case COLUMN_LIST:
	case COLUMN_JSON: return "json";
	case COLUMN_INT: return "integer";
	case COLUMN_FLAG: return "flag";
	case COLUMN_TIME: return "time";
	case COLUMN_REAL: return "real";
	}
	return "text";
}

static const struct doc *find_doc(const char *view, const char *column)
{
	const struct doc *general = NULL;

	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		if (strcmp(docs[i].column, column) != 0)
			continue;
		if (docs[i].view && strcmp(docs[i].view, view) == 0)
			return &docs[i];
		if (!docs[i].view)
			general = &docs[i];
	}
	return general;
}

/* In the views whose rows are images, or what images have in common. */
static const struct column_info *find_record_column(const char *view, const char *column)
{
	static const char *const views[] = { "images", "sightings", "latest_images", "families",
					     "coverage" };
	bool of_images = false;

	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		of_images |= strcmp(view, views[i]) == 0;
	if (!of_images)
		return NULL;
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, column) == 0)
			return &columns[c];
	return NULL;
}

static int add_row(struct store *store, const char *view, const struct doc *doc, const char *source,
		   struct error *err)
{
	struct statement *s = STMT(store, DOC_ADD);

	bind_text(s, PARAM_view, view);
	bind_text(s, PARAM_column, doc->column);
	bind_text(s, PARAM_type, doc->type);
	bind_text(s, PARAM_unit, doc->unit);
	bind_text(s, PARAM_description, doc->description);
	bind_text(s, PARAM_source, source);
	return statement_run_one(s, err);
}

static int add_twin(struct store *store, const char *view, const char *column, struct error *err)
{
	size_t len = strlen(column);
	char text[160];
	struct doc doc = { view, column, "text", NULL, text };

	if (len < 4 || strcmp(column + len - 4, "_utc") != 0)
		return error_set(err, -EINVAL, "catalog: column %s.%s has no description", view,
				 column);
	snprintf(text, sizeof(text), "%.*s as text: RFC 3339, UTC", (int)(len - 4), column);
	return add_row(store, view, &doc, "imagecat", err);
}

static int add_column(struct store *store, const char *view, const char *column, struct error *err)
{
	const struct column_info *info = find_record_column(view, column);
	const struct doc *doc = find_doc(view, column);
	struct buf text;

	if (!info || (doc && doc->view))
		return doc ? add_row(store, view, doc, "imagecat", err)
			   : add_twin(store, view, column, err);
	buf_init(&text);
	buf_puts(&text, info->description);
	if (*info->words)
		buf_printf(&text, ": %s", info->words);
	struct doc row = { view, column, type_name(info->type), *info->unit ? info->unit : NULL,
			   buf_text(&text) };
	int result = text.failed ? error_set(err, -ENOMEM, "catalog: out of memory")
				 : add_row(store, view, &row, "imagecat", err);
	buf_finish(&text);
	return result;
}

static int fill(struct store *store, struct error *err)
{
	struct statement *s = STMT(store, VIEW_COLUMNS);
	int result = statement_run(STMT(store, DOCS_CLEAR), err);

	if (result == 0)
		result = statement_step(s, err);
	while (result > 0) {
		result = add_column(store, row_text(s, 0), row_text(s, 1), err);
		if (result < 0)
			statement_reset(s);
		else
			result = statement_step(s, err);
	}
	return result;
}

static int64_t fingerprint(void)
{
	uint64_t hash = (uint64_t)db_schema_version();

	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		hash = hash_bytes(docs[i].description, strlen(docs[i].description), hash + i);
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		hash = hash_bytes(columns[c].description, strlen(columns[c].description), hash);
	return (int64_t)hash;
}

int docs_refresh(struct store *store, struct error *err)
{
	struct statement *s = STMT(store, META_GET);
	int64_t stored = 0, wanted = fingerprint();

	bind_text(s, PARAM_key, "docs");
	int result = statement_int(s, 0, &stored, err);
	if (result < 0 || stored == wanted)
		return result;
	result = store_begin(store, err);
	if (result < 0)
		return result;
	result = fill(store, err);
	if (result == 0) {
		s = STMT(store, META_SET);
		bind_text(s, PARAM_key, "docs");
		bind_int(s, PARAM_value, wanted);
		result = statement_run(s, err);
	}
	if (result == 0)
		result = statement_run(STMT(store, COMMIT), err);
	if (result < 0 && !sqlite3_get_autocommit(store->db))
		statement_run(STMT(store, ROLLBACK), NULL);
	return result;
}

/* ---- which provider fields feed a column ------------------------------------------------------
 */

/* "ucloud uhost: ImageName; compshare custom: Name, ImageName" */
static void put_source(struct buf *out, const struct provider *provider,
		       const struct service *service, enum column column)
{
	const char *separator = NULL;

	for (const struct field_map *const *table = service->fields; *table; table++) {
		for (const struct field_map *row = *table; row->convert != CONVERT_END; row++) {
			if (!row->path || row->convert == CONVERT_KNOWN || row->column != column)
				continue;
			if (separator)
				buf_puts(out, separator);
			else
				buf_printf(out, "%s%s %s: ", out->len ? "; " : "", provider->name,
					   service->name);
			buf_puts(out, row->path);
			separator = ", ";
		}
	}
}

static int describe(struct store *store, const struct provider *const *providers, struct error *err)
{
	int result = 0;
	struct buf source;

	buf_init(&source);
	for (enum column c = 0; c < COLUMN_COUNT && result == 0; c++) {
		struct statement *s = STMT(store, DOC_SOURCE);
		buf_clear(&source);
		for (const struct provider *const *p = providers; *p; p++)
			for (const struct service *v = (*p)->services; v->name; v++)
				put_source(&source, *p, v, c);
		if (source.failed) {
			result = error_set(err, -ENOMEM, "catalog: out of memory");
			break;
		}
		bind_text(s, PARAM_column, columns[c].name);
		bind_text(s, PARAM_source, source.len ? buf_text(&source) : "imagecat");
		result = statement_run(s, err);
	}
	buf_finish(&source);
	return result;
}

int store_describe(struct store *store, const struct provider *const *providers, struct error *err)
{
	int result = store_begin(store, err);

	if (result < 0)
		return result;
	result = describe(store, providers, err);
	if (result == 0)
		result = statement_run(STMT(store, COMMIT), err);
	if (result < 0 && !sqlite3_get_autocommit(store->db))
		statement_run(STMT(store, ROLLBACK), NULL);
	return result;
}
