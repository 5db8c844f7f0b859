#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"
#include "http/server_request.h"

/*
 *                    ┌── refused (400 413 503) ──┐
 *   target ─► ARRIVING ─whole─► HELD ─reply──► ANSWERED ─► completed, freed
 *                                │  └─drop───► DROPPED  ─►
 *                                └─stream────► STREAMING ─close─► ANSWERED
 *
 * Happy path: libmicrohttpd's epoll descriptor becomes readable, on_readiness() runs it, it calls
 * on_target() (the request is born), on_access() (head, body pieces, whole). The handler's answer
 * is queued at once, or the connection is suspended until http_reply() resumes it. Nothing but
 * run() enters libmicrohttpd's own loop: a resume only asks for one (kick), so handlers never nest.
 *
 * Failures: libmicrohttpd's time-out sees inactivity only, and a client that sends a byte
 * now and then is never inactive. So each connection has a deadline for what it is doing;
 * past it the socket is shut down, and libmicrohttpd finds it closed.
 *
 * On close: held requests hear gone(); the three handles are closed; in the last close callback,
 * outside libmicrohttpd's stack, suspended connections are resumed (MHD_stop_daemon() aborts the
 * process otherwise) and the daemon stops, which completes and frees every request.
 */
enum {
	CONNECTIONS_DEFAULT = 64,
	CONNECTIONS_SPARE = 16, /* beyond the limit, to be told 503 */
	BODY_DEFAULT = 64 << 10,
	HEAD_MEMORY = 32 << 10, /* of one connection; bounds its head */
	REQUEST_TIMEOUT_MS = 5000,
	IDLE_TIMEOUT_MS = 30000,
	REPLY_TIMEOUT_MS = 30000,
};

/* ---- deadlines ---- */

static void on_sweep(uv_timer_t *timer);

void server_set_deadline(struct http_server *server, struct connection *c, int64_t in_ms)
{
	if (!c || server->closed)
		return;
	c->deadline_ms = in_ms > 0 ? uv_now(server->loop) + (uint64_t)in_ms : 0;
	if (c->deadline_ms && (!server->sweep_at_ms || c->deadline_ms < server->sweep_at_ms)) {
		server->sweep_at_ms = c->deadline_ms;
		uv_timer_start(&server->sweeper, on_sweep, (uint64_t)in_ms, 0);
	}
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_server *server = container_of(timer, struct http_server, sweeper);
	uint64_t now = uv_now(server->loop);
	uint64_t next = 0;
	struct connection *c;

	list_for_each(c, &server->connections, link) {
		if (c->deadline_ms && c->deadline_ms <= now) {
			c->deadline_ms = 0;
			(void)shutdown(c->fd, SHUT_RDWR);
		} else if (c->deadline_ms && (!next || c->deadline_ms < next)) {
			next = c->deadline_ms;
		}
	}
	server->sweep_at_ms = next;
	if (next)
		uv_timer_start(timer, on_sweep, next - now, 0);
}

/* ---- running libmicrohttpd ---- */

static void on_time(uv_timer_t *timer);

static void run(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	if (server->closed)
		return;
	server->kick = false;
	MHD_run(server->mhd);
	if (server->closed)
		return;
	if (!server->kick && MHD_get_timeout(server->mhd, &wait_ms) != MHD_YES)
		uv_timer_stop(&server->timer);
	else
		uv_timer_start(&server->timer, on_time, server->kick ? 0 : wait_ms, 0);
}

static void on_time(uv_timer_t *timer)
{
	run(container_of(timer, struct http_server, timer));
}

static void on_readiness(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(container_of(poll, struct http_server, poll));
}

void server_resume(struct request *r)
{
	if (!r->suspended)
		return;
	r->suspended = false;
	MHD_resume_connection(r->mhd);
	if (r->server->closed)
		return;
	r->server->kick = true;
	uv_timer_start(&r->server->timer, on_time, 0, 0);
}

void server_suspend(struct request *r)
{
	r->suspended = true;
	MHD_suspend_connection(r->mhd);
}

/* ---- the life of a request ---- */

