/*
 * A copy of the catalog for elsewhere, where SQLite may be older: the catalog's own tables are
 * STRICT, which needs 3.37, and some of its views say MATERIALIZED, which needs 3.35. One of them
 * is enough for an older SQLite to refuse the file. Neither means anything to who reads.
 */
#include <errno.h>

#include "store/reading.h"

static int vacuum_into(struct reader *reader, const char *path, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	/* The copy is what is written; the catalog itself was opened read-only. */
	int result = db_exec(reader->db, "PRAGMA query_only = OFF", err);

	if (result < 0)
		return result;
	int code = sqlite3_prepare_v2(reader->db, "VACUUM INTO ?", -1, &stmt, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_DONE) {
		result = db_error(reader->db, "cannot be copied", err);
		error_wrap(err, "%s", path);
	}
	sqlite3_finalize(stmt);
	int closed = db_exec(reader->db, "PRAGMA query_only = ON", result < 0 ? NULL : err);
	return result < 0 ? result : closed;
}

/* Without its word STRICT a column of type ANY would turn texts into numbers: it loses its type. */
static const char loosen[] =
	/* The copy is thrown away if this fails, so that no second file is needed beside it. */
	"PRAGMA journal_mode = MEMORY; PRAGMA writable_schema = ON; BEGIN;"
	"UPDATE sqlite_schema"
	" SET sql = replace(rtrim(substr(sql, 1, length(sql) - length('STRICT')), ', '), ' ANY', "
	"'')"
	" WHERE type = 'table' AND sql LIKE '%STRICT';"
	"UPDATE sqlite_schema SET sql = replace(sql, ' AS MATERIALIZED (', ' AS (')"
	" WHERE type = 'view';"
	"COMMIT; PRAGMA writable_schema = RESET";

static int loosen_schema(sqlite3 *db, struct error *err)
{
	int64_t strict;
	int result = db_exec(db, loosen, err);

	/* Reads the schema anew: what was written is one, and what was meant. */
	if (result == 0)
		result = db_int(db, "SELECT count(*) FROM pragma_table_list WHERE strict", 0,
				&strict, err);
	return result == 0 && strict > 0
		       ? error_set(err, -EPROTO, "%lld tables are still STRICT", (long long)strict)
		       : result;
}

int reader_copy(struct reader *reader, const char *path, struct error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	sqlite3 *db = NULL;
	int result = vacuum_into(reader, path, err);

	if (result < 0)
		return result;
	if (sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK)
		result = loosen_schema(db, err);
	else
		result = db ? db_error(db, "cannot be opened", err)
			    : error_set(err, -ENOMEM, "out of memory");
	if (result < 0)
		error_wrap(err, "%s", path);
	db_close(db);
	return result;
}
