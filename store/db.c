#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "store/migrations.h"

/* Above this an undamaged-looking catalog is not read through at each start: that would cost
 * more than the poll after it. SQLite still notices damage when it meets it. After an unclean end a
 * larger one is worth the seconds. */
static const int64_t check_bytes = 64 << 20, check_bytes_unclean = 512 << 20;

int db_schema_version(void)
{
	return migrations[ARRAY_LEN(migrations) - 1].version;
}

/* ---- what SQLite's codes mean ------------------------------------------------------------ */

/* clang-format off */
static const struct meaning {
	int code; /* primary */
	int error;
	const char *advice;
} meanings[] = {
	{ SQLITE_FULL,     -ENOSPC, "the disk is full: free some space" },
	{ SQLITE_BUSY,     -EBUSY,  "another program holds a write lock on it: end that program" },
	{ SQLITE_LOCKED,   -EBUSY,  "another program holds a write lock on it: end that program" },
	{ SQLITE_NOMEM,    -ENOMEM, "out of memory" },
	{ SQLITE_READONLY, -EROFS,  "it may not be written: check its owner and mode, and those of its -wal and -shm" },
	{ SQLITE_PERM,     -EACCES, "it may not be opened: check its owner and mode" },
	{ SQLITE_AUTH,     -EACCES, "it may not be opened: check its owner and mode" },
	{ SQLITE_CANTOPEN, -ENOENT, "it, or its -wal or -shm beside it, cannot be opened: check owner and mode of the files and the directory" },
	{ SQLITE_CORRUPT,  -EBADMSG, "the file is damaged: stop imagecatd, move it away, restore a backup or start anew" },
	{ SQLITE_NOTADB,   -EBADMSG, "the file is not an SQLite database: set catalog.path to another file" },
	{ SQLITE_IOERR,    -EIO,    "the disk failed: see the kernel's log" },
	{ SQLITE_TOOBIG,   -EFBIG,  "a value is too large" },
	{ SQLITE_INTERRUPT, -EINTR, "interrupted" },
	{ SQLITE_PROTOCOL, -EBUSY,  "the lock could not be taken: is it on a network file system?" },
	{ SQLITE_CONSTRAINT, -EINVAL, "an internal rule was broken; nothing was written" },
	{ SQLITE_SCHEMA,   -EAGAIN, "its schema was changed by another program" },
};
/* clang-format on */

/* What SQLite says may quote a schema of many lines: the first will do. */
static int explain(int code, const char *what, const char *text, struct error *err)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%.*s", (int)strcspn(text, "\n"), text);
	if (code == SQLITE_IOERR_NOMEM)
		code = SQLITE_NOMEM;
	if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
		return error_set(err, -ENOTRECOVERABLE,
				 "catalog: %s: the disk did not confirm a write, what was "
				 "written before may be lost: see the kernel's log (%s)",
				 what, detail);
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == (code & 0xff))
			return error_set(err, meanings[i].error, "catalog: %s: %s (%s)", what,
					 meanings[i].advice, detail);
	return error_set(err, -EIO, "catalog: %s: %s", what, detail);
}

int db_error(sqlite3 *db, const char *what, struct error *err)
{
	return explain(sqlite3_extended_errcode(db), what, sqlite3_errmsg(db), err);
}

int db_exec(sqlite3 *db, const char *sql, struct error *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, "cannot be changed", err);
	return 0;
}

int db_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *ret, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = otherwise;
	int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(stmt, 0);
	int result =
		code == SQLITE_ROW || code == SQLITE_DONE ? 0 : db_error(db, "cannot be read", err);
	sqlite3_finalize(stmt);
	if (result == 0)
		*ret = value;
	return result;
}

void db_close(sqlite3 *db)
{
	sqlite3_close_v2(db);
}

void db_refuse(sqlite3 *db)
{
	if (db)
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	db_close(db);
}

/* ---- opening ----------------------------------------------------------------------------- */

