/*
 * Clocks that lie: the wall clock begins in 1970, or at the ends of 32 bits and of four digits; it
 * is set ahead by a year and back, and the machine is started anew. A drop is held for a day that
 * really passed, no history goes that is not old, and the polls say which of their times are not to
 * be compared. And months in which nothing happens at all.
 */
#include <inttypes.h>
#include <string.h>

#include "store/verify.h"
#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

#define YEAR_S INT64_C(31536000)

enum {
	HOUR_MIN = 60,
	HOLD_S = 24 * 3600,
	DROP_MIN = 6 * HOUR_MIN,
	DROP_PERCENT = 60,
	RESTART_MIN = 20 * HOUR_MIN,
	DOWN_S = 2 * 3600,
	KEPT_S = 3600, /* between two times that what passed is kept; a reboot loses as much */
	END_MIN = 35 * HOUR_MIN,
	INTERVAL_OF_CLOCKS_S = 600,
	QUIET_DAYS = 400,
	INTERVAL_OF_QUIET_S = 8 * 3600,
};

/* clang-format off */
static const struct tale {
	const char *name;
	int64_t from_s;    /* what the wall clock says at the start */
	int64_t right_s;   /* and what it would say if it were right, which it is two hours later; 0: it is */
	unsigned quiet_days;
} tales[] = {
	{ "a year ahead, a year back", INT64_C(1900000000), 0, 0 },
	{ "1970 until the network is up", 12, INT64_C(1900000000), 0 },
	{ "the end of 31 bits", INT64_C(2147483647) - 3600, 0, 0 },
	{ "the end of 32 bits", INT64_C(4294967295) - 3600, 0, 0 },
	{ "the end of four digits", INT64_C(253402300799) - YEAR_S - 48 * 3600, 0, 0 },
	{ "400 days", INT64_C(1900000000), 0, QUIET_DAYS },
};

/* What the wall clock is set by. */
static const struct { int at_min; int64_t by_s; } settings[] = {
	{  7 * HOUR_MIN,       YEAR_S },
	{  8 * HOUR_MIN + 30, -YEAR_S },
	{  9 * HOUR_MIN,      -YEAR_S },
	{ 10 * HOUR_MIN,       YEAR_S },
	{ 11 * HOUR_MIN,       3600 },
	{ 12 * HOUR_MIN,      -3600 },
};
/* clang-format on */

struct setting {
	struct director *director;
	int64_t by_s;
};

static struct {
	const struct tale *tale;
	struct setting settings[ARRAY_LEN(settings) + 1];
	int64_t wrong_s;             /* the wall clock is ahead by so much */
	unsigned count;              /* how often it was set, */
	unsigned seen[LISTINGS_MAX]; /* and as of each listing's last poll */
	int64_t held_us, released_us;
	uint64_t flagged;
} state;

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	const struct tale *tale = &tales[d->world->seed % ARRAY_LEN(tales)];

	memset(&state, 0, sizeof(state));
	state.tale = tale;
	state.wrong_s = tale->right_s ? tale->from_s - tale->right_s : 0;
	d->world->wall_s = tale->from_s - d->world->now_us / 1000000;
	estate_begin(d, catalog, yaml,
		     tale->quiet_days ? INTERVAL_OF_QUIET_S : INTERVAL_OF_CLOCKS_S, 60,
		     tale->quiet_days ? "0" : "30d");
	d->world->ledger = NULL; /* it counts minutes, and only so many */
	d->world->oracle->hold_s = HOLD_S + DOWN_S + KEPT_S + INTERVAL_OF_CLOCKS_S;
	estate_add_small(d, cloud, yaml);
	for (unsigned i = 1; i < cloud->count; i++)
		cloud->listings[i].churn_permille = tale->quiet_days ? 1 : 15;
}

/* ---- what happens -------------------------------------------------------------------------------
 */

static void on_set(void *data)
{
	struct setting *setting = data;
	struct world *world = setting->director->world;

	world_trace(world, "the wall clock is set by %lld s", (long long)setting->by_s);
	world->wall_s += setting->by_s;
	world->wall_was_set = true;
	state.wrong_s += setting->by_s;
	state.count++;
}

