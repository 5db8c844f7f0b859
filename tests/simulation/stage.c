/*
 * Which accounts and listings a seed has, and how their cloud behaves when nothing is wrong.
 */
#include <string.h>

#include "tests/simulation/director.h"
#include "tests/simulation/world.h"

/* clang-format off */
static const struct layout {
	const char *provider, *keys, *path, *text;
	struct { const char *service, *region, *zone, *variant; } listings[3];
} layouts[] = {
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2]\n    services: [uhost]\n",
	  { { "uhost", "cn-bj2", "", "" } } },
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2]\n    services: [uhost, uk8s]\n",
	  { { "uhost", "cn-bj2", "", "" }, { "uk8s", "cn-bj2", "", "" } } },
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2]\n    zones: [cn-bj2-02]\n    services: [uhost]\n",
	  { { "uhost", "cn-bj2", "cn-bj2-02", "" } } },
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2, hk]\n    zones: [cn-bj2-05, hk-02]\n    services: [uhost]\n",
	  { { "uhost", "cn-bj2", "cn-bj2-05", "" }, { "uhost", "hk", "hk-02", "" } } },
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2]\n    zones: [cn-bj2-03]\n    services: [uhost, uk8s]\n",
	  { { "uhost", "cn-bj2", "cn-bj2-03", "" }, { "uk8s", "cn-bj2", "cn-bj2-03", "" } } },
	{ "ucloud", "public_key", "/", "    regions: [cn-bj2, hk]\n    services: [uhost]\n",
	  { { "uhost", "cn-bj2", "", "" }, { "uhost", "hk", "", "" } } },
	{ "compshare", "public_key", "/", "    regions: [cn-wlcb]\n    services: [custom]\n",
	  { { "custom", "cn-wlcb", "", "" } } },
	{ "qingcloud", "access_key_id", "/iaas/", "    zones: [pek3]\n    variants: [system]\n",
	  { { "images", "pek3", "pek3", "system" } } },
	{ "qingcloud", "access_key_id", "/iaas/", "    zones: [pek3]\n    variants: [system, self]\n",
	  { { "images", "pek3", "pek3", "system" }, { "images", "pek3", "pek3", "self" } } },
};
/* clang-format on */

static void add_listing(struct director *d, struct cloud *cloud, const struct layout *layout,
			size_t i, const char *name)
{
	const struct dialect *dialect = dialect_find(layout->provider, layout->listings[i].service);
	struct listing *l = cloud_add(cloud, d->world, dialect);

	l->account = name;
	l->key = name;
	l->cloud = arena_format(&cloud->arena, "api.%s.test", layout->provider);
	l->region = layout->listings[i].region;
	l->zone = layout->listings[i].zone;
	l->variant = layout->listings[i].variant;
	l->order = (enum order)luck_below(&d->luck, ORDERS);
	size_t images = (size_t)luck_between(&d->luck, 25, 80);
	/* Three pages at least. */
	l->page_max =
		(unsigned)luck_between(&d->luck, 8, images / 3 < 25 ? (int64_t)images / 3 : 25);
	l->no_total = dialect->total && luck_hits(&d->luck, 120);
	l->spread = luck_hits(&d->luck, 500) ? SPREAD_SECONDS : SPREAD_READING;
	l->churn_permille = d->scenario->churn_permille;
	listing_fill(l, images);
}

static void add_account(struct director *d, struct cloud *cloud, const struct layout *layout,
			struct buf *yaml)
{
	const char *secret =
		strcmp(layout->keys, "public_key") == 0 ? "private_key" : "secret_access_key";
	const char *name = arena_format(&cloud->arena, "%s-team", layout->provider);

	buf_printf(yaml,
		   "  - name: %s\n    provider: %s\n    endpoint: https://api.%s.test%s\n"
		   "    %s: %s\n    %s: 0123456789abcdef\n%s",
		   name, layout->provider, layout->provider, layout->path, layout->keys, name,
		   secret, layout->text);
	for (size_t i = 0; i < ARRAY_LEN(layout->listings) && layout->listings[i].service; i++)
		add_listing(d, cloud, layout, i, name);
}

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	bool short_hold = luck_hits(&d->luck, 500);
	struct oracle *oracle = d->world->oracle;

	oracle->hold_s = short_hold ? 5 * 60 : 24 * 3600;
	oracle->hold_polls = short_hold ? 4 : 12;
	oracle->interval_s = INTERVAL_S;

	buf_printf(yaml,
		   "catalog:\n  path: %s\n  keep_history: 0\n  keep_polls: 0\n"
		   "removal:\n  hold: %llds\n  hold_polls: %u\n"
		   "limits:\n  max_body: 256KiB\n"
		   "http:\n  listen: off\nlog: {level: error}\n"
		   "defaults:\n  interval: %ds\n  timeout: 30s\n  requests_per_second: 1000\n"
		   "accounts:\n",
		   catalog, (long long)oracle->hold_s, oracle->hold_polls, INTERVAL_S);
	const struct layout *first = &layouts[luck_below(&d->luck, ARRAY_LEN(layouts))];
	const struct layout *second = &layouts[luck_below(&d->luck, ARRAY_LEN(layouts))];
	add_account(d, cloud, first, yaml);
	if (strcmp(first->provider, second->provider) != 0 && cloud->count < 2)
		add_account(d, cloud, second, yaml);
}

void director_set_stage(struct director *d, struct cloud *cloud, const char *catalog,
			struct buf *yaml)
{
	const struct course *course = d->scenario->course;

	if (course)
		course->set_stage(d, cloud, catalog, yaml);
	else
		set_stage(d, cloud, catalog, yaml);
}
