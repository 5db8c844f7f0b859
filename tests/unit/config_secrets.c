/*
 * Secret files as they are found on machines, good and bad.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>

#include "config_setup.h"

#include "config/secrets.h"

struct row {
	const char *name;
	const char *bytes;
	size_t len;
	const char *value; /* NULL: refused */
	const char *said;
};

#define BYTES(text) (text), sizeof(text) - 1

/* clang-format off */
static const struct row rows[] = {
	{ "as it is",              BYTES("abc"),             "abc" },
	{ "line end",              BYTES("abc\n"),           "abc" },
	{ "line end of Windows",   BYTES("abc\r\n"),         "abc" },
	{ "byte order mark",       BYTES("\xEF\xBB\xBF" "abc\n"), "abc" },
	{ "blanks stay",           BYTES(" a b \n"),         " a b " },
	{ "other bytes stay",      BYTES("a\xE9z"),          "a\xE9z" },
	{ "empty",                 BYTES(""),                NULL, "is empty" },
	{ "only a line end",       BYTES("\n"),              NULL, "is empty" },
	{ "only a byte order mark", BYTES("\xEF\xBB\xBF"),   NULL, "is empty" },
	{ "only blanks",           BYTES("  \n"),            NULL, "is empty" },
	{ "two line ends",         BYTES("abc\n\n"),         NULL, "has a NUL, a second line or another control character" },
	{ "two lines",             BYTES("abc\ndef\n"),      NULL, "has a NUL, a second line or another control character" },
	{ "lone CR",               BYTES("abc\r"),           NULL, "has a NUL, a second line or another control character" },
	{ "NUL",                   BYTES("a\0c"),            NULL, "has a NUL, a second line or another control character" },
	{ "UTF-16",                BYTES("\xFF\xFE" "a\0b\0"), NULL, "has a NUL, a second line or another control character" },
	{ "tab",                   BYTES("a\tc"),            NULL, "has a NUL, a second line or another control character" },
	{ "DEL",                   BYTES("a\x7F"),           NULL, "has a NUL, a second line or another control character" },
};
/* clang-format on */

static int read_path(const char *path, struct secret *secret, struct error *err)
{
	return secret_read(secret, &(struct config_secret){ .file = path }, err);
}

static void reads_row(void **state)
{
	const struct row *row = *state;
	struct folder folder;
	struct secret secret = { 0 };
	struct error err = { 0 };

	folder_init(&folder);
	folder_write(&folder, "s", row->bytes, row->len, 0600);
	int r = read_path(folder_path(&folder, "s"), &secret, &err);
	if (row->value) {
		assert_int_equal(r, 0);
		assert_string_equal(secret.bytes, row->value);
		assert_int_equal(secret.len, strlen(row->value));
	} else {
		assert_int_equal(r, -EINVAL);
		assert_non_null(strstr(err.text, row->said));
		assert_null(secret.bytes);
	}
	secret_wipe(&secret);
	assert_null(secret.bytes);
	folder_finish(&folder);
}

static void assert_refused(const char *path, int code, const char *said)
{
	struct secret secret = { 0 };
	struct error err = { 0 };

	assert_int_equal(read_path(path, &secret, &err), code);
	if (!strstr(err.text, said))
		fail_msg("'%s' is missing in '%s'", said, err.text);
	assert_null(secret.bytes);
}

static void refuses_what_is_no_file(void **state)
{
	struct folder folder;

	(void)state;
	folder_init(&folder);
	assert_refused(folder_path(&folder, "none"), -ENOENT, "cannot be read: No such file");
	assert_refused(folder.path, -EISDIR, "is a directory");
	assert_int_equal(mkfifo(folder_path(&folder, "fifo"), 0600), 0);
	assert_refused(folder_path(&folder, "fifo"), -EINVAL, "is not a regular file");
	assert_int_equal(symlink("loop", folder_path(&folder, "loop")), 0);
	assert_refused(folder_path(&folder, "loop"), -ELOOP, "cannot be read");
	assert_refused("/dev/zero", -EINVAL, "is not a regular file");
	folder_finish(&folder);
}

