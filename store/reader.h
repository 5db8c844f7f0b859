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

/* "" and 0 where there is none, or none of that type. */
const char *reader_text(const struct reader_row *row, const char *name);
int64_t reader_int(const struct reader_row *row, const char *name);

/* 0 goes on; anything else ends the walk and is returned. */
typedef int reader_row_fn(const struct reader_row *row, void *data);

/* ---- several questions to one moment -------------------------------------------------------- */

/* Until reader_end() every call sees the same state of the catalog. */
int reader_begin(struct reader *reader, struct error *err);
void reader_end(struct reader *reader);

/* What is asked from now on may take so many steps of SQLite's machine, looked at every 1,000, then
 * fails with -EINTR; 0: as many as it takes. reader_end() takes the limit away. */
void reader_limit(struct reader *reader, int64_t steps);

/* Two equal marks: every view says the same. */
struct reader_mark {
	int64_t last_seq, poll_id; /* the newest; 0 for none */
	int64_t first_seq,
		first_poll_id; /* the oldest that are kept; of an empty feed last_seq + 1 */
	int64_t created_at;    /* of the catalog: another one starts its numbers anew */
	uint64_t listings; /* fingerprint of which there are, their health, and which are stale */
	int64_t images;    /* about how many there are */
};
int reader_mark(struct reader *reader, struct reader_mark *ret, struct error *err);

/* ---- pages of a long answer ------------------------------------------------------------------ */

/* Where a row stands in the order that was asked for. */
enum { READER_KEY_MAX = 8, READER_KEY_CHARACTERS = 256 };
struct reader_key {
	size_t count;
	struct reader_value values[READER_KEY_MAX]; /* texts are the key's own */
};
void reader_key_finish(struct reader_key *key);

/*
 * A page begins behind a key and not at a number, so that rows which come and go between two pages
 * neither repeat nor hide others. Texts are ordered by their first READER_KEY_CHARACTERS.
 */
struct reader_page {
	const struct reader_key *after; /* NULL: the first page */
	int64_t limit;                  /* > 0 */
	/* Out: of the last row that was given; reader_key_finish() it, also after a failure. */
	struct reader_key last;
	bool more; /* there is a row behind it, or `each` ended the walk before it */
};

/* ---- images ------------------------------------------------------------------------------- */

/* UNKNOWN: the cloud does not say. */
enum reader_flag { READER_ANY, READER_NO, READER_YES, READER_UNKNOWN };

enum { READER_WORDS_MAX = 16 };

/* Everything zero lists all. Texts are borrowed and compared as they are; all must hold. A region,
 * zone, os_distro, arch or workload "-" means those that have none. */
struct image_filter {
	const char *provider, *cloud, *account, *service, *region, *zone;
	const char *os_distro;
	const char *os_version; /* "22.04" matches 22.04 and 22.04.* */
	const char *arch, *kind, *origin, *visibility, *form, *workload;
	const char *state;        /* NULL leaves purged images out unless `purged` */
	const char *name_glob;    /* * ? [] */
	const char *id;           /* an image_id or a uid */
	const char *const *words; /* each must be in name, description, tags or software; up to
				     READER_WORDS_MAX, then NULL */
	enum reader_flag gpu, launchable, stale;
	int64_t since; /* first seen, changed or removed at or after; 0 = not asked */
	bool removed;  /* removed images instead, from `sightings` */
	bool purged;
	bool latest; /* from `latest_images` instead: the filter chooses among the newest ones */

	const char *const *columns; /* of the view; ends with NULL; NULL gives all */
	bool brief;                 /* … but raw, readme and unmapped */
	const char *sort;           /* a column; NULL sorts by uid. NULL values come last */
	bool descending;
	int64_t limit; /* 0 = none */
	struct reader_page
		*page; /* NULL: all of it, up to `limit`. With a page `each` ends it by 1 */
	bool unsorted; /* in any order */
};

/* -EINVAL with a sentence when a column of `columns` or `sort` does not exist. */
int reader_each_image(struct reader *reader, const struct image_filter *filter, reader_row_fn *each,
		      void *data, struct error *err);

