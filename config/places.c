/*
 * What an account lists: services, variants, regions, zones, projects, each against what the
 * provider's tables have. A name that comes from `defaults` and does not fit this provider is
 * left out; one in the account itself is an error.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/load.h"
#include "config/url.h"

/* A value with a variable that is not set here (CONFIG_CHECK) is not judged. */
static bool is_known(const char *word)
{
	return !strchr(word, '$');
}

static struct position position_of_item(const struct node *list, const char *word)
{
	if (list->type != NODE_LIST)
		return list->position;
	for (const struct node_entry *entry = list->entries; entry; entry = entry->next)
		if (entry->value->expanded && strcmp(entry->value->expanded, word) == 0)
			return entry->value->position;
	return list->position;
}

static bool is_listed(const struct config_list *list, const char *word)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

/* A list that words are put into; room for `size`. */
static const char **new_list(struct loader *loader, struct config_list *ret, size_t size)
{
	const char **items = arena_alloc(&loader->config->arena, (size + 1) * sizeof(*items));

	loader->out_of_memory |= !items;
	*ret = (struct config_list){ .items = items };
	return items;
}

/* ---- services and variants ------------------------------------------------------------- */

/* Calls `visit` for each name a provider knows of a kind; stops at the first true. */
typedef bool name_visitor(const char *name, bool on_request, void *data);

static bool each_service(const struct provider *provider, const struct config_list *services,
			 name_visitor *visit, void *data)
{
	(void)services;
	for (const struct service *service = provider->services; service->name; service++)
		if (visit(service->name, service->on_request, data))
			return true;
	return false;
}

/* Only those of the listed services; NULL means any. */
static bool each_variant(const struct provider *provider, const struct config_list *services,
			 name_visitor *visit, void *data)
{
	for (const struct service *service = provider->services; service->name; service++) {
		if (!service->variants || (services && !is_listed(services, service->name)))
			continue;
		for (const struct variant *variant = service->variants; variant->name; variant++)
			if (visit(variant->name, variant->on_request, data))
				return true;
	}
	return false;
}

/* The two lists have the same rules. */
struct names {
	const char *what; /* "service" */
	enum option_id option;
	bool (*each)(const struct provider *, const struct config_list *, name_visitor *, void *);
};

static const struct names service_names = { "service", OPTION_SERVICES, each_service };
static const struct names variant_names = { "variant", OPTION_VARIANTS, each_variant };

static bool is_name(const char *name, bool on_request, void *data)
{
	(void)on_request;
	return strcmp(name, data) == 0;
}

static bool count_name(const char *name, bool on_request, void *data)
{
	(void)name;
	(void)on_request;
	++*(size_t *)data;
	return false;
}

struct collection {
	const char **items;
	struct config_list *list;
	bool on_request_too;
};

static bool collect_name(const char *name, bool on_request, void *data)
{
	struct collection *c = data;

	if ((c->on_request_too || !on_request) && !is_listed(c->list, name))
		c->items[c->list->count++] = name;
	return false;
}

/* Every name that may be asked for, or the default set. */
static void collect(struct loader *loader, const struct provider *provider,
		    const struct config_list *services, const struct names *names,
		    bool on_request_too, struct config_list *ret)
{
	size_t size = 0;

	names->each(provider, services, count_name, &size);
	const char **items = new_list(loader, ret, size);
	struct collection c = { items, ret, on_request_too };
	if (items)
		names->each(provider, services, collect_name, &c);
}

