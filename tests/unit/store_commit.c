/*
 * What polls that add and change images leave, what they cost, and how they fail.
 */
#include "store_fixture.h"

#include <errno.h>

/* ---- adding and the baseline ----------------------------------------------------------------- */

static void first_poll_is_the_baseline(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, fixture_record("img-1", "one"));
	poll_sees(&poll, fixture_record("img-2", "two"));
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
	assert_int_equal(poll.commit.added, 2);
	assert_int_equal(poll.commit.images_present, 2);
	assert_int_equal(poll.commit.stored_count, 2);
	assert_int_equal(poll.commit.last_seq, 1);
	assert_int_equal(poll.commit.stored[0].presence, PRESENCE_PRESENT);
	assert_true(poll.commit.stored[0].row != poll.commit.stored[1].row);
	poll_end(&poll);

	assert_query(f, "SELECT seq, kind, uid, fields FROM changes",
		     "1|baseline|NULL|{\"images\":[0,2]}");
	assert_query(
		f,
		"SELECT uid, provider, region, zone, image_id, account, accounts, account_count,"
		" name, os_version, size_bytes, tags, presence, revision, listing_health, stale"
		" FROM images WHERE image_id = 'img-1'",
		"ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/"
		"img-1|ucloud|cn-bj2|cn-bj2-02|img-1|prod|"
		"[\"prod\"]|1|one|22.04|21474836480|[\"a\",\"b\"]|present|1|ok|1");
	assert_query(f, "SELECT outcome, pages, total_reported, added, changed, held FROM polls",
		     "complete|1|NULL|2|0|0");
	assert_query(
		f, "SELECT health, images_present, last_error, consecutive_failures FROM listings",
		"ok|2|NULL|0");
}

static void partial_polls_before_the_baseline_are_not_told(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");
	struct poll poll;

	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
	record.name = "uno";
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
	assert_query(f, "SELECT count(*) FROM changes", "0");
	assert_query(f, "SELECT name, listing_health FROM images", "uno|partial");

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_misses(f, &poll, "img-1");
	poll_sees(&poll, fixture_record("img-2", "two"));
	poll_commit(f, &poll);
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, fixture_record("img-3", "three"));
	poll_commit(f, &poll);
	assert_query(f, "SELECT kind, image_id, fields FROM changes ORDER BY seq",
		     "baseline|NULL|{\"images\":[0,2]}\nmissing|img-1|NULL\nadded|img-3|NULL");
}

/* ---- changing -----------------------------------------------------------------------------------
 */

static void a_change_keeps_the_old_record(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");
	struct poll poll;

	record.price = 9.99592;
	record.eol_on = "2027-04-01";
	fixture_poll(f, listing, record);
	int64_t added_at = f->now;

	record.state = "deprecated";
	record.state_native = "Deprecated \"soon\"";
	record.launchable = 0;
	record.tags = "[{\"key\":\"k\",\"value\":1.10}]";
	record.eol_on = NULL;
	record.price = 0.1;
	record.raw = "{\"ImageId\":\"x\",\"State\":2}";
	fixture_poll(f, listing, record);
	int64_t changed_at = f->now;

	assert_query(
		f, "SELECT kind, fields FROM changes WHERE seq = 2",
		"changed|{\"state\":[\"available\",\"deprecated\"],"
		"\"state_native\":[\"Available\",\"Deprecated \\\"soon\\\"\"],"
		"\"launchable\":[1,0],\"price\":[9.99592,0.1],\"eol_on\":[\"2027-04-01\",null],"
		"\"tags\":[[\"a\",\"b\"],[{\"key\":\"k\",\"value\":1.10}]]}");
	assert_query(f,
		     "SELECT revision, record ->> 'state', record ->> 'price', record ->> 'raw',"
		     " record -> 'tags' FROM revisions",
		     "1|available|9.99592|{\"ImageId\":\"x\"}|[\"a\",\"b\"]");
	char times[64];
	snprintf(times, sizeof(times), "%lld|%lld", (long long)added_at, (long long)changed_at);
	assert_query(f, "SELECT valid_from_at, valid_to_at FROM revisions", times);
	assert_query(f, "SELECT first_seen_at, changed_at FROM images", times);
	assert_query(f, "SELECT revision, state, raw FROM images",
		     "2|deprecated|{\"ImageId\":\"x\",\"State\":2}");

	record.name = "uno";
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
	assert_query(f, "SELECT revision FROM revisions ORDER BY 1", "1\n2");
	assert_query(f, "SELECT changed, outcome FROM polls ORDER BY poll_id DESC LIMIT 1",
		     "1|partial");
}

