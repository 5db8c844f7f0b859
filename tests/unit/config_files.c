/*
 * Files that cannot be read, files of conf.d, files that are too much.
 */
#include <errno.h>
#include <fcntl.h>

#include "config_setup.h"

#include "config/document.h"

/* ---- one bad file ----------------------------------------------------------------------- */

struct row {
	const char *name;
	const char *bytes;
	size_t len;
	const char *told;
};

#define BYTES(text) (text), sizeof(text) - 1

/* clang-format off */
static const struct row rows[] = {
	{ "empty", BYTES(""), "c.yaml: error: the file is empty\n1 error; configuration not loaded\n" },
	{ "only comments", BYTES("# a\n\n"), "c.yaml: error: there is nothing but comments in the file\n1 error" },
	{ "only a mark", BYTES("---\n"), "error: there is nothing but comments in the file\n" },
	{ "no YAML", BYTES("log: [\n"), ":2:1: error: YAML: did not find expected node content\n" },
	{ "unfinished quote", BYTES("log: 'x\n"), "error: YAML: found unexpected end of stream, while scanning a quoted scalar (line 1)" },
	{ "list that is none", BYTES("accounts:\n  - a\n  b: c\n"), ":3:3: error: YAML: did not find expected '-' indicator, while parsing a block collection (line 2)" },
	{ "tab", BYTES("log:\n\tlevel: info\n"), ":2:1: error: YAML: found character that cannot start any token (a tab cannot indent: use spaces)" },
	{ "two documents", BYTES("log: {}\n---\nlog: {}\n"), ":2:1: error: the file holds more than one document (---)" },
	{ "tag", BYTES("log: {level: !secret x}\n"), ":1:14: error: tags such as !name are not supported" },
	{ "tag of a map", BYTES("log: !include {a: b}\n"), "error: tags such as !name are not supported" },
	{ "key is a list", BYTES("? [a, b]\n: c\n"), ":1:3: error: a key must be a word, not a list or a map" },
	{ "key with a NUL", BYTES("\"log\\0x\": {}\n"), "error: a key has a NUL character" },
	{ "unknown alias", BYTES("log: *none\n"), ":1:6: error: the alias stands for nothing: no such anchor before it" },
	{ "alias inside itself", BYTES("log: &a {x: *a}\n"), ":1:13: error: the alias contains itself" },
	{ "NUL", BYTES("log:\n  a\0b\n"), ":2:4: error: the file is not UTF-8 text" },
	{ "Latin 1", BYTES("log: {level: \xE9}\n"), ":1:14: error: the file is not UTF-8 text" },
	{ "Latin 1 after Chinese", BYTES("# 中文\nlog: 中\xE9\n"), ":2:7: error: the file is not UTF-8 text" },
	{ "UTF-16", BYTES("\xFF\xFEl\0o\0g\0"), ":1:1: error: the file is not UTF-8 text" },
	{ "control character", BYTES("log: {level: 中\x01}\n"), ":1:15: error: YAML: control characters are not allowed" },
};
/* clang-format on */

static void refuses_row(void **state)
{
	const struct row *row = *state;
	struct loaded loaded;

	load_bytes(&loaded, row->bytes, row->len, CONFIG_RUN);
	assert_null(loaded.config);
	assert_told(&loaded, row->told);
	assert_told(&loaded, "\n1 error; configuration not loaded\n");
	loaded_finish(&loaded);
}

static void refuses(const char *path, const char *told)
{
	struct config *config = NULL;
	struct buf out;

	buf_init(&out);
	assert_true(config_load(&config, path, fake_providers, CONFIG_RUN, &out) < 0);
	assert_null(config);
	if (!strstr(buf_text(&out), told))
		fail_msg("'%s' is missing in '%s'", told, buf_text(&out));
	buf_finish(&out);
}

static void refuses_what_is_no_file(void **state)
{
	struct folder folder;

	(void)state;
	folder_init(&folder);
	refuses(folder_path(&folder, "none"), "/none: error: cannot be opened: No such file or "
					      "directory\n1 error; configuration");
	refuses(folder.path, ": error: this is a directory, not a file\n");
	assert_int_equal(mkfifo(folder_path(&folder, "fifo"), 0600), 0);
	refuses(folder_path(&folder, "fifo"), ": error: this is not a regular file\n");
	refuses("/dev/zero", "/dev/zero: error: this is not a regular file\n");
	refuses("", ": error: cannot be opened: No such file or directory\n");
	folder_write(&folder, "large", "a: b\n", 5, 0600);
	assert_int_equal(truncate(folder_path(&folder, "large"), 100 << 20), 0);
	refuses(folder_path(&folder, "large"), ": error: the file is larger than 4 MiB\n");
	folder_finish(&folder);
}

