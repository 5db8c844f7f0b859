#include "model/known.h"

#include <stdlib.h>

#include "base/hash.h"
#include "tests/test.h"

/* Compared against a plain array that is searched from end to end. */
static void agrees_with_a_plain_list(void **state)
{
	enum { KEYS = 500, STEPS = 20000 };
	struct known_entry model[KEYS] = { 0 };
	struct known known;

	(void)state;
	known_init(&known);
	for (uint64_t step = 0; step < STEPS; step++) {
		uint64_t dice = hash_bytes(&step, sizeof(step), 7);
		size_t k = dice % KEYS;
		struct known_entry entry = {
			.key = hash_bytes(&k, sizeof(k), 1),
			/* Few contents, so that some are shared by entries and some are 0. */
			.content = (dice >> 20) % 97,
			.row = (int64_t)k,
			.presence = (dice >> 40) % 3,
		};
		assert_int_equal(known_put(&known, &entry), 0);
		model[k] = entry;

		uint64_t wanted = (dice >> 30) % 97;
		const struct known_entry *found = known_by_content(&known, wanted);
		bool there = false;
		for (size_t i = 0; i < KEYS; i++)
			there = there || (wanted && model[i].content == wanted);
		assert_int_equal(found != NULL, there);
		if (found)
			assert_int_equal(model[found->row].content, wanted);
	}
	for (size_t k = 0; k < KEYS; k++) {
		const struct known_entry *found =
			known_by_key(&known, hash_bytes(&k, sizeof(k), 1));
		if (!model[k].key) {
			assert_null(found);
			continue;
		}
		assert_non_null(found);
		assert_int_equal(found->content, model[k].content);
		assert_int_equal(found->row, model[k].row);
		assert_int_equal(found->presence, model[k].presence);
	}
	known_finish(&known);
}

static void empty_finds_nothing(void **state)
{
	struct known known;

	(void)state;
	known_init(&known);
	assert_null(known_by_key(&known, 1));
	assert_null(known_by_content(&known, 1));
	struct known_entry entry = { .key = 1, .content = 0, .row = 1 };
	assert_int_equal(known_put(&known, &entry), 0);
	assert_null(known_by_content(&known, 0)); /* unknown bytes equal nothing */
	known_finish(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_finds_nothing),
		cmocka_unit_test(agrees_with_a_plain_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
