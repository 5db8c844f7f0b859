/*
 * Images and the other views, by what is asked of them.
 */
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "store/reading.h"

int reader_open(struct reader **ret, const char *path, struct error *err)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int result = 0;

	if (!reader)
		return error_set(err, -ENOMEM, "the catalog '%s': out of memory", path);
	reader->path = strdup(path);
	if (!reader->path)
		result = error_set(err, -ENOMEM, "the catalog '%s': out of memory", path);
	else
		result = db_open_reader(&reader->db, path, err);
	if (result < 0) {
		reader_close(reader);
		return result;
	}
	*ret = reader;
	return 0;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	db_close(reader->db);
	free(reader->path);
	free(reader);
}

const struct reader_value *reader_value(const struct reader_row *row, const char *name)
{
	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->names[i], name) == 0)
			return &row->values[i];
	return NULL;
}

const char *reader_text(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	return value && value->type == READER_TEXT ? value->text : "";
}

int64_t reader_int(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	return value && value->type == READER_INT ? value->integer : 0;
}

/* ---- views --------------------------------------------------------------------------------------
 */

static const struct view {
	const char *name, *order, *second;
} views[VIEW_COUNT] = {
#define X(name, order, second) [VIEW_##name] = { #name, order, second },
	READER_VIEWS(X)
#undef X
};

bool reader_view_from_text(const char *name, enum reader_view *ret)
{
	for (enum reader_view v = 0; v < VIEW_COUNT; v++)
		if (strcmp(views[v].name, name) == 0)
			return *ret = v, true;
	return false;
}

const char *reader_view_name(enum reader_view view)
{
	return views[view].name;
}

static const char *time_column(enum reader_view view)
{
	return view == VIEW_polls ? "started_at" : view == VIEW_image_counts ? "time" : "at";
}

/* A point release or a service pack is the version too: 22.04.5, 15 SP4. */
#define VERSION_IS "instr(replace(os_version, ' ', '.') || '.', ? || '.') = 1"

/* A poll names its listing by number only. */
static const char polls_and_listings[] =
	"(SELECT l.provider, l.account, l.service, l.region, l.zone, l.project, l.variant, p.*"
	" FROM polls AS p JOIN listings AS l USING (listing_id))";

/* A change in a line: "state: available → deprecated; size_bytes: 1 → 2". */
static const char changes_explained[] =
	"(SELECT *, (SELECT group_concat(key || ': ' || ifnull(value ->> 0, '-') || ' → ' ||"
	" ifnull(value ->> 1, '-'), '; ') FROM json_each(fields)) AS what FROM changes)";

static const char *source_of(enum reader_view view, const struct view_query *query)
{
	if (view == VIEW_polls && query->with_listing)
		return polls_and_listings;
	return view == VIEW_changes && query->explained ? changes_explained : views[view].name;
}

#define AT(member) offsetof(struct view_query, member)
/* clang-format off */
/* What a query may name: a column, and what is asked of it. */
static const struct {
	const char *column, *piece;
	size_t offset; /* of the text */
} asked[] = {
	{ "provider",   "provider = ?",                AT(provider) },
	{ "account",    "account = ?",                 AT(account) },
	{ "service",    "service = ?",                 AT(service) },
	{ "region",     "region IS nullif(?, '-')",    AT(region) },
	{ "zone",       "zone IS nullif(?, '-')",      AT(zone) },
	{ "os_distro",  "os_distro IS nullif(?, '-')", AT(os_distro) },
	{ "os_version", VERSION_IS,                    AT(os_version) },
	{ "arch",       "arch IS nullif(?, '-')",      AT(arch) },
	{ "form",       "form = ?",                    AT(form) },
	{ "kind",       "kind = ?",                    AT(kind) },
	{ "state",      "state = ?",                   AT(state) },
	{ "outcome",    "outcome = ?",                 AT(outcome) },
	{ "uid",        "uid = ?",                     AT(uid) },
	{ "image_id",   "image_id = ?",                AT(image_id) },
	{ "uid",        "(uid = ? OR image_id = ?)",   AT(id) },
	{ "view",       "view = ?",                    AT(view) },
};
/* clang-format on */

static const char *text_asked(const struct view_query *query, size_t i)
{
	return *(const char *const *)((const char *)query + asked[i].offset);
}

static int check_query(struct reader *reader, enum reader_view view, const struct view_query *query,
		       struct error *err)
{
	const char *named[ARRAY_LEN(asked) + 3] = { 0 };
	size_t count = 0;

