/*
 * What is old goes, oldest first and a few thousand rows at a time; what stays is a whole history,
 * and no number comes back.
 */
#include "store_fixture.h"

/* Ten polls, a minute apart; the first is the baseline, each other one changes the image. */
static void ten_polls(struct fixture *f)
{
	char name[32];

	fixture_make(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int i = 1; i <= 10; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		fixture_poll(f, listing, fixture_record("img-1", name));
	}
}

/* clang-format off */
static const struct row {
	const char *name;
	int64_t keep_history_s, keep_polls_s;
	const char *left; /* first seq, changes, first revision, revisions, first poll, polls */
} rows[] = {
	{ "0 keeps for ever",                0,   0,   "1|10|1|9|1|10" },
	{ "longer than there is",            600, 600, "1|10|1|9|1|10" },
	{ "exactly as old stays",            540, 540, "1|10|1|9|1|10" },
	{ "a second older goes",             539, 539, "2|9|1|9|2|9" },
	{ "the revision goes with its entry", 479, 0,  "3|8|2|8|1|10" },
	{ "history only",                    179, 0,   "8|3|7|3|1|10" },
	{ "polls only",                      0,   179, "1|10|1|9|8|3" },
	{ "polls sooner than history",       359, 59,  "5|6|4|6|10|1" },
	{ "history sooner than polls",       59,  359, "10|1|9|1|5|6" },
};
/* clang-format on */

static const char left_sql[] =
	"SELECT (SELECT min(seq) FROM _changes), (SELECT count(*) FROM _changes),"
	" (SELECT min(revision) FROM _revisions), (SELECT count(*) FROM _revisions),"
	" (SELECT min(poll_id) FROM _polls), (SELECT count(*) FROM _polls)";

static void leaves(void **state)
{
	const struct row *row = *state;
	struct fixture *f = &fixture;

	ten_polls(f);
	assert_int_equal(store_prune(f->store, f->now, row->keep_history_s, row->keep_polls_s,
				     &f->err),
			 0);
	assert_query(f, left_sql, row->left);
	fixture_check_whole(f);
	fixture_poll(f, 1, fixture_record("img-1", "after"));
	assert_query(f, "SELECT max(seq), max(poll_id) FROM changes", "11|11");
	fixture_check_whole(f);
	fixture_end(f);
}

static void numbers_go_on_when_all_is_gone(void **state)
{
	struct fixture *f = &fixture;

	(void)state;
	ten_polls(f);
	f->now += 1000;
	assert_int_equal(store_prune(f->store, f->now, 1, 1, &f->err), 0);
	assert_query(f, left_sql, "NULL|0|NULL|0|10|1"); /* the newest poll stays */
	fixture_check_whole(f);
	fixture_reopen(f);
	fixture_poll(f, 1, fixture_record("img-1", "after"));
	assert_query(f, "SELECT seq, poll_id, revision FROM changes", "11|11|11");
	fixture_check_whole(f);
	fixture_end(f);
}

/* The clock went back: what was written later looks older. Nothing is torn out of the middle. */
static void a_clock_that_went_back(void **state)
{
	struct fixture *f = &fixture;

	(void)state;
	ten_polls(f);
	f->now -= 2000;
	fixture_poll(f, 1, fixture_record("img-1", "earlier"));
	fixture_check_whole(f);
	f->now += 2000;
	assert_int_equal(store_prune(f->store, f->now, 700, 700, &f->err), 0);
	assert_query(f, left_sql, "1|11|1|10|1|11"); /* behind younger ones */
	assert_int_equal(store_prune(f->store, f->now, 300, 300, &f->err), 0);
	fixture_check_whole(f);
	fixture_end(f);
}

/* The clock began in 1970: how old that is, only what comes behind it says. */
static void what_a_wrong_clock_dated_is_not_old(void **state)
{
	struct fixture *f = &fixture;
	int64_t right = env_system()->now_s(env_system());
	struct poll poll;

	(void)state;
	fixture_make(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int i = 0; i < 3; i++) {
		f->now = i < 2 ? 100 * i : right;
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		poll.log.clock_jump = true;
		poll_sees(&poll, fixture_record("img-1", i % 2 ? "uno" : "one"));
		poll_commit(f, &poll);
	}
	fixture_poll(f, listing, fixture_record("img-1", "two"));
	assert_int_equal(store_prune(f->store, right + 1000, 3600, 3600, &f->err), 0);
	assert_query(f, left_sql, "1|4|1|3|1|4");
	assert_query(f, "SELECT group_concat(clock_jump, '') FROM changes", "1110");
	assert_int_equal(store_prune(f->store, right + 3660, 3600, 3600, &f->err), 0);
	assert_query(f, left_sql, "1|4|1|3|1|4"); /* the third is old, but is it? */
	fixture_poll(f, listing, fixture_record("img-1", "three"));
	assert_int_equal(store_prune(f->store, right + 3721, 3600, 3600, &f->err), 0);
	assert_query(f, left_sql, "5|1|4|1|5|1"); /* the fourth is */
	fixture_check_whole(f);
	fixture_end(f);
}

