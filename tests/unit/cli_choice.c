/*
 * Versions number by number, the highest of each distribution, and what tells the rest apart.
 */
#include "cli/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static const struct version_row {
	const char *name, *a, *b;
	int want;
} version_rows[] = {
	/* clang-format off */
	{ "9 before 10",               "9", "10", -1 },
	{ "10 after 9",                "10", "9", 1 },
	{ "22.04 before 22.04.5",      "22.04", "22.04.5", -1 },
	{ "22.04.5 before 24.04",      "22.04.5", "24.04", -1 },
	{ "7.6 before 7.10",           "7.6", "7.10", -1 },
	{ "the same",                  "22.04", "22.04", 0 },
	{ "leading zeros are nothing", "22.4", "22.04", 0 },
	{ "2012 before 2012 R2",       "2012", "2012 R2", -1 },
	{ "2012 R2 before 2016",       "2012 R2", "2016", -1 },
	{ "15 SP4 before 15 SP5",      "15 SP4", "15 SP5", -1 },
	{ "15 SP9 before 15 SP10",     "15 SP9", "15 SP10", -1 },
	{ "8 before 8 stream",         "8", "8-stream", -1 },
	{ "8-stream before 8.1",       "8-stream", "8.1", -1 },
	{ "numbers of any length",     "99999999999999999999999", "100000000000000000000000", -1 },
	{ "none before any",           NULL, "1", -1 },
	{ "none is none",              NULL, NULL, 0 },
	{ "empty before any",          "", "1", -1 },
	/* clang-format on */
};

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void compares_versions(void **state)
{
	const struct version_row *row = *state;

	assert_int_equal(sign(choice_compare_versions(row->a, row->b)), row->want);
	assert_int_equal(sign(choice_compare_versions(row->b, row->a)), -row->want);
}

/* ---- rows ---------------------------------------------------------------------------------- */

enum { COLUMNS = 6, ROWS_MAX = 5 };
static const char *const names[COLUMNS] = { "image_id",   "region",        "os_distro",
					    "os_version", "gpu_supported", "zone" };

struct image {
	const char *id, *region, *distro, *version;
	int gpu; /* -1: not known */
};

static struct reader_value text(const char *t)
{
	return (struct reader_value){ .type = t ? READER_TEXT : READER_NULL, .text = t ? t : "" };
}

static struct reader_row make(const struct image *image, struct reader_value values[COLUMNS])
{
	values[0] = text(image->id);
	values[1] = text(image->region);
	values[2] = text(image->distro);
	values[3] = text(image->version);
	values[4] = image->gpu < 0 ? text(NULL)
				   : (struct reader_value){ .type = READER_INT,
							    .integer = image->gpu,
							    .text = "" };
	values[5] = text(NULL);
	return (struct reader_row){ COLUMNS, names, values };
}

