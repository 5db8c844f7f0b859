/*
 * The line that a problem is shown with: a caret under the right place, no control character,
 * and never a secret, whatever is wrong with the file.
 */
#include "config_setup.h"

#include "base/text.h"

#define SECRET "hunter2"

struct row {
	const char *name;
	const char *yaml;
	const char *echo; /* NULL: only the secret must not be told */
};

/* clang-format off */
static const struct row rows[] = {
	{ "whole token", "log:\n  level: loud\n",
	  "    2 |   level: loud\n"
	  "      |          ^~~~\n" },
	{ "after Chinese", "log: {说明书: 1, level: loud}\n",
	  "    1 | log: {说明书: ********, level: loud}\n"
	  "      |                                ^~~~\n" },
	{ "under Chinese", "log: {level: 高}\n",
	  "    1 | log: {level: 高}\n"
	  "      |              ^~\n" },
	{ "Chinese key", "目录: {path: x}\n",
	  "    1 | 目录: ********\n"
	  "      | ^~~~\n" },
	{ "combining mark", "log: {level: e\xCC\x81z}\n",
	  "    1 | log: {level: e\xCC\x81z}\n"
	  "      |              ^~\n" },
	{ "tab before the value", "log:\n  level:\tloud\n",
	  "    2 |   level: loud\n"
	  "      |          ^~~~\n" },
	{ "Chinese blank", "log: {level: lo\xE3\x80\x80ud}\n",
	  "    1 | log: {level: lo\xE3\x80\x80ud}\n"
	  "      |              ^~~~~~\n" },
	{ "bidi override is replaced", "log: {level: \"lo\xE2\x80\xAEud\"}\n",
	  "    1 | log: {level: \"lo\xEF\xBF\xBDud\"}\n"
	  "      |              ^~~~~~~\n" },
	{ "end of a line", "log: [\n",
	  "    2 | \n      | ^\n" },
	{ "last line without its end", "log: {level: loud}",
	  "    1 | log: {level: loud}\n"
	  "      |              ^~~~\n" },
	{ "line of Windows", "log: {level: loud}\r\n",
	  "    1 | log: {level: loud}\n"
	  "      |              ^~~~\n" },
	{ "second line of a text", "log:\n  level: \"a\n    b\"\n",
	  "    2 |   level: \"a\n"
	  "      |          ^\n" },
	{ "misspelt key that is harmless", "defaults: {intervall: 5m}\n",
	  "    1 | defaults: {intervall: 5m}\n"
	  "      |            ^~~~~~~~~\n" },
	{ "path of a secret file", "accounts:\n- name: a\n  private_key_file: /nonexistent/x\n  provider: ucloud\n",
	  "    3 |   private_key_file: /nonexistent/x\n"
	  "      |                     ^~~~~~~~~~~~~~\n" },
	{ "behind a masked value", "accounts:\n- {provider: ucloud, private_key: " SECRET ", name: 'a b'}\n",
	  "    2 | - {provider: ucloud, private_key: ********, name: 'a b'}\n"
	  "      |                                                   ^~~~~\n" },
	{ "behind a masked quoted value", "accounts:\n- {provider: ucloud, private_key: \"x, \\\" " SECRET "\", name: 'a b'}\n",
	  "    2 | - {provider: ucloud, private_key: ********, name: 'a b'}\n"
	  "      |                                                   ^~~~~\n" },
	{ "behind a masked single-quoted value", "accounts:\n- {provider: ucloud, private_key: 'x, '' " SECRET "', name: 'a b'}\n",
	  "    2 | - {provider: ucloud, private_key: ********, name: 'a b'}\n"
	  "      |                                                   ^~~~~\n" },
	{ "inside a masked value", "accounts:\n- private_key: a$" SECRET "\n  provider: ucloud\n",
	  "    2 | - private_key: ********\n"
	  "      |                        ^\n" },

	{ "secret under a misspelt key", "accounts:\n- {provider: ucloud, privat_key: " SECRET "}\n" },
	{ "secret under another misspelt key", "accounts:\n- name: a\n  secretkey: " SECRET "\n" },
	{ "secret under a key of nobody", "accounts:\n- name: a\n  pwd: " SECRET "\n" },
	{ "secret under a Chinese key", "accounts:\n- name: a\n  密钥: " SECRET "\n" },
	{ "secret behind a Chinese colon", "accounts:\n- name: a\n  private_key： " SECRET "\n" },
	{ "secret under a key with odd characters", "accounts:\n- name: a\n  pass.wd/x: " SECRET "\n" },
	{ "secret behind a Chinese blank", "accounts:\n- name: a\n  pwd:\xE3\x80\x80" SECRET "\n" },
	{ "secret without a blank", "accounts:\n- name: a\n  private_key:" SECRET "\n" },
	{ "secret behind an equals sign", "accounts:\n- name: a\n  private_key = " SECRET "\n" },
	{ "secret without any sign", "accounts:\n- name: a\n  private_key " SECRET "\n" },
	{ "secret with a slash", "accounts:\n- private_key:/" SECRET "\n" },
	{ "secret twice", "accounts:\n- private_key: x\n  private_key: " SECRET "\n" },
	{ "secret in a list", "accounts:\n- private_key: [" SECRET "]\n  provider: ucloud\n" },
	{ "secret in a list below", "accounts:\n- provider: ucloud\n  private_key:\n  - " SECRET "\n" },
	{ "secret in a map", "accounts:\n- provider: ucloud\n  private_key: {x: " SECRET "}\n" },
	{ "secret as a block", "accounts:\n- provider: ucloud\n  private_key: |\n    " SECRET "\n    x\n" },
	{ "secret over two lines", "accounts:\n- {provider: ucloud, private_key: \"x\n    " SECRET "\", name: 'a b'}\n" },
	{ "secret before a syntax error", "accounts:\n- private_key: \"" SECRET "\n" },
	{ "secret in the line of a syntax error", "accounts:\n- private_key: " SECRET ": x: y\n" },
	{ "secret in the line after", "accounts:\n- private_key: |\n " SECRET "\n  x\n y: [\n" },
	{ "secret in a broken map", "accounts:\n- {private_key: " SECRET " name: [a}\n" },
	{ "secret with a tag", "accounts:\n- provider: ucloud\n  private_key: !x " SECRET "\n" },
	{ "secret as an alias", "accounts:\n- provider: ucloud\n  private_key: *" SECRET "\n" },
	{ "secret with a control character", "accounts:\n- provider: ucloud\n  private_key: \"" SECRET "\\e\"\n" },
	{ "secret as its own file", "accounts:\n- provider: ucloud\n  private_key_file: " SECRET "\n" },
	{ "secret as the key of another cloud", "accounts:\n- provider: ucloud\n  secret_access_key: " SECRET "\n" },
	{ "secret in a default", "defaults:\n  private_key: " SECRET "\n" },
	{ "secret in a header", "accounts:\n- provider: ucloud\n  headers: {A B: " SECRET "}\n" },
	{ "secret in a header with a line break", "accounts:\n- provider: ucloud\n  headers:\n    A: \"" SECRET "\\r\\n\"\n" },
	{ "password of an endpoint", "accounts:\n- provider: ucloud\n  endpoint: https://me:" SECRET "@x/\n" },
	{ "password with an at sign", "accounts:\n- provider: ucloud\n  endpoint: https://me:x@y" SECRET "@x/\n" },
	{ "password with a blank", "accounts:\n- provider: ucloud\n  endpoint: https://me:x " SECRET "@x/\n" },
	{ "password with a slash", "accounts:\n- provider: ucloud\n  endpoint: https://me:x/" SECRET "@x/\n" },
	{ "password without a scheme", "accounts:\n- provider: ucloud\n  endpoint: me:" SECRET "@x\n" },
	{ "user without a scheme", "accounts:\n- provider: ucloud\n  endpoint: " SECRET "@x\n" },
	{ "password of a proxy", "accounts:\n- provider: ucloud\n  proxy: ftp://me:" SECRET "@x/\n" },
	{ "proxy that is only a password", "accounts:\n- provider: ucloud\n  proxy: " SECRET "\n" },
	{ "a key file as configuration", SECRET "\n" },
	{ "a key file with a broken end", "x" SECRET ": [\n" },
	{ "two lines of a key file", "[" SECRET "\n" SECRET "\n" },
};
/* clang-format on */

