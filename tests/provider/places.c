#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/places.h"
#include "tests/test.h"

extern const struct provider provider_ucloud, provider_compshare, provider_qingcloud;

/* Discovery answers through the providers' own tables. Places are written "project/region/zone". */
/* clang-format off */
static const struct row {
	const char *name;
	const struct provider *provider;
	const char *discovery;
	const char *fixture; /* a file, or */
	const char *answer;  /* the text itself */
	const char *places[8];
	int64_t code;
	const char *message;
	enum error_class class;
} rows[] = {
	{ "GetRegion has a row per zone", &provider_ucloud, "regions", "ucloud/regions.json",
	  .places = { "-/cn-bj2/cn-bj2-02", "-/cn-bj2/cn-bj2-05", "-/hk/hk-02" } },
	{ "GetProjectList", &provider_ucloud, "projects", "ucloud/projects.json", .places = { "org-1/-/-", "org-2/-/-" } },
	{ "compshare has projects too", &provider_compshare, "projects", "ucloud/projects.json", .places = { "org-1/-/-", "org-2/-/-" } },
	{ "DescribeCompShareSupportZone", &provider_compshare, "zones", "compshare/zones.json", .places = { "-/cn-wlcb/cn-wlcb-01", "-/cn-sh2/cn-sh2-02" } },
	{ "DescribeZones leaves faulty and defunct out", &provider_qingcloud, "zones", "qingcloud/zones.json", .places = { "-/-/pek3", "-/-/ap2a" } },

	{ "no list", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Action\":\"GetRegionResponse\"}", .class = CLASS_MALFORMED },
	{ "list is null", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Regions\":null}", .class = CLASS_MALFORMED },
	{ "list is an object", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Regions\":{\"Region\":\"hk\"}}", .class = CLASS_MALFORMED },
	{ "no code", &provider_ucloud, "regions", .answer = "{\"Regions\":[]}", .class = CLASS_MALFORMED },
	{ "not JSON", &provider_ucloud, "regions", .answer = "<html></html>", .class = CLASS_MALFORMED },
	{ "cut short", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Regions\":[{\"Region\":\"hk\"}", .class = CLASS_MALFORMED },
	{ "an empty list is an answer", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Regions\":[]}" },
	{ "code 171", &provider_ucloud, "regions", "ucloud/error_171.json", .code = 171, .message = "签名错误" },
	{ "code 1200", &provider_qingcloud, "zones", "qingcloud/error_1200.json", .code = 1200, .message = "AuthFailure, signature not matched" },
	{ "code and list", &provider_ucloud, "regions", .answer = "{\"RetCode\":299,\"Message\":\"IAM\",\"Regions\":[{\"Region\":\"hk\",\"Zone\":\"hk-02\"}]}", .code = 299, .message = "IAM" },
	{ "code is text", &provider_ucloud, "projects", .answer = "{\"RetCode\":\"0\",\"ProjectSet\":[{\"ProjectId\":\"org-1\"}]}", .places = { "org-1/-/-" } },
	{ "a zone without status", &provider_qingcloud, "zones", .answer = "{\"ret_code\":0,\"zone_set\":[{\"zone_id\":\"pek3\"}]}", .places = { "-/-/pek3" } },
	{ "twice", &provider_compshare, "zones", .answer = "{\"RetCode\":0,\"ZoneInfo\":[{\"Region\":\"a\",\"Zone\":\"a-1\"},{\"Region\":\"a\",\"Zone\":\"a-1\"},{\"Region\":\"a\",\"Zone\":\"a-2\"}]}",
	  .places = { "-/a/a-1", "-/a/a-2" } },
	{ "what is no place", &provider_ucloud, "regions", .answer = "{\"RetCode\":0,\"Regions\":[\"hk\",null,7,{},{\"Region\":5},{\"Region\":\"\"},{\"Region\":\"hk\"}]}", .places = { "-/hk/-" } },
	{ "names that cannot be sent back", &provider_ucloud, "projects", .answer = "{\"RetCode\":0,\"ProjectSet\":[{\"ProjectId\":\"org\\u0000x\"},{\"ProjectId\":\"org\\u202Ex\"},{\"ProjectId\":\"org-3\"}]}",
	  .places = { "org-3/-/-" } },
};
/* clang-format on */

static const struct discovery *find(const struct row *row)
{
	for (const struct discovery *d = row->provider->discoveries; d->name; d++)
		if (strcmp(d->name, row->discovery) == 0)
			return d;
	fail_msg("%s has no discovery %s", row->provider->name, row->discovery);
	return NULL;
}

static size_t read_answer(const struct row *row, char *bytes, size_t size)
{
	char path[512];

	if (row->answer) {
		snprintf(bytes, size, "%s", row->answer);
		return strlen(bytes);
	}
	snprintf(path, sizeof(path), "%s/%s", FIXTURES, row->fixture);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t len = fread(bytes, 1, size, file);
	fclose(file);
	assert_true(len > 0 && len < size);
	return len;
}

static void finds_places(void **state)
{
	const struct row *row = *state;
	char bytes[4096], text[256];
	struct places places;
	size_t i;

	size_t len = read_answer(row, bytes, sizeof(bytes));
	places_read(&places, bytes, len, row->provider, find(row));
	memset(bytes, 'x', sizeof(bytes)); /* nothing may point into the answer */
	assert_int_equal(places.class, row->class);
	assert_int_equal(places.error != NULL, row->class != CLASS_NONE);
	assert_int_equal(places.code, row->code);
	assert_string_equal(places.message ? places.message : "", row->message ? row->message : "");
	for (i = 0; i < places.count; i++) {
		const struct place_found *p = &places.items[i];
		snprintf(text, sizeof(text), "%s/%s/%s", p->project ? p->project : "-",
			 p->region ? p->region : "-", p->zone ? p->zone : "-");
		assert_in_range(i, 0, ARRAY_LEN(row->places) - 1);
		assert_string_equal(text, row->places[i] ? row->places[i] : "nothing more");
	}
	assert_null(row->places[i]);
	places_finish(&places);
}

/* The calls of discovery, and what is asked with them. */
static void calls_as_documented(void **state)
{
	const struct discovery *zones = provider_qingcloud.discoveries;

	(void)state;
	assert_string_equal(provider_ucloud.discoveries[0].action, "GetRegion");
	assert_string_equal(provider_ucloud.discoveries[1].action, "GetProjectList");
	assert_string_equal(provider_compshare.discoveries[0].action,
			    "DescribeCompShareSupportZone");
	assert_string_equal(provider_compshare.discoveries[1].action, "GetProjectList");
	assert_string_equal(zones->action, "DescribeZones");
	assert_string_equal(zones->params[0].name, "status.1");
	assert_string_equal(zones->params[0].value, "active");
	assert_null(zones->params[1].name);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(finds_places, &rows[i]);
	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(calls_as_documented);
	return _cmocka_run_group_tests("places", tests, ARRAY_LEN(tests), NULL, NULL);
}
