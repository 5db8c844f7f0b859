/*
 * Questions to the catalog, off the loop: a few read-only connections on libuv's worker threads.
 *
 * Fewer run at a time than there are worker threads, so that polls, which have their pages read on
 * the same threads, never wait for people's questions.
 *
 * Thread: the loop, but for run().
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/error.h"
#include "base/list.h"
#include "store/reader.h"

struct pool;

/* Embedded, zeroed, alive until done() has returned, which is called exactly once. */
struct pool_job {
	/*
	 * On a worker thread. `reader` is NULL, with a sentence, when the catalog cannot be opened.
	 * Returns whether the connection is still good.
	 */
	bool (*run)(struct pool_job *job, struct reader *reader, const struct error *err);
	void (*done)(struct pool_job *job); /* on the loop, never from inside pool_submit() */
	bool cancelled;                     /* run() was not called: the pool closes */

	struct list link; /* the pool's own */
};

int pool_open(struct pool **ret, uv_loop_t *loop, const char *catalog);
void pool_submit(struct pool *pool, struct pool_job *job);

/* Jobs that wait are cancelled, those that run end; then closed() is called. */
void pool_close(struct pool *pool, void (*closed)(void *data), void *data);