static void free_request(struct request *r)
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

/*
 * libmicrohttpd does not complete a request that it refuses between its target and its head, for
 * instance because the head is too large for its memory.
 */
static void drop_current(struct connection *c)
{
	if (c->current)
		free_request(c->current);
	c->current = NULL;
}

/* The first thing that libmicrohttpd tells of a request: its target, before it decodes anything. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
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
		free_request(r);
		return NULL;
	}
	drop_current(r->connection);
	r->connection->current = r;
	r->unreadable = read < 0;
	r->public.target = r->target;
	server_set_deadline(server, r->connection, server->options.request_timeout_ms);
	return r;
}

static struct MHD_Response *text_response(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 400, "bad request\n" },
		{ 413, "request too large\n" },
		{ 503, "too many connections\n" },
		{ 500, "internal error\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].status == status)
			return MHD_create_response_from_buffer(strlen(texts[i].text),
							       (void *)(uintptr_t)texts[i].text,
							       MHD_RESPMEM_PERSISTENT);
	return NULL;
}

/* Hands the answer to libmicrohttpd; a connection that gets none is closed. */
static enum MHD_Result queue_answer(struct request *r)
{
	if (!r->response)
		r->response = text_response(r->status = 500);
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
	r->response = text_response(status);
	if (r->response)
		(void)MHD_add_response_header(r->response, "Connection", "close");
	return queue_answer(r);
}

struct framing {
	unsigned lengths, encodings, hosts;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct framing *framing = cls;

	(void)kind;
	(void)value;
	framing->lengths += strcasecmp(name, "Content-Length") == 0;
	framing->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
	framing->hosts += strcasecmp(name, "Host") == 0;
	return MHD_YES;
}

/* A head that two readers may read differently; libmicrohttpd takes the first of each. */
static bool is_ambiguous(struct MHD_Connection *mhd)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(mhd, MHD_HEADER_KIND, count_header, &framing);
	return framing.lengths + framing.encodings > 1 || framing.hosts > 1;
}

/* The head is whole: what can be refused by it is refused before the body is read. */
static enum MHD_Result look_at_head(struct request *r, const char *method)
{
	struct http_server *server = r->server;
	const char *length = MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, "Content-Length");

	r->seen = true;
	r->public.method = method;
	if (server->connection_count > server->options.connections_max)
		return refuse(r, 503);
	if (r->unreadable || is_ambiguous(r->mhd))
		return refuse(r, 400);
	if (length && strtoull(length, NULL, 10) > server->options.body_max_bytes)
		return refuse(r, 413);
	return MHD_YES;
}

