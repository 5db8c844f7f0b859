/*
 * show: an image in every place, now or at a time; history: what happened to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/rows.h"
#include "cli/sheet.h"
#include "store/row.h"

struct show {
	const struct call *call;
	struct rows rows;
	struct buf uids; /* of what was shown, each between line breaks */
	bool sheet, raw_only, pruned;
	size_t count;
};

static int print_now(struct show *show, struct buf *out)
{
	int result = out->failed ? -ENOMEM : output_write(show->rows.output, out->bytes, out->len);

	buf_finish(out);
	return result;
}

static int print_raw(struct show *show, const struct reader_row *row)
{
	struct buf out;

	buf_init(&out);
	row_put_json_text(&out, reader_text(row, "raw"));
	buf_putc(&out, '\n');
	return print_now(show, &out);
}

static int print_sheet(struct show *show, const struct reader_row *row)
{
	struct buf out;

	buf_init(&out);
	if (show->count > 1)
		buf_putc(&out, '\n');
	sheet_put(&out, row, show->call->utc, output_has_colour(stdout));
	if (show->call->raw) {
		buf_printf(&out, "%-20s  ", "raw");
		row_put_json_text(&out, reader_text(row, "raw"));
		buf_putc(&out, '\n');
	}
	return print_now(show, &out);
}

/* Without the item as received unless it was asked for: it says all again. */
static int print_row(struct show *show, const struct reader_row *row)
{
	const char *names[128];
	struct reader_value values[ARRAY_LEN(names)];
	struct reader_row less = { 0, names, values };

	for (size_t i = 0; i < row->count && less.count < ARRAY_LEN(names); i++) {
		if (strcmp(row->names[i], "raw") == 0 && !show->call->raw)
			continue;
		names[less.count] = row->names[i];
		values[less.count++] = row->values[i];
	}
	return rows_add(&less, &show->rows);
}

static int print_one(struct show *show, const struct reader_row *row)
{
	show->count++;
	if (show->raw_only)
		return print_raw(show, row);
	return show->sheet ? print_sheet(show, row) : print_row(show, row);
}

/* Was this uid shown already? */
static bool was_shown(struct show *show, const char *uid)
{
	struct buf line;

	buf_init(&line);
	buf_printf(&line, "\n%s\n", uid);
	bool found = show->uids.len > 0 && strstr(buf_text(&show->uids), buf_text(&line));
	if (!found)
		buf_puts(&show->uids, buf_text(&line));
	show->uids.failed |= line.failed;
	buf_finish(&line);
	return found;
}

static int on_image(const struct reader_row *row, void *data)
{
	struct show *show = data;

	was_shown(show, reader_text(row, "uid"));
	return print_one(show, row);
}

/* Of several listings that lost it, the first by order: it was removed there last. */
static int on_removed(const struct reader_row *row, void *data)
{
	struct show *show = data;

	return was_shown(show, reader_text(row, "uid")) ? 0 : print_one(show, row);
}

/* Two walks of one moment: what is listed, then what was. */
static int show_now(struct show *show, struct reader *reader, const char *id, struct error *err)
{
	struct image_filter filter = {
		.id = id, .purged = true, .sort = "created_at", .descending = true
	};
	int result = reader_begin(reader, err);

	if (result < 0)
		return result;
	result = reader_each_image(reader, &filter, on_image, show, err);
	filter.removed = true;
	filter.sort = "removed_at";
	if (result == 0)
		result = reader_each_image(reader, &filter, on_removed, show, err);
	reader_end(reader);
	return result == 0 && show->uids.failed ? -ENOMEM : result;
}

static int on_moment(const struct reader_row *row, void *data)
{
	struct show *show = data;
	const struct reader_value *revision = reader_value(row, "revision");

	show->pruned |= revision && revision->type == READER_NULL &&
			strcmp(reader_text(row, "presence"), "unseen") != 0;
	return print_one(show, row);
}

static int not_found(const struct call *call)
{
	return complain(CLI_NOT_FOUND, "no poll ever saw an image '%s'; try imagecat search",
			call->words[0]);
}

static int show_opened(struct show *show, struct reader *reader)
{
	const struct call *call = show->call;
	struct error err = { 0 };

	int result =
		call->at ? reader_each_at(reader, call->words[0], call->at, on_moment, show, &err)
			 : show_now(show, reader, call->words[0], &err);
	int status = rows_close(&show->rows, result, &err);
	buf_finish(&show->uids);
	if (status == CLI_OK && show->pruned)
		fputs("imagecat: how it was then is pruned: of that time only its presence is "
		      "known (catalog.keep_history)\n",
		      stderr);
	return status == CLI_OK && show->count == 0 ? not_found(call) : status;
}

int show_run(struct call *call)
{
	struct show show = { .call = call, .sheet = call->format == OUTPUT_TABLE };
	static const char *const id_columns[] = { "image_id", NULL };

	if (call->raw && call->at)
		return complain(CLI_USAGE,
				"--raw: items are kept as the cloud sent them last only; "
				"leave out --at");
	show.raw_only = call->raw && !(call->given & TAKES(OUTPUT));
	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	int status = rows_open(&show.rows, call, NULL, id_columns);
	show.rows.quiet = true;
	if (status == CLI_OK)
		status = show_opened(&show, reader);
	reader_close(reader);
	return status;
}

/* ---- history ------------------------------------------------------------------------------- */

static int on_known(const struct reader_row *row, void *data)
{
	(void)row;
	++*(size_t *)data;
	return 0;
}

static int history_opened(const struct call *call, struct reader *reader, struct rows *rows)
{
	static const char *const key[] = { "uid", NULL };
	const struct image_filter removed = { .id = call->words[0],
					      .removed = true,
					      .columns = key };
	const struct image_filter listed = { .id = call->words[0], .purged = true, .columns = key };
	const struct view_query query = { .id = call->words[0],
					  .since = call->filter.since,
					  .explained = call->format == OUTPUT_TABLE,
					  .limit = call->filter.limit };
	struct error err = { 0 };
	size_t known = 0;

	int result = reader_query_view(reader, VIEW_changes, &query, rows_add, rows, &err);
	known = rows->count;
	if (result == 0 && known == 0)
		result = reader_each_image(reader, &listed, on_known, &known, &err);
	if (result == 0 && known == 0)
		result = reader_each_image(reader, &removed, on_known, &known, &err);
	bool nothing = result == 0 && rows->count == 0;
	int status = rows_close(rows, result, &err);
	if (status == CLI_OK && known == 0)
		return not_found(call);
	if (status == CLI_OK && nothing && call->format == OUTPUT_TABLE)
		fputs("imagecat: it was there at the first poll, and nothing has changed since\n",
		      stderr);
	return status;
}

int history_run(struct call *call)
{
	static const char *const table[] = { "seq",  "at",   "kind",     "account", "region",
					     "zone", "name", "revision", "what",    NULL };
	static const char *const id_columns[] = { "seq", NULL };
	struct rows rows;

	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	int status = rows_open(&rows, call, table, id_columns);
	rows.quiet = true;
	if (status == CLI_OK)
		status = history_opened(call, reader, &rows);
	reader_close(reader);
	return status;
}
