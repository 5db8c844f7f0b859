/*
 * check: the images that a team uses, against the catalog.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/rows.h"
#include "cli/verdict.h"

enum { DEFAULT_EOL_S = 90 * 86400, DATE_SIZE = 11 };

struct check {
	const struct call *call;
	struct reader *reader;
	struct rows rows;
	struct buf uids; /* of what still is listed of the id at hand, each between line breaks */
	const char *id;
	char today[CLOCK_TEXT_SIZE], limit[CLOCK_TEXT_SIZE];
	size_t ids, bad_ids, places, problems; /* the last two: of the id at hand */
};

static const char *text_of(const struct reader_row *row, const char *column)
{
	const struct reader_value *value = reader_value(row, column);

	return value && value->type == READER_TEXT ? value->text : "";
}

/* ---- what is printed ----------------------------------------------------------------------- */

enum { CELLS = 6 };

static int print(struct check *c, const char *problem, const char *detail,
		 const struct reader_row *row)
{
	static const char *const names[CELLS] = {
		"id", "problem", "detail", "name", "state", "uid"
	};
	const char *texts[CELLS] = { c->id,
				     problem,
				     detail,
				     row ? text_of(row, "name") : "",
				     row ? text_of(row, "state") : "",
				     row ? text_of(row, "uid") : "" };
	struct reader_value values[CELLS];

	for (size_t i = 0; i < CELLS; i++)
		values[i] = (struct reader_value){ .type = *texts[i] ? READER_TEXT : READER_NULL,
						   .text = texts[i] };
	return rows_add(&(struct reader_row){ CELLS, names, values }, &c->rows);
}

static int judge(struct check *c, const struct reader_row *row, const char *presence)
{
	const struct reader_value *launchable = reader_value(row, "launchable"),
				  *stale = reader_value(row, "stale");
	const struct facts facts = {
		.presence = presence,
		.state = text_of(row, "state"),
		.removed_at = text_of(row, "removed_at_utc"),
		.removed_reason = text_of(row, "removed_reason"),
		.missing_since_at = text_of(row, "missing_since_at_utc"),
		.eol_on = text_of(row, "eol_on"),
		.launchable = launchable && launchable->type == READER_INT
				      ? launchable->integer != 0
				      : -1,
		.stale = stale && stale->integer,
	};
	struct problem problems[PROBLEMS_MAX];
	size_t count = verdict(&facts, c->today, c->limit, problems);
	int result = 0;

	c->places++;
	c->problems += count;
	for (size_t i = 0; i < count && result == 0; i++)
		result = print(c, problems[i].word, problems[i].detail, row);
	if (count == 0 && c->call->all)
		result = print(c, "ok", "", row);
	return result;
}

/* ---- an id --------------------------------------------------------------------------------- */

static int on_image(const struct reader_row *row, void *data)
{
	struct check *c = data;

	buf_printf(&c->uids, "\n%s\n", text_of(row, "uid"));
	return judge(c, row, text_of(row, "presence"));
}

/* Lost by one listing, still listed by another of the same place: that is no loss. Of several that
 * lost it the last one counts. */
static int on_removed(const struct reader_row *row, void *data)
{
	struct check *c = data;
	struct buf line;

	buf_init(&line);
	buf_printf(&line, "\n%s\n", text_of(row, "uid"));
	bool listed = c->uids.len > 0 && strstr(buf_text(&c->uids), buf_text(&line));
	buf_puts(&c->uids, listed ? "" : buf_text(&line));
	c->uids.failed |= line.failed;
	buf_finish(&line);
	return listed ? 0 : judge(c, row, "removed");
}

static int check_id(struct check *c, struct error *err)
{
	static const char *const columns[] = { "uid",      "name",
					       "state",    "launchable",
					       "presence", "stale",
					       "eol_on",   "missing_since_at_utc",
					       NULL };
	static const char *const removed_columns[] = {
		"uid", "name", "state", "launchable", "removed_at_utc", "removed_reason", NULL
	};
	const struct image_filter listed = { .id = c->id, .purged = true, .columns = columns };
	const struct image_filter removed = { .id = c->id,
					      .removed = true,
					      .columns = removed_columns,
					      .sort = "removed_at",
					      .descending = true };

	buf_clear(&c->uids);
	c->places = c->problems = 0;
	int result = reader_each_image(c->reader, &listed, on_image, c, err);
	if (result == 0)
		result = reader_each_image(c->reader, &removed, on_removed, c, err);
	if (result == 0 && c->places == 0) {
		c->problems++;
		result = print(c, "gone", "never seen by any poll", NULL);
	}
	c->ids++;
	c->bad_ids += c->problems > 0;
	return result == 0 && c->uids.failed ? -ENOMEM : result;
}

static int check_lines(struct check *c, FILE *file, struct error *err)
{
	char *line = NULL;
	size_t size = 0;
	int result = 0;

	errno = 0;
	while (result == 0 && getline(&line, &size, file) >= 0)
		if (verdict_read_line(line, &c->id))
			result = check_id(c, err);
	if (result == 0 && ferror(file))
		result = error_set(err, -EIO, "'%s' cannot be read: %s", c->call->words[0],
				   strerror(errno));
	free(line);
	return result;
}

static void put_dates(struct check *c)
{
	int64_t now = env_system()->now_s(env_system());
	int64_t within = c->call->given & TAKES(EOL_WITHIN) ? c->call->eol_within_s : DEFAULT_EOL_S;

	clock_text(now, c->today);
	c->today[DATE_SIZE - 1] = '\0';
	clock_text(now + within, c->limit);
	c->limit[DATE_SIZE - 1] = '\0';
}

static int check_file(struct check *c, FILE *file)
{
	static const char *const id_columns[] = { "id", NULL };
	struct error err = { 0 };

	int status = rows_open(&c->rows, c->call, NULL, id_columns);
	if (status != CLI_OK)
		return status;
	put_dates(c);
	c->rows.quiet = true;
	/* All ids against one moment. */
	int result = reader_begin(c->reader, &err);
	if (result == 0)
		result = check_lines(c, file, &err);
	reader_end(c->reader);
	status = rows_close(&c->rows, result, &err);
	buf_finish(&c->uids);
	if (status != CLI_OK)
		return status;
	if (c->call->format == OUTPUT_TABLE)
		fprintf(stderr, "imagecat: %zu id%s checked, %zu with a problem\n", c->ids,
			c->ids == 1 ? "" : "s", c->bad_ids);
	return c->bad_ids > 0 ? CLI_UNHEALTHY : CLI_OK;
}

int check_run(struct call *call)
{
	const char *path = call->words[0];
	struct check check = { .call = call };
	bool standard = strcmp(path, "-") == 0;

	FILE *file = standard ? stdin : fopen(path, "re");
	if (!file)
		return complain(CLI_ERROR, "'%s' cannot be read: %s", path, strerror(errno));
	check.reader = open_catalog(call->catalog);
	int status = check.reader ? check_file(&check, file) : CLI_ERROR;
	reader_close(check.reader);
	if (!standard)
		fclose(file);
	return status;
}