/* The name of a file is text of others as well. */
static void cleans_the_name_of_a_file(void **state)
{
	(void)state;
	refuses("/tmp/a\x1b[31m\nb", "/tmp/a\xEF\xBF\xBD[31m b: error: cannot be opened");
}

/* ---- written while it is read: the linker sends our own calls of pread() here (--wrap) ----- */

enum { READ_TRIES = 5 };

static const struct change_row {
	const char *name;
	const char *odd, *even; /* what the file holds after the first change, the second … */
	unsigned changes;
	enum log_level level; /* what is loaded; not after as many changes as there are tries */
	bool same_time;
} change_rows[] = {
	/* clang-format off */
	{ "not at all", "", "", 0, LOG_LEVEL_INFO },
	{ "once, same length", "log: {level: warn}\n", "", 1, LOG_LEVEL_WARN },
	{ "once, longer, same time", "log: {level: error}\n", "", 1, LOG_LEVEL_ERROR, true },
	{ "once, shorter, same time", "log: {}\n", "", 1, LOG_LEVEL_INFO, true },
	{ "four times", "log: {level: warn}\n", "log: {level: debug}\n", 4, LOG_LEVEL_DEBUG },
	{ "each time", "log: {level: warn}\n", "log: {level: debug}\n", 5, LOG_LEVEL_WARN },
	/* clang-format on */
};

static struct {
	const struct change_row *row; /* NULL: nobody writes */
	const char *path;
	struct timespec time; /* of the file's last change */
	unsigned done;
} writer;

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);

