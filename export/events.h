/*
 * Changes as a stream of server-sent events: those that are committed from now on, or from the one
 * on that a client had last.
 *
 * Thread: the loop.
 */
#pragma once

#include "base/list.h"
#include "export/pool.h"

struct events {
	struct pool *pool;
	struct list listeners;
	size_t count;
	uv_timer_t pulse; /* so that a connection that died is found out */
	void (*closed)(struct events *events);
};

void events_open(struct events *events, uv_loop_t *loop, struct pool *pool);

/* The server is closed: nobody listens any more. The pool is closed after that. */
void events_close(struct events *events, void (*closed)(struct events *events));

/* There may be changes up to this seq. */
void events_changed(struct events *events, int64_t last_seq);
