/*
 * The writer's thread: the only one that touches the catalog for writing. The loop hands it
 * jobs; each runs to its end on the thread, in order, then reports back on the loop.
 *
 * Thread: all functions here on the loop.
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/list.h"
#include "store/store.h"

struct writer;

/* Embedded by the caller, alive until done() has returned. done() is called exactly once, never
 * from inside writer_submit(). */
struct writer_job {
	void (*run)(struct store *store, struct writer_job *job); /* on the writer's thread */
	void (*done)(struct writer_job *job);                     /* on the loop */
	struct list link;                                         /* the writer's own */
};

/* Takes over `store`, closes it at the end. On failure the store stays the caller's. */
int writer_open(struct writer **ret, uv_loop_t *loop, struct store *store);

/* Not after writer_close(). */
void writer_submit(struct writer *writer, struct writer_job *job);

/* The end is near: no job waits for another program's lock for long any more. */
void writer_hurry(struct writer *writer);

/* Jobs that have ended, for whoever watches whether it goes on. */
uint64_t writer_ended(const struct writer *writer);

/* Runs what was submitted, closes the store, then calls closed() on the loop. */
void writer_close(struct writer *writer, void (*closed)(void *data), void *data);
