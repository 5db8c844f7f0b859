/*
 * The server over real sockets: plain clients that write bytes and read what comes, on the same
 * loop. Every test ends with uv_loop_close() == 0.
 */
#include "http/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/loop/plain_client.h"

struct fixture {
	struct frame frame;
	struct http_server *server;
	struct http_request *held[8];
	unsigned held_count;
	unsigned gone_count;
	unsigned handled;
	bool server_closed;
};

static struct fixture fx;

/* ---- the handler ---- */

static void reply_text(struct http_request *request, int status, const char *text)
{
	const struct http_header headers[] = { { "Content-Type", "text/plain" }, { 0 } };
	struct buf body = { 0 };

	buf_puts(&body, text);
	http_reply(request, status, headers, &body);
}

static void echo(struct http_request *request)
{
	const char *header = http_request_header(request, "x-test");
	struct buf body = { 0 };

	buf_printf(&body, "%s %s", request->method, request->path);
	for (size_t i = 0; i < request->query.count; i++)
		buf_printf(&body, " %s=%s", request->query.items[i].name,
			   request->query.items[i].value);
	buf_printf(&body, " [%s] %zu:%s raw=%.*s.", header ? header : "-", request->body_len,
		   request->body_len < 100 ? request->body : "long", (int)request->raw_path_len,
		   request->target);
	http_reply(request, 200, NULL, &body);
}

static void on_gone(struct http_request *request)
{
	bool known = false;

	for (unsigned i = 0; i < fx.held_count; i++)
		if (fx.held[i] == request) {
			fx.held[i] = NULL;
			known = true;
		}
	assert_true(known);
	fx.gone_count++;
}

static void hold(struct http_request *request)
{
	assert_true(fx.held_count < ARRAY_LEN(fx.held));
	fx.held[fx.held_count++] = request;
	request->gone = on_gone;
}

static void on_server_closed(void *data)
{
	*(bool *)data = true;
}

static void on_request(struct http_request *request, void *data)
{
	const struct http_header broken[] = { { "X-Broken", "a\r\nSet-Cookie: b" }, { 0 } };
	const char *path = request->path;

	assert_ptr_equal(data, &fx);
	fx.handled++;
	if (strcmp(path, "/hold") == 0) {
		hold(request);
	} else if (strcmp(path, "/stream") == 0) {
		assert_int_equal(http_stream_open(request, 200, NULL, -1), 0);
		hold(request);
	} else if (strcmp(path, "/cut") == 0) {
		assert_int_equal(http_stream_open(request, 200, NULL, 10), 0);
		assert_int_equal(http_stream_write(request, "half!", 5), 0);
		http_stream_close(request, true);
	} else if (strcmp(path, "/drop") == 0) {
		http_drop(request, false);
	} else if (strcmp(path, "/reset") == 0) {
		http_drop(request, true);
	} else if (strcmp(path, "/header") == 0) {
		http_reply(request, 200, broken, NULL);
	} else if (strcmp(path, "/close") == 0) {
		http_server_close(fx.server, on_server_closed, &fx.server_closed);
		fx.server = NULL;
	} else if (strcmp(path, "/empty") == 0) {
		http_reply(request, 204, NULL, NULL);
	} else if (strcmp(path, "/missing") == 0) {
		reply_text(request, 404, "no\n");
	} else {
		echo(request);
	}
}

/* ---- clients ---- */

static struct client *client_open(void)
{
	return client_connect(&fx.frame.loop, http_server_port(fx.server));
}

/* Leaves as a killed process would. */
static void client_vanish(struct client *c)
{
	const struct linger now = { .l_onoff = 1 };

	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	client_close(c);
}

static void wait_text(struct client *c, const char *text)
{
	while (!strstr(buf_text(&c->got), text)) {
		assert_false(c->ended);
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	}
}

static void wait_until(const unsigned *counter, unsigned value)
{
	while (*counter < value)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	assert_int_equal(*counter, value);
}

/* One request on a connection of its own, up to its end. */
static void exchange(const char *request, const char *expected)
{
	struct client *c = client_open();

	client_send(c, request);
	wait_end(c);
	if (!strstr(buf_text(&c->got), expected))
		fail_msg("'%s' is not in:\n%s", expected, buf_text(&c->got));
	client_close(c);
}

#define HEAD(line)   line " HTTP/1.1\r\nHost: x\r\n"
#define GET(target)  HEAD("GET " target) "\r\n"
#define LAST(target) HEAD("GET " target) "Connection: close\r\n\r\n"

