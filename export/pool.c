#include "export/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 *   submit ─► waiting ─a lane is free─► running (worker) ─► done()
 *
 * A lane is a connection and the request to libuv that uses it. The connection is opened by the
 * first job of the lane, and again after it was found bad.
 * On close: what waits is done at once in the next turn of the loop, cancelled; the connections are
 * closed when the last lane has come home.
 */
enum { LANES = 2 }; /* of the four threads that libuv has */

struct lane {
	uv_work_t work;
	struct pool *pool;
	struct reader *reader;
	struct pool_job *job; /* NULL: free */
};

struct pool {
	uv_loop_t *loop;
	char *catalog;
	struct list waiting;
	struct lane lanes[LANES];
	uv_idle_t closer; /* for one turn: nobody is called back from inside pool_close() */
	bool swept;       /* the waiting ones were cancelled */
	void (*closed)(void *data);
	void *data;
};

static void start_next(struct pool *pool);

static void close_lane(struct lane *lane)
{
	reader_close(lane->reader);
	lane->reader = NULL;
}

static void on_closer_closed(uv_handle_t *handle)
{
	struct pool *pool = container_of((uv_idle_t *)handle, struct pool, closer);
	void (*closed)(void *data) = pool->closed;
	void *data = pool->data;

	for (size_t i = 0; i < LANES; i++)
		close_lane(&pool->lanes[i]);
	free(pool->catalog);
	free(pool);
	closed(data);
}

static void close_if_idle(struct pool *pool)
{
	if (!pool->swept)
		return;
	for (size_t i = 0; i < LANES; i++)
		if (pool->lanes[i].job)
			return;
	uv_close((uv_handle_t *)&pool->closer, on_closer_closed);
}

static void on_work(uv_work_t *work)
{
	struct lane *lane = container_of(work, struct lane, work);
	struct error err = { 0 };

	if (!lane->reader && reader_open(&lane->reader, lane->pool->catalog, &err) < 0)
		lane->reader = NULL;
	if (!lane->job->run(lane->job, lane->reader, &err))
		close_lane(lane);
}

static void on_worked(uv_work_t *work, int status)
{
	struct lane *lane = container_of(work, struct lane, work);
	struct pool_job *job = lane->job;
	struct pool *pool = lane->pool;

	assert(status == 0); /* never cancelled */
	lane->job = NULL;
	start_next(pool);
	job->done(job);
	close_if_idle(pool);
}

static struct lane *free_lane(struct pool *pool)
{
	for (size_t i = 0; i < LANES; i++)
		if (!pool->lanes[i].job)
			return &pool->lanes[i];
	return NULL;
}

static void start_next(struct pool *pool)
{
	struct lane *lane = pool->closed ? NULL : free_lane(pool);

	if (!lane || list_empty(&pool->waiting))
		return;
	lane->job = list_first(&pool->waiting, struct pool_job, link);
	list_remove(&lane->job->link);
	int rc = uv_queue_work(pool->loop, &lane->work, on_work, on_worked);
	assert(rc == 0);
}

int pool_open(struct pool **ret, uv_loop_t *loop, const char *catalog)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	char *path = strdup(catalog);

	if (!pool || !path) {
		free(pool);
		free(path);
		return -ENOMEM;
	}
	pool->loop = loop;
	pool->catalog = path;
	list_init(&pool->waiting);
	for (size_t i = 0; i < LANES; i++)
		pool->lanes[i].pool = pool;
	uv_idle_init(loop, &pool->closer);
	*ret = pool;
	return 0;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
	job->cancelled = false;
	list_append(&pool->waiting, &job->link);
	start_next(pool);
}

static void on_turn(uv_idle_t *closer)
{
	struct pool *pool = container_of(closer, struct pool, closer);

	uv_idle_stop(closer);
	while (!list_empty(&pool->waiting)) {
		struct pool_job *job = list_first(&pool->waiting, struct pool_job, link);
		list_remove(&job->link);
		job->cancelled = true;
		job->done(job);
	}
	pool->swept = true;
	close_if_idle(pool);
}

void pool_close(struct pool *pool, void (*closed)(void *data), void *data)
{
	assert(!pool->closed);
	pool->closed = closed;
	pool->data = data;
	uv_idle_start(&pool->closer, on_turn);
}