static void unknown_name(struct loader *loader, const struct account_draft *draft,
			 const struct config_list *services, const struct names *names,
			 const char *word)
{
	const struct node *node = draft->source.nodes[names->option];
	const struct provider *provider = draft->account->provider;
	struct config_list valid;
	struct buf text;

	collect(loader, provider, services, names, true, &valid);
	if (!valid.items)
		return;
	buf_init(&text);
	for (size_t i = 0; i < valid.count; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", valid.items[i]);
	const char *nearest = text_nearest(word, valid.items);
	if (services && names->each(provider, NULL, is_name, (void *)(uintptr_t)word))
		load_error(loader, position_of_item(node, word),
			   "%s: %s '%.80s' belongs to a service that is not listed", draft->label,
			   names->what, word);
	else if (valid.count == 0)
		load_error(loader, node->position, "%s: the services listed have no %ss",
			   draft->label, names->what);
	else
		load_error(loader, position_of_item(node, word),
			   "%s: %s has no %s '%.80s' (there are: %s)%s%s%s", draft->label,
			   provider->name, names->what, word, buf_text(&text),
			   nearest ? "; did you mean '" : "", nearest ? nearest : "",
			   nearest ? "'?" : "");
	buf_finish(&text);
}

/* A default that no provider at all knows is a mistake, not a name of another provider. */
static bool is_known_to_any(const struct loader *loader, const struct names *names,
			    const char *word)
{
	for (const struct provider *const *p = loader->providers; *p; p++)
		if (names->each(*p, NULL, is_name, (void *)(uintptr_t)word))
			return true;
	return false;
}

static void check_names(struct loader *loader, struct account_draft *draft,
			const struct config_list *services, const struct names *names,
			struct config_list *list)
{
	const struct provider *provider = draft->account->provider;
	bool own = draft->source.own[names->option];
	struct config_list fit;
	const char **items = new_list(loader, &fit, list->count);

	for (size_t i = 0; items && i < list->count; i++) {
		const char *word = list->items[i];
		if (!is_known(word) ||
		    names->each(provider, services, is_name, (void *)(uintptr_t)word))
			items[fit.count++] = word;
		else if (own || !is_known_to_any(loader, names, word))
			unknown_name(loader, draft, services, names, word);
	}
	if (fit.count > 0)
		*list = fit;
	else
		collect(loader, provider, services, names, false, list);
}

/* A service that needs variants must have one, or it would silently list nothing. */
static void check_every_service(struct loader *loader, const struct account_draft *draft)
{
	const struct config_account *account = draft->account;
	const struct node *node = draft->source.nodes[OPTION_VARIANTS];

	for (const struct service *s = account->provider->services; node && s->name; s++) {
		bool any = !s->variants || !is_listed(&account->services, s->name);
		for (const struct variant *v = s->variants; !any && v->name; v++)
			any = is_listed(&account->variants, v->name);
		if (!any)
			load_error(loader, node->position,
				   "%s: service '%s' has none of these variants", draft->label,
				   s->name);
	}
}

void load_services(struct loader *loader, struct account_draft *draft)
{
	struct config_account *account = draft->account;

	check_names(loader, draft, NULL, &service_names, &account->services);
	check_names(loader, draft, &account->services, &variant_names, &account->variants);
	check_every_service(loader, draft);
}

/* ---- regions, zones, projects ---------------------------------------------------------- */

/* Places of one kind: what of the provider decides whether there are any. */
struct kind {
	const char *plural;
	enum option_id option;
	enum place place;
	const char *param;
	struct config_list *list;
};

static bool is_discovered(const struct provider *provider, enum place place)
{
	for (const struct discovery *d = provider->discoveries; d && d->name; d++)
		if (d->places & place)
			return true;
	return false;
}

static void check_kind(struct loader *loader, const struct account_draft *draft,
		       const struct kind *kind)
{
	const struct provider *provider = draft->account->provider;
	bool one = kind->option == OPTION_PROJECTS && draft->source.nodes[OPTION_PROJECT_ID];
	enum option_id option = one ? OPTION_PROJECT_ID : kind->option;
	const struct node *node = draft->source.nodes[option];

	if (!node || (!kind->list->all && kind->list->count == 0))
		return;
	if (!kind->param) {
		if (draft->source.own[option])
			load_error(loader, node->position, "%s: %s has no %s%s", draft->label,
				   provider->name, kind->plural,
				   kind->place == PLACE_REGION ? ": use zones" : "");
		*kind->list = (struct config_list){ 0 };
	} else if (kind->list->all && !is_discovered(provider, kind->place)) {
		load_error(loader, node->position, "%s: %s cannot tell its %s: list them",
			   draft->label, provider->name, kind->plural);
	}
}

static unsigned scope_of(const struct config_account *account)
{
	unsigned scope = 0;

	for (const struct service *s = account->provider->services; s->name; s++)
		if (is_listed(&account->services, s->name))
			scope |= s->scope;
	return scope;
}

/* A list that was refused was given as well: one problem is told once. */
static bool is_given(const struct account_draft *draft, enum option_id option,
		     const struct config_list *list)
{
	return list->all || list->count > 0 || draft->source.nodes[option];
}

/* Gateways that answer a provider's lists only zone by zone. */
static const struct {
	const char *provider, *domain;
} zone_gateways[] = {
	{ "compshare", "ucloud.cn" },
	{ "compshare", "ucloud-global.com" },
};

static bool gateway_wants_zones(const struct account_draft *draft)
{
	struct url url = { 0 };

	snprintf(url.host, sizeof(url.host), "%s", draft->host);
	for (size_t i = 0; i < ARRAY_LEN(zone_gateways); i++)
		if (strcmp(draft->account->provider->name, zone_gateways[i].provider) == 0 &&
		    url_is_below(&url, zone_gateways[i].domain))
			return true;
	return false;
}

static void check_needed(struct loader *loader, const struct account_draft *draft)
{
	const struct config_account *account = draft->account;
	unsigned scope = scope_of(account);
	bool regions = is_given(draft, OPTION_REGIONS, &account->regions);
	bool zones = is_given(draft, OPTION_ZONES, &account->zones);

	if ((scope & SCOPE_REGION) && account->provider->region_param && !regions)
		load_error(loader, draft->position,
			   "%s: missing 'regions': list them, or write regions: all", draft->label);
	if ((scope & SCOPE_ZONE) && !zones)
		load_error(loader, draft->position,
			   "%s: missing 'zones': list them, or write zones: all", draft->label);
	else if (!zones && gateway_wants_zones(draft))
		load_error(loader, draft->position,
			   "%s: missing 'zones': %s answers for %s only zone by zone", draft->label,
			   draft->host, account->provider->name);
}

/* cn-bj2-02 belongs to cn-bj2. */
static bool is_in_region(const char *zone, const char *region)
{
	size_t len = strlen(region);

	return strncmp(zone, region, len) == 0 && zone[len] == '-' && zone[len + 1];
}

static bool is_in_regions(const char *zone, const struct config_list *regions)
{
	for (size_t i = 0; i < regions->count; i++)
		if (!is_known(regions->items[i]) || is_in_region(zone, regions->items[i]))
			return true;
	return !is_known(zone);
}

static void check_zones(struct loader *loader, struct account_draft *draft)
{
	struct config_account *account = draft->account;
	const struct node *node = draft->source.nodes[OPTION_ZONES];
	/* Default zones serve the accounts whose own regions they are in. */
	bool strict = draft->source.own[OPTION_ZONES] || !draft->source.own[OPTION_REGIONS];
	struct config_list fit;

	if (account->provider->zone_is_region || account->regions.all ||
	    account->regions.count == 0 || account->zones.count == 0)
		return;
	const char **items = new_list(loader, &fit, account->zones.count);
	for (size_t i = 0; items && i < account->zones.count; i++) {
		const char *zone = account->zones.items[i];
		const char *dash = strrchr(zone, '-');
		if (is_in_regions(zone, &account->regions))
			items[fit.count++] = zone;
		else if (strict)
			load_error(loader, position_of_item(node, zone),
				   "%s: zone '%.80s' is in none of the regions listed%s%.*s%s",
				   draft->label, zone, dash ? " (it belongs to region '" : "",
				   dash ? (int)(dash - zone) : 0, zone, dash ? "')" : "");
	}
	account->zones = fit;
	if (!strict && fit.count == 0)
		draft->source.nodes[OPTION_ZONES] = NULL;
}

void load_places(struct loader *loader, struct account_draft *draft)
{
	struct config_account *account = draft->account;
	const struct provider *provider = account->provider;
	const struct kind kinds[] = {
		{ "regions", OPTION_REGIONS, PLACE_REGION, provider->region_param,
		  &account->regions },
		{ "zones", OPTION_ZONES, PLACE_ZONE, provider->zone_param, &account->zones },
		{ "projects", OPTION_PROJECTS, PLACE_PROJECT, provider->project_param,
		  &account->projects },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		check_kind(loader, draft, &kinds[i]);
	check_zones(loader, draft);
	check_needed(loader, draft);
}
