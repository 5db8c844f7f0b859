/*
 * The checks are rows of verify.def; each is one query over the same snapshot. The last one needs
 * what SQL cannot do: the fingerprint of each row, and its uid, made anew from its columns.
 *
 * Failures: a check that cannot be made (the file is damaged, or is no catalog of ours inside) is a
 * problem like the others, and the next check goes on.
 */
#include "store/verify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/db.h"
#include "store/internal.h"

enum { SHOWN_MAX = 10 };

static const struct rule {
	const char *name, *sentence, *sql;
} rules[] = {
#define CHECK(name, sentence, sql) { name, sentence, sql },
#include "store/verify.def"
#undef CHECK
};

struct run {
	sqlite3 *db;
	verify_problem_fn *each;
	void *data;
	struct verify_report *report;
	struct buf sql, line;
	bool out_of_memory;
};

/* ---- what the marks stand for ---------------------------------------------------------------- */

static bool is_tracked(enum column c)
{
	return !(columns[c].flags & (COLUMN_VOLATILE | COLUMN_HONESTY));
}

/* The columns that a change tells, as feed_put_record() writes them. */
static void put_present(struct buf *out)
{
	const char *comma = "json_object(";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		const char *name = columns[c].name;
		if (!is_tracked(c))
			continue;
		buf_printf(out, "%s'%s', ", comma, name);
		if (columns[c].type == COLUMN_LIST)
			buf_printf(out,
				   "CASE WHEN i.%s GLOB '[[]*' AND json_valid(i.%s)"
				   " THEN json(i.%s) ELSE i.%s END",
				   name, name, name, name);
		else
			buf_printf(out, "i.%s", name);
		comma = ", ";
	}
	buf_putc(out, ')');
}

static void put_tracked(struct buf *out)
{
	const char *comma = "";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (!is_tracked(c))
			continue;
		buf_printf(out, "%s'%s'", comma, columns[c].name);
		comma = ", ";
	}
}

static void put_untracked(struct buf *out)
{
	const char *comma = "";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (is_tracked(c))
			continue;
		buf_printf(out, "%s'%s', NULL", comma, columns[c].name);
		comma = ", ";
	}
}

static void put_columns(struct buf *out)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_raw)
			buf_printf(out, "i.%s, ", columns[c].name);
}

static const struct statement_mark marks[] = {
	{ "@present", put_present },
	{ "@tracked", put_tracked },
	{ "@untracked", put_untracked },
	{ "@columns", put_columns },
};

