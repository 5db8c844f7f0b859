#include "model/recall.h"

#include "tests/test.h"

enum { PAGES = 60, ITEMS = 7 };

static struct page_item items[ITEMS];

/* Page n holds the keys n*ITEMS+1 …; the content of a key is key * 10. */
static struct recall_page page_of(uint64_t n)
{
	for (size_t i = 0; i < ITEMS; i++) {
		uint64_t key = n * ITEMS + i + 1;
		items[i] = (struct page_item){ .key = key, .content = key * 10, .unit = i / 2 };
	}
	return (struct recall_page){ .body = 1000 + n,
				     .total = (int64_t)n,
				     .has_total = true,
				     .has_array = true,
				     .warnings = 3,
				     .units = 4,
				     .count = ITEMS };
}

static void put(struct known *known, uint64_t key, uint64_t content)
{
	struct known_entry entry = { .key = key, .content = content, .row = (int64_t)key };

	assert_int_equal(known_put(known, &entry), 0);
}

static void fill(struct known *known, struct recall *recall)
{
	known_init(known);
	recall_init(recall);
	for (uint64_t key = 1; key <= PAGES * ITEMS; key++)
		put(known, key, key * 10);
	for (uint64_t n = 0; n < PAGES; n++) {
		struct recall_page page = page_of(n);
		recall_add(recall, known, &page, items);
	}
}

static void recalls_what_was_added(void **state)
{
	struct known known;
	struct recall recall;
	struct page page;

	(void)state;
	fill(&known, &recall);
	assert_null(recall_find(&recall, &known, 5));
	for (uint64_t n = 0; n < PAGES; n++) {
		const struct recall_page *found = recall_find(&recall, &known, 1000 + n);
		assert_non_null(found);
		assert_true(recall_fill(&recall, &known, found, &page));
		struct recall_page want = page_of(n);
		assert_int_equal(page.count, ITEMS);
		assert_int_equal(page.total, want.total);
		assert_int_equal(page.units, 4);
		assert_int_equal(page.warnings, 3);
		assert_true(page.has_total && page.has_array && page.has_code);
		for (size_t i = 0; i < ITEMS; i++) {
			assert_int_equal(page.items[i].key, items[i].key);
			assert_int_equal(page.items[i].content, items[i].content);
			assert_int_equal(page.items[i].unit, items[i].unit);
			assert_int_equal(page.items[i].known->row, (int64_t)items[i].key);
			assert_null(page.items[i].record);
		}
		page_finish(&page);
	}
	recall_finish(&recall);
	known_finish(&known);
}

/* The image has changed since: the old bytes must be read again when the cloud shows them again. */
static void a_changed_image_spoils_its_page(void **state)
{
	struct known known;
	struct recall recall;

	(void)state;
	fill(&known, &recall);
	put(&known, 3 * ITEMS + 2, 4711);
	assert_null(recall_find(&recall, &known, 1003));
	assert_non_null(recall_find(&recall, &known, 1002));
	put(&known, 3 * ITEMS + 2, (3 * ITEMS + 2) * 10);
	assert_non_null(recall_find(&recall, &known, 1003));
	recall_finish(&recall);
	known_finish(&known);
}

static void a_page_with_a_stranger_is_not_kept(void **state)
{
	struct known known;
	struct recall recall;
	struct recall_page page = page_of(0);

	(void)state;
	known_init(&known);
	recall_init(&recall);
	assert_null(recall_find(&recall, &known, 1000));
	for (uint64_t key = 1; key < ITEMS; key++)
		put(&known, key, key * 10);
	recall_add(&recall, &known, &page, items);
	assert_null(recall_find(&recall, &known, 1000));
	put(&known, ITEMS, ITEMS * 10);
	recall_add(&recall, &known, &page, items);
	recall_add(&recall, &known, &page, items); /* twice is once */
	assert_non_null(recall_find(&recall, &known, 1000));
	assert_int_equal(recall.page_count, 1);
	recall_finish(&recall);
	known_finish(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recalls_what_was_added),
		cmocka_unit_test(a_changed_image_spoils_its_page),
		cmocka_unit_test(a_page_with_a_stranger_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
