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

/*
 * Both halves of a key, as they were read: never changed, and wiped when the last holder lets go.
 * The account holds those in use; a request holds those that it was signed with until its answer
 * has been judged, since meanwhile others may have come into use. Counted on the loop.
 */
struct account_keys {
	struct secret id, secret;
	unsigned users;
};

struct account {
	const struct config_account *config; /* of the generation */
	struct limiter_account *limit;
	struct account_keys *keys; /* in use; held */
	char path[256];            /* of the endpoint: it is signed */
	const char **headers;      /* "Name: value", ends with NULL; owned with its strings */
	bool keys_refused;         /* those in use, by the cloud: the next poll reads them again */

	/* Not set where nothing is ever reloaded. */
	struct generation *generation; /* held */
	unsigned polls; /* in flight: but for the keys, nothing above is changed meanwhile */
};

/* Fails with a sentence when a key cannot be read. */
int account_open(struct account *account, const struct config_account *config,
		 const struct runtime *runtime, struct error *err);
void account_close(struct account *account);

/* Both halves of the key in use, as one number that means nothing outside this process. */
uint64_t account_credential(const struct account *account, uint64_t seed);

/* Which key is in use: of its public half, the same in every process. */
uint64_t account_fingerprint(const struct account *account);

/* The same with keys that were read already. */
int account_open_with(struct account *account, const struct config_account *config,
		      struct account_keys *keys, const struct runtime *runtime, struct error *err);

/* Reads the keys as configured; blocks on the disk, touches nothing else, any thread. The caller
 * holds what is returned. */
int account_load_keys(const struct config_account *config, struct account_keys **ret,
		      struct error *err);
struct account_keys *account_keys_hold(struct account_keys *keys);
void account_keys_release(struct account_keys *keys); /* accepts NULL */
bool account_keys_equal(const struct account_keys *a, const struct account_keys *b);

/* Uses these from now on. The same ones, read again, stay those that they were. */
void account_take_keys(struct account *account, struct account_keys *keys);
