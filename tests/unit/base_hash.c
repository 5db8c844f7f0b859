#include "base/hash.h"

#include <string.h>

#include "test.h"

/* XXH3_64bits of the xxHash project: stored nowhere, but the same over releases and machines. */
static void agrees_with_published_values(void **state)
{
	(void)state;
	assert_int_equal(hash_bytes("", 0, 0), UINT64_C(0x2D06800538D394C2));
	assert_int_equal(hash_bytes(NULL, 0, 0), UINT64_C(0x2D06800538D394C2));
}

static void seed_and_every_byte_matter(void **state)
{
	char bytes[300];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	uint64_t plain = hash_bytes(bytes, sizeof(bytes), 1);
	assert_int_equal(hash_bytes(bytes, sizeof(bytes), 1), plain);
	assert_int_not_equal(hash_bytes(bytes, sizeof(bytes), 2), plain);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 1;
		assert_int_not_equal(hash_bytes(bytes, sizeof(bytes), 1), plain);
		bytes[i] ^= 1;
	}
}

static uint64_t digest(uint64_t seed, const char *first, const char *second)
{
	struct hash_state *hash = hash_open(seed);

	assert_non_null(hash);
	hash_add(hash, first, strlen(first));
	if (second)
		hash_add(hash, second, strlen(second));
	return hash_close(hash);
}

static void order_and_borders_matter(void **state)
{
	uint64_t plain = digest(1, "ab", "c");

	(void)state;
	assert_int_equal(digest(1, "ab", "c"), plain);
	assert_int_not_equal(digest(1, "a", "bc"), plain);
	assert_int_not_equal(digest(1, "c", "ab"), plain);
	assert_int_not_equal(digest(1, "abc", NULL), plain);
	assert_int_not_equal(digest(1, "abc", ""), digest(1, "abc", NULL));
	assert_int_not_equal(digest(2, "ab", "c"), plain);
}

/* What separates two pieces is their length, so that no bytes of a piece can look like it. */
static void a_piece_cannot_forge_a_border(void **state)
{
	static const char forged[] = "a\0\0\0\0\0\0\0\0b";
	struct hash_state *hash = hash_open(1);

	(void)state;
	assert_non_null(hash);
	hash_add(hash, forged, sizeof(forged) - 1);
	assert_int_not_equal(hash_close(hash), digest(1, "a", "b"));
}

static void nothing_can_be_added(void **state)
{
	struct hash_state *hash = hash_open(1);

	(void)state;
	assert_non_null(hash);
	hash_add(hash, NULL, 0);
	assert_int_equal(hash_close(hash), digest(1, "", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_published_values),
		cmocka_unit_test(seed_and_every_byte_matter),
		cmocka_unit_test(order_and_borders_matter),
		cmocka_unit_test(a_piece_cannot_forge_a_border),
		cmocka_unit_test(nothing_can_be_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
