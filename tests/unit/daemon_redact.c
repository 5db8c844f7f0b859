#include "daemon/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define SECRET "Xy7/Kp+2mQ=canary"
#define ESCAPED                                                                                    \
	"\\u0058\\u0079\\u0037\\u002f\\u004b\\u0070\\u002b\\u0032\\u006d\\u0051\\u003d\\u0063\\u0" \
	"061"                                                                                      \
	"\\u006e\\u0061\\u0072\\u0079"

/* clang-format off */
static const struct row {
	const char *name;
	const char *text, *message, *body; /* as it is, after redact_text, after redact_body */
} rows[] = {
	{ "plain",        "key " SECRET " sent",  "key ***************** sent",  "key ***************** sent" },
	{ "twice",        SECRET SECRET,          "**********************************", "**********************************" },
	{ "escaped slash", "Xy7\\/Kp+2mQ=canary!", "******************!",         "******************!" },
	{ "escaped equals", "Xy7/Kp+2mQ\\u003dcanary!", "Xy7/Kp+2mQ\\u003dcanary!", "**********************!" },
	{ "every letter escaped", "a" ESCAPED "b", "a" ESCAPED "b",
	                  "a******************************************************************************************************b" },
	{ "upper escapes", "Xy7\\u002FKp\\u002B2mQ\\u003Dcanary", "Xy7\\u002FKp\\u002B2mQ\\u003Dcanary", "********************************" },
	{ "behind an escape", "\\\\" SECRET "\\n", "\\\\*****************\\n", "\\\\*****************\\n" },
	{ "half an escape", "Xy7\\u00", "Xy7\\u00", "Xy7\\u00" },
	{ "a secret that ends in an escape", "Xy7/Kp+2mQ=canar\\u0079\"", "Xy7/Kp+2mQ=canar\\u0079\"", "**********************\"" },
	{ "percent",      "k=Xy7%2FKp%2B2mQ%3Dcanary;", "k=***********************;", "k=Xy7%2FKp%2B2mQ%3Dcanary;" },
	{ "base64",       "WHk3L0twKzJtUT1jYW5hcnk=", "************************", "WHk3L0twKzJtUT1jYW5hcnk=" },
	{ "hex",          "5879372f4b702b326d513d63616e617279", "**********************************",
	                  "5879372f4b702b326d513d63616e617279" },
	{ "upper hex",    "5879372F4B702B326D513D63616E617279", "**********************************",
	                  "5879372F4B702B326D513D63616E617279" },
	{ "reversed",     "yranac=Qm2+pK/7yX",    "*****************",          "yranac=Qm2+pK/7yX" },
	{ "cut by the end", "string to sign: Xy7/Kp+2mQ", "string to sign: **********", "string to sign: Xy7/Kp+2mQ" },
	{ "too short a piece", "ends in Xy7/Kp+",  "ends in Xy7/Kp+",            "ends in Xy7/Kp+" },
	{ "another text", "nothing of it",         "nothing of it",              "nothing of it" },
	{ "empty",        "",                      "",                           "" },
};
/* clang-format on */

static void paints_row(void **state)
{
	const struct row *row = *state;
	struct redact redact = { 0 };
	char *text = strdup(row->text);

	assert_non_null(text);
	assert_int_equal(redact_add(&redact, SECRET), 0);
	redact_text(&redact, text);
	assert_string_equal(text, row->message);
	strcpy(text, row->text);
	redact_body(&redact, text, strlen(text));
	assert_string_equal(text, row->body);
	redact_finish(&redact);
	free(text);
}

/* Spellings that are the same are looked for once; nothing is looked for that is no secret. */
static void adds_each_word_once(void **state)
{
	struct redact redact = { 0 };

	(void)state;
	assert_int_equal(redact_add(&redact, NULL), 0);
	assert_int_equal(redact_add(&redact, ""), 0);
	assert_int_equal(redact_add(&redact, "short"), 0);
	assert_int_equal(redact.count, 0);
	assert_int_equal(redact_add(&redact, "abcdefgh12345678"), 0); /* plain, json, percent */
	size_t first = redact.count;
	assert_true(first < REDACT_FORMS);
	assert_int_equal(redact_add(&redact, "abcdefgh12345678"), 0);
	assert_int_equal(redact.count, first);
	assert_int_equal(redact_add(&redact, SECRET), 0);
	assert_true(redact.count > first);
	redact_finish(&redact);
	assert_int_equal(redact.count, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(adds_each_word_once) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[1 + i] = (struct CMUnitTest)TEST_ROW(paints_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
