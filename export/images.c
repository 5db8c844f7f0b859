/*
 * Images: filtered lists of them, and one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "export/handlers.h"
#include "export/rows.h"
#include "model/record.h"
#include "store/row.h"

/* clang-format off */
const struct parameter images_parameters[] = {
#define AS_TEXT(choice)   PARAMETER_TEXT
#define AS_NAME(choice)   PARAMETER_NAME
#define AS_WORD(choice)   PARAMETER_WORD, .words = (choice)
#define AS_OS(choice)     PARAMETER_TEXT
#define AS_ANSWER(choice) PARAMETER_ANSWER
#define AS_YESNO(choice)  PARAMETER_FLAG
#define AS_FLAG(choice)   PARAMETER_FLAG
#define FILTER(id, name, argument, kind, member, choice, says) { name, AS_##kind(choice), .help = (says) },
#include "store/filters.def"
#undef FILTER
	{ "since",      PARAMETER_SINCE, .help = "first seen, changed or removed since then" },
	{ "latest",     PARAMETER_FLAG, .help = "only the newest of each sort" },
	{ "q",          PARAMETER_TEXT, .help = "words that must all be in name, description, tags or software" },
	{ "sort",       PARAMETER_TEXT, .help = "column, or column:desc; those without a value come last" },
	COLUMNS_PARAMETER("; without it all but raw, readme and unmapped; * for all"),
	ROWS_PARAMETERS,
	{ 0 },
};

#define AT(member) offsetof(struct image_filter, member)
/* Parameters that are a text of the filter as they are. */
static const struct { const char *name; size_t offset; } texts[] = {
#define IS_TEXT(name, member)   { name, AT(member) },
#define IS_NAME(name, member)   { name, AT(member) },
#define IS_WORD(name, member)   { name, AT(member) },
#define IS_OS(name, member)
#define IS_ANSWER(name, member)
#define IS_YESNO(name, member)
#define IS_FLAG(name, member)
#define FILTER(id, name, argument, kind, member, words, help) IS_##kind(name, member)
#include "store/filters.def"
#undef FILTER
};
/* clang-format on */

static enum reader_flag answer_of(const struct exchange *x, const char *name)
{
	const char *value = exchange_text(x, name);
	bool yes;

	if (!value)
		return READER_ANY;
	if (strcmp(value, "unknown") == 0)
		return READER_UNKNOWN;
	return parameter_flag(value, &yes) && yes ? READER_YES : READER_NO;
}

static bool flag_of(const struct exchange *x, const char *name)
{
	return answer_of(x, name) == READER_YES;
}

/* "ubuntu:22.04" and "created_at:desc": what stands before the colon; `*ret_rest` behind it. */
static const char *cut(struct arena *arena, const char *text, const char **ret_rest)
{
	const char *colon = strchr(text, ':');

	*ret_rest = colon && colon[1] ? colon + 1 : NULL;
	return arena_copy(arena, text, colon ? (size_t)(colon - text) : strlen(text));
}

/* A long text or a list orders nothing. */
static bool may_be_sorted_by(const char *column)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, column) == 0)
			return columns[c].type != COLUMN_LIST && columns[c].type != COLUMN_JSON;
	return strcmp(column, "accounts") != 0;
}

static bool set_sort(struct exchange *x, struct arena *arena, struct image_filter *f)
{
	const char *sort = exchange_text(x, "sort"), *direction;

	if (!sort)
		return true;
	f->sort = cut(arena, sort, &direction);
	f->descending = direction && strcmp(direction, "desc") == 0;
	if ((direction && !f->descending && strcmp(direction, "asc") != 0) ||
	    (f->sort && !may_be_sorted_by(f->sort))) {
		answer_bad_parameter(&x->answer, "sort",
				     "a column of the view images, or column:desc");
		return false;
	}
	return true;
}

/* False after the answer was made a problem. */
static bool fill(struct exchange *x, struct arena *arena, struct image_filter *f)
{
	const char *os = exchange_text(x, "os"), *q = exchange_text(x, "q"),
		   *chosen = exchange_text(x, "columns"), *since = exchange_text(x, "since");

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*(const char **)(void *)((char *)f + texts[i].offset) =
			exchange_text(x, texts[i].name);
	f->gpu = answer_of(x, "gpu");
	f->launchable = answer_of(x, "launchable");
	f->stale = answer_of(x, "stale");
	f->removed = flag_of(x, "removed");
	f->latest = flag_of(x, "latest");
	if (since)
		(void)parameter_since(since, x->export->env->now_s(x->export->env), &f->since);
	if (os)
		f->os_distro = cut(arena, os, &f->os_version);
	if (q)
		f->words = rows_split(arena, q, " \t\r\n", READER_WORDS_MAX);
	f->brief = !chosen || strcmp(chosen, "*") != 0;
	if (chosen && f->brief)
		f->columns = rows_split(arena, chosen, ",", ROWS_COLUMNS_MAX);
	if (f->removed && f->latest) {
		answer_bad_parameter(&x->answer, "latest",
				     "without removed: what was removed is not the newest");
		return false;
	}
	if (!set_sort(x, arena, f))
		return false;
	if (arena->failed)
		answer_problem(&x->answer, 503, "out of memory");
	return !arena->failed;
}

void images_list(struct exchange *x, struct reader *reader)
{
	struct image_filter filter = { 0 };
	struct error err = { 0 };
	struct arena arena;
	struct rows rows;

	arena_init(&arena);
	if (fill(x, &arena, &filter) && rows_begin(&rows, x)) {
		filter.page = &rows.page;
		int rc = reader_each_image(reader, &filter, rows_add, &rows, &err);
		rows_end(&rows, rc, &err);
		/* What was sent is not repeated. */
		if (rc == -EINVAL)
			answer_bad_parameter(&x->answer,
					     filter.columns ? "sort or columns" : "sort",
					     "columns of the view: see /openapi.json");
	}
	arena_finish(&arena);
}

/* ---- one ----------------------------------------------------------------------------------- */

struct one {
	struct exchange *x;
	bool found;
};

static int on_row(const struct reader_row *row, void *data)
{
	struct one *one = data;
	const struct reader_value *uid = reader_value(row, "uid");

	/* An image_id may look like a uid. */
	if (!uid || strcmp(uid->text, one->x->tail) != 0)
		return 0;
	struct buf *out = answer_begin(&one->x->answer, 200, TYPE_JSON);
	row_put_json(out, row);
	buf_putc(out, '\n');
	answer_hide_markup(out);
	one->found = true;
	return 1;
}

void images_one(struct exchange *x, struct reader *reader)
{
	const struct image_filter filter = { .id = x->tail };
	const struct view_query removed = { .uid = x->tail };
	struct one one = { .x = x };
	struct error err = { 0 };

	int rc = reader_each_image(reader, &filter, on_row, &one, &err);
	if (rc == 0)
		rc = reader_query_view(reader, VIEW_sightings, &removed, on_row, &one, &err);
	if (rc < 0)
		exchange_failed(x, rc, &err);
	else if (!one.found)
		answer_problem(&x->answer, 404, "there is no such image, and there was none");
}
