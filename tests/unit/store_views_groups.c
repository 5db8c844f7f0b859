/*
 * The views that gather images: families over places, coverage of places, counts of days. Each row
 * adds images to an empty catalog behind the store's back.
 */
#include "store_fixture.h"

/* clang-format off */
/* Listings 1 to 3 of one provider: two regions, and the first one again for another account. 4 is of
 * another provider. */
static const char listings[] =
	"INSERT INTO _listings (listing_id, account, provider, cloud, service, region, zone, project,"
	" variant, interval_s, last_complete_at, shares) VALUES"
	" (1, 'prod', 'ucloud', 'c', 'uhost', 'bj', '', '', '', 600, strftime('%s', 'now'), 1),"
	" (2, 'prod', 'ucloud', 'c', 'uhost', 'hk', '', '', '', 600, strftime('%s', 'now'), 0),"
	" (3, 'qa',   'ucloud', 'c', 'uhost', 'bj', '', '', '', 600, strftime('%s', 'now'), 1),"
	" (4, 'qc',   'qingcloud', 'q', 'images', 'pek3', 'pek3', '', '', 600, strftime('%s', 'now'), 0);";

/* One image; `zone`, `name`, `created` and the like are SQL. */
#define IMAGE(listing, zone, id, name, distro, version, created) \
	"INSERT INTO _images (listing_id, presence, absent_polls, uid, first_seen_at, changed_at, revision," \
	" record_hash, mapping_version, raw_exact, zone, image_id, name, kind, origin, launchable, form, arch," \
	" os_distro, os_version, created_at) VALUES (" listing ", 0, 0, 'u/' || " listing " || ifnull(" zone \
	", '-') || " id ", 1, 1, 1, 0, 1, 1, " zone ", " id ", " name ", 'system', 'platform', 1, 'vm', 'x86_64'," \
	" " distro ", " version ", " created ");"
#define UBUNTU(listing, zone, id) IMAGE(listing, zone, id, "'Ubuntu'", "'ubuntu'", "'24.04'", "100")
#define DEBIAN(listing, zone, id) IMAGE(listing, zone, id, "'Debian'", "'debian'", "'12'", "200")

#define FAMILIES "SELECT name, image_ids, places, images, launchable_images FROM families ORDER BY name"
#define SAME     "SELECT os_distro, os_version, arch FROM families"
#define COVERAGE "SELECT os_distro, region, zone, images FROM coverage ORDER BY 1, 2, 3"

