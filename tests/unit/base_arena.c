#include "base/arena.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 1, 3, 16, 17, 1000, 32 * 1024, 100000, 5, 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t round = 0; round < 50; round++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			unsigned char *bytes = arena_alloc(&arena, sizes[i]);
			assert_non_null(bytes);
			assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(bytes[k], 0);
			memset(bytes, 0xA5, sizes[i]); /* an overlap would show in the next round */
		}
	}
	assert_false(arena.failed);
	arena_finish(&arena);
}

static void pieces_do_not_overlap(void **state)
{
	char *pieces[3000];
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		pieces[i] = arena_format(&arena, "%zu:%0*d", i, (int)(i % 300), 7);
		assert_non_null(pieces[i]);
		if (i % 100 == 0)
			assert_non_null(arena_alloc(&arena, 40 * 1024));
	}
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		char want[400];
		snprintf(want, sizeof(want), "%zu:%0*d", i, (int)(i % 300), 7);
		assert_string_equal(pieces[i], want);
	}
	arena_finish(&arena);
}

/* A page of many large items must not waste a block's rest for each of them. */
static void large_pieces_leave_the_newest_block_usable(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_non_null(arena_alloc(&arena, 16));
	size_t small = arena.reserved_bytes;
	assert_non_null(arena_alloc(&arena, small * 2));
	size_t both = arena.reserved_bytes;
	assert_true(both >= small * 3);
	assert_non_null(arena_alloc(&arena, 16));
	assert_int_equal(arena.reserved_bytes, both);
	arena_finish(&arena);
	assert_int_equal(arena.reserved_bytes, 0);
	assert_null(arena.blocks);
}

static void copies_end_with_nul(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_string_equal(arena_copy(&arena, "abcdef", 3), "abc");
	assert_memory_equal(arena_copy(&arena, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
	assert_string_equal(arena_string(&arena, "whole"), "whole");
	assert_string_equal(arena_format(&arena, "%s-%d", "n", 7), "n-7");
	assert_false(arena.failed);
	arena_finish(&arena);
}

/* Sizes that wrap around when rounded, or when the block's own head is added. */
static void impossible_sizes_fail(void **state)
{
	static const size_t sizes[] = { SIZE_MAX,      SIZE_MAX - 1,  SIZE_MAX - 15, SIZE_MAX - 16,
					SIZE_MAX - 31, SIZE_MAX - 40, SIZE_MAX / 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct arena arena;
		arena_init(&arena);
		assert_null(arena_alloc(&arena, sizes[i]));
		assert_true(arena.failed);
		assert_int_equal(arena.reserved_bytes, 0);
		arena_finish(&arena);
		assert_false(arena.failed);
	}
}

static void failure_is_sticky(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_non_null(arena_alloc(&arena, 16));
	assert_true(arena.failed);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(large_pieces_leave_the_newest_block_usable),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(impossible_sizes_fail),
		cmocka_unit_test(failure_is_sticky),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
