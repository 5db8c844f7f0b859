#include "daemon/backoff.h"

#include "tests/test.h"

enum { HOUR = 3600, DAY = 86400 };

/* clang-format off */
static const struct row {
	const char *name;
	enum outcome outcome;
	enum error_class class;
	int64_t interval_s;
	int64_t waits[6]; /* after the first, second … failure in a row; 0: the plain interval */
} rows[] = {
	{ "complete",     OUTCOME_COMPLETE, CLASS_NONE,        600,  { 0, 0, 0, 0, 0, 0 } },
	{ "partial",      OUTCOME_PARTIAL,  CLASS_INCOMPLETE,  600,  { 0, 0, 0, 0, 0, 0 } },
	{ "partial, half of it unavailable", OUTCOME_PARTIAL, CLASS_UNAVAILABLE, 600, { 0, 0, 0, 0, 0, 0 } },
	{ "suspect",      OUTCOME_SUSPECT,  CLASS_SUSPECT,     600,  { 0, 0, 0, 0, 0, 0 } },
	{ "aborted",      OUTCOME_ABORTED,  CLASS_NONE,        600,  { 0, 0, 0, 0, 0, 0 } },
	{ "network",      OUTCOME_FAILED,   CLASS_NETWORK,     600,  { 1200, 2400, HOUR, HOUR, HOUR, HOUR } },
	{ "timeout",      OUTCOME_FAILED,   CLASS_TIMEOUT,     60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "tls",          OUTCOME_FAILED,   CLASS_TLS,         60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "http",         OUTCOME_FAILED,   CLASS_HTTP,        60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "unavailable",  OUTCOME_FAILED,   CLASS_UNAVAILABLE, 1,    { 2, 4, 8, 16, 32, 64 } },
	{ "malformed",    OUTCOME_FAILED,   CLASS_MALFORMED,   60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "oversized",    OUTCOME_FAILED,   CLASS_OVERSIZED,   60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "throttled",    OUTCOME_FAILED,   CLASS_THROTTLED,   60,   { 120, 240, 480, 960, 1920, HOUR } },
	{ "throttled half-way", OUTCOME_PARTIAL, CLASS_THROTTLED, 60, { 120, 240, 480, 960, 1920, HOUR } },
	{ "auth",         OUTCOME_FAILED,   CLASS_AUTH,        60,   { 240, 960, HOUR, HOUR, HOUR, HOUR } },
	{ "permission",   OUTCOME_FAILED,   CLASS_PERMISSION,  60,   { HOUR, HOUR, HOUR, HOUR, HOUR, HOUR } },
	{ "permission, every second", OUTCOME_FAILED, CLASS_PERMISSION, 1, { HOUR, HOUR, HOUR, HOUR, HOUR, HOUR } },
	{ "parameter",    OUTCOME_FAILED,   CLASS_PARAMETER,   600,  { 0, 0, 0, 0, 0, 0 } },
	{ "no list",      OUTCOME_FAILED,   CLASS_INCOMPLETE,  600,  { 0, 0, 0, 0, 0, 0 } },
	{ "our own disk", OUTCOME_FAILED,   CLASS_INTERNAL,    600,  { 0, 0, 0, 0, 0, 0 } },
	{ "never shorter than the interval", OUTCOME_FAILED, CLASS_NETWORK, 2 * HOUR, { 0, 0, 0, 0, 0, 0 } },
	{ "an hour is an hour", OUTCOME_FAILED, CLASS_AUTH, HOUR,    { 0, 0, 0, 0, 0, 0 } },
	{ "a month",      OUTCOME_FAILED,   CLASS_PERMISSION,  30 * DAY, { 0, 0, 0, 0, 0, 0 } },
};
/* clang-format on */

static void waits_row(void **state)
{
	const struct row *row = *state;

	for (int64_t n = 1; n <= (int64_t)ARRAY_LEN(row->waits); n++)
		assert_int_equal(backoff_s(row->outcome, row->class, n, row->interval_s),
				 row->waits[n - 1]);
	int64_t last = row->waits[5];
	if (row->interval_s >= 60)
		assert_int_equal(backoff_s(row->outcome, row->class, INT64_MAX, row->interval_s),
				 last);
}

/* Whatever fails, in all combinations: within the interval and an hour. */
static void stays_within_bounds(void **state)
{
	static const int64_t intervals[] = { 1, 7, 600, 3599, 3600, 3601, 86400, 30 * 86400 };

	(void)state;
	for (int o = 0; o < OUTCOME_COUNT; o++)
		for (int c = 0; c < CLASS_COUNT; c++)
			for (size_t i = 0; i < ARRAY_LEN(intervals); i++)
				for (int64_t n = 0; n < 70; n++) {
					int64_t wait =
						backoff_s((enum outcome)o, (enum error_class)c, n,
							  intervals[i]);
					assert_true(wait == 0 || wait > intervals[i]);
					assert_true(wait <= HOUR);
				}
}

static void counts_failures(void **state)
{
	(void)state;
	assert_true(backoff_counts(OUTCOME_FAILED, CLASS_PARAMETER));
	assert_true(backoff_counts(OUTCOME_PARTIAL, CLASS_THROTTLED));
	assert_false(backoff_counts(OUTCOME_PARTIAL, CLASS_NETWORK));
	assert_false(backoff_counts(OUTCOME_COMPLETE, CLASS_NONE));
	assert_false(backoff_counts(OUTCOME_SUSPECT, CLASS_SUSPECT));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 2];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(waits_row, &rows[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(stays_within_bounds);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(counts_failures);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
