/*
 * Pages of the reader: in any order, of any size, they are together the whole answer; several
 * questions to one moment; a question of too many steps.
 */
#include "store_reader_fixture.h"

#include <errno.h>
#include <math.h>

enum { IMAGES = 23 };

static int64_t listing;

static int start(void **state)
{
	struct fixture *f = &fixture;
	struct poll poll;

	(void)state;
	fixture_make(f);
	listing = fixture_listing(f, "prod", "uhost");
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	for (int i = 0; i < IMAGES; i++) {
		char id[32], name[600];
		snprintf(id, sizeof(id), "img-%02d", i);
		/* Longer than a key holds, and the same up to there. */
		snprintf(name, sizeof(name), "%c%0400d", 'a' + i % 3, i);
		struct record r = fixture_record(id, name);
		r.price = i % 4 ? i % 5 / 3.0 : NAN;
		r.size_bytes = i % 6 ? i % 7 : RECORD_ABSENT;
		poll_sees(&poll, r);
	}
	poll_commit(f, &poll);
	fixture_read(f);
	return 0;
}

static int collect(const struct reader_row *row, void *data)
{
	char *text = data;
	const struct reader_value *id = reader_value(row, "image_id");

	assert_null(reader_value(row, "_key0"));
	assert_int_equal(row->count, 2);
	sprintf(text + strlen(text), "%s ", id->text);
	return 0;
}

static const char *const two[] = { "image_id", "name", NULL };

/* clang-format off */
static const struct row {
	const char *name, *sort, *order;
	bool descending;
} rows[] = {
	{ "by uid",                    NULL,         "uid", false },
	{ "by uid downwards",          NULL,         "uid DESC", true },
	{ "by a text",                 "name",       "substr(name, 1, 256), uid", false },
	{ "by a text downwards",       "name",       "substr(name, 1, 256) DESC, uid", true },
	{ "by numbers and none",       "size_bytes", "size_bytes NULLS LAST, uid", false },
	{ "by numbers and none down",  "size_bytes", "size_bytes DESC NULLS LAST, uid", true },
	{ "by fractions",              "price",      "price NULLS LAST, uid", false },
	{ "by fractions downwards",    "price",      "price DESC NULLS LAST, uid", true },
	{ "by what nobody has",        "vendor",     "uid", false },
};
/* clang-format on */

static void pages_are_the_whole(void **state)
{
	const struct row *row = *state;
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "SELECT group_concat(image_id || ' ', '') FROM (SELECT image_id FROM images ORDER "
		 "BY %s)",
		 row->order);
	char expected[IMAGES * 8];
	snprintf(expected, sizeof(expected), "%s", fixture_query(&fixture, sql));
	for (int64_t limit = 1; limit <= IMAGES + 1; limit++) {
		struct reader_page page = { .limit = limit };
		struct reader_key after = { 0 };
		struct image_filter filter = { .columns = two,
					       .sort = row->sort,
					       .descending = row->descending,
					       .page = &page };
		char got[IMAGES * 8 + 1] = "";
		int pages = 0;
		do {
			assert_int_equal(reader_each_image(reader, &filter, collect, got,
							   &fixture.err),
					 0);
			reader_key_finish(&after);
			after = page.last;
			page.last = (struct reader_key){ 0 };
			page.after = &after;
			assert_true(++pages <= IMAGES);
		} while (page.more);
		reader_key_finish(&after);
		assert_string_equal(got, expected);
		assert_int_equal(pages, (IMAGES + limit - 1) / limit);
	}
}

static int stop_at_once(const struct reader_row *row, void *data)
{
	(void)row;
	++*(int *)data;
	return 1;
}

static void a_page_may_be_ended(void **state)
{
	struct reader_page page = { .limit = 10 };
	const struct view_query query = { .page = &page };
	int count = 0;

	(void)state;
	assert_int_equal(reader_query_view(reader, VIEW_changes, &query, stop_at_once, &count,
					   NULL),
			 0);
	assert_int_equal(count, 1);
	assert_true(page.more);
	assert_int_equal(page.last.count, 1);
	reader_key_finish(&page.last);
}

