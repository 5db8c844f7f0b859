/*
 * What the page is made of, and who is given it compressed.
 */
#include "export/assets.h"

#include <string.h>

#include "tests/test.h"

/* clang-format off */
static const struct row {
	const char *name, *accepted;
	bool gzip;
} rows[] = {
	{ "nothing said",            NULL, false },
	{ "empty",                   "", false },
	{ "gzip",                    "gzip", true },
	{ "any case",                "GZip", true },
	{ "as browsers say it",      "gzip, deflate, br, zstd", true },
	{ "the last one",            "br;q=1.0, deflate;q=0.5,gzip;q=0.3", true },
	{ "with a weight",           "gzip;q=0.001", true },
	{ "blanks around the weight", "gzip ; q=0.5", true },
	{ "weight of nothing",       "gzip;q=0", false },
	{ "nothing, to three places", "gzip;q=0.000, deflate", false },
	{ "nothing, in capitals",    "gzip;Q=0", false },
	{ "anything",                "*", true },
	{ "anything but gzip",       "gzip;q=0, *", false },
	{ "anything, and not gzip",  "*, gzip;q=0", false },
	{ "nothing but",             "identity;q=1, *;q=0", false },
	{ "another",                 "br, deflate", false },
	{ "the beginning of a name", "gzi", false },
	{ "a longer name",           "gzipped", false },
	{ "only commas",             ", ,,", false },
	{ "a weight without a name", ";q=1", false },
};
/* clang-format on */

static void accepts(void **state)
{
	const struct row *row = *state;

	assert_int_equal(asset_may_be_gzip(row->accepted), row->gzip);
}

static void finds_its_own(void **state)
{
	(void)state;
	for (const struct asset *a = assets; a->path; a++) {
		assert_ptr_equal(asset_find(a->path), a);
		assert_true(a->plain_len > 0 && a->gzip_len > 0);
		assert_memory_equal(a->gzip, "\x1f\x8b", 2);
		assert_memory_equal(a->etag, "W/\"", 3);
	}
	assert_null(asset_find("/assets/"));
	assert_null(asset_find(""));
}

/* All that a visit can load: a viewer has one language, here the one with the longer dictionary. */
static void fits_in_60_kb(void **state)
{
	const struct asset *en = asset_find("/assets/en.js"), *zh = asset_find("/assets/zh.js");
	size_t total = 0;

	(void)state;
	if (!assets[0].path)
		skip();
	assert_non_null(asset_find("/"));
	assert_non_null(en);
	assert_non_null(zh);
	for (const struct asset *a = assets; a->path; a++)
		if (strcmp(a->path, "/licenses.txt") != 0 && strcmp(a->path, "/favicon.ico") != 0)
			total += a->gzip_len;
	total -= en->gzip_len < zh->gzip_len ? en->gzip_len : zh->gzip_len;
	print_message("figure: the page in one language: %zu bytes compressed\n", total);
	assert_in_range(total, 1, 60000);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 2];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(accepts, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(finds_its_own);
	tests[ARRAY_LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(fits_in_60_kb);
	return cmocka_run_group_tests_name("export assets", tests, NULL, NULL);
}
