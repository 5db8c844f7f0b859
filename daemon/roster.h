/*
 * Every listing that the daemon keeps: planned from the configuration and from what discovery
 * found, registered in the catalog, and never forgotten before the end.
 *
 * Thread: the loop, except that registrations of a running daemon go through the writer's thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "daemon/account.h"
#include "daemon/plan.h"
#include "daemon/runtime.h"
#include "daemon/watch.h"
#include "model/places.h"

struct roster {
	const struct runtime *runtime;
	struct arena arena; /* strings of identities */
	struct account *accounts;
	size_t account_count;
	struct watch **watches;
	size_t count, size;
	size_t registered; /* the first so many have a row; the rest are on their way */
	bool registering;
	void (*grown)(struct roster *roster, const struct error *err); /* a registration ended */
	bool ignore_due; /* --once: due now, whatever was stored */
};

void roster_init(struct roster *roster, const struct runtime *runtime, bool ignore_due,
		 void (*grown)(struct roster *roster, const struct error *err));
void roster_finish(struct roster *roster); /* no poll and no registration is in flight */

/* Before the writer has started: plans, registers, loads what discovery last found, disables what
 * the configuration no longer means. Accounts are borrowed. */
int roster_open(struct roster *roster, struct account *accounts, size_t account_count,
		struct store *store, struct error *err);

/* A discovery answered: plans its account anew and registers what is new; then grown() is called.
 */
void roster_found(struct roster *roster, struct watch *discovery, const struct places *places);
