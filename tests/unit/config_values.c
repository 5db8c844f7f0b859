/*
 * What accepted files mean: a row is a file and a part of what config_print() then says. Every
 * row is printed, loaded and printed again as well: the two must be the same.
 */
#include "config_setup.h"

#include "config/values.h"

struct row {
	const char *name;
	const char *yaml;
	const char *printed;
};

#define ACCOUNT(keys)   "accounts:\n- {name: a, " keys "}\n"
#define UCLOUD(keys)    ACCOUNT(UCLOUD_KEYS ", regions: [hk], " keys)
#define COMPSHARE(keys) ACCOUNT(COMPSHARE_KEYS ", regions: [hk], " keys)
#define QINGCLOUD(keys) ACCOUNT(QINGCLOUD_KEYS ", zones: [pek3], " keys)

/* clang-format off */
static const struct row rows[] = {
	{ "defaults", "accounts: []\n",
	  "catalog:\n  path: /var/lib/imagecat/catalog.db\n  keep_history: 365d\n  keep_polls: 7d\n"
	  "removal:\n  after_complete_polls: 2\n  brake_percent: 20\n  brake_rows: 10\n  hold: 1d\n  hold_polls: 12\n"
	  "limits:\n  max_body: 16MiB\n  requests_in_flight: 32\n"
	  "http:\n  listen: \"127.0.0.1:8480\"\nlog:\n  level: info\n  format: auto\n"
	  "plugin_dir: /usr/lib/imagecat/providers\naccounts: []\n" },
	{ "seconds", "defaults: {interval: 90s}\n" UCLOUD("timeout: 10s"), "interval: 90s\n    timeout: 10s\n" },
	{ "minutes", UCLOUD("interval: 10m"), "interval: 10m\n" },
	{ "hours", UCLOUD("interval: 6h"), "interval: 6h\n" },
	{ "days", UCLOUD("interval: 30d"), "interval: 30d\n" },
	{ "shortest interval", UCLOUD("interval: 1s"), "interval: 1s\n" },
	{ "for ever", "catalog: {keep_history: 0}\n", "keep_history: 0\n" },
	{ "bytes", "limits: {max_body: 65537B}\n", "max_body: 65537B\n" },
	{ "gibibyte", "limits: {max_body: 1GiB}\n", "max_body: 1GiB\n" },
	{ "decimal", UCLOUD("requests_per_second: 0.25"), "requests_per_second: 0.25\n" },
	{ "decimal that is not binary", UCLOUD("requests_per_second: 12.1"), "requests_per_second: 12.1\n" },
	{ "the provider's rate", QINGCLOUD("interval: 1m"), "requests_per_second: 0.5\n" },
	{ "a rate where the provider has none", COMPSHARE("interval: 1m"), "requests_per_second: 1\n" },
	{ "listen on IPv6", "http: {listen: '[::1]:0'}\n", "listen: \"[::1]:0\"\n" },
	{ "listen on a socket", "http: {listen: 'unix:/run/imagecat/http.sock'}\n", "listen: \"unix:/run/imagecat/http.sock\"\n" },
	{ "listen off", "http: {listen: off}\n", "listen: off\n" },
	{ "log in flow style", "log: {level: debug, format: json}\n", "log:\n  level: debug\n  format: json\n" },
	{ "text in Chinese", "catalog: {path: /数据/目录.db}\n", "path: \"/数据/目录.db\"\n" },
	{ "text with an escaped dollar", "catalog: {path: /a$$b}\n", "path: \"/a$$b\"\n" },
	{ "relative path", "catalog: {path: x.db}\n", "/x.db\n" },

	{ "variable", "catalog: {path: \"/${IC_SET}/y\"}\n", "path: /x/y\n" },
	{ "variable with an unused default", "catalog: {path: \"${IC_SET:-z}/y\"}\n", "/x/y\n" },
	{ "variable with a default", "catalog: {path: \"/${IC_NONE:-z:-1}/y\"}\n", "path: \"/z:-1/y\"\n" },
	{ "variable that is empty, with a default", "catalog: {path: \"/${IC_EMPTY:-z}\"}\n", "path: /z\n" },
	{ "variable that is empty inside a text", "catalog: {path: \"/a${IC_EMPTY}b\"}\n", "path: /ab\n" },
	{ "variable that looks like YAML", "catalog: {path: \"/${IC_YAML}\"}\n", "path: \"/: [a, b] # c\"\n" },
	{ "variable in a list", UCLOUD("services: [\"${IC_SERVICE}\"]"), "services: [uk8s]\n" },
	{ "variables twice in one value", "catalog: {path: \"/${IC_SET}${IC_SET}\"}\n", "path: /xx\n" },
	{ "an escaped variable", "catalog: {path: \"/$${IC_SET}\"}\n", "path: \"/$${IC_SET}\"\n" },

	{ "own endpoint", UCLOUD("endpoint: 'https://API.Example.COM/x/'"), "endpoint: \"https://API.Example.COM/x/\"\n" },
	{ "endpoint without a path", UCLOUD("endpoint: 'https://example.com'"), "endpoint: \"https://example.com/\"\n" },
	{ "cloud", UCLOUD("interval: 1m"), "cloud: api.ucloud.cn\n" },
	{ "cloud in lower case", UCLOUD("endpoint: 'https://API.Example.COM/x/'"), "cloud: api.example.com\n" },
	{ "cloud of the inner network", UCLOUD("endpoint: 'http://api.service.ucloud.cn/'"), "cloud: api.ucloud.cn\n" },
	{ "cloud with the scheme's port", UCLOUD("endpoint: 'https://example.com:443/'"), "cloud: example.com\n" },
	{ "cloud with another port", UCLOUD("endpoint: 'http://127.0.0.1:8001/'"), "cloud: \"127.0.0.1:8001\"\n" },
	{ "cloud of an IPv6 address", UCLOUD("endpoint: 'http://[::1]:8001/'"), "cloud: \"[::1]:8001\"\n" },
	{ "own cloud", UCLOUD("endpoint: 'http://127.0.0.1:8001/', cloud: demo"), "cloud: demo\n" },
	{ "default endpoint and own cloud", "defaults: {endpoint: 'https://x.example/', cloud: y}\n" UCLOUD("cloud: z"), "cloud: z\n" },

	{ "secrets are masked", UCLOUD("headers: {channel-key: ch_1, X-B: b}"), "public_key: \"********\"\n" },
	{ "headers are masked", UCLOUD("headers: {channel-key: ch_1, X-B: b}"), "headers: {channel-key: \"********\", X-B: \"********\"}\n" },
	{ "proxy", UCLOUD("proxy: 'socks5h://proxy:1080'"), "proxy: \"socks5h://proxy:1080\"\n" },
	{ "proxy with a password", UCLOUD("proxy: 'http://me:hunter2@proxy:1080'"), "proxy: \"http://********@proxy:1080\"\n" },
	{ "project", UCLOUD("project_id: org-a"), "projects: [org-a]\n" },
	{ "projects", UCLOUD("projects: [org-a, org-b]"), "projects: [org-a, org-b]\n" },
	{ "project of any text", UCLOUD("project_id: 'org-&=%@/ 项目'"), "projects: [\"org-&=%@/ 项目\"]\n" },
	{ "projects of any text", UCLOUD("projects: ['a  b', '\"', 'é', all of it]"), "projects: [\"a  b\", \"\\\"\", \"é\", \"all of it\"]\n" },
	{ "project of 128 bytes", UCLOUD("project_id: '" BYTES_125 "项'") , "projects: [\"" BYTES_125 "项\"]\n" },
	{ "all projects", UCLOUD("projects: all"), "projects: all\n" },
	{ "own project instead of the default ones", "defaults: {projects: all}\n" UCLOUD("project_id: b"), "projects: [b]\n" },
	{ "all regions and zones", ACCOUNT(UCLOUD_KEYS ", regions: all, zones: all"), "regions: all\n    zones: all\n" },
	{ "zones beside regions", ACCOUNT(UCLOUD_KEYS ", regions: [hk, sg], zones: [hk-02]"), "regions: [hk, sg]\n    zones: [hk-02]\n" },
	{ "default services", COMPSHARE("interval: 1m"), "services: [custom, platform]\n    variants: [System, App]\n" },
	{ "service on request", COMPSHARE("services: [shared]"), "services: [shared]\n" },
	{ "default variants", QINGCLOUD("interval: 1m"), "services: [images]\n    variants: [system, self]\n" },
	{ "variant on request", QINGCLOUD("variants: [shared]"), "variants: [shared]\n" },
	{ "variants of the services listed", COMPSHARE("services: [custom, platform], variants: [App]"), "variants: [App]\n" },
	{ "defaults of another provider's services", "defaults: {services: [images, uk8s]}\n" UCLOUD("interval: 1m"), "services: [uk8s]\n" },
	{ "defaults of another provider only", "defaults: {services: [images], variants: [self]}\n" UCLOUD("interval: 1m"), "services: [uhost, uk8s]\n" },
	{ "default regions for a cloud without", "defaults: {regions: [hk], project_id: a}\n" QINGCLOUD("interval: 1m"), "secret_access_key_file: " },
	{ "default zones of other regions", "defaults: {zones: [cn-bj2-02, hk-01]}\n" UCLOUD("interval: 1m"), "zones: [hk-01]\n" },
	{ "plain http allowed by default", "defaults: {allow_plain_http: true}\n" UCLOUD("endpoint: 'http://x/'"), "allow_plain_http: true\n" },
	{ "plain http allowed", UCLOUD("endpoint: 'http://x/', allow_plain_http: true"), "allow_plain_http: true\n" },
	{ "defaults after the accounts", UCLOUD("timeout: 9s") "defaults: {interval: 77s}\n", "interval: 77s\n    timeout: 9s\n" },
	{ "own key over a default", "defaults: {interval: 77s}\n" UCLOUD("interval: 78s"), "interval: 78s\n" },
	{ "anchors and aliases", "defaults: &d {timeout: 9s}\naccounts:\n- {name: a, " UCLOUD_KEYS ", regions: &r [hk, sg]}\n- {name: b, " UCLOUD_KEYS ", regions: *r}\n", "name: b\n    provider: ucloud\n" },
	{ "byte order mark", "\xEF\xBB\xBFlog: {level: warn}\n", "level: warn\n" },
	{ "CR LF", "log:\r\n  level: warn\r\n", "level: warn\n" },
	{ "quoted keys", "\"log\": {'level': \"warn\"}\n", "level: warn\n" },
	{ "standard tags", "log: !!map {level: !!str warn}\n", "level: warn\n" },
};
/* clang-format on */