/* A path as a URI: '?', '#' and '%' in it mean themselves. */
static int open_uri(sqlite3 **ret, const char *path, const char *mode, const char *mode_of,
		    struct error *err)
{
	struct buf uri;
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	buf_init(&uri);
	buf_puts(&uri, "file:");
	crypto_put_percent(&uri, path, strlen(path));
	buf_printf(&uri, "?mode=%s", mode);
	if (mode_of) {
		buf_puts(&uri, "&modeof=");
		crypto_put_percent(&uri, mode_of, strlen(mode_of));
	}
	if (uri.failed) {
		buf_finish(&uri);
		return error_set(err, -ENOMEM, "catalog '%s': out of memory", path);
	}
	int code = sqlite3_open_v2(buf_text(&uri), ret,
				   flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	buf_finish(&uri);
	if (code == SQLITE_OK)
		return 0;
	int result = *ret ? db_error(*ret, "cannot be opened", err)
			  : error_set(err, -ENOMEM, "catalog '%s': out of memory", path);
	db_close(*ret);
	*ret = NULL;
	return result;
}

struct origin {
	int64_t application_id, user_version, objects;
};

static int read_origin(sqlite3 *db, struct origin *ret, struct error *err)
{
	int result = db_int(db, "PRAGMA application_id", 0, &ret->application_id, err);

	if (result == 0)
		result = db_int(db, "PRAGMA user_version", 0, &ret->user_version, err);
	if (result == 0)
		result = db_int(db, "SELECT count(*) FROM sqlite_schema", 0, &ret->objects, err);
	return result;
}

static bool is_empty(const struct origin *origin)
{
	return origin->application_id == 0 && origin->user_version == 0 && origin->objects == 0;
}

/* Nothing was written yet when this refuses. */
static int check_origin(const struct origin *origin, struct error *err)
{
	if (is_empty(origin))
		return 0;
	if (origin->application_id != DB_APPLICATION_ID)
		return error_set(err, -EINVAL,
				 "the file is an SQLite database of another program: "
				 "set catalog.path to another file");
	if (origin->user_version > db_schema_version())
		return error_set(
			err, -EPROTO,
			"the catalog was written by a newer release (schema %lld, this one knows "
			"%d): install that release or a newer one",
			(long long)origin->user_version, db_schema_version());
	return 0;
}

/* SQLite says it in lines, and counts a page that the disk did not give among the damages. */
static int explain_verdict(const char *verdict, struct error *err)
{
	static const char title[] = "*** in database main ***\n", unread[] = "error code=";
	const char *cause = strstr(verdict, unread);
	int code = cause ? (int)strtol(cause + strlen(unread), NULL, 10)
		   : strstr(verdict, "failed to get page") ? SQLITE_IOERR
							   : SQLITE_CORRUPT;
	char line[256];

	if (strncmp(verdict, title, strlen(title)) == 0)
		verdict += strlen(title);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(verdict, "\n"), verdict);
	if ((code & 0xff) != SQLITE_CORRUPT)
		return explain(code, "cannot be read", line, err);
	return error_set(err, -EBADMSG,
			 "the file is damaged (%s): move it and its -wal and -shm away, then "
			 "restore a backup or start anew",
			 line);
}

static int check_whole(sqlite3 *db, bool unclean, struct error *err)
{
	int64_t pages = 0, page_bytes = 0;
	sqlite3_stmt *stmt = NULL;
	int result = db_int(db, "PRAGMA page_count", 0, &pages, err);

	if (result == 0)
		result = db_int(db, "PRAGMA page_size", 0, &page_bytes, err);
	if (result < 0 || pages * page_bytes > (unclean ? check_bytes_unclean : check_bytes))
		return result;

	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW) {
		result = db_error(db, "cannot be read", err);
	} else {
		const char *verdict = (const char *)sqlite3_column_text(stmt, 0);
		if (!verdict || strcmp(verdict, "ok") != 0)
			result = explain_verdict(verdict ? verdict : "no verdict", err);
	}
	sqlite3_finalize(stmt);
	return result;
}

static int become_wal(sqlite3 *db, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int keep = 1;
	int result = 0;
	int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);

	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW) {
		result = db_error(db, "cannot be switched to write-ahead logging", err);
	} else {
		const char *mode = (const char *)sqlite3_column_text(stmt, 0);
		if (!mode || strcmp(mode, "wal") != 0)
			result = error_set(err, -ENOTSUP,
					   "its file system cannot share memory between processes: "
					   "put the catalog on a local disk");
	}
	sqlite3_finalize(stmt);
	return result;
}

static int migrate_to(sqlite3 *db, const struct migration *migration, int64_t now_s,
		      struct error *err)
{
	char sql[256];
	int result = db_exec(db, "BEGIN IMMEDIATE", err);

	if (result < 0)
		return result;
	result = db_exec(db, migration->sql, err);
	if (result == 0) {
		/* PRAGMA takes no parameters; these are our own numbers. */
		snprintf(sql, sizeof(sql),
			 "PRAGMA application_id = %d; PRAGMA user_version = %d;"
			 "INSERT INTO _meta VALUES ('created_at', %lld) ON CONFLICT DO NOTHING;"
			 "INSERT OR REPLACE INTO _meta VALUES ('schema_version', %d)",
			 DB_APPLICATION_ID, migration->version, (long long)now_s,
			 migration->version);
		result = db_exec(db, sql, err);
	}
	if (result == 0)
		result = db_exec(db, "COMMIT", err);
	if (result == 0)
		return 0;
	error_wrap(err, "migration %s", migration->name);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL,
			     NULL); /* the first failure is the one to tell */
	return result;
}

