#include "model/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

void known_init(struct known *known)
{
	*known = (struct known){ 0 };
}

void known_finish(struct known *known)
{
	free(known->entries);
	free(known->by_key);
	free(known->by_content);
	known_init(known);
}

/* Fibonacci hashing spreads fingerprints whose low bits a caller may have used already. */
static size_t slot_of(const struct known *known, uint64_t fingerprint)
{
	return (size_t)(fingerprint * UINT64_C(0x9E3779B97F4A7C15) >> 17) & (known->slots - 1);
}

/* Several entries may share one content (the same bytes in two places): the first one put wins. */
static void index_entry(struct known *known, uint32_t *slots, uint64_t fingerprint, uint32_t index)
{
	size_t slot = slot_of(known, fingerprint);

	while (slots[slot])
		slot = (slot + 1) & (known->slots - 1);
	slots[slot] = index + 1;
}

static int grow(struct known *known)
{
	size_t size = known->size ? known->size * 2 : FIRST_SIZE;
	size_t slots = size * 2;

	if (size > UINT32_MAX / 4)
		return -ENOMEM;
	struct known_entry *entries = realloc(known->entries, size * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	known->entries = entries;
	uint32_t *by_key = calloc(slots, sizeof(*by_key));
	uint32_t *by_content = calloc(slots, sizeof(*by_content));
	if (!by_key || !by_content) {
		free(by_key);
		free(by_content);
		return -ENOMEM;
	}
	free(known->by_key);
	free(known->by_content);
	known->by_key = by_key;
	known->by_content = by_content;
	known->size = size;
	known->slots = slots;
	for (uint32_t i = 0; i < known->count; i++) {
		index_entry(known, by_key, entries[i].key, i);
		if (entries[i].content)
			index_entry(known, by_content, entries[i].content, i);
	}
	return 0;
}

/* Takes one entry out of by_content; the entries behind it in its cluster close the gap. */
static void forget_content(struct known *known, uint32_t index)
{
	size_t mask = known->slots - 1;
	size_t hole = slot_of(known, known->entries[index].content);

	while (known->by_content[hole] != index + 1)
		hole = (hole + 1) & mask;
	known->by_content[hole] = 0;
	for (size_t slot = (hole + 1) & mask; known->by_content[slot]; slot = (slot + 1) & mask) {
		uint32_t moved = known->by_content[slot];
		known->by_content[slot] = 0;
		index_entry(known, known->by_content, known->entries[moved - 1].content, moved - 1);
	}
}

const struct known_entry *known_by_key(const struct known *known, uint64_t key)
{
	if (!known->slots)
		return NULL;
	for (size_t slot = slot_of(known, key); known->by_key[slot];
	     slot = (slot + 1) & (known->slots - 1)) {
		const struct known_entry *entry = &known->entries[known->by_key[slot] - 1];
		if (entry->key == key)
			return entry;
	}
	return NULL;
}

const struct known_entry *known_by_content(const struct known *known, uint64_t content)
{
	if (!known->slots || !content)
		return NULL;
	for (size_t slot = slot_of(known, content); known->by_content[slot];
	     slot = (slot + 1) & (known->slots - 1)) {
		const struct known_entry *entry = &known->entries[known->by_content[slot] - 1];
		if (entry->content == content)
			return entry;
	}
	return NULL;
}

int known_put(struct known *known, const struct known_entry *entry)
{
	const struct known_entry *old = known_by_key(known, entry->key);
	uint32_t index;

	if (old) {
		index = (uint32_t)(old - known->entries);
		if (old->content)
			forget_content(known, index);
		known->entries[index] = *entry;
	} else {
		if (known->count == known->size) {
			int rc = grow(known);
			if (rc < 0)
				return rc;
		}
		index = (uint32_t)known->count++;
		known->entries[index] = *entry;
		index_entry(known, known->by_key, entry->key, index);
	}
	if (entry->content)
		index_entry(known, known->by_content, entry->content, index);
	return 0;
}

size_t known_bytes(const struct known *known)
{
	return known->size * sizeof(*known->entries) +
	       known->slots * (sizeof(*known->by_key) + sizeof(*known->by_content));
}
