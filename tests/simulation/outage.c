/*
 * N13, N14, E10: every request fails for six hours, then all is well. Judged by the cloud's own
 * count: little is asked while it fails, no crowd comes when it is over, everything is complete
 * soon after, and in between the catalog says what it has and why it is old.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

enum {
	TROUBLE_S = 6 * 3600,
	BACKOFF_LONGEST_S = 3600,
	STALE_INTERVALS = 3,
	POLL_LONGEST_S = 180,
	REQUESTS_PERCENT = 110, /* of a quiet time as long */
	PEAK_PERCENT = 150,     /* of the busiest quiet minute, in any minute afterwards */
	REQUESTS_OF_KEY = 20,   /* six hours are twelve steps, in the longest case */
	CROWD_PART = 3,         /* of all listings, at most, come back in the same minute */
};

/* clang-format off */
static const struct estate estates[] = {
	{ .name = "ucloud-team", .provider = "ucloud", .services = { "uhost", "uk8s" },
	  .text = "    regions: [cn-bj2, hk, cn-sh2, cn-gd, us-ca]\n    services: [uhost, uk8s]\n",
	  .regions = { "cn-bj2", "hk", "cn-sh2", "cn-gd", "us-ca" } },
	{ .name = "compshare-team", .provider = "compshare", .services = { "custom" },
	  .text = "    regions: [cn-wlcb, cn-sh2, cn-bj2, hk, cn-gd, us-ca, sg, jpn-tky, kr-seoul, ge-fra]\n"
		  "    services: [custom]\n",
	  .regions = { "cn-wlcb", "cn-sh2", "cn-bj2", "hk", "cn-gd", "us-ca", "sg", "jpn-tky", "kr-seoul", "ge-fra" } },
	{ .name = "qingcloud-team", .provider = "qingcloud", .services = { "images" },
	  .text = "    zones: [pek3, sh1, gd2, ap2a, ap3]\n    variants: [system, self]\n",
	  .regions = { "pek3", "sh1", "gd2", "ap2a", "ap3" }, .variants = { "system", "self" } },
};

/* How everything fails, and what the catalog should call it. */
static const struct { const char *fault, *class, *health; bool of_key; } troubles[] = {
	{ "connection refused",           "network",     "failing" },
	{ "timeout",                      "timeout",     "failing" },
	{ "HTTP 503",                     "unavailable", "failing" },
	{ "code: unavailable",            "unavailable", "failing" },
	{ "answers take 29 to 45 s",      "timeout",     "failing" },
	{ "code: signature",              "auth",        "auth", .of_key = true },
};
/* clang-format on */

/* One way for all, or each its own: but a key is not refused to one of an account's listings only.
 */
static size_t trouble_of(const struct director *d, unsigned listing)
{
	size_t kinds = ARRAY_LEN(troubles) + 1, way = (size_t)(d->world->seed % kinds);

	return way < ARRAY_LEN(troubles) ? way : listing % (ARRAY_LEN(troubles) - 1);
}

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	estate_begin(d, catalog, yaml, d->world->seed % 4 == 3 ? 60 : 300, 25, "0");
	for (size_t i = 0; i < ARRAY_LEN(estates); i++)
		estate_add(d, cloud, &estates[i], yaml);
}

static int64_t interval_s(const struct director *d)
{
	return d->world->oracle->interval_s;
}

static void enter(struct director *d, int phase)
{
	static const char *const names[] = { "start", "quiet", "trouble", "after", "over" };

	d->state.phase = phase;
	d->state.phase_us = d->world->now_us;
	world_trace(d->world, "phase: %s", names[phase]);
}

static int64_t count_rows(struct oracle *o)
{
	sqlite3_stmt *s =
		oracle_prepare(o, "SELECT count(*) FROM sightings WHERE presence = 'present'");
	int64_t n = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;

	sqlite3_finalize(s);
	return n;
}

/* ---- the end of the trouble -------------------------------------------------------------------
 */

/*
 * The most polls that doubling from twice the interval up to an hour allows, each wait a tenth
 * shorter than it should be; one that was in flight comes before.
 */
