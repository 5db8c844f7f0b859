/*
 * How images go and come back, and when two rows are one image.
 */
#include "store_fixture.h"

#include <errno.h>

/* ---- presence
 * ------------------------------------------------------------------------------------ */

static void absent_twice_is_removed(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;
	char expected[128];

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	int64_t seen_at = f->now;

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_misses(f, &poll, "img-1");
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
	assert_int_equal(poll.absent[0].presence, PRESENCE_MISSING);
	assert_int_equal(poll.commit.missing, 1);
	assert_int_equal(poll.commit.images_present, 0);
	poll_end(&poll);
	int64_t missing_at = f->now;
	snprintf(expected, sizeof(expected), "missing|%lld|%lld", (long long)seen_at,
		 (long long)missing_at);
	assert_query(f, "SELECT presence, last_seen_at, missing_since_at FROM images", expected);

	/* What is not complete neither counts nor resets. */
	poll_init(f, &poll, listing, OUTCOME_FAILED);
	poll.log.error_class = CLASS_NETWORK;
	poll_commit(f, &poll);
	assert_query(f, "SELECT presence FROM images", "missing");

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_misses(f, &poll, "img-1");
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
	assert_int_equal(poll.absent[0].presence, PRESENCE_REMOVED);
	assert_int_equal(poll.commit.removed, 1);
	poll_end(&poll);
	assert_query(f, "SELECT count(*) FROM images", "0");
	snprintf(expected, sizeof(expected), "removed|absent|%lld|%lld|%lld", (long long)seen_at,
		 (long long)missing_at, (long long)f->now);
	assert_query(f,
		     "SELECT presence, removed_reason, last_seen_at, missing_since_at, removed_at"
		     " FROM sightings",
		     expected);
	assert_query(f, "SELECT kind, name FROM changes WHERE image_id = 'img-1' ORDER BY seq",
		     "missing|one\nremoved|one");
}

static void k_counts_polls(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	static const char *const after[] = { "missing", "missing", "missing", "removed" };
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	for (size_t i = 0; i < ARRAY_LEN(after); i++) {
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		poll.commit.removal_after = 4;
		poll_misses(f, &poll, "img-1");
		poll_commit(f, &poll);
		assert_query(f, "SELECT presence FROM sightings", after[i]);
		if (i == 1)
			fixture_reopen(f); /* whichever process made them */
	}
	assert_query(f, "SELECT kind FROM changes", "baseline\nmissing\nremoved");
}

static void final_states_are_removed_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");
	struct poll poll;

	record.state = "deleted";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT state, presence FROM images", "deleted|present");
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_misses(f, &poll, "img-1");
	poll_commit(f, &poll);
	assert_query(f, "SELECT presence, removed_reason FROM sightings", "removed|reported");
	assert_query(f, "SELECT kind FROM changes", "baseline\nremoved");
	assert_query(f, "SELECT missing, removed FROM polls WHERE poll_id = 2", "0|1");
}

static void a_removed_image_returns(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");
	struct poll poll;

	fixture_poll(f, listing, record);
	for (int i = 0; i < 2; i++) {
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		poll_misses(f, &poll, "img-1");
		poll_commit(f, &poll);
	}
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_knows_again(f, &poll, "img-1");
	assert_int_equal(poll.returned[0].presence, PRESENCE_REMOVED);
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
	assert_int_equal(poll.returned[0].presence, PRESENCE_PRESENT);
	assert_int_equal(poll.commit.returned_total, 1);
	assert_int_equal(poll.commit.images_present, 1);
	poll_end(&poll);
	char expected[64];
	snprintf(expected, sizeof(expected), "present|NULL|%lld", (long long)f->now);
	assert_query(f, "SELECT presence, missing_since_at, last_seen_at FROM images", expected);
	assert_query(f, "SELECT removed_at, removed_reason FROM sightings", "NULL|NULL");

	/* Missing again counts from the start; then it comes back changed. */
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_misses(f, &poll, "img-1");
	poll_commit(f, &poll);
	assert_query(f, "SELECT presence FROM images", "missing");
	record.name = "uno";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT kind, revision FROM changes WHERE image_id = 'img-1' ORDER BY seq",
		     "missing|1\nremoved|1\nreturned|1\nmissing|1\nreturned|1\nchanged|2");
	assert_query(f, "SELECT count(*) FROM sightings", "1");
}

