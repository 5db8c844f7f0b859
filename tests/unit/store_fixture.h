/*
 * A catalog in a directory of its own, with a clock that the test moves, and the few calls that
 * make polls out of records. Also a plain SQLite connection, to see what others see.
 */
#pragma once

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "model/record.h"
#include "store/store.h"
#include "store/verify.h"
#include "tests/test.h"

#define SEED     UINT64_C(42)
#define INTERVAL INT64_C(600)

struct fixture {
	char directory[64], path[96];
	struct env env;
	int64_t now;
	struct store *store;
	struct error err;
};

static int64_t fixture_now_s(const struct env *env)
{
	return *(int64_t *)env->data;
}

/* ---- the catalog -------------------------------------------------------------------------- */

/* The bytes of a file. */
__attribute__((unused)) static void fixture_load(const char *path, struct buf *ret)
{
	char bytes[4096];
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	buf_init(ret);
	while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_put(ret, bytes, len);
	assert_int_equal(fclose(file), 0);
}

__attribute__((unused)) static void fixture_save(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Also one that is not there yet. */
static void fixture_create(struct fixture *f)
{
	f->err.text[0] = '\0';
	if (store_open(&f->store, f->path, "1.2.3", &f->env, &f->err) != 0)
		fail_msg("store_open: %s", f->err.text);
}

/* The first one is made by store_open(), the others are copies of it: making one takes most of the
 * time of a test that is watched. */
__attribute__((unused)) static void fixture_open(struct fixture *f)
{
	static struct buf made;
	bool absent = access(f->path, F_OK) != 0;

	if (absent && made.len > 0) {
		fixture_save(f->path, buf_text(&made), made.len);
		assert_int_equal(chmod(f->path, 0640), 0);
	}
	fixture_create(f);
	if (absent && made.len == 0) {
		store_close(f->store);
		fixture_load(f->path, &made);
		fixture_create(f);
	}
}

__attribute__((unused)) static void fixture_reopen(struct fixture *f)
{
	store_close(f->store);
	fixture_open(f);
}

/* The clock starts now, because the views ask the real one how old a poll is. */
__attribute__((unused)) static int fixture_start(struct fixture *f)
{
	*f = (struct fixture){ .now = env_system()->now_s(env_system()) - 3600 };
	strcpy(f->directory, "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/catalog.db", f->directory);
	f->env = (struct env){ .now_s = fixture_now_s, .data = &f->now };
	return 0;
}

/* A path in the fixture's directory, in the caller's buffer. */
enum { FIXTURE_PATH = 256 };
__attribute__((unused)) static const char *fixture_path(const struct fixture *f, const char *name,
							char ret_path[static FIXTURE_PATH])
{
	strcpy(ret_path, f->directory);
	strcat(ret_path, "/");
	return strcat(ret_path, name);
}

static int fixture_remove(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

__attribute__((unused)) static void fixture_end(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	nftw(f->directory, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/*
 * Starts with a new catalog, open. Every one in a program but the first is a copy of that: making
 * one costs more than what most tests do with it, above all under valgrind.
 */
__attribute__((unused)) static void fixture_make(struct fixture *f)
{
	static struct buf first;

	fixture_start(f);
	if (first.len == 0) {
		fixture_open(f);
		store_close(f->store); /* into one file */
		fixture_load(f->path, &first);
	} else {
		fixture_save(f->path, first.bytes, first.len);
	}
	fixture_open(f);
}

__attribute__((unused)) static int64_t fixture_listing(struct fixture *f, const char *account,
						       const char *service)
{
	struct listing_identity identity = { account, "ucloud", "api.ucloud.cn",
					     service, "cn-bj2", "",
					     "",      "" };
	struct store_listing listing = { 0 };

	if (store_register(f->store, &identity, INTERVAL, &listing, &f->err) != 0)
		fail_msg("store_register: %s", f->err.text);
	return listing.listing_id;
}

/* ---- SQL ---------------------------------------------------------------------------------------
 */

/* The rows as text, columns parted by '|', rows by '\n'; NULL is "NULL". */
__attribute__((unused)) static const char *fixture_query(struct fixture *f, const char *sql)
{
	static char text[16384];
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	size_t len = 0;
	int code;

	text[0] = '\0';
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	/* As a careful reader does: what views need, they must have without trust. */
	assert_int_equal(sqlite3_exec(db, "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *value = (const char *)sqlite3_column_text(stmt, i);
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						i     ? "|"
						: len ? "\n"
						      : "",
						value ? value : "NULL");
			assert_true(len < sizeof(text));
		}
	}
	assert_int_equal(code, SQLITE_DONE);
	sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return text;
}

/* Changes the catalog behind the store's back. */
__attribute__((unused)) static void fixture_exec(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	int keep = 1;

	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep),
			 SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- polls -------------------------------------------------------------------------------------
 */

/* A record as a provider would give it; the test changes what it is about. */
__attribute__((unused)) static struct record fixture_record(const char *id, const char *name)
{
	struct record record;

	record_init(&record);
	record.image_id = id;
	record.zone = "cn-bj2-02";
	record.name = name;
	record.kind = "system";
	record.state = "available";
	record.state_native = "Available";
	record.launchable = 1;
	record.os_distro = "ubuntu";
	record.os_version = "22.04";
	record.size_bytes = INT64_C(20) << 30;
	record.tags = "[\"a\",\"b\"]";
	record.raw = "{\"ImageId\":\"x\"}";
	return record;
}

__attribute__((unused)) static uint64_t fixture_key(const struct record *record)
{
	return page_key(SEED, record->zone, record->zone_id, record->image_id);
}

struct poll {
	struct poll_log log;
	struct commit commit;
	struct spool *spool;
	struct known_entry absent[8], returned[8];
};

__attribute__((unused)) static void poll_init(struct fixture *f, struct poll *poll,
					      int64_t listing_id, enum outcome outcome)
{
	f->now += 60;
	*poll = (struct poll){
		.log = { .started_at = f->now - 1,
			 .finished_at = f->now,
			 .outcome = outcome,
			 .pages = 1,
			 .requests = 1,
			 .bytes = 1000,
			 .duration_ms = 12,
			 .items = 1,
			 .total_reported = -1,
			 .http_status = -1,
			 .code = POLL_NO_CODE },
		.commit = { .listing_id = listing_id,
			    .next_due_at = f->now + INTERVAL,
			    .removal_after = 2,
			    .seed = SEED },
	};
	assert_int_equal(spool_open(&poll->spool, f->directory, KIB(64)), 0);
	poll->commit.log = &poll->log;
	poll->commit.changed = poll->spool;
	poll->commit.absent = poll->absent;
	poll->commit.returned = poll->returned;
}

__attribute__((unused)) static void poll_sees(struct poll *poll, struct record record)
{
	struct spooled item = { .key = fixture_key(&record), .record = record };

	if (record.raw)
		item.content = hash_bytes(record.raw, strlen(record.raw), SEED);
	assert_int_equal(spool_put(poll->spool, &item), 0);
}

__attribute__((unused)) static struct known_entry fixture_known(struct fixture *f,
								int64_t listing_id, const char *id)
{
	struct known known;
	struct record record = fixture_record(id, "");
	const struct known_entry *entry;
	struct known_entry copy = { 0 };

	known_init(&known);
	assert_int_equal(store_load_known(f->store, listing_id, SEED, &known, &f->err), 0);
	entry = known_by_key(&known, fixture_key(&record));
	assert_non_null(entry);
	copy = *entry;
	known_finish(&known);
	return copy;
}

__attribute__((unused)) static void poll_misses(struct fixture *f, struct poll *poll,
						const char *id)
{
	assert_true(poll->commit.absent_count < 8);
	poll->absent[poll->commit.absent_count++] = fixture_known(f, poll->commit.listing_id, id);
}

__attribute__((unused)) static void poll_knows_again(struct fixture *f, struct poll *poll,
						     const char *id)
{
	assert_true(poll->commit.returned_count < 8);
	poll->returned[poll->commit.returned_count++] =
		fixture_known(f, poll->commit.listing_id, id);
}

__attribute__((unused)) static void poll_end(struct poll *poll)
{
	free(poll->commit.stored);
	spool_close(poll->spool);
}

__attribute__((unused)) static void poll_commit(struct fixture *f, struct poll *poll)
{
	if (store_commit(f->store, &poll->commit, &f->err) != 0)
		fail_msg("store_commit: %s", f->err.text);
	poll_end(poll);
}

/* One complete poll that sees one record. */
__attribute__((unused)) static void fixture_poll(struct fixture *f, int64_t listing_id,
						 struct record record)
{
	struct poll poll;

	poll_init(f, &poll, listing_id, OUTCOME_COMPLETE);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
}

/* ---- history ----------------------------------------------------------------------------------
 */

/*
 * Replays the history of every image against itself: revisions have no gaps, each `changed` entry's
 * old values are those of the revision before it and its new values those of the one after, or of
 * the present row.
 */
__attribute__((unused)) static void fixture_check_history(struct fixture *f)
{
	struct buf present;

	buf_init(&present);
	buf_puts(&present, "json_object(");
	for (enum column c = 0, first = 1; c < COLUMN_COUNT; c++) {
		if (columns[c].flags & (COLUMN_HONESTY | COLUMN_VOLATILE))
			continue;
		buf_printf(&present,
			   columns[c].type == COLUMN_LIST ? "%s'%s', json(i.%s)" : "%s'%s', i.%s",
			   first ? "" : ", ", columns[c].name, columns[c].name);
		first = 0;
	}
	buf_puts(&present, ")");

	struct buf sql;
	buf_init(&sql);
	buf_printf(
		&sql,
		"WITH records AS (SELECT i.image, i.revision, %s AS record FROM _images AS i"
		" UNION ALL SELECT image, revision, record FROM _revisions)"
		" SELECT c.seq, f.key, f.value FROM _changes AS c, json_each(c.fields) AS f"
		" LEFT JOIN records AS old ON old.image = c.image AND old.revision = c.revision - 1"
		" LEFT JOIN records AS new ON new.image = c.image AND new.revision = c.revision"
		" WHERE c.kind = 'changed' AND (old.record IS NULL OR new.record IS NULL"
		" OR json_extract(f.value, '$[0]') IS NOT json_extract(old.record, '$.' || f.key)"
		" OR json_extract(f.value, '$[1]') IS NOT json_extract(new.record, '$.' || f.key))",
		buf_text(&present));
	assert_string_equal(fixture_query(f, buf_text(&sql)), "");
	assert_string_equal(
		fixture_query(f, "SELECT image FROM (SELECT image, revision FROM _images UNION ALL"
				 " SELECT image, revision FROM _revisions) GROUP BY image"
				 " HAVING min(revision) <> 1 OR max(revision) <> count(*)"),
		"");
	assert_string_equal(fixture_query(f,
					  "SELECT a.image FROM _revisions AS a JOIN _revisions AS b"
					  " ON b.image = a.image AND b.revision = a.revision + 1"
					  " WHERE a.valid_to_at <> b.valid_from_at OR "
					  "a.valid_from_at > a.valid_to_at"),
			    "");
	/* The count that is kept along is the one that counting gives. */
	assert_string_equal(
		fixture_query(
			f,
			"SELECT listing_id FROM listings WHERE images_present <> (SELECT count(*)"
			" FROM sightings AS s WHERE s.listing_id = listings.listing_id"
			" AND s.presence = 'present')"),
		"");
	buf_finish(&present);
	buf_finish(&sql);
}

__attribute__((unused)) static void fixture_keep_line(const char *sentence, void *data)
{
	buf_printf(data, "%s\n", sentence);
}

/* Every check of it passes. */
__attribute__((unused)) static void fixture_check_whole(struct fixture *f)
{
	struct verify_report report;
	struct buf lines;

	buf_init(&lines);
	assert_int_equal(store_verify(f->path, fixture_keep_line, &lines, &report, &f->err), 0);
	assert_string_equal(buf_text(&lines), "");
	buf_finish(&lines);
}

/* ---- around a test ------------------------------------------------------------------------------
 */

/* The catalog of the test that runs. */
__attribute__((unused)) static struct fixture fixture;

/* A new catalog, open; the test finds it in *state. */
__attribute__((unused)) static int fixture_setup(void **state)
{
	fixture_make(&fixture);
	*state = &fixture;
	return 0;
}

__attribute__((unused)) static int fixture_teardown(void **state)
{
	(void)state;
	fixture_end(&fixture);
	return 0;
}

/* A test that closed its catalog has nothing to look at. */
__attribute__((unused)) static int fixture_teardown_checked(void **state)
{
	if (fixture.store)
		fixture_check_history(&fixture);
	return fixture_teardown(state);
}

#define assert_query(f, sql, expected) assert_string_equal(fixture_query((f), (sql)), (expected))
