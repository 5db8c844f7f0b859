#include "faulty_judge.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "store/migrations.h"

/* ---- what must hold ------------------------------------------------------------------------- */

/* What a poll told one by one: nothing up to its listing's baseline, nor what was pruned since. */
#define TOLD                                                                                       \
	"JOIN _listings AS l ON l.listing_id = p.listing_id"                                       \
	" WHERE p.finished_at > l.first_baseline_at"                                               \
	" AND p.finished_at >= (SELECT min(at) FROM _changes) AND "
#define TELLS(kinds)                                                                               \
	"(SELECT count(*) FROM _changes AS c WHERE c.poll_id = p.poll_id AND c.kind IN (" kinds "))"

/* clang-format off */
static const struct rule {
	const char *broken; /* what it means that the query has a row */
	const char *sql;
} rules[] = {
	{ "a key points nowhere", "PRAGMA foreign_key_check" },
	{ "a change without its poll",
	  "SELECT seq FROM _changes AS c WHERE poll_id >= (SELECT min(poll_id) FROM _polls)"
	  " AND NOT EXISTS (SELECT 1 FROM _polls AS p WHERE p.poll_id = c.poll_id)" },
	{ "a change of a poll that is not there yet",
	  "SELECT seq FROM _changes WHERE poll_id > (SELECT ifnull(max(poll_id), 0) FROM _polls)" },
	{ "a poll without its counts",
	  "SELECT poll_id FROM _polls WHERE added IS NULL OR changed IS NULL OR missing IS NULL"
	  " OR removed IS NULL OR returned IS NULL" },
	{ "a poll added what it does not tell",
	  "SELECT poll_id FROM _polls AS p " TOLD "p.added <> " TELLS("'added'") },
	{ "a poll changed what it does not tell",
	  "SELECT poll_id FROM _polls AS p " TOLD "p.changed <> " TELLS("'changed'") },
	{ "a poll missed what it does not tell",
	  "SELECT poll_id FROM _polls AS p " TOLD "p.missing <> " TELLS("'missing'") },
	{ "a poll removed what it does not tell",
	  "SELECT poll_id FROM _polls AS p " TOLD "p.removed <> " TELLS("'removed'") },
	{ "a poll took back what it does not tell",
	  "SELECT poll_id FROM _polls AS p " TOLD "p.returned <> " TELLS("'returned'") },
	{ "a listing that does not know its last poll",
	  "SELECT l.listing_id FROM _listings AS l JOIN _polls AS p ON p.listing_id = l.listing_id"
	  " GROUP BY l.listing_id HAVING l.last_attempt_at IS NOT max(p.finished_at)" },
	{ "a wrong number of present images",
	  "SELECT listing_id FROM _listings AS l WHERE images_present <> (SELECT count(*)"
	  " FROM _images AS i WHERE i.listing_id = l.listing_id AND i.presence = 0)" },
	{ "an image without its bytes",
	  "SELECT image FROM _images WHERE image NOT IN (SELECT image FROM _raw)" },
	{ "bytes without their image",
	  "SELECT image FROM _raw WHERE image NOT IN (SELECT image FROM _images)" },
	{ "a gap in the revisions",
	  "SELECT r.image FROM _revisions AS r JOIN _images AS i ON i.image = r.image GROUP BY r.image"
	  " HAVING max(r.revision) <> i.revision - 1"
	  " OR count(*) <> max(r.revision) - min(r.revision) + 1" },
	{ "a change to a revision that is not there",
	  "SELECT seq FROM _changes AS c JOIN _images AS i ON i.image = c.image"
	  " WHERE c.revision > i.revision" },
	{ "an image that changed without a word",
	  "SELECT i.image FROM _images AS i JOIN _listings AS l ON l.listing_id = i.listing_id"
	  " WHERE i.first_seen_at > l.first_baseline_at AND i.first_seen_at >= (SELECT min(at) FROM _changes)"
	  " AND NOT EXISTS (SELECT 1 FROM _changes AS c WHERE c.image = i.image AND c.kind = 'added')" },
	{ "a gap in the feed",
	  "SELECT last FROM (SELECT count(*) AS n, min(seq) AS first, max(seq) AS last FROM _changes)"
	  " WHERE n <> last - first + 1"
	  " OR last > (SELECT seq FROM sqlite_sequence WHERE name = '_changes')" },
};
/* clang-format on */

/* ---- the judge's own SQL -------------------------------------------------------------------- */

