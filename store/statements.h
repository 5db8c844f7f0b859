/*
 * The prepared statements of one connection. All are prepared once, with all their parameters
 * looked up by name; a parameter that is bound but does not exist is a programming error and
 * asserts.
 *
 * A bind that fails is remembered and reported by the next step. What is bound is borrowed until
 * the statement is done: step returns 0 or an error, or reset is called.
 */
#pragma once

#include <sqlite3.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/error.h"
#include "model/record.h"

enum statement_id {
#define STATEMENT(name, sql) STMT_##name,
#include "store/statements.def"
#undef STATEMENT
	STMT_COUNT
};

/* Every ":name" of statements.def but those of the record's columns. */
/* clang-format off */
#define PARAMETERS(X) \
	X(absent_polls) X(account) X(added) X(at) X(bytes) X(changed) X(changed_at) X(clock_jump) X(cloud) X(code) \
	X(column) X(complete) X(credential) X(description) X(duplicates) X(duration_ms) X(error_class) X(failed) \
	X(fields) X(first) X(health) X(held) X(held_polls) X(held_set) X(held_from_s) X(holding) X(http_status) X(image) X(images_present) \
	X(interval_s) X(items) X(json_type) X(key) X(kind) X(last) X(last_seen_at) X(listing_id) X(looked_ms) \
	X(mapping_version) X(message) X(missing) X(missing_since_at) X(name) X(native) X(next_due_at) X(now) \
	X(outcome) X(pages) X(passed_ms) X(path) X(poll_id) X(presence) X(project) X(provider) X(provider_message) \
	X(raw) X(raw_exact) X(record) X(record_hash) X(region) X(removed) X(removed_at) \
	X(removed_reason) X(requests) X(retries) X(returned) X(revision) X(service) X(source) \
	X(started_at) X(throttled) X(time_ms) X(total_reported) X(type) X(uid) X(unit) X(value) X(variant) X(view) \
	X(wall_ms) X(warnings) X(zone)
/* clang-format on */
enum parameter {
#define X(name) PARAM_##name,
	PARAMETERS(X)
#undef X
		PARAM_COUNT
};

struct statement {
	sqlite3_stmt *stmt;
	int bind_code; /* the first failure of a bind since the last reset */
	uint16_t parameters[PARAM_COUNT];
	uint16_t columns[COLUMN_COUNT];
};

struct statements {
	sqlite3 *db; /* borrowed */
	struct statement list[STMT_COUNT];
};

int statements_open(struct statements *statements, sqlite3 *db, struct error *err);
void statements_close(struct statements *statements); /* accepts zeros */

/* A word in a text of SQL that stands for what is made from the table of the record's columns. */
struct statement_mark {
	const char *name; /* begins with '@' */
	void (*put)(struct buf *out);
};

/* Appends `sql` with its marks replaced; no '@' in it is anything else. */
void statement_put(struct buf *out, const char *sql, const struct statement_mark *marks,
		   size_t count);

/* The text of a statement with its marks replaced. */
void statement_text(struct buf *out, enum statement_id id);

struct statement *statement(struct statements *statements, enum statement_id id);

void bind_int(struct statement *s, enum parameter parameter, int64_t value);
void bind_text(struct statement *s, enum parameter parameter, const char *text); /* NULL is NULL */
void bind_null(struct statement *s, enum parameter parameter);
void bind_count(struct statement *s, enum parameter parameter, int64_t value); /* < 0 is NULL */
void bind_record(struct statement *s, const struct record *record); /* the columns it has */

/* 1: a row is there; 0: done; negative errno. The last two also reset. */
int statement_step(struct statement *s, struct error *err);

/* Runs to the end a statement that returns no rows. */
int statement_run(struct statement *s, struct error *err);

/* As statement_run, but exactly one row must have been written. */
int statement_run_one(struct statement *s, struct error *err);

/* The one integer that a statement returns; `otherwise` for no row or NULL. */
int statement_int(struct statement *s, int64_t otherwise, int64_t *ret, struct error *err);

void statement_reset(struct statement *s);

/* Fields of the current row, valid until the next step or reset. */
int64_t row_int(const struct statement *s, int index, int64_t if_null);
const char *row_text(const struct statement *s, int index);
size_t row_bytes(const struct statement *s, int index); /* of the text that row_text returned */

/* The record at the columns from `first`: those that @columns names, then raw. Borrows. False when
 * memory is out. */
bool row_record(const struct statement *s, int first, struct record *ret);
