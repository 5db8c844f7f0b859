#include "cli/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { COLUMNS_MAX = 128 };

int rows_open(struct rows *rows, const struct call *call, const char *const *table_columns,
	      const char *const *id_columns)
{
	*rows = (struct rows){ .call = call, .columns = call->filter.columns };
	if (call->format == OUTPUT_ID)
		rows->columns = id_columns;
	else if (call->format == OUTPUT_TABLE && !rows->columns)
		rows->columns = table_columns;
	if (output_open(&rows->output, stdout, call->format, call->utc) < 0)
		return complain(CLI_ERROR, "out of memory");
	return CLI_OK;
}

static int no_column(struct rows *rows, const struct reader_row *row, const char *name)
{
	const char *names[COLUMNS_MAX + 1] = { 0 };

	for (size_t i = 0; i < row->count && i < COLUMNS_MAX; i++)
		names[i] = row->names[i];
	const char *nearest = text_nearest(name, names);
	return error_set(&rows->err, -EINVAL, "%s has no column '%s'%s%s%s",
			 rows->call->command->name, name, nearest ? "; did you mean '" : "",
			 nearest ? nearest : "", nearest ? "'?" : "");
}

int rows_add(const struct reader_row *row, void *data)
{
	struct rows *rows = data;
	const char *names[COLUMNS_MAX];
	struct reader_value values[COLUMNS_MAX];
	struct reader_row chosen = { 0, names, values };

	rows->count++;
	if (!rows->columns)
		return output_row(rows->output, row);
	for (const char *const *name = rows->columns; *name; name++) {
		const struct reader_value *value = reader_value(row, *name);
		if (!value)
			return no_column(rows, row, *name);
		if (chosen.count == COLUMNS_MAX)
			return error_set(&rows->err, -EINVAL, "that many columns are too many");
		names[chosen.count] = *name;
		values[chosen.count++] = *value;
	}
	return output_row(rows->output, &chosen);
}

int rows_close(struct rows *rows, int result, const struct error *err)
{
	if (rows->count == 0 && rows->columns && result >= 0)
		output_header(rows->output, rows->columns);
	int closed = output_close(rows->output, result >= 0);
	if (closed < 0)
		return complain(CLI_ERROR, "standard output: %s", strerror(-closed));
	if (result < 0)
		return complain_result(result, rows->err.text[0] ? &rows->err : err);
	if (rows->count == 0 && rows->call->format == OUTPUT_TABLE && !rows->quiet)
		fputs("imagecat: there is none\n", stderr);
	return CLI_OK;
}

struct names {
	struct arena *arena;
	const char *list[COLUMNS_MAX + 1];
	size_t count;
};

static int on_column(const struct reader_row *row, void *data)
{
	struct names *names = data;
	const struct reader_value *column = reader_value(row, "column");

	if (column && names->count < COLUMNS_MAX)
		names->list[names->count++] = arena_string(names->arena, column->text);
	return names->arena->failed ? -ENOMEM : 0;
}

int rows_put_header(struct output *output, struct reader *reader, const char *view,
		    struct arena *arena, struct error *err)
{
	struct names names = { .arena = arena };
	const struct view_query query = { .view = view };

	int result = reader_query_view(reader, VIEW_column_docs, &query, on_column, &names, err);
	if (result == 0)
		output_header(output, names.list);
	return result;
}

int rows_print_view(struct call *call, enum reader_view view, const struct view_query *query,
		    const char *const *table_columns, const char *const *id_columns)
{
	struct reader *reader = open_catalog(call->catalog);
	struct error err = { 0 };
	struct rows rows;

	if (!reader)
		return CLI_ERROR;
	int status = rows_open(&rows, call, table_columns, id_columns);
	if (status == CLI_OK) {
		int result = reader_query_view(reader, view, query, rows_add, &rows, &err);
		if (result == 0 && rows.count == 0 && !rows.columns)
			result = rows_put_header(rows.output, reader, reader_view_name(view),
						 &call->arena, &err);
		status = rows_close(&rows, result, &err);
	}
	reader_close(reader);
	return status;
}