/* The clock was a year ahead for a poll: what came behind it grows old all the same, and it with
 * that; and where the clock that is trusted is behind, what is later than it is not old. */
static void what_is_dated_later_holds_up_nothing(void **state)
{
	struct fixture *f = &fixture;
	const int64_t year = 31536000;

	(void)state;
	ten_polls(f);
	f->now += year;
	fixture_poll(f, 1, fixture_record("img-1", "later"));
	f->now -= year;
	fixture_poll(f, 1, fixture_record("img-1", "twelve"));
	fixture_poll(f, 1, fixture_record("img-1", "thirteen"));
	assert_int_equal(store_prune(f->store, f->now - 300, 300, 300, &f->err), 0);
	assert_query(f, left_sql, "3|11|2|11|3|11");
	assert_int_equal(store_prune(f->store, f->now, 120, 120, &f->err), 0);
	assert_query(f, left_sql, "11|3|10|3|11|3"); /* nothing old is behind the later one */
	assert_int_equal(store_prune(f->store, f->now, 59, 59, &f->err), 0);
	assert_query(f, left_sql, "13|1|12|1|13|1");
	fixture_check_whole(f);
	fixture_end(f);
}

/* Its entry stays behind younger ones, so the revision that it tells of stays as well. */
static void a_revision_stays_while_it_is_told_of(void **state)
{
	struct fixture *f = &fixture;

	(void)state;
	fixture_make(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	fixture_poll(f, listing, fixture_record("img-2", "two"));
	f->now -= 2000;
	fixture_poll(f, listing, fixture_record("img-1", "uno"));
	f->now += 2000;
	assert_int_equal(store_prune(f->store, f->now, 1000, 0, &f->err), 0);
	assert_query(f, left_sql, "1|3|1|1|1|3");
	fixture_check_whole(f);
	fixture_end(f);
}

/* Changed before the baseline: no entry tells of it, its own age counts. */
static void an_untold_revision_stays_until_it_is_old(void **state)
{
	struct fixture *f = &fixture;
	struct poll poll;

	(void)state;
	fixture_make(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int i = 0; i < 2; i++) {
		poll_init(f, &poll, listing, OUTCOME_PARTIAL);
		poll_sees(&poll, fixture_record("img-1", i ? "uno" : "one"));
		poll_commit(f, &poll);
	}
	assert_int_equal(store_prune(f->store, f->now, 100, 0, &f->err), 0);
	assert_query(f, "SELECT revision FROM revisions", "1");
	f->now += 200;
	fixture_poll(f, listing, fixture_record("img-1", "uno"));
	assert_int_equal(store_prune(f->store, f->now, 100, 0, &f->err), 0);
	assert_query(f, "SELECT (SELECT count(*) FROM revisions), (SELECT count(*) FROM changes)",
		     "0|1");
	fixture_check_whole(f);
	fixture_end(f);
}

/* Every image changes: entries and revisions by the thousand. */
static void many_go_in_batches(void **state)
{
	enum { MANY = 6000 };
	struct fixture *f = &fixture;
	struct poll poll;
	char id[16];
	int calls = 0, more;

	(void)state;
	fixture_make(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int round = 0; round < 2; round++) {
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		for (int i = 0; i < MANY; i++) {
			snprintf(id, sizeof(id), "img-%d", i);
			poll_sees(&poll, fixture_record(id, round ? "after" : "before"));
		}
		poll_commit(f, &poll);
	}
	f->now += 1000;
	do {
		const char *before = fixture_query(f, "SELECT (SELECT count(*) FROM _changes) + "
						      "(SELECT count(*) FROM _revisions)");
		int64_t had = atoll(before);
		more = store_prune(f->store, f->now, 10, 0, &f->err);
		int64_t has = atoll(fixture_query(f, "SELECT (SELECT count(*) FROM _changes) + "
						     "(SELECT count(*) FROM _revisions)"));
		assert_true(more == 0 || more == 1);
		assert_true(had - has < 10000);
		assert_true(more == 0 || has < had);
		fixture_check_whole(f);
		calls++;
	} while (more);
	assert_query(f,
		     "SELECT (SELECT count(*) FROM _changes) + (SELECT count(*) FROM _revisions)",
		     "0");
	assert_true(calls >= 3);
	fixture_end(f);
}

int main(void)
{
	static struct CMUnitTest row_tests[ARRAY_LEN(rows)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_on_when_all_is_gone),
		cmocka_unit_test(a_clock_that_went_back),
		cmocka_unit_test(what_a_wrong_clock_dated_is_not_old),
		cmocka_unit_test(what_is_dated_later_holds_up_nothing),
		cmocka_unit_test(a_revision_stays_while_it_is_told_of),
		cmocka_unit_test(an_untold_revision_stays_until_it_is_old),
		cmocka_unit_test(many_go_in_batches),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		row_tests[i] = (struct CMUnitTest)TEST_ROW(leaves, &rows[i]);
	int failed = cmocka_run_group_tests_name("prune", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("prune rows", row_tests, NULL, NULL);
}
