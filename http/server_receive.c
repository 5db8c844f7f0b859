#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/server_request.h"

/*
 * What libmicrohttpd tells of a request, until the handler has it and after it has answered.
 */

void server_free_request(struct request *r)
{
	if (r->response)
		MHD_destroy_response(r->response);
	http_params_finish(&r->public.query);
	buf_finish(&r->body);
	buf_finish(&r->stream);
	free(r->target);
	free(r->path);
	free(r);
}

/* Splits and decodes the target; 400 when it cannot be. */
static int read_target(struct request *r)
{
	const char *question = strchr(r->target, '?');
	size_t path_len = question ? (size_t)(question - r->target) : strlen(r->target);

	r->path = strndup(r->target, path_len);
	if (!r->path)
		return -ENOMEM;
	int64_t decoded = http_unescape(r->path, path_len, false);
	if (decoded < 0)
		return -EINVAL;
	r->path[decoded] = '\0';
	r->public.path = r->path;
	r->public.raw_path_len = path_len;
	return question ? http_params_parse(&r->public.query, question + 1, strlen(question + 1))
			: 0;
}

/* The first thing that libmicrohttpd tells of a request: its target, before it decodes anything. */
void *server_on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct http_server *server = cls;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->server = server;
	r->mhd = mhd;
	r->connection = info ? info->socket_context : NULL;
	r->target = strdup(target);
	list_init(&r->link);
	int read = r->target ? read_target(r) : -ENOMEM;
	if (read == -ENOMEM || !r->connection) {
		server_free_request(r);
		return NULL;
	}
	server_drop_current(r->connection);
	r->connection->current = r;
	r->unreadable = read < 0;
	r->public.target = r->target;
	server_set_deadline(server, r->connection, server->options.request_timeout_ms);
	return r;
}

/* RFC 9457, like what the handlers say. */
#define PROBLEM(status, title, detail)                                                             \
	{                                                                                          \
		status, "{\"type\":\"about:blank\",\"title\":\"" title "\",\"status\":" #status    \
			",\"detail\":\"" detail "\"}\n"                                            \
	}

static struct MHD_Response *problem_response(int status)
{
	static const struct {
		int status;
		const char *text;
	} problems[] = {
		PROBLEM(400, "Bad Request", "the request cannot be read"),
		PROBLEM(411, "Length Required", "a body needs a Content-Length"),
		PROBLEM(413, "Content Too Large", "the body is too large"),
		PROBLEM(500, "Internal Server Error", "there is no answer"),
		PROBLEM(503, "Service Unavailable", "too many connections"),
	};
	struct MHD_Response *response = NULL;

	for (size_t i = 0; i < ARRAY_LEN(problems) && !response; i++)
		if (problems[i].status == status)
			response =
				MHD_create_response_from_buffer(strlen(problems[i].text),
								(void *)(uintptr_t)problems[i].text,
								MHD_RESPMEM_PERSISTENT);
	if (response)
		(void)MHD_add_response_header(response, "Content-Type", "application/problem+json");
	return response;
}

/* Hands the answer to libmicrohttpd; a connection that gets none is closed. */
static enum MHD_Result queue_answer(struct request *r)
{
	if (!r->response)
		r->response = problem_response(r->status = 500);
	if (!r->response)
		return MHD_NO;
	enum MHD_Result result = MHD_queue_response(r->mhd, (unsigned)r->status, r->response);
	MHD_destroy_response(r->response); /* the queue holds it now */
	r->response = NULL;
	if (r->state == REQUEST_STREAMING)
		server_set_deadline(r->server, r->connection, 0);
	else
		server_set_deadline(r->server, r->connection, r->server->options.reply_timeout_ms);
	return result;
}

static enum MHD_Result refuse(struct request *r, int status)
{
	r->state = REQUEST_ANSWERED;
	r->status = status;
	r->response = problem_response(status);
	if (r->response)
		(void)MHD_add_response_header(r->response, "Connection", "close");
	return queue_answer(r);
}

