#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define FFFD "\xEF\xBF\xBD"
#define RLO  "\xE2\x80\xAE"

struct clean {
	const char *name;
	const char *bytes;
	size_t len;
	const char *line, *prose;
};

/* clang-format off */
#define BYTES(text) text, sizeof(text) - 1
static const struct clean cleans[] = {
	{ "nothing",                  BYTES(""),                       "", "" },
	{ "blanks alone",             BYTES(" \t\n\r\n "),             "", "" },
	{ "plain",                    BYTES("CentOS 7.9 64bit"),       "CentOS 7.9 64bit", "CentOS 7.9 64bit" },
	{ "ends are trimmed",         BYTES("  a  "),                  "a", "a" },
	{ "runs of blanks",           BYTES("a   b"),                  "a b", "a   b" },
	{ "tab",                      BYTES("a\tb"),                   "a b", "a b" },
	{ "newline",                  BYTES("a\nb"),                   "a b", "a\nb" },
	{ "CR LF is one newline",     BYTES("a\r\nb\rc\n\nd"),         "a b c d", "a\nb\nc\n\nd" },
	{ "blanks before a newline",  BYTES("a  \n  b"),               "a b", "a\n  b" },
	{ "Unicode blanks",           BYTES("a\xC2\xA0\xE3\x80\x80" "b"), "a b", "a  b" },
	{ "line separator",           BYTES("a\xE2\x80\xA8" "b\xC2\x85" "c"), "a b c", "a\nb\nc" },
	{ "Chinese",                  BYTES("高内核CentOS 7.6 64位"),  "高内核CentOS 7.6 64位", "高内核CentOS 7.6 64位" },
	{ "emoji",                    BYTES("\xF0\x9F\x98\x80!"),      "\xF0\x9F\x98\x80!", "\xF0\x9F\x98\x80!" },
	{ "NUL inside",               BYTES("a\0b"),                   "a" FFFD "b", "a" FFFD "b" },
	{ "escape sequence",          BYTES("\x1B[31mred"),            FFFD "[31mred", FFFD "[31mred" },
	{ "C1 control",               BYTES("a\xC2\x9B" "b"),          "a" FFFD "b", "a" FFFD "b" },
	{ "DEL",                      BYTES("a\x7F"),                  "a" FFFD, "a" FFFD },
	{ "bidi override",            BYTES("a" RLO "gpj.exe"),        "a" FFFD "gpj.exe", "a" FFFD "gpj.exe" },
	{ "bidi isolate",             BYTES("\xE2\x81\xA6x\xE2\x81\xA9"), FFFD "x" FFFD, FFFD "x" FFFD },
	{ "Arabic letter mark",       BYTES("\xD8\x9C" "1"),           FFFD "1", FFFD "1" },
	{ "tag character",            BYTES("\xF3\xA0\x81\x81" "a"),   FFFD "a", FFFD "a" },
	{ "broken byte",              BYTES("a\xFF" "b"),              "a" FFFD "b", "a" FFFD "b" },
	{ "torn character",           BYTES("a\xE4\xBD"),              "a" FFFD FFFD, "a" FFFD FFFD },
	{ "surrogate",                BYTES("\xED\xA0\x80"),           FFFD FFFD FFFD, FFFD FFFD FFFD },
	{ "overlong slash",           BYTES("\xC0\xAF"),               FFFD FFFD, FFFD FFFD },
};

