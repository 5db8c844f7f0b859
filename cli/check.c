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
#include "cli/sources.h"
#include "cli/uses.h"
#include "cli/verdict.h"

enum { DEFAULT_EOL_S = 90 * 86400, DATE_SIZE = 11 };

/* A problem of an id, or that it has none, in all the places that have it. */
struct finding {
	const char *word; /* NULL ends the list */
	char detail[sizeof(((struct problem *)NULL)->detail)];
	struct buf name, state, uid; /* of the first place; the uid only while there is one */
	struct buf places;           /* parted by commas */
	size_t count;
};

struct check {
	const struct call *call;
	struct reader *reader;
	struct finding findings[PROBLEMS_MAX + 2]; /* of the id at hand: with "ok", and the end */
	struct rows rows;
	struct buf uids; /* of what still is listed of the id at hand, each between line breaks */
	const char *file, *id;
	size_t line;
	const char **known; /* every image_id of the catalog, sorted; NULL until it is needed */
	size_t known_count, known_size;
	struct arena arena; /* of `known` */
	int failed;         /* reading them; with `err` */
	struct error err;
	char today[CLOCK_TEXT_SIZE], limit[CLOCK_TEXT_SIZE];
	size_t files, ids, bad_ids, places, problems; /* the last two: of the id at hand */
};

/* ---- what is printed ----------------------------------------------------------------------- */

enum { CELLS = 8 };

static struct reader_value text_value(const char *text)
{
	return (struct reader_value){ .type = *text ? READER_TEXT : READER_NULL, .text = text };
}

static int print(struct check *c, const char *problem, const char *detail,
		 const struct finding *finding)
{
	static const char *const names[CELLS] = { "id",   "problem", "detail", "file",
						  "line", "name",    "state",  "uid" };
	const struct reader_value values[CELLS] = {
		text_value(c->id),
		text_value(problem),
		text_value(detail),
		text_value(c->file),
		{ .type = READER_INT, .integer = (int64_t)c->line, .text = "" },
		text_value(finding ? buf_text(&finding->name) : ""),
		text_value(finding ? buf_text(&finding->state) : ""),
		text_value(finding ? buf_text(&finding->uid) : ""),
	};

	return rows_add(&(struct reader_row){ CELLS, names, values }, &c->rows);
}

/* Where it is, as briefly as that can be said. */
static const char *place_of(const struct reader_row *row)
{
	static const char *const columns[] = { "zone", "region", "account" };

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (*reader_text(row, columns[i]))
			return reader_text(row, columns[i]);
	return reader_text(row, "uid");
}

/* A public image has the same id in many zones: what is wrong with it in all is told once. */
static void find(struct check *c, const char *word, const char *detail,
		 const struct reader_row *row)
{
	struct finding *f = c->findings;

	while (f->word && strcmp(f->word, word) != 0)
		f++;
	buf_printf(&f->places, "%s%s", f->count > 0 ? ", " : "", place_of(row));
	c->uids.failed |= f->places.failed;
	if (f->count++ > 0) {
		buf_clear(&f->uid);
		return;
	}
	f->word = word;
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
	buf_puts(&f->name, reader_text(row, "name"));
	buf_puts(&f->state, reader_text(row, "state"));
	buf_puts(&f->uid, reader_text(row, "uid"));
	c->uids.failed |= f->name.failed || f->state.failed || f->uid.failed;
}

static void clear_findings(struct check *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->findings); i++) {
		struct finding *f = &c->findings[i];
		buf_finish(&f->name);
		buf_finish(&f->state);
		buf_finish(&f->uid);
		buf_finish(&f->places);
		*f = (struct finding){ 0 };
	}
}

/* The places are named where there are several; where some are good, those are fewer. */
static int print_finding(struct check *c, const struct finding *f)
{
	struct buf detail;

	buf_init(&detail);
	buf_puts(&detail, f->detail);
	if (c->places > 1)
		buf_printf(&detail, "%sin %zu of %zu places: %s", *f->detail ? "; " : "", f->count,
			   c->places, buf_text(&f->places));
	int result = detail.failed ? -ENOMEM : print(c, f->word, buf_text(&detail), f);
	buf_finish(&detail);
	return result;
}

static int print_findings(struct check *c)
{
	int result = 0;

	for (const struct finding *f = c->findings; f->word && result == 0; f++)
		if (strcmp(f->word, "ok") != 0 || (c->problems == 0 && c->call->all))
			result = print_finding(c, f);
	return result;
}

static void judge(struct check *c, const struct reader_row *row, const char *presence)
{
	const struct reader_value *launchable = reader_value(row, "launchable"),
				  *stale = reader_value(row, "stale");
	const struct facts facts = {
		.presence = presence,
		.state = reader_text(row, "state"),
		.removed_at = reader_text(row, "removed_at_utc"),
		.removed_reason = reader_text(row, "removed_reason"),
		.missing_since_at = reader_text(row, "missing_since_at_utc"),
		.eol_on = reader_text(row, "eol_on"),
		.launchable = launchable && launchable->type == READER_INT
				      ? launchable->integer != 0
				      : -1,
		.stale = stale && stale->integer,
	};
	struct problem problems[PROBLEMS_MAX];
	size_t count = verdict(&facts, c->today, c->limit, problems);

	c->places++;
	c->problems += count;
	for (size_t i = 0; i < count; i++)
		find(c, problems[i].word, problems[i].detail, row);
	if (count == 0)
		find(c, "ok", "", row);
}

