/*
 * The history as a whole, at the end of a run: the feed is what was read live, revisions have no
 * gap, and every entry says what the records before and after it say.
 */
#include <string.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/world.h"

/* clang-format off */
static const struct { const char *what, *sql; bool of_order; } empty_answers[] = {
	{ "revisions have gaps",
	  "SELECT uid, count(*) FROM (SELECT uid, listing_id, revision FROM sightings"
	  " UNION ALL SELECT uid, listing_id, revision FROM revisions) GROUP BY uid, listing_id"
	  " HAVING min(revision) <> 1 OR max(revision) <> count(*)" },
	{ "a revision ends when the next one does not begin",
	  "SELECT a.uid, a.revision FROM revisions AS a JOIN revisions AS b ON b.uid = a.uid"
	  " AND b.listing_id = a.listing_id AND b.revision = a.revision + 1"
	  " WHERE a.valid_to_at <> b.valid_from_at" },
	{ "a revision ends before it begins",
	  "SELECT uid, revision FROM revisions WHERE valid_from_at > valid_to_at", true },
	{ "an image is listed twice",
	  "SELECT uid, count(*) FROM sightings GROUP BY uid, listing_id HAVING count(*) > 1" },
	{ "a change without a revision of its own",
	  "SELECT uid, seq FROM changes WHERE kind = 'changed' GROUP BY uid, listing_id, revision"
	  " HAVING count(*) > 1" },
	{ "a poll ends before it begins",
	  "SELECT poll_id, listing_id FROM polls WHERE finished_at < started_at", true },
	{ "a state of the row does not fit its times",
	  "SELECT uid, presence FROM sightings WHERE (presence = 'present') <> (missing_since_at IS NULL)"
	  " OR (presence = 'removed') <> (removed_at IS NOT NULL)" },
};
/* clang-format on */

static const char sql_entries[] =
	"SELECT c.seq, c.uid, c.listing_id, f.key,"
	" json_extract(f.value, '$[0]') IS json_extract(old.record, '$.' || f.key) AND"
	" old.record IS NOT NULL, new.record IS NULL,"
	" json_extract(f.value, '$[1]') IS json_extract(new.record, '$.' || f.key),"
	" json_extract(f.value, '$[1]'), c.revision"
	" FROM changes AS c, json_each(c.fields) AS f"
	" LEFT JOIN revisions AS old ON old.uid = c.uid AND old.listing_id = c.listing_id"
	" AND old.revision = c.revision - 1"
	" LEFT JOIN revisions AS new ON new.uid = c.uid AND new.listing_id = c.listing_id"
	" AND new.revision = c.revision WHERE c.kind = 'changed'";

static void expect_empty(struct oracle *o, const char *what, const char *sql)
{
	sqlite3_stmt *s = oracle_prepare(o, sql);

	if (s && sqlite3_step(s) == SQLITE_ROW)
		world_fail(o->world, "history: %s: %s %s", what,
			   (const char *)sqlite3_column_text(s, 0),
			   (const char *)sqlite3_column_text(s, 1));
	sqlite3_finalize(s);
}

/* Questions about a column of the present row, each prepared once. */
struct question {
	char key[40];
	sqlite3_stmt *stmt;
};

enum { QUESTIONS_MAX = 64 };

static sqlite3_stmt *question_about(struct oracle *o, struct question *questions, const char *key)
{
	char sql[320];
	size_t i = 0;

	while (questions[i].stmt && strcmp(questions[i].key, key) != 0)
		i++;
	assert(i + 1 < QUESTIONS_MAX);
	if (!questions[i].stmt) {
		sqlite3_snprintf(sizeof(sql), sql,
				 "SELECT revision = ?3, CASE WHEN \"%w\" LIKE '[%%' "
				 "AND json_valid(\"%w\") THEN json(\"%w\") ELSE \"%w\" END IS ?4"
				 " FROM sightings WHERE uid = ?1 AND listing_id = ?2",
				 key, key, key, key);
		sqlite3_snprintf(sizeof(questions[i].key), questions[i].key, "%s", key);
		questions[i].stmt = oracle_prepare(o, sql);
	}
	return questions[i].stmt;
}

/* The present row is the newest record: the entry's new value is in its column. */
static bool is_in_row(struct oracle *o, struct question *questions, sqlite3_stmt *entry)
{
	sqlite3_stmt *s = question_about(o, questions, (const char *)sqlite3_column_text(entry, 3));
	bool same = false;

	if (!s)
		return false;
	sqlite3_bind_value(s, 1, sqlite3_column_value(entry, 1));
	sqlite3_bind_value(s, 2, sqlite3_column_value(entry, 2));
	sqlite3_bind_value(s, 3, sqlite3_column_value(entry, 8));
	sqlite3_bind_value(s, 4, sqlite3_column_value(entry, 7));
	if (sqlite3_step(s) == SQLITE_ROW)
		same = sqlite3_column_int(s, 0) && sqlite3_column_int(s, 1);
	sqlite3_reset(s);
	return same;
}

static void judge_entries(struct oracle *o)
{
	struct question questions[QUESTIONS_MAX] = { 0 };
	sqlite3_stmt *s = oracle_prepare(o, sql_entries);

	while (s && !o->world->failed && sqlite3_step(s) == SQLITE_ROW) {
		bool old_fits = sqlite3_column_int(s, 4);
		bool is_newest = sqlite3_column_int(s, 5);
		bool new_fits =
			is_newest ? is_in_row(o, questions, s) : sqlite3_column_int(s, 6) != 0;
		if (!old_fits || !new_fits)
			world_fail(o->world,
				   "history: entry %lld of %s: the %s value of %s is not that of "
				   "the record",
				   (long long)sqlite3_column_int64(s, 0),
				   (const char *)sqlite3_column_text(s, 1),
				   old_fits ? "new" : "old",
				   (const char *)sqlite3_column_text(s, 3));
	}
	sqlite3_finalize(s);
	for (size_t i = 0; questions[i].stmt; i++)
		sqlite3_finalize(questions[i].stmt);
}

/* I6: what was read live is still there, word for word. */
static void judge_feed(struct oracle *o)
{
	uint64_t hash = 0;
	int64_t last = 0;

	sqlite3_bind_int64(o->changes, 1, 0);
	while (sqlite3_step(o->changes) == SQLITE_ROW) {
		hash = oracle_hash_row(hash, o->changes);
		last = sqlite3_column_int64(o->changes, 0);
	}
	sqlite3_reset(o->changes);
	if (hash != o->feed_hash || last != o->last_seq)
		world_fail(o->world, "history: the feed was rewritten");
}

void oracle_judge_history(struct oracle *o)
{
	if (!o->db)
		return;
	judge_feed(o);
	for (size_t i = 0; i < ARRAY_LEN(empty_answers) && !o->world->failed; i++)
		if (!(empty_answers[i].of_order && o->world->wall_was_set))
			expect_empty(o, empty_answers[i].what, empty_answers[i].sql);
	judge_entries(o);
}
