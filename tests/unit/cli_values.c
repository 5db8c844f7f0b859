/*
 * Ages, moments and lists as people write them.
 */
#include "cli/values.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/test.h"

enum { NOW = 1795161600, WRONG = -1 }; /* 2026-11-20T08:00:00Z */

static const struct row {
	const char *name;
	int64_t want;
} rows[] = {
	/* clang-format off */
	{ "90s", NOW - 90 },
	{ "10m", NOW - 600 },
	{ "6h", NOW - 21600 },
	{ "7d", NOW - 604800 },
	{ "0d", NOW },
	{ "@1795161600", NOW },
	{ "2026-11-20T08:00:00Z", NOW },
	{ "2026-11-20T08:00Z", NOW },
	{ "2026-11-20 08:00:30z", NOW + 30 },
	{ "2026-11-20T16:00+08:00", NOW },
	{ "2026-11-20T16:00+0800", NOW },
	{ "2026-11-20T04:30-03:30", NOW },
	{ "2026-11-20T08:00", NOW - 3 * 3600 }, /* the zone of the test is UTC+3 */
	{ "2026-11-20", NOW - 11 * 3600 },
	{ "2024-02-29", 1709164800 - 3 * 3600 },
	{ "2023-02-29", WRONG },
	{ "2026-13-01", WRONG },
	{ "2026-11-20T24:00", WRONG },
	{ "2026-11-20T08:60", WRONG },
	{ "2026-11-20T08", WRONG },
	{ "2026-11-20T08:00+8", WRONG },
	{ "2026-11-20T08:00+15:00", WRONG },
	{ "2026-11-20T08:00Zulu", WRONG },
	{ "2026-11-2", WRONG },
	{ "26-11-20", WRONG },
	{ "@", WRONG },
	{ "@-5", WRONG },
	{ "7", WRONG },
	{ "d", WRONG },
	{ "-7d", WRONG },
	{ "7d ", WRONG },
	{ "7w", WRONG },
	{ "99999999999999d", WRONG },
	{ "", WRONG },
	/* clang-format on */
};

static void reads_a_moment(void **state)
{
	const struct row *row = *state;
	int64_t got = 42;

	bool ok = value_moment(row->name, NOW, &got);
	assert_int_equal(ok, row->want != WRONG);
	if (ok)
		assert_int_equal(got, row->want);
}

static void splits(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	const char *const *list = value_split(&arena, "a,,bc,", ',');
	assert_string_equal(list[0], "a");
	assert_string_equal(list[1], "");
	assert_string_equal(list[2], "bc");
	assert_string_equal(list[3], "");
	assert_null(list[4]);
	list = value_split(&arena, "", ',');
	assert_string_equal(list[0], "");
	assert_null(list[1]);
	arena_finish(&arena);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(splits) };

	setenv("TZ", "XST-3", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest)TEST_ROW(reads_a_moment, &rows[i]);
	return _cmocka_run_group_tests("values", tests, ARRAY_LEN(tests), NULL, NULL);
}
