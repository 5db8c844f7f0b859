/*
 * Rows of the reader on standard output, with the columns that were asked for or that suit the
 * format.
 */
#pragma once

#include "cli/command.h"

struct rows {
	const struct call *call;
	const char *const *columns; /* NULL: all there are */
	struct output *output;
	size_t count;
	bool quiet; /* says nothing when there is no row */
	struct error err;
};

/*
 * Both lists end with NULL: what a table shows unless --columns says otherwise (NULL: all), and
 * what -o id prints. CLI_OK, or CLI_ERROR after it has complained.
 */
int rows_open(struct rows *rows, const struct call *call, const char *const *table_columns,
	      const char *const *id_columns);

/* A reader_row_fn; `data` is a struct rows. -EINVAL for a column that the row does not have. */
int rows_add(const struct reader_row *row, void *data);

/* Prints what is left. `result` is what the reader ended with; the exit status. */
int rows_close(struct rows *rows, int result, const struct error *err);

/* All of it for a view, of which a row is not wider than the columns asked for. */
int rows_print_view(struct call *call, enum reader_view view, const struct view_query *query,
		    const char *const *table_columns, const char *const *id_columns);

/* The columns of a view as the first line of what has no other. */
int rows_put_header(struct output *output, struct reader *reader, const char *view,
		    struct arena *arena, struct error *err);