static void write_again(const char *text)
{
	const struct timespec times[2] = { writer.time, writer.time };
	int fd = open(writer.path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

/* Somebody writes the file as soon as its first bytes were read. */
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	ssize_t n = __real_pread(fd, bytes, size, offset);

	if (writer.row && writer.done < writer.row->changes && offset == 0) {
		writer.time.tv_nsec += writer.row->same_time ? 0 : 1;
		write_again(++writer.done % 2 ? writer.row->odd : writer.row->even);
	}
	return n;
}

static void settles_row(void **state)
{
	static const char text[] = "log: {level: info}\n";
	const struct change_row *row = *state;
	struct loaded loaded;
	char path[256];

	folder_init(&loaded.folder);
	strcpy(path, folder_path(&loaded.folder, "c.yaml"));
	folder_write(&loaded.folder, "c.yaml", text, strlen(text), 0644);
	writer.path = path;
	writer.time = (struct timespec){ .tv_sec = 1700000000 };
	writer.done = 0;
	write_again(text);
	writer.row = row;
	load_folder(&loaded, CONFIG_SECTIONS);
	writer.row = NULL;
	assert_int_equal(writer.done, row->changes);
	if (row->changes < READ_TRIES) {
		assert_non_null(loaded.config);
		assert_int_equal(loaded.config->log.level, row->level);
	} else {
		assert_null(loaded.config);
		assert_told(&loaded, "c.yaml: error: the file kept changing while it was read\n");
	}
	loaded_finish(&loaded);
}

/* ---- too much ---------------------------------------------------------------------------- */

static void told_of(struct buf *yaml, const char *told)
{
	struct loaded loaded;

	assert_false(yaml->failed);
	load_bytes(&loaded, buf_text(yaml), yaml->len, CONFIG_RUN);
	if (*told)
		assert_told(&loaded, told);
	else if (loaded.result < 0)
		fail_msg("%.2000s", buf_text(&loaded.told));
	loaded_finish(&loaded);
	buf_finish(yaml);
}

static void bounds_depth(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	buf_puts(&yaml, "log: ");
	for (int i = 0; i < 100000; i++)
		buf_putc(&yaml, '[');
	told_of(&yaml, "lists and maps are nested more than 32 deep");
	for (int i = 0; i < 200; i++)
		buf_printf(&yaml, "%*sa:\n", i, "");
	told_of(&yaml, "lists and maps are nested more than 32 deep");
}

/* Each line doubles the one before: 2^64 values in the end. */
static void bounds_aliases(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	buf_puts(&yaml, "x0: &a0 [1, 1]\n");
	for (int i = 1; i < 64; i++)
		buf_printf(&yaml, "x%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	told_of(&yaml, "the file has more than 500000 values, aliases written out");
}

static void bounds_values(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	buf_puts(&yaml, "x: [");
	for (int i = 0; i < DOCUMENT_NODES_MAX; i++)
		buf_puts(&yaml, "a,\n");
	buf_puts(&yaml, "a]\n");
	told_of(&yaml, "the file has more than 500000 values, aliases written out");
}

static void bounds_keys(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	for (int i = 0; i <= DOCUMENT_KEYS_MAX; i++)
		buf_printf(&yaml, "k%d: 1\n", i);
	told_of(&yaml, ":1001:1: error: a map has more than 1000 keys");
}

static void bounds_what_is_told(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	buf_puts(&yaml, "accounts:\n");
	for (int i = 0; i < 3000; i++)
		buf_puts(&yaml, "- x\n");
	told_of(&yaml, "\nand 2000 more problems\n3000 errors; configuration not loaded\n");
}

static void loads_ten_thousand_accounts(void **state)
{
	struct buf yaml = { 0 };

	(void)state;
	buf_puts(&yaml, "accounts:\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&yaml,
			   "- name: account-%d\n  provider: ucloud\n  public_key: p%d\n"
			   "  private_key: s%d\n  regions: [cn-bj2, hk, sg, cn-sh2]\n"
			   "  zones: [cn-bj2-02, hk-02]\n  services: [uhost, uk8s]\n"
			   "  interval: 5m\n  timeout: 20s\n",
			   i, i, i);
	told_of(&yaml, "");
}

/* ---- conf.d ------------------------------------------------------------------------------ */

static void add_fragment(const struct folder *folder, const char *name, const char *text)
{
	char path[64];

	(void)mkdir(folder_path(folder, "conf.d"), 0700);
	snprintf(path, sizeof(path), "conf.d/%s", name);
	folder_write(folder, path, text, strlen(text), 0600);
}

static void start(struct loaded *loaded, const char *main_text)
{
	folder_init(&loaded->folder);
	folder_write(&loaded->folder, "c.yaml", main_text, strlen(main_text), 0600);
	folder_write(&loaded->folder, "key", "s3cret\n", 7, 0600);
}

#define KEYS "provider: ucloud, public_key: p, regions: [hk], private_key_file: "

static void merges_fragments_in_name_order(void **state)
{
	struct loaded loaded;

	(void)state;
	start(&loaded, "catalog: {path: /a, keep_polls: 1d}\nlog: {level: warn}\n"
		       "defaults: {interval: 1m}\n"
		       "accounts:\n- {name: one, " KEYS "key}\n");
	add_fragment(&loaded.folder, "20-b.yaml",
		     "catalog: {path: /b}\nlog:\naccounts:\n- {name: three, " KEYS "../key}\n");
	add_fragment(&loaded.folder, "10-a.yaml",
		     "catalog: {path: /c}\ndefaults: {timeout: 3s}\n"
		     "accounts:\n- {name: two, " KEYS "../key}\n");
	add_fragment(&loaded.folder, "30-none.yaml", "# nothing\n");
	add_fragment(&loaded.folder, "40-c.yml", "log: {level: debug}\n");
	add_fragment(&loaded.folder, ".hidden.yaml", "log: {level: debug}\n");
	load_folder(&loaded, CONFIG_RUN);
	if (!loaded.config)
		fail_msg("%s", buf_text(&loaded.told));
	const struct config *config = loaded.config;
	assert_string_equal(config->catalog.path, "/b");
	assert_int_equal(config->catalog.keep_polls_s, 86400);
	assert_int_equal(config->log.level, LOG_LEVEL_WARN);
	assert_int_equal(config->account_count, 3);
	assert_string_equal(config->accounts[0].name, "one");
	assert_string_equal(config->accounts[1].name, "two");
	assert_string_equal(config->accounts[2].name, "three");
	assert_int_equal(config->accounts[2].interval_s, 60);
	assert_int_equal(config->accounts[0].timeout_ms, 3000);
	loaded_finish(&loaded);
}

static void fragments_alone_may_have_the_accounts(void **state)
{
	struct loaded loaded;

	(void)state;
	start(&loaded, "accounts:\n");
	add_fragment(&loaded.folder, "a.yaml", "accounts:\n- {name: one, " KEYS "../key}\n");
	load_folder(&loaded, CONFIG_RUN);
	assert_non_null(loaded.config);
	assert_int_equal(loaded.config->account_count, 1);
	loaded_finish(&loaded);
}

/* Problems of all files come at once, each with its own file, in the order of reading. */
static void tells_the_file_of_each_problem(void **state)
{
	struct loaded loaded;

	(void)state;
	start(&loaded, "log: {level: x}\naccounts:\n- {name: one, " KEYS "key}\n");
	add_fragment(&loaded.folder, "a.yaml",
		     "\naccounts:\n- {name: one, " KEYS "../key}\n- {name: two, " KEYS "none}\n");
	add_fragment(&loaded.folder, "b.yaml", "log: [\n");
	add_fragment(&loaded.folder, "c.yaml", "limits: x\n");
	load_folder(&loaded, CONFIG_RUN);
	assert_null(loaded.config);
	assert_told(&loaded, "/c.yaml:1:14: error: log.level 'x' is none of");
	assert_told(&loaded, "/conf.d/a.yaml:3:10: error: account 'one' exists already: the other "
			     "one is at /tmp/");
	assert_told(&loaded, "/c.yaml:3:10\n");
	assert_told(&loaded,
		    "/conf.d/a.yaml:4:81: error: account 'two': private_key_file: there is");
	assert_told(&loaded, "/conf.d/b.yaml:2:1: error: YAML: ");
	assert_told(&loaded, "/conf.d/c.yaml:1:9: error: 'limits' must be a map of KEY: VALUE");
	assert_told(&loaded, "\n5 errors; configuration not loaded\n");
	assert_true(strstr(buf_text(&loaded.told), "/conf.d/a.yaml:3") <
		    strstr(buf_text(&loaded.told), "/conf.d/b.yaml:2"));
	loaded_finish(&loaded);
}

static void refuses_a_folder_that_is_none(void **state)
{
	struct loaded loaded;

	(void)state;
	start(&loaded, "log:\n");
	folder_write(&loaded.folder, "conf.d", "x", 1, 0600);
	load_folder(&loaded, CONFIG_RUN);
	assert_told(&loaded, "/conf.d: error: cannot be read: Not a directory\n1 error");
	loaded_finish(&loaded);
}

/* Two sections that one alias shares: merging into one must leave the other alone. */
static void merging_leaves_aliases_alone(void **state)
{
	struct loaded loaded;

	(void)state;
	start(&loaded, "defaults: {headers: &h {A: x}}\naccounts:\n- {name: one, headers: *h, " KEYS
		       "key}\n");
	add_fragment(&loaded.folder, "a.yaml", "defaults: {headers: {B: y}}\n");
	load_folder(&loaded, CONFIG_RUN);
	assert_non_null(loaded.config);
	assert_string_equal(loaded.config->accounts[0].headers[0].name, "A");
	assert_null(loaded.config->accounts[0].headers[1].name);
	loaded_finish(&loaded);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(cleans_the_name_of_a_file),
		cmocka_unit_test(bounds_depth),
		cmocka_unit_test(bounds_aliases),
		cmocka_unit_test(bounds_values),
		cmocka_unit_test(bounds_keys),
		cmocka_unit_test(bounds_what_is_told),
		cmocka_unit_test(loads_ten_thousand_accounts),
		cmocka_unit_test(merges_fragments_in_name_order),
		cmocka_unit_test(fragments_alone_may_have_the_accounts),
		cmocka_unit_test(tells_the_file_of_each_problem),
		cmocka_unit_test(refuses_a_folder_that_is_none),
		cmocka_unit_test(merging_leaves_aliases_alone),
	};
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(others) + ARRAY_LEN(change_rows)];
	struct CMUnitTest *next = tests + ARRAY_LEN(rows) + ARRAY_LEN(others);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(refuses_row, &rows[i]);
	memcpy(tests + ARRAY_LEN(rows), others, sizeof(others));
	for (size_t i = 0; i < ARRAY_LEN(change_rows); i++)
		next[i] = (struct CMUnitTest)TEST_ROW(settles_row, &change_rows[i]);
	return cmocka_run_group_tests_name("config files", tests, NULL, NULL);
}
