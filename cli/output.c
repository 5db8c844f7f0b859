#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/record.h"

enum { COLUMN_GAP = 2, COLUMN_MIN = 6 };

/* A table must know its widest cells before it prints the first: cells wait in an arena. */
struct output {
	FILE *file;
	enum output_format format;
	bool utc;
	size_t rows;
	size_t columns;
	struct arena arena;
	const char **cells; /* of the table, the header first */
	size_t cell_count, cell_size;
};

bool output_format_from_text(const char *word, enum output_format *ret)
{
	static const char *const words[] = { "table", "json", "ndjson", "csv", "tsv", "id" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum output_format)i;
			return true;
		}
	}
	return false;
}

bool output_has_colour(FILE *file)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(file)) == 1 && !(no_colour && *no_colour) &&
	       !(term && strcmp(term, "dumb") == 0);
}

int output_open(struct output **ret, FILE *file, enum output_format format, bool utc)
{
	struct output *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->file = file;
	o->format = format;
	o->utc = utc;
	*ret = o;
	return 0;
}

/* ---- values ------------------------------------------------------------------------------ */

static bool is_time(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, "_at") == 0;
}

/* Columns whose text is JSON already. */
static bool is_json(const char *name)
{
	if (strcmp(name, "accounts") == 0 || strcmp(name, "fields") == 0 ||
	    strcmp(name, "record") == 0)
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

static void put_plain(struct buf *out, const struct reader_value *value)
{
	if (value->type == READER_TEXT)
		text_put_clean(out, TEXT_LINE, value->text, strlen(value->text));
	else if (value->type != READER_NULL)
		put_number(out, value);
}

static void put_time(struct buf *out, int64_t unix_s, bool utc)
{
	time_t when = (time_t)unix_s;
	struct tm tm;
	char text[32];

	if ((utc ? gmtime_r(&when, &tm) : localtime_r(&when, &tm)) &&
	    strftime(text, sizeof(text), utc ? "%Y-%m-%d %H:%MZ" : "%Y-%m-%d %H:%M", &tm) > 0)
		buf_puts(out, text);
	else
		buf_printf(out, "%lld", (long long)unix_s);
}

static void put_json_value(struct buf *out, const char *name, const struct reader_value *value)
{
	if (value->type == READER_NULL) {
		buf_puts(out, "null");
	} else if (value->type != READER_TEXT) {
		put_number(out, value);
	} else if (is_json(name)) {
		buf_puts(out, value->text);
	} else {
		struct buf clean;
		buf_init(&clean);
		text_put_clean(&clean, TEXT_PROSE, value->text, strlen(value->text));
		text_put_json(out, buf_text(&clean));
		buf_finish(&clean);
	}
}

static void put_json_row(struct buf *out, const struct reader_row *row)
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

/* RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe first. */
static void put_csv_text(struct buf *out, const char *text)
{
	bool formula = *text && strchr("=+-@\t\r", *text);
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

static void put_separated_row(struct output *o, struct buf *out, const struct reader_row *row,
			      bool header)
{
	for (size_t i = 0; i < row->count; i++) {
		struct buf cell;
		if (i > 0)
			buf_putc(out, o->format == OUTPUT_CSV ? ',' : '\t');
		buf_init(&cell);
		if (header)
			buf_puts(&cell, row->names[i]);
		else
			put_plain(&cell, &row->values[i]);
		if (o->format == OUTPUT_CSV && (header || row->values[i].type == READER_TEXT))
			put_csv_text(out, buf_text(&cell));
		else
			buf_puts(out, buf_text(&cell));
		buf_finish(&cell);
	}
	buf_puts(out, o->format == OUTPUT_CSV ? "\r\n" : "\n");
}

/* ---- the table --------------------------------------------------------------------------- */

static int keep_cell(struct output *o, const char *text)
{
	if (o->cell_count == o->cell_size) {
		size_t size = o->cell_size ? o->cell_size * 2 : 512;
		const char **grown = realloc(o->cells, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		o->cells = grown;
		o->cell_size = size;
	}
	o->cells[o->cell_count] = arena_string(&o->arena, text);
	return o->cells[o->cell_count++] ? 0 : -ENOMEM;
}

static int keep_row(struct output *o, const struct reader_row *row)
{
	int rc = 0;

	for (size_t i = 0; i < row->count && rc == 0 && o->rows == 0; i++) {
		char title[64];
		size_t len = 0;
		for (const char *c = row->names[i]; *c && len + 1 < sizeof(title); c++)
			title[len++] = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
		title[len] = '\0';
		rc = keep_cell(o, title);
	}
	for (size_t i = 0; i < row->count && rc == 0; i++) {
		struct buf cell;
		buf_init(&cell);
		if (row->values[i].type == READER_INT && is_time(row->names[i]))
			put_time(&cell, row->values[i].integer, o->utc);
		else
			put_plain(&cell, &row->values[i]);
		rc = cell.failed ? -ENOMEM : keep_cell(o, buf_text(&cell));
		buf_finish(&cell);
	}
	return rc;
}

static size_t terminal_columns(FILE *file)
{
	struct winsize size;

	if (isatty(fileno(file)) != 1)
		return SIZE_MAX;
	return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The widest column gives up a place until the row fits. */
static void shrink(size_t *widths, size_t count, size_t room)
{
	for (;;) {
		size_t sum = (count - 1) * COLUMN_GAP, widest = 0;
		for (size_t i = 0; i < count; i++) {
			sum += widths[i];
			if (widths[i] > widths[widest])
				widest = i;
		}
		if (sum <= room || widths[widest] <= COLUMN_MIN)
			return;
		widths[widest]--;
	}
}

static void put_cell(struct buf *out, const char *text, size_t width, bool last)
{
	size_t natural = text_width(text);

	if (natural > width) {
		size_t fits = text_fit(text, width - 1);
		char *cut = strndup(text, fits);
		natural = cut ? text_width(cut) + 1 : 0;
		buf_puts(out, cut ? cut : "");
		buf_puts(out, "…");
		free(cut);
	} else {
		buf_puts(out, text);
	}
	for (size_t i = natural; i < width + COLUMN_GAP && !last; i++)
		buf_putc(out, ' ');
}

static int print_table(struct output *o)
{
	size_t *widths = calloc(o->columns + 1, sizeof(*widths));
	bool colour = output_has_colour(o->file);
	struct buf line;
	int rc = 0;

	if (!widths)
		return -ENOMEM;
	for (size_t i = 0; i < o->cell_count; i++) {
		size_t width = text_width(o->cells[i]);
		if (width > widths[i % o->columns])
			widths[i % o->columns] = width;
	}
	shrink(widths, o->columns, terminal_columns(o->file));
	buf_init(&line);
	for (size_t i = 0; i < o->cell_count && rc == 0; i += o->columns) {
		buf_clear(&line);
		if (i == 0 && colour)
			buf_puts(&line, "\033[1m");
		for (size_t c = 0; c < o->columns; c++)
			put_cell(&line, o->cells[i + c], widths[c], c + 1 == o->columns);
		if (i == 0 && colour)
			buf_puts(&line, "\033[0m");
		buf_putc(&line, '\n');
		if (line.failed || fputs(buf_text(&line), o->file) < 0)
			rc = line.failed ? -ENOMEM : -EIO;
	}
	buf_finish(&line);
	free(widths);
	return rc;
}

/* ---- rows -------------------------------------------------------------------------------- */

int output_row(struct output *o, const struct reader_row *row)
{
	struct buf out;
	int rc = 0;

	buf_init(&out);
	o->columns = row->count;
	switch (o->format) {
	case OUTPUT_TABLE: rc = keep_row(o, row); break;
	case OUTPUT_JSON:
		buf_puts(&out, o->rows == 0 ? "[" : ",\n ");
		put_json_row(&out, row);
		break;
	case OUTPUT_NDJSON:
		put_json_row(&out, row);
		buf_putc(&out, '\n');
		break;
	case OUTPUT_CSV:
	case OUTPUT_TSV:
		if (o->rows == 0)
			put_separated_row(o, &out, row, true);
		put_separated_row(o, &out, row, false);
		break;
	case OUTPUT_ID: {
		const struct reader_value *id = reader_value(row, "image_id");
		if (id)
			put_plain(&out, id);
		buf_putc(&out, '\n');
		break;
	}
	}
	o->rows++;
	if (rc == 0 && out.failed)
		rc = -ENOMEM;
	if (rc == 0 && out.len > 0 && fwrite(out.bytes, 1, out.len, o->file) != out.len)
		rc = -EIO;
	buf_finish(&out);
	return rc;
}

int output_close(struct output *o)
{
	int rc = 0;

	if (o->format == OUTPUT_TABLE && o->rows > 0)
		rc = print_table(o);
	if (o->format == OUTPUT_JSON && fputs(o->rows == 0 ? "[]\n" : "]\n", o->file) < 0)
		rc = -EIO;
	if (fflush(o->file) != 0 && rc == 0)
		rc = -EIO;
	arena_finish(&o->arena);
	free(o->cells);
	free(o);
	return rc;
}
