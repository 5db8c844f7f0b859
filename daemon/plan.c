#include "daemon/plan.h"

#include <errno.h>
#include <string.h>

static bool list_has(const struct config_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

/* A list, or what was found, or one empty name: the provider's default. */
struct names {
	const struct config_list *list;
	const struct plan_places *places;
	size_t offset; /* of the member in struct store_place */
	size_t next;
	bool none_done;
};

static const char *place_part(const struct store_place *place, size_t offset)
{
	return *(const char *const *)(const void *)((const char *)place + offset);
}

/* The next name; places may repeat a region once per zone. */
static const char *next_name(struct names *n)
{
	if (n->list->all) {
		while (n->next < n->places->count) {
			size_t i = n->next++;
			const char *name = place_part(&n->places->items[i], n->offset);
			bool seen = !*name;
			for (size_t k = 0; k < i && !seen; k++)
				seen = strcmp(place_part(&n->places->items[k], n->offset), name) ==
				       0;
			if (!seen)
				return name;
		}
		return NULL;
	}
	if (n->list->count > 0)
		return n->next < n->list->count ? n->list->items[n->next++] : NULL;
	if (n->none_done)
		return NULL;
	n->none_done = true;
	return "";
}

static bool zone_is_of(const char *zone, const char *region)
{
	size_t len = strlen(region);

	return strncmp(zone, region, len) == 0 && zone[len] == '-';
}

struct planner {
	const struct config_account *account;
	const struct plan_places *places;
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
	for (size_t i = 0; a->zones.all && i < p->places->count && rc == 0; i++) {
		const struct store_place *place = &p->places->items[i];
		if (strcmp(place->region, region) != 0 || !*place->zone)
			continue;
		rc = plan_zone(p, service, region, place->zone, true);
		planned++;
	}
	/* Asked region-wide only once it is known that no zone of it is there to be asked. */
	if (rc == 0 && planned == 0 && !(a->zones.all && p->places->zones_unknown))
		rc = plan_zone(p, service, region, "", found);
	return rc;
}

static int plan_service(struct planner *p, const struct service *service)
{
	const struct config_account *a = p->account;
	bool by_zone = !(service->scope & SCOPE_REGION);
	struct names names = { .list = by_zone ? &a->zones : &a->regions,
			       .places = p->places,
			       .offset = by_zone ? offsetof(struct store_place, zone)
						 : offsetof(struct store_place, region) };
	const char *name;
	int rc = 0;

	while (rc == 0 && (name = next_name(&names))) {
		bool found = names.list->all;
		rc = by_zone ? plan_zone(p, service, "", name, found)
			     : plan_region(p, service, name, found);
	}
	return rc;
}

int plan_listings(const struct config_account *account, const struct plan_places *places,
		  plan_listing_fn *each, void *data)
{
	struct planner p = { .account = account, .places = places, .each = each, .data = data };
	struct names projects = { .list = &account->projects,
				  .places = places,
				  .offset = offsetof(struct store_place, project) };
	const char *project;
	int rc = 0;

	p.identity = (struct listing_identity){ .account = account->name,
						.provider = account->provider->name,
						.cloud = account->cloud };
	while (rc == 0 && (project = next_name(&projects))) {
		p.identity.project = project;
		for (const struct service *s = account->provider->services; s->name && rc == 0;
		     s++) {
			if (!list_has(&account->services, s->name))
				continue;
			p.identity.service = s->name;
			rc = plan_service(&p, s);
		}
	}
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
	} else {
		(void)plan_listings(account, &own_places, cover_listing, &c);
		(void)plan_listings(account, places, cover_listing, &c);
	}
	return c.covered;
}