static sqlite3_stmt *prepare(struct run *run, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	buf_clear(&run->sql);
	statement_put(&run->sql, sql, marks, ARRAY_LEN(marks));
	if (run->sql.failed) {
		run->out_of_memory = true;
		return NULL;
	}
	/* The message of a failure stays with the connection. */
	(void)sqlite3_prepare_v2(run->db, buf_text(&run->sql), -1, &stmt, NULL);
	return stmt;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void put_value(struct buf *out, const char *text)
{
	text_put_clean(out, TEXT_LINE, text ? text : "nothing", strlen(text ? text : "nothing"));
}

/* The sentence with each '%' replaced by the next column of the row. */
static void put_sentence(struct buf *out, const char *sentence, sqlite3_stmt *row)
{
	int next = 0;

	for (; *sentence; sentence++) {
		if (*sentence == '%')
			put_value(out, (const char *)sqlite3_column_text(row, next++));
		else
			buf_putc(out, *sentence);
	}
}

static void tell(struct run *run)
{
	if (run->line.failed)
		run->out_of_memory = true;
	else
		run->each(buf_text(&run->line), run->data);
}

static void tell_row(struct run *run, const char *sentence, sqlite3_stmt *row, int64_t count)
{
	run->report->problems++;
	if (count > SHOWN_MAX)
		return;
	buf_clear(&run->line);
	put_sentence(&run->line, sentence, row);
	tell(run);
}

static void tell_rest(struct run *run, int64_t count)
{
	if (count <= SHOWN_MAX)
		return;
	buf_clear(&run->line);
	buf_printf(&run->line, "and %lld more of this sort", (long long)(count - SHOWN_MAX));
	tell(run);
}

static void tell_failure(struct run *run, const char *name)
{
	struct error err = { 0 };

	if (run->out_of_memory)
		return;
	db_error(run->db, "cannot be read", &err);
	run->report->problems++;
	buf_clear(&run->line);
	buf_printf(&run->line, "the check '%s' could not be made: ", name);
	put_value(&run->line, err.text);
	tell(run);
}

/* ---- the checks ------------------------------------------------------------------------------ */

static void run_check(struct run *run, const struct rule *rule)
{
	sqlite3_stmt *stmt = prepare(run, rule->sql);
	int64_t count = 0;
	int code = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;

	for (; code == SQLITE_ROW; code = sqlite3_step(stmt))
		tell_row(run, rule->sentence, stmt, ++count);
	tell_rest(run, count);
	if (code != SQLITE_DONE)
		tell_failure(run, rule->name);
	sqlite3_finalize(stmt);
}

/* The parts of the listing's identity stand before the record. */
enum { ROW_UID, ROW_HASH, ROW_MAPPING, ROW_IDENTITY, ROW_RECORD = ROW_IDENTITY + 4 };
static const char rows_sql[] =
	"SELECT i.uid, i.record_hash, i.mapping_version, l.provider, l.cloud, l.service, l.region,"
	" @columns (SELECT raw FROM _raw AS r WHERE r.image = i.image)"
	" FROM _images AS i JOIN _listings AS l ON l.listing_id = i.listing_id";

static const char *judge_row(const struct statement *s, const struct record *record,
			     struct buf *uid)
{
	struct listing_identity identity = {
		.provider = row_text(s, ROW_IDENTITY),
		.cloud = row_text(s, ROW_IDENTITY + 1),
		.service = row_text(s, ROW_IDENTITY + 2),
		.region = row_text(s, ROW_IDENTITY + 3),
	};
	const char *stored = row_text(s, ROW_UID);
	uint64_t mapping = (uint64_t)row_int(s, ROW_MAPPING, 0);

	buf_clear(uid);
	uid_put_prefix(uid, &identity);
	uid_put_image(uid, record);
	if (!stored || strcmp(stored, buf_text(uid)) != 0)
		return "image %: its uid is not made of its listing, zone and id";
	/* Another release may have had other columns. */
	if (mapping == MAPPING_VERSION &&
	    record_hash_all(record, mapping) != (uint64_t)row_int(s, ROW_HASH, 0))
		return "image %: its row is not what was stored";
	return NULL;
}

static void check_rows(struct run *run)
{
	struct statement s = { .stmt = prepare(run, rows_sql) };
	struct record record;
	struct buf uid;
	int64_t count = 0;
	int code = s.stmt ? sqlite3_step(s.stmt) : SQLITE_ERROR;

	buf_init(&uid);
	for (; code == SQLITE_ROW; code = sqlite3_step(s.stmt)) {
		run->out_of_memory |= !row_record(&s, ROW_RECORD, &record);
		const char *sentence = judge_row(&s, &record, &uid);
		if (sentence)
			tell_row(run, sentence, s.stmt, ++count);
	}
	run->out_of_memory |= uid.failed;
	tell_rest(run, count);
	if (code != SQLITE_DONE)
		tell_failure(run, "rows");
	sqlite3_finalize(s.stmt);
	buf_finish(&uid);
}

static int count_all(struct run *run, struct error *err)
{
	struct verify_report *report = run->report;
	int result = db_int(run->db, "SELECT count(*) FROM _images", 0, &report->images, err);

	if (result == 0)
		result = db_int(run->db, "SELECT count(*) FROM _revisions", 0, &report->revisions,
				err);
	if (result == 0)
		result = db_int(run->db, "SELECT count(*) FROM _changes", 0, &report->changes, err);
	if (result == 0)
		result = db_int(run->db, "SELECT count(*) FROM _polls", 0, &report->polls, err);
	return result;
}

int store_verify(const char *path, verify_problem_fn *each, void *data, struct verify_report *ret,
		 struct error *err)
{
	struct run run = { .each = each, .data = data, .report = ret };

	*ret = (struct verify_report){ 0 };
	if (access(path, F_OK) != 0)
		return error_set(err, -errno, "there is no catalog at '%s' (%s)", path,
				 strerror(errno));
	int result = db_open_reader(&run.db, path, err);
	if (result < 0)
		return result;
	buf_init(&run.sql);
	buf_init(&run.line);
	result = db_exec(run.db, "PRAGMA cache_size = -65536; BEGIN", err);
	if (result == 0 && count_all(&run, NULL) < 0)
		tell_failure(&run, "counts");
	for (size_t i = 0; i < ARRAY_LEN(rules) && result == 0; i++)
		run_check(&run, &rules[i]);
	if (result == 0)
		check_rows(&run);
	if (result == 0 && run.out_of_memory)
		result = error_set(err, -ENOMEM, "the catalog '%s': out of memory", path);
	buf_finish(&run.sql);
	buf_finish(&run.line);
	db_close(run.db); /* and with it the transaction */
	return result;
}
