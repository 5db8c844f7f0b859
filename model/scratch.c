#include "model/scratch.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/base.h"

/* Several times what the values of an item of a few KiB take. */
enum { BLOCK_BYTES = 64 * 1024, ALIGN = _Alignof(max_align_t) };

static _Thread_local struct {
	_Alignas(max_align_t) char bytes[BLOCK_BYTES];
	size_t used;
	bool active, ran_out;
} block;

static void *take(size_t size)
{
	size_t rounded = (size + ALIGN - 1) / ALIGN * ALIGN;

	if (!block.active || rounded < size || rounded > BLOCK_BYTES - block.used) {
		void *memory = malloc(size);
		block.ran_out = block.ran_out || !memory;
		return memory;
	}
	void *result = block.bytes + block.used;
	block.used += rounded;
	return result;
}

/* What is in a block dies at scratch_end(). Values never travel between threads. */
static void give_back(void *memory)
{
	uintptr_t at = (uintptr_t)memory, from = (uintptr_t)block.bytes;

	if (at < from || at >= from + BLOCK_BYTES)
		free(memory);
}

void scratch_install(void)
{
	json_set_alloc_funcs(take, give_back);
}

void scratch_begin(void)
{
	assert(!block.active);
#ifndef __SANITIZE_ADDRESS__
	block.active = true;
#endif
	block.used = 0;
}

void scratch_end(void)
{
	block.active = false;
}

bool scratch_ran_out(void)
{
	bool ran_out = block.ran_out;

	block.ran_out = false;
	return ran_out;
}