static void print(const struct loaded *loaded, struct buf *out)
{
	buf_init(out);
	if (!loaded->config)
		fail_msg("refused:\n%s", buf_text(&loaded->told));
	config_print(loaded->config, out);
	assert_false(out->failed);
}

static void means(void **state)
{
	const struct row *row = *state;
	struct loaded first, again;
	struct buf printed, reprinted;

	load_bytes(&first, row->yaml, strlen(row->yaml), CONFIG_RUN);
	print(&first, &printed);
	if (!strstr(buf_text(&printed), row->printed))
		fail_msg("'%s' is missing in:\n%s", row->printed, buf_text(&printed));
	assert_null(strstr(buf_text(&printed), "hunter2"));
	assert_null(strstr(buf_text(&printed), "ch_1"));

	/* A masked password is no password of a proxy URL any more, but still one in form. */
	load_bytes(&again, buf_text(&printed), printed.len, CONFIG_RUN);
	print(&again, &reprinted);
	assert_string_equal(buf_text(&printed), buf_text(&reprinted));
	buf_finish(&printed);
	buf_finish(&reprinted);
	loaded_finish(&first);
	loaded_finish(&again);
}

static void members_are_typed(void **state)
{
	static const char yaml[] =
		"catalog: {keep_polls: 2h}\nremoval: {hold: 1m, brake_rows: 3}\n"
		"limits: {max_body: 1MiB}\n"
		"log: {level: debug, format: journal}\n"
		"accounts:\n- name: q\n  provider: qingcloud\n  access_key_id: id\n"
		"  secret_access_key: s$$e\n"
		"  zones: [a, b]\n  timeout: 2m\n  headers: {A: x y}\n";
	struct loaded loaded;

	(void)state;
	load_bytes(&loaded, yaml, strlen(yaml), CONFIG_RUN);
	const struct config *config = loaded.config;
	assert_non_null(config);
	assert_int_equal(config->catalog.keep_polls_s, 7200);
	assert_int_equal(config->removal.hold_s, 60);
	assert_int_equal(config->removal.brake_rows, 3);
	assert_int_equal(config->limits.max_body_bytes, 1 << 20);
	assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
	assert_int_equal(config->log.format, LOG_JOURNAL);
	assert_null(config->http.token_file);
	assert_int_equal(config->account_count, 1);
	const struct config_account *account = &config->accounts[0];
	assert_ptr_equal(account->provider, &fake_qingcloud);
	assert_string_equal(account->id.value, "id");
	assert_string_equal(account->secret.value, "s$e");
	assert_null(account->secret.file);
	assert_int_equal(account->zones.count, 2);
	assert_string_equal(account->zones.items[1], "b");
	assert_null(account->zones.items[2]);
	assert_null(account->variants.items[2]);
	assert_int_equal(account->regions.count, 0);
	assert_int_equal(account->timeout_ms, 120000);
	assert_int_equal(account->interval_s, 600);
	assert_string_equal(account->headers[0].name, "A");
	assert_string_equal(account->headers[0].value, "x y");
	assert_null(account->headers[1].name);
	assert_null(account->proxy);
	loaded_finish(&loaded);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];

	setenv("IC_SET", "x", 1);
	setenv("IC_EMPTY", "", 1);
	setenv("IC_YAML", ": [a, b] # c", 1);
	setenv("IC_SERVICE", "uk8s", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(means, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(members_are_typed);
	return cmocka_run_group_tests_name("config values", tests, NULL, NULL);
}
