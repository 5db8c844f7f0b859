/*
 * The shipped imagecat.yaml against the table of options, and what a reload compares.
 */
#include "config_setup.h"

#include "config/options.h"

#define SHIPPED FIXTURES "/../../config/imagecat.yaml"

static void read_shipped(struct buf *out)
{
	char bytes[4096];
	FILE *file = fopen(SHIPPED, "r");

	assert_non_null(file);
	buf_init(out);
	for (size_t n; (n = fread(bytes, 1, sizeof(bytes), file)) > 0;)
		buf_put(out, bytes, n);
	fclose(file);
}

/* A new row of the table changes the shipped file: the test leaves what it should be. */
static void shipped_file_is_generated(void **state)
{
	struct buf shipped, generated;

	(void)state;
	read_shipped(&shipped);
	buf_init(&generated);
	option_put_example(&generated);
	if (strcmp(buf_text(&shipped), buf_text(&generated)) != 0) {
		FILE *file = fopen(BUILD_DIR "/imagecat.yaml", "w");
		assert_non_null(file);
		fputs(buf_text(&generated), file);
		fclose(file);
		fail_msg("config/imagecat.yaml differs from the table of options: copy %s",
			 BUILD_DIR "/imagecat.yaml");
	}
	buf_finish(&shipped);
	buf_finish(&generated);
}

static void every_option_is_documented(void **state)
{
	struct buf shipped;
	char line[128];

	(void)state;
	read_shipped(&shipped);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		snprintf(line, sizeof(line), "%s: ", options[i].key ? options[i].key : "");
		if (!strstr(buf_text(&shipped), line))
			fail_msg("%s is not documented", line);
	}
	for (const char *const *section = option_sections; *section; section++) {
		snprintf(line, sizeof(line), "\n%s:\n", *section);
		assert_non_null(strstr(buf_text(&shipped), line));
	}
	buf_finish(&shipped);
}

static void print(const struct loaded *loaded, struct buf *out)
{
	if (!loaded->config)
		fail_msg("refused:\n%s", buf_text(&loaded->told));
	buf_init(out);
	config_print(loaded->config, out);
}

/* Copies the file; "#key: value" becomes "key: value" up to the accounts, or everywhere. */
static void uncomment(const char *from, bool accounts_too, struct buf *to)
{
	bool in_accounts = false;

	buf_init(to);
	while (*from) {
		size_t indent = strspn(from, " ");
		size_t len = strcspn(from, "\n") + 1;
		bool option = from[indent] == '#' &&
			      (from[indent + 1] != ' ' || strncmp(from + indent, "#  ", 3) == 0);
		in_accounts = in_accounts || strncmp(from, "accounts:", 9) == 0;
		if (option && (accounts_too || !in_accounts)) {
			buf_put(to, from, indent);
			buf_put(to, from + indent + 1, len - indent - 1);
		} else {
			buf_put(to, from, len);
		}
		from += len;
	}
}