static void a_suspect_poll_holds_and_says_so_once(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	for (int i = 0; i < 3; i++) {
		poll_init(f, &poll, listing, i == 1 ? OUTCOME_FAILED : OUTCOME_SUSPECT);
		poll.log.error_class = i == 1 ? CLASS_HTTP : CLASS_SUSPECT;
		poll.log.message = "prod uhost cn-bj2: 1 of 1 images absent at once, held";
		poll.commit.held = i == 1 ? 0 : 1;
		if (i == 0)
			poll_sees(&poll, fixture_record("img-2", "two"));
		poll_commit(f, &poll);
	}
	assert_query(f, "SELECT presence FROM images", "present\npresent");
	assert_query(f, "SELECT kind, fields FROM changes WHERE seq > 1",
		     "added|NULL\nheld|{\"absent\":[0,1]}");
	assert_query(f, "SELECT health, last_error_class, last_error FROM listings",
		     "suspect|suspect|prod uhost cn-bj2: 1 of 1 images absent at once, held");
	assert_query(f, "SELECT held FROM polls ORDER BY poll_id", "0\n1\n0\n1");
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	assert_query(f, "SELECT health, last_error_class, last_error FROM listings",
		     "ok|NULL|NULL");
	poll_init(f, &poll, listing, OUTCOME_SUSPECT);
	poll.commit.held = 1;
	poll_commit(f, &poll);
	assert_query(f, "SELECT count(*) FROM changes WHERE kind = 'held'", "2");
}

/* ---- the same image in two accounts
 * -------------------------------------------------------------- */

static void twins_are_one_image(void **state)
{
	struct fixture *f = *state;
	int64_t one = fixture_listing(f, "b-first", "uhost"),
		two = fixture_listing(f, "a-second", "uhost");
	struct poll poll;

	f->now += 3600 - 240; /* both are fresh */
	fixture_poll(f, one, fixture_record("img-1", "as one sees it"));
	fixture_poll(f, two, fixture_record("img-1", "as two sees it"));
	assert_query(f, "SELECT account, accounts, account_count, name FROM images",
		     "b-first|[\"a-second\",\"b-first\"]|2|as one sees it");
	assert_query(f, "SELECT count(*) FROM sightings", "2");

	fixture_exec(f, "UPDATE _listings SET last_complete_at = last_complete_at - 5000"
			" WHERE account = 'b-first'");
	assert_query(f, "SELECT account, account_count, stale FROM images", "a-second|2|0");

	poll_init(f, &poll, two, OUTCOME_COMPLETE);
	poll.commit.removal_after = 1;
	poll_misses(f, &poll, "img-1");
	poll_commit(f, &poll);
	assert_query(f, "SELECT account, accounts, stale FROM images", "b-first|[\"b-first\"]|1");
}

static void uids_do_not_collide(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record records[] = { fixture_record("a/b", "1"),   fixture_record("b", "2"),
				    fixture_record("a%2Fb", "3"), fixture_record("a b", "4"),
				    fixture_record("-", "5"),     fixture_record("b", "6"),
				    fixture_record("b", "7") };
	struct poll poll;

	records[1].zone = "cn-bj2-02/a";
	records[5].zone = NULL;
	records[6].zone = "-";
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		poll_sees(&poll, records[i]);
	poll_commit(f, &poll);
	assert_query(f, "SELECT substr(uid, 35) FROM images ORDER BY name",
		     "cn-bj2-02/a%2Fb\ncn-bj2-02%2Fa/b\ncn-bj2-02/a%252Fb\ncn-bj2-02/a%20b\n"
		     "cn-bj2-02/%2D\n-/b\n%2D/b");
}

static void zone_id_is_the_zone_of_a_uid(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uk8s");
	struct record record = fixture_record("img-1", "one");

	record.zone = NULL;
	record.zone_id = 666003;
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT uid, zone_id FROM images",
		     "ucloud/api.ucloud.cn/uk8s/cn-bj2/666003/img-1|666003");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(absent_twice_is_removed),
		CASE(k_counts_polls),
		CASE(final_states_are_removed_at_once),
		CASE(a_removed_image_returns),
		CASE(a_suspect_poll_holds_and_says_so_once),
		CASE(twins_are_one_image),
		CASE(uids_do_not_collide),
		CASE(zone_id_is_the_zone_of_a_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