struct framing {
	unsigned lengths, encodings, hosts;
	bool misnamed;
};

/* "Transfer-Encoding : chunked" is a header to some and none to others. */
static bool is_token(const char *name)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";

	return *name && name[strspn(name, token)] == '\0';
}

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	struct framing *framing = cls;

	(void)kind;
	(void)value;
	framing->lengths += strcasecmp(name, "Content-Length") == 0;
	framing->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
	framing->hosts += strcasecmp(name, "Host") == 0;
	framing->misnamed |= !is_token(name);
	return MHD_YES;
}

/*
 * 0, or the status of a head that two readers may read differently; libmicrohttpd takes the first
 * of each header. Chunks are not taken at all: nobody needs them for 64 KiB, and libmicrohttpd
 * spins on an extension of a chunk that is longer than its memory.
 */
static int judge_framing(struct MHD_Connection *mhd)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(mhd, MHD_HEADER_KIND, look_at_header, &framing);
	if (framing.lengths + framing.encodings > 1 || framing.hosts > 1 || framing.misnamed)
		return 400;
	return framing.encodings > 0 ? 411 : 0;
}

/* The head is whole: what can be refused by it is refused before the body is read. */
static enum MHD_Result look_at_head(struct request *r, const char *method)
{
	struct http_server *server = r->server;
	const char *length = MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, "Content-Length");
	int misframed = judge_framing(r->mhd);

	r->seen = true;
	r->public.method = method;
	if (server_is_full(server))
		return refuse(r, 503);
	if (misframed || r->unreadable)
		return refuse(r, misframed ? misframed : 400);
	if (length && strtoull(length, NULL, 10) > server->options.body_max_bytes)
		return refuse(r, 413);
	return MHD_YES;
}

static void ask_handler(struct request *r)
{
	struct http_server *server = r->server;

	r->public.body = buf_text(&r->body);
	r->public.body_len = r->body.len;
	r->state = REQUEST_HELD;
	list_append(&server->held, &r->link);
	server_set_deadline(server, r->connection, 0);
	r->in_handler = true;
	server->options.handler(&r->public, server->options.data);
	r->in_handler = false;
}

enum MHD_Result server_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_size, void **ctx)
{
	struct http_server *server = cls;
	struct request *r = *ctx;

	(void)mhd;
	(void)url;
	(void)version;
	if (!r || server->closed)
		return MHD_NO;
	if (!r->seen)
		return look_at_head(r, method);
	if (*upload_size) {
		buf_put(&r->body, upload, *upload_size); /* no more than was announced */
		*upload_size = 0;
		return MHD_YES;
	}
	if (r->state == REQUEST_ARRIVING && r->body.failed)
		return MHD_NO;
	if (r->state == REQUEST_ARRIVING)
		ask_handler(r);
	switch (r->state) {
	case REQUEST_HELD: server_suspend(r); return MHD_YES;
	case REQUEST_STREAMING:
	case REQUEST_ANSWERED: return queue_answer(r);
	case REQUEST_ARRIVING:
	case REQUEST_DROPPED: break;
	}
	return MHD_NO;
}

void server_tell_gone(struct request *r)
{
	if (r->public.gone)
		r->public.gone(&r->public);
}

void server_on_completed(void *cls, struct MHD_Connection *mhd, void **ctx,
			 enum MHD_RequestTerminationCode why)
{
	struct request *r = *ctx;

	(void)cls;
	(void)mhd;
	(void)why;
	if (!r)
		return;
	*ctx = NULL;
	r->connection->current = NULL;
	bool listed = !list_empty(&r->link);
	list_remove(&r->link);
	server_set_deadline(r->server, r->connection, r->server->options.idle_timeout_ms);
	if (listed)
		server_tell_gone(r);
	server_free_request(r);
}
