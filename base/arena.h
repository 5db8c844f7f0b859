/*
 * A region of memory that is freed as a whole. One arena holds what one page of one poll
 * needs: records, their strings, warnings.
 *
 * Thread: one at a time; an arena may be handed from thread to thread.
 * Lifetime: what it returned lives until arena_finish().
 */
#pragma once

#include <stdarg.h>

#include "base/base.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used_bytes;     /* of the newest block */
	size_t reserved_bytes; /* of all blocks; what the arena costs */
	bool failed; /* an allocation failed since init; sticky, for one check at the end */
};

void arena_init(struct arena *arena);
void arena_finish(struct arena *arena);

/* Zeroed, aligned for any type; NULL when memory is out (and arena->failed is set). */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/* NUL-terminated copies; NULL when memory is out. */
char *arena_copy(struct arena *arena, const char *bytes, size_t len);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
