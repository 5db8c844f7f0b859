#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* The n-th allocation from now fails, and all after it; 0 lets them through. */
static int failing;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
	if (failing > 0 && --failing == 0) {
		failing = 1;
		return NULL;
	}
	return __real_realloc(memory, size);
}

void *__wrap_malloc(size_t size)
{
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return __real_calloc(count, size);
}

static void starts_empty(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.len, 0);
	buf_put(&buf, NULL, 0);
	assert_string_equal(buf_text(&buf), "");
	assert_false(buf.failed);
	buf_finish(&buf);
	buf_finish(&buf); /* harmless twice */
}

static void pieces_add_up(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_puts(&buf, "one");
	buf_putc(&buf, ' ');
	buf_put(&buf, "two and", 3);
	buf_printf(&buf, " %d%%", 3);
	assert_string_equal(buf_text(&buf), "one two 3%");
	assert_int_equal(buf.len, 10);
	buf_clear(&buf);
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
	buf_finish(&buf);
}

/* Around every border of the doubling, by each way to put. */
static void grows_at_every_length(void **state)
{
	(void)state;
	for (size_t len = 0; len < 600; len++) {
		struct buf one, many, printed;
		char bytes[600];
		memset(bytes, 'x', sizeof(bytes));
		bytes[len] = '\0';
		buf_init(&one);
		buf_init(&many);
		buf_init(&printed);
		buf_put(&one, bytes, len);
		for (size_t i = 0; i < len; i++)
			buf_putc(&many, 'x');
		buf_printf(&printed, "%s", bytes);
		assert_string_equal(buf_text(&one), bytes);
		assert_string_equal(buf_text(&many), bytes);
		assert_string_equal(buf_text(&printed), bytes);
		buf_finish(&one);
		buf_finish(&many);
		buf_finish(&printed);
	}
}

static void keeps_nul_bytes(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_put(&buf, "a\0b", 3);
	buf_putc(&buf, '\0');
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.bytes, "a\0b\0", 5);
	buf_finish(&buf);
}

static void failure_is_sticky_until_cleared(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_puts(&buf, "kept");
	failing = 1;
	for (int i = 0; i < 100; i++)
		buf_puts(&buf, "more than there is room for");
	failing = 0;
	assert_true(buf.failed);
	size_t len = buf.len;
	buf_puts(&buf, "x");
	buf_putc(&buf, 'x');
	buf_printf(&buf, "%d", 1);
	assert_int_equal(buf.len, len);
	assert_memory_equal(buf_text(&buf), "kept", 4);
	buf_clear(&buf);
	assert_false(buf.failed);
	buf_puts(&buf, "fine");
	assert_string_equal(buf_text(&buf), "fine");
	buf_finish(&buf);
}

static void the_first_allocation_may_fail(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	failing = 1;
	buf_puts(&buf, "x");
	failing = 0;
	assert_true(buf.failed);
	assert_string_equal(buf_text(&buf), "");
	buf_finish(&buf);
}

static void impossible_lengths_fail(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_put(&buf, "x", SIZE_MAX);
	assert_true(buf.failed);
	buf_clear(&buf);
	buf_puts(&buf, "abc");
	buf_put(&buf, "x", SIZE_MAX - 3);
	assert_true(buf.failed);
	assert_string_equal(buf_text(&buf), "abc");
	buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty),
		cmocka_unit_test(pieces_add_up),
		cmocka_unit_test(grows_at_every_length),
		cmocka_unit_test(keeps_nul_bytes),
		cmocka_unit_test(failure_is_sticky_until_cleared),
		cmocka_unit_test(the_first_allocation_may_fail),
		cmocka_unit_test(impossible_lengths_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
