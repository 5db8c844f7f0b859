/*
 * Happy path: submit appends to `queue` and signals; the thread takes the first job, runs it
 * without the mutex, appends it to `finished` and wakes the loop; the loop calls done().
 *
 * Failures: a job keeps its own result; the writer knows none.
 *
 * On close: the thread empties the queue, closes the store and says that it is gone; the loop then
 * hands out what is finished, joins the thread, closes the async handle, and frees in its close
 * callback.
 */
#include "store/writer.h"

#include <stdlib.h>

static const uint64_t WITNESS_AFTER_NS = 1000 * 1000 * 1000;

struct writer {
	struct store *store; /* the thread's */
	uv_thread_t thread;
	uv_mutex_t mutex; /* guards the next four */
	uv_cond_t signal;
	struct list queue, finished;
	bool stopping, gone;

	uv_async_t wake; /* from here on the loop's */
	uint64_t ended;
	bool closing;
	void (*closed)(void *data);
	void *data;
};

/* ---- on the thread ----------------------------------------------------------------------- */

/* Inside the mutex, but while it waits or writes. */
static void await_job(struct writer *writer)
{
	if (!store_is_unwitnessed(writer->store)) {
		uv_cond_wait(&writer->signal, &writer->mutex);
		return;
	}
	if (uv_cond_timedwait(&writer->signal, &writer->mutex, WITNESS_AFTER_NS) != UV_ETIMEDOUT)
		return;
	uv_mutex_unlock(&writer->mutex);
	store_write_witness(writer->store);
	uv_mutex_lock(&writer->mutex);
}

static void run_thread(void *arg)
{
	struct writer *writer = arg;

	uv_mutex_lock(&writer->mutex);
	for (;;) {
		while (list_empty(&writer->queue) && !writer->stopping)
			await_job(writer);
		if (list_empty(&writer->queue))
			break;
		struct writer_job *job = list_first(&writer->queue, struct writer_job, link);
		list_remove(&job->link);
		uv_mutex_unlock(&writer->mutex);

		job->run(writer->store, job);

		uv_mutex_lock(&writer->mutex);
		list_append(&writer->finished, &job->link);
		uv_async_send(&writer->wake);
	}
	uv_mutex_unlock(&writer->mutex);

	store_close(writer->store);

	/* Inside the mutex: once the loop sees `gone` it closes the handle. */
	uv_mutex_lock(&writer->mutex);
	writer->gone = true;
	uv_async_send(&writer->wake);
	uv_mutex_unlock(&writer->mutex);
}

/* ---- on the loop ------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct writer *writer = container_of((uv_async_t *)handle, struct writer, wake);
	void (*closed)(void *data) = writer->closed;
	void *data = writer->data;

	uv_cond_destroy(&writer->signal);
	uv_mutex_destroy(&writer->mutex);
	free(writer);
	if (closed)
		closed(data);
}

static struct writer_job *take_finished(struct writer *writer, bool *ret_gone)
{
	struct writer_job *job = NULL;

	uv_mutex_lock(&writer->mutex);
	if (!list_empty(&writer->finished)) {
		job = list_first(&writer->finished, struct writer_job, link);
		list_remove(&job->link);
	}
	*ret_gone = writer->gone;
	uv_mutex_unlock(&writer->mutex);
	return job;
}

static void on_wake(uv_async_t *async)
{
	struct writer *writer = container_of(async, struct writer, wake);
	struct writer_job *job;
	bool gone;

	while ((job = take_finished(writer, &gone))) {
		writer->ended++;
		job->done(job);
	}
	if (!gone || uv_is_closing((uv_handle_t *)&writer->wake))
		return;
	uv_thread_join(&writer->thread);
	uv_close((uv_handle_t *)&writer->wake, on_closed);
}

static void on_closed_unused(uv_handle_t *handle)
{
	free(container_of((uv_async_t *)handle, struct writer, wake));
}

int writer_open(struct writer **ret, uv_loop_t *loop, struct store *store)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int result;

	if (!writer)
		return UV_ENOMEM;
	writer->store = store;
	list_init(&writer->queue);
	list_init(&writer->finished);
	result = uv_mutex_init(&writer->mutex);
	if (result < 0)
		goto err_after_alloc;
	result = uv_cond_init(&writer->signal);
	if (result < 0)
		goto err_after_mutex;
	result = uv_async_init(loop, &writer->wake, on_wake);
	if (result < 0)
		goto err_after_cond;
	result = uv_thread_create(&writer->thread, run_thread, writer);
	if (result < 0)
		goto err_after_async;
	*ret = writer;
	return 0;

err_after_async:
	uv_cond_destroy(&writer->signal);
	uv_mutex_destroy(&writer->mutex);
	uv_close((uv_handle_t *)&writer->wake, on_closed_unused);
	return result;
err_after_cond:
	uv_cond_destroy(&writer->signal);
err_after_mutex:
	uv_mutex_destroy(&writer->mutex);
err_after_alloc:
	free(writer);
	return result;
}

void writer_submit(struct writer *writer, struct writer_job *job)
{
	assert(!writer->closing);
	uv_mutex_lock(&writer->mutex);
	list_append(&writer->queue, &job->link);
	uv_cond_signal(&writer->signal);
	uv_mutex_unlock(&writer->mutex);
}

uint64_t writer_ended(const struct writer *writer)
{
	return writer->ended;
}

void writer_hurry(struct writer *writer)
{
	assert(!writer->closing);
	store_hurry(writer->store);
}

void writer_close(struct writer *writer, void (*closed)(void *data), void *data)
{
	assert(!writer->closing);
	writer->closing = true;
	writer->closed = closed;
	writer->data = data;
	uv_mutex_lock(&writer->mutex);
	writer->stopping = true;
	uv_cond_signal(&writer->signal);
	uv_mutex_unlock(&writer->mutex);
}
