/*
 * The clouds' side of request signing, written from their documents alone: it shares no code with
 * the daemon's signer, so that the two can disagree.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "http/server.h"

/* The keys that the vendors' documents publish as examples. */
#define SIM_UCLOUD_PUBLIC_KEY  "ucloudsomeone@example.com1296235120854146120"
#define SIM_UCLOUD_PRIVATE_KEY "46f09bb9fab4f12dfc160dae12273d5332b5debe"
#define SIM_QINGCLOUD_KEY_ID   "QYACCESSKEYIDEXAMPLE"
#define SIM_QINGCLOUD_SECRET   "SECRETACCESSKEY"

enum verdict {
	VERDICT_GOOD,
	VERDICT_UNSIGNED, /* no signature at all */
	VERDICT_UNKNOWN_KEY,
	VERDICT_MISMATCH,
	VERDICT_EXPIRED,  /* QingCloud: time_stamp more than 60 s away */
	VERDICT_MISSING,  /* QingCloud: a required parameter is not there; see ret_missing */
	VERDICT_INTERNAL, /* the digest could not be computed */
};

enum { VERIFY_WINDOW_S = 60 };

/* SHA-1 over the sorted keys and values and the private key, as 40 hex digits. */
int verify_ucloud_digest(const struct http_params *params, const char *private_key,
			 char ret_hex[static 41]);

/* Base64 of HMAC with "HmacSHA1" or "HmacSHA256" over method, path and the sorted query. */
int verify_qingcloud_digest(const char *method, const char *path, size_t path_len,
			    const struct http_params *params, const char *algorithm,
			    const char *secret, char ret_base64[static 64]);

enum verdict verify_ucloud(const struct http_params *params);
enum verdict verify_qingcloud(const char *method, const char *path, size_t path_len,
			      const struct http_params *params, int64_t now_s,
			      const char **ret_missing);

/* "2013-08-27T14:30:10Z" as Unix seconds; false for any other shape. */
bool verify_time(const char *text, int64_t *ret_unix_s);
