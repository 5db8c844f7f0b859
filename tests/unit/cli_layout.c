/*
 * Columns into a terminal.
 */
#include "cli/layout.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

enum { COLUMNS = 4 };

static const struct row {
	const char *name;
	size_t widths[COLUMNS];
	bool is_id[COLUMNS];
	size_t room;
	const char *want; /* the widths that are left */
} rows[] = {
	/* clang-format off */
	{ "all fit",                { 5, 5, 5, 5 },     { 0 }, 26, "5 5 5 5 " },
	{ "no end of room",         { 99, 99, 99, 99 }, { 0 }, SIZE_MAX, "99 99 99 99 " },
	{ "the widest gives",       { 5, 5, 20, 5 },    { 0 }, 31, "5 5 10 5 " },
	{ "the widest are levelled", { 5, 20, 20, 5 },  { 0 }, 36, "5 10 10 5 " },
	{ "an id does not give",    { 20, 20, 5, 5 },   { true }, 46, "20 10 5 5 " },
	{ "the last finds no room", { 20, 20, 20, 20 }, { 0 }, 30, "8 9 9 " },
	{ "two find no room",       { 20, 20, 20, 20 }, { 0 }, 20, "9 9 " },
	{ "narrow ones stay",       { 3, 20, 3, 20 },   { 0 }, 28, "3 8 3 8 " },
	{ "an id takes the room",   { 9, 20, 9, 9 },    { false, true }, 31, "9 20 " },
	{ "wider than the room",    { 40, 5, 5, 5 },    { 0 }, 6, "6 " },
	{ "an id wider than the room", { 40, 5, 5, 5 }, { true }, 30, "30 " },
	{ "no room at all",         { 40, 5, 5, 5 },    { 0 }, 0, "1 " },
	/* clang-format on */
};

static void fits(void **state)
{
	const struct row *row = *state;
	size_t widths[COLUMNS];
	char text[64] = "";

	memcpy(widths, row->widths, sizeof(widths));
	size_t left = layout_fit(widths, row->is_id, COLUMNS, row->room);
	for (size_t i = 0; i < left; i++)
		sprintf(text + strlen(text), "%zu ", widths[i]);
	assert_string_equal(text, row->want);
}

static void ids_are_known(void **state)
{
	(void)state;
	assert_true(layout_is_id("image_id") && layout_is_id("seq"));
	assert_false(layout_is_id("uid") || layout_is_id("name"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(ids_are_known) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest)TEST_ROW(fits, &rows[i]);
	return _cmocka_run_group_tests("layout", tests, ARRAY_LEN(tests), NULL, NULL);
}