/* ---- an id --------------------------------------------------------------------------------- */

static int on_image(const struct reader_row *row, void *data)
{
	struct check *c = data;

	buf_printf(&c->uids, "\n%s\n", reader_text(row, "uid"));
	judge(c, row, reader_text(row, "presence"));
	return 0;
}

/* Lost by one listing, still listed by another of the same place: that is no loss. Of several that
 * lost it the last one counts. */
static int on_removed(const struct reader_row *row, void *data)
{
	struct check *c = data;
	struct buf line;

	buf_init(&line);
	buf_printf(&line, "\n%s\n", reader_text(row, "uid"));
	bool listed = c->uids.len > 0 && strstr(buf_text(&c->uids), buf_text(&line));
	buf_puts(&c->uids, listed ? "" : buf_text(&line));
	c->uids.failed |= line.failed;
	buf_finish(&line);
	if (!listed)
		judge(c, row, "removed");
	return 0;
}

static const char never_seen[] =
	"no poll of this catalog has ever seen it: a typo, another account's or place's, or "
	"removed before";

static int check_id(struct check *c, struct error *err)
{
	static const char *const columns[] = { "uid",
					       "account",
					       "region",
					       "zone",
					       "name",
					       "state",
					       "stale",
					       "launchable",
					       "eol_on",
					       "presence",
					       "missing_since_at_utc",
					       NULL };
	static const char *const removed_columns[] = {
		"uid",   "account",    "region",         "zone",           "name",
		"state", "launchable", "removed_at_utc", "removed_reason", NULL
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
		result = print(c, "gone", never_seen, NULL);
	}
	if (result == 0)
		result = print_findings(c);
	clear_findings(c);
	c->ids++;
	c->bad_ids += c->problems > 0;
	return result == 0 && c->uids.failed ? -ENOMEM : result;
}

/* ---- what the catalog knows ------------------------------------------------------------------ */

static int on_known(const struct reader_row *row, void *data)
{
	struct check *c = data;

	if (c->known_count == c->known_size) {
		size_t size = c->known_size ? c->known_size * 2 : 1024;
		const char **grown = realloc(c->known, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		c->known = grown;
		c->known_size = size;
	}
	c->known[c->known_count] = arena_string(&c->arena, reader_text(row, "image_id"));
	return c->known[c->known_count++] ? 0 : -ENOMEM;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int load_known(struct check *c)
{
	static const char *const columns[] = { "image_id", NULL };
	struct image_filter filter = { .purged = true, .columns = columns, .unsorted = true };

	int result = reader_each_image(c->reader, &filter, on_known, c, &c->err);
	filter.removed = true;
	if (result == 0)
		result = reader_each_image(c->reader, &filter, on_known, c, &c->err);
	if (result == 0)
		qsort(c->known, c->known_count, sizeof(*c->known), compare_ids);
	return result;
}

static bool is_known(const char *word, void *data)
{
	struct check *c = data;

	if (!c->known && c->failed == 0)
		c->failed = load_known(c);
	return c->failed == 0 && c->known_count > 0 &&
	       bsearch(&word, c->known, c->known_count, sizeof(*c->known), compare_ids);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int on_use(const char *id, size_t line, void *data)
{
	struct check *c = data;

	c->id = id;
	c->line = line;
	return c->failed ? c->failed : check_id(c, &c->err);
}

static int on_source(const char *name, char *text, bool named, void *data)
{
	struct check *c = data;

	c->file = name;
	c->files++;
	int result = uses_find(text, named, &(struct uses){ is_known, on_use, c });
	return c->failed ? c->failed : result;
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

/* What was looked at, so that a list of nothing is not taken for a good one. */
static void tell_count(const struct check *c)
{
	if (c->call->format != OUTPUT_TABLE && c->ids > 0)
		return;
	fprintf(stderr, "imagecat: %zu id%s checked", c->ids, c->ids == 1 ? "" : "s");
	if (c->files != 1)
		fprintf(stderr, " in %zu files", c->files);
	fprintf(stderr, ", %zu with a problem\n", c->bad_ids);
}

static int check_sources(struct check *c)
{
	static const char *const id_columns[] = { "id", NULL };
	bool unread = false;

	int status = rows_open(&c->rows, c->call, NULL, id_columns);
	if (status != CLI_OK)
		return status;
	put_dates(c);
	c->rows.quiet = true;
	/* All ids against one moment. */
	int result = reader_begin(c->reader, &c->err);
	if (result == 0)
		result = sources_each(c->call->words, c->call->word_count, on_source, c, &unread);
	reader_end(c->reader);
	status = rows_close(&c->rows, result, &c->err);
	if (status != CLI_OK)
		return status;
	if (c->files > 0 || !unread)
		tell_count(c);
	if (unread)
		return CLI_ERROR;
	return c->bad_ids > 0 ? CLI_UNHEALTHY : CLI_OK;
}

int check_run(struct call *call)
{
	struct check check = { .call = call };

	check.reader = open_catalog(call->catalog);
	int status = check.reader ? check_sources(&check) : CLI_ERROR;
	reader_close(check.reader);
	buf_finish(&check.uids);
	arena_finish(&check.arena);
	free(check.known);
	return status;
}
