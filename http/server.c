#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/listen.h"
#include "http/server_request.h"

/*
 *                    ┌─ refused (400 411 413 503) ┐
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
 * past it the socket is shut down, and libmicrohttpd finds it closed. The same happens to who has
 * been waited for longest when there are more than may be (server_connection.c).
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

/* ---- opening and closing ---- */

/* Targets are decoded by server_receive.c: libmicrohttpd would cut a path at %00. */
static size_t leave_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

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

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				server_on_access, server, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
				o->connections_max + CONNECTIONS_SPARE,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY,
				MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)((o->idle_timeout_ms + 1999) / 1000),
				MHD_OPTION_URI_LOG_CALLBACK, server_on_target, server,
				MHD_OPTION_NOTIFY_COMPLETED, server_on_completed, server,
				MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server,
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
	server_init_sweeper(server);
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
			server_tell_gone(r);
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
