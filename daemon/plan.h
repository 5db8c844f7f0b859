/*
 * Which listings a configuration means: accounts × projects × places × services × variants.
 *
 * Pure. Strings of the result are borrowed from the configuration and the places.
 */
#pragma once

#include "config/config.h"
#include "store/identity.h"
#include "store/store.h"

/* What discovery knows of one account; all of its answers together. */
struct plan_places {
	const struct store_place *items;
	size_t count;
	bool zones_unknown; /* no discovery of zones has answered yet: `zones: all` means nothing so
			       far */
};

/* The list before any discovery has answered; ends with plan_places_finish(). */
#define PLAN_PLACES_NONE ((struct plan_places){ .zones_unknown = true })

/* Adds what a discovery last answered; nothing when that is nothing. 0 or -ENOMEM. */
int plan_places_add(struct plan_places *places, const struct discovery *discovery,
		    const struct store_place *items, size_t count);
void plan_places_finish(struct plan_places *places);

typedef int plan_listing_fn(const struct listing_identity *identity, const struct service *service,
			    const struct variant *variant, bool found, void *data);

/* Calls `each` for every listing of the account; stops at and returns its first negative result, or
 * -ENOMEM. */
int plan_listings(const struct config_account *account, const struct plan_places *places,
		  plan_listing_fn *each, void *data);

typedef int plan_discovery_fn(const struct listing_identity *identity,
			      const struct discovery *discovery, void *data);

/* The discovery calls that the account's `all` keys need. */
int plan_discoveries(const struct config_account *account, plan_discovery_fn *each, void *data);

/*
 * Whether a listing that was once registered still belongs to the account's configuration. A place
 * that `all` may find again does; `places` is what it finds now.
 */
bool plan_covers(const struct config_account *account, const struct plan_places *places,
		 const struct listing_identity *identity);
