#include "tests/simulation/world.h"

#include "tests/simulation/course.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/*
 * The heap of events is the whole world's clock: time stands still inside an event and jumps to the
 * next one.
 */
struct world *the_world;

/* A run that does not end is a failure of its own. */
enum { STEPS_MAX = 50 * 1000 * 1000 };

static int64_t now_ms(const struct env *env)
{
	const struct world *world = env->data;

	return (world->now_us + world->slept_us - world->booted_us) / 1000;
}

static int64_t now_s(const struct env *env)
{
	const struct world *world = env->data;

	return world->wall_s + (world->now_us + world->slept_us) / 1000000;
}

static uint64_t draw(const struct env *env)
{
	struct world *world = env->data;

	return luck_next(&world->daemon_luck);
}

void world_init(struct world *world, uint64_t seed)
{
	struct luck luck = luck_stream(seed, 0);

	*world = (struct world){ .seed = seed };
	world->env = (struct env){ now_ms, now_s, draw, world };
	world->daemon_luck = luck_stream(seed, 1);
	world->loop_luck = luck_stream(seed, 2);
	/* Far enough from the real clock, so that nothing that asks it by mistake gets by. */
	world->wall_s = INT64_C(1900000000) + luck_between(&luck, 0, 1000000);
	world->now_us = luck_between(&luck, 0, INT64_C(1000000000));
	world->wall_s -= world->now_us / 1000000;
	world->shuffles = luck_hits(&luck, 500);
}

void world_finish(struct world *world)
{
	for (size_t i = 0; i < world->count; i++)
		free(world->heap[i]);
	free(world->heap);
	world->heap = NULL;
	world->count = world->size = 0;
}

/* ---- events -------------------------------------------------------------------------------- */

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->tie < b->tie;
}

static void place(struct world *world, size_t index, struct event *event)
{
	world->heap[index] = event;
	event->index = index;
}

static void sift_up(struct world *world, size_t index, struct event *event)
{
	while (index > 0 && is_before(event, world->heap[(index - 1) / 2])) {
		place(world, index, world->heap[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	place(world, index, event);
}

static void sift_down(struct world *world, size_t index, struct event *event)
{
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= world->count)
			break;
		if (child + 1 < world->count &&
		    is_before(world->heap[child + 1], world->heap[child]))
			child++;
		if (!is_before(world->heap[child], event))
			break;
		place(world, index, world->heap[child]);
		index = child;
	}
	place(world, index, event);
}

struct event *world_at(struct world *world, int64_t at_us, void (*run)(void *data), void *data)
{
	memory_begin_calm();
	struct event *event = calloc(1, sizeof(*event));

	if (world->count == world->size) {
		size_t size = world->size ? world->size * 2 : 64;
		struct event **grown = realloc(world->heap, size * sizeof(struct event *));
		assert(grown);
		world->heap = grown;
		world->size = size;
	}
	memory_end_calm();
	assert(event);
	world->scheduled++;
	*event = (struct event){
		.at_us = at_us > world->now_us ? at_us : world->now_us,
		.tie = world->shuffles ? luck_next(&world->loop_luck) : world->scheduled,
		.run = run,
		.data = data,
	};
	world->count++;
	sift_up(world, world->count - 1, event);
	return event;
}

static void take(struct world *world, struct event *event)
{
	struct event *last = world->heap[world->count - 1];
	size_t index = event->index;

	assert(index < world->count && world->heap[index] == event);
	world->count--;
	if (last == event)
		return;
	if (index > 0 && is_before(last, world->heap[(index - 1) / 2]))
		sift_up(world, index, last);
	else
		sift_down(world, index, last);
}

void world_cancel(struct world *world, struct event *event)
{
	if (!event)
		return;
	take(world, event);
	free(event);
}

bool world_step(struct world *world)
{
	if (world->count == 0)
		return false;
	struct event event = *world->heap[0];
	struct event *first = world->heap[0];
	take(world, first);
	free(first);
	world->now_us = event.at_us;
	if (++world->steps == STEPS_MAX) {
		world_fail(world, "the run does not end");
		return false;
	}
	event.run(event.data);
	return true;
}

bool world_signal(struct world *world, int number)
{
	size_t which = number == SIGHUP;

	if (!world->on_signal[which])
		return false;
	world_trace(world, "%s", which ? "SIGHUP" : "SIGTERM");
	world->on_signal[which](world->signal_handles[which], number);
	return true;
}

/* ---- what is told ---------------------------------------------------------------------------- */

void world_fail(struct world *world, const char *format, ...)
{
	va_list args;

	if (world->failed)
		return;
	world->failed = true;
	va_start(args, format);
	vsnprintf(world->failure, sizeof(world->failure), format, args);
	va_end(args);
	world_trace(world, "FAILURE %s", world->failure);
}

void world_trace(const struct world *world, const char *format, ...)
{
	va_list args;

	if (!world->tracing)
		return;
	fprintf(stderr, "%10.3f ", (double)world->now_us / 1e6);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
