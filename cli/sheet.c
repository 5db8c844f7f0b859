#include "cli/sheet.h"

#include <string.h>

#include "base/text.h"
#include "store/row.h"

enum { NAME_WIDTH = 20 };

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void put_text(struct buf *out, const char *column, const char *text)
{
	struct buf clean;

	if (row_is_json(column)) {
		row_put_json_text(out, text);
		return;
	}
	buf_init(&clean);
	text_put_clean(&clean, TEXT_PROSE, text, strlen(text));
	for (const char *c = buf_text(&clean); *c; c++) {
		buf_putc(out, *c);
		if (*c == '\n')
			buf_printf(out, "%*s", NAME_WIDTH + 2, "");
	}
	out->failed |= clean.failed;
	buf_finish(&clean);
}

/* "21474836480 (20 GiB)" */
static void put_size(struct buf *out, int64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double amount = (double)bytes;
	size_t unit = 0;

	buf_printf(out, "%lld", (long long)bytes);
	if (bytes < 1024)
		return;
	for (amount /= 1024; amount >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
		amount /= 1024;
	buf_printf(out, " (%.4g %s)", amount, units[unit]);
}

static void put_value(struct buf *out, const char *column, const struct reader_value *value,
		      bool utc)
{
	switch (value->type) {
	case READER_NULL: break;
	case READER_INT:
		if (output_is_time(column))
			output_put_time(out, value->integer, utc);
		else if (ends_with(column, "_bytes"))
			put_size(out, value->integer);
		else
			buf_printf(out, "%lld", (long long)value->integer);
		break;
	case READER_REAL: buf_printf(out, "%.15g", value->real); break;
	case READER_TEXT: put_text(out, column, value->text); break;
	}
}

void sheet_put(struct buf *out, const struct reader_row *row, bool utc, bool colour)
{
	for (size_t i = 0; i < row->count; i++) {
		const char *name = row->names[i];
		bool nothing = row->values[i].type == READER_NULL ||
			       (row->values[i].type == READER_TEXT && !*row->values[i].text);
		if (nothing || ends_with(name, "_utc") || strcmp(name, "raw") == 0)
			continue;
		buf_printf(out, "%s%-*s%s  ", colour ? "\033[1m" : "", NAME_WIDTH, name,
			   colour ? "\033[0m" : "");
		put_value(out, name, &row->values[i], utc);
		buf_putc(out, '\n');
	}
}
