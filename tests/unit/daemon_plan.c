#include "daemon/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "providers/registry.h"
#include "tests/test.h"

/* clang-format off */
#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (const char *const[]){ __VA_ARGS__, NULL },                               \
		.count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)             \
	}
#define ALL { .all = true }
/* clang-format on */

static const struct store_place ucloud_places[] = {
	{ "", "cn-bj2", "cn-bj2-02" }, { "", "cn-bj2", "cn-bj2-05" }, { "", "hk", "hk-02" },
	{ "org-1", "", "" },           { "org-2", "", "" },
};

/* clang-format off */
static const struct row {
	const char *name, *provider;
	struct config_account account;
	bool has_places;
	const char *plan; /* one "project/service/region/zone/variant" a line, + when found */
} rows[] = {
	{ "one region", "ucloud", { .regions = LIST("cn-bj2"), .services = LIST("uhost") }, false,
	  "/uhost/cn-bj2//\n" },
	{ "regions times services", "ucloud", { .regions = LIST("cn-bj2", "hk"), .services = LIST("uhost", "uk8s") }, false,
	  "/uhost/cn-bj2//\n/uhost/hk//\n/uk8s/cn-bj2//\n/uk8s/hk//\n" },
	{ "a zone belongs to the region that prefixes it", "ucloud",
	  { .regions = LIST("cn-bj2", "hk"), .zones = LIST("cn-bj2-02"), .services = LIST("uhost") }, false,
	  "/uhost/cn-bj2/cn-bj2-02/\n/uhost/hk//\n" },
	{ "cn-sh is no prefix of cn-sh2-02", "ucloud",
	  { .regions = LIST("cn-sh", "cn-sh2"), .zones = LIST("cn-sh2-02"), .services = LIST("uhost") }, false,
	  "/uhost/cn-sh//\n/uhost/cn-sh2/cn-sh2-02/\n" },
	{ "projects", "ucloud", { .projects = LIST("org-a", "org-b"), .regions = LIST("hk"), .services = LIST("uhost") }, false,
	  "org-a/uhost/hk//\norg-b/uhost/hk//\n" },
	{ "all regions", "ucloud", { .regions = ALL, .services = LIST("uhost") }, true,
	  "+/uhost/cn-bj2//\n+/uhost/hk//\n" },
	{ "all regions, nothing found yet", "ucloud", { .regions = ALL, .services = LIST("uhost") }, false, "" },
	{ "all zones of one region", "ucloud", { .regions = LIST("cn-bj2"), .zones = ALL, .services = LIST("uhost") }, true,
	  "+/uhost/cn-bj2/cn-bj2-02/\n+/uhost/cn-bj2/cn-bj2-05/\n" },
	{ "all projects", "ucloud", { .projects = ALL, .regions = LIST("hk"), .services = LIST("uk8s") }, true,
	  "+org-1/uk8s/hk//\n+org-2/uk8s/hk//\n" },
	{ "platform per type", "compshare", { .regions = LIST("cn-wlcb"), .services = LIST("platform") }, false,
	  "/platform/cn-wlcb//System\n/platform/cn-wlcb//App\n/platform/cn-wlcb//Game\n/platform/cn-wlcb//Other\n" },
	{ "chosen variants", "compshare",
	  { .regions = LIST("cn-wlcb"), .services = LIST("platform", "custom"), .variants = LIST("App") }, false,
	  "/custom/cn-wlcb//\n/platform/cn-wlcb//App\n" },
	{ "a zone is the region", "qingcloud", { .zones = LIST("pek3", "sh1"), .services = LIST("images") }, false,
	  "/images/pek3/pek3/system\n/images/pek3/pek3/self\n/images/sh1/sh1/system\n/images/sh1/sh1/self\n" },
	{ "shared on request", "qingcloud",
	  { .zones = LIST("pek3"), .services = LIST("images"), .variants = LIST("shared") }, false,
	  "/images/pek3/pek3/shared\n" },
};
/* clang-format on */

