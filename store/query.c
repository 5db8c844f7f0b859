/*
 * A query from its pieces, and its rows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/reading.h"

void query_where(struct query *query, const char *piece, struct bound value)
{
	buf_puts(&query->sql, query->where ? " AND " : " WHERE ");
	buf_puts(&query->sql, piece);
	query->where = true;
	for (const char *at = strchr(piece, '?'); at; at = strchr(at + 1, '?'))
		query_bind(query, value);
}

void query_where_text(struct query *query, const char *piece, const char *text)
{
	if (text)
		query_where(query, piece, (struct bound){ .text = text });
}

void query_where_int(struct query *query, const char *piece, int64_t number)
{
	if (number)
		query_where(query, piece, (struct bound){ .number = number });
}

void query_bind(struct query *query, struct bound value)
{
	if (query->count == QUERY_VALUES_MAX)
		query->sql.failed = true;
	else
		query->values[query->count++] = value;
}

/* It was found among the view's columns, yet nothing is left to chance. */
void query_put_name(struct query *query, const char *name)
{
	buf_putc(&query->sql, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_putc(&query->sql, '"');
		buf_putc(&query->sql, *name);
	}
	buf_putc(&query->sql, '"');
}

void query_put_columns(struct query *query, const char *const *names)
{
	if (!names || !names[0])
		buf_putc(&query->sql, '*');
	for (size_t i = 0; names && names[i]; i++) {
		if (i)
			buf_puts(&query->sql, ", ");
		query_put_name(query, names[i]);
	}
}

void query_put_order(struct query *query, const char *column, const char *second, bool descending,
		     int64_t limit)
{
	buf_puts(&query->sql, " ORDER BY ");
	query_put_name(query, column);
	buf_puts(&query->sql, descending ? " DESC NULLS LAST" : " NULLS LAST");
	if (second && strcmp(second, column) != 0)
		buf_printf(&query->sql, ", %s", second);
	if (limit > 0) {
		buf_puts(&query->sql, " LIMIT ?");
		query_bind(query, (struct bound){ .number = limit });
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

int query_run(struct reader *reader, struct query *query, reader_row_fn *each, void *data,
	      struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int result = 0;

	if (query->sql.failed)
		result = error_set(err, -ENOMEM, "out of memory, or too many conditions");
	else if (sqlite3_prepare_v2(reader->db, buf_text(&query->sql), -1, &stmt, NULL) !=
		 SQLITE_OK)
		result = db_error(reader->db, "cannot be read", err);
	for (size_t i = 0; i < query->count && result == 0; i++) {
		const struct bound *value = &query->values[i];
		int code = value->real   ? sqlite3_bind_double(stmt, (int)i + 1, *value->real)
			   : value->text ? sqlite3_bind_text(stmt, (int)i + 1, value->text, -1,
							     SQLITE_STATIC)
					 : sqlite3_bind_int64(stmt, (int)i + 1, value->number);
		if (code != SQLITE_OK)
			result = error_set(err, -ENOMEM, "out of memory");
	}
	if (result == 0)
		result = walk(reader, stmt, each, data, err);
	sqlite3_finalize(stmt);
	buf_finish(&query->sql);
	return result;
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

static int no_column(const char *view, const char *column, const char *const *names,
		     struct error *err)
{
	const char *nearest = text_nearest(column, names);

	return error_set(err, -EINVAL, "%s has no column '%s'%s%s%s", view, column,
			 nearest ? "; did you mean '" : "", nearest ? nearest : "",
			 nearest ? "'?" : "");
}

int query_check_columns(struct reader *reader, const char *view, const char *const *columns,
			struct error *err)
{
	const char *names[COLUMNS_MAX + 1];
	struct arena arena;

	if (!columns || !*columns)
		return 0;
	arena_init(&arena);
	int result = read_columns(reader, view, &arena, names, err);
	for (; *columns && result == 0; columns++)
		if (!is_among(names, *columns))
			result = no_column(view, *columns, names, err);
	arena_finish(&arena);
	return result;
}

int query_put_columns_but(struct query *query, struct reader *reader, const char *view,
			  const char *const *but, struct error *err)
{
	const char *names[COLUMNS_MAX + 1];
	const char *between = "";
	struct arena arena;

	arena_init(&arena);
	int result = read_columns(reader, view, &arena, names, err);
	for (size_t i = 0; result == 0 && names[i]; i++) {
		if (is_among(but, names[i]))
			continue;
		buf_puts(&query->sql, between);
		query_put_name(query, names[i]);
		between = ", ";
	}
	arena_finish(&arena);
	return result;
}

int query_check_column(struct reader *reader, const char *view, const char *column,
		       struct error *err)
{
	const char *const columns[] = { column, NULL };

	return query_check_columns(reader, view, columns, err);
}
