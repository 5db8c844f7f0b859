/*
 * HTTP exchanges on the event loop: libcurl's multi interface driven by libuv.
 *
 * Single-threaded: every function here, and every callback, runs on the loop. Nothing in this
 * header names curl; only the files client*.[ch] beside it know it.
 *
 * HTTP/1.1 over TLS 1.2 or newer, chains and names verified; no redirect is followed (the exchange
 * ends well, with status 3xx), no cookie kept, no proxy or .netrc of the environment used, no
 * link-local address connected to. Connections are kept and used again; how many
 * requests go out at a time is the limiter's business, so that none waits here with its clock
 * running.
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/buf.h"
#include "imagecat/provider.h"

struct http_client;
struct http_transfer;
struct http_exchange;

typedef void http_done_fn(struct http_exchange *x);
typedef void http_closed_fn(void *data);

/*
 * One request and its response. The caller embeds it in its own struct, fills the first part,
 * and keeps it alive until `done` has returned. `done` is called exactly once for every
 * successful http_client_submit(), never from inside it. Inside `done` everything of this header
 * may be called, and the exchange may be freed.
 */
struct http_exchange {
	/* Filled by the caller, borrowed until done. */
	const char *method; /* "GET" or "POST" */
	const char *url;    /* http:// or https://, without user and password */
	const char *body; /* for POST, a form unless a Content-Type header is given; NULL for GET */
	size_t body_len;
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL */
	const char *ca_file;        /* trusted instead of the system's; NULL: the system's */
	const char *proxy;          /* NULL: none; the environment is ignored */
	int64_t timeout_ms;    /* of the whole exchange, > 0; connecting has 10 s of it at most */
	size_t body_max_bytes; /* of the decoded response; more is CLASS_OVERSIZED */
	http_done_fn *done;

	/* Filled by the client, valid inside and after done. */
	int error;              /* 0, or a negative UV_E* code; UV_ECANCELED when cancelled */
	enum error_class class; /* CLASS_NONE when error is 0, whatever the status */
	char error_text[256];   /* a phrase for people, without URL, query or secret */
	bool out_of_date; /* its certificate, by this machine's clock: expired or not yet valid */
	int status;       /* HTTP status; 0 when error != 0 */
	int64_t retry_after_s; /* -1 when the server did not say; capped at one hour */
	int64_t date_s;        /* the server's clock (Date), Unix seconds; -1 when it did not say */
	char content_type[64]; /* lower case, without parameters; "" when the server did not say */
	struct buf response;   /* decoded body, owned by the exchange; empty when error != 0 */
	int64_t received_bytes; /* on the wire, headers included */

	struct http_transfer *transfer; /* the client's own; NULL when not in flight */
};

/* Initialises libcurl and OpenSSL. UV_ENOSYS when this libcurl would block the loop while it
 * resolves names, or has no TLS or gzip. */
int http_client_open(struct http_client **ret, uv_loop_t *loop);

/*
 * 0, or a negative UV_E* and done is not called: UV_EINVAL (another scheme or method, a user in the
 * URL, a control character in a header), UV_ENOMEM, UV_ECANCELED (the client is closing).
 */
int http_client_submit(struct http_client *client, struct http_exchange *x);

/* done is called with UV_ECANCELED before this returns. Nothing happens when not in flight. */
void http_client_cancel(struct http_client *client, struct http_exchange *x);

/* An exchange is in flight far beyond its time-out, by the loop's clock: nothing will end it. */
bool http_client_is_overdue(const struct http_client *client);

/* Cancels what is in flight; calls closed() (NULL: nobody) once the last handle is closed. */
void http_client_close(struct http_client *client, http_closed_fn *closed, void *data);

/* Frees the response; the exchange may be submitted again. */
void http_exchange_clear(struct http_exchange *x);
