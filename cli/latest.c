/*
 * latest: the newest image of each sort, and the one that a script means.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/hint.h"
#include "cli/rows.h"

static const char *const table_columns[] = { "image_id",  "name",          "region",      "zone",
					     "os_distro", "os_version",    "rank_reason", "arch",
					     "kind",      "gpu_supported", "provider",    "service",
					     NULL };
static const char *const id_columns[] = { "image_id", NULL };

struct latest {
	struct arena *arena;
	const struct reader_row **rows;
	size_t count, size;
};

static int keep(const struct reader_row *row, void *data)
{
	struct latest *l = data;

	if (l->count == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		const struct reader_row **grown = realloc(l->rows, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		l->rows = grown;
		l->size = size;
	}
	l->rows[l->count] = choice_keep(l->arena, row);
	return l->rows[l->count++] ? 0 : -ENOMEM;
}

/* What is shown and what the choice needs; NULL, which is all, for JSON and its like. */
static const char *const *wanted_columns(struct call *call, const char *const *shown)
{
	const char *const *const lists[] = { shown, choice_columns };
	size_t count = 0;

	if (!shown)
		return NULL;
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; lists[l][i]; i++)
			count++;
	const char **all = arena_alloc(&call->arena, (count + 2) * sizeof(*all));
	if (!all)
		return id_columns; /* the arena says that memory is out */
	count = 0;
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; lists[l][i]; i++)
			all[count++] = lists[l][i];
	all[count] = "stale";
	return all;
}

static int tell_ambiguous(const struct latest *l)
{
	struct buf out;

	complain(CLI_AMBIGUOUS,
		 "%zu sorts of image are left, and one id was asked for; say which:", l->count);
	buf_init(&out);
	choice_put_differences(&out, l->rows, l->count);
	fputs(buf_text(&out), stderr);
	buf_finish(&out);
	return CLI_AMBIGUOUS;
}

static int choose(const struct call *call, struct latest *l)
{
	if (!call->all)
		l->count = choice_highest(l->arena, l->rows, l->count);
	if (l->arena->failed)
		return complain(CLI_ERROR, "out of memory");
	if (l->count == 0)
		return complain(
			CLI_NOT_FOUND,
			"no image that can be launched now matches; 'imagecat list' with the "
			"same filters shows the others");
	if (call->format != OUTPUT_ID || call->all)
		return CLI_OK;
	if (l->count > 1)
		return tell_ambiguous(l);
	const struct reader_value *stale = reader_value(l->rows[0], "stale");
	if (stale && stale->integer)
		complain(CLI_OK,
			 "its listing is stale: the image may be gone; see imagecat status");
	return CLI_OK;
}

static int print(const struct call *call, const struct latest *l, struct rows *rows)
{
	size_t limit = call->filter.limit > 0 ? (size_t)call->filter.limit : l->count;
	int result = 0;

	for (size_t i = 0; i < l->count && i < limit && result == 0; i++)
		result = rows_add(l->rows[i], rows);
	return result;
}

static int find_and_print(struct call *call, struct reader *reader, struct rows *rows)
{
	struct latest l = { .arena = &call->arena };
	struct image_filter filter = call->filter;
	struct error err = { 0 };
	int status = CLI_OK;

	rows->quiet = true;
	filter.latest = true;
	filter.limit = 0;
	filter.columns = wanted_columns(call, rows->columns);
	int result = reader_each_image(reader, &filter, keep, &l, &err);
	if (result == 0 && call->arena.failed)
		result = -ENOMEM;
	if (result == 0)
		status = choose(call, &l);
	if (result == 0 && status == CLI_OK)
		result = print(call, &l, rows);
	/* Of what is not unique nothing is printed; of nothing, what the format says for that. */
	int closed = rows_close(rows, result, &err);
	free(l.rows);
	if (status == CLI_NOT_FOUND && closed == CLI_OK)
		hint_filters(call, reader);
	return status == CLI_OK ? closed : status;
}

int latest_run(struct call *call)
{
	struct rows rows;

	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	int status = rows_open(&rows, call, table_columns, id_columns);
	if (status == CLI_OK)
		status = find_and_print(call, reader, &rows);
	reader_close(reader);
	return status;
}
