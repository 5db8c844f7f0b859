#include "model/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/envelope.h"
#include "model/normalize.h"

enum { ITEMS_MAX = 20000, SOURCES_MAX = 32 };

/* A group's own fields, without its items: as text, and as a fingerprint. */
struct group_text {
	const char *text;
	size_t len;
	uint64_t hash;
	bool is_made;
};

struct reader {
	struct page *page;
	const struct page_scope *scope;
	struct json_split split;
	struct envelope envelope;
	struct normalizer normalizer;
	struct group_text *groups;
	size_t flat;       /* items so far that are in no group */
	struct buf joined; /* an item with its group's fields as one more member */
};

uint64_t page_key(uint64_t seed, const char *zone, int64_t zone_id, const char *image_id)
{
	uint64_t key = hash_bytes(zone ? zone : "", zone ? strlen(zone) : 0, seed);

	key = hash_bytes(&zone_id, sizeof(zone_id), key);
	key = hash_bytes(image_id, strlen(image_id), key);
	return key ? key : 1;
}

/* The first reason stays. */
static void reject(struct page *page, enum error_class class, const char *sentence)
{
	if (page->class)
		return;
	page->class = class;
	page->error = arena_string(&page->arena, sentence);
	if (!page->error)
		page->error = "out of memory";
}

static void reject_errno(struct page *page, int code, const char *sentence)
{
	if (code == -ENOMEM)
		reject(page, CLASS_INTERNAL, sentence);
	else
		reject(page, code == -EFBIG ? CLASS_OVERSIZED : CLASS_MALFORMED, sentence);
}

static size_t collect_paths(const struct service *service, const char *paths[static SOURCES_MAX])
{
	size_t count = 0;

	for (; service->items[count].path; count++) {
		assert(count < SOURCES_MAX);
		paths[count] = service->items[count].path;
	}
	return count;
}

/* False when the page cannot be used. */
static bool read_envelope(struct reader *reader, const char *bytes, size_t len)
{
	const struct page_scope *scope = reader->scope;
	struct page *page = reader->page;
	const char *paths[SOURCES_MAX];
	struct error err;
	bool odd;

	size_t count = collect_paths(scope->service, paths);
	int rc = envelope_read(&reader->envelope, &reader->split, &page->arena, bytes, len,
			       scope->provider, paths, count, ITEMS_MAX, &err);
	page->message = reader->envelope.message;
	if (rc) {
		reject_errno(page, rc, err.text);
		return false;
	}
	page->has_code = true;
	page->code = reader->envelope.code;
	page->has_array = reader->split.has_array;
	page->has_total =
		envelope_total(&reader->envelope, scope->service->totals, &page->total, &odd);
	page->warnings += odd + reader->envelope.repaired;
	return true;
}

/* The name of the list that the groups of this source are in. */
static const char *group_name(struct reader *reader, unsigned source)
{
	const char *path = reader->scope->service->items[source].path;
	const char *mark = strstr(path, "[]");

	return arena_copy(&reader->page->arena, path, mark ? (size_t)(mark - path) : strlen(path));
}

static const struct group_text *make_group(struct reader *reader, size_t index)
{
	struct group_text *made = &reader->groups[index];
	struct json_range whole = reader->split.groups[index].range;
	struct json_range cut = reader->split.groups[index].cut;

	if (made->is_made)
		return made;
	size_t before = (size_t)(cut.start - whole.start);
	size_t after = whole.len - before - cut.len;
	char *text = arena_alloc(&reader->page->arena, before + after + 1);
	if (!text)
		return NULL;
	memcpy(text, whole.start, before);
	memcpy(text + before, cut.start + cut.len, after);
	*made = (struct group_text){ text, before + after,
				     hash_bytes(text, before + after, reader->scope->seed), true };
	return made;
}

/* {"a":1} and {"b":2} in Group become {"a":1,"Group": {"b":2}}. */
static struct json_range join(struct reader *reader, struct json_range item,
			      const struct group_text *group, const char *name)
{
	struct buf *out = &reader->joined;
	const char *inside = item.start + 1, *end = item.start + item.len - 1;

	while (inside < end && strchr(" \t\r\n", *inside))
		inside++;
	buf_clear(out);
	buf_put(out, item.start, item.len - 1);
	buf_puts(out, inside < end ? ",\"" : "\"");
	buf_puts(out, name);
	buf_puts(out, "\": ");
	buf_put(out, group->text, group->len);
	buf_putc(out, '}');
	if (out->failed) {
		reader->page->arena.failed = true;
		return (struct json_range){ 0 };
	}
	return (struct json_range){ out->bytes, out->len };
}

static bool is_grouped(const struct reader *reader, const struct json_item *item)
{
	return strstr(reader->scope->service->items[item->source].path, "[]") != NULL;
}

static void parse_item(struct reader *reader, const struct json_item *split_item,
		       struct page_item *item)
{
	struct page *page = reader->page;
	struct json_range text = split_item->range;
	const char *name = NULL;
	struct normalized result;

