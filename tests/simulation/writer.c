/*
 * store/writer.h without a thread: jobs run in order, each at an instant of its own, and report
 * back a few virtual milliseconds later. The store behind it is the real one.
 *
 * After each job the oracle looks at what was committed.
 */
#include "store/writer.h"

#include <stdlib.h>

#include "tests/simulation/course.h"
#include "tests/simulation/world.h"

enum { JOB_MAX_US = 8000 };

struct writer {
	struct store *store;
	struct list queue;
	bool busy, closing;
	void (*closed)(void *data);
	void *data;
};

static void begin_next(struct writer *writer);

int writer_open(struct writer **ret, uv_loop_t *loop, struct store *store)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	(void)loop;
	if (!writer)
		return UV_ENOMEM;
	writer->store = store;
	list_init(&writer->queue);
	the_world->active++;
	*ret = writer;
	return 0;
}

uint64_t writer_ended(const struct writer *writer)
{
	(void)writer;
	return 0; /* no service manager listens here */
}

void writer_hurry(struct writer *writer)
{
	store_hurry(writer->store);
}

static void on_done(void *data)
{
	struct writer *writer = data;
	struct writer_job *job = list_first(&writer->queue, struct writer_job, link);

	list_remove(&job->link);
	writer->busy = false;
	job->done(job);
	begin_next(writer);
}

static void on_run(void *data)
{
	struct writer *writer = data;
	struct writer_job *job = list_first(&writer->queue, struct writer_job, link);

	job->run(writer->store, job);
	memory_begin_calm();
	oracle_look(the_world->oracle);
	memory_end_calm();
	world_at(the_world, the_world->now_us + luck_between(&the_world->loop_luck, 0, JOB_MAX_US),
		 on_done, writer);
}

static void on_closed(void *data)
{
	struct writer *writer = data;
	void (*closed)(void *) = writer->closed;
	void *closed_data = writer->data;

	free(writer);
	the_world->active--;
	if (closed)
		closed(closed_data);
}

static void begin_next(struct writer *writer)
{
	int64_t at_us = the_world->now_us + luck_between(&the_world->loop_luck, 0, JOB_MAX_US);

	if (writer->busy)
		return;
	if (!list_empty(&writer->queue)) {
		writer->busy = true;
		world_at(the_world, at_us, on_run, writer);
	} else if (writer->closing) {
		writer->busy = true;
		store_close(writer->store);
		world_at(the_world, at_us, on_closed, writer);
	}
}

void writer_submit(struct writer *writer, struct writer_job *job)
{
	assert(!writer->closing);
	list_append(&writer->queue, &job->link);
	begin_next(writer);
}

void writer_close(struct writer *writer, void (*closed)(void *data), void *data)
{
	assert(!writer->closing);
	writer->closing = true;
	writer->closed = closed;
	writer->data = data;
	begin_next(writer);
}
