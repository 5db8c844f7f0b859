#include "base/clock.h"

#include <stdio.h>

#include "test.h"

struct moment {
	const char *name; /* the text */
	int64_t unix_s;
};

/* clang-format off */
static const struct moment moments[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1969-12-31T23:59:59Z", -1 },
	{ "2026-11-21T03:50:21Z", INT64_C(1795233021) },
	{ "2000-02-29T12:00:00Z", INT64_C(951825600) },
	{ "2038-01-19T03:14:08Z", INT64_C(2147483648) },
	{ "0000-01-01T00:00:00Z", INT64_C(-62167219200) },
	{ "0036-12-26T11:33:20Z", INT64_C(-61000000000) },
	{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
	{ "?",                    INT64_C(253402300800) },
	{ "?",                    INT64_C(-62167219201) },
	{ "?",                    INT64_MAX },
	{ "?",                    INT64_MIN },
};

struct day {
	const char *name;
	int64_t year, month, day, days; /* -1: no such date */
};
static const struct day dates[] = {
	{ "the epoch",               1970, 1, 1, 0 },
	{ "a leap day",              2000, 2, 29, 11016 },
	{ "the day after it",        2000, 3, 1, 11017 },
	{ "a year divisible by 4",   2024, 2, 29, 19782 },
	{ "the end of a year",       2023, 12, 31, 19722 },
	{ "the beginning of one",    2024, 1, 1, 19723 },
	{ "no leap day in 1900",     1900, 2, 29, -1 },
	{ "no leap day in 2023",     2023, 2, 29, -1 },
	{ "no 31 April",             2024, 4, 31, -1 },
	{ "no 30 February",          2024, 2, 30, -1 },
	{ "no month 0",              2024, 0, 1, -1 },
	{ "no month 13",             2024, 13, 1, -1 },
	{ "no day 0",                2024, 1, 0, -1 },
	{ "no day 32",               2024, 1, 32, -1 },
	{ "no year 0",               0, 1, 1, -1 },
	{ "no year 10000",           10000, 1, 1, -1 },
	{ "no huge month",           2024, INT64_MAX, 1, -1 },
	{ "no huge year",            INT64_MIN, 1, 1, -1 },
};
/* clang-format on */

static void moment_is_written(void **state)
{
	const struct moment *row = *state;
	char text[CLOCK_TEXT_SIZE];

	assert_ptr_equal(clock_text(row->unix_s, text), text);
	assert_string_equal(text, row->name);
}

static void date_is_counted(void **state)
{
	const struct day *row = *state;
	int64_t days = 77;

	assert_int_equal(clock_days(row->year, row->month, row->day, &days), row->days >= 0);
	assert_int_equal(days, row->days >= 0 ? row->days : 77); /* untouched on failure */
}

/* Four centuries, day by day: every date is one day after the date before it, as clock_text() says.
 */
static void dates_agree_with_the_clock(void **state)
{
	int64_t counted = -1;

	(void)state;
	assert_true(clock_days(1700, 1, 1, &counted));
	for (int64_t year = 1700; year < 2110; year++) {
		for (int64_t month = 1; month <= 12; month++) {
			for (int64_t day = 1; day <= 31; day++) {
				char text[CLOCK_TEXT_SIZE], want[CLOCK_TEXT_SIZE];
				int64_t days;
				if (!clock_days(year, month, day, &days))
					continue;
				assert_int_equal(days, counted++);
				snprintf(want, sizeof(want), "%04d-%02d-%02dT00:00:00Z",
					 (int)(year % 10000), (int)month, (int)day);
				assert_string_equal(clock_text(days * 86400, text), want);
			}
		}
	}
}

static uint64_t drawn(const struct env *env)
{
	uint64_t *next = env->data;

	return (*next)++;
}

static uint64_t highest(const struct env *env)
{
	(void)env;
	return UINT64_MAX;
}

static void between_reaches_both_ends_and_no_further(void **state)
{
	uint64_t next = UINT64_C(12345678901234);
	struct env env = { .random = drawn, .data = &next };
	bool seen[7] = { false };

	(void)state;
	for (int i = 0; i < 100; i++) {
		int64_t n = env_between(&env, -3, 3);
		assert_true(n >= -3 && n <= 3);
		seen[n + 3] = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_true(seen[i]);
	assert_int_equal(env_between(&env, 5, 5), 5);
	assert_int_equal(env_between(&env, 9, 5), 9);
}

static void between_takes_the_widest_range(void **state)
{
	struct env env = { .random = highest };

	(void)state;
	assert_int_equal(env_between(&env, INT64_MIN, INT64_MAX), INT64_MAX);
	int64_t n = env_between(&env, INT64_MIN, INT64_MAX - 1);
	assert_true(n <= INT64_MAX - 1);
	assert_in_range(env_between(&env, 0, INT64_MAX), 0, INT64_MAX);
}

static void the_system_has_a_clock(void **state)
{
	const struct env *env = env_system();
	int64_t before = env->now_ms(env);

	(void)state;
	assert_true(env->now_ms(env) >= before);
	assert_true(env->now_s(env) > INT64_C(1700000000));
	uint64_t a = env->random(env), b = env->random(env), c = env->random(env);
	assert_false(a == b && b == c);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(moments) + ARRAY_LEN(dates) + 4] = { { 0 } };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(moments); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(moment_is_written, &moments[i]);
	for (size_t i = 0; i < ARRAY_LEN(dates); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(date_is_counted, &dates[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(dates_agree_with_the_clock);
	tests[count++] =
		(struct CMUnitTest)cmocka_unit_test(between_reaches_both_ends_and_no_further);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(between_takes_the_widest_range);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_system_has_a_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
