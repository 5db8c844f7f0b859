#include "export/rows.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/hash.h"
#include "export/cursor.h"
#include "store/row.h"

/* Parameters that do not change which rows there are, nor their order. */
static bool is_about_the_page(const char *name)
{
	return strcmp(name, "cursor") == 0 || strcmp(name, "limit") == 0 ||
	       strcmp(name, "format") == 0 || strcmp(name, "columns") == 0;
}

/* What was asked, whatever the order of its parameters. */
static uint64_t question_of(const struct exchange *x)
{
	uint64_t question = hash_bytes(x->path, strlen(x->path), 0) ^
			    hash_bytes(x->route->path, strlen(x->route->path), 1);

	for (size_t i = 0; i < x->query.count; i++) {
		const struct http_param *p = &x->query.items[i];
		uint64_t name = hash_bytes(p->name, strlen(p->name), 2);
		if (!is_about_the_page(p->name))
			question += hash_bytes(p->value, strlen(p->value), name);
	}
	return question;
}

static bool read_cursor(struct rows *rows)
{
	struct exchange *x = rows->x;
	const char *cursor = exchange_text(x, "cursor");

	if (!cursor)
		return true;
	switch (cursor_read(cursor, question_of(x), x->mark.created_at, &rows->after)) {
	case CURSOR_FITS: rows->page.after = &rows->after; return true;
	case CURSOR_GONE:
		answer_problem(&x->answer, 410,
			       "the cursor is of another catalog: begin with the first page");
		break;
	case CURSOR_BROKEN:
		answer_bad_parameter(&x->answer, "cursor",
				     "next_cursor of a page of the same question");
		break;
	}
	reader_key_finish(&rows->after);
	return false;
}

bool rows_begin(struct rows *rows, struct exchange *x)
{
	static const char *const types[] = { TYPE_JSON, "text/csv; charset=utf-8; header=present",
					     "application/x-ndjson" };
	const char *format = exchange_text(x, "format");

	*rows = (struct rows){ .x = x };
	if (format)
		rows->format = strcmp(format, "csv") == 0      ? ROWS_CSV
			       : strcmp(format, "ndjson") == 0 ? ROWS_NDJSON
							       : ROWS_JSON;
	rows->page.limit = exchange_int(x, "limit", ROWS_LIMIT);
	if (!read_cursor(rows))
		return false;
	rows->out = answer_begin(&x->answer, 200, types[rows->format]);
	if (rows->format == ROWS_JSON)
		buf_puts(rows->out, "{\"items\":[");
	return true;
}

const char **rows_split(struct arena *arena, const char *text, const char *separators, size_t max)
{
	const char **items = arena_alloc(arena, (max + 1) * sizeof(*items));
	char *at = arena_string(arena, text);
	size_t count = 0;

	while (items && at && *(at += strspn(at, separators)) && count < max) {
		items[count++] = at;
		at += strcspn(at, separators);
		if (*at)
			*at++ = '\0';
	}
	return at ? items : NULL;
}

int rows_add(const struct reader_row *row, void *data)
{
	struct rows *rows = data;

	switch (rows->format) {
	case ROWS_JSON:
		buf_puts(rows->out, rows->count > 0 ? ",\n" : "\n");
		row_put_json(rows->out, row);
		break;
	case ROWS_NDJSON:
		row_put_json(rows->out, row);
		buf_putc(rows->out, '\n');
		break;
	case ROWS_CSV:
		if (rows->count == 0)
			row_put_separated(rows->out, row, ',', true);
		row_put_separated(rows->out, row, ',', false);
		break;
	}
	rows->count++;
	if (rows->out->failed)
		return -ENOMEM;
	return rows->out->len > ROWS_BYTES_MAX;
}

/* The address of the next page, whatever the format. */
static void put_link(struct rows *rows, const char *cursor)
{
	struct exchange *x = rows->x;
	struct buf *out = &x->answer.link;

	buf_putc(out, '<');
	for (const char *c = x->route->path; *c; c++) {
		if (*c != '{') {
			buf_putc(out, *c);
			continue;
		}
		crypto_put_percent(out, x->tail, strlen(x->tail));
		c = strchr(c, '}');
	}
	buf_printf(out, "?cursor=%s", cursor);
	for (size_t i = 0; i < x->query.count; i++) {
		const struct http_param *p = &x->query.items[i];
		if (strcmp(p->name, "cursor") == 0)
			continue;
		buf_printf(out, "&%s=", p->name);
		crypto_put_percent(out, p->value, strlen(p->value));
	}
	buf_puts(out, ">; rel=\"next\"");
}

static void end_well(struct rows *rows)
{
	struct exchange *x = rows->x;
	struct buf cursor;

	buf_init(&cursor);
	if (rows->page.more) {
		cursor_put(&cursor, question_of(x), x->mark.created_at, &rows->page.last);
		put_link(rows, buf_text(&cursor));
	}
	if (rows->format == ROWS_JSON) {
		buf_puts(rows->out,
			 rows->count > 0 ? "\n],\"next_cursor\":" : "],\"next_cursor\":");
		if (rows->page.more)
			buf_printf(rows->out, "\"%s\"", buf_text(&cursor));
		else
			buf_puts(rows->out, "null");
		buf_printf(rows->out, ",\"seq\":%lld}\n", (long long)x->mark.last_seq);
	}
	rows->out->failed |= cursor.failed;
	buf_finish(&cursor);
	if (rows->format != ROWS_CSV)
		answer_hide_markup(rows->out);
}

void rows_end(struct rows *rows, int result, const struct error *err)
{
	if (result < 0)
		exchange_failed(rows->x, result, err);
	else
		end_well(rows);
	reader_key_finish(&rows->page.last);
	reader_key_finish(&rows->after);
}
