/*
 * Rows as they are printed, in every format, with text that means harm in one of them.
 */
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#include "store/row.h"
#include "tests/test.h"
#include "tests/unit/cli_cells.h"

enum { CELLS = 4 };

static const char *const names[CELLS] = { "image_id", "name", "size_bytes", "tags" };

static const struct reader_value plain[CELLS] = { TEXT("a"), TEXT("Ubuntu"), INTEGER(5),
						  TEXT("[\"x\"]") };
static const struct reader_value chinese[CELLS] = { TEXT("b2"), TEXT("镜像 é"), NOTHING,
						    TEXT("[]") };
static const struct reader_value hostile[CELLS] = { TEXT("=1+1"), TEXT("a,\"b\"\nc\033[2J"),
						    REAL(1.5), NOTHING };

static const struct row {
	const char *name;
	enum output_format format;
	const struct reader_value *rows[3];
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "table of nothing", OUTPUT_TABLE, { 0 }, "" },
	{ "table", OUTPUT_TABLE, { plain, chinese },
	  "IMAGE_ID  NAME    SIZE_BYTES  TAGS\n"
	  "a         Ubuntu  5           [\"x\"]\n"
	  "b2        镜像 é              []\n" },
	{ "table keeps its lines", OUTPUT_TABLE, { hostile },
	  "IMAGE_ID  NAME         SIZE_BYTES  TAGS\n"
	  "=1+1      a,\"b\" c\xEF\xBF\xBD[2J  1.5         \n" },
	{ "json of nothing", OUTPUT_JSON, { 0 }, "[]\n" },
	{ "json", OUTPUT_JSON, { plain, chinese },
	  "[{\"image_id\":\"a\",\"name\":\"Ubuntu\",\"size_bytes\":5,\"tags\":[\"x\"]},\n"
	  " {\"image_id\":\"b2\",\"name\":\"镜像 é\",\"size_bytes\":null,\"tags\":[]}]\n" },
	{ "json escapes", OUTPUT_JSON, { hostile },
	  "[{\"image_id\":\"=1+1\",\"name\":\"a,\\\"b\\\"\\nc\xEF\xBF\xBD[2J\",\"size_bytes\":1.5,\"tags\":null}]\n" },
	{ "ndjson of nothing", OUTPUT_NDJSON, { 0 }, "" },
	{ "ndjson", OUTPUT_NDJSON, { plain, hostile },
	  "{\"image_id\":\"a\",\"name\":\"Ubuntu\",\"size_bytes\":5,\"tags\":[\"x\"]}\n"
	  "{\"image_id\":\"=1+1\",\"name\":\"a,\\\"b\\\"\\nc\xEF\xBF\xBD[2J\",\"size_bytes\":1.5,\"tags\":null}\n" },
	{ "csv", OUTPUT_CSV, { plain, chinese },
	  "image_id,name,size_bytes,tags\r\n"
	  "a,Ubuntu,5,\"[\"\"x\"\"]\"\r\n"
	  "b2,镜像 é,,[]\r\n" },
	{ "csv quotes", OUTPUT_CSV, { hostile },
	  "image_id,name,size_bytes,tags\r\n"
	  "\"'=1+1\",\"a,\"\"b\"\" c\xEF\xBF\xBD[2J\",1.5,\r\n" },
	{ "tsv", OUTPUT_TSV, { plain, hostile },
	  "image_id\tname\tsize_bytes\ttags\n"
	  "a\tUbuntu\t5\t[\"x\"]\n"
	  "=1+1\ta,\"b\" c\xEF\xBF\xBD[2J\t1.5\t\n" },
	{ "id", OUTPUT_ID, { plain, chinese, hostile }, "a\nb2\n=1+1\n" },
	/* clang-format on */
};