/* ---- the frame of a test ---- */

static void open_server(const struct http_server_options *changes)
{
	struct http_server_options options = *changes;
	struct error err;

	options.listen = options.listen ? options.listen : "127.0.0.1:0";
	options.handler = on_request;
	options.data = &fx;
	assert_int_equal(http_server_open(&fx.server, &fx.frame.loop, &options, &err), 0);
}

static int set_up(void **state)
{
	(void)state;
	fx = (struct fixture){ 0 };
	frame_open(&fx.frame);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (fx.server)
		http_server_close(fx.server, on_server_closed, &fx.server_closed);
	frame_close(&fx.frame, &fx.server_closed);
	return 0;
}

static const struct http_server_options plain;

/* ---- answers at once ---- */

static const struct row {
	const char *name, *request, *expected;
} rows[] = {
	{ "echo", LAST("/a"), "GET /a [-] 0: raw=/a." },
	{ "the query in order", LAST("/a?b=2&a=%201&b=3+4"), "GET /a b=2 a= 1 b=3 4 [-]" },
	{ "an escaped path", LAST("/a%2Fb%20c?x"), "GET /a/b c x= [-] 0: raw=/a%2Fb%20c." },
	{ "a header in any case", HEAD("GET /a") "X-TEST: yes\r\nConnection: close\r\n\r\n",
	  "[yes]" },
	{ "a form", HEAD("POST /a?q=1") "Connection: close\r\nContent-Length: 5\r\n\r\na=b+c",
	  "POST /a q=1 [-] 5:a=b+c" },
	{ "a chunked body",
	  HEAD("POST /a") "Connection: close\r\n"
			  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	  "HTTP/1.1 411" },
	{ "a coding that nobody knows", HEAD("POST /a") "Transfer-Encoding: x\r\n\r\n",
	  "HTTP/1.1 411" },
	{ "a blank before the colon", HEAD("POST /a") "Transfer-Encoding : chunked\r\n\r\n",
	  "HTTP/1.1 400" },
	{ "a name that is no word", HEAD("GET /a") "X(y): z\r\n\r\n", "HTTP/1.1 400" },
	{ "a refusal is a problem", HEAD("GET /%zz") "\r\n",
	  "application/problem+json\r\nContent-Length: 96\r\n\r\n{\"type\":\"about:blank\"" },
	{ "status 404", LAST("/missing"), "HTTP/1.1 404" },
	{ "no content", LAST("/empty"), "HTTP/1.1 204" },
	{ "HEAD has no body", HEAD("HEAD /missing") "Connection: close\r\n\r\n",
	  "Content-Length: 3" },
	{ "HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n", "GET /a [-]" },
	{ "a header with a line break becomes 500", LAST("/header"), "HTTP/1.1 500" },
	{ "a broken escape", LAST("/%zz"), "HTTP/1.1 400" },
	{ "a NUL in the path", LAST("/a%00b"), "HTTP/1.1 400" },
	{ "a NUL in the query", LAST("/a?b=%00"), "HTTP/1.1 400" },
	{ "no Host", "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400" },
	{ "a body announced too large", HEAD("POST /a") "Content-Length: 2000\r\n\r\n",
	  "HTTP/1.1 413" },
	{ "two lengths", HEAD("POST /a") "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	  "HTTP/1.1 400" },
	{ "a length and chunks",
	  HEAD("POST /a") "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  "HTTP/1.1 400" },
	{ "two hosts", HEAD("GET /a") "Host: y\r\n\r\n", "HTTP/1.1 400" },
	{ "a length beyond 64 bits",
	  HEAD("POST /a") "Content-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 4" },
};

static void answers(void **state)
{
	const struct row *row = *state;

	set_up(NULL);
	open_server(&(struct http_server_options){ .body_max_bytes = 1000 });
	exchange(row->request, row->expected);
	tear_down(NULL);
}

/* An extension longer than libmicrohttpd's memory makes it spin until its own time-out, which is
 * short here for those who wait for the failure. */
static void takes_no_chunks(void **state)
{
	struct buf request = { 0 };

	(void)state;
	open_server(&(struct http_server_options){ .idle_timeout_ms = 1000 });
	buf_puts(&request, HEAD("POST /a") "Transfer-Encoding: chunked\r\n\r\n1;");
	while (request.len < 100000)
		buf_putc(&request, 'x');
	exchange(buf_text(&request), "HTTP/1.1 411");
	assert_int_equal(fx.handled, 0);
	buf_finish(&request);
}

static void keeps_a_connection(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/one"));
	wait_text(c, "GET /one");
	client_send(c, GET("/two") GET("/three"));
	wait_text(c, "GET /three");
	assert_non_null(strstr(c->got.bytes, "GET /two"));
	assert_int_equal(http_server_connections(fx.server), 1);
	client_close(c);
}

static void refuses_a_huge_head(void **state)
{
	struct buf request = { 0 };

	(void)state;
	open_server(&plain);
	buf_puts(&request, "GET /");
	for (int i = 0; i < 40000; i++)
		buf_putc(&request, 'a');
	buf_puts(&request, " HTTP/1.1\r\nHost: x\r\n\r\n");
	exchange(request.bytes, "HTTP/1.1 414");
	assert_int_equal(fx.handled, 0);
	buf_finish(&request);
}

/* ---- later ---- */

static void answers_later_in_any_order(void **state)
{
	struct client *a, *b;

	(void)state;
	open_server(&plain);
	a = client_open();
	b = client_open();
	client_send(a, GET("/hold?a"));
	wait_until(&fx.held_count, 1);
	client_send(b, GET("/hold?b"));
	wait_until(&fx.held_count, 2);
	reply_text(fx.held[1], 200, "second");
	wait_text(b, "second");
	assert_int_equal(a->got.len, 0);
	reply_text(fx.held[0], 200, "first");
	wait_text(a, "first");
	client_send(a, GET("/again"));
	wait_text(a, "GET /again");
	client_close(a);
	client_close(b);
	assert_int_equal(fx.gone_count, 0);
}

static void a_client_may_leave_before_its_answer(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	for (int i = 0; i < 2; i++) {
		c = client_open();
		client_send(c, GET("/hold"));
		wait_until(&fx.held_count, (unsigned)i + 1);
		if (i == 0)
			client_vanish(c);
		else
			client_close(c);
		uv_run(&fx.frame.loop, UV_RUN_NOWAIT);
		reply_text(fx.held[i], 200, "nobody reads this");
		while (http_server_connections(fx.server) > 0)
			uv_run(&fx.frame.loop, UV_RUN_ONCE);
	}
	exchange(LAST("/a"), "GET /a");
}

static void closing_tells_those_who_wait(void **state)
{
	struct client *a, *b, *c;

	(void)state;
	open_server(&plain);
	a = client_open();
	b = client_open();
	c = client_open();
	client_send(a, GET("/hold"));
	wait_until(&fx.held_count, 1);
	client_send(b, GET("/stream"));
	wait_until(&fx.held_count, 2);
	http_server_close(fx.server, on_server_closed, &fx.server_closed);
	fx.server = NULL;
	assert_int_equal(fx.gone_count, 2);
	wait_end(a);
	wait_end(b);
	wait_end(c);
	assert_int_equal(a->got.len, 0);
	client_close(a);
	client_close(b);
	client_close(c);
}

static void a_handler_may_close_the_server(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/close") GET("/after"));
	wait_end(c);
	assert_int_equal(fx.handled, 1);
	client_close(c);
}

/* ---- drops and streams ---- */

static void drops(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/drop"));
	wait_end(c);
	assert_int_equal(c->error, 0);
	assert_int_equal(c->got.len, 0);
	client_close(c);
	c = client_open();
	client_send(c, GET("/reset"));
	wait_end(c);
	assert_int_equal(c->error, ECONNRESET);
	client_close(c);
	c = client_open();
	client_send(c, GET("/hold"));
	wait_until(&fx.held_count, 1);
	http_drop(fx.held[0], true);
	wait_end(c);
	assert_int_equal(c->error, ECONNRESET);
	client_close(c);
}

static void cuts_an_announced_body(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/cut"));
	wait_end(c);
	assert_non_null(strstr(c->got.bytes, "Content-Length: 10\r\n"));
	assert_string_equal(strstr(c->got.bytes, "\r\n\r\n") + 4, "half!");
	client_close(c);
}

static void streams_each_event(void **state)
{
	struct client *c;
	char event[32];

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/stream"));
	wait_until(&fx.held_count, 1);
	for (int i = 0; i < 20; i++) {
		snprintf(event, sizeof(event), "event %d.", i);
		assert_int_equal(http_stream_write(fx.held[0], event, strlen(event)), 0);
		wait_text(c, event); /* each arrives before the next is written */
	}
	http_stream_close(fx.held[0], false);
	wait_text(c, "0\r\n\r\n");
	client_send(c, GET("/again"));
	wait_text(c, "GET /again");
	client_close(c);
	assert_int_equal(fx.gone_count, 0);
}

static void a_stream_ends_with_its_client(void **state)
{
	struct client *c;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/stream"));
	wait_until(&fx.held_count, 1);
	assert_int_equal(http_stream_write(fx.held[0], "x", 1), 0);
	wait_text(c, "x");
	client_vanish(c);
	while (fx.gone_count == 0) {
		(void)http_stream_write(fx.held[0], "y", 1);
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	}
	assert_null(fx.held[0]);
}

static void a_slow_reader_is_told_to_the_writer(void **state)
{
	static char block[256 << 10];
	struct client *c;
	size_t written = 0;
	int r = 0;

	(void)state;
	open_server(&plain);
	c = client_open();
	client_send(c, GET("/stream"));
	wait_until(&fx.held_count, 1);
	uv_poll_stop(&c->poll);
	memset(block, 'b', sizeof(block));
	while (r == 0) {
		r = http_stream_write(fx.held[0], block, sizeof(block));
		written += r == 0 ? sizeof(block) : 0;
		uv_run(&fx.frame.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(r, -ENOBUFS);
	http_stream_close(fx.held[0], false);
	uv_poll_start(&c->poll, UV_READABLE, on_bytes);
	while (c->got.len < written || memcmp(c->got.bytes + c->got.len - 5, "0\r\n\r\n", 5) != 0)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	client_close(c);
}

/* ---- limits ---- */

/* A byte at a time is activity all right, but no request. */
static void on_drip(uv_timer_t *timer)
{
	struct client *c = timer->data;

	if (!c->ended)
		(void)send(c->fd, "a", 1, MSG_NOSIGNAL);
}

static void drip_until_the_end(const char *start)
{
	struct client *c = client_open();
	uv_timer_t drip;

	client_send(c, start);
	uv_timer_init(&fx.frame.loop, &drip);
	drip.data = c;
	uv_timer_start(&drip, on_drip, 5, 5);
	wait_end(c);
	assert_int_equal(fx.handled, 0);
	uv_close((uv_handle_t *)&drip, NULL);
	uv_run(&fx.frame.loop, UV_RUN_NOWAIT);
	client_close(c);
}

static void ends_a_slow_head(void **state)
{
	(void)state;
	open_server(&(struct http_server_options){ .request_timeout_ms = 150 });
	drip_until_the_end("GET /");
}

static void ends_a_slow_body(void **state)
{
	(void)state;
	open_server(&(struct http_server_options){ .request_timeout_ms = 150 });
	drip_until_the_end(HEAD("POST /a") "Content-Length: 60000\r\n\r\n");
}

static void ends_a_silent_and_an_idle_client(void **state)
{
	struct client *silent, *idle;

	(void)state;
	open_server(&(struct http_server_options){ .request_timeout_ms = 1500,
						   .idle_timeout_ms = 100 });
	silent = client_open();
	idle = client_open();
	client_send(idle, GET("/a"));
	wait_end(idle);
	assert_non_null(strstr(buf_text(&idle->got), "GET /a"));
	wait_end(silent);
	client_close(silent);
	client_close(idle);
}

/* Held requests have no deadline: the handler decides. */
static void waits_for_the_handler(void **state)
{
	struct client *slow, *held;

	(void)state;
	open_server(&(struct http_server_options){
		.request_timeout_ms = 1500, .idle_timeout_ms = 100, .reply_timeout_ms = 100 });
	held = client_open();
	client_send(held, GET("/hold"));
	wait_until(&fx.held_count, 1);
	slow = client_open(); /* its end tells that a deadline has passed meanwhile */
	wait_end(slow);
	assert_false(held->ended);
	reply_text(fx.held[0], 200, "at last");
	wait_text(held, "at last");
	client_close(slow);
	client_close(held);
}

static void too_many_are_told(void **state)
{
	struct client *first[2], *more;

	(void)state;
	open_server(&(struct http_server_options){ .connections_max = 2 });
	for (unsigned i = 0; i < 2; i++) {
		first[i] = client_open();
		client_send(first[i], GET("/hold"));
		wait_until(&fx.held_count, i + 1);
	}
	more = client_open();
	client_send(more, GET("/a"));
	wait_end(more);
	assert_non_null(strstr(buf_text(&more->got), "HTTP/1.1 503"));
	client_close(more);
	for (unsigned i = 0; i < 2; i++) {
		reply_text(fx.held[i], 200, "done");
		wait_text(first[i], "done");
		client_close(first[i]);
	}
	while (http_server_connections(fx.server) > 0)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	exchange(LAST("/a"), "GET /a");
}

/* Who is answered stays, also when it came first. */
static void the_oldest_silent_client_gives_way(void **state)
{
	struct client *held, *kept, *silent, *slow, *more[2];

	(void)state;
	open_server(
		&(struct http_server_options){ .connections_max = 4, .request_timeout_ms = 60000 });
	held = client_open();
	client_send(held, GET("/hold"));
	wait_until(&fx.held_count, 1);
	kept = client_open();
	client_send(kept, GET("/a"));
	wait_text(kept, "GET /a");
	silent = client_open();
	slow = client_open();
	client_send(slow, "GET /b HTTP/1.1\r\nHo");
	for (unsigned i = 0; i < 2; i++) {
		more[i] = client_open();
		client_send(more[i], GET("/a"));
		wait_text(more[i], "GET /a");
		wait_end(i == 0 ? kept : silent);
		assert_false(slow->ended);
	}
	client_send(slow, "st: x\r\n\r\n");
	wait_text(slow, "GET /b");
	reply_text(fx.held[0], 200, "done");
	wait_text(held, "done");
	client_close(held);
	client_close(kept);
	client_close(silent);
	client_close(slow);
	client_close(more[0]);
	client_close(more[1]);
}

static void serves_a_unix_socket(void **state)
{
	char address[64];
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(address, sizeof(address), "unix:/tmp/imagecat-server-%d", (int)getpid());
	strcpy(un.sun_path, address + 5);
	open_server(&(struct http_server_options){ .listen = address });
	assert_int_equal(http_server_port(fx.server), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	struct client *c = client_of(&fx.frame.loop, fd);
	client_send(c, LAST("/a"));
	wait_end(c);
	assert_non_null(strstr(buf_text(&c->got), "GET /a"));
	client_close(c);
	http_server_close(fx.server, on_server_closed, &fx.server_closed);
	fx.server = NULL;
	while (!fx.server_closed)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	assert_int_equal(access(un.sun_path, F_OK), -1);
}

static void a_taken_address_is_an_error(void **state)
{
	struct http_server_options options = { .handler = on_request };
	struct http_server *second = NULL;
	char address[64];
	struct error err;

	(void)state;
	open_server(&plain);
	snprintf(address, sizeof(address), "127.0.0.1:%d", http_server_port(fx.server));
	options.listen = address;
	assert_int_equal(http_server_open(&second, &fx.frame.loop, &options, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, address));
	assert_null(second);
}

/* Bytes that are no HTTP, in every length: nothing may crash, and the server must live on. */
static void survives_garbage(void **state)
{
	static const char *const garbage[] = {
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
		"\r\n\r\n\r\n",
	};

	(void)state;
	/* Short: libmicrohttpd overlooks an end that came with the bytes, and the deadline ends it.
	 */
	open_server(
		&(struct http_server_options){ .request_timeout_ms = 700, .idle_timeout_ms = 100 });
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		struct client *c = client_open();
		client_send(c, garbage[i]);
		assert_int_equal(shutdown(c->fd, SHUT_WR), 0);
		wait_end(c);
		client_close(c);
	}
	exchange(LAST("/alive"), "GET /alive");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest plain_tests[] = {
		TEST(takes_no_chunks),
		TEST(keeps_a_connection),
		TEST(refuses_a_huge_head),
		TEST(answers_later_in_any_order),
		TEST(a_client_may_leave_before_its_answer),
		TEST(closing_tells_those_who_wait),
		TEST(a_handler_may_close_the_server),
		TEST(drops),
		TEST(cuts_an_announced_body),
		TEST(streams_each_event),
		TEST(a_stream_ends_with_its_client),
		TEST(a_slow_reader_is_told_to_the_writer),
		TEST(ends_a_slow_head),
		TEST(ends_a_slow_body),
		TEST(ends_a_silent_and_an_idle_client),
		TEST(waits_for_the_handler),
		TEST(too_many_are_told),
		TEST(the_oldest_silent_client_gives_way),
		TEST(serves_a_unix_socket),
		TEST(a_taken_address_is_an_error),
		TEST(survives_garbage),
	};
	struct CMUnitTest tests[ARRAY_LEN(plain_tests) + ARRAY_LEN(rows)];
	size_t n = ARRAY_LEN(plain_tests);

	memcpy(tests, plain_tests, sizeof(plain_tests));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(answers, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