/* ---- the other views ------------------------------------------------------------------------ */

/* X(name, the columns that order it) */
#define READER_VIEWS(X)                                                                            \
	X(images, "uid", NULL)                                                                     \
	X(sightings, "uid", "listing_id")                                                          \
	X(latest_images, "uid", NULL)                                                              \
	X(families, "name", "service, cloud")                                                      \
	X(coverage, "provider", "os_distro, os_version, arch, form, region, zone")                 \
	X(listings, "listing_id", NULL)                                                            \
	X(polls, "poll_id", NULL)                                                                  \
	X(changes, "seq", NULL)                                                                    \
	X(revisions, "valid_to_at", "uid, listing_id, revision")                                   \
	X(drift, "provider", "service, path")                                                      \
	X(image_counts, "time", "provider, region, kind, state")                                   \
	X(column_docs, "view",                                                                     \
	  "(SELECT cid FROM pragma_table_info(\"view\") AS t WHERE t.name = \"column\")")          \
	X(catalog_info, "key", NULL)
enum reader_view {
#define X(name, order, second) VIEW_##name,
	READER_VIEWS(X)
#undef X
		VIEW_COUNT
};
bool reader_view_from_text(const char *name, enum reader_view *ret);
const char *reader_view_name(enum reader_view view);

/* Column = value, by text; NULL is not asked. */
struct view_query {
	const char *provider, *account, *service, *region, *zone;
	const char *os_distro, *os_version, *arch, *form; /* as in a filter of images */
	const char *kind, *state, *outcome, *uid, *image_id, *view;
	const char *id;     /* an image_id or a uid */
	int64_t listing_id; /* 0 = not asked */
	int64_t after;      /* the ordering number is greater; 0 = all that is kept */
	int64_t since;      /* `at` (changes), `started_at` (polls) or `time` (image_counts) is not
			       earlier; 0 = not asked */
	const char *const *columns; /* of the view; ends with NULL; NULL gives all */
	bool missing;               /* of coverage: where there is no image */
	bool with_listing; /* of polls: account, service and place of the listing as well */
	bool explained;    /* of changes: `what`, the fields in a line */
	bool descending;
	int64_t limit;            /* 0 = none */
	struct reader_page *page; /* as of images */
};

/*
 * -EINVAL with a sentence when the view has no column that the query names.
 *
 * Who has read `changes` up to a number and asks for what is behind it, with `after` or with a
 * page, gets all of it or nothing: -ENODATA when some of it was pruned, -ESTALE when the catalog
 * does not know that number, because it is another one or went back to a backup. The sentence says
 * what to do. Pages that go back, `descending`, end where the feed begins by now.
 */
int reader_query_view(struct reader *reader, enum reader_view view, const struct view_query *query,
		      reader_row_fn *each, void *data, struct error *err);

static inline int reader_each_listing(struct reader *reader, reader_row_fn *each, void *data,
				      struct error *err)
{
	return reader_query_view(reader, VIEW_listings, &(struct view_query){ 0 }, each, data, err);
}

/* ---- what was, and copies: reader_history.c ---------------------------------------------------
 */

/*
 * The image in each place as it was at that time: what `sightings` has of the record, put together
 * from the revisions, with
 *   presence           unseen, present, missing or removed
 *   presence_since_at  since when
 *   revision           NULL where that version was pruned or had not been seen yet; then the record
 *                      is NULL as well
 *   valid_from_at, valid_to_at
 */
int reader_each_at(struct reader *reader, const char *id, int64_t at, reader_row_fn *each,
		   void *data, struct error *err);

/* Moves when another process has committed. Costs next to nothing. */
int reader_version(struct reader *reader, int64_t *ret, struct error *err);

/* A copy of the whole catalog, one moment of it, as one file without side files, for any SQLite
 * from 3.33 on: no table of it is STRICT. It must not be there yet, or be empty; what is left of it
 * after a failure is the caller's to delete. */
int reader_copy(struct reader *reader, const char *path, struct error *err);
