#include "faulty_scenes.h"

#include "store/internal.h"

enum { IMAGES = 30, LISTING = 1, OTHER = 2 };

static const int64_t first_second = 1750000000, day = 86400;

/* ---- records -------------------------------------------------------------------------------- */

struct names {
	char id[16], name[32], raw[700], description[6000];
};

/* Record number `n`, whose name says `what`; some are longer than a page. The texts are in `names`.
 */
static struct record make(struct names *names, int n, const char *what)
{
	struct record record;

	snprintf(names->id, sizeof(names->id), "img-%d", n);
	snprintf(names->name, sizeof(names->name), "%s %d", what, n);
	memset(names->raw, 'a' + n % 26, sizeof(names->raw) - 1);
	names->raw[sizeof(names->raw) - 1] = '\0';
	memcpy(names->raw, names->name, strlen(names->name));
	record = fixture_record(names->id, names->name);
	record.raw = names->raw;
	if (n % 10 == 6) {
		memset(names->description, 'A' + n % 26, sizeof(names->description) - 1);
		names->description[sizeof(names->description) - 1] = '\0';
		record.description = names->description;
	}
	return record;
}

static void sees(struct poll *poll, int n, const char *what)
{
	struct names names;

	poll_sees(poll, make(&names, n, what));
}

/* ---- catalogs to start from ----------------------------------------------------------------- */

/* The listing's third image is removed, the fifth missing; the second has returned. */
static void fill(struct fixture *f)
{
	struct poll poll;

	fixture_open(f);
	assert_int_equal(fixture_listing(f, "prod", "uhost"), LISTING);
	assert_int_equal(fixture_listing(f, "test", "uhost"), OTHER);
	poll_init(f, &poll, LISTING, OUTCOME_COMPLETE);
	for (int n = 1; n <= IMAGES; n++)
		sees(&poll, n, "first");
	poll_commit(f, &poll);
	poll_init(f, &poll, LISTING, OUTCOME_COMPLETE);
	sees(&poll, 1, "second");
	poll_misses(f, &poll, "img-2");
	poll_misses(f, &poll, "img-3");
	poll_commit(f, &poll);
	poll_init(f, &poll, LISTING, OUTCOME_COMPLETE);
	sees(&poll, 4, "second");
	poll_misses(f, &poll, "img-3");
	poll_misses(f, &poll, "img-5");
	poll_knows_again(f, &poll, "img-2");
	poll_commit(f, &poll);
}

static void build_filled(struct stage *stage)
{
	fill(&stage->f);
	store_close(stage->f.store);
	disk_load(&stage->base, stage->f.path);
}

/* The same, and a write-ahead log that nobody has moved into the file: as a kill leaves it. */
static void leave_log(struct stage *stage)
{
	struct fixture *f = &stage->f;
	struct poll poll;

	store_checkpoint(f->store, true);
	for (int n = 0; n < 3; n++) {
		poll_init(f, &poll, LISTING, OUTCOME_COMPLETE);
		sees(&poll, 6 + n, "third");
		sees(&poll, 50 + n, "first");
		poll_commit(f, &poll);
	}
	disk_load(&stage->base, f->path);
	assert_true(stage->base.files[DISK_WAL].len > 0);
	store_close(f->store);
}

static void build_killed(struct stage *stage)
{
	fill(&stage->f);
	leave_log(stage);
}

static void build_large(struct stage *stage)
{
	struct poll poll;

	fill(&stage->f);
	poll_init(&stage->f, &poll, LISTING, OUTCOME_PARTIAL);
	for (int n = 100; n < 250; n++)
		sees(&poll, n, "first");
	poll_commit(&stage->f, &poll);
	leave_log(stage);
	assert_true(stage->base.files[DISK_MAIN].len > (size_t)100 * 4096);
}

static void build_empty_file(struct stage *stage)
{
	stage->base.files[DISK_MAIN].exists = true;
}

/* clang-format off */
static const char *const migrations[] = {
#define X(version, name, sql) sql,
#include "migrations.inc"
#undef X
};
/* clang-format on */

