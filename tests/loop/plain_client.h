/*
 * For tests of a server on the loop it runs on: clients that write bytes and read what comes, and
 * the frame of such a test, which ends with uv_loop_close() == 0.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/base.h"
#include "base/buf.h"
#include "tests/test.h"

/* ---- the frame ---- */

struct frame {
	uv_loop_t loop;
	uv_timer_t pulse;    /* so that a wait on a counter looks again */
	uv_timer_t watchdog; /* fails a test that waits for ever */
};

static inline void on_pulse(uv_timer_t *timer)
{
	(void)timer;
}

static inline void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("waited too long");
}

static inline void frame_open(struct frame *f)
{
	assert_int_equal(uv_loop_init(&f->loop), 0);
	uv_timer_init(&f->loop, &f->pulse);
	uv_timer_start(&f->pulse, on_pulse, 20, 20);
	uv_timer_init(&f->loop, &f->watchdog);
	uv_timer_start(&f->watchdog, on_watchdog, 60000, 0);
}

/* What else is on the loop is closing already, and tells so in `closed`. */
static inline void frame_close(struct frame *f, const bool *closed)
{
	uv_close((uv_handle_t *)&f->watchdog, NULL);
	uv_close((uv_handle_t *)&f->pulse, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_true(*closed);
	assert_int_equal(uv_loop_close(&f->loop), 0);
}

/* ---- a client ---- */

struct client {
	uv_poll_t poll;
	int fd;
	struct buf got;
	bool ended;
	int error;
};

/* Reads all there is: after a reset libuv reports once (status EBADF) and then no more. */
static inline void on_bytes(uv_poll_t *poll, int status, int events)
{
	struct client *c = container_of(poll, struct client, poll);
	char bytes[65536];
	ssize_t n;

	(void)status;
	(void)events;
	while ((n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		buf_put(&c->got, bytes, (size_t)n);
	if (n < 0 && errno == EAGAIN)
		return;
	c->ended = true;
	c->error = n < 0 ? errno : 0;
	uv_poll_stop(&c->poll);
}

/* Takes a connected socket. */
static inline struct client *client_of(uv_loop_t *loop, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->fd = fd;
	assert_int_equal(uv_poll_init(loop, &c->poll, fd), 0);
	assert_int_equal(uv_poll_start(&c->poll, UV_READABLE, on_bytes), 0);
	return c;
}

static inline struct client *client_connect(uv_loop_t *loop, int port)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	uv_ip4_addr("127.0.0.1", port, &address);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return client_of(loop, fd);
}

static inline void client_send(struct client *c, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(c->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void on_client_closed(uv_handle_t *handle)
{
	struct client *c = container_of((uv_poll_t *)handle, struct client, poll);

	close(c->fd);
	buf_finish(&c->got);
	free(c);
}

static inline void client_close(struct client *c)
{
	uv_close((uv_handle_t *)&c->poll, on_client_closed);
}

static inline void wait_end(struct client *c)
{
	while (!c->ended)
		uv_run(c->poll.loop, UV_RUN_ONCE);
}
