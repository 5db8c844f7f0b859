#include "model/recall.h"

#include <stdlib.h>

void recall_init(struct recall *recall)
{
	*recall = (struct recall){ 0 };
}

void recall_finish(struct recall *recall)
{
	free(recall->pages);
	free(recall->entries);
	free(recall->contents);
	free(recall->unit_of);
	free(recall->by_body);
	recall_init(recall);
}

static size_t slot_of(const struct recall *recall, uint64_t body)
{
	size_t slot = (size_t)body & (recall->slots - 1);

	while (recall->by_body[slot] && recall->pages[recall->by_body[slot] - 1].body != body)
		slot = (slot + 1) & (recall->slots - 1);
	return slot;
}

static bool reserve_page(struct recall *recall)
{
	if (recall->page_count < recall->page_size)
		return true;
	size_t size = recall->page_size ? recall->page_size * 2 : 16;
	struct recall_page *pages = realloc(recall->pages, size * sizeof(*pages));
	if (!pages)
		return false;
	recall->pages = pages;
	uint32_t *by_body = calloc(size * 2, sizeof(*by_body));
	if (!by_body)
		return false;
	free(recall->by_body);
	recall->by_body = by_body;
	recall->slots = size * 2;
	recall->page_size = size;
	for (size_t i = 0; i < recall->page_count; i++)
		by_body[slot_of(recall, pages[i].body)] = (uint32_t)i + 1;
	return true;
}

static bool reserve_items(struct recall *recall, size_t more)
{
	size_t size = recall->item_size ? recall->item_size : 128;

	while (size < recall->item_count + more)
		size *= 2;
	if (size == recall->item_size)
		return true;
	uint32_t *entries = realloc(recall->entries, size * sizeof(*entries));
	if (!entries)
		return false;
	recall->entries = entries;
	uint64_t *contents = realloc(recall->contents, size * sizeof(*contents));
	if (!contents)
		return false;
	recall->contents = contents;
	uint32_t *unit_of = realloc(recall->unit_of, size * sizeof(*unit_of));
	if (!unit_of)
		return false;
	recall->unit_of = unit_of;
	recall->item_size = size;
	return true;
}

void recall_add(struct recall *recall, const struct known *known, const struct recall_page *page,
		const struct page_item *items)
{
	size_t first = recall->item_count;

	if (!reserve_page(recall) || !reserve_items(recall, page->count))
		return;
	size_t slot = slot_of(recall, page->body);
	if (recall->by_body[slot])
		return;
	for (size_t i = 0; i < page->count; i++) {
		const struct known_entry *entry =
			items[i].known ? items[i].known : known_by_key(known, items[i].key);
		if (!entry)
			return;
		recall->entries[first + i] = (uint32_t)(entry - known->entries);
		recall->contents[first + i] = items[i].content;
		recall->unit_of[first + i] = (uint32_t)items[i].unit;
	}
	recall->item_count += page->count;
	recall->pages[recall->page_count] = *page;
	recall->pages[recall->page_count].first = first;
	recall->by_body[slot] = (uint32_t)++recall->page_count;
}

const struct recall_page *recall_find(const struct recall *recall, const struct known *known,
				      uint64_t body)
{
	if (!recall->slots)
		return NULL;
	size_t slot = slot_of(recall, body);
	if (!recall->by_body[slot])
		return NULL;
	const struct recall_page *page = &recall->pages[recall->by_body[slot] - 1];
	for (size_t i = page->first; i < page->first + page->count; i++)
		if (known->entries[recall->entries[i]].content != recall->contents[i])
			return NULL;
	return page;
}

bool recall_fill(const struct recall *recall, const struct known *known,
		 const struct recall_page *found, struct page *ret)
{
	*ret = (struct page){ .has_code = true,
			      .has_total = found->has_total,
			      .has_array = found->has_array,
			      .total = found->total,
			      .count = found->count,
			      .units = found->units,
			      .warnings = found->warnings };
	arena_init(&ret->arena);
	ret->items = arena_alloc(&ret->arena, (found->count + 1) * sizeof(*ret->items));
	if (!ret->items)
		return false;
	for (size_t i = 0; i < found->count; i++) {
		const struct known_entry *entry =
			&known->entries[recall->entries[found->first + i]];
		ret->items[i] = (struct page_item){ .key = entry->key,
						    .content = entry->content,
						    .unit = recall->unit_of[found->first + i],
						    .known = entry };
	}
	return true;
}
