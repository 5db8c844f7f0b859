/*
 * The SQLite file itself: how it is opened, what is refused, how it is brought up to date, and
 * what SQLite's codes mean to people. Shared by the one writer and by readers.
 */
#pragma once

#include <sqlite3.h>

#include "base/base.h"
#include "base/error.h"

/* "icat": what file(1) and PRAGMA application_id see. */
#define DB_APPLICATION_ID 0x69636174

enum { DB_BUSY_MS = 5000 };

/* The number of the newest migration. */
int db_schema_version(void);

/*
 * Opens or creates the catalog for writing and migrates it. `mode_of` is a file whose permissions
 * a new catalog gets. Refuses what is not ours, newer, corrupt or read-only.
 */
int db_open(sqlite3 **ret, const char *path, const char *mode_of, int64_t now_s, struct error *err);

/* Opens an existing catalog for reading. */
int db_open_reader(sqlite3 **ret, const char *path, struct error *err);

/* Never fails: what SQLite still holds it keeps until its statements are gone. Accepts NULL. */
void db_close(sqlite3 *db);

/* Closes a file that is not to be used: its log is neither moved into it nor deleted. Accepts
 * NULL. */
void db_refuse(sqlite3 *db);

/* The negative errno of what last went wrong, with "catalog: <what>: <why>: <what to do>". */
int db_error(sqlite3 *db, const char *what, struct error *err);

/* Runs text without parameters. */
int db_exec(sqlite3 *db, const char *sql, struct error *err);

/* The first column of the first row, or `otherwise` when there is none or it is NULL. */
int db_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *ret, struct error *err);
