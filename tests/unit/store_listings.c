/*
 * What polls leave besides images: health, places, drift, counts.
 */
#include "store_fixture.h"

#include <errno.h>

/* ---- listings
 * --------------------------------------------------------------------------------------- */

static const struct health_row {
	const char *name;
	enum outcome outcome;
	enum error_class class;
	const char *health; /* after a complete poll and this one */
	int failures;
} health_rows[] = {
	/* clang-format off */
	{ "complete is ok",                  OUTCOME_COMPLETE, CLASS_NONE,       "ok",      0 },
	{ "partial is partial",              OUTCOME_PARTIAL,  CLASS_INCOMPLETE, "partial", 0 },
	{ "suspect is suspect",              OUTCOME_SUSPECT,  CLASS_SUSPECT,    "suspect", 0 },
	{ "a refused signature is auth",     OUTCOME_FAILED,   CLASS_AUTH,       "auth",    1 },
	{ "permission is failing",           OUTCOME_FAILED,   CLASS_PERMISSION, "failing", 1 },
	{ "network is failing",              OUTCOME_FAILED,   CLASS_NETWORK,    "failing", 1 },
	{ "throttled leaves it as it was",   OUTCOME_FAILED,   CLASS_THROTTLED,  "ok",      1 },
	{ "aborted leaves it as it was",     OUTCOME_ABORTED,  CLASS_NONE,       "ok",      0 },
	/* clang-format on */
};

static void health_follows_the_outcome(void **state)
{
	const struct health_row *row = *state;
	struct fixture *f = &fixture;
	struct poll poll;
	char expected[96];

	fixture_setup((void *[]){ NULL });
	int64_t listing = fixture_listing(f, "prod", "uhost");
	assert_query(f, "SELECT health, last_attempt_at FROM listings", "new|NULL");
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	int64_t complete_at = f->now;
	poll_init(f, &poll, listing, row->outcome);
	poll.log.error_class = row->class;
	poll.log.code = 171;
	poll_commit(f, &poll);
	if (row->outcome == OUTCOME_COMPLETE)
		complete_at = f->now;
	snprintf(expected, sizeof(expected), "%s|%d|%lld|%lld|%lld", row->health, row->failures,
		 (long long)complete_at, (long long)f->now, (long long)f->now + INTERVAL);
	assert_query(f,
		     "SELECT health, consecutive_failures, last_complete_at, last_attempt_at,"
		     " next_due_at FROM listings",
		     expected);
	assert_query(f, "SELECT count(*) FROM polls", "2");
	fixture_teardown_checked(NULL);
}

static void take_first(const struct store_listing *listing, void *data)
{
	struct store_listing *copy = data;

	if (copy->listing_id == 0)
		*copy = *listing;
	copy->identity = (struct listing_identity){ 0 };
}

static void a_disabled_listing_is_hidden_and_whole_again(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct store_listing copy = { 0 };

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	const char *rows =
		"SELECT group_concat(image || uid || presence || record_hash) FROM _images";
	char before[512];
	snprintf(before, sizeof(before), "%s", fixture_query(f, rows));
	assert_int_equal(store_disable(f->store, listing, &f->err), 0);
	assert_int_equal(store_disable(f->store, listing, &f->err), 0);
	assert_query(f, "SELECT count(*) FROM images", "0");
	assert_query(f, "SELECT presence, removed_reason, removed_at IS NOT NULL FROM sightings",
		     "removed|account-removed|1");
	assert_query(f, "SELECT health, stale FROM listings", "disabled|0");
	assert_string_equal(fixture_query(f, rows), before);
	assert_int_equal(store_each_listing(f->store, take_first, &copy, &f->err), 0);
	assert_true(copy.disabled);
	assert_int_equal(copy.images_present, 1);
	assert_true(copy.first_baseline_at > 0);

	assert_int_equal(fixture_listing(f, "prod", "uhost"), listing);
	assert_query(f, "SELECT name, presence FROM images", "one|present");
	assert_query(f, "SELECT kind FROM changes", "baseline\ndisabled\nenabled");
}

static void staleness_needs_no_daemon(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	f->now += 3600 - 120;
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	assert_query(f, "SELECT i.stale, l.stale FROM images AS i, listings AS l", "0|0");
	fixture_exec(f, "UPDATE _listings SET last_complete_at = unixepoch() - 1801");
	assert_query(f, "SELECT i.stale, l.stale FROM images AS i, listings AS l", "1|1");
	fixture_exec(f, "UPDATE _listings SET last_complete_at = unixepoch() - 1790");
	assert_query(f, "SELECT i.stale, l.stale FROM images AS i, listings AS l", "0|0");
	fixture_exec(f, "UPDATE _listings SET last_complete_at = NULL");
	assert_query(f, "SELECT i.stale, l.stale FROM images AS i, listings AS l", "1|1");
}