static void take_body(struct request *r, const char *bytes, size_t len)
{
	if (r->oversized)
		return;
	if (len > r->server->options.body_max_bytes - r->body.len)
		r->oversized = true;
	else
		buf_put(&r->body, bytes, len);
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

static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *url,
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
		take_body(r, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (r->state == REQUEST_ARRIVING && r->oversized)
		return refuse(r, 413);
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

static void tell_gone(struct request *r)
{
	if (r->public.gone)
		r->public.gone(&r->public);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **ctx,
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
		tell_gone(r);
	free_request(r);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	struct connection *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (c) {
			list_remove(&c->link);
			server->connection_count--;
			drop_current(c);
			free(c);
		}
		*context = NULL;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	c = info ? calloc(1, sizeof(*c)) : NULL;
	*context = c;
	if (!c)
		return; /* on_target() finds no context and the connection is closed */
	c->fd = info->connect_fd;
	server->connection_count++;
	list_append(&server->connections, &c->link);
	server_set_deadline(server, c, server->options.request_timeout_ms);
}

/* Targets are decoded by read_target(): libmicrohttpd would cut a path at %00. */
static size_t leave_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

/* ---- the server ---- */

static void set_defaults(struct http_server_options *o)
{
	o->connections_max = o->connections_max ? o->connections_max : CONNECTIONS_DEFAULT;
	o->body_max_bytes = o->body_max_bytes ? o->body_max_bytes : BODY_DEFAULT;
	o->request_timeout_ms = o->request_timeout_ms ? o->request_timeout_ms : REQUEST_TIMEOUT_MS;
	o->idle_timeout_ms = o->idle_timeout_ms ? o->idle_timeout_ms : IDLE_TIMEOUT_MS;
	o->reply_timeout_ms = o->reply_timeout_ms ? o->reply_timeout_ms : REPLY_TIMEOUT_MS;
}

static struct MHD_Daemon *start(struct http_server *server, int fd)
{
	const struct http_server_options *o = &server->options;

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
				server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT,
				1, MHD_OPTION_CONNECTION_LIMIT,
				o->connections_max + CONNECTIONS_SPARE,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY,
				MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)((o->idle_timeout_ms + 1999) / 1000),
				MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
				MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
}

/* Everything but the loop's handles, which cannot fail after this. */
static int prepare(struct http_server *server, struct error *err)
{
	const struct http_server_options *o = &server->options;
	const char *path = o->listen_fd > 0 ? NULL : listen_path(o->listen);
	int fd = o->listen_fd > 0 ? o->listen_fd : listen_open(o->listen, err);

	if (fd < 0)
		return fd;
	server->port = listen_port(fd);
	if (path) {
		server->unix_path = strdup(path);
		if (!server->unix_path) {
			close(fd);
			return error_set(err, -ENOMEM, "no memory for the HTTP server");
		}
	}
	server->mhd = start(server, fd);
	if (!server->mhd)
		return error_set(err, -EIO, "cannot start the HTTP server");
	return 0;
}

int http_server_open(struct http_server **ret, uv_loop_t *loop,
		     const struct http_server_options *options, struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));

	assert(options->handler);
	if (!server)
		return error_set(err, -ENOMEM, "no memory for the HTTP server");
	server->loop = loop;
	server->options = *options;
	set_defaults(&server->options);
	list_init(&server->connections);
	list_init(&server->held);
	int r = prepare(server, err);
	if (r < 0)
		goto fail;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	r = info ? uv_poll_init(loop, &server->poll, info->epoll_fd) : UV_EIO;
	if (r < 0) {
		MHD_stop_daemon(server->mhd);
		error_set(err, r, "cannot watch the HTTP server: %s", uv_strerror(r));
		goto fail;
	}
	uv_timer_init(loop, &server->timer);
	uv_timer_init(loop, &server->sweeper);
	server->handles = 3;
	uv_poll_start(&server->poll, UV_READABLE, on_readiness);
	*ret = server;
	return 0;

fail:
	free(server->unix_path);
	free(server);
	return r;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct http_server *server = handle->data;
	http_closed_fn *closed = server->closed;
	void *data = server->closed_data;

	assert(server->handles > 0);
	if (--server->handles > 0)
		return;
	MHD_stop_daemon(server->mhd);
	if (server->unix_path)
		(void)unlink(server->unix_path);
	free(server->unix_path);
	free(server);
	closed(data);
}

/* Each waiting or streaming request hears of its end, and its connection is no longer suspended. */
static void release_held(struct http_server *server)
{
	while (!list_empty(&server->held)) {
		struct request *r = list_first(&server->held, struct request, link);
		list_remove(&r->link);
		bool streaming = r->state == REQUEST_STREAMING;
		r->state = streaming ? REQUEST_ANSWERED : REQUEST_DROPPED;
		r->stream_closed = r->stream_broken = streaming;
		if (!r->in_handler)
			tell_gone(r);
		server_resume(r);
	}
}

void http_server_close(struct http_server *server, http_closed_fn *closed, void *data)
{
	assert(!server->closed);
	server->closed = closed;
	server->closed_data = data;
	release_held(server);
	server->poll.data = server->timer.data = server->sweeper.data = server;
	uv_close((uv_handle_t *)&server->poll, on_handle_closed);
	uv_close((uv_handle_t *)&server->timer, on_handle_closed);
	uv_close((uv_handle_t *)&server->sweeper, on_handle_closed);
}

int http_server_port(const struct http_server *server)
{
	return server->port;
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->connection_count;
}
