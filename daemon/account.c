#include "daemon/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "config/url.h"
#include "http/encode.h"

int account_load_keys(const struct config_account *config, struct account_keys *ret,
		      struct error *err)
{
	struct account_keys keys = { 0 };

	int rc = secret_read(&keys.id, &config->id, err);
	if (rc < 0)
		error_wrap(err, "%s", config->provider->credential_id);
	if (rc == 0) {
		rc = secret_read(&keys.secret, &config->secret, err);
		if (rc < 0)
			error_wrap(err, "%s", config->provider->credential_secret);
	}
	if (rc < 0) {
		secret_wipe(&keys.id);
		error_wrap(err, "account '%s'", config->name);
		return rc;
	}
	*ret = keys;
	return 0;
}

void account_take_keys(struct account *account, struct account_keys *keys)
{
	secret_wipe(&account->id);
	secret_wipe(&account->secret);
	account->id = keys->id;
	account->secret = keys->secret;
	account->keys_refused = false;
	*keys = (struct account_keys){ 0 };
}

uint64_t account_fingerprint(const struct account *account)
{
	const char *id = account->id.bytes ? account->id.bytes : "";

	return hash_bytes(id, strlen(id), 0) | 1; /* 0 is none */
}

uint64_t account_credential(const struct account *account, uint64_t seed)
{
	uint64_t hash = hash_bytes(account->id.bytes, account->id.len, seed);

	return hash_bytes(account->secret.bytes, account->secret.len, hash);
}

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

/* Who the cloud thinks it talks with: the same key at the same host is one user, however many
 * accounts of the configuration use it. */
static uint64_t user_of(const struct account *account)
{
	struct complaint complaint;
	struct url url;

	if (!url_parse(&url, account->config->endpoint, &complaint))
		return 0;
	unsigned port = url.port ? url.port : strcmp(url.scheme, "https") == 0 ? 443 : 80;
	uint64_t host = hash_bytes(url.host, strlen(url.host), port);
	return hash_bytes(account->id.bytes, account->id.len, host) | 1; /* 0 is nobody */
}

int account_open(struct account *account, const struct config_account *config,
		 const struct runtime *runtime, struct error *err)
{
	struct account_keys keys;

	int rc = account_load_keys(config, &keys, err);
	return rc < 0 ? rc : account_open_with(account, config, &keys, runtime, err);
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
	for (const char **h = account->headers; h && *h; h++)
		free((void *)(uintptr_t)*h);
	free(account->headers);
	account->headers = NULL;
	if (account->limit)
		limiter_account_close(account->limit);
	account->limit = NULL;
	secret_wipe(&account->id);
	secret_wipe(&account->secret);
}