static const struct provider *provider_named(const char *name)
{
	for (const struct provider *const *p = builtin_providers; *p; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	fail_msg("no provider %s", name);
	return NULL;
}

static int write_listing(const struct listing_identity *i, const struct service *service,
			 const struct variant *variant, bool found, void *data)
{
	assert_string_equal(i->service, service->name);
	assert_string_equal(i->variant, variant ? variant->name : "");
	buf_printf(data, "%s%s/%s/%s/%s/%s\n", found ? "+" : "", i->project, i->service, i->region,
		   i->zone, i->variant);
	return 0;
}

static void plans_row(void **state)
{
	const struct row *row = *state;
	struct config_account account = row->account;
	struct plan_places places = { ucloud_places,
				      row->has_places ? ARRAY_LEN(ucloud_places) : 0 };
	struct buf plan;

	account.name = "a";
	account.cloud = "cloud";
	account.provider = provider_named(row->provider);
	buf_init(&plan);
	assert_int_equal(plan_listings(&account, &places, write_listing, &plan), 0);
	assert_string_equal(buf_text(&plan), row->plan);
	buf_finish(&plan);
}

static int count_discovery(const struct listing_identity *i, const struct discovery *d, void *data)
{
	assert_string_equal(i->service, "discovery");
	buf_printf(data, "%s ", d->name);
	return 0;
}

static void discovers_only_what_all_needs(void **state)
{
	struct config_account account = { .name = "a", .cloud = "c", .regions = LIST("hk") };
	struct buf names;

	(void)state;
	account.provider = provider_named("ucloud");
	buf_init(&names);
	assert_int_equal(plan_discoveries(&account, count_discovery, &names), 0);
	assert_string_equal(buf_text(&names), "");
	account.zones.all = true;
	account.projects.all = true;
	assert_int_equal(plan_discoveries(&account, count_discovery, &names), 0);
	assert_string_equal(buf_text(&names), "regions projects ");
	buf_finish(&names);
}

/* A region that `all` no longer finds is covered; one that was taken out of the list is not. */
static void covers_what_is_configured(void **state)
{
	struct config_account listed = {
		.name = "a", .cloud = "c", .regions = LIST("hk"), .services = LIST("uhost")
	};
	struct config_account found = {
		.name = "a", .cloud = "c", .regions = ALL, .services = LIST("uhost")
	};
	const struct plan_places none = { 0 };
	struct listing_identity id = { "a", "ucloud", "c", "uhost", "hk", "", "", "" };

	(void)state;
	listed.provider = found.provider = provider_named("ucloud");
	assert_true(plan_covers(&listed, &none, &id));
	id.region = "cn-bj2";
	assert_false(plan_covers(&listed, &none, &id));
	assert_true(plan_covers(&found, &none, &id));
	id.service = "uk8s";
	assert_false(plan_covers(&found, &none, &id));
	id.service = "uhost";
	id.cloud = "another";
	assert_false(plan_covers(&found, &none, &id));
	id.cloud = "c";
	id.account = "gone";
	assert_false(plan_covers(&found, &none, &id));
}

/* `zones: all` of a named region: nothing before discovery answers, then the zones and no more. */
static void zones_wait_for_discovery(void **state)
{
	struct config_account a = { .name = "a",
				    .cloud = "c",
				    .regions = LIST("cn-bj2", "sg"),
				    .zones = ALL,
				    .services = LIST("uhost") };
	const struct plan_places unknown = { .zones_unknown = true };
	const struct plan_places known = { ucloud_places, ARRAY_LEN(ucloud_places), false };
	struct listing_identity wide = { "a", "ucloud", "c", "uhost", "cn-bj2", "", "", "" };
	struct buf plan;

	(void)state;
	a.provider = provider_named("ucloud");
	buf_init(&plan);
	assert_int_equal(plan_listings(&a, &unknown, write_listing, &plan), 0);
	assert_string_equal(buf_text(&plan), "");
	assert_int_equal(plan_listings(&a, &known, write_listing, &plan), 0);
	assert_string_equal(buf_text(&plan),
			    "+/uhost/cn-bj2/cn-bj2-02/\n+/uhost/cn-bj2/cn-bj2-05/\n"
			    "/uhost/sg//\n");
	buf_finish(&plan);
	assert_false(plan_covers(&a, &known, &wide)); /* its zones are asked instead */
	wide.zone = "cn-bj2-07";
	assert_true(plan_covers(&a, &known, &wide)); /* a zone that may come back */
}

/* Ten thousand zones that come in no order, one of them twice: each once, and quickly. */
static void plans_many_places(void **state)
{
	enum { COUNT = 10000 };
	struct config_account a = {
		.name = "a", .cloud = "c", .regions = ALL, .zones = ALL, .services = LIST("uhost")
	};
	static char names[COUNT][2][24];
	struct store_place *places = calloc(COUNT + 1, sizeof(*places));
	struct plan_places known = { places, COUNT + 1, false };
	size_t count = 0;
	struct buf plan;

	(void)state;
	assert_non_null(places);
	a.provider = provider_named("ucloud");
	for (size_t i = 0; i < COUNT; i++) {
		size_t n = i * 7919 % COUNT;
		snprintf(names[i][0], sizeof(names[i][0]), "r%zu", n / 4);
		snprintf(names[i][1], sizeof(names[i][1]), "r%zu-%zu", n / 4, n % 4);
		places[i] = (struct store_place){ "", names[i][0], names[i][1] };
	}
	places[COUNT] = places[3];
	buf_init(&plan);
	assert_int_equal(plan_listings(&a, &known, write_listing, &plan), 0);
	for (const char *at = buf_text(&plan); *at; at++)
		count += *at == '\n';
	assert_int_equal(count, COUNT);
	buf_finish(&plan);
	free(places);
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(discovers_only_what_all_needs),
		cmocka_unit_test(covers_what_is_configured),
		cmocka_unit_test(plans_many_places),
		cmocka_unit_test(zones_wait_for_discovery),
	};
	size_t count = 4;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(plans_row, &rows[i]);
	return _cmocka_run_group_tests("plan", tests, count, NULL, NULL);
}
