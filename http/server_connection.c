#include <stdlib.h>
#include <sys/socket.h>

#include "http/server_request.h"

/*
 * Connections: how long each may take for what it is doing, and which one goes when there are more
 * than may be. libmicrohttpd closes them; all that is done here is to shut their sockets down.
 */

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

/* libmicrohttpd finds it closed. */
static void cut(struct http_server *server, struct connection *c)
{
	c->deadline_ms = 0;
	server->cut_count += !c->cut;
	c->cut = true;
	(void)shutdown(c->fd, SHUT_RDWR);
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_server *server = container_of(timer, struct http_server, sweeper);
	uint64_t now = uv_now(server->loop);
	uint64_t next = 0;
	struct connection *c;

	list_for_each(c, &server->connections, link) {
		if (c->deadline_ms && c->deadline_ms <= now) {
			cut(server, c);
		} else if (c->deadline_ms && (!next || c->deadline_ms < next)) {
			next = c->deadline_ms;
		}
	}
	server->sweep_at_ms = next;
	if (next)
		uv_timer_start(timer, on_sweep, next - now, 0);
}

void server_init_sweeper(struct http_server *server)
{
	uv_timer_init(server->loop, &server->sweeper);
}

/* ---- room for who comes ---- */

bool server_is_full(const struct http_server *server)
{
	return server->connection_count - server->cut_count > server->options.connections_max;
}

/* Nothing of its own is going on: it has not said yet what it wants. */
static bool is_waited_for(const struct connection *c)
{
	return !c->cut && (!c->current || c->current->state == REQUEST_ARRIVING);
}

/*
 * Who is silent or slow gives way, the oldest first, so that many of them do not keep out who asks
 * at once. Those that are being answered stay: when they are as many as may be, others are told
 * 503.
 */
static void make_room(struct http_server *server)
{
	struct connection *c;

	if (!server_is_full(server))
		return;
	list_for_each(c, &server->connections, link) {
		if (is_waited_for(c)) {
			cut(server, c);
			return;
		}
	}
}

/* ---- their life ---- */

/*
 * libmicrohttpd does not complete a request that it refuses between its target and its head, for
 * instance because the head is too large for its memory.
 */
void server_drop_current(struct connection *c)
{
	if (c->current)
		server_free_request(c->current);
	c->current = NULL;
}

void server_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	struct connection *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (c) {
			list_remove(&c->link);
			server->connection_count--;
			server->cut_count -= c->cut;
			server_drop_current(c);
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
		return; /* server_on_target() finds no context and the connection is closed */
	c->fd = info->connect_fd;
	server->connection_count++;
	make_room(server);
	list_append(&server->connections, &c->link);
	server_set_deadline(server, c, server->options.request_timeout_ms);
}
