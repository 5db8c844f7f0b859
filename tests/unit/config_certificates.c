/*
 * Files that `ca_file` may name: what starts, what --check says of them.
 */
#include "config_setup.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

/* Of nobody: its key was thrown away. */
#define BODY                                                                                       \
	"MIIBLjCB4aADAgECAhQL8jYh4a8myGpM18WMvXX9jvKEHTAFBgMrZXAwDDEKMAgG\n"                       \
	"A1UEAwwBdDAgFw0yNjExMjExNDMyMDdaGA8yMTI2MTAyODE0MzIwN1owDDEKMAgG\n"                       \
	"A1UEAwwBdDAqMAUGAytlcAMhALmG7VyiSTPztNEDal6OmOPUfFyuTgMrRwk2/IqE\n"                       \
	"4uV4o1MwUTAdBgNVHQ4EFgQUQHsOnhSDoOyiCu/8bOr0W2FknAcwHwYDVR0jBBgw\n"                       \
	"FoAUQHsOnhSDoOyiCu/8bOr0W2FknAcwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD\n"                       \
	"QQDiefM7J/DG/dovMmlM4vNmreHA1tMom9xyaYHEHtv0cPCkJczPhyHuaO89MayO\n"                       \
	"xur5mZyy02VcsEzMlXOTgkUB\n"

#define CERTIFICATE BEGIN BODY END

enum kind { TEXT, FOLDER, FIFO, LOOP, LARGE, NONE };

static const struct row {
	const char *name;
	const char *bytes;
	const char *told; /* NULL: it is good */
	enum kind kind;
	bool elsewhere; /* with --check a warning: another machine may have it */
} rows[] = {
	/* clang-format off */
	{ "one", CERTIFICATE },
	{ "two", CERTIFICATE CERTIFICATE },
	{ "text around them", "Our authority\n" CERTIFICATE "# and no more\n" },
	{ "line ends of Windows", "-----BEGIN CERTIFICATE-----\r\n" BODY END },
	{ "empty", "", "' has no certificate in PEM form" },
	{ "garbage", "no pem\n", "' has no certificate in PEM form" },
	{ "binary", "\x30\x82\x01\x2e\x30", "' has no certificate in PEM form" },
	{ "another thing in PEM form", "-----BEGIN X509 NOTE-----\nAAAA\n-----END X509 NOTE-----\n", "' has no certificate in PEM form" },
	{ "no end", BEGIN BODY, "' has a certificate that cannot be read" },
	{ "no base64", BEGIN "!!!!\n" END, "' has a certificate that cannot be read" },
	{ "no certificate inside", BEGIN "AAAA\n" END, "' has a certificate that cannot be read" },
	{ "a bad one behind a good one", CERTIFICATE BEGIN "AAAA\n" END, "' has a certificate that cannot be read" },
	{ "directory", NULL, "' is a directory", FOLDER },
	{ "FIFO", NULL, "' is not a regular file", FIFO },
	{ "large", "", "' is larger than 4 MiB", LARGE },
	{ "not there", NULL, "' cannot be read: No such file", NONE, true },
	{ "link to itself", NULL, "' cannot be read: Too many levels", LOOP, true },
	/* clang-format on */
};

static void make(const struct folder *folder, const struct row *row)
{
	const char *path = folder_path(folder, "ca.pem");

	if (row->bytes)
		folder_write(folder, "ca.pem", row->bytes, strlen(row->bytes), 0644);
	switch (row->kind) {
	case TEXT:
	case NONE: break;
	case FOLDER: assert_int_equal(mkdir(path, 0755), 0); break;
	case FIFO: assert_int_equal(mkfifo(path, 0644), 0); break;
	case LOOP: assert_int_equal(symlink("ca.pem", path), 0); break;
	case LARGE: assert_int_equal(truncate(path, (4 << 20) + 1), 0); break;
	}
}

static void check(const struct row *row, enum config_mode mode)
{
	static const char yaml[] =
		"accounts:\n- {name: a, " UCLOUD_KEYS ", regions: [hk], ca_file: ca.pem}\n";
	bool warned = row->elsewhere && mode == CONFIG_CHECK;
	struct loaded loaded;
	char told[160];

	folder_init(&loaded.folder);
	folder_write(&loaded.folder, "c.yaml", yaml, strlen(yaml), 0600);
	folder_write(&loaded.folder, "key", "s3cret\n", 7, 0600);
	make(&loaded.folder, row);
	load_folder(&loaded, mode);
	assert_int_equal(loaded.config != NULL, !row->told || warned);
	if (row->told) {
		snprintf(told, sizeof(told), "c.yaml:2:93: %s: account 'a': ca_file: '%s/ca.pem%s",
			 warned ? "warning" : "error", loaded.folder.path, row->told);
		assert_told(&loaded, told);
	} else {
		assert_string_equal(buf_text(&loaded.told), "");
	}
	loaded_finish(&loaded);
}

static void starts_row(void **state)
{
	check(*state, CONFIG_RUN);
}

static void checks_row(void **state)
{
	check(*state, CONFIG_CHECK);
}

int main(void)
{
	struct CMUnitTest tests[2 * ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tests[2 * i] = (struct CMUnitTest)TEST_ROW(starts_row, &rows[i]);
		tests[2 * i + 1] = (struct CMUnitTest)TEST_ROW(checks_row, &rows[i]);
	}
	return cmocka_run_group_tests_name("config certificates", tests, NULL, NULL);
}
