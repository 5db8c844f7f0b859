/*
 * Whose requests are answered.
 */
#include "export/guard.h"

#include "tests/test.h"

static const char *const names[] = { "proxy.example", "Other.Example", NULL };

/* clang-format off */
static const struct row {
	const char *name, *listen, *host;
	bool allowed;
} rows[] = {
	{ "localhost",                 "127.0.0.1:8480", "localhost:8480", true },
	{ "any case",                  "127.0.0.1:8480", "LocalHost", true },
	{ "another port: a tunnel",    "127.0.0.1:8480", "localhost:1", true },
	{ "loopback",                  "127.0.0.1:8480", "127.0.0.1:8480", true },
	{ "loopback's network",        "127.0.0.1:8480", "127.8.9.10", true },
	{ "loopback of six",           "127.0.0.1:8480", "[::1]:8480", true },
	{ "a configured name",         "127.0.0.1:8480", "proxy.example", true },
	{ "a configured name's case",  "127.0.0.1:8480", "OTHER.example:443", true },
	{ "none",                      "127.0.0.1:8480", NULL, false },
	{ "empty",                     "127.0.0.1:8480", "", false },
	{ "another name",              "127.0.0.1:8480", "evil.example", false },
	{ "ours as a label of another", "127.0.0.1:8480", "localhost.evil.example", false },
	{ "ours at the end of another", "127.0.0.1:8480", "evillocalhost", false },
	{ "an address as a label",     "127.0.0.1:8480", "127.0.0.1.evil.example", false },
	{ "a user before it",          "127.0.0.1:8480", "localhost@evil.example", false },
	{ "another address",           "127.0.0.1:8480", "10.0.0.1", false },
	{ "an address as a number",    "127.0.0.1:8480", "2130706433", false },
	{ "a port that is none",       "127.0.0.1:8480", "localhost:8x", false },
	{ "two ports",                 "127.0.0.1:8480", "localhost:80:80", false },
	{ "an open bracket",           "127.0.0.1:8480", "[::1", false },
	{ "behind the bracket",        "127.0.0.1:8480", "[::1]x", false },
	{ "six without brackets",      "127.0.0.1:8480", "::1", false },
	{ "a blank",                   "127.0.0.1:8480", " localhost", false },
	{ "the machine, on loopback",  "127.0.0.1:8480", "machine", false },
	{ "the machine",               "10.1.2.3:8480",  "machine:8480", true },
	{ "where it listens",          "10.1.2.3:8480",  "10.1.2.3:8480", true },
	{ "beside where it listens",   "10.1.2.3:8480",  "10.1.2.4", false },
	{ "where it listens, six",     "[fd00::5]:8480", "[FD00::5]:8480", true },
	{ "all addresses, an address", "0.0.0.0:8480",   "192.168.1.5", true },
	{ "all addresses, of six",     "[::]:8480",      "[fd00::1]", true },
	{ "all addresses, a name",     "0.0.0.0:8480",   "evil.example", false },
	{ "a socket, any name",        "unix:/x",        "evil.example", true },
	{ "a socket, none",            "unix:/x",        NULL, true },
};
/* clang-format on */

static void allows(void **state)
{
	const struct row *row = *state;
	struct guard *guard = guard_open(row->listen, "machine", names);

	assert_non_null(guard);
	assert_int_equal(guard_allows_host(guard, row->host), row->allowed);
	guard_close(guard);
}

static void other_sites(void **state)
{
	(void)state;
	assert_true(guard_allows_site(NULL));
	assert_true(guard_allows_site("same-origin"));
	assert_true(guard_allows_site("none"));
	assert_false(guard_allows_site("cross-site"));
	assert_false(guard_allows_site("Cross-Site"));
}

static void links(void **state)
{
	(void)state;
	assert_true(guard_is_link("navigate", "document"));
	assert_true(guard_is_link("Navigate", "Document"));
	assert_false(guard_is_link("navigate", "iframe"));
	assert_false(guard_is_link("navigate", ""));
	assert_false(guard_is_link("no-cors", "document"));
	assert_false(guard_is_link("navigate", NULL));
	assert_false(guard_is_link(NULL, "document"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 2];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(allows, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(other_sites);
	tests[ARRAY_LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(links);
	return cmocka_run_group_tests_name("export guard", tests, NULL, NULL);
}
