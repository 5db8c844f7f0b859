/*
 * A day: one trouble after the other, on some of the accounts. While it lasts the catalog says what
 * is wrong, in the words that fit; who is not concerned is asked as ever (M5); soon after it all is
 * complete again (M4). Clocks jump and the machine sleeps meanwhile. The cloud counts what it is
 * asked, hour by hour.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

enum {
	DAY_MIN = 24 * 60,
	INTERVAL_OF_DAY_S = 600,
	TIMEOUT_S = 60,
	BACKOFF_LONGEST_S = 3600,
	POLL_LONGEST_S = 300,
	FRESH_INTERVALS = 3, /* RELIABILITY.md M5 */
	SLEEP_S = 8 * 3600,
	AWAKE_S = 120, /* after a sleep everything has been asked within this */
	REQUESTS_PERCENT = 110,
};

/* clang-format off */
static const struct estate estates[] = {
	{ .name = "ucloud-team", .provider = "ucloud", .services = { "uhost", "uk8s" },
	  .text = "    regions: [cn-bj2, hk, cn-sh2]\n    services: [uhost, uk8s]\n",
	  .regions = { "cn-bj2", "hk", "cn-sh2" } },
	{ .name = "qingcloud-team", .provider = "qingcloud", .services = { "images" },
	  .text = "    zones: [pek3, sh1]\n    variants: [system]\n",
	  .regions = { "pek3", "sh1" }, .variants = { "system" } },
	{ .name = "compshare-team", .provider = "compshare", .services = { "custom" },
	  .text = "    regions: [cn-wlcb, cn-sh2]\n    services: [custom]\n",
	  .regions = { "cn-wlcb", "cn-sh2" } },
	{ .name = "ucloud-other", .provider = "ucloud", .services = { "uhost" },
	  .text = "    regions: [cn-bj2, hk]\n    services: [uhost]\n",
	  .regions = { "cn-bj2", "hk" } },
};

/*
 * `polls` is how often a listing may be polled meanwhile: by the waits of CONTRACT.md §3 at their
 * shortest, and one that was in flight. 0: as often as ever. Throttling leaves the health as it was.
 */
static const struct trouble {
	int from_min, minutes;
	const char *account, *service; /* NULL: any */
	const char *fault;
	const char *health, *class; /* what the catalog says at its end; NULL: any */
	unsigned polls;
	bool may_be_complete;
	unsigned permille; /* of its answers; 0: all */
} troubles[] = {
	{   60,  60, NULL, NULL,             "connection refused",     "failing", "network",    4 },
	{  200,  60, "ucloud-team", NULL,    "code: throttled",        "ok",      "throttled",  4 },
	{  330, 180, "ucloud-other", NULL,   "code: signature",        "auth",    "auth",       5 },
	{  580,  60, "ucloud-team", "uk8s",  "code: denied",           "failing", "permission", 3 },
	{  650,  50, "ucloud-team", NULL,    "code: throttled",        NULL,      "throttled",  0, true, 150 },
	{  720,  40, "compshare-team", NULL, "no answer",              "failing", "timeout",    4 },
	{  840,  40, NULL, NULL,             "answers take 30 s",      "partial", "incomplete", 0, true },
	{ 1050,  30, "qingcloud-team", NULL, "code 0 with nothing",    "suspect", "suspect",    0 },
	{ 1130,  60, "ucloud-team", "uhost", "90 % vanish and return", "suspect", "suspect",    0 },
	{ 1350,  90, "ucloud-team", "uk8s",  "code: denied",           "failing", "permission", 3 },
};

/* What happens to the machine. */
static const struct jump {
	int at_min;
	int64_t wall_s, sleep_s;
	enum { DISK_AS_IS, DISK_FULL, DISK_FREE } disk;
} jumps[] = {
	{  920,             3600, 0 },
	{  945,            -3600, 0 },
	{  965,  INT64_C(31536000), 0 },
	{  995, -INT64_C(31536000), 0 },
	{ 1008, .disk = DISK_FULL },
	{ 1033, .disk = DISK_FREE },
	{ 1260,                0, SLEEP_S },
};
/* clang-format on */

struct plan {
	struct director *director;
	const struct trouble *trouble;
	const struct jump *jump;
	int64_t over_us;
};

static struct plan plans[ARRAY_LEN(troubles) + ARRAY_LEN(jumps)];

static sqlite3 *writers_db; /* the store's own connection */

static int on_open(sqlite3 *db, char **message, const struct sqlite3_api_routines *routines)
{
	(void)message;
	(void)routines;
	if (sqlite3_db_readonly(db, "main") == 0)
		writers_db = db;
	return SQLITE_OK;
}

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	sqlite3_auto_extension((void (*)(void))on_open);
	estate_begin(d, catalog, yaml, INTERVAL_OF_DAY_S, TIMEOUT_S, "0");
	for (size_t i = 0; i < ARRAY_LEN(estates); i++)
		estate_add(d, cloud, &estates[i], yaml);
}

