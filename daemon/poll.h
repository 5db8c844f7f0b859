/*
 * One attempt to read a whole listing: pages in, one transaction out, one row in `polls`.
 *
 * Thread: the loop. A poll owns its fetches and its spool; it frees itself after done().
 * At most one poll of a listing is in flight.
 */
#pragma once

#include "daemon/fetch.h"
#include "daemon/runtime.h"
#include "daemon/watch.h"

struct poll;

/* What came of it; borrowed for the call of done(). */
struct poll_report {
	const struct poll_log *log;
	const struct commit *commit; /* numbers of rows; zeros when nothing was stored */
	const char *store_error;     /* NULL, or why the transaction failed: nothing was written */
	bool disk_uncertain;         /* … and what was written before it may be lost as well */
	const struct places *places; /* a discovery's answer; NULL otherwise, and when it failed */
};

struct poll_events {
	/* It is over. */
	void (*done)(struct watch *watch, const struct poll_report *report, void *data);
	/* The catalog could not be written; it is tried again after `wait_ms`, as often as it takes
	 * (not with --once). */
	void (*not_stored)(struct watch *watch, const char *error, int64_t wait_ms, void *data);
	void *data;
};

/* Numbers for people while it runs. */
struct poll_progress {
	size_t pages, images;
	int64_t total; /* -1 while not known */
};

/* 0, or -ENOMEM and no event comes. Sets watch->poll until done. */
int poll_start(struct watch *watch, const struct runtime *runtime,
	       const struct poll_events *events);

/* Ends it early: outcome aborted, recorded as such. */
void poll_interrupt(struct poll *poll);

struct poll_progress poll_progress(const struct poll *poll);
const char *poll_phase(const struct poll *poll); /* a word for people */