	/* What is put together from two views has columns of both. */
	bool as_it_is = source_of(view, query) == views[view].name;
	for (size_t i = 0; i < ARRAY_LEN(asked) && as_it_is; i++)
		if (text_asked(query, i))
			named[count++] = asked[i].column;
	if (query->listing_id)
		named[count++] = "listing_id";
	if (query->since)
		named[count++] = time_column(view);
	int result = query_check_columns(reader, views[view].name, named, err);
	return result == 0 && as_it_is
		       ? query_check_columns(reader, views[view].name, query->columns, err)
		       : result;
}

static void put_asked(struct query *q, enum reader_view view, const struct view_query *query)
{
	char piece[64];

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		query_where_text(q, asked[i].piece, text_asked(query, i));
	query_where_int(q, "listing_id = ?", query->listing_id);
	sqlite3_snprintf(sizeof(piece), piece, "%s > ?", views[view].order);
	query_where_int(q, piece, query->after);
	sqlite3_snprintf(sizeof(piece), piece, "%s >= ?", time_column(view));
	query_where_int(q, piece, query->since);
	if (query->missing)
		query_where(q, "images = 0", (struct bound){ 0 });
}

/* The number of the feed that the page before ended with; 0: there was none. */
static int64_t ended_with(const struct view_query *query)
{
	const struct reader_key *after = query->page ? query->page->after : NULL;

	return after && after->count == 1 && after->values[0].type == READER_INT
		       ? after->values[0].integer
		       : 0;
}

/* Is all there that is taken for granted: what is behind `after`, and behind the last page? */
static int check_feed(struct reader *reader, const struct view_query *query, struct error *err)
{
	int64_t ended = ended_with(query);
	struct error gone = { 0 };

	if (!query->descending && ended > 0)
		return feed_check(reader, ended, err);
	int result = query->after > 0 ? feed_check(reader, query->after, err) : 0;
	if (result < 0 || ended == 0)
		return result;
	/* Backwards what was pruned is no gap: it is where the feed begins now. */
	result = feed_check(reader, ended, &gone);
	if (result == -ENODATA)
		return 0;
	if (result < 0 && err)
		*err = gone;
	return result;
}

static int run_query(struct reader *reader, enum reader_view view, const struct view_query *query,
		     reader_row_fn *each, void *data, struct error *err)
{
	struct query q = { 0 };
	const char *order = views[view].order, *second = views[view].second;
	struct page_order keys = {
		.columns = { order }, .count = 1, .descending = query->descending, .strict = !second
	};
	char names[128];
	if (second && query->page)
		page_add(&keys, second, names);
	buf_init(&q.sql);
	buf_puts(&q.sql, "SELECT ");
	query_put_columns(&q, query->columns);
	if (query->page)
		page_put_keys(&q, &keys);
	buf_printf(&q.sql, " FROM %s", source_of(view, query));
	put_asked(&q, view, query);
	if (query->page) {
		page_put_end(&q, &keys, query->page);
		return page_run(reader, &q, &keys, query->page, each, data, err);
	}
	query_put_order(&q, order, second, query->descending, query->limit);
	return query_run(reader, &q, each, data, err);
}

int reader_query_view(struct reader *reader, enum reader_view view, const struct view_query *query,
		      reader_row_fn *each, void *data, struct error *err)
{
	bool resumes = view == VIEW_changes && (query->after > 0 || ended_with(query) > 0);
	bool begins = resumes && sqlite3_get_autocommit(reader->db) != 0;
	int result = check_query(reader, view, query, err);

	/* What is pruned between the check and the walk would be missed without a word. */
	if (result == 0 && begins)
		result = reader_begin(reader, err);
	if (result < 0)
		return result;
	if (resumes)
		result = check_feed(reader, query, err);
	if (result == 0)
		result = run_query(reader, view, query, each, data, err);
	if (begins)
		reader_end(reader);
	return result;
}

/* ---- images -------------------------------------------------------------------------------------
 */

/* "%word%" with the word's own '%' and '_' meaning themselves. */
static void put_pattern(struct buf *out, const char *word)
{
	buf_putc(out, '%');
	for (; *word; word++) {
		if (*word == '%' || *word == '_' || *word == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *word);
	}
	buf_putc(out, '%');
}

static void put_flag(struct query *q, const char *column, enum reader_flag flag)
{
	static const char *const words[] = { NULL, "0", "1", "NULL" };
	char piece[64];

	sqlite3_snprintf(sizeof(piece), piece, "%s IS %s", column, words[flag]);
	if (flag != READER_ANY)
		query_where(q, piece, (struct bound){ 0 });
}

