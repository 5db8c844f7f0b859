/*
 * The pages of a listing's last reading, by the fingerprint of their bytes: a page that comes
 * again byte for byte is neither split nor parsed; its items are recalled from what is known.
 *
 * Only pages whose every item has a row are kept, and a page is recalled only while each of its
 * items still has the content it had then. Thread: as model/known.
 */
#pragma once

#include "base/base.h"
#include "model/known.h"
#include "model/page.h"

struct recall_page {
	uint64_t body; /* fingerprint of the answer's bytes */
	int64_t total;
	bool has_total, has_array;
	size_t warnings;
	size_t units;
	size_t first, count; /* of the items */
};

struct recall {
	struct recall_page *pages;
	size_t page_count, page_size;
	uint32_t *entries;  /* index into known->entries, per item */
	uint64_t *contents; /* what the item's content was */
	uint32_t *unit_of;  /* which unit of its page holds it */
	size_t item_count, item_size;
	uint32_t *by_body; /* open addressing; index + 1 into pages */
	size_t slots;
};

void recall_init(struct recall *recall);
void recall_finish(struct recall *recall);

/*
 * Adds a page once its items are stored: their keys are looked up in `known`. A page that cannot be
 * kept (an item without a row, memory out) is left out: it will be read again, which is always
 * right.
 */
void recall_add(struct recall *recall, const struct known *known, const struct recall_page *page,
		const struct page_item *items);

/* The page of these bytes, or NULL. Its items are the ones that recall_fill() gives. */
const struct recall_page *recall_find(const struct recall *recall, const struct known *known,
				      uint64_t body);

/* Fills a page as page_read() would have, records left out. False when memory is out. */
bool recall_fill(const struct recall *recall, const struct known *known,
		 const struct recall_page *found, struct page *ret);
