/*
 * Which row shows an image that several accounts see, and which image is the latest of its sort.
 * Each row changes a small catalog behind the store's back and asks it as any reader would.
 */
#include "store_fixture.h"

/* `prod` lists img-1, img-2 and img-3, a day apart; `qa` could see the same and lists nothing. */
static void fill(struct fixture *f)
{
	static const char *const ids[] = { "img-1", "img-2", "img-3" };
	int64_t prod, qa;
	struct poll poll;

	fixture_make(f);
	f->now += 3600 - 300;
	prod = fixture_listing(f, "prod", "uhost");
	qa = fixture_listing(f, "qa", "uhost");
	poll_init(f, &poll, prod, OUTCOME_COMPLETE);
	for (int i = 0; i < 3; i++) {
		struct record r = fixture_record(ids[i], "Ubuntu");
		r.origin = "platform";
		r.arch = "x86_64";
		r.form = "vm";
		r.created_at = INT64_C(1760000000) + i * INT64_C(86400);
		poll_sees(&poll, r);
	}
	poll_commit(f, &poll);
	poll_init(f, &poll, qa, OUTCOME_COMPLETE);
	poll_commit(f, &poll);
}

/* clang-format off */
/* The same rows in the other listing. */
#define TWINS(changes) \
	"CREATE TEMP TABLE t AS SELECT * FROM _images; UPDATE t SET image = NULL, listing_id = 2" changes ";" \
	"INSERT INTO _images SELECT * FROM t;"
#define STALE(listing)   "UPDATE _listings SET last_complete_at = 1 WHERE listing_id = " listing ";"
#define DISABLE(listing) "UPDATE _listings SET disabled_at = 5 WHERE listing_id = " listing ";"
#define IMAGES(changes, ids)     "UPDATE _images SET " changes " WHERE image_id IN (" ids ");"
#define ROW_OF_PROD(changes, id) "UPDATE _images SET " changes " WHERE listing_id = 1 AND image_id = " id ";"
#define SHOWN   "SELECT image_id, account, presence, stale, accounts, account_count FROM images"
#define SHOWN_2 SHOWN " WHERE image_id = 'img-2'"
#define LATEST  "SELECT image_id FROM latest_images ORDER BY image_id"
#define REASON  "SELECT image_id, rank_reason FROM latest_images ORDER BY image_id"

