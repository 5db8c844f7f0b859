#include "daemon/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	POOL_DEFAULT = 4, /* libuv's */
	POOL_MAX = 1024,
	WATCHED_MAX = 4096, /* descriptors; 1,024 requests in flight, and what else is open */
};

/* ---- threads ------------------------------------------------------------------------------ */

/* Read as libuv does. */
static unsigned pool_size(void)
{
	const char *text = getenv("UV_THREADPOOL_SIZE");
	unsigned long size = text ? strtoul(text, NULL, 10) : POOL_DEFAULT;

	if (size == 0)
		return 1;
	return size < POOL_MAX ? (unsigned)size : POOL_MAX;
}

static void wait_for_release(void *release)
{
	uv_sem_wait(release);
}

/* All at a time; they end before this returns. */
static int try_threads(unsigned count)
{
	uv_thread_t *threads = calloc(count, sizeof(*threads));
	unsigned started = 0;
	uv_sem_t release;
	int rc = threads ? uv_sem_init(&release, 0) : UV_ENOMEM;

	if (rc < 0) {
		free(threads);
		return rc;
	}
	while (rc == 0 && started < count) {
		rc = uv_thread_create(&threads[started], wait_for_release, &release);
		started += rc == 0;
	}
	for (unsigned i = 0; i < started; i++)
		uv_sem_post(&release);
	for (unsigned i = 0; i < started; i++)
		(void)uv_thread_join(&threads[i]);
	uv_sem_destroy(&release);
	free(threads);
	return rc;
}

static void run_nothing(uv_work_t *work)
{
	(void)work;
}

static void on_nothing_done(uv_work_t *work, int status)
{
	(void)status;
	free(work);
}

/* Twice as many are tried: one that has ended may count for a moment longer, and the writer, the
 * log and each name that is resolved want theirs too. */
static int reserve_threads(uv_loop_t *loop, struct error *err)
{
	unsigned count = 2 * pool_size();
	int rc = try_threads(count);

	if (rc < 0)
		return error_set(err, rc,
				 "cannot start %u threads: %s: raise TasksMax or RLIMIT_NPROC",
				 count, uv_strerror(rc));
	uv_work_t *work = calloc(1, sizeof(*work));
	if (!work)
		return error_set(err, UV_ENOMEM, "out of memory");
	rc = uv_queue_work(loop, work, run_nothing, on_nothing_done);
	assert(rc == 0);
	return 0;
}

/* ---- descriptors -------------------------------------------------------------------------- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

static void on_poll_closed(uv_handle_t *handle)
{
	free((uv_poll_t *)handle);
}

/* The table grows to the highest descriptor that was watched, and never shrinks. */
static int watch_once(uv_loop_t *loop, int fd)
{
	uv_poll_t *poll = calloc(1, sizeof(*poll));
	int rc = poll ? uv_poll_init(loop, poll, fd) : UV_ENOMEM;

	if (rc < 0) {
		free(poll);
		return rc;
	}
	rc = uv_poll_start(poll, UV_READABLE, on_ready);
	uv_close((uv_handle_t *)poll, on_poll_closed);
	return rc;
}

static int reserve_watchers(uv_loop_t *loop, struct error *err)
{
	struct rlimit limit = { .rlim_cur = WATCHED_MAX };
	int rc = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : -errno;
	int last = limit.rlim_cur < WATCHED_MAX ? (int)limit.rlim_cur - 1 : WATCHED_MAX - 1;
	int event = rc == 0 ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;

	if (rc == 0 && event < 0)
		rc = -errno;
	int fd = rc == 0 ? fcntl(event, F_DUPFD_CLOEXEC, last) : -1;
	if (rc == 0 && fd < 0)
		rc = -errno;
	if (rc == 0)
		rc = watch_once(loop, fd);
	if (fd >= 0)
		close(fd);
	if (event >= 0)
		close(event);
	return rc < 0 ? error_set(err, rc, "descriptor %d cannot be watched: %s", last,
				  uv_strerror(rc))
		      : 0;
}

int reserve(uv_loop_t *loop, struct error *err)
{
	int rc = reserve_threads(loop, err);

	return rc < 0 ? rc : reserve_watchers(loop, err);
}
