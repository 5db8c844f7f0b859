/*
 * Several questions to one moment of the catalog, and what tells that moment from others.
 */
#include <errno.h>

#include "base/hash.h"
#include "store/reading.h"

enum { STEPS_BETWEEN_LOOKS = 1000 };

/*
 * Steps and no clock, not even the thread's own: what a host takes from a virtual machine is in
 * that one as well, and a question is as dear as it is, whatever the machine does besides.
 */
static int count_steps(void *data)
{
	struct reader *reader = data;

	reader->steps_left -= STEPS_BETWEEN_LOOKS;
	return reader->steps_left < 0;
}

int reader_begin(struct reader *reader, struct error *err)
{
	return db_exec(reader->db, "BEGIN", err);
}

void reader_end(struct reader *reader)
{
	reader_limit(reader, 0);
	/* Only reading: there is nothing that could be lost. */
	(void)db_exec(reader->db, "ROLLBACK", NULL);
}

void reader_limit(struct reader *reader, int64_t steps)
{
	reader->steps_left = steps;
	sqlite3_progress_handler(reader->db, steps > 0 ? STEPS_BETWEEN_LOOKS : 0,
				 steps > 0 ? count_steps : NULL, reader);
}

#define LAST_SEQ  "(SELECT value FROM catalog_info WHERE key = 'last_seq')"
/* What is older was pruned; of an empty feed that is all there was. */
#define FIRST_SEQ "ifnull((SELECT min(seq) FROM _changes), 1 + " LAST_SEQ ")"

static int read_numbers(struct reader *reader, struct reader_mark *ret, struct error *err)
{
	static const char sql[] = "SELECT " LAST_SEQ ", (SELECT max(poll_id) FROM polls),"
				  " (SELECT value FROM catalog_info WHERE key = 'created_at'),"
				  " (SELECT sum(images_present) FROM listings), " FIRST_SEQ ","
				  " (SELECT min(poll_id) FROM polls)";
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		ret->last_seq = sqlite3_column_int64(stmt, 0);
		ret->poll_id = sqlite3_column_int64(stmt, 1);
		ret->created_at = sqlite3_column_int64(stmt, 2);
		ret->images = sqlite3_column_int64(stmt, 3);
		ret->first_seq = sqlite3_column_int64(stmt, 4);
		ret->first_poll_id = sqlite3_column_int64(stmt, 5);
	}
	int result = code == SQLITE_ROW ? 0 : db_error(reader->db, "cannot be read", err);
	sqlite3_finalize(stmt);
	return result;
}

/* A listing's number, health and whether it is stale; their order does not matter. */
static int read_listings(struct reader *reader, struct reader_mark *ret, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(reader->db, "SELECT health, listing_id, stale FROM listings",
				      -1, &stmt, NULL);

	ret->listings = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	for (; code == SQLITE_ROW; code = sqlite3_step(stmt)) {
		const unsigned char *health = sqlite3_column_text(stmt, 0);
		uint64_t seed = (uint64_t)sqlite3_column_int64(stmt, 1) * 2 +
				(uint64_t)sqlite3_column_int(stmt, 2);
		if (health)
			ret->listings +=
				hash_bytes(health, (size_t)sqlite3_column_bytes(stmt, 0), seed);
	}
	int result = code == SQLITE_DONE ? 0 : db_error(reader->db, "cannot be read", err);
	sqlite3_finalize(stmt);
	return result;
}

static int judge_feed(int64_t seq, int64_t first, int64_t last, bool lost, struct error *err)
{
	if (seq > last || lost)
		return error_set(err, -ESTALE,
				 "the catalog does not know that seq, it is another one or went "
				 "back to a backup: read it anew, and then what is behind %lld",
				 (long long)last);
	if (seq + 1 < first)
		return error_set(err, -ENODATA,
				 "changes behind that seq were pruned (catalog.keep_history): read "
				 "the catalog anew; what is kept is behind %lld",
				 (long long)first - 1);
	return 0;
}

int feed_check(struct reader *reader, int64_t seq, struct error *err)
{
	/* Numbers that a restored backup had not come to yet: what they told is undone. */
	static const char sql[] = "SELECT " FIRST_SEQ ", " LAST_SEQ ", EXISTS (SELECT 1"
				  " FROM _meta AS m, json_each(m.value) AS lost"
				  " WHERE m.key = 'lost_seqs' AND ?"
				  " BETWEEN lost.value ->> 0 AND lost.value ->> 1)";
	sqlite3_stmt *stmt = NULL;
	int result;
	int code = sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(stmt, 1, seq);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		result = judge_feed(seq, sqlite3_column_int64(stmt, 0),
				    sqlite3_column_int64(stmt, 1), sqlite3_column_int(stmt, 2) != 0,
				    err);
	else
		result = db_error(reader->db, "cannot be read", err);
	sqlite3_finalize(stmt);
	return result;
}

int reader_mark(struct reader *reader, struct reader_mark *ret, struct error *err)
{
	int result = read_numbers(reader, ret, err);

	return result < 0 ? result : read_listings(reader, ret, err);
}