static const struct row {
	const char *name, *change, *query, *expected;
} rows[] = {
	/* ---- families ---- */
	{ "family: over zones and regions",
	  UBUNTU("2", "'hk-1'", "'i-1'") UBUNTU("1", "'bj-2'", "'i-3'") UBUNTU("1", "'bj-1'", "'i-2'"),
	  FAMILIES, "Ubuntu|[\"i-2\",\"i-3\",\"i-1\"]|[\"bj/bj-1\",\"bj/bj-2\",\"hk/hk-1\"]|3|3" },
	{ "family: an id in two zones is told once",
	  UBUNTU("1", "'bj-1'", "'i-1'") UBUNTU("1", "'bj-2'", "'i-1'"), FAMILIES,
	  "Ubuntu|[\"i-1\"]|[\"bj/bj-1\",\"bj/bj-2\"]|2|2" },
	{ "family: a place with two ids is told once",
	  UBUNTU("1", "'bj-1'", "'i-1'") UBUNTU("1", "'bj-1'", "'i-2'"), FAMILIES,
	  "Ubuntu|[\"i-1\",\"i-2\"]|[\"bj/bj-1\"]|2|2" },
	{ "family: no zone", UBUNTU("1", "NULL", "'i-1'"), FAMILIES, "Ubuntu|[\"i-1\"]|[\"bj\"]|1|1" },
	{ "family: hostile ids are JSON",
	  IMAGE("1", "'z'", "'a,\"\\b'", "'n'", "NULL", "NULL", "NULL") IMAGE("1", "'z'", "'c,,'", "'n'", "NULL", "NULL", "NULL"),
	  "SELECT value FROM families, json_each(image_ids)", "a,\"\\b\nc,," },
	{ "family: names and providers part them",
	  UBUNTU("1", "'z'", "'i-1'") DEBIAN("1", "'z'", "'i-2'") UBUNTU("4", "'pek3'", "'i-3'"),
	  "SELECT provider, name, images FROM families ORDER BY 1, 2", "qingcloud|Ubuntu|1\nucloud|Debian|1\nucloud|Ubuntu|1" },
	{ "family: without a name there is none", IMAGE("1", "'z'", "'i'", "NULL", "NULL", "NULL", "NULL"), FAMILIES, "" },
	{ "family: what all have in common", UBUNTU("1", "'x'", "'i-1'") UBUNTU("1", "'y'", "'i-2'"), SAME, "ubuntu|24.04|x86_64" },
	{ "family: versions differ",
	  UBUNTU("1", "'x'", "'i-1'") IMAGE("1", "'y'", "'i-2'", "'Ubuntu'", "'ubuntu'", "'22.04'", "1"), SAME, "ubuntu|NULL|x86_64" },
	{ "family: one says no system",
	  UBUNTU("1", "'x'", "'i-1'") IMAGE("1", "'y'", "'i-2'", "'Ubuntu'", "NULL", "NULL", "1"), SAME, "NULL|NULL|x86_64" },
	{ "family: the newest",
	  UBUNTU("1", "'x'", "'i-1'") IMAGE("1", "'y'", "'i-2'", "'Ubuntu'", "'ubuntu'", "'22.04'", "3600"),
	  "SELECT newest_created_at, newest_created_at_utc FROM families", "3600|1970-01-01T01:00:00Z" },
	{ "family: not launchable ones belong to it",
	  UBUNTU("1", "'x'", "'i-1'") UBUNTU("1", "'y'", "'i-2'") UBUNTU("1", "'z'", "'i-3'")
	  "UPDATE _images SET launchable = 0 WHERE zone = 'x'; UPDATE _images SET launchable = NULL WHERE zone = 'y'",
	  FAMILIES, "Ubuntu|[\"i-1\",\"i-2\",\"i-3\"]|[\"bj/x\",\"bj/y\",\"bj/z\"]|3|1" },
	{ "family: two accounts, one image",
	  UBUNTU("1", "'x'", "'i-1'") UBUNTU("3", "'x'", "'i-1'") "UPDATE _images SET uid = 'same'", FAMILIES,
	  "Ubuntu|[\"i-1\"]|[\"bj/x\"]|1|1" },
	{ "family: a disabled listing", UBUNTU("1", "'x'", "'i-1'") "UPDATE _listings SET disabled_at = 1", FAMILIES, "" },

	/* ---- coverage ---- */
	{ "coverage: 0 where it is missing", UBUNTU("1", "'bj-1'", "'i-1'") DEBIAN("2", "'hk-1'", "'i-2'"), COVERAGE,
	  "debian|bj|bj-1|0\ndebian|hk|hk-1|1\nubuntu|bj|bj-1|1\nubuntu|hk|hk-1|0" },
	{ "coverage: which regions lack it", UBUNTU("1", "'bj-1'", "'i-1'") DEBIAN("2", "'hk-1'", "'i-2'"),
	  "SELECT region FROM coverage WHERE os_distro = 'ubuntu' AND os_version = '24.04' GROUP BY region HAVING sum(images) = 0", "hk" },
	{ "coverage: other providers have places of their own",
	  UBUNTU("1", "'bj-1'", "'i-1'") DEBIAN("4", "'pek3'", "'i-2'"),
	  "SELECT provider, os_distro, region, zone, images FROM coverage", "qingcloud|debian|pek3|pek3|1\nucloud|ubuntu|bj|bj-1|1" },
	{ "coverage: no zone is all zones of the region",
	  UBUNTU("1", "NULL", "'i-1'") DEBIAN("1", "'bj-1'", "'i-2'") DEBIAN("1", "'bj-2'", "'i-3'") DEBIAN("2", "'hk-1'", "'i-4'"),
	  COVERAGE, "debian|bj|bj-1|1\ndebian|bj|bj-2|1\ndebian|hk|hk-1|1\nubuntu|bj|bj-1|1\nubuntu|bj|bj-2|1\nubuntu|hk|hk-1|0" },
	{ "coverage: a region without zones is a place",
	  UBUNTU("1", "NULL", "'i-1'") DEBIAN("2", "NULL", "'i-2'"), COVERAGE,
	  "debian|bj|NULL|0\ndebian|hk|NULL|1\nubuntu|bj|NULL|1\nubuntu|hk|NULL|0" },
	{ "coverage: a provider without regions", UBUNTU("1", "NULL", "'i-1'") "UPDATE _listings SET region = '' WHERE listing_id = 1", COVERAGE,
	  "ubuntu|NULL|NULL|1" },
	{ "coverage: any image makes a place",
	  UBUNTU("1", "'bj-1'", "'i-1'") DEBIAN("2", "'hk-1'", "'i-2'") "UPDATE _images SET origin = 'self' WHERE os_distro = 'debian'",
	  COVERAGE, "ubuntu|bj|bj-1|1\nubuntu|hk|hk-1|0" },
	{ "coverage: what cannot be launched does not count",
	  UBUNTU("1", "'bj-1'", "'i-1'") UBUNTU("2", "'hk-1'", "'i-2'") "UPDATE _images SET launchable = 0 WHERE zone = 'hk-1'",
	  COVERAGE, "ubuntu|bj|bj-1|1\nubuntu|hk|hk-1|0" },
	{ "coverage: what is missing does not count",
	  UBUNTU("1", "'bj-1'", "'i-1'") UBUNTU("2", "'hk-1'", "'i-2'") DEBIAN("2", "'hk-1'", "'i-3'")
	  "UPDATE _images SET presence = 1 WHERE image_id = 'i-2'",
	  COVERAGE, "debian|bj|bj-1|0\ndebian|hk|hk-1|1\nubuntu|bj|bj-1|1\nubuntu|hk|hk-1|0" },
	{ "coverage: an unknown system covers nothing",
	  UBUNTU("1", "'bj-1'", "'i-1'") IMAGE("1", "'bj-1'", "'i-2'", "'x'", "NULL", "NULL", "1"), COVERAGE, "ubuntu|bj|bj-1|1" },
	{ "coverage: versions, architectures and forms apart",
	  UBUNTU("1", "'z'", "'i-1'") UBUNTU("1", "'z'", "'i-2'") UBUNTU("1", "'z'", "'i-3'") UBUNTU("1", "'z'", "'i-4'")
	  "UPDATE _images SET os_version = NULL WHERE image_id = 'i-2'; UPDATE _images SET arch = NULL WHERE image_id = 'i-3';"
	  "UPDATE _images SET form = 'container' WHERE image_id = 'i-4'",
	  "SELECT os_version, arch, form, images FROM coverage ORDER BY 1, 2, 3",
	  "NULL|x86_64|vm|1\n24.04|NULL|vm|1\n24.04|x86_64|container|1\n24.04|x86_64|vm|1" },
	{ "coverage: what comes with nothing else",
	  UBUNTU("1", "'z'", "'i-1'") UBUNTU("1", "'z'", "'i-2'") "UPDATE _images SET kind = 'marketplace' WHERE image_id = 'i-2'",
	  "SELECT images, system_images FROM coverage", "2|1" },
	{ "coverage: the newest",
	  UBUNTU("1", "'z'", "'i-1'") UBUNTU("1", "'z'", "'i-2'") "UPDATE _images SET created_at = 3600 WHERE image_id = 'i-1'",
	  "SELECT newest_created_at, newest_created_at_utc FROM coverage", "3600|1970-01-01T01:00:00Z" },
	{ "coverage: two accounts, one image",
	  UBUNTU("1", "'x'", "'i-1'") UBUNTU("3", "'x'", "'i-1'") "UPDATE _images SET uid = 'same'", COVERAGE, "ubuntu|bj|x|1" },
	{ "coverage: a disabled listing is no place",
	  UBUNTU("1", "'x'", "'i-1'") DEBIAN("2", "'y'", "'i-2'") "UPDATE _listings SET disabled_at = 1 WHERE listing_id = 2",
	  COVERAGE, "ubuntu|bj|x|1" },
};
/* clang-format on */