struct number {
	const char *name;
	bool is;
	int64_t value;
};
static const struct number numbers[] = {
	{ "0", true, 0 }, { "7", true, 7 }, { "-7", true, -7 }, { "007", true, 7 },
	{ "9223372036854775807", true, INT64_MAX }, { "-9223372036854775808", true, INT64_MIN },
	{ "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
	{ "", false, 0 }, { "-", false, 0 }, { "+7", false, 0 }, { " 7", false, 0 }, { "7 ", false, 0 },
	{ "7.0", false, 0 }, { "0x7", false, 0 }, { "1e3", false, 0 }, { "--7", false, 0 }, { "seven", false, 0 },
};

struct width {
	const char *name;
	size_t width;
};
static const struct width widths[] = {
	{ "", 0 }, { "abc", 3 }, { "镜像", 4 }, { "a镜b", 4 }, { "e\xCC\x81", 1 }, { "\xF0\x9F\x98\x80", 2 },
	{ "\xFF", 1 },
};

struct guess {
	const char *name;
	const char *want;
};
static const struct guess guesses[] = {
	{ "interval", "interval" }, { "intervall", "interval" }, { "INTERVAL", "interval" },
	{ "itnerval", "interval" }, { "intervla", "interval" }, { "nterva", "interval" },
	{ "nterv", NULL }, { "region", "regions" }, { "zoens", "zones" }, { "xyz", NULL }, { "", NULL },
	{ "zns", NULL },
};
/* clang-format on */

static void text_is_cleaned(void **state)
{
	const struct clean *row = *state;
	static const enum text_shape shapes[] = { TEXT_LINE, TEXT_PROSE };
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const char *want = shapes[i] == TEXT_LINE ? row->line : row->prose;
		char *text = text_clean(&arena, shapes[i], row->bytes, row->len);
		assert_string_equal(text, want);
		assert_string_equal(text_clean(&arena, shapes[i], text, strlen(text)), want);
		/* Behind other text the same is put: what stands before is not trimmed. */
		struct buf buf;
		buf_init(&buf);
		buf_puts(&buf, "name= ");
		text_put_clean(&buf, shapes[i], row->bytes, row->len);
		assert_string_equal(buf_text(&buf) + 6, want);
		buf_finish(&buf);
	}
	assert_false(arena.failed);
	arena_finish(&arena);
}

/* Whatever comes, what leaves is valid, has no controls, and stays as it is when cleaned again. */
static void any_bytes_become_clean(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)(round % 48);
		char *bytes = malloc(len + 1);
		enum text_shape shape = round & 1 ? TEXT_LINE : TEXT_PROSE;
		struct arena arena;
		assert_non_null(bytes);
		for (size_t i = 0; i < len; i++) {
			random = random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
			unsigned pick = (unsigned)(random >> 40);
			bytes[i] = pick & 1 ? (char)(pick >> 8)
					    : "\xE2\x80\xAE \n\rA\xC2"[pick >> 8 & 7];
		}
		arena_init(&arena);
		char *text = text_clean(&arena, shape, bytes, len);
		assert_non_null(text);
		assert_true(text_is_utf8(text, strlen(text)));
		assert_null(strstr(text, RLO));
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= 0x20 ||
				    (*c == '\n' && shape == TEXT_PROSE));
		assert_string_equal(text_clean(&arena, shape, text, strlen(text)), text);
		arena_finish(&arena);
		free(bytes);
	}
}

static void utf8_is_judged(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool valid;
	} rows[] = {
		{ BYTES(""), true },
		{ BYTES("abc"), true },
		{ BYTES("镜像\xF0\x9F\x98\x80"), true },
		{ BYTES("\xF4\x8F\xBF\xBF"), true },
		{ BYTES("\xF4\x90\x80\x80"), false }, /* beyond U+10FFFF */
		{ BYTES("\xED\xA0\x80"), false },
		{ BYTES("\xC0\x80"), false },
		{ BYTES("\xE0\x80\xAF"), false },
		{ BYTES("a\0b"), false },
		{ BYTES("\x80"), false },
		{ BYTES("\xE4\xBD"), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf buf;
		assert_int_equal(text_is_utf8(rows[i].bytes, rows[i].len), rows[i].valid);
		buf_init(&buf);
		size_t repaired = text_put_utf8(&buf, rows[i].bytes, rows[i].len);
		assert_int_equal(repaired == 0, rows[i].valid);
		assert_true(text_is_utf8(buf_text(&buf), buf.len));
		if (rows[i].valid)
			assert_string_equal(buf_text(&buf), rows[i].bytes);
		buf_finish(&buf);
	}
}

