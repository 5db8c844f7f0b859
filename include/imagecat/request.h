/*
 * One API request before it is encoded: a method, a path and parameters. Signing schemes add
 * their parameters to it; the host then encodes it as a query or as a form.
 *
 * Values are borrowed until the request was sent, except those put into `scratch`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_PARAMS_MAX = 32, REQUEST_SCRATCH_BYTES = 256 };

struct request_param {
	const char *name;
	const char *value; /* raw UTF-8, never encoded */
};

struct request {
	const char *method; /* "GET" or "POST" */
	const char *path;   /* of the endpoint, "/" or "/iaas/" */
	struct request_param params[REQUEST_PARAMS_MAX];
	size_t count;
	char scratch[REQUEST_SCRATCH_BYTES]; /* text that a signing scheme made */
	size_t scratch_used;
};

/* What a signature is made with. Borrowed for the call; never copied into the request but the id.
 */
struct credentials {
	const char *id;     /* public key, access key id */
	const char *secret; /* private key, secret access key */
};

/*
 * Adds everything that authenticates the request, the signature last. Pure: reads nothing but
 * its arguments. `now_s` is the wall clock (Unix seconds) at the moment of sending; it is called
 * anew for every attempt.
 * Returns 0, or a negative errno: -ENOSPC when the request is full, -ENOMEM, -EIO.
 */
typedef int sign_fn(struct request *request, const struct credentials *credentials, int64_t now_s);

/* The schemes that the host brings; a plug-in may point to them or bring its own. */
sign_fn sign_ucloud, sign_qingcloud;

/* A NUL-terminated copy of made text inside the request; NULL when there is no room. */
static inline char *request_keep(struct request *request, const char *text, size_t len)
{
	char *kept = request->scratch + request->scratch_used;

	if (len >= sizeof(request->scratch) - request->scratch_used)
		return NULL;
	for (size_t i = 0; i < len; i++)
		kept[i] = text[i];
	kept[len] = '\0';
	request->scratch_used += len + 1;
	return kept;
}

/* False when the request is full. NULL and "" are not sent: what the gateways make of an empty
 * parameter is not documented. */
static inline bool request_add(struct request *request, const char *name, const char *value)
{
	if (!value || !*value)
		return true;
	if (request->count == REQUEST_PARAMS_MAX)
		return false;
	request->params[request->count++] = (struct request_param){ name, value };
	return true;
}
