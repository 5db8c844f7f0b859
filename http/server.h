/*
 * An HTTP/1.1 server on the event loop: libmicrohttpd driven through its epoll descriptor.
 *
 * Single-threaded: every function here, and every callback, runs on the loop. Nothing in this
 * header names libmicrohttpd; only the files of the server include <microhttpd.h>.
 *
 * A request reaches the handler whole: its head and its body, within a deadline and a cap.
 * The handler answers at once or later, with exactly one of http_reply(), http_stream_open()
 * and http_drop(); from then on (after http_stream_close(), for a stream) the request belongs to
 * the server again and may be gone. What the server refuses by itself (a broken head or target,
 * a body over the cap or in chunks, a client too slow, too many connections) never reaches the
 * handler.
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/params.h"

struct http_server;
struct http_request;

typedef void http_request_fn(struct http_request *request, void *data);
typedef void http_gone_fn(struct http_request *request);
typedef void http_closed_fn(void *data); /* the same as in client.h */

/* Borrowed by the handler until it has answered. */
struct http_request {
	const char *method;  /* "GET", "POST", ... as sent */
	const char *target;  /* as sent: path and query, still escaped */
	const char *path;    /* decoded; %2F is a slash here */
	size_t raw_path_len; /* of target: the path as sent, for signatures */
	struct http_params query;
	const char *body; /* NUL-terminated, "" when there is none */
	size_t body_len;

	void *data; /* the handler's own */

	/*
	 * Set by a handler that keeps the request: called when the request ends without the
	 * handler's doing (the client left, the server closes). The handler must then forget it.
	 * Not called from inside the handler, nor after an answer. While an answer is
	 * being waited for nobody listens to the client, so that its leaving shows only when
	 * the answer is sent: this is then the server's business alone.
	 */
	http_gone_fn *gone;

	/*
	 * Set by a handler that streams: called whenever all that was written has gone out. It may
	 * write more, or close; not called after that.
	 */
	http_gone_fn *drained;
};

struct http_header {
	const char *name; /* NULL ends a list */
	const char *value;
};

struct http_server_options {
	const char *listen; /* see listen.h; port 0 takes a free one */
	int listen_fd;      /* > 0: an open listening socket (socket activation), now ours */
	/* Who is silent or slow gives way to more of them, and 503 when there is none; 0: 64. */
	unsigned connections_max;
	size_t body_max_bytes;      /* of a request; more is answered 413; 0: 64 KiB */
	int64_t request_timeout_ms; /* for head and body together; 0: 5 s */
	int64_t idle_timeout_ms; /* between requests, and of a client that reads nothing; 0: 30 s */
	int64_t reply_timeout_ms; /* for the client to take an answer (not a stream); 0: 30 s */
	http_request_fn *handler;
	void *data;
};

int http_server_open(struct http_server **ret, uv_loop_t *loop,
		     const struct http_server_options *options, struct error *err);

/*
 * Ends every request that waits or streams (gone() is called before this returns), cuts every
 * connection, removes a unix socket's file; calls closed() once the last handle is closed.
 */
void http_server_close(struct http_server *server, http_closed_fn *closed, void *data);

/* The bound TCP port; 0 on a unix socket. */
int http_server_port(const struct http_server *server);
unsigned http_server_connections(const struct http_server *server);

/* The first such header, or NULL; case is ignored. Borrowed like the request. */
const char *http_request_header(const struct http_request *request, const char *name);

/*
 * `headers` may be NULL; names and values are copied. Takes the memory of `body` and leaves it
 * empty; NULL is an empty body. A failure (no memory, a header with a line break) becomes a 500.
 */
void http_reply(struct http_request *request, int status, const struct http_header *headers,
		struct buf *body);

/* Whether the client has closed its side: of a stream that waits nobody else would tell. */
bool http_client_left(const struct http_request *request);

/* Closes the connection without an answer; `reset` makes the client see ECONNRESET. */
void http_drop(struct http_request *request, bool reset);

/*
 * An answer in pieces. len >= 0 is announced as Content-Length, -1 is chunked. gone() is called
 * when the client leaves. Between open and close the request stays the handler's.
 */
int http_stream_open(struct http_request *request, int status, const struct http_header *headers,
		     int64_t len);
/* 0, or -ENOBUFS when more than HTTP_STREAM_MAX bytes wait for a slow client. */
int http_stream_write(struct http_request *request, const char *bytes, size_t len);
/* `broken` cuts the connection where a whole answer would have ended. */
void http_stream_close(struct http_request *request, bool broken);

enum { HTTP_STREAM_MAX = 1 << 20 };