static void shipped_file_gives_the_defaults(void **state)
{
	struct loaded none, shipped, uncommented;
	struct buf text, options_set, a, b, c;

	(void)state;
	read_shipped(&text);
	uncomment(buf_text(&text), false, &options_set);
	assert_non_null(strstr(buf_text(&options_set), "\n  interval: 10m\n"));
	load_bytes(&none, "accounts: []\n", 13, CONFIG_RUN);
	load_bytes(&shipped, buf_text(&text), text.len, CONFIG_RUN);
	load_bytes(&uncommented, buf_text(&options_set), options_set.len, CONFIG_CHECK);
	assert_string_equal(buf_text(&shipped.told), "");
	print(&none, &a);
	print(&shipped, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
	print(&uncommented, &c);
	/* The only key there that has no default is the token's. */
	char *token = strstr(c.bytes, "  token_file: /etc/imagecat/token\n");
	assert_non_null(token);
	memmove(token, strchr(token, '\n') + 1, strlen(strchr(token, '\n')));
	assert_string_equal(buf_text(&a), buf_text(&c));
	buf_finish(&text);
	buf_finish(&options_set);
	buf_finish(&a);
	buf_finish(&b);
	buf_finish(&c);
	loaded_finish(&none);
	loaded_finish(&shipped);
	loaded_finish(&uncommented);
}

static void shipped_accounts_are_valid(void **state)
{
	struct loaded loaded;
	struct buf text, all;

	(void)state;
	read_shipped(&text);
	uncomment(buf_text(&text), true, &all);
	load_bytes(&loaded, buf_text(&all), all.len, CONFIG_CHECK);
	if (!loaded.config)
		fail_msg("%s\n%s", buf_text(&all), buf_text(&loaded.told));
	assert_int_equal(loaded.config->account_count, 3);
	assert_string_equal(loaded.config->accounts[0].name, "prod");
	assert_string_equal(loaded.config->accounts[1].name, "gpu");
	assert_string_equal(loaded.config->accounts[2].name, "qc");
	buf_finish(&text);
	buf_finish(&all);
	loaded_finish(&loaded);
}

/* ---- reload ------------------------------------------------------------------------------ */

static void load_text(struct loaded *loaded, const char *text)
{
	load_bytes(loaded, text, strlen(text), CONFIG_RUN);
	if (!loaded->config)
		fail_msg("%s", buf_text(&loaded->told));
}

static void tells_what_needs_a_restart(void **state)
{
	struct loaded old, new;
	struct buf keys;

	(void)state;
	buf_init(&keys);
	load_text(&old, "log: {level: warn}\n");
	load_text(&new, "log: {level: info}\nlimits: {max_body: 1MiB}\n");
	assert_int_equal(config_fixed_changes(old.config, new.config, &keys), 0);
	assert_string_equal(buf_text(&keys), "");
	loaded_finish(&new);
	load_text(&new, "catalog: {path: /x}\nhttp: {listen: off}\nplugin_dir: /y\n");
	assert_int_equal(config_fixed_changes(old.config, new.config, &keys), 3);
	assert_string_equal(buf_text(&keys), "catalog.path, http.listen, plugin_dir");
	loaded_finish(&new);
	loaded_finish(&old);
	buf_finish(&keys);
}

/* Each of these differs from the first, which equals itself. */
static void tells_changed_accounts(void **state)
{
	static const char *const others[] = {
		"name: a2, provider: ucloud, public_key: p, private_key: s, regions: [hk]",
		"name: a, provider: compshare, public_key: p, private_key: s, regions: [hk]",
		"name: a, provider: ucloud, public_key: p2, private_key: s, regions: [hk]",
		"name: a, provider: ucloud, public_key: p, private_key: s2, regions: [hk]",
		"name: a, provider: ucloud, public_key: p, private_key_file: key, regions: [hk]",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [sg]",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk, sg]",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: all",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], zones: "
		"all",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], "
		"services: [uhost]",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], headers: "
		"{A: b}",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], proxy: "
		"'http://x'",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], cloud: x",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], "
		"interval: 1s",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], timeout: "
		"1s",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], "
		"requests_per_second: 1",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], "
		"allow_plain_http: true",
		"name: a, provider: ucloud, public_key: p, private_key: s, regions: [hk], "
		"endpoint: 'https://x'",
	};
	struct loaded first, same;

	(void)state;
	load_text(&first, "accounts: [{name: a, provider: ucloud, public_key: p, private_key: s, "
			  "regions: [hk]}]\n");
	load_text(&same, "accounts:\n- name: a\n  provider: ucloud\n  public_key: p\n"
			 "  private_key: s\n  regions: [hk]\n  interval: 10m\n");
	assert_true(config_account_equal(&first.config->accounts[0], &same.config->accounts[0]));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct loaded other;
		char text[256];
		snprintf(text, sizeof(text), "accounts: [{%s}]\n", others[i]);
		load_text(&other, text);
		if (config_account_equal(&first.config->accounts[0], &other.config->accounts[0]))
			fail_msg("taken for unchanged: %s", others[i]);
		loaded_finish(&other);
	}
	loaded_finish(&first);
	loaded_finish(&same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_file_is_generated),
		cmocka_unit_test(every_option_is_documented),
		cmocka_unit_test(shipped_file_gives_the_defaults),
		cmocka_unit_test(shipped_accounts_are_valid),
		cmocka_unit_test(tells_what_needs_a_restart),
		cmocka_unit_test(tells_changed_accounts),
	};
	return cmocka_run_group_tests_name("config example", tests, NULL, NULL);
}