static void follows_a_link(void **state)
{
	struct folder folder;
	struct secret secret = { 0 };

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "target", "abc\n", 4, 0400);
	assert_int_equal(symlink("target", folder_path(&folder, "link")), 0);
	assert_int_equal(read_path(folder_path(&folder, "link"), &secret, NULL), 0);
	assert_string_equal(secret.bytes, "abc");
	secret_wipe(&secret);
	folder_finish(&folder);
}

static void bounds_the_size(void **state)
{
	static const size_t limit = 64 * 1024;
	struct folder folder;
	struct secret secret = { 0 };
	char *bytes = malloc(limit + 1);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'k', limit + 1);
	folder_init(&folder);
	folder_write(&folder, "fits", bytes, limit, 0600);
	folder_write(&folder, "large", bytes, limit + 1, 0600);
	assert_int_equal(read_path(folder_path(&folder, "fits"), &secret, NULL), 0);
	assert_int_equal(secret.len, limit);
	assert_refused(folder_path(&folder, "large"), -EFBIG, "is larger than 64 KiB");
	/* A gigabyte that costs no disk. */
	assert_int_equal(truncate(folder_path(&folder, "large"), 1 << 30), 0);
	assert_refused(folder_path(&folder, "large"), -EFBIG, "is larger than 64 KiB");
	secret_wipe(&secret);
	folder_finish(&folder);
	free(bytes);
}

/* Files under /proc say size 0 and hold something all the same. */
static void reads_a_file_of_unknown_size(void **state)
{
	struct secret secret = { 0 };

	(void)state;
	assert_int_equal(read_path("/proc/sys/kernel/ostype", &secret, NULL), 0);
	assert_string_equal(secret.bytes, "Linux");
	secret_wipe(&secret);
}

static void reads_the_value_itself(void **state)
{
	struct secret secret = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(secret_read(&secret, &(struct config_secret){ .value = "v" }, &err), 0);
	assert_string_equal(secret.bytes, "v");
	secret_wipe(&secret);
	assert_int_equal(secret_read(&secret, &(struct config_secret){ .value = "v\n" }, &err),
			 -EINVAL);
	assert_string_equal(err.text,
			    "the value has a NUL, a second line or another control character");
}

/* ---- memory: the linker sends our own calls of free() here (--wrap) --------------------- */

enum { READING_BYTES = 64 * 1024 };

/* What is freed: a block that is watched, and any that a file is read into. */
static struct {
	const void *watched;
	size_t len; /* bytes of it that held a secret; 0: nothing is looked at */
	size_t wiped, left;
} freed;

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
	static const char zeros[16];

	if (memory && freed.len > 0 &&
	    (memory == freed.watched || malloc_usable_size(memory) > READING_BYTES)) {
		if (memcmp(memory, zeros, freed.len) == 0)
			freed.wiped++;
		else
			freed.left++;
	}
	__real_free(memory);
}

static const char key[] = "hunter2";

static void wipes_what_it_frees(void **state)
{
	struct secret secret = { 0 };
	struct folder folder;

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "s", key, strlen(key), 0600);
	freed.len = strlen(key);
	assert_int_equal(read_path(folder_path(&folder, "s"), &secret, NULL), 0);
	assert_int_equal(freed.wiped, 1); /* what the file was read into */
	assert_string_equal(secret.bytes, key);
	freed.watched = secret.bytes;
	secret_wipe(&secret);
	assert_int_equal(freed.wiped, 2);
	assert_int_equal(freed.left, 0);
	freed.len = 0;
	folder_finish(&folder);
}

/* A file that is refused was read all the same. */
static void wipes_what_it_refuses(void **state)
{
	static const char two_lines[] = "hunter2\nhunter3\n";
	struct folder folder;

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "s", two_lines, strlen(two_lines), 0600);
	freed.wiped = 0;
	freed.len = strlen(key);
	assert_refused(folder_path(&folder, "s"), -EINVAL, "a second line");
	assert_int_equal(freed.wiped, 1);
	assert_int_equal(freed.left, 0);
	freed.len = 0;
	folder_finish(&folder);
}

/* ---- what loading says about them ------------------------------------------------------- */

