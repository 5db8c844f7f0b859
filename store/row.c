#include "store/row.h"

#include <string.h>

#include "base/text.h"
#include "model/record.h"

/* ---- values ------------------------------------------------------------------------------ */

/* Columns whose text is JSON already. */
bool row_is_json(const char *name)
{
	static const char *const others[] = { "accounts", "fields", "record", "image_ids",
					      "places" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, name) == 0)
			return columns[c].type == COLUMN_LIST || columns[c].type == COLUMN_JSON;
	return false;
}

static void put_number(struct buf *out, const struct reader_value *value)
{
	if (value->type == READER_INT)
		buf_printf(out, "%lld", (long long)value->integer);
	else
		buf_printf(out, "%.15g", value->real);
}

void row_put_plain(struct buf *out, const struct reader_value *value)
{
	if (value->type == READER_TEXT)
		text_put_clean(out, TEXT_LINE, value->text, strlen(value->text));
	else if (value->type != READER_NULL)
		put_number(out, value);
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* The code point of a valid sequence, and its length. */
static uint32_t code_point(const char *text, size_t *ret_len)
{
	const unsigned char *b = (const unsigned char *)text;
	size_t len = b[0] < 0xC0 ? 1 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
	uint32_t c = len == 1 ? b[0] : b[0] & (0xFFu >> (len + 1));

	for (size_t i = 1; i < len; i++) {
		if ((b[i] & 0xC0) != 0x80) { /* not UTF-8, which a catalog never is */
			*ret_len = i;
			return 0xFFFD;
		}
		c = c << 6 | (b[i] & 0x3Fu);
	}
	*ret_len = len;
	return c;
}

static void put_escape(struct buf *out, uint32_t c)
{
	if (c >= 0x10000)
		buf_printf(out, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
	else
		buf_printf(out, "\\u%04x", c);
}

void row_put_json_text(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = 0;
		while (text[len] >= 0x20 && text[len] < 0x7F)
			len++;
		buf_put(out, text, len);
		text += len;
		if (!*text)
			break;
		uint32_t c = code_point(text, &len);
		struct buf clean;

		if (c < 0x20) {
			buf_putc(out, ' ');
		} else {
			/* What cleaning would not leave as it is. */
			buf_init(&clean);
			text_put_clean(&clean, TEXT_PROSE, text, len);
			if (clean.len == len && memcmp(clean.bytes, text, len) == 0)
				buf_put(out, text, len);
			else
				put_escape(out, c);
			out->failed |= clean.failed;
			buf_finish(&clean);
		}
		text += len;
	}
}

static void put_json_value(struct buf *out, const char *name, const struct reader_value *value)
{
	if (value->type == READER_NULL) {
		buf_puts(out, "null");
	} else if (value->type != READER_TEXT) {
		put_number(out, value);
	} else if (row_is_json(name)) {
		row_put_json_text(out, value->text);
	} else {
		struct buf clean;
		buf_init(&clean);
		text_put_clean(&clean, TEXT_PROSE, value->text, strlen(value->text));
		text_put_json(out, buf_text(&clean));
		buf_finish(&clean);
	}
}

void row_put_json(struct buf *out, const struct reader_row *row)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < row->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		text_put_json(out, row->names[i]);
		buf_putc(out, ':');
		put_json_value(out, row->names[i], &row->values[i]);
	}
	buf_putc(out, '}');
}

/* ---- CSV and TSV ------------------------------------------------------------------------- */

/* What a spreadsheet takes for the beginning of a formula; it takes wide forms for the others. */
static bool is_formula(const char *text)
{
	static const char *const wide[] = { "＝", "＋", "－", "＠" };

	if (*text && strchr("=+-@\t\r", *text))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	return false;
}

/* RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe first. */
static void put_csv_text(struct buf *out, const char *text)
{
	bool formula = is_formula(text);
	bool quote = formula || strpbrk(text, "\",\r\n");

	if (!quote) {
		buf_puts(out, text);
		return;
	}
	buf_puts(out, formula ? "\"'" : "\"");
	for (; *text; text++) {
		if (*text == '"')
			buf_putc(out, '"');
		buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

void row_put_separated(struct buf *out, const struct reader_row *row, char separator, bool header)
{
	for (size_t i = 0; i < row->count; i++) {
		struct buf cell;
		if (i > 0)
			buf_putc(out, separator);
		buf_init(&cell);
		if (header)
			buf_puts(&cell, row->names[i]);
		else
			row_put_plain(&cell, &row->values[i]);
		if (separator == ',' && (header || row->values[i].type == READER_TEXT))
			put_csv_text(out, buf_text(&cell));
		else
			buf_puts(out, buf_text(&cell));
		buf_finish(&cell);
	}
	buf_puts(out, separator == ',' ? "\r\n" : "\n");
}

/* ---- names ------------------------------------------------------------------------------- */

void row_put_listing_name(struct buf *out, const struct reader_row *row)
{
	/* A zone says its region: "cn-bj2-02", and QingCloud's zones are regions. */
	const char *zone = reader_text(row, "zone");
	const char *parts[] = { reader_text(row, "account"), reader_text(row, "service"),
				*zone ? zone : reader_text(row, "region"),
				reader_text(row, "project"), reader_text(row, "variant") };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (*parts[i])
			buf_printf(out, "%s%s", i > 0 ? " " : "", parts[i]);
}