static int fail_at_once(const struct reader_row *row, void *data)
{
	(void)row;
	(void)data;
	return -EPIPE;
}

static void what_a_callback_returns(void **state)
{
	struct reader_page page = { .limit = 10 };
	const struct view_query query = { .page = &page };

	(void)state;
	assert_int_equal(reader_query_view(reader, VIEW_polls, &query, fail_at_once, NULL, NULL),
			 -EPIPE);
	reader_key_finish(&page.last);
}

/* A key of another order is no key. */
static void a_key_that_does_not_fit(void **state)
{
	const struct reader_key key = {
		.count = 2, .values = { { READER_NULL, .text = "" }, { READER_NULL, .text = "" } }
	};
	struct reader_page page = { .limit = 1, .after = &key };
	const struct view_query query = { .page = &page };
	int count = 0;

	(void)state;
	assert_int_equal(reader_query_view(reader, VIEW_polls, &query, stop_at_once, &count, NULL),
			 0);
	assert_int_equal(count, 1);
	reader_key_finish(&page.last);
}

static int count_rows(const struct reader_row *row, void *data)
{
	(void)row;
	++*(int *)data;
	return 0;
}

static void one_moment(void **state)
{
	const struct view_query all = { 0 };
	struct reader_mark before, during, after;
	int first = 0, second = 0, third = 0;

	(void)state;
	assert_int_equal(reader_begin(reader, NULL), 0);
	assert_int_equal(reader_mark(reader, &before, NULL), 0);
	assert_int_equal(reader_query_view(reader, VIEW_polls, &all, count_rows, &first, NULL), 0);
	struct poll poll;
	poll_init(&fixture, &poll, listing, OUTCOME_PARTIAL);
	poll_commit(&fixture, &poll);
	assert_int_equal(reader_query_view(reader, VIEW_polls, &all, count_rows, &second, NULL), 0);
	assert_int_equal(reader_mark(reader, &during, NULL), 0);
	reader_end(reader);
	assert_int_equal(reader_query_view(reader, VIEW_polls, &all, count_rows, &third, NULL), 0);
	assert_int_equal(reader_mark(reader, &after, NULL), 0);
	assert_int_equal(first, second);
	assert_int_equal(third, first + 1);
	assert_memory_equal(&before, &during, sizeof(before));
	assert_int_equal(after.poll_id, before.poll_id + 1);
	assert_true(after.listings != before.listings); /* partial, no longer ok */
	assert_int_equal(after.created_at, before.created_at);
	assert_int_equal(before.images, IMAGES);
	assert_int_equal(before.last_seq,
			 atoll(fixture_query(&fixture, "SELECT max(seq) FROM changes")));
}

static void a_question_of_too_many_steps(void **state)
{
	const struct image_filter all = { 0 };
	struct error err = { 0 };
	int count = 0;

	(void)state;
	assert_int_equal(reader_begin(reader, NULL), 0);
	reader_limit(reader, 1000);
	assert_int_equal(reader_each_image(reader, &all, count_rows, &count, &err), -EINTR);
	assert_true(count < IMAGES);
	/* It is the same whenever it is asked. */
	int first = count;
	count = 0;
	reader_limit(reader, 1000);
	assert_int_equal(reader_each_image(reader, &all, count_rows, &count, &err), -EINTR);
	assert_int_equal(count, first);
	reader_end(reader);
	/* The next one may take as many as it wants. */
	count = 0;
	assert_int_equal(reader_each_image(reader, &all, count_rows, &count, &err), 0);
	assert_int_equal(count, IMAGES);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 5];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(pages_are_the_whole, &rows[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_page_may_be_ended);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(what_a_callback_returns);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_key_that_does_not_fit);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(one_moment);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_question_of_too_many_steps);
	return cmocka_run_group_tests_name("store page", tests, start, fixture_teardown_reader);
}
