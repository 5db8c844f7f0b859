#include "daemon/schedule.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/backoff.h"

/* clang-format off */
enum {
	JITTER_PART = 10, /* of the interval, to both sides */
	CROWD_AT_ONCE = 10,
	CROWD_STEP_MS = 100,
};
/* clang-format on */

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- times of one listing ---------------------------------------------------------------- */

int64_t schedule_first_ms(const struct store_listing *stored, int64_t now_ms, int64_t now_s)
{
	int64_t longest_s = stored->interval_s + stored->interval_s / JITTER_PART;

	/* A key is most often mended by a new start: one that is wrong still costs two requests. */
	if (stored->next_due_at <= now_s || stored->error_class == CLASS_AUTH)
		return now_ms;
	/* A clock that was set back, or an interval that was made shorter, must not put a poll off
	 * for longer than its own schedule would. */
	if (stored->consecutive_failures > 0)
		longest_s = greater(longest_s, BACKOFF_MAX_S);
	return now_ms + lesser(stored->next_due_at - now_s, longest_s) * 1000;
}

int64_t schedule_spread_ms(size_t nth, size_t count, int64_t interval_s)
{
	if (nth < CROWD_AT_ONCE)
		return 0;
	int64_t late = (int64_t)(nth - CROWD_AT_ONCE + 1);
	return lesser(late * CROWD_STEP_MS, interval_s * 500 * late / (int64_t)count);
}

void schedule_at(struct watch *w, int64_t due_ms)
{
	assert(w->queue_place == 0);
	w->slot_ms = w->due_ms = due_ms;
}

/* How many whole intervals have passed since the slot. */
static int64_t slots_since(const struct watch *w, int64_t now_ms)
{
	return now_ms > w->slot_ms ? (now_ms - w->slot_ms) / (w->interval_s * 1000) : 0;
}

void schedule_started(struct watch *w, int64_t now_ms)
{
	w->slot_ms += slots_since(w, now_ms) * w->interval_s * 1000;
}

static void go_on(struct watch *w, const struct env *env, int64_t now_ms)
{
	int64_t interval_ms = w->interval_s * 1000, jitter_ms = interval_ms / JITTER_PART;
	int64_t passed = slots_since(w, now_ms);

	w->overruns += passed;
	w->slot_ms += (passed + 1) * interval_ms;
	w->due_ms = greater(w->slot_ms + env_between(env, -jitter_ms, jitter_ms), now_ms);
}

/* The slots begin anew behind the wait. */
static void back_off(struct watch *w, const struct env *env, int64_t now_ms, int64_t wait_s)
{
	int64_t wait_ms = wait_s * 1000, jitter_ms = wait_ms / JITTER_PART;
	int64_t shortest_ms = greater(wait_ms - jitter_ms, w->interval_s * 1000);
	int64_t longest_ms = lesser(wait_ms + jitter_ms, (int64_t)BACKOFF_MAX_S * 1000);

	w->slot_ms = w->due_ms = now_ms + env_between(env, shortest_ms, longest_ms);
}

int64_t schedule_ended(struct watch *w, const struct env *env, enum outcome outcome,
		       enum error_class class)
{
	int64_t now_ms = env->now_ms(env), now_s = env->now_s(env);

	if (outcome == OUTCOME_ABORTED) {
		w->due_ms = w->slot_ms = now_ms;
		return now_s;
	}
	w->failures = backoff_counts(outcome, class) ? w->failures + 1 : 0;
	int64_t wait_s = backoff_s(outcome, class, w->failures, w->interval_s);
	if (wait_s > 0)
		back_off(w, env, now_ms, wait_s);
	else
		go_on(w, env, now_ms);
	schedule_rest(w, env);
	return now_s + (w->due_ms - now_ms + 999) / 1000;
}

bool schedule_rest(struct watch *w, const struct env *env)
{
	int64_t until_ms = limiter_rests_until(w->account->limit);

	if (w->due_ms >= until_ms)
		return false;
	w->slot_ms = w->due_ms = until_ms + env_between(env, 0, w->interval_s * 1000 / JITTER_PART);
	return true;
}

/* ---- the queue: a binary heap ------------------------------------------------------------ */

static void put(struct schedule *s, size_t i, struct watch *w)
{
	s->heap[i] = w;
	w->queue_place = i + 1;
}

static void rise(struct schedule *s, size_t i, struct watch *w)
{
	while (i > 0 && w->due_ms < s->heap[(i - 1) / 2]->due_ms) {
		put(s, i, s->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(s, i, w);
}

static void sink(struct schedule *s, size_t i, struct watch *w)
{
	size_t child;

	while ((child = 2 * i + 1) < s->count) {
		if (child + 1 < s->count && s->heap[child + 1]->due_ms < s->heap[child]->due_ms)
			child++;
		if (w->due_ms <= s->heap[child]->due_ms)
			break;
		put(s, i, s->heap[child]);
		i = child;
	}
	put(s, i, w);
}

void schedule_finish(struct schedule *s)
{
	free(s->heap);
	*s = (struct schedule){ 0 };
}

int schedule_reserve(struct schedule *s, size_t count)
{
	size_t size = s->size ? s->size : 64;

	if (count <= s->size)
		return 0;
	while (size < count)
		size *= 2;
	struct watch **grown = realloc(s->heap, size * sizeof(struct watch *));
	if (!grown)
		return -ENOMEM;
	s->heap = grown;
	s->size = size;
	return 0;
}

void schedule_add(struct schedule *s, struct watch *w)
{
	assert(w->queue_place == 0 && s->count < s->size);
	rise(s, s->count++, w);
}

void schedule_remove(struct schedule *s, struct watch *w)
{
	if (w->queue_place == 0)
		return;
	size_t i = w->queue_place - 1;
	struct watch *last = s->heap[--s->count];

	assert(s->heap[i] == w);
	w->queue_place = 0;
	if (last == w)
		return;
	if (i > 0 && last->due_ms < s->heap[(i - 1) / 2]->due_ms)
		rise(s, i, last);
	else
		sink(s, i, last);
}

struct watch *schedule_first(const struct schedule *s)
{
	return s->count > 0 ? s->heap[0] : NULL;
}