static bool concerns(const struct trouble *t, const struct listing *l)
{
	return (!t->account || strcmp(t->account, l->account) == 0) &&
	       (!t->service || strcmp(t->service, l->dialect->service) == 0);
}

/* ---- what the catalog says ----------------------------------------------------------------------
 */

/* By the loop's clock: the wall's may have jumped. */
static bool is_fresh(const struct director *d, unsigned i, unsigned intervals)
{
	return d->world->now_us - d->state.complete_us[i] <=
	       (intervals * INTERVAL_OF_DAY_S + POLL_LONGEST_S) * INT64_C(1000000);
}

static void judge_told(struct director *d, const struct listing *l, const struct trouble *t)
{
	struct standing_row row;

	if (!standing_read(d->world->oracle, l, &row))
		return;
	bool well = strcmp(row.health, "ok") == 0 && is_fresh(d, l->number, FRESH_INTERVALS);
	bool fits = (!t->health || strcmp(row.health, t->health) == 0) &&
		    strcmp(row.class, t->class) == 0 && strstr(row.error, l->account) &&
		    strstr(row.error, l->dialect->service);
	if (!fits && !(well && t->may_be_complete))
		world_fail(d->world, "listing %u (%s %s) after %d minutes of '%s': %s, %s: %s",
			   l->number, l->account, l->dialect->service, t->minutes, t->fault,
			   row.health, row.class, row.error);
	if (row.present != (int64_t)l->present || l->present == 0)
		world_fail(d->world, "listing %u has %lld images after '%s'", l->number,
			   (long long)row.present, t->fault);
	if (t->polls > 0 && d->state.polls[l->number] > t->polls)
		world_fail(d->world, "listing %u was polled %u times in %d minutes of '%s'",
			   l->number, d->state.polls[l->number], t->minutes, t->fault);
	d->world->tally->explained++;
}

/* Whoever is not concerned, and has had the time to recover from what concerned it before. */
static void judge_others(struct director *d, const struct trouble *t)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		const struct listing *l = &d->world->cloud->listings[i];
		if (!concerns(t, l) && l->fault_count == 0 &&
		    d->world->now_us - d->state.relieved_us[i] >
			    BACKOFF_LONGEST_S * INT64_C(1000000) &&
		    !is_fresh(d, i, FRESH_INTERVALS))
			world_fail(d->world, "M5: listing %u (%s) is not fresh while %s has '%s'",
				   i, l->account, t->account ? t->account : "everyone", t->fault);
	}
}

static void on_recovered(void *data)
{
	const struct plan *plan = data;
	struct director *d = plan->director;

	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		const struct listing *l = &d->world->cloud->listings[i];
		if (concerns(plan->trouble, l) && d->state.relieved_us[i] == plan->over_us &&
		    l->fault_count == 0 && d->state.complete_us[i] < plan->over_us)
			world_fail(d->world,
				   "M4: listing %u (%s) is not complete two intervals and an hour "
				   "after '%s'",
				   i, l->account, plan->trouble->fault);
	}
}

static void on_trouble_over(void *data)
{
	struct plan *plan = data;
	struct director *d = plan->director;

	plan->over_us = d->world->now_us;
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		struct listing *l = &d->world->cloud->listings[i];
		if (!concerns(plan->trouble, l))
			continue;
		judge_told(d, l, plan->trouble);
		course_relieve(l);
		d->state.relieved_us[i] = d->world->now_us;
	}
	judge_others(d, plan->trouble);
	world_at(d->world,
		 d->world->now_us + (BACKOFF_LONGEST_S + 2 * INTERVAL_OF_DAY_S + POLL_LONGEST_S) *
					    INT64_C(1000000),
		 on_recovered, plan);
}

static void on_trouble(void *data)
{
	struct plan *plan = data;
	struct director *d = plan->director;

	world_trace(d->world, "trouble: %s", plan->trouble->fault);
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		if (!concerns(plan->trouble, &d->world->cloud->listings[i]))
			continue;
		course_afflict(&d->world->cloud->listings[i], plan->trouble->fault);
		if (plan->trouble->permille > 0)
			d->world->cloud->listings[i].faults[0].permille = plan->trouble->permille;
		d->state.polls[i] = 0;
	}
}

/* ---- clocks -------------------------------------------------------------------------------------
 */

/* C2: everything that was slept through is asked once, and soon. */
static void on_awake(void *data)
{
	const struct plan *plan = data;
	struct director *d = plan->director;

	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (d->state.polls[i] < 1 || d->state.polls[i] > 2)
			world_fail(d->world, "C2: listing %u was polled %u times after the sleep",
				   i, d->state.polls[i]);
}

/*
 * A file that may not grow is a full disk to SQLite. Every image changes, and that needs room.
 */
static void set_disk(struct director *d, bool full)
{
	unsigned waiting = 0;

	if (sqlite3_exec(writers_db,
			 full ? "PRAGMA max_page_count = 1" : "PRAGMA max_page_count = 1000000",
			 NULL, NULL, NULL) != SQLITE_OK)
		world_fail(d->world, "the disk cannot be filled");
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		struct listing *l = &d->world->cloud->listings[i];
		l->changed_us = d->world->now_us;
		for (size_t j = 0; full && j < l->list_count; j++)
			image_add_version(l, l->list[j], listing_fresh_name(l),
					  l->list[j]->versions[0].state);
		waiting += l->is_open;
		if (!full)
			d->state.relieved_us[i] = d->world->now_us;
	}
	if (!full && waiting == 0)
		world_fail(d->world, "the disk was full and every poll was stored");
	if (!full)
		d->world->tally->waited += waiting;
}

