/*
 * When each listing is due, and which one is next.
 *
 * A listing has slots: moments on the monotonic clock, one interval apart, which never drift. A
 * poll starts at its slot, up to a tenth of the interval earlier or later by lot, so that listings
 * do not march in step. Slots that pass while a poll is in flight, or while the machine sleeps, are
 * skipped. Wall time is only what is stored, for people and for the next start.
 *
 * Thread: the loop. The queue borrows its watches; the app owns the timer.
 */
#pragma once

#include "base/clock.h"
#include "daemon/watch.h"

/* ---- times of one listing ---------------------------------------------------------------- */

/* The first due time after a start: what the last run left over, at once when that has passed. */
int64_t schedule_first_ms(const struct store_listing *stored, int64_t now_ms, int64_t now_s);

/* What the n-th listing of a crowd that is due at once waits, so that they do not all start
 * together: ten at once, then ten a second, all within half an interval. */
int64_t schedule_spread_ms(size_t nth, size_t count, int64_t interval_s);

/* Its next poll is due then, whatever was planned before. It must not be in the queue. */
void schedule_at(struct watch *watch, int64_t due_ms);

/* A poll of it starts: slots that were slept through are forgotten. */
void schedule_started(struct watch *watch, int64_t now_ms);

/*
 * A poll of it has ended like this: sets when the next one is due. Returns that as wall time, for
 * `next_due_at`; of an aborted poll it is now, since it is still to be done.
 */
int64_t schedule_ended(struct watch *watch, const struct env *env, enum outcome outcome,
		       enum error_class class);

/*
 * The account was told to rest for a while (limiter_rest()): no poll of it starts before, and then
 * not all at once. Moves the due time of a listing that is not in the queue; false when it is late
 * enough.
 */
bool schedule_rest(struct watch *watch, const struct env *env);

/* ---- the queue --------------------------------------------------------------------------- */

struct schedule {
	struct watch **heap; /* the first one is due first */
	size_t count, size;
};

void schedule_finish(struct schedule *schedule);

/* Room for so many in all: adding never fails then. 0 or -ENOMEM. */
int schedule_reserve(struct schedule *schedule, size_t count);
void schedule_add(struct schedule *schedule, struct watch *watch);
/* Nothing happens to one that is not in the queue. */
void schedule_remove(struct schedule *schedule, struct watch *watch);
struct watch *schedule_first(const struct schedule *schedule); /* NULL when empty; stays in it */
