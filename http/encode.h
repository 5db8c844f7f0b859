/*
 * A signed request as bytes: a URL with a query (GET), or a URL and a form (POST). Pure.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "imagecat/request.h"

/*
 * `endpoint` is the configured URL: its scheme and host are used, then request->path, which is what
 * the signature covers (the endpoint's own path where request->path is NULL or ""). Names and
 * values are percent-encoded (RFC 3986, space is %20, which forms accept as well). A POST URL
 * carries no parameter but `action_param` (NULL: none), for access logs. Both buffers are cleared
 * first; `body` stays empty for GET. 0 or -ENOMEM. `body` and the URL may hold signatures: finish
 * them with crypto_finish().
 */
int request_encode(const struct request *request, const char *endpoint, const char *action_param,
		   struct buf *url, struct buf *body);

/* The path of a URL, "/" where it has none; up to '?' or '#'. 0 or -ENOMEM. */
int url_path(const char *url, struct buf *ret_path);

/* The host of a URL, borrowed from it: without scheme, user, password and port; an IPv6 address
 * keeps its brackets. Length 0 where there is none. */
const char *url_host(const char *url, size_t *ret_len);
