#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "http/server_request.h"

/*
 * The handler's side of a request: what it may do to answer. Each function records the answer and,
 * when the handler is not on the stack, wakes the connection, so that on_access() queues it.
 */
enum { STREAM_BLOCK = 16 << 10 };

static struct request *request_of(struct http_request *public)
{
	return container_of(public, struct request, public);
}

static bool add_headers(struct MHD_Response *response, const struct http_header *headers)
{
	for (const struct http_header *h = headers; h && h->name; h++)
		if (MHD_add_response_header(response, h->name, h->value) != MHD_YES)
			return false;
	return true;
}

/* Takes the response, NULL being a failed one. */
static void answer(struct request *r, enum request_state state, int status,
		   const struct http_header *headers, struct MHD_Response *response)
{
	assert(r->state == REQUEST_HELD);
	if (response && !add_headers(response, headers)) {
		MHD_destroy_response(response);
		response = NULL;
	}
	r->response = response;
	r->status = status;
	r->state = state;
	if (state != REQUEST_STREAMING)
		list_remove(&r->link);
	if (!r->in_handler)
		server_resume(r);
}

void http_reply(struct http_request *request, int status, const struct http_header *headers,
		struct buf *body)
{
	struct MHD_Response *response = NULL;

	if (!body || body->len == 0) {
		if (!body || !body->failed)
			response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "",
								   MHD_RESPMEM_PERSISTENT);
	} else if (!body->failed) {
		response = MHD_create_response_from_buffer(body->len, body->bytes,
							   MHD_RESPMEM_MUST_FREE);
		if (response)
			buf_init(body); /* its memory went into the response */
	}
	if (body)
		buf_finish(body);
	answer(request_of(request), REQUEST_ANSWERED, status, headers, response);
}

void http_drop(struct http_request *request, bool reset)
{
	struct request *r = request_of(request);
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	assert(r->state == REQUEST_HELD);
	r->state = REQUEST_DROPPED;
	list_remove(&r->link);
	/* Connecting to nowhere resets a TCP connection at once; libmicrohttpd's own close would
	 * send a FIN before it. */
	if (reset && r->connection)
		(void)connect(r->connection->fd, &nowhere, sizeof(nowhere));
	if (!r->in_handler)
		server_resume(r);
}

static ssize_t on_read(void *cls, uint64_t at, char *bytes, size_t size)
{
	struct request *r = cls;

	(void)at;
	if (r->stream_at == r->stream.len && !r->stream_closed && r->public.drained)
		r->public.drained(&r->public);
	size_t left = r->stream.len - r->stream_at;
	if (left > 0) {
		size_t n = left < size ? left : size;
		memcpy(bytes, r->stream.bytes + r->stream_at, n);
		r->stream_at += n;
		if (r->stream_at == r->stream.len) {
			buf_clear(&r->stream);
			r->stream_at = 0;
		}
		return (ssize_t)n;
	}
	if (r->stream_closed)
		return r->stream_broken ? MHD_CONTENT_READER_END_WITH_ERROR
					: MHD_CONTENT_READER_END_OF_STREAM;
	server_suspend(r);
	return 0;
}

int http_stream_open(struct http_request *request, int status, const struct http_header *headers,
		     int64_t len)
{
	struct request *r = request_of(request);
	struct MHD_Response *response =
		MHD_create_response_from_callback(len < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)len,
						  STREAM_BLOCK, on_read, r, NULL);

	if (response && add_headers(response, headers)) {
		answer(r, REQUEST_STREAMING, status, NULL, response);
		return 0;
	}
	if (response)
		MHD_destroy_response(response);
	return -ENOMEM;
}

int http_stream_write(struct http_request *request, const char *bytes, size_t len)
{
	struct request *r = request_of(request);

	assert(r->state == REQUEST_STREAMING);
	if (len > HTTP_STREAM_MAX || r->stream.len - r->stream_at > HTTP_STREAM_MAX - len)
		return -ENOBUFS;
	if (r->stream_at > 0) {
		r->stream.len -= r->stream_at;
		memmove(r->stream.bytes, r->stream.bytes + r->stream_at, r->stream.len);
		r->stream_at = 0;
	}
	buf_put(&r->stream, bytes, len);
	if (r->stream.failed)
		return -ENOMEM;
	if (!r->in_handler)
		server_resume(r);
	return 0;
}

void http_stream_close(struct http_request *request, bool broken)
{
	struct request *r = request_of(request);

	assert(r->state == REQUEST_STREAMING);
	r->stream_closed = true;
	r->stream_broken = broken;
	r->state = REQUEST_ANSWERED;
	list_remove(&r->link);
	server_set_deadline(r->server, r->connection, r->server->options.reply_timeout_ms);
	if (!r->in_handler)
		server_resume(r);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	const struct request *r = container_of(request, const struct request, public);

	return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

bool http_client_left(const struct http_request *request)
{
	const struct request *r = container_of(request, const struct request, public);
	char byte;
	ssize_t got = recv(r->connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}
