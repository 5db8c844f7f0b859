/*
 * An account at run time: its configuration, its keys in memory, its share of the limiter.
 *
 * Thread: the loop. Lifetime: until a configuration without it, or with another one of its name, is
 * in force and its last poll has ended; listings and fetches borrow it.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "config/secrets.h"
#include "daemon/runtime.h"

struct generation;

struct account {
	const struct config_account *config; /* of the generation */
	struct limiter_account *limit;
	struct secret id, secret;
	char path[256];       /* of the endpoint: it is signed */
	const char **headers; /* "Name: value", ends with NULL; owned with its strings */
	bool keys_refused;    /* by the cloud: the next poll reads them again */

	/* Not set where nothing is ever reloaded. */
	struct generation *generation; /* held */
	unsigned polls;                /* in flight: none of the above is changed meanwhile */
};

/* Fails with a sentence when a key cannot be read. */
int account_open(struct account *account, const struct config_account *config,
		 const struct runtime *runtime, struct error *err);
void account_close(struct account *account);

/* Both halves of the key in use, as one number that means nothing outside this process. */
uint64_t account_credential(const struct account *account, uint64_t seed);

/* Which key is in use: of its public half, the same in every process. */
uint64_t account_fingerprint(const struct account *account);

/* Both halves of a credential. */
struct account_keys {
	struct secret id, secret;
};

/* The same with keys that were read already; `keys` is emptied, also on failure. */
int account_open_with(struct account *account, const struct config_account *config,
		      struct account_keys *keys, const struct runtime *runtime, struct error *err);

/* Reads the keys as configured; blocks on the disk, touches nothing else, any thread. */
int account_load_keys(const struct config_account *config, struct account_keys *ret,
		      struct error *err);

/* Uses these from now on; on the loop. The old ones are wiped, `keys` is emptied. */
void account_take_keys(struct account *account, struct account_keys *keys);