static sqlite3_stmt *query(sqlite3 *db, const char *sql, struct buf *why)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK)
		return stmt;
	buf_printf(why, "cannot be asked '%.60s': %s", sql, sqlite3_errmsg(db));
	return NULL;
}

static bool query_int(sqlite3 *db, const char *sql, int64_t *ret, struct buf *why)
{
	sqlite3_stmt *stmt = query(db, sql, why);

	if (!stmt)
		return false;
	bool ok = sqlite3_step(stmt) == SQLITE_ROW;
	if (ok)
		*ret = sqlite3_column_int64(stmt, 0);
	else
		buf_printf(why, "does not answer '%.60s': %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	return ok;
}

static void hash_row(struct hash_state *hash, sqlite3_stmt *stmt)
{
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		int type = sqlite3_column_type(stmt, i);
		const char *text = (const char *)sqlite3_column_text(stmt, i);
		int len = sqlite3_column_bytes(stmt, i);
		hash_add(hash, &type, sizeof(type));
		hash_add(hash, &len, sizeof(len));
		if (len)
			hash_add(hash, text, (size_t)len);
	}
}

/* The rows of a query as one number; their count in `ret_rows` unless NULL. */
static bool query_hash(sqlite3 *db, const char *sql, uint64_t *ret, int64_t *ret_rows,
		       struct buf *why)
{
	struct hash_state *hash = hash_open(7);
	sqlite3_stmt *stmt = query(db, sql, why);
	int64_t rows = 0;
	int code = SQLITE_DONE;

	assert(hash);
	while (stmt && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		hash_row(hash, stmt);
		rows++;
	}
	*ret = hash_close(hash);
	if (ret_rows)
		*ret_rows = rows;
	if (stmt && code != SQLITE_DONE)
		buf_printf(why, "stops at '%.60s': %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	return stmt && code == SQLITE_DONE;
}

static bool check_integrity(sqlite3 *db, struct buf *why)
{
	sqlite3_stmt *stmt = query(db, "PRAGMA integrity_check(1)", why);

	if (!stmt)
		return false;
	const char *verdict =
		sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : "";
	bool ok = strcmp(verdict, "ok") == 0;
	if (!ok)
		buf_printf(why, "integrity_check: %s %s", verdict, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	return ok;
}

static bool check_rules(sqlite3 *db, struct buf *why)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		sqlite3_stmt *stmt = query(db, rules[i].sql, why);
		int code = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
		if (code == SQLITE_ROW)
			buf_printf(why, "%s (%s)", rules[i].broken, sqlite3_column_text(stmt, 0));
		else if (code != SQLITE_DONE && stmt)
			buf_printf(why, "%s? %s", rules[i].broken, sqlite3_errmsg(db));
		sqlite3_finalize(stmt);
		if (code != SQLITE_DONE)
			return false;
	}
	return true;
}

/* ---- schemas -------------------------------------------------------------------------------- */

/* What ANALYZE leaves is advice: it is no part of a catalog. */
static bool schema_hash(sqlite3 *db, uint64_t *ret, struct buf *why)
{
	return query_hash(db,
			  "SELECT type, name, tbl_name, sql FROM sqlite_schema"
			  " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
			  ret, NULL, why);
}

/* That of a catalog which only went through the migrations up to `version`. */
static uint64_t expected_schema(int64_t version)
{
	static uint64_t known[ARRAY_LEN(migrations) + 1];
	struct buf why;
	sqlite3 *db = NULL;

	assert(version >= 0 && version <= (int64_t)ARRAY_LEN(migrations));
	if (known[version])
		return known[version];
	buf_init(&why);
	int code = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, "unix");
	for (int64_t i = 0; i < version && code == SQLITE_OK; i++)
		code = sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL);
	bool ok = code == SQLITE_OK && schema_hash(db, &known[version], &why);
	assert(ok);
	sqlite3_close(db);
	buf_finish(&why);
	return known[version];
}

static bool check_schema(sqlite3 *db, int64_t version, struct buf *why)
{
	uint64_t hash = 0;
	int64_t marked = 0;

	if (version < 0 || version > (int64_t)ARRAY_LEN(migrations)) {
		buf_printf(why, "schema %lld", (long long)version);
		return false;
	}
	if (!schema_hash(db, &hash, why))
		return false;
	if (hash != expected_schema(version)) {
		buf_printf(why, "says schema %lld and has another", (long long)version);
		return false;
	}
	if (version == 0)
		return true;
	if (!query_int(db, "SELECT value FROM _meta WHERE key = 'schema_version'", &marked, why))
		return false;
	if (marked != version)
		buf_printf(why, "schema %lld calls itself %lld", (long long)version,
			   (long long)marked);
	return marked == version;
}

