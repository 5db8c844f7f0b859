/*
 * The catalog as people read it: a read-only connection that needs no write permission and no
 * daemon. What comes out are rows of the public views, as names and typed values; callers need no
 * SQL.
 *
 * Thread: one at a time. Rows are borrowed during the callback. Every call is one read transaction:
 * it sees whole polls, and ends it before it returns. Do not wait inside a callback: an open
 * transaction keeps the write-ahead log from shrinking.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

struct reader;

/* Refuses a missing, unreadable, foreign or newer file in one sentence that says what to do. */
int reader_open(struct reader **ret, const char *path, struct error *err);
void reader_close(struct reader *reader); /* accepts NULL */

enum reader_type { READER_NULL, READER_INT, READER_REAL, READER_TEXT };

struct reader_value {
	enum reader_type type;
	int64_t integer;
	double real;
	const char *text; /* "" unless READER_TEXT */
};

struct reader_row {
	size_t count;
	const char *const *names;
	const struct reader_value *values;
};

/* NULL when the row has no such column. */
const struct reader_value *reader_value(const struct reader_row *row, const char *name);

/* 0 goes on; anything else ends the walk and is returned. */
typedef int reader_row_fn(const struct reader_row *row, void *data);

/* ---- images ------------------------------------------------------------------------------- */

/* Three answers: not asked, no, yes. */
enum reader_flag { READER_ANY, READER_NO, READER_YES };

/* Everything zero lists all. Texts are borrowed and compared as they are; all must hold. */
struct image_filter {
	const char *provider, *account, *service, *region, *zone;
	const char *os_distro;
	const char *os_version; /* "22.04" matches 22.04 and 22.04.* */
	const char *arch, *kind, *origin, *form;
	const char *state;     /* NULL leaves purged images out unless `purged` */
	const char *name_glob; /* * ? [] */
	const char *id;        /* an image_id or a uid */
	const char *const
		*words; /* each must be in name, description, tags or software; ends with NULL */
	enum reader_flag gpu, launchable, stale;
	int64_t since; /* first seen, changed or removed at or after; 0 = not asked */
	bool removed;  /* removed images instead, from `sightings` */
	bool purged;

	const char *const *columns; /* of the view; ends with NULL; NULL gives all */
	const char *sort;           /* a column; NULL sorts by uid. NULL values come last */
	bool descending;
	int64_t limit; /* 0 = none */
};

/* -EINVAL with a sentence when a column of `columns` or `sort` does not exist. */
int reader_each_image(struct reader *reader, const struct image_filter *filter, reader_row_fn *each,
		      void *data, struct error *err);

/* ---- the other views ------------------------------------------------------------------------ */

/* X(name, the column that orders it) */
#define READER_VIEWS(X)                                                                            \
	X(images, "uid")                                                                           \
	X(sightings, "uid")                                                                        \
	X(listings, "listing_id")                                                                  \
	X(polls, "poll_id")                                                                        \
	X(changes, "seq")                                                                          \
	X(revisions, "valid_to_at")                                                                \
	X(drift, "provider")                                                                       \
	X(image_counts, "time")                                                                    \
	X(column_docs, "view")                                                                     \
	X(catalog_info, "key")
enum reader_view {
#define X(name, order) VIEW_##name,
	READER_VIEWS(X)
#undef X
		VIEW_COUNT
};
bool reader_view_from_text(const char *name, enum reader_view *ret);

/* Column = value, by text; NULL is not asked. */
struct view_query {
	const char *account, *service, *kind, *uid, *image_id, *view;
	int64_t listing_id; /* 0 = not asked */
	int64_t after;      /* the ordering number is greater; 0 = not asked */
	int64_t since; /* `at` (changes) or `started_at` (polls) is not earlier; 0 = not asked */
	bool descending;
	int64_t limit; /* 0 = none */
};

/* -EINVAL when the view has no column that the query names. */
int reader_query_view(struct reader *reader, enum reader_view view, const struct view_query *query,
		      reader_row_fn *each, void *data, struct error *err);

static inline int reader_each_listing(struct reader *reader, reader_row_fn *each, void *data,
				      struct error *err)
{
	return reader_query_view(reader, VIEW_listings, &(struct view_query){ 0 }, each, data, err);
}