static unsigned polls_at_most(int64_t interval)
{
	int64_t wait_s = 2 * interval, at_s = 0;
	unsigned polls = 1;

	while (at_s < TROUBLE_S) {
		polls++;
		int64_t longest_s = wait_s < BACKOFF_LONGEST_S ? wait_s : BACKOFF_LONGEST_S;
		at_s += longest_s * 9 / 10;
		wait_s *= 2;
	}
	return polls;
}

static void judge_told(struct director *d, const struct listing *l)
{
	struct standing_row row;
	const char *class = troubles[trouble_of(d, l->number)].class;
	const char *health = troubles[trouble_of(d, l->number)].health;

	if (!standing_read(d->world->oracle, l, &row))
		return;
	int64_t age_s = world_wall_s(d->world) - row.last_complete_at;
	if (strcmp(row.health, health) != 0 || strcmp(row.class, class) != 0 ||
	    !strstr(row.error, l->account))
		world_fail(d->world, "listing %u after six hours of '%s': %s, %s: %s", l->number,
			   troubles[trouble_of(d, l->number)].fault, row.health, row.class,
			   row.error);
	if (age_s <= STALE_INTERVALS * interval_s(d) || age_s < TROUBLE_S - POLL_LONGEST_S)
		world_fail(d->world, "listing %u is called complete %" PRId64 " s ago", l->number,
			   age_s);
	if (row.failures != d->state.polls[l->number])
		world_fail(d->world, "listing %u failed %u times in a row, the catalog says %lld",
			   l->number, d->state.polls[l->number], (long long)row.failures);
	if (d->state.polls[l->number] > polls_at_most(interval_s(d)) ||
	    d->state.polls[l->number] < TROUBLE_S / BACKOFF_LONGEST_S)
		world_fail(d->world, "N13: listing %u was polled %u times in six hours of failure",
			   l->number, d->state.polls[l->number]);
}

/* A6: two requests of a key, what was on its way then, and one at each step. */
static void judge_keys(struct director *d)
{
	const struct course_state *s = &d->state;

	for (unsigned i = 0; i < d->ledger.account_count; i++) {
		uint64_t asked = ledger_requests(&d->ledger, i, s->trouble_minute, s->after_minute);
		if (asked > REQUESTS_OF_KEY)
			world_fail(d->world, "A6: %" PRIu64 " requests with a key that is refused",
				   asked);
	}
}

static void judge_trouble(struct director *d)
{
	const struct course_state *s = &d->state;
	uint64_t quiet = ledger_all(&d->ledger, s->quiet_minute, s->trouble_minute);
	uint64_t minutes = s->trouble_minute - s->quiet_minute;
	uint64_t asked = ledger_all(&d->ledger, s->trouble_minute, s->after_minute);
	uint64_t nominal = quiet * (TROUBLE_S / 60) / minutes;

	for (unsigned i = 0; i < d->world->cloud->count; i++)
		judge_told(d, &d->world->cloud->listings[i]);
	if (asked * 100 > nominal * REQUESTS_PERCENT)
		world_fail(d->world, "E10: %" PRIu64 " requests in the outage, %" PRIu64 " nominal",
			   asked, nominal);
	if (troubles[trouble_of(d, 0)].of_key)
		judge_keys(d);
	if (count_rows(d->world->oracle) != s->rows)
		world_fail(d->world, "rows went while the cloud was out");
	d->world->tally->nominal += nominal;
	d->world->tally->asked += asked;
	for (unsigned i = 0; i < d->ledger.account_count; i++)
		d->world->tally->retries +=
			ledger_retries(&d->ledger, i, s->trouble_minute, s->after_minute);
}

/* ---- what comes back ----------------------------------------------------------------------------
 */

