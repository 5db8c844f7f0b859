#include "daemon/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ------------------------------------------------------------------------------ */

int plan_places_add(struct plan_places *places, const struct discovery *discovery,
		    const struct store_place *items, size_t count)
{
	struct store_place *all = (struct store_place *)(uintptr_t)places->items;

	if (count == 0)
		return 0;
	all = realloc(all, (places->count + count) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all + places->count, items, count * sizeof(*all));
	places->items = all;
	places->count += count;
	if (discovery->places & PLACE_ZONE)
		places->zones_unknown = false;
	return 0;
}

void plan_places_finish(struct plan_places *places)
{
	free((void *)(uintptr_t)places->items);
	*places = PLAN_PLACES_NONE;
}

static bool list_has(const struct config_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

static int compare_places(const void *left, const void *right)
{
	const struct store_place *a = *(const struct store_place *const *)left;
	const struct store_place *b = *(const struct store_place *const *)right;
	int r = strcmp(a->region, b->region);

	return r ? r : strcmp(a->zone, b->zone);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const struct store_place **sort_places(const struct plan_places *places)
{
	const struct store_place **sorted =
		calloc(places->count + 1, sizeof(const struct store_place *));

	for (size_t i = 0; i < places->count && sorted; i++)
		sorted[i] = &places->items[i];
	if (sorted && places->count > 0)
		qsort(sorted, places->count, sizeof(const struct store_place *), compare_places);
	return sorted;
}

static const char *place_part(const struct store_place *place, size_t offset)
{
	return *(const char *const *)(const void *)((const char *)place + offset);
}

/* A list, or what was found, or one empty name: the provider's default. free() its items. */
struct names {
	const char **items;
	size_t count;
	bool found;
};

static int names_of(const struct config_list *list, const struct plan_places *places, size_t offset,
		    struct names *ret)
{
	size_t most = list->all ? places->count : list->count;
	const char **items = calloc(most + 1, sizeof(const char *));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < most; i++) {
		const char *name =
			list->all ? place_part(&places->items[i], offset) : list->items[i];
		if (*name)
			items[count++] = name;
	}
	/* Places repeat a region once per zone. */
	if (list->all && count > 0) {
		size_t distinct = 1;
		qsort(items, count, sizeof(const char *), compare_names);
		for (size_t i = 1; i < count; i++)
			if (strcmp(items[i], items[distinct - 1]) != 0)
				items[distinct++] = items[i];
		count = distinct;
	}
	if (!list->all && list->count == 0)
		items[count++] = "";
	*ret = (struct names){ .items = items, .count = count, .found = list->all };
	return 0;
}

static bool zone_is_of(const char *zone, const char *region)
{
	size_t len = strlen(region);

	return strncmp(zone, region, len) == 0 && zone[len] == '-';
}

struct planner {
	const struct config_account *account;
	const struct plan_places *places;
	const struct store_place **by_zone; /* the places by region, then zone */
	plan_listing_fn *each;
	void *data;
	struct listing_identity identity; /* filled from the outside in */
	bool found;
};

static bool wants_variant(const struct config_account *account, const struct service *service,
			  const struct variant *variant)
{
	for (const struct variant *v = service->variants; v->name; v++)
		if (list_has(&account->variants, v->name))
			return list_has(&account->variants, variant->name);
	return !variant->on_request;
}

static int plan_variants(struct planner *p, const struct service *service)
{
	static const struct variant none[] = { { .name = "" }, { 0 } };
	const struct variant *variants = service->variants ? service->variants : none;

	for (const struct variant *v = variants; v->name; v++) {
		if (service->variants && !wants_variant(p->account, service, v))
			continue;
		p->identity.variant = v->name;
		int rc = p->each(&p->identity, service, service->variants ? v : NULL, p->found,
				 p->data);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int plan_zone(struct planner *p, const struct service *service, const char *region,
		     const char *zone, bool found)
{
	p->identity.region = p->account->provider->zone_is_region ? zone : region;
	p->identity.zone = zone;
	p->found = found || p->account->projects.all;
	return plan_variants(p, service);
}

/* The first place that is not before this region. */
static size_t first_of(const struct planner *p, const char *region)
{
	size_t low = 0, high = p->places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(p->by_zone[middle]->region, region) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int plan_found_zones(struct planner *p, const struct service *service, const char *region,
			    size_t *planned)
{
	const char *last = "";
	int rc = 0;

	for (size_t i = first_of(p, region); i < p->places->count && rc == 0; i++) {
		const struct store_place *place = p->by_zone[i];
		if (strcmp(place->region, region) != 0)
			break;
		if (strcmp(place->zone, last) == 0)
			continue;
		last = place->zone;
		rc = plan_zone(p, service, region, place->zone, true);
		++*planned;
	}
	return rc;
}

/* The zones of one region, or the region as a whole where none is listed. */
static int plan_region(struct planner *p, const struct service *service, const char *region,
		       bool found)
{
	const struct config_account *a = p->account;
	size_t planned = 0;
	int rc = 0;

	for (size_t i = 0; i < a->zones.count && rc == 0; i++) {
		if (!zone_is_of(a->zones.items[i], region))
			continue;
		rc = plan_zone(p, service, region, a->zones.items[i], found);
		planned++;
	}
	if (rc == 0 && a->zones.all)
		rc = plan_found_zones(p, service, region, &planned);
	/* Asked region-wide only once it is known that no zone of it is there to be asked. */
	if (rc == 0 && planned == 0 && !(a->zones.all && p->places->zones_unknown))
		rc = plan_zone(p, service, region, "", found);
	return rc;
}

static int plan_service(struct planner *p, const struct service *service)
{
	const struct config_account *a = p->account;
	bool by_zone = !(service->scope & SCOPE_REGION);
	struct names names;
	int rc = names_of(by_zone ? &a->zones : &a->regions, p->places,
			  by_zone ? offsetof(struct store_place, zone)
				  : offsetof(struct store_place, region),
			  &names);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < names.count && rc == 0; i++)
		rc = by_zone ? plan_zone(p, service, "", names.items[i], names.found)
			     : plan_region(p, service, names.items[i], names.found);
	free(names.items);
	return rc;
}

static int plan_project(struct planner *p, const char *project)
{
	int rc = 0;

	p->identity.project = project;
	for (const struct service *s = p->account->provider->services; s->name && rc == 0; s++) {
		if (!list_has(&p->account->services, s->name))
			continue;
		p->identity.service = s->name;
		rc = plan_service(p, s);
	}
	return rc;
}

int plan_listings(const struct config_account *account, const struct plan_places *places,
		  plan_listing_fn *each, void *data)
{
	struct planner p = { .account = account, .places = places, .each = each, .data = data };
	struct names projects;
	int rc = names_of(&account->projects, places, offsetof(struct store_place, project),
			  &projects);

	if (rc < 0)
		return rc;
	p.by_zone = sort_places(places);
	if (!p.by_zone)
		rc = -ENOMEM;
	p.identity = (struct listing_identity){ .account = account->name,
						.provider = account->provider->name,
						.cloud = account->cloud };
	for (size_t i = 0; i < projects.count && rc == 0; i++)
		rc = plan_project(&p, projects.items[i]);
	free(p.by_zone);
	free(projects.items);
	return rc;
}

int plan_discoveries(const struct config_account *account, plan_discovery_fn *each, void *data)
{
	unsigned needed = (account->regions.all ? PLACE_REGION : 0u) |
			  (account->zones.all ? PLACE_ZONE : 0u) |
			  (account->projects.all ? PLACE_PROJECT : 0u);

	for (const struct discovery *d = account->provider->discoveries; d && d->name; d++) {
		if (!(d->places & needed))
			continue;
		struct listing_identity identity = { .account = account->name,
						     .provider = account->provider->name,
						     .cloud = account->cloud,
						     .service = "discovery",
						     .region = "",
						     .zone = "",
						     .project = "",
						     .variant = d->name };
		int rc = each(&identity, d, data);
		if (rc < 0)
			return rc;
	}
	return 0;
}

struct cover {
	const struct listing_identity *wanted;
	bool covered;
};

static int cover_discovery(const struct listing_identity *identity,
			   const struct discovery *discovery, void *data)
{
	struct cover *c = data;

	(void)discovery;
	c->covered = c->covered || strcmp(identity->variant, c->wanted->variant) == 0;
	return 0;
}

static int cover_listing(const struct listing_identity *i, const struct service *service,
			 const struct variant *variant, bool found, void *data)
{
	struct cover *c = data;
	const struct listing_identity *w = c->wanted;

	(void)service;
	(void)variant;
	(void)found;
	c->covered = c->covered ||
		     (strcmp(i->service, w->service) == 0 && strcmp(i->region, w->region) == 0 &&
		      strcmp(i->zone, w->zone) == 0 && strcmp(i->project, w->project) == 0 &&
		      strcmp(i->variant, w->variant) == 0);
	return 0;
}

bool plan_covers(const struct config_account *account, const struct plan_places *places,
		 const struct listing_identity *wanted)
{
	struct cover c = { .wanted = wanted };
	/* What `all` could find again: the listing's own place. */
	const struct store_place own = { wanted->project, wanted->region, wanted->zone };
	const struct plan_places own_places = { .items = &own, .count = 1, .zones_unknown = true };

	if (strcmp(account->name, wanted->account) != 0 ||
	    strcmp(account->provider->name, wanted->provider) != 0 ||
	    strcmp(account->cloud, wanted->cloud) != 0)
		return false;
	if (strcmp(wanted->service, "discovery") == 0) {
		(void)plan_discoveries(account, cover_discovery, &c);
	} else if (plan_listings(account, &own_places, cover_listing, &c) < 0 ||
		   plan_listings(account, places, cover_listing, &c) < 0) {
		return true; /* nothing is taken away for want of memory */
	}
	return c.covered;
}