static const struct choice_row {
	const char *name;
	struct image images[ROWS_MAX];
	const char *ids, *differences;
} choice_rows[] = {
	/* clang-format off */
	{ "one", { { "a", "bj", "ubuntu", "22.04", 1 } }, "a ", "" },
	{ "the highest version",
	  { { "a", "bj", "debian", "9", 1 }, { "b", "bj", "debian", "10", 1 }, { "c", "bj", "debian", "8", 1 } }, "b ", "" },
	{ "the highest point release",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "bj", "ubuntu", "22.04.5", 1 } }, "b ", "" },
	{ "of each distribution",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "bj", "debian", "12", 1 }, { "c", "bj", "ubuntu", "24.04", 1 } },
	  "b c ", "  --os debian|ubuntu\n" },
	{ "of each place",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "hk", "ubuntu", "24.04", 1 }, { "c", "hk", "ubuntu", "22.04", 1 } },
	  "a b ", "  --region bj|hk\n" },
	{ "ties in two places",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "hk", "ubuntu", "22.04", 1 } }, "a b ", "  --region bj|hk\n" },
	{ "three answers to gpu",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "bj", "ubuntu", "22.04", 0 }, { "c", "bj", "ubuntu", "22.04", -1 } },
	  "a b c ", "  --gpu=yes|no|unknown\n" },
	{ "an unknown system is one of its own",
	  { { "a", "bj", NULL, NULL, 1 }, { "b", "bj", "ubuntu", "22.04", 1 } }, "a b ", "  --os -|ubuntu\n" },
	{ "a version beats none",
	  { { "a", "bj", "ubuntu", NULL, 1 }, { "b", "bj", "ubuntu", "4", 1 } }, "b ", "" },
	{ "a place that is none",
	  { { "a", NULL, "ubuntu", "22.04", 1 }, { "b", "bj", "ubuntu", "22.04", 1 } }, "a b ", "  --region -|bj\n" },
	{ "versions that are equal by number",
	  { { "a", "bj", "ubuntu", "22.04", 1 }, { "b", "bj", "ubuntu", "22.4", 1 } }, "a b ", "  --os ubuntu:22.04|ubuntu:22.4\n" },
	{ "hostile text",
	  { { "a", "b\033[2J", "ubuntu", "22.04", 1 }, { "b", "bj", "ubuntu", "22.04", 1 } }, "a b ", "  --region b\xEF\xBF\xBD[2J|bj\n" },
	{ "nothing", { { 0 } }, "", "" },
	/* clang-format on */
};

static void chooses(void **state)
{
	const struct choice_row *row = *state;
	struct reader_value values[ROWS_MAX][COLUMNS];
	const struct reader_row *kept[ROWS_MAX];
	char ids[64] = "";
	size_t count = 0;
	struct arena arena;
	struct buf out;

	arena_init(&arena);
	for (; count < ROWS_MAX && row->images[count].id; count++) {
		struct reader_row made = make(&row->images[count], values[count]);
		kept[count] = choice_keep(&arena, &made);
		assert_non_null(kept[count]);
	}
	memset(values, 0, sizeof(values)); /* the copies have nothing of them */
	count = choice_highest(&arena, kept, count);
	for (size_t i = 0; i < count; i++)
		strcat(strcat(ids, reader_value(kept[i], "image_id")->text), " ");
	assert_string_equal(ids, row->ids);
	buf_init(&out);
	choice_put_differences(&out, kept, count);
	assert_string_equal(buf_text(&out), row->differences);
	buf_finish(&out);
	arena_finish(&arena);
}

static void many_values_are_cut(void **state)
{
	static char regions[20][16];
	struct reader_value values[20][COLUMNS];
	struct reader_row rows[20];
	const struct reader_row *kept[20];
	struct buf out;

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(regions[i], sizeof(regions[i]), "r%d", i);
		rows[i] = make(&(struct image){ "a", regions[i], "ubuntu", "22.04", 1 }, values[i]);
		kept[i] = &rows[i];
	}
	buf_init(&out);
	choice_put_differences(&out, kept, 20);
	assert_string_equal(buf_text(&out), "  --region r0|r1|r2|r3|r4|r5|r6|r7|...\n");
	buf_finish(&out);
}

#define VERSIONS ARRAY_LEN(version_rows)
#define CHOICES  ARRAY_LEN(choice_rows)

int main(void)
{
	struct CMUnitTest tests[VERSIONS + CHOICES + 1] = { cmocka_unit_test(many_values_are_cut) };

	for (size_t i = 0; i < VERSIONS; i++)
		tests[1 + i] = (struct CMUnitTest)TEST_ROW(compares_versions, &version_rows[i]);
	for (size_t i = 0; i < CHOICES; i++)
		tests[1 + VERSIONS + i] = (struct CMUnitTest)TEST_ROW(chooses, &choice_rows[i]);
	return _cmocka_run_group_tests("choice", tests, ARRAY_LEN(tests), NULL, NULL);
}
