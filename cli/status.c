#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/rows.h"
#include "cli/summary.h"

/* One look: what is wrong first, then every listing on a line. */
struct status {
	int64_t now_s;
	bool colour;
	struct summary summary;
	struct buf lines;
	struct rows *rows; /* NULL: lines for people */
};

static const char *text_of(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	return value && value->type == READER_TEXT ? value->text : "";
}

static int64_t int_of(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	return value && value->type == READER_INT ? value->integer : 0;
}

/* "never", "12 s", "5 min", "3 h", "2 d": the age of a moment. */
static void put_age(struct buf *out, int64_t age_s)
{
	if (age_s < 0)
		age_s = 0;
	if (age_s < 120)
		buf_printf(out, "%lld s", (long long)age_s);
	else if (age_s < 7200)
		buf_printf(out, "%lld min", (long long)(age_s / 60));
	else if (age_s < 172800)
		buf_printf(out, "%lld h", (long long)(age_s / 3600));
	else
		buf_printf(out, "%lld d", (long long)(age_s / 86400));
}

static void put_padded(struct buf *out, const char *text, size_t width)
{
	text_put_clean(out, TEXT_LINE, text, strlen(text));
	for (size_t i = text_width(text); i < width; i++)
		buf_putc(out, ' ');
}

static void put_name(struct buf *out, const struct reader_row *row)
{
	const char *zone = text_of(row, "zone");
	const char *parts[] = { text_of(row, "account"), text_of(row, "service"),
				*zone ? zone : text_of(row, "region"), text_of(row, "project"),
				text_of(row, "variant") };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (*parts[i])
			buf_printf(out, "%s%s", i > 0 ? " " : "", parts[i]);
}

static int on_listing(const struct reader_row *row, void *data)
{
	struct status *s = data;
	const char *health = text_of(row, "health"), *error = text_of(row, "last_error");
	int64_t complete_at = int_of(row, "last_complete_at");
	bool stale = int_of(row, "stale") != 0;
	bool failing = summary_is_failing(health);
	bool calm = strcmp(health, "ok") == 0 || strcmp(health, "disabled") == 0;
	struct buf name;

	summary_add(&s->summary, health, stale, int_of(row, "images_present"));
	buf_init(&name);
	put_name(&name, row);
	put_padded(&s->lines, buf_text(&name), 36);
	buf_finish(&name);
	buf_putc(&s->lines, ' ');
	if (s->colour && !(calm && !stale))
		buf_puts(&s->lines, failing ? "\033[31m" : "\033[33m");
	put_padded(&s->lines, health, 9);
	if (s->colour && !(calm && !stale))
		buf_puts(&s->lines, "\033[0m");
	if (strcmp(text_of(row, "service"), "discovery") == 0)
		buf_printf(&s->lines, "%14s  complete ", "");
	else
		buf_printf(&s->lines, "%7lld image%s complete ",
			   (long long)int_of(row, "images_present"),
			   int_of(row, "images_present") == 1 ? "  " : "s ");
	if (complete_at > 0) {
		put_age(&s->lines, s->now_s - complete_at);
		buf_puts(&s->lines, " ago");
	} else {
		buf_puts(&s->lines, "never");
	}
	if (stale)
		buf_puts(&s->lines, ", stale");
	buf_putc(&s->lines, '\n');
	if (*error && !calm) {
		buf_puts(&s->lines, "    ");
		text_put_clean(&s->lines, TEXT_LINE, error, strlen(error));
		buf_putc(&s->lines, '\n');
	}
	return s->lines.failed ? -ENOMEM : 0;
}

static int print_status(struct status *s)
{
	struct buf first;

	buf_init(&first);
	summary_put(&first, &s->summary);
	bool failed = first.failed || s->lines.failed;
	bool written = !failed && fputs(buf_text(&first), stdout) >= 0 &&
		       fputs(buf_text(&s->lines), stdout) >= 0 && fflush(stdout) == 0;
	int code = errno;
	buf_finish(&first);
	if (failed)
		return complain(CLI_ERROR, "out of memory");
	return written ? CLI_OK : complain(CLI_ERROR, "standard output: %s", strerror(code));
}

/* For people the summary and a line each, for programs the rows as they are; the verdict is one. */
static int on_row(const struct reader_row *row, void *data)
{
	struct status *s = data;
	int result = on_listing(row, s);

	if (result == 0 && s->rows)
		result = rows_add(row, s->rows);
	return result;
}

static int read_listings(const struct call *call, struct reader *reader, struct status *s)
{
	const struct view_query query = { .account = call->filter.account,
					  .provider = call->filter.provider };
	struct error err = { 0 };

	int result = reader_query_view(reader, VIEW_listings, &query, on_row, s, &err);
	if (s->rows)
		return rows_close(s->rows, result, &err);
	return result < 0 ? complain_result(result, &err) : print_status(s);
}

int status_run(struct call *call)
{
	static const char *const id_columns[] = { "listing_id", NULL };
	const struct env *env = env_system();
	struct status s = { .now_s = env->now_s(env), .colour = output_has_colour(stdout) };
	struct rows rows;
	int status = CLI_OK;

	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	if (call->format != OUTPUT_TABLE) {
		s.rows = &rows;
		status = rows_open(&rows, call, NULL, id_columns);
	}
	if (status == CLI_OK)
		status = read_listings(call, reader, &s);
	buf_finish(&s.lines);
	reader_close(reader);
	return status == CLI_OK && s.summary.unhealthy > 0 ? CLI_UNHEALTHY : status;
}
