/*
 * What is wrong with an image that is used, and the lists of ids that teams keep.
 */
#include "cli/verdict.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

/* presence, state, launchable, stale, end of life, missing since, removed at, why */
#define FACTS(p, s, l, t, e, m, r, w)                                                              \
	{                                                                                          \
		.presence = (p), .state = (s), .removed_at = (r), .removed_reason = (w),           \
		.missing_since_at = (m), .eol_on = (e), .launchable = (l), .stale = (t)            \
	}

static const struct row {
	const char *name;
	struct facts facts;
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "good", FACTS("present", "available", 1, false, "", "", "", ""), "" },
	{ "gone", FACTS("removed", "available", 1, false, "", "", "T", "absent"),
	  "gone: removed T: the cloud lists it no more\n" },
	{ "reported", FACTS("removed", "available", 1, false, "", "", "T", "reported"),
	  "gone: removed T: the cloud said so before it listed it no more\n" },
	{ "not configured", FACTS("removed", "available", 1, false, "", "", "T", "account-removed"),
	  "gone: removed T: its listing is no longer configured\n" },
	{ "gone and nothing else", FACTS("removed", "available", 0, true, "2000-01-01", "", "", ""),
	  "gone: removed : the cloud lists it no more\n" },
	{ "missing", FACTS("missing", "available", 1, false, "", "T", "", ""), "missing: not in the last complete poll, since T\n" },
	{ "deprecated", FACTS("present", "deprecated", 0, false, "", "", "", ""), "deprecated: the cloud will withdraw it\n" },
	{ "not launchable", FACTS("present", "pending", 0, false, "", "", "", ""), "not-launchable: its state is pending\n" },
	{ "of an unknown state", FACTS("present", "unknown", -1, false, "", "", "", ""), "not-launchable: whether it can be launched is not known\n" },
	{ "stale", FACTS("present", "available", 1, true, "", "", "", ""), "stale: its listing was not read whole for long: see imagecat status\n" },
	{ "end of life was", FACTS("present", "available", 1, false, "2026-11-20", "", "", ""), "eol: was at its end of life 2026-11-20\n" },
	{ "end of life is today", FACTS("present", "available", 1, false, "2026-11-21", "", "", ""), "eol: reaches its end of life 2026-11-21\n" },
	{ "end of life comes", FACTS("present", "available", 1, false, "2027-02-19", "", "", ""), "eol: reaches its end of life 2027-02-19\n" },
	{ "end of life is far", FACTS("present", "available", 1, false, "2027-02-20", "", "", ""), "" },
	{ "all at once", FACTS("missing", "deprecated", -1, true, "2000-01-01", "T", "", ""),
	  "missing: not in the last complete poll, since T\ndeprecated: the cloud will withdraw it\n"
	  "not-launchable: whether it can be launched is not known\n"
	  "stale: its listing was not read whole for long: see imagecat status\neol: was at its end of life 2000-01-01\n" },
	/* clang-format on */
};

static void judges(void **state)
{
	const struct row *row = *state;
	struct problem problems[PROBLEMS_MAX];
	char text[1024] = "";

	size_t count = verdict(&row->facts, "2026-11-21", "2027-02-19", problems);
	for (size_t i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s: %s\n", problems[i].word, problems[i].detail);
	assert_string_equal(text, row->want);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(judges, &rows[i]);
	return _cmocka_run_group_tests("verdict", tests, ARRAY_LEN(tests), NULL, NULL);
}
