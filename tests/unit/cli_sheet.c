/*
 * A row as a sheet: what is left out, and text that would like to be a line of it.
 */
#include "cli/sheet.h"

#include "tests/test.h"
#include "tests/unit/cli_cells.h"

enum { COLUMNS_MAX = 4 };

static const struct row {
	const char *name;
	const char *columns[COLUMNS_MAX];
	struct reader_value values[COLUMNS_MAX];
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "text and number", { "name", "revision" }, { TEXT("镜像"), INTEGER(3) },
	  "name                  镜像\nrevision              3\n" },
	{ "nothing is left out", { "name", "vendor", "author" }, { TEXT("a"), { .text = "" }, TEXT("") },
	  "name                  a\n" },
	{ "twins and raw are left out", { "created_at", "created_at_utc", "raw" }, { INTEGER(86400), TEXT("x"), TEXT("{}") },
	  "created_at            1970-01-02 00:00Z\n" },
	{ "sizes", { "size_bytes", "bytes", "small_bytes" }, { INTEGER(INT64_C(21474836480)), INTEGER(2048), INTEGER(5) },
	  "size_bytes            21474836480 (20 GiB)\nbytes                 2048\nsmall_bytes           5\n" },
	{ "a real", { "price" }, { { .type = READER_REAL, .real = 9.99592, .text = "" } }, "price                 9.99592\n" },
	{ "json", { "tags" }, { TEXT("[\"a\",\n \"\xE2\x80\xAE\"]") }, "tags                  [\"a\",  \"\\u202e\"]\n" },
	{ "a text that forges a line", { "description" }, { TEXT("good\nstate  available\r\033[2Jx") },
	  "description           good\n                      state  available\n                      \xEF\xBF\xBD[2Jx\n" },
	/* clang-format on */
};

static void puts_a_sheet(void **state)
{
	const struct row *row = *state;
	struct reader_row r = { 0, row->columns, row->values };
	struct buf out;

	while (r.count < COLUMNS_MAX && row->columns[r.count])
		r.count++;
	buf_init(&out);
	sheet_put(&out, &r, true, false);
	assert_string_equal(buf_text(&out), row->want);
	buf_finish(&out);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(puts_a_sheet, &rows[i]);
	return _cmocka_run_group_tests("sheet", tests, ARRAY_LEN(tests), NULL, NULL);
}