static void repairs_are_counted(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	assert_int_equal(text_put_utf8(&buf, BYTES("a\xFF"
						   "b\0\n")),
			 2);
	assert_string_equal(buf_text(&buf), "a" FFFD "b" FFFD "\n");
	buf_finish(&buf);
}

static void json_is_escaped(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	text_put_json(&buf, "");
	text_put_json(&buf, "a\"b\\c/\n\r\t\b\x01\x1F 镜\x7F");
	assert_string_equal(buf_text(&buf),
			    "\"\"\"a\\\"b\\\\c/\\n\\r\\t\\u0008\\u0001\\u001f 镜\x7F\"");
	buf_finish(&buf);
}

static void width_is_counted(void **state)
{
	const struct width *row = *state;

	assert_int_equal(text_width(row->name), row->width);
	assert_int_equal(text_fit(row->name, row->width), strlen(row->name));
}

static void prefix_fits(void **state)
{
	(void)state;
	assert_int_equal(text_fit("abc", 2), 2);
	assert_int_equal(text_fit("a镜像", 2), 1); /* half a character is none */
	assert_int_equal(text_fit("a镜像", 3), 4);
	assert_int_equal(text_fit("镜像", 0), 0);
	assert_int_equal(text_fit("e\xCC\x81x", 1), 3); /* the accent belongs to its letter */
	assert_int_equal(text_fit("", 5), 0);
}

static void integer_is_read(void **state)
{
	const struct number *row = *state;
	int64_t value = 77;

	assert_int_equal(text_to_int(row->name, &value), row->is);
	assert_int_equal(value, row->is ? row->value : 77);
}

static void case_is_ignored(void **state)
{
	(void)state;
	assert_true(text_equal_nocase("", ""));
	assert_true(text_equal_nocase("UnAvailable", "unavailable"));
	assert_false(text_equal_nocase("a", "ab"));
	assert_false(text_equal_nocase("ab", "a"));
	assert_false(text_equal_nocase("@", "`")); /* 0x40 and 0x60 are no letters */
	assert_false(text_equal_nocase("[", "{"));
	assert_true(text_equal_nocase("\xC3\x89", "\xC3\x89"));
	assert_false(text_equal_nocase("\xC3\x89", "\xC3\xA9"));
}

static void nearest_is_found(void **state)
{
	static const char *const candidates[] = { "zones", "regions", "interval", "in", NULL };
	const struct guess *row = *state;
	const char *nearest = text_nearest(row->name, candidates);

	if (row->want)
		assert_string_equal(nearest ? nearest : "(none)", row->want);
	else
		assert_null(nearest);
}

static void long_words_are_near_nothing(void **state)
{
	char word[5000];
	const char *candidates[] = { word + 1, "short", NULL };

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(text_nearest(word, candidates));
	/* The longest that is compared. */
	word[63] = '\0';
	assert_ptr_equal(text_nearest(word, candidates), word + 1);
	word[63] = 'a';
	word[64] = '\0';
	assert_null(text_nearest(word, candidates));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cleans) + ARRAY_LEN(numbers) + ARRAY_LEN(widths) +
				ARRAY_LEN(guesses) + 8];
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(any_bytes_become_clean),
		cmocka_unit_test(utf8_is_judged),
		cmocka_unit_test(repairs_are_counted),
		cmocka_unit_test(json_is_escaped),
		cmocka_unit_test(prefix_fits),
		cmocka_unit_test(case_is_ignored),
		cmocka_unit_test(long_words_are_near_nothing),
	};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(cleans); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(text_is_cleaned, &cleans[i]);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(integer_is_read, &numbers[i]);
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(width_is_counted, &widths[i]);
	for (size_t i = 0; i < ARRAY_LEN(guesses); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(nearest_is_found, &guesses[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("base_text", tests, count, NULL, NULL);
}