/* Prints rows of `count` cells; the text is the caller's. */
static char *print(enum output_format format, const char *const *columns, size_t count,
		   const struct reader_value *const *values, size_t row_count)
{
	struct output *output;
	char *text = NULL;
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(output_open(&output, file, format, true), 0);
	for (size_t i = 0; i < row_count; i++) {
		const struct reader_row row = { count, columns, values[i] };
		assert_int_equal(output_row(output, &row), 0);
	}
	assert_int_equal(output_close(output, true), 0);
	long len = ftell(file);
	assert_true(len >= 0);
	rewind(file);
	text = calloc(1, (size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)len, file), len);
	fclose(file);
	return text;
}

static void prints_rows(void **state)
{
	const struct row *row = *state;
	size_t count = 0;

	while (count < ARRAY_LEN(row->rows) && row->rows[count])
		count++;
	char *text = print(row->format, names, CELLS, row->rows, count);
	assert_string_equal(text, row->want);
	free(text);
}

/* What a spreadsheet would compute is text; numbers stay numbers. */
static void csv_has_no_formulas(void **state)
{
	static const struct {
		struct reader_value value;
		const char *want;
	} cells[] = {
		{ TEXT("=cmd()"), "\"'=cmd()\"" },
		{ TEXT("+1"), "\"'+1\"" },
		{ TEXT("-1"), "\"'-1\"" },
		{ TEXT("@x"), "\"'@x\"" },
		{ TEXT("\t=x"), "\"'=x\"" },
		{ TEXT("＝1+1"), "\"'＝1+1\"" },
		{ TEXT("＋1"), "\"'＋1\"" },
		{ TEXT("－1"), "\"'－1\"" },
		{ TEXT("＠x"), "\"'＠x\"" },
		{ TEXT("，x"), "，x" },
		{ TEXT("a=1"), "a=1" },
		{ TEXT("a;b"), "a;b" },
		{ INTEGER(-1), "-1" },
		{ NOTHING, "" },
	};
	static const char *const name[] = { "name" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		const struct reader_value *const values[] = { &cells[i].value };
		char want[64];
		char *text = print(OUTPUT_CSV, name, 1, values, 1);
		snprintf(want, sizeof(want), "name\r\n%s\r\n", cells[i].want);
		assert_string_equal(text, want);
		free(text);
	}
}

/* A name of 10 kB is printed whole, and the others are not padded to it. */
static void a_long_cell_is_alone(void **state)
{
	static const char *const columns[] = { "name", "kind" };
	static char name[10001];
	const struct reader_value cells[2][2] = { { TEXT(name), TEXT("x") },
						  { TEXT("short"), TEXT("y") } };
	const struct reader_value *const values[] = { cells[0], cells[1] };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	char *text = print(OUTPUT_TABLE, columns, 2, values, 2);
	assert_true(strlen(text) < 10300);
	assert_non_null(strstr(text, name));
	assert_non_null(strstr(text, "n  x\nshort "));
	assert_non_null(strstr(text, "  y\n"));
	free(text);
}

static void table_shows_times(void **state)
{
	static const char *const columns[] = { "first_seen_at", "size_bytes" };
	static const struct reader_value value[] = { INTEGER(86400), INTEGER(86400) };
	const struct reader_value *const values[] = { value };

	(void)state;
	char *text = print(OUTPUT_TABLE, columns, 2, values, 1);
	assert_string_equal(text, "FIRST_SEEN_AT      SIZE_BYTES\n"
				  "1970-01-02 00:00Z  86400\n");
	free(text);
	text = print(OUTPUT_TSV, columns, 2, values, 1);
	assert_string_equal(text, "first_seen_at\tsize_bytes\n86400\t86400\n");
	free(text);
}

static void formats_have_names(void **state)
{
	static const char *const words[] = { "table", "json", "ndjson", "csv", "tsv", "id" };
	enum output_format format = OUTPUT_CSV;

	(void)state;
	assert_false(output_format_from_text("xml", &format));
	assert_int_equal(format, OUTPUT_CSV);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_true(output_format_from_text(words[i], &format));
		assert_int_equal(format, i);
	}
}

