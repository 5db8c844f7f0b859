/*
 * What the catalog keeps of time, and which of its times it warns of.
 */
#include <errno.h>

#include "store_fixture.h"

static void is_kept(void **state)
{
	struct fixture *f = *state;
	struct timekeeper t = { 1, 1, 1, 1, 1, 1, 1 };

	assert_int_equal(store_load_time(f->store, &t, &f->err), 0);
	assert_int_equal(t.passed_ms | t.time_ms | t.wall_ms | t.looked_ms | t.jumps, 0);
	t = (struct timekeeper){
		.passed_ms = 11, .time_ms = 12, .wall_ms = 13, .looked_ms = 14, .jumps = 5
	};
	assert_int_equal(store_keep_time(f->store, &t, &f->err), 0);
	fixture_reopen(f);
	assert_int_equal(store_load_time(f->store, &t, &f->err), 0);
	assert_int_equal(t.passed_ms, 11);
	assert_int_equal(t.time_ms, 12);
	assert_int_equal(t.wall_ms, 13);
	assert_int_equal(t.looked_ms, 14);
	assert_int_equal(t.jumps, 0);
	assert_query(f, "SELECT count(*) FROM catalog_info", "4"); /* nobody else's business */
}

static void a_row_that_is_gone_is_told(void **state)
{
	struct fixture *f = *state;
	struct timekeeper t = { 0 };

	fixture_exec(f, "DELETE FROM _clock");
	assert_int_equal(store_load_time(f->store, &t, &f->err), -EBADMSG);
	assert_non_null(strstr(f->err.text, "row of time"));
	assert_true(store_keep_time(f->store, &t, &f->err) < 0);
}

/* The poll's flag is on what it changed, for longer than the poll is kept. */
static void a_poll_flags_its_changes(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll.log.clock_jump = true;
	poll_sees(&poll, fixture_record("img-1", "two"));
	poll_commit(f, &poll);
	fixture_poll(f, listing, fixture_record("img-1", "three"));
	assert_query(f, "SELECT poll_id, clock_jump FROM polls", "1|0\n2|1\n3|0");
	assert_int_equal(store_prune(f->store, f->now, 0, 1, &f->err), 0);
	assert_query(f, "SELECT seq, poll_id, clock_jump FROM changes", "1|1|0\n2|2|1\n3|3|0");
}

/* A change that no poll noticed is dated by the same clock. */
static void an_account_that_goes_is_flagged(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct timekeeper t = { .time_ms = f->now * 1000 };

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	assert_int_equal(store_keep_time(f->store, &t, &f->err), 0);
	assert_int_equal(store_disable(f->store, listing, &f->err), 0);
	f->now -= 2 * 86400;
	fixture_listing(f, "prod", "uhost");
	assert_query(f, "SELECT kind, clock_jump FROM changes WHERE poll_id IS NULL",
		     "disabled|0\nenabled|1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(is_kept),
		CASE(a_row_that_is_gone_is_told),
		CASE(a_poll_flags_its_changes),
		CASE(an_account_that_goes_is_flagged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
