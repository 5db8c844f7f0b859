#include "daemon/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/hash.h"
#include "config/url.h"
#include "http/encode.h"

/* ---- keys -------------------------------------------------------------------------------- */

int account_load_keys(const struct config_account *config, struct account_keys **ret,
		      struct error *err)
{
	struct account_keys *keys = calloc(1, sizeof(*keys));

	if (!keys)
		return error_set(err, -ENOMEM, "account '%s': out of memory", config->name);
	keys->users = 1;
	int rc = secret_read(&keys->id, &config->id, err);
	if (rc < 0)
		error_wrap(err, "%s", config->provider->credential_id);
	if (rc == 0) {
		rc = secret_read(&keys->secret, &config->secret, err);
		if (rc < 0)
			error_wrap(err, "%s", config->provider->credential_secret);
	}
	if (rc < 0) {
		account_keys_release(keys);
		error_wrap(err, "account '%s'", config->name);
		return rc;
	}
	*ret = keys;
	return 0;
}

struct account_keys *account_keys_hold(struct account_keys *keys)
{
	keys->users++;
	return keys;
}

void account_keys_release(struct account_keys *keys)
{
	if (!keys || --keys->users > 0)
		return;
	secret_wipe(&keys->id);
	secret_wipe(&keys->secret);
	free(keys);
}

bool account_keys_equal(const struct account_keys *a, const struct account_keys *b)
{
	return secret_equal(&a->id, &b->id) && secret_equal(&a->secret, &b->secret);
}

void account_take_keys(struct account *account, struct account_keys *keys)
{
	struct account_keys *old = account->keys;

	account->keys_refused = false;
	if (old && account_keys_equal(old, keys))
		return;
	account->keys = account_keys_hold(keys);
	account_keys_release(old);
}

uint64_t account_fingerprint(const struct account *account)
{
	const struct secret *id = &account->keys->id;

	return hash_bytes(id->bytes, id->len, 0) | 1; /* 0 is none */
}

uint64_t account_credential(const struct account *account, uint64_t seed)
{
	const struct account_keys *keys = account->keys;
	uint64_t hash = hash_bytes(keys->id.bytes, keys->id.len, seed);

	return hash_bytes(keys->secret.bytes, keys->secret.len, hash);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static int build_headers(struct account *account)
{
	const struct config_header *from = account->config->headers;
	size_t count = 0;

	while (from && from[count].name)
		count++;
	account->headers = calloc(count + 1, sizeof(*account->headers));
	if (!account->headers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct buf line;
		buf_init(&line);
		buf_printf(&line, "%s: %s", from[i].name, from[i].value);
		if (line.failed) {
			buf_finish(&line);
			return -ENOMEM;
		}
		account->headers[i] = line.bytes;
	}
	return 0;
}

static int remember_path(struct account *account)
{
	struct buf path;

	buf_init(&path);
	int rc = url_path(account->config->endpoint, &path);
	if (rc == 0 && path.len >= sizeof(account->path))
		rc = -ENAMETOOLONG;
	if (rc == 0)
		memcpy(account->path, path.bytes, path.len + 1);
	buf_finish(&path);
	return rc;
}

/*
 * Who the cloud thinks it talks with: the same key at the same host is one user, however many
 * accounts of the configuration use it. Asked once, when the account is opened: a public half that
 * is replaced in its file later stays with the first one's rate and lock until a reload or start
 * opens the account anew, since polls in flight wait in the queue of that user.
 */
static uint64_t user_of(const struct account *account)
{
	struct complaint complaint;
	struct url url;

	if (!url_parse(&url, account->config->endpoint, &complaint))
		return 0;
	unsigned port = url.port ? url.port : strcmp(url.scheme, "https") == 0 ? 443 : 80;
	uint64_t host = hash_bytes(url.host, strlen(url.host), port);
	const struct secret *id = &account->keys->id;
	return hash_bytes(id->bytes, id->len, host) | 1; /* 0 is nobody */
}

int account_open(struct account *account, const struct config_account *config,
		 const struct runtime *runtime, struct error *err)
{
	struct account_keys *keys = NULL;

	int rc = account_load_keys(config, &keys, err);
	if (rc < 0)
		return rc;
	rc = account_open_with(account, config, keys, runtime, err);
	account_keys_release(keys);
	return rc;
}

int account_open_with(struct account *account, const struct config_account *config,
		      struct account_keys *keys, const struct runtime *runtime, struct error *err)
{
	*account = (struct account){ .config = config };
	account_take_keys(account, keys);

	int rc = build_headers(account);
	if (rc == 0)
		rc = remember_path(account);
	if (rc == 0)
		rc = limiter_account_open(&account->limit, runtime->limiter, user_of(account),
					  config->requests_per_second);
	if (rc < 0) {
		account_close(account);
		return error_set(err, rc, "account '%s': %s", config->name, uv_strerror(rc));
	}
	return 0;
}

void account_close(struct account *account)
{
	for (const char **h = account->headers; h && *h; h++) {
		crypto_wipe((void *)(uintptr_t)*h, strlen(*h));
		free((void *)(uintptr_t)*h);
	}
	free(account->headers);
	account->headers = NULL;
	if (account->limit)
		limiter_account_close(account->limit);
	account->limit = NULL;
	account_keys_release(account->keys);
	account->keys = NULL;
}
