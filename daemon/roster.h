/*
 * Every listing that the daemon keeps: planned from the configuration and from what discovery
 * found, registered in the catalog, put into the schedule, and never forgotten before the end.
 *
 * Thread: the loop, except that registrations of a running daemon go through the writer's thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "daemon/account.h"
#include "daemon/plan.h"
#include "daemon/runtime.h"
#include "daemon/schedule.h"
#include "daemon/watch.h"
#include "model/places.h"

struct roster {
	const struct runtime *runtime;
	struct arena arena;        /* strings of identities */
	struct account **accounts; /* of the configuration in force; the array is the roster's */
	size_t account_count;
	struct schedule schedule;
	struct watch **watches;
	size_t count, size;
	struct watch **index; /* by identity */
	size_t index_size;
	bool registering;
	bool frozen; /* a new configuration is on its way: nothing is registered meanwhile */
	void (*grown)(struct roster *roster, const struct error *err); /* a registration ended */
	bool ignore_due; /* --once: due now, whatever was stored */
};

void roster_init(struct roster *roster, const struct runtime *runtime, bool ignore_due,
		 void (*grown)(struct roster *roster, const struct error *err));
void roster_finish(struct roster *roster); /* no poll and no registration is in flight */

/* Before the writer has started: plans, registers, loads what discovery last found, disables what
 * the configuration no longer means. Takes over the array, not the accounts in it. */
int roster_open(struct roster *roster, struct account **accounts, size_t account_count,
		struct store *store, struct error *err);

/* A discovery answered: plans its account anew and registers what is new; then grown() is called.
 */
void roster_found(struct roster *roster, struct watch *discovery, const struct places *places);

/* ---- for a change of the configuration (daemon/staging) ---------------------------------------
 */

/* The watch of this listing; made when it is new: `gone`, without an account. NULL when memory is
 * out. */
struct watch *roster_provide(struct roster *roster, const struct listing_identity *identity);
struct watch *roster_find(const struct roster *roster, const struct listing_identity *identity);

/* The account that it has, or will have after the poll in flight; NULL when it is gone. */
struct account *roster_account_of(const struct watch *watch);

/* Everything that the account's discoveries last answered, as one list; free() its items. */
int roster_places(const struct roster *roster, const struct account *account,
		  struct plan_places *ret);

/* Plans the account anew: new listings are registered and then scheduled. */
void roster_replan(struct roster *roster, struct account *account);

/* Freezing keeps new listings unregistered until it is lifted. */
void roster_freeze(struct roster *roster, bool frozen);

/* Copies what the catalog holds of a discovery's last answer into `arena`; free() *ret. Thread: the
 * writer's. */
int roster_load_places(struct store *store, int64_t listing_id, struct arena *arena,
		       struct store_place **ret, size_t *ret_count, struct error *err);

/*
 * Rows for the watches, and the end of listings: all of them or none, in one transaction, since
 * each one of its own would wait for the disk. Thread: the writer's.
 */
int roster_register(struct store *store, struct watch *const *watches, struct store_listing *rows,
		    size_t count, struct error *err);
int roster_disable(struct store *store, const int64_t *ids, size_t count, struct error *err);

/* The first `count` watches have a row now: when each is due, not all at once. */
void roster_schedule(struct roster *roster, struct watch *const *watches,
		     const struct store_listing *rows, size_t count);

/* ---- for daemon/roster_open.c -----------------------------------------------------------------
 */

/* The watch of this listing, of this account from now on; made when it is new. NULL when memory is
 * out. */
struct watch *roster_adopt(struct roster *roster, struct account *account,
			   const struct listing_identity *identity);

/* Plans the account anew; what is new to it has no row yet. 0 or -ENOMEM. */
int roster_plan(struct roster *roster, struct account *account);
