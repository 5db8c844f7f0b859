/*
 * Every image that the readings of a poll have shown: its key, its last content, and in which
 * reading it was seen last. Pure; grows as it is filled.
 */
#pragma once

#include "base/base.h"

struct seen_image {
	uint64_t key;     /* 0: a free slot */
	uint32_t content; /* enough to tell two contents of one key apart */
	uint16_t source;  /* which array of the answer */
	uint16_t reading;
};

struct seen {
	struct seen_image *slots; /* open addressing */
	size_t size;              /* a power of two */
	size_t used;
};

void seen_finish(struct seen *seen); /* accepts zeros */

/* The image of this key (not 0); one that is new has reading 0 and counts at once. Borrowed until
 * the next call. NULL when memory is out. */
struct seen_image *seen_find(struct seen *seen, uint64_t key);
