/*
 * A list as an answer: pages of rows as JSON, CSV or one JSON object a line.
 */
#pragma once

#include "base/arena.h"
#include "export/exchange.h"

/* How long a page may be, whatever `limit` says: it ends with the row that goes beyond. */
enum { ROWS_LIMIT = 100, ROWS_LIMIT_MAX = 1000, ROWS_BYTES_MAX = 4 << 20 };
enum { ROWS_COLUMNS_MAX = 128 }; /* that one may ask for */

/* The parameters that every list has. */
#define ROWS_PARAMETERS                                                                            \
	{ "limit", PARAMETER_INT, 1, ROWS_LIMIT_MAX, .help = "rows of a page (100)" },             \
		{ "cursor", PARAMETER_TEXT, .help = "next_cursor of the page before" },            \
	{                                                                                          \
		"format", PARAMETER_WORD, .words = "json|csv|ndjson",                              \
					  .help = "of the answer (json)"                           \
	}

/* The columns that are asked for; `more` says what there is when none is. */
#define COLUMNS_PARAMETER(more)                                                                    \
	{                                                                                          \
		"columns", PARAMETER_TEXT, .help = "only these, parted by commas" more             \
	}

struct rows {
	struct exchange *x;
	enum { ROWS_JSON, ROWS_CSV, ROWS_NDJSON } format;
	struct buf *out;
	size_t count;
	struct reader_page page;
	struct reader_key after;
};

/* False after the answer was made a problem. `rows->page` is then to be given to the reader. */
bool rows_begin(struct rows *rows, struct exchange *x);
int rows_add(const struct reader_row *row, void *data); /* a reader_row_fn; data: the struct rows */
void rows_end(struct rows *rows, int result, const struct error *err);

/* Where `separators` stand a text ends; the list ends with NULL. NULL when memory is out. */
const char **rows_split(struct arena *arena, const char *text, const char *separators, size_t max);
