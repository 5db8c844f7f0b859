/*
 * An account at run time: its configuration, its keys in memory, its share of the limiter.
 *
 * Thread: the loop. Lifetime: from app start to app end; listings and fetches borrow it.
 */
#pragma once

#include "base/error.h"
#include "config/config.h"
#include "config/secrets.h"
#include "daemon/runtime.h"

struct account {
	const struct config_account *config;
	struct limiter_account *limit;
	struct secret id, secret;
	char path[256];       /* of the endpoint: it is signed */
	const char **headers; /* "Name: value", ends with NULL; owned with its strings */
	bool keys_refused;    /* read the keys again before the next try */
};

/* Fails with a sentence when a key cannot be read. */
int account_open(struct account *account, const struct config_account *config,
		 const struct runtime *runtime, struct error *err);
void account_close(struct account *account);

/* Reads the keys again; on failure the old ones stay. */
int account_read_keys(struct account *account, struct error *err);
