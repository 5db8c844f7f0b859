/*
 * One run of the daemon in a world of its own: a clock that only events move, luck that follows
 * from a seed, a cloud that is scripted, and an oracle that watches.
 *
 * Everything happens on one thread. libuv has no argument that could carry the world, so the one
 * that runs now is `the_world`.
 */
#pragma once

#include <stdio.h>

#include "base/clock.h"
#include "tests/simulation/random.h"

struct cloud;
struct oracle;
struct director;
struct tally;
struct ledger;

struct event {
	int64_t at_us;
	uint64_t tie; /* order of events of the same instant */
	size_t index; /* in the heap */
	void (*run)(void *data);
	void *data;
};

struct world {
	uint64_t seed;
	struct env env;    /* what the daemon gets: clock and luck of this world */
	int64_t now_us;    /* monotonic */
	int64_t wall_s;    /* Unix seconds at now_us = 0 */
	bool wall_was_set; /* times need not be in order */
	int64_t booted_us; /* when CLOCK_BOOTTIME was 0 */
	int64_t slept_us;  /* the machine was suspended: what the loop's clock does not know */
	struct luck daemon_luck, loop_luck;

	struct event **heap;
	size_t count, size;
	uint64_t scheduled;
	bool shuffles; /* events of the same instant come in any order */
	uint64_t steps;

	/* libuv's: what keeps the loop running, and what must be gone at its end. */
	size_t active, open_handles;
	void (*on_signal[2])(void *handle, int number); /* SIGTERM, SIGHUP */
	void *signal_handles[2];

	struct cloud *cloud;
	struct oracle *oracle;
	struct director *director;
	struct tally *tally;
	struct ledger *ledger; /* NULL: nobody counts */
	bool tracing;
	bool failed;
	char failure[4096]; /* the first one */
};

extern struct world *the_world;

void world_init(struct world *world, uint64_t seed);
void world_finish(struct world *world);

/* Runs `run(data)` once at that instant, or now when it is past. */
struct event *world_at(struct world *world, int64_t at_us, void (*run)(void *data), void *data);
void world_cancel(struct world *world, struct event *event); /* accepts NULL */

/* Goes to the next event and runs it; false when there is none. */
bool world_step(struct world *world);

/* Delivers the signal to the daemon as its loop would. False when it does not listen. */
bool world_signal(struct world *world, int number);

/* The first failure of a run is kept, the others follow from it. */
void world_fail(struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line of the run's story, when it is told. */
void world_trace(const struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);
