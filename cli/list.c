/*
 * list and search: images by filters, and by words.
 */
#include <string.h>

#include "cli/hint.h"
#include "cli/rows.h"

/* What a terminal row has room for. */
static const char *const table_columns[] = { "account", "service",   "region",     "image_id",
					     "name",    "os_distro", "os_version", "arch",
					     "kind",    "state",     NULL };
static const char *const id_columns[] = { "image_id", NULL };

static int print_images(struct call *call)
{
	struct error err = { 0 };
	struct rows rows;

	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	int status = rows_open(&rows, call, table_columns, id_columns);
	if (status == CLI_OK) {
		call->filter.columns = rows.columns;
		call->filter.purged = call->filter.state || call->filter.removed;
		int result = reader_each_image(reader, &call->filter, rows_add, &rows, &err);
		if (result == 0 && rows.count == 0 && !rows.columns)
			result = rows_put_header(rows.output, reader,
						 call->filter.removed ? "sightings" : "images",
						 &call->arena, &err);
		status = rows_close(&rows, result, &err);
		if (status == CLI_OK && rows.count == 0 && call->format == OUTPUT_TABLE)
			hint_filters(call, reader);
	}
	reader_close(reader);
	return status;
}

int list_run(struct call *call)
{
	return print_images(call);
}

/* The arguments, parted at blanks: 'a b' is two words. */
static int split_words(const struct call *call, struct arena *arena,
		       const char *ret[static READER_WORDS_MAX + 1])
{
	size_t count = 0;

	for (int i = 0; i < call->word_count; i++) {
		const char *at = call->words[i];
		for (;;) {
			at += strspn(at, " \t\n");
			size_t len = strcspn(at, " \t\n");
			if (len == 0)
				break;
			if (count == READER_WORDS_MAX)
				return complain(CLI_USAGE, "search takes up to %d words",
						READER_WORDS_MAX);
			ret[count] = arena_copy(arena, at, len);
			if (!ret[count++])
				return complain(CLI_ERROR, "out of memory");
			at += len;
		}
	}
	ret[count] = NULL;
	return count > 0 ? CLI_OK : complain(CLI_USAGE, "search needs WORDS");
}

int search_run(struct call *call)
{
	const char *words[READER_WORDS_MAX + 1];

	int status = split_words(call, &call->arena, words);
	if (status != CLI_OK)
		return status;
	call->filter.words = words;
	return print_images(call);
}
