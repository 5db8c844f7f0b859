/*
 * A query is put together from fixed pieces, one for each condition that is asked; every value is
 * bound. The only names that come from outside are columns, and those must be columns of the view.
 */
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "store/db.h"

struct reader {
	sqlite3 *db;
	char *path;
};

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

/* ---- putting a query together -----------------------------------------------------------------
 */

enum { VALUES_MAX = 48 };

struct bound {
	const char *text; /* NULL: the number */
	int64_t number;
};

struct query {
	struct buf sql;
	struct bound values[VALUES_MAX];
	size_t count;
	bool where;
};

/* Every '?' of `piece` is the same value. */
static void condition(struct query *query, const char *piece, struct bound value)
{
	buf_puts(&query->sql, query->where ? " AND " : " WHERE ");
	buf_puts(&query->sql, piece);
	query->where = true;
	for (const char *at = strchr(piece, '?'); at; at = strchr(at + 1, '?')) {
		if (query->count == VALUES_MAX)
			query->sql.failed = true;
		else
			query->values[query->count++] = value;
	}
}

static void condition_text(struct query *query, const char *piece, const char *text)
{
	if (text)
		condition(query, piece, (struct bound){ .text = text });
}

static void condition_int(struct query *query, const char *piece, int64_t number)
{
	if (number)
		condition(query, piece, (struct bound){ .number = number });
}

/* A quoted name: it was found among the view's columns, yet nothing is left to chance. */
static void put_name(struct buf *out, const char *name)
{
	buf_putc(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_putc(out, '"');
		buf_putc(out, *name);
	}
	buf_putc(out, '"');
}

static void put_order(struct query *query, const char *column, const char *second, bool descending,
		      int64_t limit)
{
	buf_puts(&query->sql, " ORDER BY ");
	put_name(&query->sql, column);
	buf_puts(&query->sql, descending ? " DESC NULLS LAST" : " NULLS LAST");
	if (second && strcmp(second, column) != 0)
		buf_printf(&query->sql, ", %s", second);
	if (limit > 0 && query->count < VALUES_MAX) {
		buf_puts(&query->sql, " LIMIT ?");
		query->values[query->count++] = (struct bound){ .number = limit };
	}
}

/* ---- running ------------------------------------------------------------------------------------
 */

static void read_value(sqlite3_stmt *stmt, int index, struct reader_value *ret)
{
	*ret = (struct reader_value){ .text = "" };
	switch (sqlite3_column_type(stmt, index)) {
	case SQLITE_INTEGER:
		ret->type = READER_INT;
		ret->integer = sqlite3_column_int64(stmt, index);
		break;
	case SQLITE_FLOAT:
		ret->type = READER_REAL;
		ret->real = sqlite3_column_double(stmt, index);
		break;
	case SQLITE_NULL: break;
	default: /* text; a catalog of ours has no blobs */
		ret->type = READER_TEXT;
		ret->text = (const char *)sqlite3_column_text(stmt, index);
		if (!ret->text)
			ret->text = "";
	}
}

static int walk(struct reader *reader, sqlite3_stmt *stmt, reader_row_fn *each, void *data,
		struct error *err)
{
	size_t count = (size_t)sqlite3_column_count(stmt);
	const char **names = calloc(count + 1, sizeof(*names));
	struct reader_value *values = calloc(count + 1, sizeof(*values));
	struct reader_row row = { count, names, values };
	int result = 0;

	if (!names || !values) {
		free(names);
		free(values);
		return error_set(err, -ENOMEM, "out of memory");
	}
	int code = sqlite3_step(stmt);
	/* Not before: the first step may prepare anew, and then the old names are gone. */
	for (size_t i = 0; i < count && code == SQLITE_ROW; i++)
		names[i] = sqlite3_column_name(stmt, (int)i);
	while (code == SQLITE_ROW) {
		for (size_t i = 0; i < count; i++)
			read_value(stmt, (int)i, &values[i]);
		result = each(&row, data);
		if (result != 0)
			break;
		code = sqlite3_step(stmt);
	}
	if (result == 0 && code != SQLITE_DONE) {
		result = db_error(reader->db, "cannot be read", err);
		error_wrap(err, "%s", reader->path);
	}
	free(names);
	free(values);
	return result;
}

