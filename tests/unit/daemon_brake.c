#include "daemon/brake.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

/* With the defaults: more than 20 % and more than 10 rows; 12 polls over a day. */
static struct config config_of_tests(void)
{
	return (struct config){ .removal = { .brake_percent = 20,
					     .brake_rows = 10,
					     .hold_s = 24 * 3600,
					     .hold_polls = 12 } };
}

enum { KEY = 7, OTHER_KEY = 8, SET = 99, NOW = 1000000 };

/* clang-format off */
static const struct row {
	const char *name;
	size_t present, newly_absent, seen;
	uint64_t known_key;
	enum brake_verdict verdict;
	const char *why;       /* a part of the sentence */
	size_t missing, ended; /* before; reported as such before */
} rows[] = {
	{ "nothing absent",           100,  0,   100, KEY,       BRAKE_BELIEVED, "" },
	{ "few rows",                 20,   10,  10,  KEY,       BRAKE_BELIEVED, "" },
	{ "many rows, few percent",   1000, 200, 800, KEY,       BRAKE_BELIEVED, "" },
	{ "one more than both",       1000, 201, 799, KEY,       BRAKE_HELD,     "201 of 1000 images are gone at once" },
	{ "one more than the rows",   50,   11,  39,  KEY,       BRAKE_HELD,     "11 of 50 images" },
	{ "all gone",                 5,    5,   0,   KEY,       BRAKE_HELD,     "lists nothing where 5 images were" },
	{ "the last one gone",        1,    1,   0,   KEY,       BRAKE_HELD,     "lists nothing" },
	{ "was empty before",         0,    0,   0,   KEY,       BRAKE_BELIEVED, "" },
	{ "all but those that ended", 0,    0,   0,   KEY,       BRAKE_BELIEVED, "" },
	{ "one gone with a new key",  100,  1,   99,  OTHER_KEY, BRAKE_HELD,     "since the key of account 'prod' was changed" },
	{ "none gone with a new key", 100,  0,   100, OTHER_KEY, BRAKE_BELIEVED, "" },
	{ "one missing, with a new key", 100, 0, 100, OTHER_KEY,   BRAKE_HELD,     "1 of 101 images are gone since the key", 1 },
	{ "one missing, the same key", 100, 0,   100, KEY,       BRAKE_BELIEVED, "", 1 },
	{ "empty, and one was missing", 0,  0,   0,   KEY,       BRAKE_HELD,     "lists nothing where 3 images were", 1, 3 },
	{ "empty, as it was before",  0,    0,   0,   KEY,       BRAKE_BELIEVED, "", 5 },
	{ "no key known yet",         100,  1,   99,  0,         BRAKE_BELIEVED, "" },
};
/* clang-format on */

static void judges_row(void **state)
{
	const struct row *row = *state;
	struct config config = config_of_tests();
	struct store_guard guard = { .credential = row->known_key };
	struct brake_facts facts = { .present = row->present,
				     .listed = row->present + row->ended,
				     .newly_absent = row->newly_absent,
				     .absent = row->newly_absent + row->missing,
				     .seen = row->seen,
				     .absent_set = row->newly_absent + row->missing ? SET : 0,
				     .credential = KEY,
				     .account = "prod",
				     .listing_id = 3,
				     .passed_s = NOW };
	struct buf why;

	buf_init(&why);
	assert_int_equal(brake_judge(&facts, &config, &guard, &why), row->verdict);
	assert_non_null(strstr(buf_text(&why), row->why));
	if (row->verdict == BRAKE_HELD) {
		assert_non_null(strstr(buf_text(&why), "imagecat release 3"));
		assert_int_equal(guard.held_polls, 1);
		assert_int_equal(guard.held_from_s, NOW);
		assert_int_equal(guard.held_set, SET);
		assert_int_equal(guard.credential, row->known_key); /* not believed yet */
	} else {
		assert_int_equal(why.len, 0);
		assert_int_equal(guard.held_set, 0);
		assert_int_equal(guard.credential, KEY);
	}
	buf_finish(&why);
}

/* ---- an episode, poll by poll ------------------------------------------------------------ */

/* One poll a letter: a and b miss different images, '.' misses none, o: an operator released it
 * before. `verdicts`: h held, r released, '-' believed. */
/* clang-format off */
static const struct episode {
	const char *name;
	int64_t every_s;
	const char *polls, *verdicts;
} episodes[] = {
	{ "long enough, often enough", 2 * 3600,  "aaaaaaaaaaaaaa.",   "hhhhhhhhhhhhrhh" },
	{ "often, not long enough",    60,        "aaaaaaaaaaaaaaaa",  "hhhhhhhhhhhhhhhh" },
	{ "long, not often enough",    24 * 3600, "aaaaa",             "hhhhh" },
	{ "another set begins anew",   3 * 3600,  "aaaaaaaabaaaaaaaaaaaaa", "hhhhhhhhhhhhhhhhhhhhhr" },
	{ "ends when all are back",    3 * 3600,  "aaaaaaaa.aaaaaaaaaaaaa", "hhhhhhhh-hhhhhhhhhhhhr" },
	{ "an operator",               60,        "aao",               "hhr" },
	{ "an operator, other images", 60,        "aaOO",              "hhhh" },
};
/* clang-format on */

static void episode_row(void **state)
{
	const struct episode *e = *state;
	struct config config = config_of_tests();
	struct store_guard guard = { .credential = KEY };
	struct brake_facts facts = {
		.present = 100, .account = "prod", .credential = KEY, .passed_s = NOW
	};
	bool was_released = false;
	struct buf why;

	buf_init(&why);
	for (size_t i = 0; e->polls[i] && e->verdicts[i]; i++) {
		char poll = e->polls[i];
		if (poll == 'o' || (poll == 'O' && !was_released))
			guard.released = was_released = true;
		facts.newly_absent = poll == '.' ? 0 : 90;
		facts.absent = facts.newly_absent;
		facts.listed = 100;
		facts.seen = 100 - facts.newly_absent;
		facts.absent_set = poll == '.' ? 0 : poll == 'b' || poll == 'O' ? 2 : 1;
		buf_clear(&why);
		enum brake_verdict verdict = brake_judge(&facts, &config, &guard, &why);
		char letter = verdict == BRAKE_HELD ? 'h' : verdict == BRAKE_RELEASED ? 'r' : '-';
		/* After a release the rows are missing: they are not newly absent any more. */
		if (letter != e->verdicts[i])
			fail_msg("poll %zu: %c, not %c: %s", i + 1, letter, e->verdicts[i],
				 buf_text(&why));
		if (verdict != BRAKE_HELD) {
			assert_int_equal(guard.held_set, 0);
			assert_false(guard.released);
		}
		if (verdict == BRAKE_RELEASED) {
			assert_non_null(strstr(buf_text(&why), "believed"));
			break;
		}
		facts.passed_s += e->every_s;
	}
	buf_finish(&why);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(episodes)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(judges_row, &rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(episodes); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(episode_row, &episodes[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
