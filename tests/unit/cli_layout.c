/*
 * Columns into a terminal.
 */
#include "cli/layout.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

enum { COLUMNS = 4 };

#define W LAYOUT_WORD
#define T LAYOUT_TEXT
#define A LAYOUT_WHOLE
#define I LAYOUT_ID

static const struct row {
	const char *name;
	size_t widths[COLUMNS];
	enum layout_kind kinds[COLUMNS];
	size_t room;
	const char *want; /* the widths; 0: given up */
} rows[] = {
	/* clang-format off */
	{ "all fit",                { 5, 5, 5, 5 },     { 0 }, 26, "5 5 5 5 " },
	{ "no end of room",         { 99, 99, 99, 99 }, { 0 }, SIZE_MAX, "99 99 99 99 " },
	{ "the widest gives",       { 5, 5, 20, 5 },    { 0 }, 31, "5 5 10 5 " },
	{ "the widest are levelled", { 5, 20, 20, 5 },  { 0 }, 36, "5 10 10 5 " },
	{ "an id does not give",    { 20, 20, 5, 5 },   { I, W, W, W }, 46, "20 10 5 5 " },
	{ "a time does not give",   { 16, 20, 5, 5 },   { A, W, W, W }, 42, "16 10 5 5 " },
	{ "the last finds no room", { 20, 20, 20, 20 }, { 0 }, 30, "8 9 9 0 " },
	{ "two find no room",       { 20, 20, 20, 20 }, { 0 }, 20, "9 9 0 0 " },
	{ "narrow ones stay",       { 3, 20, 3, 20 },   { 0 }, 28, "3 8 3 8 " },
	{ "a text keeps some words", { 9, 40, 9, 9 },   { W, T, W, W }, 41, "9 19 9 0 " },
	{ "a short text is short",  { 9, 5, 9, 9 },     { W, T, W, W }, 35, "8 5 8 8 " },
	{ "an id takes the room",   { 9, 20, 9, 9 },    { W, I, W, W }, 31, "9 20 0 0 " },
	{ "an id on the right stays", { 9, 9, 9, 20 },  { W, W, W, I }, 31, "9 0 0 20 " },
	{ "two ids before the rest", { 9, 9, 9, 9 },    { W, I, W, I }, 20, "0 9 0 9 " },
	{ "wider than the room",    { 40, 5, 5, 5 },    { 0 }, 6, "6 0 0 0 " },
	{ "an id wider than the room", { 5, 40, 5, 5 }, { W, I, W, W }, 3, "0 3 0 0 " },
	{ "no room at all",         { 40, 5, 5, 5 },    { 0 }, 0, "1 0 0 0 " },
	/* clang-format on */
};

static void fits(void **state)
{
	const struct row *row = *state;
	size_t widths[COLUMNS], shown = 0;
	char text[64] = "";

	memcpy(widths, row->widths, sizeof(widths));
	size_t left = layout_fit(widths, row->kinds, COLUMNS, row->room);
	for (size_t i = 0; i < COLUMNS; i++) {
		sprintf(text + strlen(text), "%zu ", widths[i]);
		shown += widths[i] > 0;
	}
	assert_string_equal(text, row->want);
	assert_int_equal(left, shown);
}

static void kinds_are_known(void **state)
{
	static const struct {
		const char *column;
		enum layout_kind want;
	} kinds[] = {
		{ "image_id", I }, { "seq", I },        { "id", I },         { "uid", W },
		{ "region", W },   { "name", T },       { "message", T },    { "at", A },
		{ "line", A },     { "created_at", A }, { "started_at", A }, { "_at", W },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(layout_kind(kinds[i].column), kinds[i].want);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(kinds_are_known) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest)TEST_ROW(fits, &rows[i]);
	return _cmocka_run_group_tests("layout", tests, ARRAY_LEN(tests), NULL, NULL);
}
