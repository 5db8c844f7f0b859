/*
 * What the files of the reader share; nobody else includes this. A query is put together from fixed
 * pieces, one for each condition that is asked; every value is bound. The only names that come from
 * outside are columns, and those must be columns of the view.
 */
#pragma once

#include "base/buf.h"
#include "store/db.h"
#include "store/reader.h"

struct reader {
	sqlite3 *db;
	char *path;
	int64_t steps_left; /* of SQLite's machine, where there is a limit */
};

/* snapshot.c */

/* 0 when everything behind that number of the feed is there; else as reader_query_view() has it. */
int feed_check(struct reader *reader, int64_t seq, struct error *err);

/* query.c */

enum { QUERY_VALUES_MAX = 64 };

struct bound {
	const char *text; /* borrowed; NULL: the number */
	int64_t number;
	const double *real; /* instead of both; NULL: none; borrowed */
};

struct query {
	struct buf sql;
	struct bound values[QUERY_VALUES_MAX];
	size_t count;
	bool where;
};

/* Appends " WHERE piece" or " AND piece"; every '?' of it is the same value. */
void query_where(struct query *query, const char *piece, struct bound value);

/* The same where there is a text, or a number that is not 0. */
void query_where_text(struct query *query, const char *piece, const char *text);
void query_where_int(struct query *query, const char *piece, int64_t number);

/* A value for a '?' that the caller put into the text. */
void query_bind(struct query *query, struct bound value);

/* A quoted name. */
void query_put_name(struct query *query, const char *name);

/* The columns by name, or '*'. */
void query_put_columns(struct query *query, const char *const *names);

/* All columns of the view but those; the lists end with NULL. */
int query_put_columns_but(struct query *query, struct reader *reader, const char *view,
			  const char *const *but, struct error *err);

/* `second` NULL for none. NULL values come last; limit 0 is none. */
void query_put_order(struct query *query, const char *column, const char *second, bool descending,
		     int64_t limit);

/* page.c: the order of a page as columns; the first one may be any, the others make it total. */
struct page_order {
	const char *columns[READER_KEY_MAX];
	size_t count;
	bool descending; /* by the first; NULL comes last all the same */
	bool cut;        /* … by the beginning of its text */
	bool strict;     /* the first is never NULL and different in every row */
};

/* Appends the names of a list "a, b, c", which is copied into `names`. */
void page_add(struct page_order *order, const char *list, char names[static 128]);

/* Behind the columns of the SELECT. */
void page_put_keys(struct query *query, const struct page_order *order);
/* Behind the conditions; then the order and the limit. */
void page_put_end(struct query *query, const struct page_order *order,
		  const struct reader_page *page);
/* Like query_run(). A callback that returns 1 ends the page. */
int page_run(struct reader *reader, struct query *query, const struct page_order *order,
	     struct reader_page *page, reader_row_fn *each, void *data, struct error *err);

/* Runs and frees the query. What `each` returned other than 0, else 0 or a negative errno. */
int query_run(struct reader *reader, struct query *query, reader_row_fn *each, void *data,
	      struct error *err);

/* 0, or -EINVAL with a sentence when the view has no such column. NULL is always there. */
int query_check_column(struct reader *reader, const char *view, const char *column,
		       struct error *err);
int query_check_columns(struct reader *reader, const char *view, const char *const *columns,
			struct error *err);
