/*
 * What goes out: cursors, labels, problems, JSON that nobody takes for a page; and what is counted.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export/answer.h"
#include "export/cursor.h"
#include "export/exposition.h"
#include "export/tally.h"
#include "tests/test.h"

/* ---- cursors ------------------------------------------------------------------------------- */

static void put_key(struct buf *out)
{
	const struct reader_key key = {
		.count = 4,
		.values = { { READER_TEXT, .text = "镜像 \"x\"" },
			    { READER_INT, .integer = INT64_MIN, .text = "" },
			    { READER_REAL, .real = 0.1, .text = "" },
			    { READER_NULL, .text = "" } },
	};

	cursor_put(out, 7, 1700000000, &key);
}

static void a_cursor_comes_back(void **state)
{
	struct reader_key key;
	struct buf text;

	(void)state;
	buf_init(&text);
	put_key(&text);
	assert_int_equal(cursor_read(buf_text(&text), 7, 1700000000, &key), CURSOR_FITS);
	assert_int_equal(key.count, 4);
	assert_string_equal(key.values[0].text, "镜像 \"x\"");
	assert_true(key.values[1].integer == INT64_MIN && key.values[1].type == READER_INT);
	assert_true(fabs(key.values[2].real - 0.1) <= 0 && key.values[2].type == READER_REAL);
	assert_int_equal(key.values[3].type, READER_NULL);
	reader_key_finish(&key);
	assert_int_equal(cursor_read(buf_text(&text), 8, 1700000000, &key), CURSOR_BROKEN);
	reader_key_finish(&key);
	assert_int_equal(cursor_read(buf_text(&text), 7, 1700000001, &key), CURSOR_GONE);
	reader_key_finish(&key);
	buf_finish(&text);
}

/* Every cut and every changed digit: it is no other row's. */
static void a_broken_cursor_is_none(void **state)
{
	struct reader_key key;
	struct buf text;

	(void)state;
	buf_init(&text);
	put_key(&text);
	for (size_t len = 0; len < text.len; len++) {
		char *cut = strndup(text.bytes, len);
		assert_int_equal(cursor_read(cut, 7, 1700000000, &key), CURSOR_BROKEN);
		reader_key_finish(&key);
		free(cut);
	}
	for (size_t i = 0; i < text.len; i++) {
		for (const char *c = "0123456789abcdefgAF \x7f"; *c; c++) {
			char *changed = strndup(text.bytes, text.len);
			changed[i] = *c;
			enum cursor_verdict verdict = cursor_read(changed, 7, 1700000000, &key);
			assert_true((verdict == CURSOR_FITS) == (*c == text.bytes[i]));
			reader_key_finish(&key);
			free(changed);
		}
	}
	buf_finish(&text);
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct row {
	const char *name, *in, *out;
} labels[] = {
	{ "a word",        "prod", "x=\"prod\"" },
	{ "quotes",        "a\"b\\c", "x=\"a\\\"b\\\\c\"" },
	{ "line breaks",   "a\nb\r\nc", "x=\"a b c\"" },
	{ "a forged line", "x\"} 1\nup{job=\"fake\"} 0", "x=\"x\\\"} 1 up{job=\\\"fake\\\"} 0\"" },
	{ "no UTF-8",      "a\xff" "b", "x=\"a\xEF\xBF\xBD" "b\"" },
	{ "Chinese",       "镜像", "x=\"镜像\"" },
	{ "escape",        "\x1b[2J", "x=\"\xEF\xBF\xBD[2J\"" },
	{ "nothing",       "", "x=\"\"" },
}, markups[] = {
	{ "none",          "{\"a\":1}", "{\"a\":1}" },
	{ "script",        "[\"<script></script>\"]", "[\"\\u003cscript>\\u003c/script>\"]" },
	{ "at both ends",  "<>", "\\u003c>" },
	{ "many",          "<<<", "\\u003c\\u003c\\u003c" },
	{ "empty",         "", "" },
};
/* clang-format on */

static void escapes_label(void **state)
{
	const struct row *row = *state;
	struct buf out;

	buf_init(&out);
	exposition_label(&out, "x", row->in);
	assert_string_equal(buf_text(&out), row->out);
	exposition_label(&out, "y", "1");
	assert_string_equal(buf_text(&out) + strlen(row->out), ",y=\"1\"");
	buf_finish(&out);
}

static void hides_markup(void **state)
{
	const struct row *row = *state;
	struct buf text;

	buf_init(&text);
	buf_puts(&text, row->in);
	answer_hide_markup(&text);
	assert_string_equal(buf_text(&text), row->out);
	buf_finish(&text);
}

static void problems(void **state)
{
	struct answer answer;

	(void)state;
	answer_init(&answer);
	buf_puts(&answer.etag, "W/\"x\"");
	buf_puts(answer_begin(&answer, 200, TYPE_JSON), "{\"items\":[");
	answer_problem(&answer, 503, "a \"word\"");
	assert_int_equal(answer.status, 503);
	assert_string_equal(answer.type, TYPE_PROBLEM);
	assert_int_equal(answer.etag.len, 0);
	assert_string_equal(
		buf_text(&answer.body),
		"{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":"
		"503,\"detail\":\"a \\\"word\\\"\"}\n");
	answer_finish(&answer);
}

static void samples(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out);
	exposition_family(&out, "x_total", "counter", "Help.");
	exposition_int(&out, "x_total", "", INT64_MAX);
	exposition_real(&out, "x_total", "a=\"b\"", 0.25);
	assert_string_equal(buf_text(&out), "# HELP x_total Help.\n# TYPE x_total counter\n"
					    "x_total 9223372036854775807\nx_total{a=\"b\"} 0.25\n");
	buf_finish(&out);
}

