#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/summary.h"

/* One look: what is wrong first, then every listing on a line. */
struct status {
	int64_t now_s;
	bool colour;
	struct summary summary;
	struct buf lines;
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

static int print_status(struct reader *reader)
{
	const struct env *env = env_system();
	struct status s = { .now_s = env->now_s(env), .colour = output_has_colour(stdout) };
	struct error err = { 0 };

	buf_init(&s.lines);
	int rc = reader_each_listing(reader, on_listing, &s, &err);
	if (rc < 0) {
		buf_finish(&s.lines);
		return complain(CLI_ERROR, "%s", err.text[0] ? err.text : strerror(-rc));
	}
	struct buf first;
	buf_init(&first);
	summary_put(&first, &s.summary);
	bool failed = first.failed || s.lines.failed;
	bool written = !failed && fputs(buf_text(&first), stdout) >= 0 &&
		       fputs(buf_text(&s.lines), stdout) >= 0 && fflush(stdout) == 0;
	buf_finish(&first);
	buf_finish(&s.lines);
	if (failed)
		return complain(CLI_ERROR, "out of memory");
	if (!written)
		return complain(CLI_ERROR, "standard output: %s", strerror(errno));
	return s.summary.unhealthy > 0 ? CLI_UNHEALTHY : CLI_OK;
}

static int on_output_row(const struct reader_row *row, void *data)
{
	return output_row(data, row);
}

/* The rows of `listings` as they are, for programs. */
static int print_rows(struct reader *reader, enum output_format format)
{
	struct status s = { 0 };
	struct output *output;
	struct error err = { 0 };

	if (output_open(&output, stdout, format, true) < 0)
		return complain(CLI_ERROR, "out of memory");
	int rc = reader_each_listing(reader, on_output_row, output, &err);
	int closed = output_close(output);
	buf_init(&s.lines);
	if (rc == 0)
		rc = reader_each_listing(reader, on_listing, &s, &err);
	buf_finish(&s.lines);
	if (rc < 0 || closed < 0)
		return complain(CLI_ERROR, "%s", rc < 0 ? err.text : strerror(-closed));
	return s.summary.unhealthy > 0 ? CLI_UNHEALTHY : CLI_OK;
}

int status_run(int argc, char **argv, const char *catalog)
{
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	enum output_format format = OUTPUT_TABLE;
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'h') {
			puts("Usage: imagecat status [-o table|json|ndjson|csv|tsv]\n"
			     "Health and freshness of every listing. Exit status 3 when one is "
			     "stale or "
			     "failing.");
			return CLI_OK;
		}
		if (c != 'o')
			return CLI_USAGE;
		if (!output_format_from_text(optarg, &format) || format == OUTPUT_ID)
			return complain(CLI_USAGE,
					"-o: '%s' is none of table, json, ndjson, csv, tsv",
					optarg);
	}
	if (optind < argc)
		return complain(CLI_USAGE, "status takes no argument");
	struct reader *reader = open_catalog(catalog);
	if (!reader)
		return CLI_ERROR;
	int status = format == OUTPUT_TABLE ? print_status(reader) : print_rows(reader, format);
	reader_close(reader);
	return status;
}
