/*
 * Which row of the table answers, and what is said of parameters.
 */
#include "export/routes.h"

#include <string.h>

#include "export/answer.h"
#include "tests/test.h"

/* clang-format off */
static const struct find_row {
	const char *name, *method, *path, *route, *allow, *tail;
} finds[] = {
	{ "plain",              "GET",  "/livez", "/livez", "GET, HEAD", "" },
	{ "HEAD is GET",        "HEAD", "/metrics", "/metrics", "GET, HEAD", "" },
	{ "POST on a list",     "POST", "/api/v1/images", NULL, "GET, HEAD", "" },
	{ "GET on a command",   "GET",  "/-/poll", NULL, "POST", "" },
	{ "command",            "POST", "/-/poll", "/-/poll", "POST", "" },
	{ "a method's case",    "get",  "/livez", NULL, "GET, HEAD", "" },
	{ "an image",           "GET",  "/api/v1/images/a/b/c/d/e/f", "/api/v1/images/{uid}", "GET, HEAD", "a/b/c/d/e/f" },
	{ "its history",        "GET",  "/api/v1/images/a/b/c/d/e/f/history", "/api/v1/images/{uid}/history", "GET, HEAD", "a/b/c/d/e/f" },
	{ "history of nothing", "GET",  "/api/v1/images/history", "/api/v1/images/{uid}", "GET, HEAD", "history" },
	{ "no image",           "GET",  "/api/v1/images/", NULL, NULL, "" },
	{ "the page",           "GET",  "/", "/", "GET, HEAD", "" },
	{ "a file of the page", "HEAD", "/assets/main.js", "/assets/{name}", "GET, HEAD", "main.js" },
	{ "POST on the page",   "POST", "/", NULL, "GET, HEAD", "" },
	{ "nothing",            "GET",  "/nowhere", NULL, NULL, "" },
	{ "a slash more",       "GET",  "/livez/", NULL, NULL, "" },
	{ "the beginning of one", "GET", "/live", NULL, NULL, "" },
	{ "empty",              "GET",  "", NULL, NULL, "" },
};

static const struct check_row {
	const char *name, *method, *path, *query;
	const char *said; /* part of the problem; NULL: it is right */
} checks[] = {
	{ "nothing asked",      "GET", "/api/v1/images", "", NULL },
	{ "all kinds",          "GET", "/api/v1/images", "limit=1000&provider=ucloud&gpu&launchable=unknown&since=7d&q=x&kind=system", NULL },
	{ "a plug-in's name",   "GET", "/api/v1/images", "provider=a_plug_in2", NULL },
	{ "a provider in capitals", "GET", "/api/v1/images", "provider=UCloud", "provider must be a provider's name: of a-z, 0-9 and _" },
	{ "no provider",        "GET", "/api/v1/coverage", "provider=", "provider must be" },
	{ "a provider of 64 characters", "GET", "/api/v1/listings",
	  "provider=0123456789012345678901234567890123456789012345678901234567890123", "provider must be" },
	{ "visibility",         "GET", "/api/v1/images", "visibility=private", NULL },
	{ "no visibility",      "GET", "/api/v1/images", "visibility=hidden", "visibility must be one of public, private, shared, unknown" },
	{ "the newest first",   "GET", "/api/v1/changes", "sort=-seq", NULL },
	{ "the oldest first",   "GET", "/api/v1/changes", "sort=seq", NULL },
	{ "changes by another column", "GET", "/api/v1/changes", "sort=-at", "sort must be one of seq, -seq" },
	{ "a sort of nothing",  "GET", "/api/v1/changes", "sort=", "sort must be" },
	{ "polls in another order", "GET", "/api/v1/polls", "sort=-poll_id", "is not known here" },
	{ "counts",             "GET", "/api/v1/counts", "provider=ucloud&region=-&kind=system&state=available&since=7d&columns=time", NULL },
	{ "counts of an account", "GET", "/api/v1/counts", "account=prod", "is not known here; these are: provider, region, kind, state, since, " },
	{ "flag without value", "GET", "/api/v1/images", "removed", NULL },
	{ "flag yes",           "GET", "/api/v1/images", "removed=yes", NULL },
	{ "flag of another word", "GET", "/api/v1/images", "removed=maybe", "removed must be 1 or 0" },
	{ "flag is no answer",  "GET", "/api/v1/images", "stale=unknown", "stale must be" },
	{ "limit 0",            "GET", "/api/v1/images", "limit=0", "limit must be a whole number from 1 to 1000" },
	{ "limit too large",    "GET", "/api/v1/images", "limit=1001", "limit must be" },
	{ "limit beyond 64 bits", "GET", "/api/v1/images", "limit=18446744073709551617", "limit must be" },
	{ "limit in hex",       "GET", "/api/v1/images", "limit=0x10", "limit must be" },
	{ "limit with a sign",  "GET", "/api/v1/images", "limit=%2B5", "limit must be" },
	{ "limit twice",        "GET", "/api/v1/images", "limit=5&limit=5", "limit must be given once" },
	{ "a word",             "GET", "/api/v1/images", "format=csv", NULL },
	{ "another word",       "GET", "/api/v1/images", "format=cs", "format must be one of json, csv, ndjson" },
	{ "two words",          "GET", "/api/v1/images", "format=csv%7Cjson", "format must be" },
	{ "a bar",              "GET", "/api/v1/images", "format=%7C", "format must be" },
	{ "no word",            "GET", "/api/v1/images", "format=", "format must be" },
	{ "a column's word",    "GET", "/api/v1/images", "arch=aarch64", NULL },
	{ "a column's, unknown", "GET", "/api/v1/images", "arch=-", NULL },
	{ "no word of a column", "GET", "/api/v1/images", "arch=z80", "arch must be one of x86_64, aarch64, i386" },
	{ "empty text",         "GET", "/api/v1/images", "zone=", "zone must be a text" },
	{ "age",                "GET", "/api/v1/images", "since=90s", NULL },
	{ "Unix seconds",       "GET", "/api/v1/images", "since=1795161600", NULL },
	{ "age without number", "GET", "/api/v1/images", "since=d", "since must be" },
	{ "age with more",      "GET", "/api/v1/images", "since=7days", "since must be" },
	{ "age beyond reason",  "GET", "/api/v1/images", "since=999999999999d", "since must be" },
	{ "negative age",       "GET", "/api/v1/images", "since=-7d", "since must be" },
	{ "unknown",            "GET", "/api/v1/images", "colour=red", "a parameter is not known here; these are: provider, " },
	{ "a name's case",      "GET", "/api/v1/images", "Limit=5", "is not known here" },
	{ "none at all",        "GET", "/api/v1/stats", "x", "no parameter is known here" },
	{ "metrics take any",   "GET", "/metrics", "x=1", NULL },
};