static void on_drop(void *data)
{
	struct director *d = data;

	churn_purge(&d->world->cloud->listings[0], DROP_PERCENT);
}

static void on_restart(void *data)
{
	director_reboot(data, DOWN_S);
	memset(state.seen, 0, sizeof(state.seen));
	for (unsigned i = 0; i < LISTINGS_MAX; i++)
		state.seen[i] = state.count;
}

static void keep_sentence(const char *sentence, void *data)
{
	world_fail(data, "verify: %s", sentence);
}

static void on_end(void *data)
{
	struct director *d = data;
	struct world *world = d->world;
	struct verify_report report;
	struct error err = { 0 };

	if (!state.tale->quiet_days && state.released_us == 0)
		world_fail(world, "the drop is held still, %d h after it",
			   (END_MIN - DROP_MIN) / HOUR_MIN);
	if (store_verify(world->oracle->path, keep_sentence, world, &report, &err) < 0)
		world_fail(world, "verify: %s", err.text);
	d->state.phase = COURSE_OVER;
	director_stop(d);
}

static void plan(struct director *d, int64_t at_min, void (*run)(void *data), void *data)
{
	world_at(d->world, d->world->now_us + at_min * INT64_C(60000000), run, data);
}

static void begin(struct director *d)
{
	struct setting *next = state.settings;

	d->state.phase = COURSE_TROUBLE;
	if (state.tale->quiet_days > 0) {
		plan(d, state.tale->quiet_days * INT64_C(1440), on_end, d);
		return;
	}
	if (state.tale->right_s > 0) {
		*next = (struct setting){ d, state.tale->right_s - state.tale->from_s };
		plan(d, 2 * HOUR_MIN, on_set, next++);
	}
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		*next = (struct setting){ d, settings[i].by_s };
		plan(d, settings[i].at_min, on_set, next++);
	}
	plan(d, DROP_MIN, on_drop, d);
	plan(d, RESTART_MIN, on_restart, d);
	plan(d, END_MIN, on_end, d);
}

/* ---- what must hold -----------------------------------------------------------------------------
 */

static void judge_flag(struct director *d, const struct listing *l)
{
	const struct poll_row *poll = &d->world->oracle->poll;
	bool expected = state.seen[l->number] != state.count || state.wrong_s < -86400;

	if (poll->clock_jump != expected)
		world_fail(d->world,
			   "C1: poll %lld has clock_jump %d; the wall clock is %lld s ahead, was "
			   "set %u times, %u before the listing's last poll",
			   (long long)poll->poll_id, poll->clock_jump, (long long)state.wrong_s,
			   state.count, state.seen[l->number]);
	state.seen[l->number] = state.count;
	d->world->tally->flagged += expected;
}

static void judge_hold(struct director *d, const struct listing *l, enum outcome_seen outcome)
{
	const struct oracle *o = d->world->oracle;
	int64_t now_us = d->world->now_us;

	if (l->number != 0 || state.tale->quiet_days > 0)
		return;
	if (outcome == SEEN_SUSPECT && state.held_us == 0)
		state.held_us = now_us;
	if (o->entries[ENTRY_RELEASED] == 0)
		return;
	state.released_us = now_us;
	if (now_us - state.held_us < HOLD_S * INT64_C(1000000))
		world_fail(d->world, "C1: a drop was believed after %lld s",
			   (long long)(now_us - state.held_us) / 1000000);
}

static void polled(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	judge_flag(d, l);
	judge_hold(d, l, outcome);
	if (estate_is_complete(d, l, outcome) && d->state.phase == COURSE_START)
		begin(d);
}

static void tell(const struct tally *t, char *text, size_t size)
{
	snprintf(text, size,
		 "%" PRIu64 " seeds, dates from 1970 to 9999, %" PRIu64 " days, %" PRIu64
		 " polls, %" PRIu64
		 " of them flagged as theirs is not the clock of the poll before",
		 t->seeds, t->virtual_s / 86400, t->polls, t->flagged);
}

const struct course course_clocks = { set_stage, polled, tell };