static void view_row(void **state)
{
	const struct row *row = *state;

	fixture_setup((void *[]){ NULL });
	fixture_exec(&fixture, listings);
	fixture_exec(&fixture, row->change);
	assert_query(&fixture, row->query, row->expected);
	fixture_teardown(NULL);
}

/* ---- what the store writes for them --------------------------------------------------------- */

#define DAY INT64_C(86400)

static void poll_at(struct fixture *f, int64_t at, int64_t listing_id, enum outcome outcome,
		    const char *id)
{
	struct poll poll;

	f->now = at - 60; /* poll_init() moves it on */
	poll_init(f, &poll, listing_id, outcome);
	if (id)
		poll_sees(&poll, fixture_record(id, id));
	poll_commit(f, &poll);
}

#define COUNTS                                                                                     \
	"SELECT (time - (SELECT min(time) FROM image_counts)) / 86400, sum(images)"                \
	" FROM image_counts GROUP BY 1 ORDER BY 1"

static void counts_are_of_the_first_poll_of_a_day(void **state)
{
	struct fixture *f = *state;
	int64_t day = (f->now / DAY - 10) * DAY;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	poll_at(f, day + DAY - 1, listing, OUTCOME_PARTIAL, "img-1");
	poll_at(f, day + DAY, listing, OUTCOME_FAILED, NULL); /* the first of day 1 */
	poll_at(f, day + DAY + 60, listing, OUTCOME_PARTIAL, "img-2");
	/* Day 2 has no poll; a restart on day 3 counts no day again. */
	poll_at(f, day + 3 * DAY + 3600, listing, OUTCOME_PARTIAL, "img-3");
	fixture_reopen(f);
	poll_at(f, day + 3 * DAY + 7200, listing, OUTCOME_PARTIAL, "img-4");
	assert_query(f, COUNTS, "0|1\n1|1\n3|3");
	assert_query(f, "SELECT DISTINCT time % 86400 FROM image_counts", "0");
	poll_at(f, day + 4 * DAY, listing, OUTCOME_ABORTED, NULL);
	assert_query(f, COUNTS, "0|1\n1|1\n3|3\n4|4");
}

