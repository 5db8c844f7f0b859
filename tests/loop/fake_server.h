/*
 * A scripted server on the test's own loop: raw bytes over uv_tcp, well-behaved or not.
 *
 * A script is a row of steps. It is played when a connection is accepted (`at_accept`) and after
 * every whole request (`answer`, or what `choose` returns). It allocates nothing, so that a test
 * that fails allocations fails none of its server's. Errors in the server's own doings fail the
 * test.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum fake_kind {
	FAKE_END,   /* wait for the next request, or for the peer to go */
	FAKE_SEND,  /* bytes */
	FAKE_PAUSE, /* pause_ms */
	FAKE_CLOSE, /* FIN after what was sent */
	FAKE_RESET, /* RST */
};

struct fake_step {
	enum fake_kind kind;
	const char *bytes;
	size_t len;        /* 0: a string */
	long times;        /* send again and again; 0: once, -1: until the peer goes away */
	size_t slice;      /* bytes per write; 0: all at once */
	unsigned pause_ms; /* FAKE_PAUSE, or between writes */
};

/* SCRIPT lives as long as the block it is in: for rows at file scope, or until the loop has run. */
/* clang-format off */
#define SCRIPT(...)      (const struct fake_step[]){ __VA_ARGS__, { .kind = FAKE_END } }
#define SEND(text)       { .kind = FAKE_SEND, .bytes = (text) }
#define SEND_BYTES(text) { .kind = FAKE_SEND, .bytes = (text), .len = sizeof(text) - 1 }
#define SLICES(text)     { .kind = FAKE_SEND, .bytes = (text), .slice = 1 }
#define FLOOD(text)      { .kind = FAKE_SEND, .bytes = (text), .times = -1 }
#define DRIP(text, ms)   { .kind = FAKE_SEND, .bytes = (text), .times = -1, .slice = 1, .pause_ms = (ms) }
#define PAUSE(ms)        { .kind = FAKE_PAUSE, .pause_ms = (ms) }
#define CLOSE            { .kind = FAKE_CLOSE }
#define RESET            { .kind = FAKE_RESET }
#define SILENCE          { .kind = FAKE_END }
/* clang-format on */

struct fake_server;

/* The script for a request; `request` is its text, body included, and ends with NUL. */
typedef const struct fake_step *fake_choose_fn(struct fake_server *server, const char *request);

enum { FAKE_CONNECTIONS = 64, FAKE_REQUEST_BYTES = 16 << 10 };

struct fake_connection {
	struct fake_server *server;
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	unsigned handles; /* open; 0: the slot is free */
	bool writing;
	bool gone; /* closing */
	const struct fake_step *step;
	long repeated;
	size_t sent; /* of the step's bytes */
	size_t len;
	char request[FAKE_REQUEST_BYTES];
};

struct fake_server {
	/* Filled by the test, after fake_server_open(). */
	const struct fake_step *at_accept; /* NULL: nothing */
	const struct fake_step *answer;
	fake_choose_fn *choose; /* NULL: `answer` for all */
	void *data;

	/* What was seen. */
	unsigned connections, requests;
	unsigned open, open_most; /* connections at a time */
	size_t received_bytes;
	size_t sent_bytes;
	char last_request[FAKE_REQUEST_BYTES];

	unsigned port;
	char url[64]; /* "http://127.0.0.1:PORT" */
	uv_tcp_t listener;
	struct fake_connection pool[FAKE_CONNECTIONS];
};

/* Large: keep it static or on the heap. */
void fake_server_open(struct fake_server *server, uv_loop_t *loop);

/* Closes the listener and every connection; the loop has to run once more. */
void fake_server_close(struct fake_server *server);
