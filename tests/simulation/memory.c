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
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
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
	FRAMES = 16, /* as deep as two ways to an allocation are told apart */
	WAYS_MAX = 4096,
};

/* ---- allocations ------------------------------------------------------------------------------
 */

static struct {
	bool counting, refuse_next;
	unsigned calm; /* the world allocates, not the daemon */
	uint64_t count, from, to, refused;
} allocations;

/* The ways on which the daemon comes to allocate, of the run that counts; it is a process of its
 * own, so they lie in shared memory. */
static struct ways {
	size_t count;
	struct way {
		uint64_t hash, first, last; /* allocations that it came to */
	} items[WAYS_MAX];
} * ways;

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

static uint64_t hash_way(void)
{
	void *frames[FRAMES];

	allocations.calm++;
	int depth = backtrace(frames, FRAMES);
	allocations.calm--;
	return hash_bytes(frames, (size_t)depth * sizeof(*frames), 0);
}

static void remember_way(void)
{
	uint64_t hash = hash_way();
	size_t i = 0;

	while (i < ways->count && ways->items[i].hash != hash)
		i++;
	if (i == WAYS_MAX)
		abort(); /* what is not remembered would not be tried */
	if (i == ways->count)
		ways->items[ways->count++] = (struct way){ hash, allocations.count, 0 };
	ways->items[i].last = allocations.count;
}

static bool is_refused(void)
{
	bool refused = allocations.refuse_next;

	allocations.refuse_next = false;
	if (refused || !allocations.counting || allocations.calm > 0)
		return refused;
	allocations.count++;
	if (allocations.from == UINT64_MAX)
		remember_way();
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

	ways = mmap(NULL, sizeof(*ways), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ways == MAP_FAILED)
		abort();
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

uint64_t *memory_seeds(size_t *ret_count, uint64_t *ret_ways)
{
	uint64_t *seeds = calloc(4 * ways->count + 1, sizeof(*seeds));
	size_t count = 0;

	for (size_t i = 0; i < ways->count && seeds; i++) {
		const uint64_t at[] = { ways->items[i].first, ways->items[i].last };
		for (size_t k = 0; k < 1 + (at[0] != at[1]); k++) {
			seeds[count++] = 2 * at[k] - 1;
			seeds[count++] = 2 * at[k];
		}
	}
	*ret_count = count;
	*ret_ways = ways->count;
	return seeds;
}

static void set_stage(struct director *d, struct cloud *cloud, const char *catalog,
		      struct buf *yaml)
{
	estate_begin(d, catalog, yaml, MEMORY_INTERVAL_S, 30, "0");
	estate_add_small(d, cloud, yaml);
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
		 "%" PRIu64 " ways to an allocation, %" PRIu64
		 " allocations in a cycle; failed in %" PRIu64
		 " runs, one or fifty in a row, %" PRIu64 " in all; %" PRIu64
		 " runs did not survive it",
		 t->ways, t->cycle, t->seeds, t->refused, t->failed);
}

const struct course course_memory = { set_stage, polled, tell, begin_seed, .world_seed = 7 };
