#include "tests/simulation/director.h"

#include <signal.h>
#include <string.h>

#include "tests/simulation/serving.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

/*
 *   start ── all listings have a baseline ──► faults ── their time is over ──► recovery
 *                                               ▲                                 │ all complete
 *                                               └──── some polls later ── peace ◄─┘
 *
 * Without faults there is nothing but peace. The run is over when every listing has been polled
 * often enough and is in peace. In between the daemon may be stopped and started again.
 */
enum {
	BACKOFF_MAX_S = 3600 * 11 / 10, /* an hour, give or take a tenth */
	POLL_MAX_S = 180,
	STOP_MAX_US = 5 * 1000000,
	BOOT_S = 20, /* after which the daemon is started */
};

static const int64_t run_max_us = INT64_C(90) * 86400 * 1000000;

/* clang-format off */
const struct scenario scenarios[] = {
	{ "churn",  20, false, 990 },
	{ "faults", 15, true },
	{ "outage", .seeds = 7, .course = &course_outage },
	{ "day",    .seeds = 6, .course = &course_day },
	{ "memory", .course = &course_memory },
	{ "clocks", .seeds = 6, .course = &course_clocks },
	{ 0 },
};
/* clang-format on */

const struct scenario *scenario_find(const char *name)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

void director_init(struct director *d, struct world *world, const struct scenario *scenario,
		   unsigned polls_wanted)
{
	*d = (struct director){ .world = world,
				.scenario = scenario,
				.luck = luck_stream(world->seed, 4),
				.polls_wanted = polls_wanted,
				.phase_us = world->now_us };
	d->restarts = luck_hits(&d->luck, 300) ? (unsigned)luck_between(&d->luck, 1, 2) : 0;
	d->restart_after = (unsigned)luck_between(&d->luck, 2, polls_wanted);
}

/* ---- stopping -----------------------------------------------------------------------------------
 */

static void on_term(void *data)
{
	struct director *d = data;

	if (d->term_us)
		return;
	d->world->oracle->stopping = true;
	d->term_us = d->world->now_us;
	if (!world_signal(d->world, SIGTERM))
		world_fail(d->world, "nobody listens to SIGTERM");
}

void director_stop(struct director *d)
{
	d->restarts = 0;
	d->again = false;
	world_at(d->world, d->world->now_us, on_term, d);
}

void director_reboot(struct director *d, int64_t down_s)
{
	d->again = true;
	d->down_s = down_s;
	world_at(d->world, d->world->now_us, on_term, d);
}

static void on_rest(void *data)
{
	*(bool *)data = true;
}

bool director_ended(struct director *d)
{
	struct world *world = d->world;
	bool rested = false;

	/* M7 */
	if (world->now_us - d->term_us > STOP_MAX_US)
		world_fail(world, "it took %.1f s to stop",
			   (double)(world->now_us - d->term_us) / 1e6);
	if (!d->again || world->failed)
		return false;
	d->again = false;
	world->tally->restarts++;
	int64_t down_s = d->down_s ? d->down_s : luck_between(&d->luck, 0, 200);
	world_at(world, world->now_us + down_s * 1000000, on_rest, &rested);
	while (!rested && world_step(world))
		continue;
	if (d->down_s > 0)
		world->booted_us = world->now_us + world->slept_us - BOOT_S * INT64_C(1000000);
	d->down_s = 0;
	d->term_us = 0;
	world->oracle->stopping = false;
	world->oracle->restarted_us = world->now_us;
	return true;
}

/* ---- phases -------------------------------------------------------------------------------------
 */

static void enter(struct director *d, int phase)
{
	static const char *const names[] = { "start", "faults", "recovery", "peace", "over" };

	d->phase = phase;
	d->phase_us = d->world->now_us;
	memset(d->polled, 0, sizeof(d->polled));
	world_trace(d->world, "phase: %s", names[phase]);
}

static void set_churn(struct director *d, unsigned permille)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		d->world->cloud->listings[i].churn_permille = permille;
}

static void on_recovery_late(void *data)
{
	struct director *d = data;

	d->next = NULL;
	world_fail(d->world,
		   "M4: not complete again within two intervals and the longest back-off");
	director_stop(d);
}

static void on_faults_over(void *data)
{
	struct director *d = data;

	d->next = world_at(d->world,
			   d->world->now_us +
				   (BACKOFF_MAX_S + 2 * INTERVAL_S + POLL_MAX_S) * INT64_C(1000000),
			   on_recovery_late, d);
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		struct listing *l = &d->world->cloud->listings[i];
		l->fault_count = 0;
		l->changed_us = d->world->now_us;
	}
	set_churn(d, 0);
	enter(d, PHASE_RECOVERY);
}