/* ---- states --------------------------------------------------------------------------------- */

static bool read_table(sqlite3 *db, const char *name, struct state *ret, struct buf *why)
{
	size_t i = ret->tables++;
	char sql[128];

	assert(i < STATE_TABLES && strlen(name) < STATE_NAME);
	memcpy(ret->table[i].name, name, strlen(name) + 1);
	snprintf(sql, sizeof(sql), "SELECT rowid, * FROM %s ORDER BY 1, 2", name);
	if (strcmp(name, "_column_docs") == 0)
		snprintf(sql, sizeof(sql), "SELECT * FROM _column_docs ORDER BY view, column");
	if (strcmp(name, "_meta") == 0) /* the id is drawn by lot */
		snprintf(sql, sizeof(sql),
			 "SELECT * FROM _meta WHERE key <> 'catalog_id' ORDER BY key");
	return query_hash(db, sql, &ret->table[i].hash, &ret->table[i].rows, why);
}

static bool read_state(sqlite3 *db, struct state *ret, struct buf *why)
{
	sqlite3_stmt *stmt = query(db,
				   "SELECT name FROM sqlite_schema WHERE type = 'table'"
				   " AND name NOT LIKE 'sqlite_stat%' ORDER BY name",
				   why);
	bool ok = stmt != NULL;

	while (ok && sqlite3_step(stmt) == SQLITE_ROW)
		ok = read_table(db, (const char *)sqlite3_column_text(stmt, 0), ret, why);
	sqlite3_finalize(stmt);
	return ok;
}

static bool judge_open(sqlite3 *db, struct state *ret, struct buf *why)
{
	bool ok = query_int(db, "PRAGMA user_version", &ret->version, why) &&
		  check_integrity(db, why) && check_schema(db, ret->version, why);

	/* Rules speak of the newest schema; older ones are judged after the migration. */
	if (ok && ret->version == (int64_t)ARRAY_LEN(migrations))
		ok = check_rules(db, why);
	return ok && read_state(db, ret, why);
}

bool judge(const char *path, struct state *ret, struct buf *why)
{
	struct stat info;
	sqlite3 *db = NULL;
	int keep = 1;
	bool ok = true;

	*ret = (struct state){ 0 };
	if (stat(path, &info) != 0)
		return true;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep) != SQLITE_OK) {
		buf_printf(why, "cannot be opened: %s", sqlite3_errmsg(db));
		ok = false;
	}
	ok = ok && judge_open(db, ret, why);
	sqlite3_close(db);
	return ok;
}

static bool same_table(const struct state *a, const struct state *b, size_t i)
{
	return i < a->tables && i < b->tables && strcmp(a->table[i].name, b->table[i].name) == 0 &&
	       a->table[i].rows == b->table[i].rows && a->table[i].hash == b->table[i].hash;
}

bool state_same(const struct state *a, const struct state *b)
{
	if (a->version != b->version || a->tables != b->tables)
		return false;
	for (size_t i = 0; i < a->tables; i++)
		if (!same_table(a, b, i))
			return false;
	return true;
}

bool state_on_its_way(const struct state *from, const struct state *state)
{
	for (size_t i = 0, k = 0; i < from->tables; i++) {
		const char *name = from->table[i].name;
		while (k < state->tables && strcmp(state->table[k].name, name) != 0)
			k++;
		if (k == state->tables)
			return false;
		if (strcmp(name, "_meta") != 0 && strcmp(name, "_column_docs") != 0 &&
		    from->table[i].rows != state->table[k].rows)
			return false;
	}
	return state->version >= from->version;
}

void state_put_difference(struct buf *out, const struct state *a, const struct state *b)
{
	if (a->version != b->version || a->tables != b->tables)
		buf_printf(out, " schema %lld/%lld", (long long)a->version, (long long)b->version);
	for (size_t i = 0; i < a->tables && i < b->tables; i++)
		if (!same_table(a, b, i))
			buf_printf(out, " %s (%lld/%lld rows)", a->table[i].name,
				   (long long)a->table[i].rows, (long long)b->table[i].rows);
}
