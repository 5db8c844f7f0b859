/*
 * Who remembers how far it has read the feed: it gets what is behind that, all of it, or is told
 * that this cannot be.
 */
#include "store_fixture.h"
#include "store_intruder.h"

#include <errno.h>

#include "store/reader.h"

static struct fixture fixture;

/* The feed is 1 to 10; after that the oldest ones go, or a backup was restored. */
enum loss { NOTHING, UP_TO_7, ALL, FROM_4_TO_6, LOSSES };

/* clang-format off */
static const struct row {
	const char *name;
	enum loss loss;
	int64_t after;
	int expected;
	const char *read; /* numbers, or a part of the sentence */
} rows[] = {
	{ "from the beginning",             NOTHING,     0,  0,        "1 2 3 4 5 6 7 8 9 10 " },
	{ "from the middle",                NOTHING,     4,  0,        "5 6 7 8 9 10 " },
	{ "at the end",                     NOTHING,     10, 0,        "" },
	{ "beyond the end",                 NOTHING,     11, -ESTALE,  "what is behind 10" },
	{ "far beyond it",                  NOTHING,     INT64_MAX, -ESTALE, "does not know that seq" },
	{ "pruned: all that is kept",       UP_TO_7,     0,  0,        "8 9 10 " },
	{ "pruned: long ago",               UP_TO_7,     1,  -ENODATA, "what is kept is behind 7" },
	{ "pruned: one was not read",       UP_TO_7,     6,  -ENODATA, "catalog.keep_history" },
	{ "pruned: all were read",          UP_TO_7,     7,  0,        "8 9 10 " },
	{ "pruned: at the end",             UP_TO_7,     10, 0,        "" },
	{ "pruned: beyond the end",         UP_TO_7,     11, -ESTALE,  "what is behind 10" },
	{ "all pruned: all that is kept",   ALL,         0,  0,        "" },
	{ "all pruned: one was not read",   ALL,         9,  -ENODATA, "what is kept is behind 10" },
	{ "all pruned: all were read",      ALL,         10, 0,        "" },
	{ "all pruned: beyond the end",     ALL,         11, -ESTALE,  "what is behind 10" },
	{ "a backup: before it was taken",  FROM_4_TO_6, 2,  0,        "3 7 8 9 10 " },
	{ "a backup: when it was taken",    FROM_4_TO_6, 3,  0,        "7 8 9 10 " },
	{ "a backup: what was undone",      FROM_4_TO_6, 4,  -ESTALE,  "went back to a backup" },
	{ "a backup: all that was undone",  FROM_4_TO_6, 6,  -ESTALE,  "what is behind 10" },
	{ "a backup: after it",             FROM_4_TO_6, 7,  0,        "8 9 10 " },
};

/* The newest first: what is pruned is where it ends; what was undone, or was promised, is told. */
static const struct back_row {
	const char *name;
	enum loss loss;
	int64_t behind, after; /* 0: the first page; all that is kept */
	int expected;
	const char *read;
} back_rows[] = {
	{ "back: the first page",             NOTHING,     0,  0, 0,        "10 9 8 7 6 5 4 3 2 1 " },
	{ "back: from the middle",            NOTHING,     5,  0, 0,        "4 3 2 1 " },
	{ "back: down to a number",           NOTHING,     5,  2, 0,        "4 3 " },
	{ "back: beyond the end",             NOTHING,     11, 0, -ESTALE,  "what is behind 10" },
	{ "back, pruned: the first page",     UP_TO_7,     0,  0, 0,        "10 9 8 " },
	{ "back, pruned: into it",            UP_TO_7,     9,  0, 0,        "8 " },
	{ "back, pruned: the rest",           UP_TO_7,     8,  0, 0,        "" },
	{ "back, pruned: where it goes on",   UP_TO_7,     3,  0, 0,        "" },
	{ "back, pruned: down to what is gone", UP_TO_7,   9,  2, -ENODATA, "what is kept is behind 7" },
	{ "back, pruned: at once down to it", UP_TO_7,     0,  6, -ENODATA, "catalog.keep_history" },
	{ "back, pruned: down to what is kept", UP_TO_7,   9,  7, 0,        "8 " },
	{ "back, all pruned",                 ALL,         4,  0, 0,        "" },
	{ "back, a backup: what was undone",  FROM_4_TO_6, 5,  0, -ESTALE,  "went back to a backup" },
	{ "back, a backup: down to that",     FROM_4_TO_6, 8,  4, -ESTALE,  "went back to a backup" },
	{ "back, a backup: after it",         FROM_4_TO_6, 8,  0, 0,        "7 3 2 1 " },
};
/* clang-format on */

