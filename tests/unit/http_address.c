#include "http/address.h"
#include "tests/test.h"

#include <arpa/inet.h>

struct row {
	const char *name; /* the address */
	bool refused;
};

/* clang-format off */
static const struct row rows[] = {
	{ "169.254.169.254",          true },
	{ "169.254.0.0",              true },
	{ "169.254.255.255",          true },
	{ "169.253.255.255",          false },
	{ "169.255.0.0",              false },
	{ "254.169.254.169",          false },
	{ "127.0.0.1",                false },
	{ "10.0.0.1",                 false }, /* private clouds live there */
	{ "100.100.100.200",          false },
	{ "0.0.0.0",                  false },
	{ "fe80::1",                  true },
	{ "febf:ffff::1",             true },
	{ "fec0::1",                  false },
	{ "fe7f::1",                  false },
	{ "::1",                      false },
	{ "fd00::1",                  false },
	{ "::ffff:169.254.169.254",   true },
	{ "::ffff:a9fe:1",            true },
	{ "::ffff:169.255.0.1",       false },
	{ "::ffff:127.0.0.1",         false },
	{ "::169.254.169.254",        true },
	{ "64:ff9b::169.254.169.254", true },
	{ "64:ff9b::8.8.8.8",         false },
	{ "2002:a9fe:a9fe::1",        true },
	{ "2002:a9ff::1",             false },
	{ "1:2:3:4:5:6:a9fe:a9fe",    false },
};
/* clang-format on */

static void judges_row(void **state)
{
	const struct row *row = *state;
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *in = (void *)&storage;
	struct sockaddr_in6 *in6 = (void *)&storage;

	if (inet_pton(AF_INET, row->name, &in->sin_addr) == 1) {
		storage.ss_family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, row->name, &in6->sin6_addr), 1);
		storage.ss_family = AF_INET6;
	}
	assert_int_equal(address_is_link_local((struct sockaddr *)&storage), row->refused);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(judges_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