/* What a search looks through, as one text. */
#define SEARCHED                                                                                   \
	"(ifnull(name, '') || char(10) || ifnull(description, '') || char(10) || ifnull(tags, '')" \
	" || char(10) || ifnull(framework, '') || char(10) || ifnull(applications, '')"            \
	" || char(10) || ifnull(integrated_software, '') || char(10) || ifnull(primary_software, " \
	"'')"                                                                                      \
	" || char(10) || ifnull(os_name, '')) LIKE ? ESCAPE '\\'"

static void put_words(struct query *q, const char *const *words, struct buf *patterns, size_t max)
{
	for (size_t i = 0; words && words[i]; i++) {
		if (i == max) {
			q->sql.failed = true;
			return;
		}
		put_pattern(&patterns[i], words[i]);
		q->sql.failed |= patterns[i].failed;
		query_where_text(q, SEARCHED, buf_text(&patterns[i]));
	}
}

static void put_conditions(struct query *q, const struct image_filter *f)
{
	query_where_text(q, "provider = ?", f->provider);
	query_where_text(q,
			 f->removed ? "account = ?"
				    : "? IN (SELECT value FROM json_each(accounts))",
			 f->account);
	query_where_text(q, "cloud = ?", f->cloud);
	query_where_text(q, "service = ?", f->service);
	query_where_text(q, "region IS nullif(?, '-')", f->region);
	query_where_text(q, "zone IS nullif(?, '-')", f->zone);
	query_where_text(q, "os_distro IS nullif(?, '-')", f->os_distro);
	query_where_text(q, VERSION_IS, f->os_version);
	query_where_text(q, "arch IS nullif(?, '-')", f->arch);
	query_where_text(q, "kind = ?", f->kind);
	query_where_text(q, "origin = ?", f->origin);
	query_where_text(q, "visibility = ?", f->visibility);
	query_where_text(q, "form = ?", f->form);
	query_where_text(q, "workload IS nullif(?, '-')", f->workload);
	query_where_text(q, "state = ?", f->state);
	query_where_text(q, "name GLOB ?", f->name_glob);
	query_where_text(q, "(uid = ? OR image_id = ?)", f->id);
	put_flag(q, "gpu_supported", f->gpu);
	put_flag(q, "launchable", f->launchable);
	put_flag(q, "stale", f->stale);
	query_where_int(q, f->removed ? "removed_at >= ?" : "max(first_seen_at, changed_at) >= ?",
			f->since);
	if (f->removed)
		query_where(q, "presence = 'removed'", (struct bound){ 0 });
	else if (!f->state && !f->purged && !f->id)
		query_where(q, "state IS NOT 'purged'", (struct bound){ 0 });
}

/* What is nine tenths of a row, and rarely what a list is read for. */
static const char *const long_columns[] = { "raw", "readme", "unmapped", NULL };

int reader_each_image(struct reader *reader, const struct image_filter *filter, reader_row_fn *each,
		      void *data, struct error *err)
{
	const char *view = filter->removed  ? "sightings"
			   : filter->latest ? "latest_images"
					    : "images";
	struct query q = { 0 };
	struct buf patterns[READER_WORDS_MAX] = { 0 };
	int result = query_check_column(reader, view, filter->sort, err);

	if (result == 0)
		result = query_check_columns(reader, view, filter->columns, err);
	if (result < 0)
		return result;
	struct page_order keys = { .columns = { filter->sort ? filter->sort : "uid" },
				   .count = 1,
				   .descending = filter->descending,
				   .cut = filter->sort != NULL,
				   .strict = !filter->sort && !filter->removed };
	if (filter->sort)
		keys.columns[keys.count++] = "uid";
	if (filter->removed)
		keys.columns[keys.count++] = "listing_id";
	buf_init(&q.sql);
	buf_puts(&q.sql, "SELECT ");
	if (filter->brief && !(filter->columns && filter->columns[0])) {
		result = query_put_columns_but(&q, reader, view, long_columns, err);
		if (result < 0) {
			buf_finish(&q.sql);
			return result;
		}
	} else {
		query_put_columns(&q, filter->columns);
	}
	if (filter->page)
		page_put_keys(&q, &keys);
	buf_printf(&q.sql, " FROM %s", view);
	put_conditions(&q, filter);
	put_words(&q, filter->words, patterns, ARRAY_LEN(patterns));
	if (filter->page) {
		page_put_end(&q, &keys, filter->page);
		result = page_run(reader, &q, &keys, filter->page, each, data, err);
	} else {
		if (!filter->unsorted)
			query_put_order(&q, keys.columns[0], "uid", filter->descending,
					filter->limit);
		result = query_run(reader, &q, each, data, err);
	}
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		buf_finish(&patterns[i]);
	return result;
}
