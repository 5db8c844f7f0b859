#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/layout.h"
#include "store/row.h"

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
	enum layout_kind kinds[LAYOUT_COLUMNS_MAX];
	int error; /* of the first write that failed */
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

int output_write(struct output *o, const char *bytes, size_t len)
{
	if (o->error == 0 && fwrite(bytes, 1, len, o->file) != len)
		o->error = errno ? -errno : -EIO;
	return o->error;
}

/* ---- values ------------------------------------------------------------------------------ */

bool output_is_time(const char *name)
{
	size_t len = strlen(name);

	return strcmp(name, "at") == 0 || (len > 3 && strcmp(name + len - 3, "_at") == 0);
}

void output_put_time(struct buf *out, int64_t unix_s, bool utc)
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
	int rc = row->count <= LAYOUT_COLUMNS_MAX ? 0 : -E2BIG;

	for (size_t i = 0; i < row->count && rc == 0 && o->rows == 0; i++) {
		char title[64];
		size_t len = 0;
		for (const char *c = row->names[i]; *c && len + 1 < sizeof(title); c++)
			title[len++] = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
		title[len] = '\0';
		o->kinds[i] = layout_kind(row->names[i]);
		rc = keep_cell(o, title);
	}
	for (size_t i = 0; i < row->count && rc == 0; i++) {
		struct buf cell;
		buf_init(&cell);
		if (row->values[i].type == READER_INT && output_is_time(row->names[i]))
			output_put_time(&cell, row->values[i].integer, o->utc);
		else
			row_put_plain(&cell, &row->values[i]);
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

/* Off a terminal nothing is cut; but one long cell does not make every row as long. */
enum { PADDED_MAX = 100 };

static void put_cell(struct buf *out, const char *text, size_t width, bool cuts, bool last)
{
	size_t natural = text_width(text);

	if (!cuts) {
		buf_puts(out, text);
		width = natural > PADDED_MAX ? natural : width > PADDED_MAX ? PADDED_MAX : width;
	} else if (natural > width) {
		size_t fits = text_fit(text, width - 1);
		char *cut = strndup(text, fits);

		natural = cut ? text_width(cut) + 1 : 0;
		buf_puts(out, cut ? cut : "");
		buf_puts(out, "…");
		free(cut);
	} else {
		buf_puts(out, text);
	}
	for (size_t i = natural; i < width + LAYOUT_GAP && !last; i++)
		buf_putc(out, ' ');
}

/* What found no room. */
static void tell_left_out(const struct output *o, const size_t *widths)
{
	struct buf names;

	buf_init(&names);
	for (size_t i = 0; i < o->columns; i++)
		if (widths[i] == 0)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", o->cells[i]);
	complain(CLI_OK, "no room for %s: --columns chooses others", buf_text(&names));
	buf_finish(&names);
}

/* The widths of the columns, and how many are shown; NULL when memory is out. */
static size_t *measure(const struct output *o, size_t *ret_shown)
{
	size_t *widths = calloc(o->columns + 1, sizeof(*widths));

	if (!widths)
		return NULL;
	for (size_t i = 0; i < o->cell_count; i++) {
		size_t width = text_width(o->cells[i]);
		if (width > widths[i % o->columns])
			widths[i % o->columns] = width;
	}
	*ret_shown = layout_fit(widths, o->kinds, o->columns, terminal_columns(o->file));
	return widths;
}

static int print_table(struct output *o)
{
	bool colour = output_has_colour(o->file), cuts = isatty(fileno(o->file)) == 1;
	size_t shown = 0, last = 0;
	size_t *widths = measure(o, &shown);
	struct buf line;
	int rc = 0;

	if (!widths)
		return -ENOMEM;
	for (size_t c = 0; c < o->columns; c++)
		last = widths[c] > 0 ? c : last;
	buf_init(&line);
	for (size_t i = 0; i < o->cell_count && rc == 0; i += o->columns) {
		buf_clear(&line);
		if (i == 0 && colour)
			buf_puts(&line, "\033[1m");
		for (size_t c = 0; c < o->columns; c++)
			if (widths[c] > 0)
				put_cell(&line, o->cells[i + c], widths[c], cuts, c == last);
		if (i == 0 && colour)
			buf_puts(&line, "\033[0m");
		buf_putc(&line, '\n');
		rc = line.failed ? -ENOMEM : output_write(o, line.bytes, line.len);
	}
	if (rc == 0 && shown < o->columns && fflush(o->file) == 0)
		tell_left_out(o, widths);
	buf_finish(&line);
	free(widths);
	return rc;
}

/* ---- rows -------------------------------------------------------------------------------- */

int output_row(struct output *o, const struct reader_row *row)
{
	char separator = o->format == OUTPUT_CSV ? ',' : '\t';
	struct buf out;
	int rc = 0;

	buf_init(&out);
	o->columns = row->count;
	switch (o->format) {
	case OUTPUT_TABLE: rc = keep_row(o, row); break;
	case OUTPUT_JSON:
		buf_puts(&out, o->rows == 0 ? "[" : ",\n ");
		row_put_json(&out, row);
		break;
	case OUTPUT_NDJSON:
		row_put_json(&out, row);
		buf_putc(&out, '\n');
		break;
	case OUTPUT_CSV:
	case OUTPUT_TSV:
		if (o->rows == 0)
			row_put_separated(&out, row, separator, true);
		row_put_separated(&out, row, separator, false);
		break;
	case OUTPUT_ID: {
		const struct reader_value *id = reader_value(row, "image_id");
		row_put_plain(&out, id ? id : &row->values[0]);
		if (out.len > 0)
			buf_putc(&out, '\n');
		break;
	}
	}
	o->rows++;
	if (rc == 0 && out.failed)
		rc = -ENOMEM;
	if (rc == 0 && out.len > 0)
		rc = output_write(o, out.bytes, out.len);
	buf_finish(&out);
	return rc;
}

void output_header(struct output *o, const char *const *columns)
{
	if (o->format != OUTPUT_CSV && o->format != OUTPUT_TSV)
		return;
	for (size_t i = 0; columns[i]; i++)
		fprintf(o->file, "%s%s",
			i == 0                    ? ""
			: o->format == OUTPUT_CSV ? ","
						  : "\t",
			columns[i]);
	fputs(o->format == OUTPUT_CSV ? "\r\n" : "\n", o->file);
}

int output_close(struct output *o, bool complete)
{
	const char *end = o->format != OUTPUT_JSON || !complete ? "" : o->rows > 0 ? "]\n" : "[]\n";
	int rc = 0;

	if (o->format == OUTPUT_TABLE && o->rows > 0)
		rc = print_table(o);
	output_write(o, end, strlen(end));
	if (fflush(o->file) != 0 && o->error == 0)
		o->error = errno ? -errno : -EIO;
	rc = o->error ? o->error : rc;
	arena_finish(&o->arena);
	free(o->cells);
	free(o);
	return rc;
}
