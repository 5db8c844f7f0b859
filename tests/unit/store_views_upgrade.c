/*
 * A catalog of an older release, with rows in it, opened by this one: every view there is answers,
 * and shows what was there.
 */
#include "store_fixture.h"

#include "store/db.h"
#include "store/migrations.h"

/* Two accounts see img-1; img-2 was removed from one. */
static const char rows[] =
	"INSERT INTO _listings (listing_id, account, provider, cloud, service, region, zone, "
	"project,"
	" variant, interval_s, last_complete_at, first_baseline_at, health, shares) VALUES"
	" (1, 'prod', 'ucloud', 'c', 'uhost', 'bj', '', '', '', 600, 1, 1, 'ok', 1),"
	" (2, 'qa', 'ucloud', 'c', 'uhost', 'bj', '', '', '', 600, strftime('%s', 'now'), 1, 'ok', "
	"1);"
	"INSERT INTO _images (listing_id, presence, absent_polls, uid, first_seen_at, changed_at,"
	" removed_at, removed_reason, revision, record_hash, mapping_version, raw_exact, zone, "
	"image_id,"
	" name, kind, state, origin, launchable, form, os_distro, created_at) VALUES"
	" (1, 0, 0, 'u/1', 1, 1, NULL, NULL, 1, 5, 1, 1, 'z', 'img-1', 'Ubuntu', 'system', "
	"'available',"
	" 'platform', 1, 'vm', 'ubuntu', 86400),"
	" (2, 0, 0, 'u/1', 1, 1, NULL, NULL, 1, 5, 1, 1, 'z', 'img-1', 'Ubuntu', 'system', "
	"'available',"
	" 'platform', 1, 'vm', 'ubuntu', 86400),"
	" (1, 2, 2, 'u/2', 1, 1, 9, 'absent', 1, 5, 1, 1, 'z', 'img-2', 'Debian', 'system', "
	"'available',"
	" 'platform', 1, 'vm', 'debian', 86400);"
	"INSERT INTO _raw VALUES (1, '{}'), (2, '{}'), (3, '{}');"
	"INSERT INTO _changes (at, kind, listing_id, image) VALUES (1, 'baseline', 1, NULL),"
	" (9, 'removed', 1, 3);"
	"INSERT INTO _polls (listing_id, started_at, finished_at, outcome) VALUES (1, 1, 1, "
	"'complete');"
	"INSERT INTO _image_counts VALUES (0, 'ucloud', 'bj', 'system', 'available', 2);";

/* As the release that ended with migration `last` left it. */
static void build(struct fixture *f, int last)
{
	sqlite3 *db = NULL;
	char sql[256];

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	for (int i = 0; i < last; i++)
		assert_int_equal(sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL), SQLITE_OK);
	snprintf(sql, sizeof(sql),
		 "PRAGMA journal_mode = WAL; PRAGMA application_id = %d; PRAGMA user_version = %d;"
		 "INSERT INTO _meta VALUES ('created_at', 1), ('schema_version', %d)",
		 DB_APPLICATION_ID, last, last);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, rows, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const struct row {
	const char *name;
	int last;
} releases[] = { { "from migration 2", 2 }, { "from migration 3", 3 }, { "from migration 4", 4 } };

static void upgrade_row(void **state)
{
	const struct row *row = *state;
	struct fixture *f = &fixture;
	char version[16];

	fixture_start(f);
	build(f, row->last);
	assert_query(f, "SELECT account FROM images", "qa");
	fixture_open(f);
	snprintf(version, sizeof(version), "%d", db_schema_version());
	assert_query(f, "PRAGMA user_version", version);
	assert_query(
		f,
		"SELECT uid, account, accounts, presence, stale, created_at_utc, raw FROM images",
		"u/1|qa|[\"prod\",\"qa\"]|present|0|1970-01-02T00:00:00Z|{}");
	assert_query(
		f, "SELECT image_id, listing_id, presence, removed_at FROM sightings ORDER BY 1, 2",
		"img-1|1|present|NULL\nimg-1|2|present|NULL\nimg-2|1|removed|9");
	assert_query(f, "SELECT uid, rank_reason FROM latest_images",
		     "u/1|the only launchable image of its sort");
	assert_query(f, "SELECT name, image_ids, places FROM families",
		     "Ubuntu|[\"img-1\"]|[\"bj/z\"]");
	assert_query(f, "SELECT os_distro, region, zone, images FROM coverage", "ubuntu|bj|z|1");
	assert_query(f, "SELECT kind, image_id FROM changes ORDER BY seq",
		     "baseline|NULL\nremoved|img-2");
	assert_query(f, "SELECT images FROM image_counts", "2");
	assert_query(f, "SELECT poll_id, finished_at, clock_jump FROM polls", "1|1|0");
	/* The newest poll is the only witness of the time there was. */
	assert_query(f, "SELECT * FROM _clock", "1|0|1000|0|0");
	/* And goes on from there: the old listing is found, the old row is the same image. */
	fixture_exec(f, "UPDATE _listings SET cloud = 'api.ucloud.cn', region = 'cn-bj2'");
	assert_int_equal(fixture_listing(f, "qa", "uhost"), 2);
	fixture_end(f);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(releases)];

	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(upgrade_row, &releases[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
