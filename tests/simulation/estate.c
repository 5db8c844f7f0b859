/*
 * Accounts with many listings, what is wrong with them, and what the catalog says of them.
 */
#include <string.h>

#include "tests/simulation/course.h"
#include "tests/simulation/director.h"
#include "tests/simulation/serving.h"
#include "tests/simulation/world.h"

void estate_begin(struct director *d, const char *catalog, struct buf *yaml, int64_t interval_s,
		  unsigned timeout_s, const char *keep)
{
	struct oracle *oracle = d->world->oracle;

	oracle->hold_s = 24 * 3600;
	oracle->hold_polls = 12;
	oracle->interval_s = interval_s;
	ledger_init(&d->ledger, d->world);
	d->world->ledger = &d->ledger;
	buf_printf(yaml,
		   "catalog:\n  path: %s\n  keep_history: %s\n  keep_polls: %s\n"
		   "limits:\n  max_body: 256KiB\n"
		   "http:\n  listen: off\nlog: {level: error}\n"
		   "defaults:\n  interval: %llds\n  timeout: %us\n  requests_per_second: %d\n"
		   "accounts:\n",
		   catalog, keep, keep, (long long)interval_s, timeout_s, LEDGER_RATE);
}

static void add_listing(struct director *d, struct cloud *cloud, const struct estate *e,
			const char *name, const char *service, const char *region,
			const char *variant)
{
	bool is_qingcloud = strcmp(e->provider, "qingcloud") == 0;
	struct listing *l = cloud_add(cloud, d->world, dialect_find(e->provider, service));

	l->account = l->key = name;
	l->cloud = arena_format(&cloud->arena, "api.%s.test", e->provider);
	l->region = region;
	l->zone = is_qingcloud ? region : "";
	l->variant = variant ? variant : "";
	l->order = (enum order)luck_below(&d->luck, ORDERS);
	size_t images = (size_t)luck_between(&d->luck, 20, 40);
	l->page_max = (unsigned)luck_between(&d->luck, 8, 20);
	l->spread = SPREAD_SECONDS;
	listing_fill(l, images);
}

void estate_add(struct director *d, struct cloud *cloud, const struct estate *e, struct buf *yaml)
{
	bool is_qingcloud = strcmp(e->provider, "qingcloud") == 0;
	const char *name = arena_string(&cloud->arena, e->name);

	assert(d->ledger.account_count < LEDGER_ACCOUNTS);
	d->ledger.accounts[d->ledger.account_count++] = name;
	buf_printf(yaml,
		   "  - name: %s\n    provider: %s\n    endpoint: https://api.%s.test%s\n"
		   "    %s: %s\n    %s: 0123456789abcdef\n%s",
		   name, e->provider, e->provider, is_qingcloud ? "/iaas/" : "/",
		   is_qingcloud ? "access_key_id" : "public_key", name,
		   is_qingcloud ? "secret_access_key" : "private_key", e->text);
	for (size_t i = 0; e->services[i]; i++)
		for (size_t j = 0; e->regions[j]; j++)
			for (size_t k = 0; k == 0 || e->variants[k]; k++)
				add_listing(d, cloud, e, name, e->services[i], e->regions[j],
					    e->variants[k]);
}

/* Few listings, of two providers: for what is repeated often or lasts long. */
void estate_add_small(struct director *d, struct cloud *cloud, struct buf *yaml)
{
	/* clang-format off */
	static const struct estate estates[] = {
		{ .name = "ucloud-team", .provider = "ucloud", .services = { "uhost", "uk8s" },
		  .text = "    regions: [cn-bj2]\n    services: [uhost, uk8s]\n", .regions = { "cn-bj2" } },
		{ .name = "qingcloud-team", .provider = "qingcloud", .services = { "images" },
		  .text = "    zones: [pek3]\n    variants: [system]\n", .regions = { "pek3" },
		  .variants = { "system" } },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(estates); i++)
		estate_add(d, cloud, &estates[i], yaml);
}

bool estate_is_complete(struct director *d, const struct listing *l, enum outcome_seen outcome)
{
	if (outcome == SEEN_COMPLETE)
		d->state.complete_us[l->number] = d->world->now_us;
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (d->state.complete_us[i] == 0)
			return false;
	return true;
}

/* ---- faults -----------------------------------------------------------------------------------
 */

static const struct fault *find_fault(const char *name)
{
	const struct fault *fault = faults;

	while (strcmp(fault->name, name) != 0)
		fault++;
	return fault;
}

void course_afflict(struct listing *l, const char *fault)
{
	l->faults[0] = (struct active_fault){ .fault = find_fault(fault),
					      .permille = 1000,
					      .salt = luck_next(&l->luck) };
	l->fault_count = 1;
	l->changed_us = l->world->now_us;
	world_trace(l->world, "listing %u: %s", l->number, fault);
}

void course_relieve(struct listing *l)
{
	l->fault_count = 0;
	l->changed_us = l->world->now_us;
}

/* ---- the catalog's word -------------------------------------------------------------------------
 */

int64_t world_wall_s(const struct world *world)
{
	return world->env.now_s(&world->env);
}

static void copy_text(char *to, size_t size, sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	snprintf(to, size, "%s", text ? (const char *)text : "");
}

bool standing_read(struct oracle *o, const struct listing *l, struct standing_row *ret)
{
	sqlite3_stmt *s = oracle_prepare(
		o, "SELECT health, last_error_class, last_error, last_complete_at,"
		   " consecutive_failures, images_present FROM listings WHERE listing_id = ?");
	bool found = false;

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, l->listing_id);
	if (sqlite3_step(s) == SQLITE_ROW) {
		found = true;
		copy_text(ret->health, sizeof(ret->health), s, 0);
		copy_text(ret->class, sizeof(ret->class), s, 1);
		copy_text(ret->error, sizeof(ret->error), s, 2);
		ret->last_complete_at = sqlite3_column_int64(s, 3);
		ret->failures = sqlite3_column_int64(s, 4);
		ret->present = sqlite3_column_int64(s, 5);
	}
	sqlite3_finalize(s);
	if (!found)
		world_fail(o->world, "listing %u has no row", l->number);
	return found;
}