static void counts_have_a_row_for_each_sort(void **state)
{
	struct fixture *f = *state;
	struct record r = fixture_record("img-1", "a");
	struct poll poll;
	int64_t one = fixture_listing(f, "prod", "uhost"), two = fixture_listing(f, "qa", "uhost");

	poll_init(f, &poll, two, OUTCOME_FAILED); /* the first poll of all: there is nothing yet */
	poll_commit(f, &poll);
	assert_query(f, "SELECT count(*) FROM image_counts", "0");
	poll_init(f, &poll, one, OUTCOME_COMPLETE);
	poll_sees(&poll, r);
	r.image_id = "img-2";
	r.kind = "custom";
	poll_sees(&poll, r);
	r.image_id = "img-3";
	r.state = "pending";
	poll_sees(&poll, r);
	poll_commit(f, &poll);
	assert_query(f,
		     "SELECT provider, region, kind, state, images FROM image_counts"
		     " ORDER BY kind, state",
		     "ucloud|cn-bj2|custom|available|1\nucloud|cn-bj2|custom|pending|1\n"
		     "ucloud|cn-bj2|system|available|1");
}

static void drift_is_told_field_and_word_apart(void **state)
{
	struct fixture *f = *state;
	const struct page_drift drifts[] = { { .path = "NewField", .json_type = "string" },
					     { .path = "State", .native = "Sleeping" } };
	struct poll poll;
	char expected[256];

	poll_init(f, &poll, fixture_listing(f, "prod", "uhost"), OUTCOME_COMPLETE);
	poll.commit.drifts = drifts;
	poll.commit.drift_count = ARRAY_LEN(drifts);
	poll_commit(f, &poll);
	snprintf(
		expected, sizeof(expected),
		"ucloud|uhost|NewField|string|NULL|%lld|1\nucloud|uhost|State|NULL|Sleeping|%lld|1",
		(long long)f->now, (long long)f->now);
	assert_query(f,
		     "SELECT provider, service, path, json_type, native, first_seen_at,"
		     " last_seen_at_utc = strftime('%Y-%m-%dT%H:%M:%SZ', last_seen_at,"
		     " 'unixepoch') FROM drift ORDER BY path",
		     expected);
}

static void each_time_has_its_text(void **state)
{
	assert_query(
		*state,
		"SELECT v.name, c.name FROM sqlite_schema AS v, pragma_table_info(v.name) AS c"
		" WHERE v.type = 'view' AND v.name NOT LIKE '\\_%' ESCAPE '\\' AND c.name LIKE"
		" '%\\_at' ESCAPE '\\' EXCEPT SELECT v.name, substr(c.name, 1, length(c.name) - 4)"
		" FROM sqlite_schema AS v, pragma_table_info(v.name) AS c WHERE v.type = 'view'",
		"");
}

/* Functions that SQLite refuses in a view to a reader who trusts no schema. */
static void no_view_needs_trust(void **state)
{
	struct fixture *f = *state;
	char names[2048];
	char sql[128];

	snprintf(names, sizeof(names), "%s",
		 fixture_query(f, "SELECT name FROM sqlite_schema WHERE type = 'view'"));
	for (char *name = strtok(names, "\n"); name; name = strtok(NULL, "\n")) {
		snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" LIMIT 0", name);
		assert_query(f, sql, "");
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
enum { CASES = 5 };

int main(void)
{
	struct CMUnitTest tests[CASES + ARRAY_LEN(rows)] = {
		CASE(counts_are_of_the_first_poll_of_a_day),
		CASE(counts_have_a_row_for_each_sort),
		CASE(drift_is_told_field_and_word_apart),
		CASE(each_time_has_its_text),
		CASE(no_view_needs_trust),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[CASES + i] = (struct CMUnitTest)TEST_ROW(view_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