static int run(struct reader *reader, struct query *query, reader_row_fn *each, void *data,
	       struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int result = 0;

	if (query->sql.failed)
		return error_set(err, -ENOMEM, "out of memory, or too many conditions");
	if (sqlite3_prepare_v2(reader->db, buf_text(&query->sql), -1, &stmt, NULL) != SQLITE_OK)
		result = db_error(reader->db, "cannot be read", err);
	for (size_t i = 0; i < query->count && result == 0; i++) {
		const struct bound *value = &query->values[i];
		int code = value->text ? sqlite3_bind_text(stmt, (int)i + 1, value->text, -1,
							   SQLITE_STATIC)
				       : sqlite3_bind_int64(stmt, (int)i + 1, value->number);
		if (code != SQLITE_OK)
			result = error_set(err, -ENOMEM, "out of memory");
	}
	if (result == 0)
		result = walk(reader, stmt, each, data, err);
	sqlite3_finalize(stmt);
	return result;
}

/* ---- views --------------------------------------------------------------------------------------
 */

static const struct view {
	const char *name, *order;
} views[VIEW_COUNT] = {
#define X(name, order) [VIEW_##name] = { #name, order },
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

enum { COLUMNS_MAX = 128 };

/* The names of a view's columns, in the arena; the list ends with NULL. */
static int read_columns(struct reader *reader, const char *view, struct arena *arena,
			const char *ret[static COLUMNS_MAX + 1], struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	size_t count = 0;
	int code = sqlite3_prepare_v2(reader->db, "SELECT name FROM pragma_table_info(?)", -1,
				      &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(stmt, 1, view, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	for (; code == SQLITE_ROW && count < COLUMNS_MAX; code = sqlite3_step(stmt)) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		ret[count] = name ? arena_string(arena, name) : NULL;
		if (!ret[count])
			break;
		count++;
	}
	ret[count] = NULL;
	int result = code == SQLITE_DONE ? 0 : db_error(reader->db, "cannot be read", err);
	sqlite3_finalize(stmt);
	return arena->failed ? error_set(err, -ENOMEM, "out of memory") : result;
}

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int check_column(struct reader *reader, const char *view, const char *column,
			struct error *err)
{
	const char *names[COLUMNS_MAX + 1];
	struct arena arena;

	if (!column)
		return 0;
	arena_init(&arena);
	int result = read_columns(reader, view, &arena, names, err);
	if (result == 0 && !is_among(names, column)) {
		const char *nearest = text_nearest(column, names);
		result = error_set(err, -EINVAL, "%s has no column '%s'%s%s%s", view, column,
				   nearest ? "; did you mean '" : "", nearest ? nearest : "",
				   nearest ? "'?" : "");
	}
	arena_finish(&arena);
	return result;
}

static const char *time_column(enum reader_view view)
{
	return view == VIEW_polls ? "started_at" : "at";
}

static int check_query(struct reader *reader, enum reader_view view, const struct view_query *query,
		       struct error *err)
{
	const char *named[] = {
		query->account ? "account" : NULL,
		query->service ? "service" : NULL,
		query->kind ? "kind" : NULL,
		query->uid ? "uid" : NULL,
		query->image_id ? "image_id" : NULL,
		query->view ? "view" : NULL,
		query->listing_id ? "listing_id" : NULL,
		query->since ? time_column(view) : NULL,
	};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(named) && result == 0; i++)
		result = check_column(reader, views[view].name, named[i], err);
	return result;
}

int reader_query_view(struct reader *reader, enum reader_view view, const struct view_query *query,
		      reader_row_fn *each, void *data, struct error *err)
{
	struct query q = { 0 };
	char after[64];
	int result = check_query(reader, view, query, err);

	if (result < 0)
		return result;
	buf_init(&q.sql);
	buf_printf(&q.sql, "SELECT * FROM %s", views[view].name);
	condition_text(&q, "account = ?", query->account);
	condition_text(&q, "service = ?", query->service);
	condition_text(&q, "kind = ?", query->kind);
	condition_text(&q, "uid = ?", query->uid);
	condition_text(&q, "image_id = ?", query->image_id);
	condition_text(&q, "view = ?", query->view);
	condition_int(&q, "listing_id = ?", query->listing_id);
	sqlite3_snprintf(sizeof(after), after, "%s > ?", views[view].order);
	condition_int(&q, after, query->after);
	sqlite3_snprintf(sizeof(after), after, "%s >= ?", time_column(view));
	condition_int(&q, after, query->since);
	put_order(&q, views[view].order, NULL, query->descending, query->limit);
	result = run(reader, &q, each, data, err);
	buf_finish(&q.sql);
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

static void put_flag(struct query *q, const char *yes, const char *no, enum reader_flag flag)
{
	if (flag != READER_ANY)
		condition(q, flag == READER_YES ? yes : no, (struct bound){ 0 });
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
		condition_text(q, SEARCHED, buf_text(&patterns[i]));
	}
}

static void put_conditions(struct query *q, const struct image_filter *f)
{
	condition_text(q, "provider = ?", f->provider);
	condition_text(q,
		       f->removed ? "account = ?" : "? IN (SELECT value FROM json_each(accounts))",
		       f->account);
	condition_text(q, "service = ?", f->service);
	condition_text(q, "region = ?", f->region);
	condition_text(q, "zone = ?", f->zone);
	condition_text(q, "os_distro = ?", f->os_distro);
	/* A point release or a service pack is the version too: 22.04.5, 15 SP4. */
	condition_text(q, "instr(replace(os_version, ' ', '.') || '.', ? || '.') = 1",
		       f->os_version);
	condition_text(q, "arch = ?", f->arch);
	condition_text(q, "kind = ?", f->kind);
	condition_text(q, "origin = ?", f->origin);
	condition_text(q, "form = ?", f->form);
	condition_text(q, "state = ?", f->state);
	condition_text(q, "name GLOB ?", f->name_glob);
	condition_text(q, "(uid = ? OR image_id = ?)", f->id);
	put_flag(q, "gpu_supported = 1", "gpu_supported = 0", f->gpu);
	put_flag(q, "launchable = 1", "launchable = 0", f->launchable);
	put_flag(q, "stale = 1", "stale = 0", f->stale);
	condition_int(q, f->removed ? "removed_at >= ?" : "max(first_seen_at, changed_at) >= ?",
		      f->since);
	if (f->removed)
		condition(q, "presence = 'removed'", (struct bound){ 0 });
	else if (!f->state && !f->purged && !f->id)
		condition(q, "state IS NOT 'purged'", (struct bound){ 0 });
}

static void put_columns(struct buf *out, const char *const *names)
{
	if (!names || !names[0]) {
		buf_putc(out, '*');
		return;
	}
	for (size_t i = 0; names[i]; i++) {
		if (i)
			buf_puts(out, ", ");
		put_name(out, names[i]);
	}
}

int reader_each_image(struct reader *reader, const struct image_filter *filter, reader_row_fn *each,
		      void *data, struct error *err)
{
	const char *view = filter->removed ? "sightings" : "images";
	struct query q = { 0 };
	struct buf patterns[16] = { 0 };
	int result = check_column(reader, view, filter->sort, err);

	for (size_t i = 0; filter->columns && filter->columns[i] && result == 0; i++)
		result = check_column(reader, view, filter->columns[i], err);
	if (result < 0)
		return result;
	buf_init(&q.sql);
	buf_puts(&q.sql, "SELECT ");
	put_columns(&q.sql, filter->columns);
	buf_printf(&q.sql, " FROM %s", view);
	put_conditions(&q, filter);
	put_words(&q, filter->words, patterns, ARRAY_LEN(patterns));
	put_order(&q, filter->sort ? filter->sort : "uid", "uid", filter->descending,
		  filter->limit);
	result = run(reader, &q, each, data, err);
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		buf_finish(&patterns[i]);
	buf_finish(&q.sql);
	return result;
}
