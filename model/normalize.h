/*
 * One item of an answer into one record: the service's tables, then the rules that are the same
 * for every cloud.
 *
 * Pure; records and their strings live in the arena.
 */
#pragma once

#include "model/convert.h"
#include "model/fieldmap.h"
#include "model/page.h"

/* What all items of a page share. */
struct normalizer {
	const struct page_scope *scope;
	struct arena *arena;
	struct buf scratch;
	struct fieldmap map;
	struct drifts drifts;
	struct reading reading; /* of the present item */
};

/* 0 or -ENOMEM; normalizer_finish() is needed after either. */
int normalizer_init(struct normalizer *ret, struct arena *arena, const struct page_scope *scope);
void normalizer_finish(struct normalizer *normalizer);

enum verdict {
	ITEM_READ,
	ITEM_NO_ID,        /* its id cannot be read, or nothing of it */
	ITEM_OUT_OF_SCOPE, /* it names another place than was asked for */
};

struct normalized {
	enum verdict verdict;
	struct record *record; /* NULL unless it was read */
	uint64_t key;          /* page_key(); 0 without an id */
	size_t warnings;
	bool was_repaired;
};

/*
 * The bytes are an object that json_split() found. `group` is the name of the member that holds
 * the fields of the item's group, NULL where it has none. 0 or -ENOMEM.
 */
int normalize_item(struct normalizer *normalizer, const char *bytes, size_t len, unsigned source,
		   const char *group, struct normalized *ret);
