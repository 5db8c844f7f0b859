#include "base/timekeeper.h"

/*
 * The believed time follows the wall clock, forward by at most two seconds in each that passed and
 * back by at most one. So a clock that is wrong for an hour moves it by an hour or two, and a
 * machine that was off for a month has caught up after a month. Each start at which the clocks do
 * not say how long the machine was off gives a day, so that one that is off every night keeps up.
 *
 * What passed between two processes: CLOCK_BOOTTIME begins anew with the machine, and a catalog may
 * be moved to another one, whose uptime says nothing; so it counts no further than the wall clock
 * went. Errors are on one side: too little passed, too early a time. Both only keep things longer.
 */
/* clang-format off */
static const int64_t day_ms   = INT64_C(86400000);
static const int64_t jump_ms  = 30 * 1000;                    /* more than clocks are slewed by */
static const int64_t floor_ms = INT64_C(1767225600) * 1000;   /* 2026: older than this program */
static const int64_t last_ms  = INT64_C(253402300799) * 1000; /* the end of 9999 */
/* clang-format on */

static int64_t clamp(int64_t n, int64_t low, int64_t high)
{
	return n < low ? low : n > high ? high : n;
}

static int64_t wall_of(const struct env *env)
{
	return clamp(env->now_s(env), 0, last_ms / 1000) * 1000;
}

static bool is_kept(int64_t ms)
{
	return ms >= 0 && ms <= last_ms;
}

static void follow(struct timekeeper *t, int64_t wall_ms, int64_t passed_ms, int64_t allowed_ms)
{
	if (t->time_ms > 0)
		t->time_ms = clamp(wall_ms, t->time_ms - passed_ms,
				   t->time_ms + 2 * passed_ms + allowed_ms);
	else if (wall_ms >= floor_ms)
		t->time_ms = wall_ms;
	t->passed_ms += passed_ms;
	t->wall_ms = wall_ms;
}

void timekeeper_start(struct timekeeper *t, const struct env *env)
{
	int64_t wall_ms = wall_of(env), now_ms = env->now_ms(env);

	/* Nobody but us writes it, but a file is a file. */
	if (!is_kept(t->passed_ms) || !is_kept(t->time_ms) || !is_kept(t->wall_ms) ||
	    !is_kept(t->looked_ms))
		*t = (struct timekeeper){ 0 };
	bool told = t->looked_ms > 0;
	int64_t by_wall_ms = wall_ms - t->wall_ms;
	int64_t by_boot_ms = now_ms < t->looked_ms ? now_ms : now_ms - t->looked_ms;
	int64_t passed_ms = told ? clamp(by_boot_ms, 0, by_wall_ms > 0 ? by_wall_ms : 0) : 0;
	bool agree = told && now_ms >= t->looked_ms && by_wall_ms <= by_boot_ms + jump_ms &&
		     by_wall_ms >= by_boot_ms - jump_ms;

	follow(t, wall_ms, passed_ms, agree ? 0 : day_ms);
	t->looked_ms = now_ms;
	t->jumps = 0;
}

void timekeeper_look(struct timekeeper *t, const struct env *env)
{
	int64_t wall_ms = wall_of(env), now_ms = env->now_ms(env);
	int64_t passed_ms = now_ms > t->looked_ms ? now_ms - t->looked_ms : 0;
	int64_t set_ms = wall_ms - t->wall_ms - passed_ms;

	if (set_ms > jump_ms || set_ms < -jump_ms) {
		t->jumps++;
		t->jump_s = set_ms / 1000;
		t->jumped_ms = now_ms;
	}
	follow(t, wall_ms, passed_ms, 0);
	t->looked_ms = now_ms;
}

int64_t timekeeper_passed_s(const struct timekeeper *t)
{
	return t->passed_ms / 1000;
}

int64_t timekeeper_now_s(const struct timekeeper *t)
{
	return (t->time_ms < t->wall_ms ? t->time_ms : t->wall_ms) / 1000;
}

bool timekeeper_is_behind(const struct timekeeper *t)
{
	return t->wall_ms < floor_ms || t->wall_ms < t->time_ms - day_ms;
}

bool timekeeper_doubts(const struct timekeeper *t)
{
	bool jumped = t->jumps > 0 && t->looked_ms - t->jumped_ms < day_ms;

	return jumped || timekeeper_is_behind(t) || t->wall_ms > t->time_ms + day_ms;
}
