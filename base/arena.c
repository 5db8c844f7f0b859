#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 32 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size_bytes;
	_Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){ 0 };
}

void arena_finish(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
	arena_init(arena);
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	size_t align = _Alignof(max_align_t);
	size_t size = (size_bytes + align - 1) / align * align;

	if (size < size_bytes || size > PTRDIFF_MAX - sizeof(struct arena_block)) {
		arena->failed = true;
		return NULL;
	}
	if (!arena->blocks || arena->blocks->size_bytes - arena->used_bytes < size) {
		size_t block_bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		struct arena_block *block = calloc(1, sizeof(*block) + block_bytes);
		if (!block) {
			arena->failed = true;
			return NULL;
		}
		block->size_bytes = block_bytes;
		arena->reserved_bytes += block_bytes;
		/* An outsized block goes behind the newest, whose rest stays usable. */
		if (arena->blocks && block_bytes > BLOCK_BYTES) {
			block->next = arena->blocks->next;
			arena->blocks->next = block;
			return block->bytes;
		}
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used_bytes = 0;
	}
	void *result = arena->blocks->bytes + arena->used_bytes;
	arena->used_bytes += size;
	return result;
}

char *arena_copy(struct arena *arena, const char *bytes, size_t len)
{
	char *copy = arena_alloc(arena, len < SIZE_MAX ? len + 1 : len);

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		arena->failed = true;
		return NULL;
	}
	char *text = arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}