static void add_fault(struct director *d, struct listing *l, size_t kind)
{
	static const unsigned permilles[] = { 1000, 300, 80 };

	if (l->fault_count == FAULTS_MAX)
		return;
	struct active_fault *active = &l->faults[l->fault_count++];
	*active = (struct active_fault){
		.fault = &faults[kind],
		.salt = luck_next(&d->luck),
		.permille = faults[kind].always
				    ? 1000
				    : permilles[luck_below(&d->luck, ARRAY_LEN(permilles))],
	};
	world_trace(d->world, "fault on listing %u: %s, %u in a thousand", l->number,
		    faults[kind].name, active->permille);
}

/* Every kind gets its turn; others join it by luck. */
static void begin_faults(struct director *d)
{
	struct cloud *cloud = d->world->cloud;
	bool alone = luck_hits(&d->luck, 400);
	size_t turn = (size_t)(d->world->seed * 3 + d->periods) % fault_count;
	struct listing *first = &cloud->listings[luck_below(&d->luck, cloud->count)];

	enter(d, PHASE_FAULTS);
	d->periods++;
	add_fault(d, first, turn);
	for (unsigned i = 0; i < cloud->count; i++) {
		struct listing *l = &cloud->listings[i];
		if (l != first && alone)
			continue;
		for (int64_t n = luck_between(&d->luck, 0, 3); n > 0; n--)
			add_fault(d, l, luck_below(&d->luck, fault_count));
		if (l != first)
			add_fault(d, l, turn);
	}
	set_churn(d, luck_hits(&d->luck, 600) ? d->scenario->churn_permille : 0);
	d->next = world_at(d->world,
			   d->world->now_us +
				   luck_between(&d->luck, INTERVAL_S, 10 * INTERVAL_S) * 1000000,
			   on_faults_over, d);
}

static bool all_polled(const struct director *d, unsigned polls)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (d->polled[i] < polls)
			return false;
	return true;
}

static bool all_had_enough(const struct director *d)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (d->world->cloud->listings[i].window_count < d->polls_wanted)
			return false;
	return true;
}

static void go_on(struct director *d)
{
	switch (d->phase) {
	case PHASE_START:
		if (!all_polled(d, 1))
			return;
		enter(d, PHASE_PEACE);
		d->peace_polls = 1;
		return;
	case PHASE_RECOVERY:
		if (!all_polled(d, 1))
			return;
		world_cancel(d->world, d->next);
		d->next = NULL;
		enter(d, PHASE_PEACE);
		/* Sometimes long enough for a held drop to be believed. */
		d->peace_polls =
			(unsigned)luck_between(&d->luck, 1, luck_hits(&d->luck, 150) ? 16 : 6);
		set_churn(d, luck_hits(&d->luck, 400) ? d->scenario->churn_permille : 0);
		return;
	case PHASE_PEACE:
		if (d->scenario->has_faults && !all_polled(d, d->peace_polls))
			return;
		if (all_had_enough(d)) {
			enter(d, PHASE_OVER);
			director_stop(d);
		} else if (d->scenario->has_faults) {
			begin_faults(d);
		}
		return;
	case PHASE_FAULTS:
	case PHASE_OVER: return;
	}
}

static bool counts(const struct director *d, const struct listing *l, enum outcome_seen outcome)
{
	const struct window *w = &l->windows[l->window_count - 1];

	switch (d->phase) {
	case PHASE_START: return outcome == SEEN_COMPLETE;
	case PHASE_RECOVERY:
		return outcome == SEEN_COMPLETE ||
		       (outcome == SEEN_SUSPECT && drop_may_be_held(l, w, l->present));
	case PHASE_PEACE: return true;
	case PHASE_FAULTS:
	case PHASE_OVER: break;
	}
	return false;
}

/* At any time, or in the middle of the next poll but some. */
static int64_t restart_at(struct director *d, const struct listing *l)
{
	int64_t first_us = l->windows[l->window_count - 1].first_us;
	int64_t intervals = luck_between(&d->luck, 1, 3);

	if (luck_hits(&d->luck, 300))
		return d->world->now_us + luck_between(&d->luck, 0, INTERVAL_S * 1000) * 1000;
	return first_us + intervals * INTERVAL_S * 1000000 + luck_between(&d->luck, 0, 700) * 1000;
}

void director_polled(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	d->polls++;
	if (d->term_us)
		return;
	if (d->scenario->course) {
		d->scenario->course->polled(d, l, outcome);
		return;
	}
	if (d->world->now_us > run_max_us)
		world_fail(d->world, "ninety days were not enough");
	if (counts(d, l, outcome))
		d->polled[l->number]++;
	go_on(d);
	if (d->restarts > 0 && d->polls >= d->restart_after && d->phase != PHASE_OVER) {
		d->restarts--;
		d->restart_after += 20;
		d->again = true;
		world_at(d->world, restart_at(d, l), on_term, d);
	}
}
