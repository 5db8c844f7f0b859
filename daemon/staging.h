/*
 * What a new configuration changes: prepared aside, stored, then put in force at once, or dropped
 * without a trace.
 *
 * Accounts that say the same as before, with the same keys, are kept with all that is known of
 * them: limiter, timers, back-off, memory of pages. Of one that changed, listings stay and go on
 * under a new account; a poll in flight ends under the one that it began with. Listings that are no
 * longer meant are disabled.
 *
 * Thread: the loop, but for the two functions of the writer's thread. Nothing here waits.
 */
#pragma once

#include "daemon/generation.h"
#include "daemon/roster.h"

struct staged {
	struct watch *watch;
	struct account *account;
	bool found;
	const struct service *service;
	const struct variant *variant;
	const struct discovery *discovery;
	struct store_place *places; /* loaded for a discovery that was not known */
	size_t place_count;
};

struct staging {
	struct roster *roster;
	struct generation *generation; /* the new one; held */
	struct account **accounts;     /* of it, in its order */
	struct account **replaced; /* at the same place: who has that name now; itself when kept */
	size_t account_count;
	size_t unchanged, changed, added, removed;

	struct staged *listings; /* of accounts that are new or changed */
	size_t listing_count, listing_size;
	struct watch **watches;     /* of them */
	struct store_listing *rows; /* what the catalog has of them */

	struct arena arena;           /* strings of the next, and of places */
	struct store_listing *stored; /* every listing that the catalog believes is enabled */
	size_t stored_count, stored_size;
	int64_t *gone; /* of them, those to be disabled */
	size_t gone_count;
};

/*
 * Plans. `keys` are those of the configuration's accounts. Takes over a hold of the
 * generation, also when it fails.
 */
int staging_prepare(struct staging *ret, struct roster *roster, struct generation *generation,
		    struct account_keys **keys, struct error *err);

/* On the writer's thread: registers the listings, reads what else is stored. */
int staging_store(struct staging *staging, struct store *store, struct error *err);

/*
 * The new configuration is in force when this returns. Accounts that are no longer used are moved
 * to `retired` (of at least roster->account_count free places): they may have polls in flight.
 */
void staging_commit(struct staging *staging, struct account **retired, size_t *retired_count);

/* On the writer's thread, after that: disables what is no longer meant. */
int staging_disable(struct staging *staging, struct store *store, struct error *err);

void staging_finish(struct staging *staging); /* drops what was not put in force */

/* Accounts that were kept borrow from the generation in force as soon as no poll of theirs reads
 * the old one. */
void staging_move_over(struct roster *roster, struct generation *generation);

/* The last poll of a watch has ended: what a commit left for then. */
void staging_settle(struct roster *roster, struct watch *watch);
