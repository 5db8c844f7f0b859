/*
 * The first line of status: what is not well is named in it.
 */
#include "cli/summary.h"

#include <string.h>

#include "tests/test.h"

/* "ok ok! partial": a listing each, "!" for stale; one image each unless said otherwise. */
static const struct row {
	const char *name, *listings, *want;
	int64_t images;
	size_t unhealthy;
} rows[] = {
	/* clang-format off */
	{ "none", "", "0 listings; 0 images\n", 0, 0 },
	{ "one", "ok", "1 listing, all healthy; 1 image\n", 1, 0 },
	{ "two", "ok ok", "2 listings, all healthy; 4 images\n", 2, 0 },
	{ "a disabled one is no trouble", "ok disabled", "2 listings, all healthy; 0 images\n", 0, 0 },
	{ "partial", "ok partial ok", "3 listings: 2 ok, 1 partial; 6 images\n", 2, 0 },
	{ "suspect", "suspect", "1 listing: 1 suspect; 1 image\n", 1, 0 },
	{ "new", "ok new", "2 listings: 1 ok, 1 new; 0 images\n", 0, 0 },
	{ "failing and auth", "auth failing ok", "3 listings: 1 ok, 1 failing, 1 auth; 0 images\n", 0, 2 },
	{ "stale", "ok! ok", "2 listings: 2 ok, 1 stale; 0 images\n", 0, 1 },
	{ "stale and failing counts once", "failing! partial!", "2 listings: 1 partial, 1 failing, 2 stale; 2 images\n", 1, 2 },
	{ "a word of a newer release", "resting ok", "2 listings: 1 ok; 0 images\n", 0, 0 },
	/* clang-format on */
};

static void sums_up(void **state)
{
	const struct row *row = *state;
	struct summary summary = { 0 };
	struct buf out;

	for (const char *at = row->listings; *at; at += strspn(at, " ")) {
		char health[16] = "";
		size_t len = strcspn(at, " "), word = strcspn(at, " !");
		memcpy(health, at, word);
		summary_add(&summary, health, word < len, row->images);
		at += len;
	}
	buf_init(&out);
	summary_put(&out, &summary);
	assert_string_equal(buf_text(&out), row->want);
	assert_int_equal(summary.unhealthy, row->unhealthy);
	buf_finish(&out);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(sums_up, &rows[i]);
	return _cmocka_run_group_tests("summary", tests, ARRAY_LEN(tests), NULL, NULL);
}
