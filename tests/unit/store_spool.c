/*
 * What goes into a spool comes out of it, in memory and through a file.
 */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "store/spool.h"

static const struct row {
	const char *name;
	size_t memory_bytes;
	size_t items, text_bytes;
} rows[] = {
	/* clang-format off */
	{ "nothing",                          KIB(64), 0,    0 },
	{ "one in memory",                    KIB(64), 1,    100 },
	{ "many in memory",                   MIB(8),  2000, 200 },
	{ "one past the budget",              1,       1,    100 },
	{ "many through a file",              KIB(16), 3000, 1000 },
	{ "items larger than a read",         KIB(1),  5,    700000 },
	/* clang-format on */
};

static struct spooled make(size_t i, char *text, size_t len)
{
	struct spooled item = { .key = i, .content = ~(uint64_t)i };

	memset(text, 'a' + (int)(i % 26), len);
	text[len] = '\0';
	record_init(&item.record);
	item.record.image_id = text;
	if (i % 2)
		item.record.name = "";
	item.record.size_bytes = (int64_t)i - 1;
	if (i % 3 == 0)
		item.record.price = 0.1 * (double)i;
	return item;
}

static void check(struct spool *spool, const struct row *row, char *text)
{
	struct spooled read;

	assert_int_equal(spool_rewind(spool), 0);
	for (size_t i = 0; i < row->items; i++) {
		struct spooled item = make(i, text, row->text_bytes);
		assert_int_equal(spool_next(spool, &read), 1);
		assert_true(read.key == item.key && read.content == item.content);
		for (enum column c = 0; c < COLUMN_COUNT; c++)
			assert_true(record_same(&read.record, &item.record, c));
	}
	assert_int_equal(spool_next(spool, &read), 0);
	assert_int_equal(spool_next(spool, &read), 0);
}

static void comes_back(void **state)
{
	const struct row *row = *state;
	char *text = malloc(row->text_bytes + 1);
	struct spool *spool = NULL;
	struct fixture f;

	assert_non_null(text);
	fixture_start(&f);
	assert_int_equal(spool_open(&spool, f.directory, row->memory_bytes), 0);
	for (size_t i = 0; i < row->items; i++) {
		struct spooled item = make(i, text, row->text_bytes);
		assert_int_equal(spool_put(spool, &item), 0);
	}
	assert_int_equal(spool_count(spool), row->items);
	assert_int_equal(rmdir(f.directory), 0); /* no name in the directory: it is empty */
	check(spool, row, text);
	check(spool, row, text);
	spool_close(spool);
	free(text);
}

static void a_full_disk_loses_no_item_that_was_taken(void **state)
{
	struct row row = { "", KIB(4), 10, 1000 };
	struct rlimit old, small;
	struct spool *spool = NULL;
	struct fixture f;
	char text[KIB(1)];
	static char large[MIB(1)];

	(void)state;
	fixture_start(&f);
	assert_int_equal(spool_open(&spool, f.directory, row.memory_bytes), 0);
	for (size_t i = 0; i < row.items; i++) {
		struct spooled item = make(i, text, row.text_bytes);
		assert_int_equal(spool_put(spool, &item), 0);
	}
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = KIB(2), .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct spooled item = make(10, large, sizeof(large) - 1);
	assert_int_equal(spool_put(spool, &item), -EFBIG);
	assert_int_equal(spool_count(spool), row.items);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	check(spool, &row, text);
	spool_close(spool);
	fixture_end(&f);
}

static void no_directory_is_an_error(void **state)
{
	struct spool *spool = NULL;
	char text[128];
	struct spooled item = make(1, text, 100);

	(void)state;
	assert_int_equal(spool_open(&spool, "/nonexistent", 1), 0);
	assert_int_equal(spool_put(spool, &item), -ENOENT);
	assert_int_equal(spool_count(spool), 0);
	spool_close(spool);
	spool_close(NULL);
}

int main(void)
{
	struct CMUnitTest tests[2 + ARRAY_LEN(rows)] = {
		cmocka_unit_test(a_full_disk_loses_no_item_that_was_taken),
		cmocka_unit_test(no_directory_is_an_error),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[2 + i] = (struct CMUnitTest)TEST_ROW(comes_back, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