static void on_jump(void *data)
{
	struct plan *plan = data;
	struct director *d = plan->director;

	world_trace(d->world, "clocks: wall %lld s, sleep %lld s", (long long)plan->jump->wall_s,
		    (long long)plan->jump->sleep_s);
	d->world->wall_s += plan->jump->wall_s;
	d->world->slept_us += plan->jump->sleep_s * 1000000;
	if (plan->jump->disk != DISK_AS_IS)
		set_disk(d, plan->jump->disk == DISK_FULL);
	if (plan->jump->sleep_s == 0)
		return;
	/* A poll that was in flight has taken all that time. */
	for (unsigned i = 0; i < d->world->cloud->count; i++) {
		d->world->cloud->listings[i].changed_us = d->world->now_us;
		d->state.polls[i] = 0;
	}
	world_at(d->world, d->world->now_us + AWAKE_S * INT64_C(1000000), on_awake, plan);
}

/* ---- the day ------------------------------------------------------------------------------------
 */

/* An hour may hold one poll more than another. */
static void judge_hours(struct director *d)
{
	const struct ledger *ledger = &d->ledger;
	size_t from = d->state.quiet_minute;
	uint64_t day = 0, nominal_day = 0;

	for (unsigned i = 0; i < ledger->account_count; i++) {
		uint64_t nominal = ledger_requests(ledger, i, from, from + 60);
		uint64_t once = nominal * INTERVAL_OF_DAY_S / 3600;
		for (size_t hour = from; hour + 60 <= from + DAY_MIN; hour += 60) {
			uint64_t asked = ledger_requests(ledger, i, hour, hour + 60);
			uint64_t retries = ledger_retries(ledger, i, hour, hour + 60);
			if ((asked - retries) * 100 > nominal * REQUESTS_PERCENT + once * 100)
				world_fail(d->world,
					   "I16: %" PRIu64 " requests of account '%s' in hour %zu, "
					   "%" PRIu64 " nominal",
					   asked, ledger->accounts[i], (hour - from) / 60, nominal);
			d->world->tally->retries += retries;
			day += asked;
		}
		nominal_day += nominal * 24;
	}
	if (day * 100 > nominal_day * REQUESTS_PERCENT)
		world_fail(d->world, "I16: %" PRIu64 " requests of a day, %" PRIu64 " nominal", day,
			   nominal_day);
	d->world->tally->asked += day;
	d->world->tally->nominal += nominal_day;
}

/* Each listing is fresh, or what is wrong with it now was judged a moment ago. */
static void on_night(void *data)
{
	struct director *d = data;

	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (d->state.relieved_us[i] + 1 != d->world->now_us && !is_fresh(d, i, 2))
			world_fail(d->world, "listing %u is neither fresh nor explained", i);
	judge_hours(d);
	d->state.phase = COURSE_OVER;
	director_stop(d);
}

static void begin_day(struct director *d)
{
	struct plan *plan = plans;

	d->state.phase = COURSE_TROUBLE;
	d->state.quiet_minute = ledger_minute(&d->ledger) + 1;
	int64_t base_us = d->ledger.began_us + (int64_t)d->state.quiet_minute * INT64_C(60000000);
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++, plan++) {
		const struct trouble *t = &troubles[i];
		*plan = (struct plan){ .director = d, .trouble = t };
		world_at(d->world, base_us + t->from_min * INT64_C(60000000), on_trouble, plan);
		world_at(d->world, base_us + (t->from_min + t->minutes) * INT64_C(60000000),
			 on_trouble_over, plan);
	}
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++, plan++) {
		*plan = (struct plan){ .director = d, .jump = &jumps[i] };
		world_at(d->world, base_us + jumps[i].at_min * INT64_C(60000000), on_jump, plan);
	}
	world_at(d->world, base_us + DAY_MIN * INT64_C(60000000) + 1, on_night, d);
}

static void polled(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	d->state.polls[l->number]++;
	if (estate_is_complete(d, l, outcome) && d->state.phase == COURSE_START)
		begin_day(d);
}

static void tell(const struct tally *t, char *text, size_t size)
{
	snprintf(text, size,
		 "%" PRIu64
		 " days of %zu troubles, %zu jumps of clocks and turns of the disk, %" PRIu64
		 " polls, %" PRIu64 " explanations fit; %.1f %% of the nominal requests, %" PRIu64
		 " retries",
		 t->seeds, ARRAY_LEN(troubles), ARRAY_LEN(jumps), t->polls, t->explained,
		 t->nominal ? 100.0 * (double)t->asked / (double)t->nominal : 0, t->retries);
}

const struct course course_day = { set_stage, polled, tell };