#define YAML                                                                                       \
	"accounts:\n- {name: a, provider: ucloud, regions: [hk], public_key: p, "                  \
	"private_key_file: s}\n"

static void load_with_mode(struct loaded *loaded, mode_t mode, enum config_mode config_mode)
{
	folder_init(&loaded->folder);
	folder_write(&loaded->folder, "c.yaml", YAML, strlen(YAML), 0644);
	folder_write(&loaded->folder, "s", "hunter2\n", 8, mode);
	load_folder(loaded, config_mode);
}

static void warns_of_a_file_for_everybody(void **state)
{
	struct loaded loaded;

	(void)state;
	for (int mode = CONFIG_RUN; mode <= CONFIG_CHECK; mode++) {
		load_with_mode(&loaded, 0644, (enum config_mode)mode);
		assert_non_null(loaded.config);
		assert_told(&loaded, "c.yaml:2:79: warning: account 'a': private_key_file: "
				     "everybody may read '/tmp/");
		assert_not_told(&loaded, "hunter2");
		loaded_finish(&loaded);
	}
	load_with_mode(&loaded, 0640, CONFIG_RUN);
	assert_string_equal(buf_text(&loaded.told), "");
	loaded_finish(&loaded);
}

/* An inline secret in a file for everybody; one from the environment is none. */
static void warns_of_a_secret_in_an_open_file(void **state)
{
	static const struct {
		const char *key;
		mode_t mode;
		bool warned;
	} cases[] = {
		{ "private_key: hunter2", 0644, true },
		{ "private_key: hunter2", 0640, false },
		{ "private_key: \"${IC_KEY}\"", 0644, false },
		{ "private_key: \"${IC_NONE:-hunter2}\"", 0644, true },
	};

	(void)state;
	setenv("IC_KEY", "hunter2", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct loaded loaded;
		char yaml[256];
		snprintf(yaml, sizeof(yaml),
			 "accounts:\n- name: a\n  provider: ucloud\n  regions: [hk]\n"
			 "  public_key: p\n  %s\n",
			 cases[i].key);
		folder_init(&loaded.folder);
		folder_write(&loaded.folder, "c.yaml", yaml, strlen(yaml), cases[i].mode);
		load_folder(&loaded, CONFIG_RUN);
		assert_non_null(loaded.config);
		if (cases[i].warned)
			assert_told(&loaded, ":6:16: warning: account 'a': private_key stands in a "
					     "file that everybody may read");
		else
			assert_string_equal(buf_text(&loaded.told), "");
		assert_not_told(&loaded, "hunter2");
		loaded_finish(&loaded);
	}
}

/* Checking must not open a secret: a FIFO with nobody writing, a file nobody may read. */
static void checking_opens_no_secret(void **state)
{
	struct loaded loaded;

	(void)state;
	folder_init(&loaded.folder);
	folder_write(&loaded.folder, "c.yaml", YAML, strlen(YAML), 0644);
	folder_write(&loaded.folder, "s", "", 0, 0600);
	load_folder(&loaded, CONFIG_CHECK); /* empty: only reading would tell */
	assert_non_null(loaded.config);
	assert_string_equal(buf_text(&loaded.told), "");
	config_free(loaded.config);
	buf_finish(&loaded.told);
	load_folder(&loaded, CONFIG_RUN);
	assert_null(loaded.config);
	assert_told(&loaded, "private_key_file: there is no usable file of that name");
	loaded_finish(&loaded);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(follows_a_link),
		cmocka_unit_test(bounds_the_size),
		cmocka_unit_test(reads_a_file_of_unknown_size),
		cmocka_unit_test(reads_the_value_itself),
		cmocka_unit_test(wipes_what_it_frees),
		cmocka_unit_test(wipes_what_it_refuses),
		cmocka_unit_test(warns_of_a_file_for_everybody),
		cmocka_unit_test(warns_of_a_secret_in_an_open_file),
		cmocka_unit_test(checking_opens_no_secret),
	};
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(others)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(reads_row, &rows[i]);
	memcpy(tests + ARRAY_LEN(rows), others, sizeof(others));
	return cmocka_run_group_tests_name("config secrets", tests, NULL, NULL);
}