static const struct row {
	const char *name, *change, *query, *expected;
} rows[] = {
	/* ---- one row for all who see it ---- */
	{ "seen by one", "", SHOWN_2, "img-2|prod|present|0|[\"prod\"]|1" },
	{ "seen by one, who is alone", "UPDATE _listings SET shares = 0", SHOWN_2,
	  "img-2|prod|present|0|[\"prod\"]|1" },
	{ "seen by two: the lower listing", TWINS(""), SHOWN_2,
	  "img-2|prod|present|0|[\"prod\",\"qa\"]|2" },
	{ "seen by two: each once", TWINS(""), "SELECT count(*), count(DISTINCT uid) FROM images", "3|3" },
	{ "a stale listing steps back", TWINS("") STALE("1"), SHOWN_2,
	  "img-2|qa|present|0|[\"prod\",\"qa\"]|2" },
	{ "both stale: the lower listing", TWINS("") STALE("1") STALE("2"), SHOWN_2,
	  "img-2|prod|present|1|[\"prod\",\"qa\"]|2" },
	{ "a missing row steps back", TWINS("") ROW_OF_PROD("presence = 1", "'img-2'"), SHOWN_2,
	  "img-2|qa|present|0|[\"prod\",\"qa\"]|2" },
	{ "fresh and missing before stale and present",
	  TWINS("") STALE("2") ROW_OF_PROD("presence = 1", "'img-2'"), SHOWN_2,
	  "img-2|prod|missing|0|[\"prod\",\"qa\"]|2" },
	{ "both missing: the lower listing", TWINS("") IMAGES("presence = 1", "'img-2'"), SHOWN_2,
	  "img-2|prod|missing|0|[\"prod\",\"qa\"]|2" },
	{ "a removed row is gone", TWINS("") ROW_OF_PROD("presence = 2", "'img-2'"), SHOWN_2,
	  "img-2|qa|present|0|[\"qa\"]|1" },
	{ "fresh and removed stands in nobody's way", TWINS("") STALE("2") ROW_OF_PROD("presence = 2", "'img-2'"), SHOWN_2,
	  "img-2|qa|present|1|[\"qa\"]|1" },
	{ "removed everywhere", TWINS("") IMAGES("presence = 2", "'img-2'"), SHOWN_2, "" },
	{ "a disabled listing is left out", TWINS("") DISABLE("1"), SHOWN_2,
	  "img-2|qa|present|0|[\"qa\"]|1" },
	{ "a disabled listing is no twin", TWINS("") DISABLE("2"), SHOWN_2,
	  "img-2|prod|present|0|[\"prod\"]|1" },
	{ "a disabled listing stands in nobody's way", TWINS("") DISABLE("1") STALE("2"), SHOWN_2,
	  "img-2|qa|present|1|[\"qa\"]|1" },
	{ "a disabled listing leaves the missing row of another", TWINS(", presence = 1") DISABLE("1"), SHOWN_2,
	  "img-2|qa|missing|0|[\"qa\"]|1" },
	{ "all disabled", DISABLE("1"), SHOWN, "" },
	{ "disabled in sightings", DISABLE("1"),
	  "SELECT DISTINCT presence, removed_reason, removed_at FROM sightings", "removed|account-removed|5" },
	{ "a twin outside the leading listing", TWINS("") "DELETE FROM _images WHERE listing_id = 1;", SHOWN_2,
	  "img-2|qa|present|0|[\"qa\"]|1" },
	{ "two listings of one account", TWINS("") "UPDATE _listings SET account = 'prod', variant = 'x' WHERE listing_id = 2",
	  SHOWN_2, "img-2|prod|present|0|[\"prod\"]|1" },
	{ "names are JSON", TWINS("") "UPDATE _listings SET account = 'a\"\\b' WHERE listing_id = 2",
	  "SELECT accounts, json_extract(accounts, '$[0]') FROM images LIMIT 1", "[\"a\\\"\\\\b\",\"prod\"]|a\"\\b" },
	{ "a name alone is JSON", "UPDATE _listings SET account = 'a\"\\b', shares = 0 WHERE listing_id = 1",
	  "SELECT accounts, json_extract(accounts, '$[0]') FROM images LIMIT 1", "[\"a\\\"\\\\b\"]|a\"\\b" },
	{ "sightings show all rows", TWINS(", presence = 2"),
	  "SELECT listing_id, presence, count(*) FROM sightings GROUP BY 1, 2", "1|present|3\n2|removed|3" },

	/* ---- the latest ---- */
	{ "latest: the newest", "", LATEST, "img-3" },
	{ "latest: why", "", REASON,
	  "img-3|newest of 3 launchable images, then highest image_id; created 2025-10-11" },
	{ "latest: a tie", IMAGES("created_at = 1770000000", "'img-1', 'img-2'"), LATEST, "img-2" },
	{ "latest: the newest has a low id", IMAGES("created_at = 1770000000", "'img-1'"), LATEST, "img-1" },
	{ "latest: before 2001-09-09", IMAGES("created_at = 950000000", "'img-3'"), LATEST, "img-2" },
	{ "latest: no time comes last", IMAGES("created_at = NULL", "'img-3'"), LATEST, "img-2" },
	{ "latest: none has a time", "UPDATE _images SET created_at = NULL", REASON,
	  "img-3|highest image_id of 3 launchable images, none of which says when it was created" },
	{ "latest: the only one", IMAGES("launchable = 0", "'img-1', 'img-2'"), REASON,
	  "img-3|the only launchable image of its sort" },
	{ "latest: origin community", IMAGES("origin = 'community'", "'img-3'"), LATEST, "img-2" },
	{ "latest: kind community", IMAGES("kind = 'community'", "'img-3'"), LATEST, "img-2" },
	{ "latest: origin shared", IMAGES("origin = 'shared'", "'img-3'"), LATEST, "img-2" },
	{ "latest: origin unknown", IMAGES("origin = 'unknown'", "'img-3'"), LATEST, "img-2" },
	{ "latest: one's own", IMAGES("origin = 'self'", "'img-3'"), LATEST, "img-3" },
	{ "latest: not launchable", IMAGES("launchable = 0", "'img-3'"), LATEST, "img-2" },
	{ "latest: perhaps launchable", IMAGES("launchable = NULL", "'img-3'"), LATEST, "img-2" },
	{ "latest: missing", IMAGES("presence = 1", "'img-3'"), LATEST, "img-2" },
	{ "latest: removed", IMAGES("presence = 2", "'img-3'"), LATEST, "img-2" },
	{ "latest: missing here, present there", TWINS("") ROW_OF_PROD("presence = 1", "'img-3'"),
	  "SELECT image_id, account FROM latest_images", "img-3|qa" },
	{ "latest: nothing", "UPDATE _images SET launchable = 0", LATEST, "" },
	{ "latest: a disabled listing", DISABLE("1"), LATEST, "" },
	{ "latest: staleness shows", STALE("1"), "SELECT stale, rank_reason FROM latest_images",
	  "1|newest of 3 launchable images, then highest image_id; created 2025-10-11; its listing is stale" },
	{ "latest: two accounts, one image", TWINS(""), "SELECT image_id, accounts, rank_reason FROM latest_images",
	  "img-3|[\"prod\",\"qa\"]|newest of 3 launchable images, then highest image_id; created 2025-10-11" },
	{ "latest: NULLs are one sort", IMAGES("os_distro = NULL, os_version = NULL", "'img-1', 'img-2'"), REASON,
	  "img-2|newest of 2 launchable images, then highest image_id; created 2025-10-10;"
	  " their system is not known: they may have nothing in common\n"
	  "img-3|the only launchable image of its sort" },
	{ "latest: region and zone may be NULL", "UPDATE _images SET zone = NULL; UPDATE _listings SET region = ''",
	  LATEST, "img-3" },
	{ "latest: GPU yes, no and not said", IMAGES("gpu_supported = 1", "'img-1'") IMAGES("gpu_supported = 0", "'img-2'"),
	  "SELECT image_id, gpu_supported FROM latest_images ORDER BY 1", "img-1|1\nimg-2|0\nimg-3|NULL" },
	{ "latest: sorts: zone", IMAGES("zone = 'x'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: sorts: version", IMAGES("os_version = '20.04'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: sorts: arch", IMAGES("arch = 'aarch64'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: sorts: form", IMAGES("form = 'container'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: sorts: kind", IMAGES("kind = 'marketplace'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: sorts: workload", IMAGES("workload = 'AI'", "'img-1'"), LATEST, "img-1\nimg-3" },
	{ "latest: a filter sees the same as all", IMAGES("zone = 'x'", "'img-1'"),
	  "SELECT image_id, rank_reason FROM latest_images WHERE zone = 'cn-bj2-02' AND os_distro = 'ubuntu'"
	  " AND region = 'cn-bj2' AND workload IS NULL",
	  "img-3|newest of 2 launchable images, then highest image_id; created 2025-10-11" },
};
/* clang-format on */

static void view_row(void **state)
{
	const struct row *row = *state;

	fill(&fixture);
	fixture_exec(&fixture, row->change);
	assert_query(&fixture, row->query, row->expected);
	fixture_end(&fixture);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(view_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
