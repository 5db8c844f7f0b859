/*
 * The least that a first load could cost: the rows of a loaded catalog, read into memory before the
 * clock starts, put into a fresh catalog of the same schema in one transaction.
 *
 *   bench_insert LOADED FRESH     one line: rows, wall and CPU seconds from BEGIN to the closed
 * file
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "store/db.h"
#include "tests/bench/bench.h"

/* A value as SQLite has it; text and blobs are in the arena. */
struct value {
	int type;
	int bytes;
	union {
		sqlite3_int64 integer;
		double real;
		const char *text;
	} as;
};

struct table {
	const char *name;
	int columns;
	size_t rows, size;
	struct value *values; /* row after row */
};

static struct value keep(struct arena *arena, sqlite3_stmt *stmt, int column)
{
	struct value v = { .type = sqlite3_column_type(stmt, column) };

	switch (v.type) {
	case SQLITE_INTEGER: v.as.integer = sqlite3_column_int64(stmt, column); break;
	case SQLITE_FLOAT: v.as.real = sqlite3_column_double(stmt, column); break;
	case SQLITE_TEXT:
		v.as.text = (const char *)sqlite3_column_text(stmt, column);
		v.bytes = sqlite3_column_bytes(stmt, column);
		v.as.text = v.as.text ? arena_copy(arena, v.as.text, (size_t)v.bytes) : NULL;
		if (!v.as.text)
			die("cannot read", "out of memory");
		break;
	case SQLITE_NULL: break;
	default: die("cannot read", "a column holds a blob");
	}
	return v;
}

static void load(sqlite3 *db, struct arena *arena, struct table *t)
{
	char *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY rowid", t->name);
	sqlite3_stmt *stmt;
	int code;

	if (!sql || sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		die(t->name, sqlite3_errmsg(db));
	t->columns = sqlite3_column_count(stmt);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (t->rows == t->size) {
			t->size = t->size ? t->size * 2 : 1024;
			t->values = realloc(t->values,
					    t->size * (size_t)t->columns * sizeof(*t->values));
			if (!t->values)
				die("cannot read", "out of memory");
		}
		for (int c = 0; c < t->columns; c++)
			t->values[t->rows * (size_t)t->columns + (size_t)c] = keep(arena, stmt, c);
		t->rows++;
	}
	if (code != SQLITE_DONE)
		die(t->name, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

static sqlite3_stmt *prepare_insert(sqlite3 *db, const struct table *t)
{
	sqlite3_stmt *stmt;
	struct buf sql;

	buf_init(&sql);
	buf_printf(&sql, "INSERT INTO %s VALUES (", t->name);
	for (int c = 0; c < t->columns; c++)
		buf_puts(&sql, c ? ",?" : "?");
	buf_puts(&sql, ")");
	if (sqlite3_prepare_v2(db, buf_text(&sql), -1, &stmt, NULL) != SQLITE_OK)
		die(t->name, sqlite3_errmsg(db));
	buf_finish(&sql);
	return stmt;
}

static void put(sqlite3 *db, sqlite3_stmt *stmt, const struct table *t, size_t row)
{
	const struct value *values = &t->values[row * (size_t)t->columns];
	int code = SQLITE_OK;

	for (int c = 0; c < t->columns && code == SQLITE_OK; c++) {
		const struct value *v = &values[c];
		switch (v->type) {
		case SQLITE_INTEGER: code = sqlite3_bind_int64(stmt, c + 1, v->as.integer); break;
		case SQLITE_FLOAT: code = sqlite3_bind_double(stmt, c + 1, v->as.real); break;
		case SQLITE_TEXT:
			code = sqlite3_bind_text(stmt, c + 1, v->as.text, v->bytes, SQLITE_STATIC);
			break;
		default: code = sqlite3_bind_null(stmt, c + 1);
		}
	}
	if (code != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE ||
	    sqlite3_reset(stmt) != SQLITE_OK)
		die(t->name, sqlite3_errmsg(db));
}

static void insert_all(sqlite3 *db, const struct table *listings, const struct table *images,
		       const struct table *raw)
{
	sqlite3_stmt *put_listing = prepare_insert(db, listings);
	sqlite3_stmt *put_image = prepare_insert(db, images), *put_raw = prepare_insert(db, raw);
	struct error err;

	if (db_exec(db, "BEGIN IMMEDIATE", &err) < 0)
		die("BEGIN", sqlite3_errmsg(db));
	for (size_t i = 0; i < listings->rows; i++)
		put(db, put_listing, listings, i);
	/* As the daemon does it: an image, then its raw text. */
	for (size_t i = 0; i < images->rows; i++) {
		put(db, put_image, images, i);
		if (i < raw->rows)
			put(db, put_raw, raw, i);
	}
	if (db_exec(db, "COMMIT", &err) < 0)
		die("COMMIT", sqlite3_errmsg(db));
	sqlite3_finalize(put_listing);
	sqlite3_finalize(put_image);
	sqlite3_finalize(put_raw);
}

int main(int argc, char **argv)
{
	struct table listings = { .name = "_listings" }, images = { .name = "_images" },
		     raw = { .name = "_raw" };
	struct arena arena;
	struct error err;
	sqlite3 *db = NULL;

	if (argc != 3) {
		fputs("Usage: bench_insert LOADED FRESH\n", stderr);
		return 2;
	}
	arena_init(&arena);
	if (db_open_reader(&db, argv[1], &err) < 0) {
		fprintf(stderr, "bench_insert: %s\n", err.text);
		return 1;
	}
	load(db, &arena, &listings);
	load(db, &arena, &images);
	load(db, &arena, &raw);
	db_close(db);

	const struct env *env = env_system();
	if (db_open(&db, argv[2], NULL, env->now_s(env), &err) < 0) {
		fprintf(stderr, "bench_insert: %s\n", err.text);
		return 1;
	}
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	insert_all(db, &listings, &images, &raw);
	if (sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
	    SQLITE_OK)
		die("checkpoint", sqlite3_errmsg(db));
	db_close(db);
	printf("rows=%zu wall=%.6f cpu=%.6f\n", images.rows, seconds(CLOCK_MONOTONIC) - wall,
	       seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	free(listings.values);
	free(images.values);
	free(raw.values);
	arena_finish(&arena);
	return 0;
}
