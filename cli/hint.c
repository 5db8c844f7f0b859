#include "cli/hint.h"

#include <string.h>

#include "base/text.h"

enum { VALUES_MAX = 256 };

/* The values of a column, each once. */
struct values {
	struct arena arena;
	const char *column, *wanted;
	const char *list[VALUES_MAX + 1];
	size_t count;
	bool found;
};

static int on_value(const struct reader_row *row, void *data)
{
	struct values *v = data;
	const char *text = reader_text(row, v->column);

	v->found = strcmp(text, v->wanted) == 0;
	if (v->found)
		return 1;
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i], text) == 0)
			return 0;
	if (v->count < VALUES_MAX && *text)
		v->list[v->count++] = arena_string(&v->arena, text);
	return v->arena.failed;
}

static void hint_column(const struct call *call, struct reader *reader, enum option_id id,
			const char *column)
{
	const char *wanted = *(const char *const *)((const char *)call + cli_options[id].offset);
	const char *const columns[] = { column, NULL };
	const struct image_filter filter = { .columns = columns,
					     .purged = true,
					     .removed = call->filter.removed,
					     .unsorted = true };
	struct values v = { .column = column, .wanted = wanted };
	struct error err = { 0 };

	if (!wanted || strcmp(wanted, "-") == 0)
		return;
	if (reader_each_image(reader, &filter, on_value, &v, &err) == 0 && v.count > 0) {
		const char *nearest = text_nearest(wanted, v.list);
		complain(CLI_OK, "no image of the catalog has %s '%s'%s%s%s", column, wanted,
			 nearest ? "; did you mean '" : "", nearest ? nearest : "",
			 nearest ? "'?" : "");
	}
	arena_finish(&v.arena);
}

void hint_filters(const struct call *call, struct reader *reader)
{
	static const struct {
		enum option_id id;
		const char *column;
	} texts[] = {
		{ OPT_PROVIDER, "provider" }, { OPT_CLOUD, "cloud" },
		{ OPT_ACCOUNT, "account" },   { OPT_SERVICE, "service" },
		{ OPT_REGION, "region" },     { OPT_ZONE, "zone" },
		{ OPT_OS, "os_distro" },      { OPT_WORKLOAD, "workload" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (call->given & UINT64_C(1) << texts[i].id)
			hint_column(call, reader, texts[i].id, texts[i].column);
}