static void volatile_columns_are_no_change(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");

	record.created_count = 5;
	fixture_poll(f, listing, record);
	int64_t first = f->now;
	record.created_count = 6;
	record.warnings = "[\"w\"]";
	record.raw = "{\"ImageId\":\"x\",\"CreatedCount\":6}";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT count(*) FROM changes WHERE kind = 'changed'", "0");
	assert_query(f, "SELECT count(*) FROM revisions", "0");
	char expected[128];
	snprintf(expected, sizeof(expected),
		 "6|[\"w\"]|{\"ImageId\":\"x\",\"CreatedCount\":6}|%lld|%lld", (long long)first,
		 (long long)f->now);
	assert_query(f, "SELECT created_count, warnings, raw, changed_at, last_seen_at FROM images",
		     expected);
	/* And the row is known by its new bytes. */
	assert_true(fixture_known(f, listing, "img-1").content ==
		    hash_bytes(record.raw, strlen(record.raw), SEED));
}

static void sticky_columns_are_not_erased(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");

	record.readme = "# long\ntext";
	fixture_poll(f, listing, record);
	record.readme = NULL;
	/* Nor is the row written for it. */
	fixture_exec(f, "CREATE TRIGGER untouched BEFORE UPDATE ON _images"
			" BEGIN SELECT raise(ABORT, 'written'); END");
	fixture_poll(f, listing, record);
	fixture_exec(f, "DROP TRIGGER untouched");
	assert_query(f, "SELECT readme, revision FROM images", "# long\ntext|1");
	record.name = "uno";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT readme, name, revision FROM images", "# long\ntext|uno|2");
	assert_query(f, "SELECT fields FROM changes WHERE kind = 'changed'",
		     "{\"name\":[\"one\",\"uno\"]}");
	record.readme = "# other";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT readme, revision FROM images", "# other|3");
}

static void a_new_mapping_is_told_once(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record one = fixture_record("img-1", "one"), two = fixture_record("img-2", "two");
	struct poll poll;

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, one);
	poll_sees(&poll, two);
	poll_commit(f, &poll);
	fixture_exec(f, "UPDATE _images SET mapping_version = 0, record_hash = record_hash + 1");
	assert_true(fixture_known(f, listing, "img-1").content == 0);

	one.os_name = "now mapped";
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, one);
	poll_sees(&poll, two);
	poll_commit(f, &poll);
	assert_query(f, "SELECT kind, image_id, fields FROM changes",
		     "baseline|NULL|{\"images\":[0,2]}\nremapped|NULL|{\"mapping_version\":[0,1]}");
	assert_query(f, "SELECT image_id, os_name, revision FROM images ORDER BY 1",
		     "img-1|now mapped|2\nimg-2|NULL|1");
	assert_query(f, "SELECT count(*) FROM _images WHERE mapping_version = 1", "2");
	one.name = "uno";
	fixture_poll(f, listing, one);
	assert_query(f, "SELECT fields FROM changes WHERE kind = 'changed'",
		     "{\"name\":[\"one\",\"uno\"]}");
}

/* ---- costs and failures
 * --------------------------------------------------------------------------- */

static void an_unchanged_poll_writes_its_own_rows_only(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct store_wal wal;
	struct poll poll;
	char id[2000][16];

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		snprintf(id[i], sizeof(id[i]), "img-%zu", i);
		poll_sees(&poll, fixture_record(id[i], "name"));
	}
	poll_commit(f, &poll);

	/* Once with every item read again, once with nothing but known bytes. */
	for (int pass = 0; pass < 2; pass++) {
		store_checkpoint(f->store, true);
		store_wal(f->store, &wal);
		assert_int_equal(wal.bytes, 0);
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		for (size_t i = 0; i < ARRAY_LEN(id) && pass == 0; i++)
			poll_sees(&poll, fixture_record(id[i], "name"));
		assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
		assert_int_equal(poll.commit.added + poll.commit.changed_count, 0);
		poll_end(&poll);
		store_wal(f->store, &wal);
		assert_true(wal.bytes > 0);
		assert_true(wal.bytes <= (int64_t)KIB(16) + 512);
	}
	/* All are known by their bytes after a start. */
	struct known known;
	known_init(&known);
	fixture_reopen(f);
	assert_int_equal(store_load_known(f->store, listing, SEED, &known, &f->err), 0);
	assert_int_equal(known.count, ARRAY_LEN(id));
	for (size_t i = 0; i < known.count; i++)
		assert_true(known.entries[i].content != 0 && known.entries[i].row != 0);
	known_finish(&known);
}

