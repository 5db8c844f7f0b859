/*
 * A page of a long answer: ordered by columns, behind a key, with the key of its last row.
 *
 * NULL comes last in each column, so "behind v" is "greater, or NULL", and nothing is behind NULL;
 * over several columns it is: behind in the first, or the same there and behind in the others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/reading.h"

void reader_key_finish(struct reader_key *key)
{
	for (size_t i = 0; i < key->count; i++)
		if (key->values[i].type == READER_TEXT)
			free((char *)(uintptr_t)key->values[i].text);
	*key = (struct reader_key){ 0 };
}

void page_add(struct page_order *order, const char *list, char names[static 128])
{
	char *at = names;

	assert(strlen(list) < 128);
	memcpy(names, list, strlen(list) + 1);
	while (at && order->count < READER_KEY_MAX) {
		char *comma = strchr(at, ',');
		if (comma)
			*comma++ = '\0';
		order->columns[order->count++] = at + strspn(at, " ");
		at = comma;
	}
}

/* A column as it is ordered by: what people choose may be long, and a key is to be short. */
static void put_key(struct query *query, const struct page_order *order, size_t i)
{
	if (i > 0 || !order->cut) {
		query_put_name(query, order->columns[i]);
		return;
	}
	buf_puts(&query->sql, "CASE typeof(");
	query_put_name(query, order->columns[i]);
	buf_puts(&query->sql, ") WHEN 'text' THEN substr(");
	query_put_name(query, order->columns[i]);
	buf_printf(&query->sql, ", 1, %d) ELSE ", READER_KEY_CHARACTERS);
	query_put_name(query, order->columns[i]);
	buf_puts(&query->sql, " END");
}

void page_put_keys(struct query *query, const struct page_order *order)
{
	for (size_t i = 0; i < order->count; i++) {
		buf_puts(&query->sql, ", ");
		put_key(query, order, i);
		buf_printf(&query->sql, " AS _key%zu", i);
	}
}

static void bind(struct query *query, const struct reader_value *value)
{
	query_bind(query,
		   (struct bound){ .text = value->type == READER_TEXT ? value->text : NULL,
				   .number = value->integer,
				   .real = value->type == READER_REAL ? &value->real : NULL });
}

/* Behind the value in that column alone. */
static void put_behind(struct query *query, const struct page_order *order, size_t i,
		       const struct reader_value *value)
{
	if (value->type == READER_NULL) {
		buf_puts(&query->sql, "0");
		return;
	}
	put_key(query, order, i);
	buf_puts(&query->sql, i == 0 && order->descending ? " < ?" : " > ?");
	bind(query, value);
	if (order->strict)
		return;
	buf_puts(&query->sql, " OR ");
	put_key(query, order, i);
	buf_puts(&query->sql, " IS NULL");
}

static void put_same(struct query *query, const struct page_order *order, size_t i,
		     const struct reader_value *value)
{
	put_key(query, order, i);
	if (value->type == READER_NULL) {
		buf_puts(&query->sql, " IS NULL");
		return;
	}
	buf_puts(&query->sql, " = ?");
	bind(query, value);
}

static void put_after(struct query *query, const struct page_order *order,
		      const struct reader_key *after)
{
	buf_puts(&query->sql, query->where ? " AND (" : " WHERE (");
	query->where = true;
	for (size_t i = 0; i < order->count; i++) {
		put_behind(query, order, i, &after->values[i]);
		if (i + 1 == order->count)
			break;
		buf_puts(&query->sql, " OR ");
		put_same(query, order, i, &after->values[i]);
		buf_puts(&query->sql, " AND (");
	}
	for (size_t i = 0; i < order->count; i++)
		buf_putc(&query->sql, ')');
}

void page_put_end(struct query *query, const struct page_order *order,
		  const struct reader_page *page)
{
	if (page->after && page->after->count == order->count)
		put_after(query, order, page->after);
	buf_puts(&query->sql, " ORDER BY ");
	for (size_t i = 0; i < order->count; i++) {
		buf_puts(&query->sql, i > 0 ? ", " : "");
		put_key(query, order, i);
		if (i == 0 && order->descending)
			buf_puts(&query->sql, " DESC");
		if (!order->strict)
			buf_puts(&query->sql, " NULLS LAST");
	}
	buf_puts(&query->sql, " LIMIT ?");
	query_bind(query, (struct bound){ .number = page->limit + 1 });
}

/* ---- running ------------------------------------------------------------------------------------
 */

struct run {
	const struct page_order *order;
	struct reader_page *page;
	int64_t rows;
	reader_row_fn *each;
	void *data;
	bool failed;
};

static bool keep_key(struct reader_key *key, const struct reader_value *values, size_t count)
{
	reader_key_finish(key);
	for (size_t i = 0; i < count; i++) {
		key->values[i] = values[i];
		if (values[i].type == READER_TEXT) {
			key->values[i].text = strdup(values[i].text);
			if (!key->values[i].text)
				return false;
		}
		key->count = i + 1;
	}
	return true;
}

/* The keys stand behind the columns that were asked for; nobody else sees them. */
static int on_row(const struct reader_row *row, void *data)
{
	struct run *run = data;
	struct reader_row shown = *row;

	if (run->rows == run->page->limit) {
		run->page->more = true;
		return 1;
	}
	shown.count -= run->order->count;
	int result = run->each(&shown, run->data);
	if (result < 0)
		return result;
	run->rows++;
	if (!keep_key(&run->page->last, row->values + shown.count, run->order->count)) {
		run->failed = true;
		return -ENOMEM;
	}
	run->page->more = result > 0;
	return result;
}

int page_run(struct reader *reader, struct query *query, const struct page_order *order,
	     struct reader_page *page, reader_row_fn *each, void *data, struct error *err)
{
	struct run run = { .order = order, .page = page, .each = each, .data = data };

	page->more = false;
	int result = query_run(reader, query, on_row, &run, err);
	if (run.failed)
		return error_set(err, -ENOMEM, "out of memory");
	return result > 0 ? 0 : result;
}
