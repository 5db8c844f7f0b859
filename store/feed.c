/*
 * The change feed, and records as JSON: in `fields` (old and new value of what differs) and in
 * `revisions` (the whole record as it was).
 */
#include <sqlite3.h>
#include <string.h>

#include "base/text.h"
#include "store/internal.h"

int feed_add(struct store *store, int64_t listing_id, int64_t poll_id, int64_t at,
	     const struct change *change, struct error *err)
{
	struct statement *s = STMT(store, CHANGE_ADD);

	bind_int(s, PARAM_at, at);
	bind_text(s, PARAM_kind, change->kind);
	bind_int(s, PARAM_listing_id, listing_id);
	bind_count(s, PARAM_poll_id, poll_id ? poll_id : -1);
	bind_count(s, PARAM_image, change->image ? change->image : -1);
	bind_count(s, PARAM_revision, change->image ? change->revision : -1);
	bind_text(s, PARAM_name, change->name);
	bind_text(s, PARAM_fields, change->fields);
	return statement_run(s, err);
}

/* The shortest decimal that reads back as the same number, whatever the locale. */
static void put_real(struct buf *out, double value)
{
	char text[64];

	sqlite3_snprintf(sizeof(text), text, "%!.15g", value);
	buf_puts(out, text);
}

static void put_value(struct buf *out, const struct record *record, enum column c)
{
	if (record_is_absent(record, c)) {
		buf_puts(out, "null");
		return;
	}
	switch (column_storage(columns[c].type)) {
	case STORED_AS_TEXT:
		/* A list is JSON already. raw stays a string: it is kept byte for byte. */
		if (columns[c].type == COLUMN_LIST && *record_text(record, c) == '[')
			buf_puts(out, record_text(record, c));
		else
			text_put_json(out, record_text(record, c));
		break;
	case STORED_AS_INT: buf_printf(out, "%lld", (long long)record_int(record, c)); break;
	case STORED_AS_REAL: put_real(out, record_real(record, c)); break;
	}
}

void feed_put_fields(struct buf *out, const struct record *before, const struct record *after)
{
	const char *separator = "{";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (columns[c].flags & (COLUMN_VOLATILE | COLUMN_HONESTY) ||
		    record_same(before, after, c))
			continue;
		buf_printf(out, "%s\"%s\":[", separator, columns[c].name);
		put_value(out, before, c);
		buf_putc(out, ',');
		put_value(out, after, c);
		buf_putc(out, ']');
		separator = ",";
	}
	if (*separator == ',')
		buf_putc(out, '}');
}

void feed_put_record(struct buf *out, const struct record *record)
{
	const char *separator = "{";

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (record_is_absent(record, c))
			continue;
		buf_printf(out, "%s\"%s\":", separator, columns[c].name);
		put_value(out, record, c);
		separator = ",";
	}
	buf_puts(out, *separator == ',' ? "}" : "{}");
}