static void content_is_known_only_where_raw_says_all(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");
	struct spooled item = { .key = fixture_key(&record), .content = 4711, .record = record };
	struct poll poll;

	item.record.redacted = "[\"default_passwd\"]";
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	assert_int_equal(spool_put(poll.spool, &item), 0);
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), 0);
	assert_true(poll.commit.stored[0].content == 4711);
	assert_true(poll.commit.stored[0].key == item.key);
	poll_end(&poll);
	assert_true(fixture_known(f, listing, "img-1").content == 0);
}

static void a_failed_commit_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	fixture_exec(f, "CREATE TRIGGER injected BEFORE UPDATE OF health ON _listings"
			" BEGIN SELECT raise(ABORT, 'injected'); END");
	const char *all = "SELECT (SELECT count(*) FROM _images), (SELECT count(*) FROM _changes),"
			  " (SELECT count(*) FROM _polls), (SELECT count(*) FROM _revisions),"
			  " (SELECT sum(presence) FROM _images)";
	char before[128];
	snprintf(before, sizeof(before), "%s", fixture_query(f, all));
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, fixture_record("img-2", "two"));
	poll_misses(f, &poll, "img-1");
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -EINVAL);
	assert_non_null(strstr(f->err.text, "injected"));
	assert_null(poll.commit.stored);
	assert_int_equal(poll.absent[0].presence, PRESENCE_PRESENT);
	assert_string_equal(fixture_query(f, all), before);

	/* The same commit again, once the cause is gone. */
	fixture_exec(f, "DROP TRIGGER injected");
	poll_commit(f, &poll);
	assert_query(f, "SELECT image_id, presence FROM images ORDER BY 1",
		     "img-1|missing\nimg-2|present");
}

static void only_a_proof_removes(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost"),
		other = fixture_listing(f, "qa", "uhost");
	struct poll poll;

	fixture_poll(f, listing, fixture_record("img-1", "one"));
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_misses(f, &poll, "img-1");
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -EINVAL);
	poll_end(&poll);

	/* Nor may one listing touch the row of another. */
	struct known_entry theirs = fixture_known(f, listing, "img-1");
	poll_init(f, &poll, other, OUTCOME_COMPLETE);
	poll.absent[poll.commit.absent_count++] = theirs;
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -EINVAL);
	poll_end(&poll);
	assert_query(f, "SELECT presence FROM sightings", "present");
	assert_query(f, "SELECT count(*) FROM polls", "1");
}

static void a_replaced_file_is_noticed(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	char moved[128];
	struct poll poll;

	snprintf(moved, sizeof(moved), "%s.moved", f->path);
	assert_int_equal(rename(f->path, moved), 0);
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -ESTALE);
	assert_int_equal(rename(moved, f->path), 0);
	poll_commit(f, &poll);
	assert_query(f, "SELECT count(*) FROM polls", "1");
}

static void the_feed_is_append_only(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = NULL;

	fixture_poll(f, fixture_listing(f, "prod", "uhost"), fixture_record("img-1", "one"));
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE _changes SET kind = 'x'", NULL, NULL, NULL),
			 SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void pruning_never_gives_a_number_twice(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct record record = fixture_record("img-1", "one");

	fixture_poll(f, listing, record);
	record.name = "uno";
	fixture_poll(f, listing, record);
	f->now += 10000;
	assert_int_equal(store_prune(f->store, f->now, 0, 0, &f->err), 0);
	assert_query(f, "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM polls)",
		     "2|2");
	assert_int_equal(store_prune(f->store, f->now, 5000, 5000, &f->err), 0);
	assert_query(f,
		     "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM revisions),"
		     " (SELECT group_concat(poll_id) FROM polls),"
		     " (SELECT value FROM catalog_info WHERE key = 'last_seq')",
		     "0|0|2|2");
	record.name = "eins";
	fixture_poll(f, listing, record);
	assert_query(f, "SELECT seq, poll_id, revision FROM changes", "3|3|3");
	fixture_exec(f, "DELETE FROM _revisions; UPDATE _images SET revision = 1"); /* for the check
										       at the end */
	fixture_exec(f, "DELETE FROM _changes");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_poll_is_the_baseline),
		CASE(partial_polls_before_the_baseline_are_not_told),
		CASE(a_change_keeps_the_old_record),
		CASE(volatile_columns_are_no_change),
		CASE(sticky_columns_are_not_erased),
		CASE(a_new_mapping_is_told_once),
		CASE(an_unchanged_poll_writes_its_own_rows_only),
		CASE(content_is_known_only_where_raw_says_all),
		CASE(a_failed_commit_leaves_nothing),
		CASE(only_a_proof_removes),
		CASE(a_replaced_file_is_noticed),
		CASE(the_feed_is_append_only),
		CASE(pruning_never_gives_a_number_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
