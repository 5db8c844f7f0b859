#include "store/statements.h"

#include <errno.h>
#include <string.h>

#include "store/db.h"

static const char *const statement_sql[STMT_COUNT] = {
#define STATEMENT(name, sql) [STMT_##name] = sql,
#include "store/statements.def"
#undef STATEMENT
};

static const char *const parameter_names[PARAM_COUNT] = {
#define X(name) [PARAM_##name] = #name,
	PARAMETERS(X)
#undef X
};

/* ---- texts -------------------------------------------------------------------------------- */

void statement_put(struct buf *out, const char *sql, const struct statement_mark *marks,
		   size_t count)
{
	while (*sql) {
		size_t plain = strcspn(sql, "@");
		buf_put(out, sql, plain);
		sql += plain;
		for (size_t i = 0; i < count && *sql; i++) {
			size_t len = strlen(marks[i].name);
			if (strncmp(sql, marks[i].name, len) != 0)
				continue;
			marks[i].put(out);
			sql += len;
			break;
		}
		assert(*sql != '@');
	}
}

/* The names come from our own table, never from data. */
static void put_list(struct buf *out, unsigned without, const char *before, const char *after,
		     bool named)
{
	const char *comma = "";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_raw || columns[c].flags & without)
			continue;
		buf_printf(out, "%s%s%s%s", comma, before, columns[c].name, after);
		if (named)
			buf_puts(out, columns[c].name);
		comma = ", ";
	}
}

static void put_columns(struct buf *out)
{
	put_list(out, 0, "", "", false);
}

static void put_values(struct buf *out)
{
	put_list(out, 0, ":c_", "", false);
}

static void put_updates(struct buf *out)
{
	put_list(out, COLUMN_IDENTITY, "", " = :c_", true);
}

void statement_text(struct buf *out, enum statement_id id)
{
	static const struct statement_mark marks[] = {
		{ "@columns", put_columns },
		{ "@values", put_values },
		{ "@updates", put_updates },
	};

	statement_put(out, statement_sql[id], marks, ARRAY_LEN(marks));
}

/* ---- preparing ------------------------------------------------------------------------------ */

static bool find_column(const char *name, enum column *ret)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, name) == 0)
			return *ret = c, true;
	return false;
}

static bool find_parameter(const char *name, enum parameter *ret)
{
	for (enum parameter p = 0; p < PARAM_COUNT; p++)
		if (strcmp(parameter_names[p], name) == 0)
			return *ret = p, true;
	return false;
}

static int look_up(struct statement *s, struct error *err)
{
	for (int i = 1; i <= sqlite3_bind_parameter_count(s->stmt); i++) {
		const char *name = sqlite3_bind_parameter_name(s->stmt, i);
		enum column column;
		enum parameter parameter;
		if (name && strncmp(name, ":c_", 3) == 0 && find_column(name + 3, &column))
			s->columns[column] = (uint16_t)i;
		else if (name && *name == ':' && find_parameter(name + 1, &parameter))
			s->parameters[parameter] = (uint16_t)i;
		else
			return error_set(err, -EINVAL, "parameter %s of '%s' is not in PARAMETERS",
					 name ? name : "without a name", sqlite3_sql(s->stmt));
	}
	return 0;
}

int statements_open(struct statements *statements, sqlite3 *db, struct error *err)
{
	int result = 0;
	struct buf sql;

	*statements = (struct statements){ .db = db };
	buf_init(&sql);
	for (enum statement_id id = 0; id < STMT_COUNT && result == 0; id++) {
		struct statement *s = &statements->list[id];
		buf_clear(&sql);
		statement_text(&sql, id);
		if (sql.failed)
			result = error_set(err, -ENOMEM, "catalog: out of memory");
		else if (sqlite3_prepare_v3(db, sql.bytes, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt,
					    NULL) != SQLITE_OK)
			result = db_error(db, "does not have the expected schema", err);
		else
			result = look_up(s, err);
	}
	buf_finish(&sql);
	if (result < 0)
		statements_close(statements);
	return result;
}

void statements_close(struct statements *statements)
{
	for (enum statement_id id = 0; id < STMT_COUNT; id++)
		sqlite3_finalize(statements->list[id].stmt);
	*statements = (struct statements){ 0 };
}

struct statement *statement(struct statements *statements, enum statement_id id)
{
	return &statements->list[id];
}

/* ---- binding -------------------------------------------------------------------------------- */

static int index_of(const struct statement *s, enum parameter parameter)
{
	assert(s->parameters[parameter]);
	return s->parameters[parameter];
}