/* Inside a text of JSON what harms is escaped, so that it still means the same; elsewhere only
 * blanks are found. */
static void json_is_harmless(void **state)
{
	static const struct {
		const char *text, *want;
	} texts[] = {
		{ "{\"a\":[1,\"镜像 é\"]}", "{\"a\":[1,\"镜像 é\"]}" },
		{ "\"\\u001b[2J\"", "\"\\u001b[2J\"" },
		{ "\"\033[2J\"", "\" [2J\"" },
		{ "[1,\n\t2\r]", "[1,  2 ]" },
		{ "\"a\x7f\"", "\"a\\u007f\"" },
		{ "\"a\xC2\x9B\"", "\"a\\u009b\"" },
		{ "\"a\xE2\x80\xAE\"", "\"a\\u202e\"" },
		{ "\"a\xF3\xA0\x81\x81\"", "\"a\\udb40\\udc41\"" },
		{ "\"😀\"", "\"😀\"" },
		{ "\"\xC3(\"", "\"\\ufffd(\"" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf out;
		buf_init(&out);
		row_put_json_text(&out, texts[i].text);
		assert_string_equal(buf_text(&out), texts[i].want);
		buf_finish(&out);
	}
}

static void no_rows_have_a_header(void **state)
{
	static const char *const columns[] = { "a", "b", NULL };
	static const char *const want[] = { "", "[]\n", "", "a,b\r\n", "a\tb\n", "" };

	(void)state;
	for (int format = OUTPUT_TABLE; format <= OUTPUT_ID; format++) {
		struct output *output;
		char text[64] = "";
		FILE *file = tmpfile();
		assert_non_null(file);
		assert_int_equal(output_open(&output, file, (enum output_format)format, true), 0);
		output_header(output, columns);
		assert_int_equal(output_close(output, true), 0);
		rewind(file);
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		assert_string_equal(text, want[format]);
		fclose(file);
	}
}

static void ids_of_rows_without_an_image(void **state)
{
	static const char *const poll[] = { "poll_id", "outcome" }, *const change[] = {
		"seq", "image_id"
	};
	static const struct reader_value one[] = { INTEGER(7), TEXT("x") },
					 two[] = { INTEGER(8), NOTHING };
	const struct reader_value *const values[] = { one }, *const none[] = { two };

	(void)state;
	char *text = print(OUTPUT_ID, poll, 2, values, 1);
	assert_string_equal(text, "7\n");
	free(text);
	text = print(OUTPUT_ID, change, 2, none, 1);
	assert_string_equal(text, "");
	free(text);
}

/* Nothing that could not be written goes unnoticed. */
static void full_disk_is_told(void **state)
{
	const struct reader_row row = { CELLS, names, plain };

	(void)state;
	for (int format = OUTPUT_TABLE; format <= OUTPUT_ID; format++) {
		struct output *output;
		FILE *file = fopen("/dev/full", "w");
		assert_non_null(file);
		assert_int_equal(output_open(&output, file, (enum output_format)format, true), 0);
		assert_int_equal(output_row(output, &row), 0);
		assert_true(output_close(output, true) < 0);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(csv_has_no_formulas),
		cmocka_unit_test(table_shows_times),
		cmocka_unit_test(a_long_cell_is_alone),
		cmocka_unit_test(formats_have_names),
		cmocka_unit_test(json_is_harmless),
		cmocka_unit_test(no_rows_have_a_header),
		cmocka_unit_test(ids_of_rows_without_an_image),
		cmocka_unit_test(full_disk_is_told),
	};
	struct CMUnitTest tests[ARRAY_LEN(fixed) + ARRAY_LEN(rows)];
	size_t count = ARRAY_LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(prints_rows, &rows[i]);
	return _cmocka_run_group_tests("output", tests, count, NULL, NULL);
}
