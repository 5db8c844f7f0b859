#include "tests/loop/fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "tests/test.h"

/*
 *   accept ──► play(at_accept) ──► read until a request is whole ──► play(answer) ──┐
 *                                          ▲                                        │
 *                                          └──────────────── FAKE_END ──────────────┘
 *
 * play() does one step and returns; the write's or the timer's callback, or play() itself, goes on.
 */
static void play(struct fake_connection *c);

static void on_handle_closed(uv_handle_t *handle)
{
	struct fake_connection *c = handle->data;

	assert_true(c->handles > 0);
	if (--c->handles == 0)
		c->server->open--;
}

static void leave(struct fake_connection *c, bool reset)
{
	if (c->gone)
		return;
	c->gone = true;
	c->step = NULL;
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
	if (!reset || uv_tcp_close_reset(&c->tcp, on_handle_closed) != 0)
		uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
}

static void on_pause_over(uv_timer_t *timer)
{
	play(timer->data);
}

static void next_step(struct fake_connection *c)
{
	c->step++;
	c->repeated = 0;
	c->sent = 0;
}

static void on_written(uv_write_t *write, int status)
{
	struct fake_connection *c = write->data;

	c->writing = false;
	if (c->gone)
		return;
	if (status < 0) { /* the client went away: that is its right */
		leave(c, false);
		return;
	}
	if (c->step->pause_ms > 0)
		assert_int_equal(uv_timer_start(&c->timer, on_pause_over, c->step->pause_ms, 0), 0);
	else
		play(c);
}

/* One write of the step; false when the step is over. */
static bool send_some(struct fake_connection *c)
{
	const struct fake_step *step = c->step;
	size_t len = step->len ? step->len : strlen(step->bytes);
	long times = step->times ? step->times : 1;

	if (c->sent == len) {
		c->sent = 0;
		c->repeated++;
		if (times > 0 && c->repeated == times)
			return false;
	}
	size_t part = len - c->sent;
	if (step->slice > 0 && part > step->slice)
		part = step->slice;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)step->bytes + c->sent, (unsigned)part);
	c->sent += part;
	c->server->sent_bytes += part;
	c->write.data = c;
	c->writing = true;
	if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
		c->writing = false;
		leave(c, false);
	}
	return true;
}

static void play(struct fake_connection *c)
{
	while (c->step) {
		switch (c->step->kind) {
		case FAKE_SEND:
			if (send_some(c))
				return;
			next_step(c);
			break;
		case FAKE_PAUSE: {
			unsigned pause_ms = c->step->pause_ms;
			next_step(c);
			assert_int_equal(uv_timer_start(&c->timer, on_pause_over, pause_ms, 0), 0);
			return;
		}
		case FAKE_CLOSE: leave(c, false); return;
		case FAKE_RESET: leave(c, true); return;
		case FAKE_END: c->step = NULL; break;
		}
	}
}

/* Length of the whole request at the start of the buffer; 0 while it is not complete. */
static size_t request_len(const struct fake_connection *c)
{
	static const char name[] = "\r\ncontent-length:";
	const char *end = strstr(c->request, "\r\n\r\n");

	if (!end)
		return 0;
	size_t len = (size_t)(end + 4 - c->request);
	for (const char *line = c->request; line < end; line++)
		if (strncasecmp(line, name, sizeof(name) - 1) == 0)
			len += strtoul(line + sizeof(name) - 1, NULL, 10);
	return len <= c->len ? len : 0;
}

static void take_request(struct fake_connection *c, size_t len)
{
	struct fake_server *server = c->server;

	server->requests++;
	memcpy(server->last_request, c->request, len);
	server->last_request[len] = '\0';
	c->len -= len;
	memmove(c->request, c->request + len, c->len + 1);
	c->step = server->choose ? server->choose(server, server->last_request) : server->answer;
	c->repeated = 0;
	c->sent = 0;
	play(c);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
	struct fake_connection *c = handle->data;

	(void)wanted;
	*ret_buf = uv_buf_init(c->request + c->len, (unsigned)(sizeof(c->request) - 1 - c->len));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
	struct fake_connection *c = stream->data;

	(void)buf;
	if (count < 0) {
		leave(c, false);
		return;
	}
	c->len += (size_t)count;
	c->request[c->len] = '\0';
	c->server->received_bytes += (size_t)count;
	size_t len = c->step || c->writing ? 0 : request_len(c);
	if (len > 0)
		take_request(c, len);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct fake_server *server = listener->data;
	struct fake_connection *c = server->pool;

	assert_int_equal(status, 0);
	while (c->handles > 0) {
		c++;
		assert_true(c < server->pool + FAKE_CONNECTIONS);
	}
	*c = (struct fake_connection){ .server = server, .handles = 2 };
	assert_int_equal(uv_tcp_init(listener->loop, &c->tcp), 0);
	assert_int_equal(uv_timer_init(listener->loop, &c->timer), 0);
	c->tcp.data = c->timer.data = c;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
	uv_tcp_nodelay(&c->tcp, 1); /* slices shall arrive as slices */
	server->connections++;
	if (++server->open > server->open_most)
		server->open_most = server->open;
	c->step = server->at_accept;
	play(c);
	if (!c->gone)
		assert_int_equal(uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read), 0);
}

void fake_server_open(struct fake_server *server, uv_loop_t *loop)
{
	struct sockaddr_in address;
	int len = sizeof(address);

	memset(server, 0, sizeof(*server));
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_init(loop, &server->listener), 0);
	server->listener.data = server;
	assert_int_equal(uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 128, on_connection), 0);
	assert_int_equal(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len),
			 0);
	server->port = ntohs(address.sin_port);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", server->port);
}

void fake_server_close(struct fake_server *server)
{
	uv_close((uv_handle_t *)&server->listener, NULL);
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
		if (server->pool[i].handles > 0)
			leave(&server->pool[i], false);
}
