/*
 * Any bytes through the splitter. What it lets through must hold what its users rely on: ranges
 * inside the bytes, in order; values that end where it says; groups that stay objects without their
 * list.
 */
#include "model/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_value(const struct json_item *item, const char *begin, const char *end)
{
	const char *start = item->range.start, *value_end = start + item->range.len;

	check(start >= begin && value_end <= end && item->range.len > 0);
	if (!item->is_too_deep)
		check(json_value_end(start, value_end, JSON_DEPTH_MAX) == value_end);
}

static void check_group(const struct json_group *group)
{
	size_t before = (size_t)(group->cut.start - group->range.start);
	size_t after = group->range.len - before - group->cut.len;
	char *rest = malloc(before + after);

	check(rest && before + group->cut.len <= group->range.len);
	memcpy(rest, group->range.start, before);
	memcpy(rest + before, group->cut.start + group->cut.len, after);
	check(group->is_too_deep ||
	      json_value_end(rest, rest + before + after, JSON_DEPTH_MAX) == rest + before + after);
	free(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "Set", "Twin", "Group[].Data" };
	const char *begin = (const char *)data, *end = begin + size, *last = begin;
	struct json_split split;
	struct error err;

	int rc = json_split(&split, begin, size, paths, 3, 1000, &err);
	check(rc <= 0 && (rc == 0 || *err.text));
	for (size_t i = 0; rc == 0 && i < split.count; i++) {
		const struct json_item *item = &split.items[i];
		check_value(item, begin, end);
		check(item->range.start >= last && item->source < 3);
		check(item->is_object == (*item->range.start == '{'));
		check(item->group <= split.group_count);
		last = item->range.start + item->range.len;
	}
	for (size_t i = 0; rc == 0 && i < split.group_count; i++)
		check_group(&split.groups[i]);
	json_split_finish(&split);
	return 0;
}