/* ---- drift, places, counts ----------------------------------------------------------------------
 */

static void collect_place(const struct store_place *place, void *data)
{
	char *text = data;

	sprintf(text + strlen(text), "%s/%s/%s ", place->project, place->region, place->zone);
}

static void drift_is_told_at_first_sight(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	const struct page_drift drifts[] = { { "New\"Field", "string", NULL },
					     { "State", NULL, "Odd" } };
	struct poll poll;

	for (int i = 0; i < 2; i++) {
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		poll.commit.drifts = drifts;
		poll.commit.drift_count = 2;
		poll_commit(f, &poll);
	}
	assert_query(
		f, "SELECT kind, fields FROM changes WHERE kind = 'source-drift'",
		"source-drift|{\"path\":[null,\"New\\\"Field\"],\"json_type\":[null,\"string\"]}\n"
		"source-drift|{\"path\":[null,\"State\"],\"native\":[null,\"Odd\"]}");
	assert_query(
		f,
		"SELECT provider, service, path, json_type, native, last_seen_at - first_seen_at"
		" FROM drift",
		"ucloud|uhost|New\"Field|string|NULL|60\nucloud|uhost|State|NULL|Odd|60");
}

static void drift_is_bounded(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	static char paths[1100][16];
	static struct page_drift drifts[1100];
	struct poll poll;

	for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
		snprintf(paths[i], sizeof(paths[i]), "F%zu", i);
		drifts[i] = (struct page_drift){ paths[i], "null", NULL };
	}
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll.commit.drifts = drifts;
	poll.commit.drift_count = ARRAY_LEN(drifts);
	poll_commit(f, &poll);
	assert_query(f, "SELECT (SELECT count(*) FROM drift), (SELECT count(*) FROM changes)",
		     "1000|1000");
}

static void places_are_replaced_by_a_complete_answer(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "discovery");
	const struct store_place first[] = { { "org-a", "cn-bj2", "" }, { "", "hk", "hk-02" } };
	const struct store_place second[] = { { "", "sg", "" } };
	struct poll poll;
	char text[256] = "";

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll.commit.places = first;
	poll.commit.place_count = 2;
	poll_commit(f, &poll);
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll.commit.places = second;
	poll.commit.place_count = 1;
	poll_commit(f, &poll);
	assert_int_equal(store_each_place(f->store, listing, collect_place, text, &f->err), 0);
	assert_string_equal(text, "org-a/cn-bj2/ /hk/hk-02 ");
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll.commit.places = second;
	poll.commit.place_count = 1;
	poll_commit(f, &poll);
	text[0] = '\0';
	assert_int_equal(store_each_place(f->store, listing, collect_place, text, &f->err), 0);
	assert_string_equal(text, "/sg/ ");
}

static void counts_are_written_once_a_day(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	f->now = f->now / 86400 * 86400;
	fixture_poll(f, listing, fixture_record("img-1", "one"));
	fixture_poll(f, listing, fixture_record("img-2", "two"));
	fixture_reopen(f);
	fixture_poll(f, listing, fixture_record("img-3", "three"));
	assert_query(f,
		     "SELECT time % 86400, provider, region, kind, state, images FROM image_counts",
		     "0|ucloud|cn-bj2|system|available|1");
	f->now += 86400;
	fixture_poll(f, listing, fixture_record("img-3", "three"));
	assert_query(f, "SELECT images FROM image_counts ORDER BY time", "1\n3");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown_checked)

int main(void)
{
	struct CMUnitTest tests[6 + ARRAY_LEN(health_rows)] = {
		CASE(a_disabled_listing_is_hidden_and_whole_again),
		CASE(staleness_needs_no_daemon),
		CASE(drift_is_told_at_first_sight),
		CASE(drift_is_bounded),
		CASE(places_are_replaced_by_a_complete_answer),
		CASE(counts_are_written_once_a_day),
	};

	for (size_t i = 0; i < ARRAY_LEN(health_rows); i++)
		tests[6 + i] =
			(struct CMUnitTest)TEST_ROW(health_follows_the_outcome, &health_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
