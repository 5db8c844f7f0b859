#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "test.h"

static void set_and_wrap(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, -EIO, "cannot read page %d", 3), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.text, "cannot read page 3");
	assert_int_equal(error_wrap(&err, "account '%s'", "prod"), -EIO);
	assert_string_equal(err.text, "account 'prod': cannot read page 3");
	assert_int_equal(error_wrap(&err, "poll"), -EIO);
	assert_string_equal(err.text, "poll: account 'prod': cannot read page 3");
}

static void nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, -ENOENT, "%s", "x"), -ENOENT);
	assert_true(error_wrap(NULL, "x") < 0);
}

static void may_quote_itself(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, -EIO, "first");
	error_set(&err, -EINVAL, "second after %s", err.text);
	assert_string_equal(err.text, "second after first");
	error_wrap(&err, "[%s]", err.text);
	assert_string_equal(err.text, "[second after first]: second after first");
}

/* Cut at every phase of a three-byte character: what is left is whole characters. */
static void long_sentences_are_cut_between_characters(void **state)
{
	char chinese[sizeof(((struct error *)NULL)->text) * 2];

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(chinese); i += 3)
		memcpy(chinese + i, "麒", 4);
	for (int shift = 0; shift < 4; shift++) {
		struct error err = { 0 };
		error_set(&err, -EIO, "%.*s%s", shift, "abcd", chinese);
		assert_true(text_is_utf8(err.text, strlen(err.text)));
		assert_in_range(strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
		error_wrap(&err, "%.*s", shift, "abcd");
		assert_true(text_is_utf8(err.text, strlen(err.text)));
		error_wrap(&err, "%s", chinese);
		assert_true(text_is_utf8(err.text, strlen(err.text)));
	}
}

static void the_longest_that_fits_is_whole(void **state)
{
	char text[sizeof(((struct error *)NULL)->text)];
	struct error err = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 4, "麒", 4);
	error_set(&err, -EIO, "%s", text);
	assert_string_equal(err.text, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_wrap),
		cmocka_unit_test(nobody_needs_to_listen),
		cmocka_unit_test(may_quote_itself),
		cmocka_unit_test(long_sentences_are_cut_between_characters),
		cmocka_unit_test(the_longest_that_fits_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