/* A catalog as the release with this schema left it, with a little of everything in it. */
static void build_old(struct stage *stage, int version)
{
	char sql[256];
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(stage->f.path, &db), SQLITE_OK);
	for (int i = 0; i < version; i++) {
		assert_int_equal(sqlite3_exec(db, migrations[i], NULL, NULL, NULL), SQLITE_OK);
		snprintf(sql, sizeof(sql),
			 "PRAGMA application_id = 0x69636174; PRAGMA user_version = %d;"
			 "INSERT OR IGNORE INTO _meta VALUES ('created_at', 1);"
			 "INSERT OR REPLACE INTO _meta VALUES ('schema_version', %d)",
			 i + 1, i + 1);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	int code = sqlite3_exec(
		db,
		"PRAGMA journal_mode = WAL;"
		"INSERT INTO _listings (listing_id, account, provider, cloud, service, region, "
		"zone,"
		" project, variant, interval_s, images_present, last_attempt_at, first_baseline_at)"
		" VALUES (1, 'prod', 'ucloud', 'api.ucloud.cn', 'uhost', 'cn-bj2', '', '', '', 600,"
		" 200, 1000, 1000);"
		"INSERT INTO _polls (listing_id, started_at, finished_at, outcome, added, changed,"
		" missing, removed, returned) VALUES (1, 999, 1000, 'complete', 200, 0, 0, 0, 0);"
		"INSERT INTO _changes (at, kind, listing_id, poll_id) VALUES (1000, 'baseline', 1, "
		"1);"
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
		" INSERT INTO _images (listing_id, presence, absent_polls, uid, first_seen_at,"
		" changed_at, revision, record_hash, mapping_version, raw_exact, image_id)"
		" SELECT 1, 0, 0, 'ucloud/api.ucloud.cn/uhost/cn-bj2/z/i' || i, 1000, 1000, 1, i, "
		"1,"
		" 0, 'i' || i FROM n;"
		"INSERT INTO _raw SELECT image, image_id FROM _images",
		NULL, NULL, NULL);
	if (code != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	disk_load(&stage->base, stage->f.path);
}

static void build_schema_1(struct stage *stage)
{
	build_old(stage, 1);
}

static void build_schema_2(struct stage *stage)
{
	build_old(stage, 2);
}

/* ---- polls ---------------------------------------------------------------------------------- */

static const struct page_drift drifts[] = {
	{ .path = "NewField", .json_type = "string" },
	{ .path = "State", .native = "Resting" },
};

static const struct store_place places[] = {
	{ "org-1", "cn-bj2", "cn-bj2-02" },
	{ "org-1", "cn-bj2", "cn-bj2-03" },
	{ "org-2", "cn-sh2", "" },
};

/* Something of everything that a poll can bring; the next day, so that the counts are due. */
static void before_poll(struct stage *stage)
{
	struct poll *poll = &stage->poll;

	stage->f.now += day;
	poll_init(&stage->f, poll, LISTING, OUTCOME_COMPLETE);
	stage->polling = true;
	sees(poll, 3, "first"); /* has returned, as it was */
	sees(poll, 4, "third");
	sees(poll, 16, "second");
	for (int n = 60; n < 64; n++)
		sees(poll, n, "first");
	poll_misses(&stage->f, poll, "img-5");
	poll_misses(&stage->f, poll, "img-7");
	poll->commit.drifts = drifts;
	poll->commit.drift_count = ARRAY_LEN(drifts);
	poll->commit.places = places;
	poll->commit.place_count = ARRAY_LEN(places);
}

/* Its COMMIT moves the log into the file as well. */
static void before_poll_with_checkpoint(struct stage *stage)
{
	before_poll(stage);
	assert_int_equal(sqlite3_wal_autocheckpoint(stage->f.store->db, 1), SQLITE_OK);
}

static void before_unchanged(struct stage *stage)
{
	poll_init(&stage->f, &stage->poll, LISTING, OUTCOME_COMPLETE);
	stage->polling = true;
}

static void before_failed(struct stage *stage)
{
	poll_init(&stage->f, &stage->poll, LISTING, OUTCOME_FAILED);
	stage->polling = true;
	stage->poll.log.error_class = CLASS_NETWORK;
	stage->poll.log.message = "the server failed";
}

static int call_commit(struct stage *stage, struct error *err)
{
	return store_commit(stage->f.store, &stage->poll.commit, err);
}

/* ---- the other calls ------------------------------------------------------------------------ */

static int call_truncating_checkpoint(struct stage *stage, struct error *err)
{
	(void)err;
	store_checkpoint(stage->f.store, true);
	return 0;
}

static int call_passive_checkpoint(struct stage *stage, struct error *err)
{
	(void)err;
	store_checkpoint(stage->f.store, false);
	return 0;
}

static int call_close(struct stage *stage, struct error *err)
{
	(void)err;
	store_close(stage->f.store);
	stage->f.store = NULL;
	return 0;
}

/* Of the three polls the first goes, with what it told. */
static int call_prune(struct stage *stage, struct error *err)
{
	int64_t age = stage->f.now - first_second - 130;
	int result;

	do
		result = store_prune(stage->f.store, stage->f.now, age, age, err);
	while (result > 0);
	return result;
}

static int call_register(struct stage *stage, struct error *err)
{
	struct listing_identity identity = { "third", "ucloud", "api.ucloud.cn",
					     "uhost", "cn-bj2", "",
					     "",      "" };
	struct store_listing listing = { 0 };

	return store_register(stage->f.store, &identity, INTERVAL, &listing, err);
}

static void before_registrations(struct stage *stage)
{
	assert_int_equal(store_disable(stage->f.store, LISTING, &stage->f.err), 0);
}

/* What a reload does: listings that are new, one that comes back, one with another interval. */
static int register_several(struct store *store, void *data, struct error *err)
{
	static const char *const accounts[] = { "third", "prod", "fourth", "fifth" };
	int result = 0;

	(void)data;
	for (size_t i = 0; i < ARRAY_LEN(accounts) && result == 0; i++) {
		struct listing_identity identity = { accounts[i], "ucloud", "api.ucloud.cn",
						     "uhost",     "cn-bj2", "",
						     "",          "" };
		struct store_listing listing = { 0 };
		result = store_register(store, &identity, INTERVAL + 1, &listing, err);
	}
	return result;
}

static int call_registrations(struct stage *stage, struct error *err)
{
	return store_together(stage->f.store, register_several, NULL, err);
}

static int call_disable(struct stage *stage, struct error *err)
{
	return store_disable(stage->f.store, LISTING, err);
}

static int call_open(struct stage *stage, struct error *err)
{
	return store_open(&stage->f.store, stage->f.path, "1.2.3", &stage->f.env, err);
}

static int call_open_by_next_release(struct stage *stage, struct error *err)
{
	return store_open(&stage->f.store, stage->f.path, "1.3.0", &stage->f.env, err);
}

/* clang-format off */
const struct scene scenes[] = {
	{ "a poll with everything",   build_filled, before_poll, call_commit },
	{ "a poll and a checkpoint",  build_filled, before_poll_with_checkpoint, call_commit },
	{ "an unchanged poll",        build_filled, before_unchanged, call_commit },
	{ "a failed poll",            build_filled, before_failed, call_commit },
	{ "a truncating checkpoint",  build_killed, NULL, call_truncating_checkpoint, .silent = true },
	{ "a passive checkpoint",     build_killed, NULL, call_passive_checkpoint, .silent = true },
	{ "a close",                  build_killed, NULL, call_close, .silent = true },
	{ "a prune",                  build_filled, NULL, call_prune, .several = true },
	{ "a new listing",            build_filled, NULL, call_register },
	{ "listings of a reload",     build_filled, before_registrations, call_registrations },
	{ "a disabled listing",       build_filled, NULL, call_disable },
	{ "a start on nothing",       NULL, NULL, call_open, .opens = true },
	{ "a start on an empty file", build_empty_file, NULL, call_open, .opens = true },
	{ "a start on schema 1",      build_schema_1, NULL, call_open, .opens = true },
	{ "a start on schema 2",      build_schema_2, NULL, call_open, .opens = true },
	{ "a start",                  build_filled, NULL, call_open, .opens = true },
	{ "a start of a new release", build_filled, NULL, call_open_by_next_release, .opens = true },
	{ "a start after a kill",     build_killed, NULL, call_open, .opens = true },
	{ 0 },
};
/* clang-format on */

const struct scene large_scene = { "a large catalog", build_large, NULL, call_open, .opens = true };

/* ---- stories -------------------------------------------------------------------------------- */

static int told(struct stage *stage, int result)
{
	if (result == 0)
		stage->done(stage);
	return result;
}

static int poll_once(struct stage *stage, void (*before)(struct stage *stage), struct error *err)
{
	before(stage);
	int result = told(stage, store_commit(stage->f.store, &stage->poll.commit, err));
	poll_end(&stage->poll);
	stage->polling = false;
	return result;
}

/* One transaction: the polls alone. */
static int prune_polls(struct stage *stage, struct error *err)
{
	int result = store_prune(stage->f.store, stage->f.now, 0, day, err);

	return result < 0 ? result : 0;
}

static void before_third(struct stage *stage)
{
	before_unchanged(stage);
	sees(&stage->poll, 61, "second");
	sees(&stage->poll, 16, "third");
}

/* The log is filled, moved, filled anew from its start, cut, and filled again. */
static int tell_a_day(struct stage *stage, struct error *err)
{
	int result = poll_once(stage, before_unchanged, err);

	if (result == 0)
		result = poll_once(stage, before_poll, err);
	if (result == 0)
		result = poll_once(stage, before_failed, err);
	if (result == 0) {
		store_checkpoint(stage->f.store, false);
		result = poll_once(stage, before_third, err);
	}
	if (result == 0)
		result = told(stage, prune_polls(stage, err));
	if (result == 0) {
		store_checkpoint(stage->f.store, true);
		result = poll_once(stage, before_unchanged, err);
	}
	if (result == 0)
		result = told(stage, call_disable(stage, err));
	if (result == 0)
		call_close(stage, err);
	return result;
}

/* clang-format off */
const struct scene stories[] = {
	{ "a day", build_filled, NULL, tell_a_day },
	{ 0 },
};
/* clang-format on */

/* ---- stages --------------------------------------------------------------------------------- */

void stage_start(struct stage *stage, const struct scene *scene)
{
	*stage = (struct stage){ .scene = scene,
				 .open_files = faulty_vfs_open_files(),
				 .memory = sqlite3_memory_used() };
	faulty_vfs_install();
	fixture_start(&stage->f);
	/* In memory where there is such a place: nothing of it is to survive. */
	if (access("/dev/shm", W_OK) == 0) {
		assert_int_equal(rmdir(stage->f.directory), 0);
		snprintf(stage->f.directory, sizeof(stage->f.directory), "/dev/shm/store-XXXXXX");
		assert_non_null(mkdtemp(stage->f.directory));
		snprintf(stage->f.path, sizeof(stage->f.path), "%s/catalog.db", stage->f.directory);
	}
	stage->f.now = first_second;
	if (scene->build)
		scene->build(stage);
	stage->f.store = NULL;
}

void stage_end(struct stage *stage)
{
	disk_clear(&stage->base);
	fixture_end(&stage->f);
	faulty_vfs_remove();
}

void stage_begin(struct stage *stage)
{
	char path[FIXTURE_PATH];

	stage->f.now = first_second + 3600;
	disk_store(&stage->base, stage->f.path);
	snprintf(path, sizeof(path), "%s.witness", stage->f.path);
	unlink(path); /* it would have seen a later catalog */
	if (!stage->scene->opens)
		fixture_open(&stage->f);
	if (stage->scene->before)
		stage->scene->before(stage);
}

void stage_finish(struct stage *stage)
{
	if (stage->polling)
		poll_end(&stage->poll);
	stage->polling = false;
	store_close(stage->f.store);
	stage->f.store = NULL;
	assert_int_equal(faulty_vfs_open_files(), stage->open_files);
	assert_int_equal(sqlite3_memory_used(), stage->memory);
}

size_t stage_step(size_t usual)
{
	const char *all = getenv("FAULT_ALL"), *step = getenv("FAULT_STEP");

	if (all && *all == '1')
		return 1;
	return step ? usual * (size_t)strtoul(step, NULL, 10) : usual;
}

bool stage_is_sample(void)
{
	return getenv("FAULT_STEP") != NULL;
}

struct state stage_state(struct stage *stage, const char *when)
{
	struct state state;
	struct buf why;

	buf_init(&why);
	if (!judge(stage->f.path, &state, &why))
		fail_msg("%s: %s", when, buf_text(&why));
	buf_finish(&why);
	return state;
}

int stage_poll_again(struct fixture *f, struct error *err)
{
	struct listing_identity identity = { "prod",  "ucloud", "api.ucloud.cn",
					     "uhost", "cn-bj2", "",
					     "",      "" };
	struct store_listing listing = { 0 };
	struct poll poll;
	int result = store_register(f->store, &identity, INTERVAL, &listing, err);

	if (result < 0)
		return result;
	poll_init(f, &poll, listing.listing_id, OUTCOME_COMPLETE);
	poll.log.finished_at = f->now += 2 * day;
	sees(&poll, 99, "first");
	sees(&poll, 8, "fourth");
	result = store_commit(f->store, &poll.commit, err);
	poll_end(&poll);
	return result;
}