/* cell_size_check and trusted_schema cost nothing and stop a crafted file from doing harm. */
static int configure(sqlite3 *db, struct error *err)
{
	if (sqlite3_busy_timeout(db, DB_BUSY_MS) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return db_error(db, "cannot be set up", err);
	return db_exec(db,
		       "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
		       "PRAGMA temp_store = MEMORY",
		       err);
}

static bool wal_is_left(const char *path)
{
	char wal[4096];
	struct stat info;
	int len = snprintf(wal, sizeof(wal), "%s-wal", path);

	return len > 0 && (size_t)len < sizeof(wal) && stat(wal, &info) == 0 && info.st_size > 0;
}

static int prepare_writer(sqlite3 *db, bool unclean, int64_t now_s, struct error *err)
{
	struct origin origin;
	int result = configure(db, err);

	if (result == 0)
		result = read_origin(db, &origin, err);
	if (result == 0)
		result = check_origin(&origin, err);
	if (result == 0 && sqlite3_db_readonly(db, "main") != 0)
		result = error_set(
			err, -EROFS,
			"the file may not be written: give it to the user that runs imagecatd");
	if (result == 0 && !is_empty(&origin))
		result = check_whole(db, unclean, err);
	if (result == 0)
		result = become_wal(db, err);
	if (result == 0)
		result = db_exec(db,
				 "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				 "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864",
				 err);
	for (size_t i = 0; i < ARRAY_LEN(migrations) && result == 0; i++)
		if (migrations[i].version > origin.user_version)
			result = migrate_to(db, &migrations[i], now_s, err);
	return result;
}

/* Before SQLite is asked: it would open the file for reading, or name the wrong one. */
static int check_writable(const char *path, struct error *err)
{
	if (access(path, F_OK) != 0 || access(path, W_OK) == 0)
		return 0;
	return error_set(err, -errno,
			 "the file may not be written (%s): give it to the user that runs "
			 "imagecatd",
			 strerror(errno));
}

int db_open(sqlite3 **ret, const char *path, const char *mode_of, int64_t now_s, struct error *err)
{
	sqlite3 *db = NULL;
	bool unclean = wal_is_left(path);
	int result = check_writable(path, err);

	if (result == 0)
		result = open_uri(&db, path, "rwc", mode_of, err);

	if (result == 0)
		result = prepare_writer(db, unclean, now_s, err);
	if (result < 0) {
		error_wrap(err, "%s", path);
		db_refuse(db);
		return result;
	}
	*ret = db;
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What the file system says before SQLite is asked, in words that help. */
static int check_readable(const char *path, struct error *err)
{
	struct stat info;

	/* A pipe would be waited for without end, and of a directory SQLite says that the disk
	 * failed. */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
		return error_set(err, -EINVAL, "'%s' is not an imagecat catalog: it is no file",
				 path);
	if (access(path, R_OK) == 0)
		return 0;
	int code = errno;
	if (code == ENOENT || code == ENOTDIR)
		return error_set(
			err, -code,
			"there is no catalog at '%s': start imagecatd, or name it with --catalog",
			path);
	if (code == EACCES)
		return error_set(err, -code,
				 "the catalog '%s' may not be read by this user: join the group "
				 "that owns it "
				 "(usermod -aG GROUP USER, then log in anew)",
				 path);
	return error_set(err, -code, "the catalog '%s' cannot be read: %s", path, strerror(code));
}

static int explain_reader(sqlite3 *db, const char *path, struct error *err)
{
	int code = sqlite3_extended_errcode(db) & 0xff;

	if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN)
		return error_set(err, -EACCES,
				 "the catalog '%s' cannot be read because its -wal and -shm files "
				 "are gone or "
				 "closed to this user: start imagecatd once, and open it with "
				 "'sqlite3 -readonly' by hand",
				 path);
	if (code == SQLITE_NOTADB)
		return error_set(err, -EBADMSG, "'%s' is not an SQLite database", path);
	int result = db_error(db, "cannot be read", err);
	error_wrap(err, "%s", path);
	return result;
}

int db_open_reader(sqlite3 **ret, const char *path, struct error *err)
{
	sqlite3 *db = NULL;
	struct origin origin;
	int result = check_readable(path, err);

	if (result == 0)
		result = open_uri(&db, path, "ro", NULL, err);
	if (result < 0)
		return result;
	result = configure(db, err);
	if (result == 0)
		result = db_exec(db, "PRAGMA query_only = ON", err);
	if (result == 0 && read_origin(db, &origin, NULL) < 0)
		result = explain_reader(db, path, err);
	else if (result == 0 && (origin.application_id != DB_APPLICATION_ID || is_empty(&origin)))
		result = error_set(err, -EINVAL, "'%s' is not an imagecat catalog", path);
	else if (result == 0 && origin.user_version > db_schema_version())
		result = error_set(
			err, -EPROTO,
			"the catalog '%s' was written by a newer release: install that one here",
			path);
	else if (result == 0 && origin.user_version < db_schema_version())
		result = error_set(
			err, -EPROTO,
			"the catalog '%s' was written by an older release: start this release's "
			"imagecatd on it once",
			path);
	if (result < 0) {
		db_close(db);
		return result;
	}
	*ret = db;
	return 0;
}