static void lose(struct fixture *f, enum loss loss)
{
	switch (loss) {
	case NOTHING:
	case LOSSES: break;
	case UP_TO_7: assert_int_equal(store_prune(f->store, f->now, 179, 0, &f->err), 0); break;
	case ALL:
		f->now += 1000;
		assert_int_equal(store_prune(f->store, f->now, 1, 0, &f->err), 0);
		break;
	case FROM_4_TO_6:
		fixture_exec(f, "DELETE FROM _changes WHERE seq BETWEEN 4 AND 6;"
				"INSERT INTO _meta (key, value) VALUES ('lost_seqs', '[[4,6]]')");
		break;
	}
}

static struct reader *start(struct fixture *f, enum loss loss)
{
	struct reader *reader = NULL;
	char name[32];

	fixture_start(f);
	fixture_open(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int i = 1; i <= 10; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		fixture_poll(f, listing, fixture_record("img-1", name));
	}
	lose(f, loss);
	assert_int_equal(reader_open(&reader, f->path, &f->err), 0);
	return reader;
}

/* One catalog for each loss: the rows only read. */
static struct fixture lost[LOSSES];
static struct reader *readers[LOSSES];

static int open_all(void **state)
{
	(void)state;
	for (enum loss loss = 0; loss < LOSSES; loss++)
		readers[loss] = start(&lost[loss], loss);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (enum loss loss = 0; loss < LOSSES; loss++) {
		reader_close(readers[loss]);
		fixture_end(&lost[loss]);
	}
	return 0;
}

static int take_seq(const struct reader_row *row, void *data)
{
	buf_printf(data, "%lld ", (long long)reader_value(row, "seq")->integer);
	return 0;
}

static void ask(struct reader *reader, const struct view_query *query, int expected,
		const char *wanted)
{
	struct error err = { 0 };
	struct buf read;

	buf_init(&read);
	assert_int_equal(reader_query_view(reader, VIEW_changes, query, take_seq, &read, &err),
			 expected);
	if (expected == 0)
		assert_string_equal(buf_text(&read), wanted);
	else
		assert_non_null(strstr(err.text, wanted));
	if (query->page)
		reader_key_finish(&query->page->last);
	buf_finish(&read);
}

/* By `after`, and as the page behind that row. */
static void reads(void **state)
{
	const struct row *row = *state;
	struct reader_key key = { 1, { { .type = READER_INT, .integer = row->after } } };
	struct reader_page page = { .limit = 100, .after = row->after ? &key : NULL };
	const struct view_query queries[] = { { .after = row->after },
					      { .page = &page },
					      { .page = &page, .after = row->after ? 1 : 0 } };

	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		ask(readers[row->loss], &queries[i], row->expected, row->read);
}

static void reads_back(void **state)
{
	const struct back_row *row = *state;
	struct reader_key key = { 1, { { .type = READER_INT, .integer = row->behind } } };
	struct reader_page page = { .limit = 100, .after = row->behind ? &key : NULL };

	ask(readers[row->loss],
	    &(struct view_query){ .page = &page, .after = row->after, .descending = true },
	    row->expected, row->read);
}

static void tells_what_is_kept(void **state)
{
	static const struct {
		enum loss loss;
		int64_t first, last;
	} marks[] = { { NOTHING, 1, 10 }, { UP_TO_7, 8, 10 }, { ALL, 11, 10 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct reader_mark mark;
		assert_int_equal(reader_mark(readers[marks[i].loss], &mark, NULL), 0);
		assert_int_equal(mark.first_seq, marks[i].first);
		assert_int_equal(mark.last_seq, marks[i].last);
	}
}

static void prune(void *data)
{
	struct fixture *f = data;

	assert_int_equal(store_prune(f->store, f->now, 179, 0, &f->err), 0);
}

/* Whenever it is pruned meanwhile: all of it, or the sentence. */
static void pruned_while_it_reads(void **state)
{
	unsigned whole = 0, told = 0;
	bool came = true;

	(void)state;
	intruder_watch();
	for (unsigned n = 1; came; n++) {
		struct reader *reader = start(&fixture, NOTHING);
		struct buf read;
		buf_init(&read);
		intruder_wait(n, prune, &fixture);
		int rc = reader_query_view(reader, VIEW_changes, &(struct view_query){ .after = 3 },
					   take_seq, &read, NULL);
		came = intruder_came();
		if (rc == 0)
			assert_string_equal(buf_text(&read), "4 5 6 7 8 9 10 ");
		else
			assert_int_equal(rc, -ENODATA);
		whole += rc == 0;
		told += rc < 0;
		buf_finish(&read);
		reader_close(reader);
		fixture_end(&fixture);
	}
	assert_true(whole >= 2 && told >= 1);
	sqlite3_reset_auto_extension();
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(back_rows) + 2];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(reads, &rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(back_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(reads_back, &back_rows[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(tells_what_is_kept);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(pruned_while_it_reads);
	return cmocka_run_group_tests_name("feed", tests, open_all, close_all);
}
