/*
 * Memory runs out: in each run one allocation of a poll cycle fails, or fifty in a row; everything
 * before and after is well. Whoever allocated, the daemon's own code, jansson or SQLite, nothing
 * falls over: that poll may fail, the one after it is complete, nothing is left open at the end.
 *
 * The program's own allocations are wrapped by the linker, SQLite's by its configuration. What the
 * simulated world needs for itself never fails.
 */
#include <execinfo.h>
#include <inttypes.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

enum {
	MEMORY_INTERVAL_S = 60,
	CYCLE_S = 90, /* every listing is polled once in it, some twice */
	BACKOFF_LONGEST_S = 3600,
	POLL_LONGEST_S = 180,
	SETTLED_S = 5, /* changes that were under way have happened */
	IN_A_ROW = 50,
};

/* clang-format off */
static const struct estate estates[] = {
	{ .name = "ucloud-team", .provider = "ucloud", .services = { "uhost", "uk8s" },
	  .text = "    regions: [cn-bj2]\n    services: [uhost, uk8s]\n", .regions = { "cn-bj2" } },
	{ .name = "qingcloud-team", .provider = "qingcloud", .services = { "images" },
	  .text = "    zones: [pek3]\n    variants: [system]\n", .regions = { "pek3" },
	  .variants = { "system" } },
};
/* clang-format on */

/* ---- allocations ------------------------------------------------------------------------------
 */

static struct {
	bool counting, refuse_next;
	unsigned calm; /* the world allocates, not the daemon */
	uint64_t count, from, to, refused;
} allocations;

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);

/* When the story is told: addresses for addr2line. */
static void tell_place(void)
{
	void *frames[12];

	if (!the_world->tracing)
		return;
	world_trace(the_world, "allocation %" PRIu64 " fails", allocations.count);
	allocations.calm++;
	backtrace_symbols_fd(frames, backtrace(frames, ARRAY_LEN(frames)), STDERR_FILENO);
	allocations.calm--;
}

static bool is_refused(void)
{
	bool refused = allocations.refuse_next;

	allocations.refuse_next = false;
	if (refused || !allocations.counting || allocations.calm > 0)
		return refused;
	allocations.count++;
	if (allocations.count < allocations.from || allocations.count >= allocations.to)
		return false;
	allocations.refused++;
	tell_place();
	return true;
}

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return is_refused() ? NULL : __real_realloc(memory, size);
}

static sqlite3_mem_methods sqlite_methods;

static void *sqlite_malloc(int size)
{
	return is_refused() ? NULL : sqlite_methods.xMalloc(size);
}

static void *sqlite_realloc(void *memory, int size)
{
	return is_refused() ? NULL : sqlite_methods.xRealloc(memory, size);
}

static json_malloc_t json_take;
static json_free_t json_give_back;

/* More than the daemon's block for jansson has: it turns to the heap, and there is nothing. */
static void *json_malloc(size_t size)
{
	if (!is_refused())
		return json_take(size);
	allocations.refuse_next = true;
	return json_take((size_t)1 << 30);
}

void memory_install(void)
{
	sqlite3_mem_methods mine;

	json_get_alloc_funcs(&json_take, &json_give_back);
	json_set_alloc_funcs(json_malloc, json_give_back);

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_methods) != SQLITE_OK)
		abort();
	mine = sqlite_methods;
	mine.xMalloc = sqlite_malloc;
	mine.xRealloc = sqlite_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK)
		abort();
}

void memory_begin_calm(void)
{
	allocations.calm++;
}

void memory_end_calm(void)
{
	allocations.calm--;
}

/* ---- a run ------------------------------------------------------------------------------------
 */

/* Seed 0 counts; 1 fails the first allocation, 2 the first fifty, 3 the second and so on. */
static void begin_seed(uint64_t seed)
{
	memset(&allocations, 0, sizeof(allocations));
	allocations.from = seed > 0 ? (seed + 1) / 2 : UINT64_MAX;
	allocations.to = seed > 0 ? allocations.from + (seed % 2 ? 1 : IN_A_ROW) : UINT64_MAX;
}

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	estate_begin(d, catalog, yaml, MEMORY_INTERVAL_S, 30);
	for (size_t i = 0; i < ARRAY_LEN(estates); i++)
		estate_add(d, cloud, &estates[i], yaml);
}