static void echoes(void **state)
{
	const struct row *row = *state;
	struct loaded loaded;

	load_bytes(&loaded, row->yaml, strlen(row->yaml), CONFIG_RUN);
	assert_int_not_equal(loaded.result, 0);
	if (row->echo)
		assert_told(&loaded, row->echo);
	assert_not_told(&loaded, SECRET);
	loaded_finish(&loaded);
}

/* The line above the caret, the caret's line. */
static void find_echo(const struct loaded *loaded, char line[static 512], char caret[static 512])
{
	const char *start = strstr(buf_text(&loaded->told), " | ");

	assert_non_null(start);
	assert_int_equal(sscanf(start, " | %511[^\n]\n      | %511[^\n]", line, caret), 2);
}

/* A long line is cut around the place, a very long one is not shown at all. */
static void cuts_long_lines(void **state)
{
	struct loaded loaded;
	struct buf yaml;
	char line[512], caret[512];

	(void)state;
	for (int padding = 0; padding < 2000; padding += 499) {
		buf_init(&yaml);
		buf_printf(&yaml, "log: {%*s level: 高高, format: auto}\n", padding, "");
		load_bytes(&loaded, buf_text(&yaml), yaml.len, CONFIG_RUN);
		find_echo(&loaded, line, caret);
		size_t column = strlen(caret) - 4;
		assert_true(text_width(line) <= 100);
		assert_string_equal(caret + column, "^~~~");
		/* sscanf() ate the blanks before the line and the caret alike. */
		assert_true(strstr(line, "高高") != NULL);
		loaded_finish(&loaded);
		buf_finish(&yaml);
	}
	buf_init(&yaml);
	buf_printf(&yaml, "log: {%*s level: loud}\n", 5000, "");
	load_bytes(&loaded, buf_text(&yaml), yaml.len, CONFIG_RUN);
	assert_told(&loaded, "c.yaml:1:5015: error: log.level 'loud' is none of error, warn, info "
			     "and debug\n1 error; configuration not loaded\n");
	loaded_finish(&loaded);
	buf_finish(&yaml);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(echoes, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(cuts_long_lines);
	return cmocka_run_group_tests_name("config echo", tests, NULL, NULL);
}