/* ---- counting ------------------------------------------------------------------------------ */

static void counts(void **state)
{
	struct tally tally = { 0 }, copy;

	(void)state;
	tally_count(&tally, &(struct tally_poll){
				    .listing_id = 3, .duration_ms = 100, .changes = { 5, 1 } });
	tally_count(&tally, &(struct tally_poll){ .listing_id = 3,
						  .duration_ms = 101,
						  .failed = true,
						  .reason = CLASS_AUTH });
	tally_count(&tally, &(struct tally_poll){
				    .listing_id = 3, .duration_ms = 300001, .changes = { 2, -1 } });
	tally_count(&tally, &(struct tally_poll){ .listing_id = 9 });
	assert_true(tally_copy(&copy, &tally));
	tally_finish(&tally);
	const struct tally_listing *l = tally_of(&copy, 3);
	assert_int_equal(l->polls, 3);
	assert_int_equal(l->failures[CLASS_AUTH], 1);
	assert_int_equal(l->changes[0], 7);
	assert_int_equal(l->changes[1], 1);
	assert_int_equal(l->buckets[0], 1);
	assert_int_equal(l->buckets[1], 1);
	assert_int_equal(l->buckets[TALLY_BUCKETS - 1], 0);
	assert_int_equal(l->duration_ms, 300202);
	assert_int_equal(tally_of(&copy, 9)->buckets[0], 1);
	assert_null(tally_of(&copy, 4));
	assert_string_equal(tally_reason_text(CLASS_THROTTLED), "throttled");
	tally_finish(&copy);
}

int main(void)
{
	enum { LABELS = ARRAY_LEN(labels), MARKUPS = ARRAY_LEN(markups) };
	struct CMUnitTest tests[LABELS + MARKUPS + 5];
	size_t n = 0;

	for (size_t i = 0; i < LABELS; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(escapes_label, &labels[i]);
	for (size_t i = 0; i < MARKUPS; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(hides_markup, &markups[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_cursor_comes_back);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_broken_cursor_is_none);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(problems);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(samples);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(counts);
	return cmocka_run_group_tests_name("export encode", tests, NULL, NULL);
}