static bool all_whole(const struct director *d)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (!d->state.whole[i])
			return false;
	return true;
}

static void set_churn(struct director *d, unsigned permille)
{
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		d->world->cloud->listings[i].churn_permille = permille;
}

static void on_late(void *data)
{
	struct director *d = data;

	d->next = NULL;
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		if (!d->state.whole[i])
			world_fail(d->world,
				   "M4: memory is back for an hour and listing %u is not complete "
				   "again",
				   i);
	director_stop(d);
}

static void on_memory_back(void *data)
{
	struct director *d = data;

	allocations.counting = false;
	d->world->tally->allocations += allocations.count;
	d->world->tally->refused += allocations.refused;
	set_churn(d, 0);
	for (unsigned i = 0; i < d->world->cloud->count; i++)
		d->world->cloud->listings[i].changed_us = d->world->now_us;
	d->world->oracle->short_until_us = d->world->now_us;
	d->state.phase = COURSE_AFTER;
	d->state.phase_us = d->world->now_us;
	d->next = world_at(d->world,
			   d->world->now_us +
				   (BACKOFF_LONGEST_S + 2 * MEMORY_INTERVAL_S + POLL_LONGEST_S) *
					   INT64_C(1000000),
			   on_late, d);
}

static void judge_first(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	struct oracle *o = d->world->oracle;

	if (outcome != SEEN_COMPLETE)
		world_fail(d->world, "listing %u: the first poll with memory is not complete: %s",
			   l->number, o->poll.message);
	rows_scan(o, l, true);
}

static void judge_catalog(struct director *d)
{
	sqlite3_stmt *s = oracle_prepare(d->world->oracle, "PRAGMA integrity_check");

	if (!s || sqlite3_step(s) != SQLITE_ROW ||
	    strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
		world_fail(d->world, "the catalog is not whole");
	sqlite3_finalize(s);
}

static void polled(struct director *d, struct listing *l, enum outcome_seen outcome)
{
	struct course_state *s = &d->state;
	int64_t began_us = l->windows[l->window_count - 1].first_us;

	/* A poll that began before may be bent still: what counts began after. */
	if (s->phase == COURSE_AFTER && began_us < s->phase_us + SETTLED_S * INT64_C(1000000))
		return;
	if (s->phase == COURSE_AFTER)
		judge_first(d, l, outcome);
	s->whole[l->number] = s->whole[l->number] || outcome == SEEN_COMPLETE;
	if (!all_whole(d))
		return;
	switch (s->phase) {
	case COURSE_START:
		memset(s->whole, 0, sizeof(s->whole));
		s->phase = COURSE_TROUBLE;
		set_churn(d, 400);
		d->world->oracle->short_until_us = INT64_MAX;
		allocations.counting = true;
		world_at(d->world, d->world->now_us + CYCLE_S * INT64_C(1000000), on_memory_back,
			 d);
		return;
	case COURSE_AFTER:
		s->phase = COURSE_OVER;
		world_cancel(d->world, d->next);
		d->next = NULL;
		judge_catalog(d);
		director_stop(d);
		return;
	case COURSE_QUIET:
	case COURSE_TROUBLE:
	case COURSE_OVER: return;
	}
}

static void tell(const struct tally *t, char *text, size_t size)
{
	snprintf(text, size,
		 "allocations failed at %" PRIu64 " of %" PRIu64
		 " places of a cycle (one, or fifty in a row), %" PRIu64 " in all; %" PRIu64
		 " runs did not survive it",
		 t->seeds, 2 * t->cycle, t->refused, t->failed);
}

const struct course course_memory = { set_stage, polled, tell, begin_seed, .world_seed = 7 };