static void keep(struct statement *s, int code)
{
	if (code != SQLITE_OK && s->bind_code == SQLITE_OK)
		s->bind_code = code;
}

void bind_int(struct statement *s, enum parameter parameter, int64_t value)
{
	keep(s, sqlite3_bind_int64(s->stmt, index_of(s, parameter), value));
}

void bind_text(struct statement *s, enum parameter parameter, const char *text)
{
	keep(s, sqlite3_bind_text(s->stmt, index_of(s, parameter), text, -1, SQLITE_STATIC));
}

void bind_null(struct statement *s, enum parameter parameter)
{
	keep(s, sqlite3_bind_null(s->stmt, index_of(s, parameter)));
}

void bind_count(struct statement *s, enum parameter parameter, int64_t value)
{
	if (value < 0)
		bind_null(s, parameter);
	else
		bind_int(s, parameter, value);
}

static int bind_column(struct statement *s, int index, const struct record *record, enum column c)
{
	if (record_is_absent(record, c))
		return sqlite3_bind_null(s->stmt, index);
	switch (column_storage(columns[c].type)) {
	case STORED_AS_TEXT:
		return sqlite3_bind_text(s->stmt, index, record_text(record, c), -1, SQLITE_STATIC);
	case STORED_AS_INT: return sqlite3_bind_int64(s->stmt, index, record_int(record, c));
	case STORED_AS_REAL: return sqlite3_bind_double(s->stmt, index, record_real(record, c));
	}
	return SQLITE_MISUSE;
}

void bind_record(struct statement *s, const struct record *record)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (s->columns[c])
			keep(s, bind_column(s, s->columns[c], record, c));
}

/* ---- running -------------------------------------------------------------------------------- */

void statement_reset(struct statement *s)
{
	/* The code of the last step is repeated here; it was reported then. */
	sqlite3_reset(s->stmt);
	sqlite3_clear_bindings(s->stmt);
	s->bind_code = SQLITE_OK;
}

int statement_step(struct statement *s, struct error *err)
{
	if (s->bind_code != SQLITE_OK) {
		int code = s->bind_code;
		statement_reset(s);
		return error_set(err, code == SQLITE_NOMEM ? -ENOMEM : -EFBIG,
				 "catalog: a value cannot be stored: %s", sqlite3_errstr(code));
	}
	int code = sqlite3_step(s->stmt);
	if (code == SQLITE_ROW)
		return 1;
	int result = code == SQLITE_DONE
			     ? 0
			     : db_error(sqlite3_db_handle(s->stmt), "cannot be used", err);
	statement_reset(s);
	return result;
}

int statement_run(struct statement *s, struct error *err)
{
	int result = statement_step(s, err);

	assert(result <= 0);
	return result;
}

int statement_run_one(struct statement *s, struct error *err)
{
	int result = statement_run(s, err);

	if (result == 0 && sqlite3_changes(sqlite3_db_handle(s->stmt)) != 1)
		return error_set(err, -EINVAL,
				 "catalog: a row is not where it should be; "
				 "nothing was written");
	return result;
}

int statement_int(struct statement *s, int64_t otherwise, int64_t *ret, struct error *err)
{
	int result = statement_step(s, err);

	if (result < 0)
		return result;
	*ret = result ? row_int(s, 0, otherwise) : otherwise;
	if (result)
		statement_reset(s);
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

int64_t row_int(const struct statement *s, int index, int64_t if_null)
{
	if (sqlite3_column_type(s->stmt, index) == SQLITE_NULL)
		return if_null;
	return sqlite3_column_int64(s->stmt, index);
}

const char *row_text(const struct statement *s, int index)
{
	return (const char *)sqlite3_column_text(s->stmt, index);
}

size_t row_bytes(const struct statement *s, int index)
{
	return (size_t)sqlite3_column_bytes(s->stmt, index);
}

static bool read_column(const struct statement *s, int index, struct record *ret, enum column c)
{
	if (sqlite3_column_type(s->stmt, index) == SQLITE_NULL)
		return true;
	switch (column_storage(columns[c].type)) {
	case STORED_AS_TEXT: record_set_text(ret, c, row_text(s, index)); break;
	case STORED_AS_INT: record_set_int(ret, c, sqlite3_column_int64(s->stmt, index)); break;
	case STORED_AS_REAL: record_set_real(ret, c, sqlite3_column_double(s->stmt, index)); break;
	}
	return !record_is_absent(ret, c);
}

bool row_record(const struct statement *s, int first, struct record *ret)
{
	int index = first;
	bool whole = true;

	record_init(ret);
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_raw)
			whole &= read_column(s, index++, ret, c);
	return whole & read_column(s, index, ret, COLUMN_raw);
}