static const struct since_row {
	const char *name, *text;
	int64_t seconds; /* -1: refused */
} sinces[] = {
	{ "seconds", "90s", 1000000 - 90 }, { "minutes", "10m", 1000000 - 600 }, { "hours", "6h", 1000000 - 21600 },
	{ "days", "2d", 1000000 - 172800 }, { "a moment", "123", 123 }, { "nothing", "", -1 }, { "a unit", "h", -1 },
	{ "weeks", "1w", -1 }, { "two units", "1hm", -1 }, { "a fraction", "1.5h", -1 }, { "long", "00000000000000001", -1 },
};
/* clang-format on */

static void finds_route(void **state)
{
	const struct find_row *row = *state;
	struct route_match match = route_find(row->method, row->path);

	if (row->route)
		assert_string_equal(match.route->path, row->route);
	else
		assert_null(match.route);
	assert_string_equal(match.allow ? match.allow : "", row->allow ? row->allow : "");
	if (match.route) {
		assert_int_equal(match.tail_len, strlen(row->tail));
		assert_memory_equal(row->path + match.tail_at, row->tail, match.tail_len);
	}
}

static void checks_parameters(void **state)
{
	const struct check_row *row = *state;
	struct http_params query = { 0 };
	struct answer answer;

	answer_init(&answer);
	assert_int_equal(http_params_parse(&query, row->query, strlen(row->query)), 0);
	bool right = route_check(route_find(row->method, row->path).route, &query, &answer);
	assert_int_equal(right, row->said == NULL);
	if (row->said) {
		assert_int_equal(answer.status, 400);
		if (!strstr(buf_text(&answer.body), row->said))
			fail_msg("%s", buf_text(&answer.body));
	}
	http_params_finish(&query);
	answer_finish(&answer);
}

static void reads_since(void **state)
{
	const struct since_row *row = *state;
	int64_t seconds = -1;

	assert_int_equal(parameter_since(row->text, 1000000, &seconds), row->seconds >= 0);
	assert_int_equal(seconds, row->seconds);
}

/* What a parameter may be is said by its row: none is without. */
static void every_row_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *route = &routes[i];
		assert_true(route->summary && *route->summary);
		assert_true(route->run || route->act);
		for (const struct parameter *p = route->parameters; p && p->name; p++) {
			assert_true(p->help && *p->help);
			if (p->type == PARAMETER_WORD)
				assert_true(*parameter_words(p) != '\0');
			if (p->type == PARAMETER_INT)
				assert_true(p->max > p->min);
		}
		assert_ptr_equal(route_find(route->method, route->path).route, route);
	}
}

int main(void)
{
	enum { FINDS = ARRAY_LEN(finds), CHECKS = ARRAY_LEN(checks), SINCES = ARRAY_LEN(sinces) };
	struct CMUnitTest tests[FINDS + CHECKS + SINCES + 1];
	size_t n = 0;

	for (size_t i = 0; i < FINDS; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(finds_route, &finds[i]);
	for (size_t i = 0; i < CHECKS; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(checks_parameters, &checks[i]);
	for (size_t i = 0; i < SINCES; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(reads_since, &sinces[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_row_is_whole);
	return cmocka_run_group_tests_name("export routes", tests, NULL, NULL);
}
