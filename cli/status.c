#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/rows.h"
#include "cli/summary.h"
#include "store/row.h"

/* A listing as it is printed. */
struct line {
	const char *name, *rest, *error; /* "" for no error */
	const char *health, *colour;     /* "" for none */
	bool calm;
};

/* One look: what is wrong first, then the others. */
struct status {
	int64_t now_s;
	bool colour;
	struct summary summary;
	struct arena arena;
	struct line *lines;
	size_t count, size;
	size_t name_width;
	struct rows *rows; /* NULL: lines for people */
};

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

/* "     49 images  complete 12 s ago, stale" */
static void put_rest(struct buf *out, const struct status *s, const struct reader_row *row)
{
	int64_t complete_at = reader_int(row, "last_complete_at");
	int64_t images = reader_int(row, "images_present");

	if (strcmp(reader_text(row, "service"), "discovery") == 0)
		buf_printf(out, "%14s  complete ", "");
	else
		buf_printf(out, "%7lld image%s complete ", (long long)images,
			   images == 1 ? "  " : "s ");
	if (complete_at > 0) {
		put_age(out, s->now_s - complete_at);
		buf_puts(out, " ago");
	} else {
		buf_puts(out, "never");
	}
	if (reader_int(row, "stale"))
		buf_puts(out, ", stale");
}

static struct line *new_line(struct status *s)
{
	if (s->count == s->size) {
		size_t size = s->size ? s->size * 2 : 64;
		struct line *grown = realloc(s->lines, size * sizeof(*grown));
		if (!grown)
			return NULL;
		s->lines = grown;
		s->size = size;
	}
	return &s->lines[s->count++];
}

/* A copy in the arena of what was put. */
static const char *keep(struct arena *arena, struct buf *text)
{
	const char *kept = arena_string(arena, buf_text(text));

	arena->failed |= text->failed;
	buf_finish(text);
	return kept;
}

static int on_listing(const struct reader_row *row, struct status *s)
{
	const char *health = reader_text(row, "health");
	bool stale = reader_int(row, "stale") != 0;
	struct line *line = new_line(s);
	struct buf name, rest, error;

	if (!line)
		return -ENOMEM;
	summary_add(&s->summary, health, stale, reader_int(row, "images_present"));
	line->calm = !stale && (strcmp(health, "ok") == 0 || strcmp(health, "disabled") == 0);
	line->colour = !s->colour || line->calm     ? ""
		       : summary_is_failing(health) ? "\033[31m"
						    : "\033[33m";
	buf_init(&name);
	row_put_listing_name(&name, row);
	line->name = text_clean(&s->arena, TEXT_LINE, buf_text(&name), name.len);
	s->arena.failed |= name.failed;
	buf_finish(&name);
	buf_init(&rest);
	put_rest(&rest, s, row);
	line->rest = keep(&s->arena, &rest);
	line->health = arena_string(&s->arena, health);
	buf_init(&error);
	if (strcmp(health, "ok") != 0 && strcmp(health, "disabled") != 0)
		row_put_plain(&error, reader_value(row, "last_error"));
	line->error = keep(&s->arena, &error);
	if (s->arena.failed)
		return -ENOMEM;
	size_t width = text_width(line->name);
	s->name_width = width > s->name_width ? width : s->name_width;
	return 0;
}

static void put_line(struct buf *out, const struct line *line, size_t name_width)
{
	put_padded(out, line->name, name_width + 2);
	buf_puts(out, line->colour);
	put_padded(out, line->health, 8);
	buf_puts(out, *line->colour ? "\033[0m" : "");
	buf_printf(out, " %s\n", line->rest);
	if (*line->error)
		buf_printf(out, "    %s\n", line->error);
}

static int print_status(const struct status *s)
{
	struct buf out;

	buf_init(&out);
	summary_put(&out, &s->summary);
	for (size_t i = 0; i < s->count; i++)
		if (!s->lines[i].calm)
			put_line(&out, &s->lines[i], s->name_width);
	for (size_t i = 0; i < s->count; i++)
		if (s->lines[i].calm)
			put_line(&out, &s->lines[i], s->name_width);
	return print_buf(&out);
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
	arena_finish(&s.arena);
	free(s.lines);
	reader_close(reader);
	return status == CLI_OK && s.summary.unhealthy > 0 ? CLI_UNHEALTHY : status;
}
