/*
 * What is told about a configuration: one row per rule. A row is a file and a part of what must
 * be said; it may say what must not be said as well.
 */
#include "config_setup.h"

#include "config/options.h"

struct row {
	const char *name;
	const char *yaml;
	const char *told; /* "" : nothing at all */
	const char *not_told;
	enum config_mode mode;
	bool accepted;
};

#define ACCOUNT(keys)   "accounts:\n- {name: a, " keys "}\n"
#define UCLOUD(keys)    ACCOUNT(UCLOUD_KEYS ", " keys)
#define COMPSHARE(keys) ACCOUNT(COMPSHARE_KEYS ", " keys)
#define QINGCLOUD(keys) ACCOUNT(QINGCLOUD_KEYS ", " keys)
#define REGIONS         "regions: [hk]"

/* clang-format off */
static const struct row rows[] = {
	/* keys */
	{ "unknown section", "acounts: []\n", ":1:1: error: unknown key 'acounts' in the configuration; did you mean 'accounts'?\n" },
	{ "unknown key", "catalog:\n  pat: x\n", ":2:3: error: unknown key 'pat' in 'catalog'; did you mean 'path'?\n" },
	{ "unknown key far from all", "catalog: {zzzzzz: 1}\n", "unknown key 'zzzzzz' in 'catalog'\n" },
	{ "unknown key of an account", UCLOUD(REGIONS ", intervall: 5m"), "unknown key 'intervall' in account 'a'; did you mean 'interval'?" },
	{ "unknown credential", ACCOUNT("provider: ucloud, " REGIONS ", public_key: p, privat_key: x"), "did you mean 'private_key'?" },
	{ "unknown credential file", ACCOUNT("provider: ucloud, " REGIONS ", public_key: p, private_keyfile: x"), "did you mean 'private_key_file'?" },
	{ "unknown default", "defaults: {timout: 3s}\n", "unknown key 'timout' in defaults; did you mean 'timeout'?" },
	{ "key of another place", "interval: 5m\n", "'interval' is not a key of the configuration: it belongs to an account, or defaults" },
	{ "key of another section", "catalog: {max_body: 1MiB}\n", "'max_body' is not a key of 'catalog': it belongs to limits" },
	{ "merge key", "defaults: {<<: {interval: 5m}}\n", "unknown key '<<' in defaults" },
	{ "duplicate section", "log: {level: info}\nlog: {level: warn}\n", ":2:1: error: key 'log' is set already in line 1\n" },
	{ "duplicate key", "log:\n  level: info\n  level: warn\n", ":3:3: error: key 'level' is set already in line 2\n" },
	{ "duplicate key inside an account", UCLOUD(REGIONS ", regions: [sg]"), "key 'regions' is set already in line 2" },
	{ "duplicate header", UCLOUD(REGIONS ", headers: {A: x, A: y}"), "key 'A' is set already" },
	{ "duplicate header in another case", UCLOUD(REGIONS ", headers: {A-b: x, a-B: y}"), "headers: 'a-B' is set twice" },
	{ "name cannot have a default", "defaults: {name: x}\n", "'name' cannot have a default" },
	{ "provider cannot have a default", "defaults: {provider: ucloud}\n", "'provider' cannot have a default" },
	{ "credentials cannot have a default", "defaults: {secret_access_key_file: x}\n", "'secret_access_key_file' cannot have a default" },

	/* shapes */
	{ "a list at the top", "- a\n", "expected sections such as 'accounts:', found a list" },
	{ "a text at the top", "hello\n", "expected sections such as 'accounts:', found a text" },
	{ "section is a text", "catalog: x\n", "'catalog' must be a map of KEY: VALUE" },
	{ "accounts is a map", "accounts: {name: a}\n", "'accounts' must be a list of accounts, each beginning with '- '" },
	{ "account is a text", "accounts: [a]\n", "account 1: expected a map of keys" },
	{ "value is a list", "catalog: {path: [a]}\n", "catalog.path: expected one value, found a list" },
	{ "value is a map", "log: {level: {a: b}}\n", "log.level: expected one value, found a map" },
	{ "value is missing", "log: {level: }\n", "log.level has no value" },
	{ "value is null", "log: {level: null}\n", "log.level has no value" },
	{ "value is empty", "log: {level: ''}\n", "log.level is empty" },
	{ "value with a line break", "catalog: {path: \"a\\nb\"}\n", "catalog.path has a line break or another control character" },
	{ "value with a NUL", "catalog: {path: \"a\\0b\"}\n", "catalog.path has a line break or another control character" },
	{ "list is a word", UCLOUD("regions: hk"), "regions: expected a list or all; did you mean '[hk]'?" },
	{ "services is a word", UCLOUD(REGIONS ", services: uhost"), "services: expected a list; did you mean '[uhost]'?" },
	{ "list is empty", UCLOUD("regions: []"), "regions: the list is empty" },
	{ "list item twice", UCLOUD("regions: [hk, hk]"), "regions: 'hk' is listed twice" },
	{ "all in a list", UCLOUD("regions: [all]"), "regions: 'all' stands alone, not in a list" },
	{ "list item is no name", UCLOUD("regions: ['a b']"), "regions: 'a b' is not a name" },
	{ "region in Chinese", UCLOUD("regions: [北京]"), "regions: '北京' is not a name: 1 to 64 letters" },
	{ "zone with a slash", UCLOUD(REGIONS ", zones: [hk/02]"), "zones: 'hk/02' is not a name: 1 to 64 letters" },
	{ "project too long", UCLOUD(REGIONS ", project_id: '" BYTES_125 "项a'"), "is not a project: 1 to 128 bytes of printable text" },
	{ "project that is not to be seen", UCLOUD(REGIONS ", project_id: \"a\\u202Eb\""), "is not a project: 1 to 128 bytes" },
	{ "project with a line separator", UCLOUD(REGIONS ", projects: [\"a\\u2028b\"]"), "is not a project: 1 to 128 bytes" },
	{ "project with a C1 control", UCLOUD(REGIONS ", projects: [\"a\\x9Bb\"]"), "is not a project: 1 to 128 bytes" },
	{ "project with a tab", UCLOUD(REGIONS ", projects: [\"a\\tb\"]"), "has a line break or another control character" },
	{ "project of blanks", UCLOUD(REGIONS ", projects: [' ']"), "is not a project: 1 to 128 bytes" },
	{ "all among projects", UCLOUD(REGIONS ", projects: [all]"), "projects: 'all' stands alone, not in a list" },
	{ "list item is a list", UCLOUD("regions: [[hk]]"), "regions: expected one value, found a list" },
	{ "headers is a list", UCLOUD(REGIONS ", headers: [a]"), "headers: expected a map, NAME: VALUE" },
	{ "header with CR LF", UCLOUD(REGIONS ", headers: {A: \"x\\r\\nB: y\"}"), "headers has a line break or another control character" },
	{ "header name with a blank", UCLOUD(REGIONS ", headers: {'A B': x}"), "headers: this is no name of a header that may be set" },
	{ "header that is the client's", UCLOUD(REGIONS ", headers: {HOST: x}"), "headers: this is no name of a header that may be set" },

	/* values */
	{ "duration without a unit", "defaults: {interval: 300}\n", "defaults.interval '300' is not a duration (use 90s, 10m, 6h or 30d); did you mean '300s'?" },
	{ "duration in capitals", "defaults: {interval: 5M}\n", "did you mean '5m'?" },
	{ "duration in words", "defaults: {interval: 5 min}\n", "did you mean '5m'?" },
	{ "duration in milliseconds", "defaults: {timeout: 500ms}\n", "'500ms' is not a duration (use 90s, 10m, 6h or 30d)\n" },
	{ "duration with a fraction", "defaults: {interval: 1.5h}\n", "'1.5h' is not a duration (use 90s, 10m, 6h or 30d)\n" },
	{ "duration negative", "defaults: {interval: -5m}\n", "'-5m' is not a duration" },
	{ "duration overflows", "defaults: {interval: 99999999999999999999d}\n", "is not a duration" },
	{ "duration overflows by its unit", "defaults: {interval: 999999999999999999d}\n", "is not a duration" },
	{ "interval zero", "defaults: {interval: 0}\n", "defaults.interval '0' is out of range: 1s to 30d" },
	{ "interval too long", "defaults: {interval: 31d}\n", "'31d' is out of range: 1s to 30d" },
	{ "interval ten years", "defaults: {interval: 3650d}\n", "is out of range: 1s to 30d" },
	{ "timeout too long", "defaults: {timeout: 2h}\n", "'2h' is out of range: 1s to 1h" },
	{ "size in MB", "limits: {max_body: 16MB}\n", "limits.max_body '16MB' is not a size (use 64KiB, 16MiB or 1GiB); did you mean '16MiB'?" },
	{ "size too small", "limits: {max_body: 1KiB}\n", "'1KiB' is out of range: 64KiB to 1GiB" },
	{ "count is no number", "limits: {requests_in_flight: many}\n", "'many' is not a whole number" },
	{ "count out of range", "limits: {requests_in_flight: 0}\n", "'0' is out of range: 1 to 1024" },
	{ "rate too low", "defaults: {requests_per_second: 0.001}\n", "'0.001' is out of range: 0.01 to 1000000" },
	{ "rate too high", "defaults: {requests_per_second: 1000001}\n", "is out of range: 0.01 to 1000000" },
	{ "rate is no number", "defaults: {requests_per_second: 1e3}\n", "'1e3' is not a number such as 5 or 0.5" },
	{ "rate is only a point", "defaults: {requests_per_second: '.'}\n", "is not a number such as 5 or 0.5" },
	{ "bool yes", "defaults: {allow_plain_http: yes}\n", "'yes' is neither true nor false; did you mean 'true'?" },
	{ "log level", "log: {level: warning}\n", "log.level 'warning' is none of error, warn, info and debug" },
	{ "log level misspelt", "log: {level: inof}\n", "did you mean 'info'?" },
	{ "log format", "log: {format: jsno}\n", "did you mean 'json'?" },
	{ "listen without a port", "http: {listen: localhost}\n", "is not HOST:PORT, unix:/PATH (up to 107 bytes) or off" },
	{ "listen with a large port", "http: {listen: '127.0.0.1:99999'}\n", "is not HOST:PORT" },
	{ "listen on a relative socket", "http: {listen: 'unix:x.sock'}\n", "is not HOST:PORT" },

	/* accounts */
	{ "name is missing", "accounts:\n- {" UCLOUD_KEYS ", " REGIONS "}\n", "account 1: missing 'name'" },
	{ "name with a blank", "accounts:\n- {name: a b, " UCLOUD_KEYS ", " REGIONS "}\n", "account 1: name 'a b' is not a name: 1 to 64 letters, digits" },
	{ "name in Chinese", "accounts:\n- {name: 生产, " UCLOUD_KEYS ", " REGIONS "}\n", "is not a name: 1 to 64 letters" },
	{ "name too long", "accounts:\n- {name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, " UCLOUD_KEYS "}\n", "is not a name" },
	{ "name twice", UCLOUD(REGIONS) "- {name: a, " UCLOUD_KEYS ", " REGIONS "}\n", "c.yaml:3:10: error: account 'a' exists already: the other one is at " },
	{ "provider is missing", ACCOUNT(REGIONS), "account 'a': missing 'provider'" },
	{ "provider is unknown", ACCOUNT("provider: aws"), "account 'a': unknown provider 'aws' (there are: ucloud, compshare, qingcloud)\n" },
	{ "provider is misspelt", ACCOUNT("provider: uclud"), "did you mean 'ucloud'?" },
	{ "credential is missing", ACCOUNT("provider: ucloud, public_key: x, " REGIONS), "account 'a': missing 'private_key' or 'private_key_file'\n" },
	{ "both credentials are missing", ACCOUNT("provider: qingcloud, zones: [pek3]"), "missing 'access_key_id' or 'access_key_id_file'" },
	{ "credential twice", UCLOUD(REGIONS ", private_key: x"), "account 'a': 'private_key' and 'private_key_file' exclude each other" },
	{ "credential of another provider", UCLOUD(REGIONS ", access_key_id: x"), "'access_key_id' is a key of qingcloud; ucloud has 'public_key' and 'private_key'" },
	{ "secret file is missing", ACCOUNT("provider: ucloud, public_key: x, private_key_file: ./none, " REGIONS), "account 'a': private_key_file: '" },
	{ "ca file is missing", UCLOUD(REGIONS ", ca_file: /nonexistent/x"), "ca_file: '/nonexistent/x' cannot be read: No such file" },
	{ "project twice", UCLOUD(REGIONS ", project_id: a, projects: [b]"), "'project_id' and 'projects' exclude each other" },
	{ "project twice in defaults", "defaults: {project_id: a, projects: [b]}\n", "defaults: 'project_id' and 'projects' exclude each other" },

	/* endpoints */
	{ "endpoint is no URL", UCLOUD(REGIONS ", endpoint: api.ucloud.cn"), "endpoint 'api.ucloud.cn' is not a URL (use https://HOST/)" },
	{ "endpoint with ftp", UCLOUD(REGIONS ", endpoint: 'ftp://x/'"), "has another scheme than https or http" },
	{ "endpoint without a host", UCLOUD(REGIONS ", endpoint: 'https:///x'"), "has no host" },
	{ "endpoint with a bad port", UCLOUD(REGIONS ", endpoint: 'https://x:0/'"), "has a port that is not 1 to 65535" },
	{ "endpoint with a bad host", UCLOUD(REGIONS ", endpoint: 'https://a..b/'"), "has a host that is neither a name nor an address" },
	{ "endpoint with a blank", UCLOUD(REGIONS ", endpoint: 'https://x/ y'"), "has a blank or another character that a URL cannot have" },
	{ "endpoint with a user", UCLOUD(REGIONS ", endpoint: 'https://me:hunter2@x/'"), "endpoint must not hold a user or password", "hunter2" },
	{ "endpoint with a bare user", UCLOUD(REGIONS ", endpoint: 'me:hunter2@x/'"), "endpoint is not a URL", "hunter2" },
	{ "endpoint with a query", UCLOUD(REGIONS ", endpoint: 'https://x/?a=b'"), "must not have a query or fragment" },
	{ "endpoint with a bare query", UCLOUD(REGIONS ", endpoint: 'https://x?a=b'"), "must not have a query or fragment" },
	{ "endpoint with a fragment", UCLOUD(REGIONS ", endpoint: 'https://x/#a'"), "must not have a query or fragment" },
	{ "plain http", UCLOUD(REGIONS ", endpoint: 'http://api.ucloud.cn/'"), "endpoint: http:// shows requests to everybody on the way to api.ucloud.cn: use https:// or set allow_plain_http: true" },
	{ "plain http to an address", UCLOUD(REGIONS ", endpoint: 'http://10.0.0.1/'"), "http:// shows requests" },
	{ "plain http to a name like loopback", UCLOUD(REGIONS ", endpoint: 'http://127.0.0.1.evil.example/'"), "http:// shows requests" },
	{ "plain http to a name like the gateway", UCLOUD(REGIONS ", endpoint: 'http://xapi.service.ucloud.cn/'"), "http:// shows requests" },
	{ "plain http by default", "defaults: {endpoint: 'http://x/'}\n" UCLOUD(REGIONS), ":1:22: error: account 'a': endpoint: http:// shows" },
	{ "plain http allowed", UCLOUD(REGIONS ", endpoint: 'http://x/', allow_plain_http: true"), "", .accepted = true },
	{ "plain http to loopback", UCLOUD(REGIONS ", endpoint: 'http://127.0.0.1:8/'"), "", .accepted = true },
	{ "plain http to ::1", UCLOUD(REGIONS ", endpoint: 'http://[::1]:8/'"), "", .accepted = true },
	{ "plain http to localhost", UCLOUD(REGIONS ", endpoint: 'HTTP://LocalHost/'"), "", .accepted = true },
	{ "plain http to the cloud's own network", UCLOUD(REGIONS ", endpoint: 'http://api.service.ucloud.cn'"), "", .accepted = true },
	{ "proxy with another scheme", UCLOUD(REGIONS ", proxy: 'ftp://x'"), "proxy has another scheme than http, https, socks5 or socks5h" },
	{ "proxy is not quoted", UCLOUD(REGIONS ", proxy: 'hunter2'"), "proxy is not a URL", "hunter2" },
	{ "cloud with a slash", UCLOUD(REGIONS ", cloud: a/b"), "cloud 'a/b' is not a host name" },

	/* services and variants */
	{ "unknown service", UCLOUD(REGIONS ", services: [uhots]"), "account 'a': ucloud has no service 'uhots' (there are: uhost, uk8s); did you mean 'uhost'?" },
	{ "service of another provider", UCLOUD(REGIONS ", services: [images]"), "ucloud has no service 'images'" },
	{ "default service of nobody", "defaults: {services: [imges]}\n" UCLOUD(REGIONS), "ucloud has no service 'imges'" },
	{ "unknown variant", QINGCLOUD("zones: [pek3], variants: [sefl]"), "qingcloud has no variant 'sefl' (there are: system, self, shared); did you mean 'self'?" },
	{ "variant without variants", UCLOUD(REGIONS ", variants: [self]"), "account 'a': the services listed have no variants" },
	{ "variant of a service not listed", COMPSHARE(REGIONS ", services: [custom], variants: [App]"), "variant 'App' belongs to a service that is not listed" },

	/* places */
	{ "regions are missing", ACCOUNT(UCLOUD_KEYS), "account 'a': missing 'regions': list them, or write regions: all" },
	{ "zones are missing", ACCOUNT(QINGCLOUD_KEYS), "account 'a': missing 'zones': list them, or write zones: all" },
	{ "regions of a cloud without", QINGCLOUD("zones: [pek3], regions: [pek3]"), "qingcloud has no regions: use zones" },
	{ "projects of a cloud without", QINGCLOUD("zones: [pek3], project_id: x"), "qingcloud has no projects" },
	{ "own projects over a default, of a cloud without", "defaults: {project_id: a}\n" QINGCLOUD("zones: [pek3], projects: [b]"), "qingcloud has no projects" },
	{ "all without discovery", COMPSHARE("regions: all"), "compshare cannot tell its regions: list them" },
	{ "all projects without discovery", COMPSHARE(REGIONS ", projects: all"), "compshare cannot tell its projects: list them" },
	{ "zone of another region", UCLOUD("regions: [cn-bj2], zones: [cn-bj2-02, hk-02]"), "zone 'hk-02' is in none of the regions listed (it belongs to region 'hk')" },
	{ "zone of a region with a like name", UCLOUD("regions: [cn-sh], zones: [cn-sh2-01]"), "zone 'cn-sh2-01' is in none of the regions listed" },
	{ "zone is a region", UCLOUD("regions: [hk], zones: [hk]"), "zone 'hk' is in none of the regions listed" },
	{ "zone with all regions", UCLOUD("regions: all, zones: [hk-02]"), "", .accepted = true },
	{ "compshare through the other gateway", COMPSHARE(REGIONS ", endpoint: 'https://api.ucloud.cn/'"), "missing 'zones': api.ucloud.cn answers for compshare only zone by zone" },
	{ "compshare there with zones", COMPSHARE(REGIONS ", zones: [hk-01], endpoint: 'https://api.ucloud.cn/'"), "", .accepted = true },
	{ "compshare through a like name", COMPSHARE(REGIONS ", endpoint: 'https://api.notucloud.cn/'"), "", .accepted = true },
	{ "compshare through a local gateway", COMPSHARE(REGIONS ", endpoint: 'http://127.0.0.1:1/'"), "", .accepted = true },
	{ "ucloud at the same gateway", UCLOUD(REGIONS), "", .accepted = true },

	/* variables */
	{ "variable is not set", "catalog:\n  path: /x/${IC_NONE}/y\n", ":2:12: error: catalog.path: the environment variable IC_NONE is not set\n    2 |   path: /x/${IC_NONE}/y\n      |            ^~~~~~~~~~\n" },
	{ "variable in quotes", "catalog:\n  path: 'é/${IC_NONE}'\n", ":2:12: error: catalog.path: the environment variable IC_NONE" },
	{ "variable is not set, checked", "catalog:\n  path: /x/${IC_NONE}/y\n", "warning: catalog.path: the environment variable IC_NONE is not set here", "error", CONFIG_CHECK, true },
	{ "variable in a number, checked", "defaults: {interval: \"${IC_NONE}\"}\n", "IC_NONE is not set here", "error", CONFIG_CHECK, true },
	{ "variable as provider, checked", ACCOUNT("provider: \"${IC_NONE}\", public_key: a"), "IC_NONE is not set here", "error", CONFIG_CHECK, true },
	{ "variable in places, checked", UCLOUD("regions: [\"${IC_NONE}\"], zones: [\"${IC_ZONE}\"], services: [\"${IC_SERVICE}\"]"), "IC_SERVICE is not set here", "error", CONFIG_CHECK, true },
	{ "variable as endpoint, checked", UCLOUD(REGIONS ", endpoint: \"${IC_NONE}\""), "IC_NONE is not set here", "error", CONFIG_CHECK, true },
	{ "secret file is missing, checked", ACCOUNT("provider: ucloud, public_key: x, private_key_file: ./none, " REGIONS), "warning: account 'a': private_key_file: '", "error", CONFIG_CHECK, true },
	{ "variable without an end", "catalog: {path: \"a${X\"}\n", "'${' without its '}'" },
	{ "variable with a bad name", "catalog: {path: \"${1X}\"}\n", "a variable is written ${NAME} or ${NAME:-default}" },
	{ "variable without a name", "catalog: {path: \"${}\"}\n", "a variable is written ${NAME} or ${NAME:-default}" },
	{ "variable with another operator", "catalog: {path: \"${X:?y}\"}\n", "a variable is written ${NAME} or ${NAME:-default}" },
	{ "lone dollar", "catalog: {path: a$b}\n", ":1:18: error: catalog.path: write '$$' for one '$'" },
	{ "variable in a key", "catalog: {\"${IC_SET}\": x}\n", "unknown key '${IC_SET}' in 'catalog'" },
	{ "variable is not echoed", "log: {level: \"${IC_SECRET}\"}\n", "log.level '${IC_SECRET}' is none of", "hunter2" },
	{ "variable with a control character", "catalog: {path: \"${IC_CONTROL}\"}\n", "catalog.path has a control character or is not UTF-8" },
	{ "variable that is not UTF-8", "catalog: {path: \"${IC_LATIN}\"}\n", "catalog.path has a control character or is not UTF-8" },
	{ "variable that is empty", "catalog: {path: \"${IC_EMPTY}\"}\n", "catalog.path is empty" },

	/* warnings */
	{ "nothing to say", "accounts:\n", "", .accepted = true },
	{ "empty sections", "catalog:\nlog:\ndefaults:\naccounts: []\n", "", .accepted = true },

	/* counting */
	{ "one error", "x: 1\n", "\n1 error; configuration not loaded\n" },
	{ "several errors", "x: 1\ny: 2\nlog: {level: z}\n", "\n3 errors; configuration not loaded\n" },
	{ "an alias tells its anchor's problem once", "accounts:\n- {name: a, " UCLOUD_KEYS ", regions: &r [a b]}\n- {name: a, " UCLOUD_KEYS ", regions: *r}\n", "\n2 errors; configuration not loaded\n" },
};
/* clang-format on */

