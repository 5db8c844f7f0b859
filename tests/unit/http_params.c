#include "http/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/listen.h"
#include "tests/test.h"

struct row {
	const char *name; /* the query */
	int result;
	const char *decoded; /* "name|value;" for each pair */
};

/* clang-format off */
static const struct row rows[] = {
	{ "", 0, "" },
	{ "a=1&b=2", 0, "a|1;b|2;" },
	{ "b=2&a=1&b=3", 0, "b|2;a|1;b|3;" },
	{ "&&a=1&&", 0, "a|1;" },
	{ "a", 0, "a|;" },
	{ "a=", 0, "a|;" },
	{ "=x", 0, "|x;" },
	{ "a=b=c", 0, "a|b=c;" },
	{ "a+b=c+d", 0, "a b|c d;" },
	{ "%61%2b=%E4%BD%A0%20%26%3d", 0, "a+|\xe4\xbd\xa0 &=;" },
	{ "q=%F0%9F%9A%80", 0, "q|\xf0\x9f\x9a\x80;" },
	{ "a=%", -EINVAL, NULL },
	{ "a=%4", -EINVAL, NULL },
	{ "a=%4g", -EINVAL, NULL },
	{ "%=1", -EINVAL, NULL },
	{ "a=%00", -EINVAL, NULL },
	{ "a=1&b=%zz", -EINVAL, NULL },
};

static const struct address_row { const char *name; bool good, local; } address_rows[] = {
	{ "127.0.0.1:0",          true,  true },
	{ "localhost:0",          true,  true },
	{ "[::1]:0",              true,  true },
	{ "0.0.0.0:0",            true,  false },
	{ "unix:/tmp/imagecat-listen-test", true, true },
	{ "127.0.0.1",            false, false },
	{ "127.0.0.1:",           false, false },
	{ "127.0.0.1:65536",      false, false },
	{ "127.0.0.1:-1",         false, false },
	{ "example.com:80",       false, false },
	{ ":80",                  false, false },
	{ "unix:",                false, false },
	{ "",                     false, false },
};
/* clang-format on */

static void parses(void **state)
{
	const struct row *row = *state;
	struct http_params params = { 0 };
	char text[256] = "";
	size_t len = strlen(row->name);
	char *exact = malloc(len ? len : 1); /* so that a read past the end is seen */

	assert_non_null(exact);
	memcpy(exact, row->name, len);
	assert_int_equal(http_params_parse(&params, exact, len), row->result);
	free(exact);
	if (row->result < 0)
		return;
	for (size_t i = 0; i < params.count; i++) {
		strcat(text, params.items[i].name);
		strcat(text, "|");
		strcat(text, params.items[i].value);
		strcat(text, ";");
	}
	assert_string_equal(text, row->decoded);
	http_params_finish(&params);
}

static void finds_the_first(void **state)
{
	struct http_params params;

	(void)state;
	assert_int_equal(http_params_parse(&params, "a=1&b=&a=2", 10), 0);
	assert_string_equal(http_params_get(&params, "a"), "1");
	assert_string_equal(http_params_get(&params, "b"), "");
	assert_null(http_params_get(&params, "A"));
	http_params_finish(&params);
}

static void refuses_a_flood(void **state)
{
	struct http_params params;
	char flood[2 * HTTP_PARAMS_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(flood); i++)
		flood[i] = i % 2 ? '&' : 'a';
	assert_int_equal(http_params_parse(&params, flood, sizeof(flood)), -E2BIG);
	assert_int_equal(http_params_parse(&params, flood, 2 * HTTP_PARAMS_MAX - 1), 0);
	assert_int_equal(params.count, HTTP_PARAMS_MAX);
	http_params_finish(&params);
}

static void keeps_plus_in_paths(void **state)
{
	char path[] = "/a+b%2Fc";

	(void)state;
	assert_int_equal(http_unescape(path, strlen(path), false), 6);
	assert_memory_equal(path, "/a+b/c", 6);
}

static void opens_addresses(void **state)
{
	const struct address_row *row = *state;
	struct error err = { 0 };
	int fd = listen_open(row->name, &err);

	assert_int_equal(fd >= 0, row->good);
	assert_int_equal(listen_is_local(row->name), row->local);
	if (!row->good) {
		assert_int_not_equal(err.text[0], '\0');
		return;
	}
	assert_int_equal(listen_port(fd) > 0, listen_path(row->name) == NULL);
	/* It is taken now: neither a port nor a socket file can be opened twice. */
	if (listen_path(row->name))
		assert_true(listen_open(row->name, &err) < 0);
	close(fd);
	/* A file that nobody listens on any more is replaced. */
	if (!listen_path(row->name))
		return;
	fd = listen_open(row->name, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(listen_path(row->name)), 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(address_rows) + 3] = {
		cmocka_unit_test(finds_the_first),
		cmocka_unit_test(refuses_a_flood),
		cmocka_unit_test(keeps_plus_in_paths),
	};
	size_t n = 3;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(parses, &rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(address_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(opens_addresses, &address_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
