#include "daemon/seen.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

void seen_finish(struct seen *seen)
{
	free(seen->slots);
	*seen = (struct seen){ 0 };
}

static struct seen_image *slot_of(struct seen_image *slots, size_t size, uint64_t key)
{
	size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (size - 1);

	while (slots[slot].key && slots[slot].key != key)
		slot = (slot + 1) & (size - 1);
	return &slots[slot];
}

static bool reserve(struct seen *seen)
{
	if (seen->size && seen->used < seen->size / 4 * 3)
		return true;
	size_t size = seen->size ? seen->size * 2 : FIRST_SIZE;
	struct seen_image *slots = calloc(size, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < seen->size; i++)
		if (seen->slots[i].key)
			*slot_of(slots, size, seen->slots[i].key) = seen->slots[i];
	free(seen->slots);
	seen->slots = slots;
	seen->size = size;
	return true;
}

struct seen_image *seen_find(struct seen *seen, uint64_t key)
{
	assert(key);
	if (!reserve(seen))
		return NULL;
	struct seen_image *image = slot_of(seen->slots, seen->size, key);
	if (!image->key) {
		image->key = key;
		seen->used++;
	}
	return image;
}