static void judge_crowd(struct director *d)
{
	const struct course_state *s = &d->state;
	unsigned listings = d->world->cloud->count, most = 0;

	for (unsigned i = 0; i < listings; i++) {
		unsigned together = 0;
		for (unsigned j = 0; j < listings; j++)
			together += s->first_us[j] >= s->first_us[i] &&
				    s->first_us[j] < s->first_us[i] + 60000000;
		most = together > most ? together : most;
	}
	/* Those of a key follow within an interval; of the shortest that is a minute. */
	if (most > listings / CROWD_PART && !troubles[trouble_of(d, 0)].of_key)
		world_fail(d->world, "N14: %u of %u listings came back in the same minute", most,
			   listings);
	uint64_t quiet = ledger_peak(&d->ledger, s->quiet_minute, s->trouble_minute);
	uint64_t peak = ledger_peak(&d->ledger, s->after_minute, ledger_minute(&d->ledger));
	if (peak * 100 > quiet * PEAK_PERCENT)
		world_fail(d->world,
			   "N14: %" PRIu64 " requests in a minute afterwards, %" PRIu64
			   " in the busiest quiet one",
			   peak, quiet);
	d->world->tally->crowd += most;
	d->world->tally->peak += peak;
	d->world->tally->quiet_peak += quiet;
}

static void on_after(void *data)
{
	struct director *d = data;

	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (!d->state.whole[i])
			world_fail(d->world,
				   "M4: listing %u is not complete two intervals and an hour after "
				   "the outage",
				   i);
	judge_crowd(d);
	enter(d, COURSE_OVER);
	director_stop(d);
}

static void on_trouble_over(void *data)
{
	struct director *d = data;

	d->state.after_minute = ledger_minute(&d->ledger);
	judge_trouble(d);
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		course_relieve(&d->world->cloud->listings[i]);
	enter(d, COURSE_AFTER);
	world_at(d->world,
		 d->world->now_us + (BACKOFF_LONGEST_S + 2 * interval_s(d) + POLL_LONGEST_S) *
					    INT64_C(1000000),
		 on_after, d);
}

static void on_trouble(void *data)
{
	struct director *d = data;

	d->state.trouble_minute = ledger_minute(&d->ledger);
	d->state.rows = count_rows(d->world->oracle);
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		course_afflict(&d->world->cloud->listings[i], troubles[trouble_of(d, i)].fault);
	enter(d, COURSE_TROUBLE);
	world_at(d->world, d->world->now_us + TROUBLE_S * INT64_C(1000000), on_trouble_over, d);
}

static bool all_whole(const struct director *d)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (!d->state.whole[i])
			return false;
	return true;
}

static void polled(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	struct course_state *s = &d->state;
	int64_t began_us = l->windows[l->window_count - 1].first_us;

	switch (s->phase) {
	case COURSE_START:
		s->whole[l->number] = s->whole[l->number] || outcome == SEEN_COMPLETE;
		if (!all_whole(d))
			return;
		memset(s->whole, 0, sizeof(s->whole));
		enter(d, COURSE_QUIET);
		s->quiet_minute = ledger_minute(&d->ledger) + 1;
		/* Whole minutes of a whole number of intervals. */
		world_at(d->world,
			 d->ledger.began_us +
				 (int64_t)(s->quiet_minute * 60 + 6 * (uint64_t)interval_s(d)) *
					 1000000,
			 on_trouble, d);
		return;
	case COURSE_TROUBLE:
		s->polls[l->number] = outcome == SEEN_FAILED ? s->polls[l->number] + 1 : 0;
		return;
	case COURSE_AFTER:
		if (began_us < s->phase_us)
			return;
		if (s->first_us[l->number] == 0)
			s->first_us[l->number] = began_us;
		s->whole[l->number] = s->whole[l->number] || outcome == SEEN_COMPLETE;
		return;
	case COURSE_QUIET:
	case COURSE_OVER: return;
	}
}

static void tell(const struct tally *t, char *text, size_t size)
{
	snprintf(text, size,
		 "%" PRIu64 " seeds, 30 listings out for six hours: %.1f %% of the nominal "
		 "requests, %" PRIu64 " retries; back in %.1f of 30 in the busiest minute, "
		 "%.0f %% of the busiest quiet minute's requests",
		 t->seeds, t->nominal ? 100.0 * (double)t->asked / (double)t->nominal : 0,
		 t->retries, t->seeds ? (double)t->crowd / (double)t->seeds : 0,
		 t->quiet_peak ? 100.0 * (double)t->peak / (double)t->quiet_peak : 0);
}

const struct course course_outage = { set_stage, polled, tell };
