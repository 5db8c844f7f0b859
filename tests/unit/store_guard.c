/*
 * What is kept of a held drop from poll to poll, and what the feed says of it.
 */
#include <errno.h>

#include "store_fixture.h"

static struct store_guard guard_of(struct fixture *f, int64_t listing)
{
	struct store_guard guard = { 0 };

	assert_int_equal(store_load_guard(f->store, listing, &guard, &f->err), 0);
	return guard;
}

static void suspect_poll(struct fixture *f, int64_t listing, int64_t since, int64_t polls)
{
	struct poll poll;

	poll_init(f, &poll, listing, OUTCOME_SUSPECT);
	poll.log.error_class = CLASS_SUSPECT;
	poll.commit.held = 1;
	poll.commit.guard = (struct store_guard){
		.held_from_s = since, .held_polls = polls, .held_set = 99, .credential = 7
	};
	poll_commit(f, &poll);
}

static void is_kept_until_a_poll_is_believed(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	suspect_poll(f, listing, 1000, 3);
	fixture_reopen(f);
	struct store_guard guard = guard_of(f, listing);
	assert_int_equal(guard.held_from_s, 1000);
	assert_int_equal(guard.held_polls, 3);
	assert_int_equal(guard.held_set, 99);
	assert_int_equal(guard.credential, 7);
	assert_false(guard.released);

	/* A poll that proves nothing leaves it. */
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_commit(f, &poll);
	poll_init(f, &poll, listing, OUTCOME_FAILED);
	poll_commit(f, &poll);
	poll_init(f, &poll, listing, OUTCOME_ABORTED);
	poll_commit(f, &poll);
	assert_int_equal(guard_of(f, listing).held_polls, 3);

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll.commit.guard.credential = 8;
	poll_commit(f, &poll);
	guard = guard_of(f, listing);
	assert_int_equal(guard.held_polls + guard.held_from_s, 0);
	assert_int_equal(guard.held_set, 0);
	assert_int_equal(guard.credential, 8);
}

/* One `held` for an episode, one `released` at its end; the poll that believes counts as
 * complete. */
static void release_is_told_once(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	suspect_poll(f, listing, 1000, 1);
	suspect_poll(f, listing, 1000, 2);
	assert_int_equal(store_release(f->store, listing, &f->err), 0);
	assert_true(guard_of(f, listing).released);
	assert_int_equal(store_release(f->store, listing, &f->err), 0); /* twice does no harm */

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll.commit.believed = true;
	poll.commit.held = 1;
	poll_misses(f, &poll, "img-1");
	poll_commit(f, &poll);
	assert_query(f, "SELECT kind, fields FROM changes WHERE kind <> 'baseline' ORDER BY seq",
		     "held|{\"absent\":[0,1]}\nreleased|{\"absent\":[0,1]}\nmissing|NULL");
	assert_query(f, "SELECT held, missing FROM polls ORDER BY poll_id DESC LIMIT 1", "0|1");
	assert_query(f, "SELECT health FROM listings", "ok");
	assert_false(guard_of(f, listing).released);

	/* The next episode is told again. */
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	suspect_poll(f, listing, 2000, 1);
	assert_query(f, "SELECT count(*) FROM changes WHERE kind = 'held'", "2");
}

static void nothing_to_release(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	assert_int_equal(store_release(f->store, listing, &f->err), -EINVAL);
	assert_non_null(strstr(f->err.text, "nothing of listing 1 is held"));
	assert_int_equal(store_release(f->store, 4711, &f->err), -ENOENT);
	assert_false(guard_of(f, listing).released);
}

/* Another listing's guard stays as it is. */
static void guards_one_listing(void **state)
{
	struct fixture *f = *state;
	int64_t a = fixture_listing(f, "prod", "uhost"), b = fixture_listing(f, "other", "uhost");

	suspect_poll(f, a, 1000, 1);
	suspect_poll(f, b, 1000, 5);
	assert_int_equal(store_release(f->store, a, &f->err), 0);
	assert_false(guard_of(f, b).released);
	assert_int_equal(guard_of(f, b).held_polls, 5);
	assert_int_equal(guard_of(f, a).held_polls, 1);
}

/* An image that the cloud itself said would end is known as such, also after a start. */
static void final_images_are_known(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");

	record.state = "deleted";
	fixture_poll(f, listing, record);
	assert_true(fixture_known(f, listing, "img-1").final);
	record.state = "available";
	fixture_poll(f, listing, record);
	assert_false(fixture_known(f, listing, "img-1").final);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(is_kept_until_a_poll_is_believed),
		CASE(release_is_told_once),
		CASE(nothing_to_release),
		CASE(guards_one_listing),
		CASE(final_images_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
