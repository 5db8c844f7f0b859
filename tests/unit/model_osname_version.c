/*
 * The order of versions: what `latest` means when no version is asked for.
 */
#include "model/osname.h"
#include "test.h"

struct order {
	const char *name, *a, *b;
	int want;
};

/* clang-format off */
static const struct order orders[] = {
	{ "numbers, not letters",        "9",       "10.1",    -1 },
	{ "nothing sorts first",         NULL,      "1",       -1 },
	{ "nothing equals nothing",      NULL,      NULL,       0 },
	{ "nothing before an empty one", NULL,      "",        -1 },
	{ "a release after its base",    "2012",    "2012 R2", -1 },
	{ "a release before the next",   "2012 R2", "2016",    -1 },
	{ "a point after its base",      "22.04",   "22.04.3", -1 },
	{ "points by number",            "22.04.9", "22.04.10", -1 },
	{ "month by number",             "22.04",   "22.10",   -1 },
	{ "the same",                    "7.9",     "7.9",      0 },
	{ "leading zeros do not count",  "22.04",   "22.4",     0 },
	{ "service packs by number",     "15 SP4",  "15 SP10", -1 },
	{ "case does not count",         "10 sp2",  "10 SP2",   0 },
	{ "words before numbers",        "XP",      "7",       -1 },
	{ "Vista before XP, by letter",  "Vista",   "XP",      -1 },
	{ "longer than any integer",     "99999999999999999999998", "99999999999999999999999", -1 },
	{ "an empty one before zero",    "",        "0",       -1 },
};
/* clang-format on */

static void versions_compare(void **state)
{
	const struct order *row = *state;
	int forth = osname_compare_versions(row->a, row->b);
	int back = osname_compare_versions(row->b, row->a);

	assert_int_equal((forth > 0) - (forth < 0), row->want);
	assert_int_equal((back > 0) - (back < 0), -row->want);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(orders)];

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(versions_compare, &orders[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