static void tells(void **state)
{
	const struct row *row = *state;
	struct loaded loaded;

	load_bytes(&loaded, row->yaml, strlen(row->yaml), row->mode);
	if (*row->told)
		assert_told(&loaded, row->told);
	else
		assert_string_equal(buf_text(&loaded.told), "");
	if (row->not_told)
		assert_not_told(&loaded, row->not_told);
	if ((loaded.result == 0) != row->accepted)
		fail_msg("%s:\n%s", row->accepted ? "refused" : "accepted", buf_text(&loaded.told));
	loaded_finish(&loaded);
}

/* Whichever options the table says have none: each is told when it is set, no other is. */
static void tells_what_has_no_effect(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		bool top = *option->section == '\0';
		struct loaded loaded;
		char yaml[256], warning[256];
		if (!option->default_text || strcmp(option->section, "accounts") == 0)
			continue;
		snprintf(yaml, sizeof(yaml), "%s%s%s: '%s'%s\n", option->section, top ? "" : ": {",
			 option->key, option->default_text, top ? "" : "}");
		snprintf(warning, sizeof(warning), ": warning: '%s%s%s' has no effect yet\n",
			 option->section, top ? "" : ".", option->key);
		load_bytes(&loaded, yaml, strlen(yaml), CONFIG_RUN);
		assert_non_null(loaded.config);
		if (option->flags & OPTION_NO_EFFECT)
			assert_told(&loaded, warning);
		else
			assert_string_equal(buf_text(&loaded.told), "");
		loaded_finish(&loaded);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];

	setenv("IC_SET", "x", 1);
	setenv("IC_SECRET", "hunter2", 1);
	setenv("IC_CONTROL", "a\nb", 1);
	setenv("IC_LATIN", "\xE9t\xE9", 1);
	setenv("IC_EMPTY", "", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(tells, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(tells_what_has_no_effect);
	return cmocka_run_group_tests_name("config problems", tests, NULL, NULL);
}