	if (split_item->group) {
		const struct group_text *group = make_group(reader, split_item->group - 1);
		name = group_name(reader, split_item->source);
		text = group && name ? join(reader, text, group, name) : (struct json_range){ 0 };
		if (!text.start)
			return;
	}
	int rc = normalize_item(&reader->normalizer, text.start, text.len, split_item->source, name,
				&result);
	if (rc) {
		page->arena.failed = true;
		return;
	}
	if (result.verdict == ITEM_NO_ID && !split_item->group && is_grouped(reader, split_item)) {
		/* A group that lists nothing: there is no image in it that could be missed. */
		page->count--;
		page->skipped++;
		page->warnings++;
		return;
	}
	item->key = result.key;
	item->record = result.record;
	item->out_of_scope = result.verdict == ITEM_OUT_OF_SCOPE;
	page->quarantined += result.verdict == ITEM_NO_ID;
	page->repaired += result.was_repaired;
	page->warnings += result.warnings + (result.verdict == ITEM_NO_ID);
}

static void read_item(struct reader *reader, const struct json_item *split_item)
{
	const struct page_scope *scope = reader->scope;
	struct page *page = reader->page;

	size_t unit = split_item->group ? reader->flat + split_item->group - 1 : page->units++;

	reader->flat += !split_item->group;
	if (!split_item->is_object && scope->service->skip_non_objects) {
		page->skipped++;
		page->warnings++;
		return;
	}
	struct page_item *item = &page->items[page->count++];
	item->source = split_item->source;
	item->unit = unit;
	item->content = hash_bytes(split_item->range.start, split_item->range.len, scope->seed);
	/* The same bytes in another array are another image: the array's constants differ. */
	const char *image_set = scope->service->items[split_item->source].image_set;
	if (image_set)
		item->content = hash_bytes(image_set, strlen(image_set), item->content);
	if (split_item->group) {
		const struct group_text *group = make_group(reader, split_item->group - 1);
		if (!group)
			return;
		item->content = hash_bytes(&item->content, sizeof(item->content), group->hash);
	}
	if (!split_item->is_object || split_item->is_too_deep) {
		page->quarantined++;
		page->warnings++;
		return;
	}
	item->known = scope->known ? known_by_content(scope->known, item->content) : NULL;
	if (item->known)
		item->key = item->known->key;
	else
		parse_item(reader, split_item, item);
}

static void read_items(struct reader *reader)
{
	struct page *page = reader->page;
	const struct json_split *split = &reader->split;

	page->items = arena_alloc(&page->arena, (split->count + 1) * sizeof(*page->items));
	reader->groups =
		arena_alloc(&page->arena, (split->group_count + 1) * sizeof(*reader->groups));
	page->units = split->group_count;
	for (size_t i = 0; i < split->count && !page->arena.failed; i++)
		read_item(reader, &split->items[i]);
	const struct drifts *drifts = &reader->normalizer.drifts;
	page->drifts = arena_alloc(&page->arena, (drifts->count + 1) * sizeof(*page->drifts));
	if (!page->drifts)
		return;
	memcpy(page->drifts, drifts->list, drifts->count * sizeof(*page->drifts));
	page->drift_count = drifts->count;
}

/* An answer that reports an error is whole without its items. */
static void read_answer(struct reader *reader, const char *bytes, size_t len)
{
	struct page *page = reader->page;

	if (!read_envelope(reader, bytes, len) || page->code != 0)
		return;
	if (reader->split.not_a_list) {
		const char *sentence = arena_format(&page->arena, "the answer's %s is not a list",
						    reader->split.not_a_list);
		reject(page, CLASS_MALFORMED, sentence ? sentence : "a list of items is none");
		return;
	}
	if (normalizer_init(&reader->normalizer, &page->arena, reader->scope) == 0)
		read_items(reader);
	normalizer_finish(&reader->normalizer);
}

void page_read(struct page *ret_page, const char *bytes, size_t len, const struct page_scope *scope)
{
	/* Not on the stack: the drifts and notes of a page are larger than a worker likes. */
	struct reader *reader = calloc(1, sizeof(*reader));

	*ret_page = (struct page){ 0 };
	arena_init(&ret_page->arena);
	if (!reader) {
		reject(ret_page, CLASS_INTERNAL, "out of memory");
		return;
	}
	reader->page = ret_page;
	reader->scope = scope;
	buf_init(&reader->joined);
	read_answer(reader, bytes, len);
	if (ret_page->arena.failed)
		reject(ret_page, CLASS_INTERNAL, "out of memory");
	if (ret_page->class) {
		ret_page->items = NULL;
		ret_page->count = 0;
	}
	buf_finish(&reader->joined);
	envelope_finish(&reader->envelope);
	json_split_finish(&reader->split);
	free(reader);
}

void page_finish(struct page *page)
{
	arena_finish(&page->arena);
	*page = (struct page){ 0 };
}
