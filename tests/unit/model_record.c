#include "model/record.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

/* Puts a value into the column that differs for each `which`. */
static void put(struct record *record, enum column column, int which)
{
	static const char *const texts[] = { "one", "two", "" };

	switch (column_storage(columns[column].type)) {
	case STORED_AS_TEXT: record_set_text(record, column, texts[which]); return;
	case STORED_AS_INT: record_set_int(record, column, which); return;
	case STORED_AS_REAL: record_set_real(record, column, which); return;
	}
}

static void every_column_is_described(void **state)
{
	(void)state;
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		assert_true(columns[c].name && *columns[c].name);
		assert_true(columns[c].description && *columns[c].description);
		assert_int_equal(columns[c].type == COLUMN_WORD, *columns[c].words != '\0');
		for (enum column other = 0; other < c; other++) {
			assert_string_not_equal(columns[c].name, columns[other].name);
			assert_int_not_equal(columns[c].offset, columns[other].offset);
		}
	}
}

static void every_column_starts_absent(void **state)
{
	struct record record;

	(void)state;
	memset(&record, 0x55, sizeof(record));
	record_init(&record);
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		struct record changed = record;
		assert_true(record_is_absent(&record, c));
		put(&changed, c, 0);
		assert_false(record_is_absent(&changed, c));
		for (enum column other = 0; other < COLUMN_COUNT; other++)
			assert_int_equal(record_same(&record, &changed, other), other != c);
	}
}

static void every_column_counts_where_it_should(void **state)
{
	const unsigned aside = COLUMN_VOLATILE | COLUMN_HONESTY;
	struct record record;

	(void)state;
	record_init(&record);
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		put(&record, c, 0);
	uint64_t hash = record_hash(&record, 1), all = record_hash_all(&record, 1);
	assert_true(hash && all && hash != all);
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		struct record changed = record;
		put(&changed, c, 1);
		assert_false(record_same(&record, &changed, c));
		assert_int_equal(record_hash(&changed, 1) == hash, (columns[c].flags & aside) != 0);
		assert_true(record_hash_all(&changed, 1) != all);
	}
	assert_true(record_hash(&record, 2) != hash);
}

static void empty_is_not_absent(void **state)
{
	struct record absent, empty;

	(void)state;
	record_init(&absent);
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (column_storage(columns[c].type) != STORED_AS_TEXT)
			continue;
		record_init(&empty);
		put(&empty, c, 2);
		assert_false(record_same(&absent, &empty, c));
		assert_true(record_hash_all(&absent, 1) != record_hash_all(&empty, 1));
	}
}

/* The same texts in other columns are another record. */
static void borders_count(void **state)
{
	struct record a, b;

	(void)state;
	record_init(&a);
	a.name = "ab";
	a.description = "c";
	record_init(&b);
	b.name = "a";
	b.description = "bc";
	assert_true(record_hash(&a, 1) != record_hash(&b, 1));
	b.name = NULL;
	b.description = "ab";
	b.readme = "c";
	assert_true(record_hash(&a, 1) != record_hash(&b, 1));
}

static const struct real {
	const char *name;
	double a, b;
	bool same;
} reals[] = {
	{ "equal", 9.99592, 9.99592, true },
	{ "noise of a sum", 0.1 + 0.2, 0.3, true },
	{ "noise of a float", 9.9959199999999999, 9.99592, true },
	{ "a cent", 0.51, 0.52, false },
	{ "a cent of a million", 1000000.01, 1000000.02, false },
	{ "absent", (double)NAN, (double)NAN, true },
	{ "absent and 0", (double)NAN, 0, false },
};

static void compares_reals(void **state)
{
	const struct real *row = *state;
	struct record a, b;

	record_init(&a);
	record_init(&b);
	a.price = row->a;
	b.price = row->b;
	assert_int_equal(record_same(&a, &b, COLUMN_price), row->same);
	assert_int_equal(record_same(&b, &a, COLUMN_price), row->same);
	assert_int_equal(record_hash(&a, 1) == record_hash(&b, 1), row->same);
}

int main(void)
{
	enum { FIXED = 5 };
	struct CMUnitTest tests[ARRAY_LEN(reals) + FIXED] = {
		cmocka_unit_test(every_column_is_described),
		cmocka_unit_test(every_column_starts_absent),
		cmocka_unit_test(every_column_counts_where_it_should),
		cmocka_unit_test(empty_is_not_absent),
		cmocka_unit_test(borders_count),
	};

	for (size_t i = 0; i < ARRAY_LEN(reals); i++)
		tests[FIXED + i] = (struct CMUnitTest)TEST_ROW(compares_reals, &reals[i]);
	return _cmocka_run_group_tests("record", tests, FIXED + ARRAY_LEN(reals), NULL, NULL);
}
