/*
 * What the daemon remembers of a listing's images between polls: enough to recognise an item by
 * the fingerprint of its bytes, so that an unchanged image is neither parsed nor written.
 *
 * Fingerprints live in memory only: an item's bytes may hold a password that the stored row
 * does not. After a start the table is filled from the catalog.
 *
 * Thread: worker threads read it while the pages of a poll are read; it is changed only by the
 * writer's thread, before the first page and after the last.
 */
#pragma once

#include "base/base.h"

enum presence { PRESENCE_PRESENT, PRESENCE_MISSING, PRESENCE_REMOVED };

struct known_entry {
	uint64_t key;     /* page_key() */
	uint64_t content; /* fingerprint of the item's bytes; 0 when not known */
	int64_t row;      /* rowid in the catalog */
	uint8_t presence; /* enum presence */
	bool final;       /* the cloud itself says that it ends: its absence is no surprise */
};

struct known {
	struct known_entry *entries;
	size_t count, size;
	uint32_t *by_key, *by_content; /* open addressing; index + 1 into entries, 0 is free */
	size_t slots;                  /* a power of two, at least twice count */
};

void known_init(struct known *known);
void known_finish(struct known *known);

/* Adds or replaces the entry of this key. 0 or -ENOMEM (and nothing changed). */
int known_put(struct known *known, const struct known_entry *entry);

/* Borrowed until the next put; NULL when not there. Content 0 is never found. */
const struct known_entry *known_by_key(const struct known *known, uint64_t key);
const struct known_entry *known_by_content(const struct known *known, uint64_t content);

size_t known_bytes(const struct known *known);
