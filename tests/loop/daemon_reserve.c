/*
 * What libuv would end the process for is taken at the start: afterwards it starts no thread, and
 * asks for no memory to watch a descriptor. Where threads are not to be had, an error says so.
 */
#include "daemon/reserve.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test.h"

enum { FILES = 1024, POOL = 4 };

static int threads_left = -1; /* -1: as many as one likes */
static unsigned threads_started;

typedef int start_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* Comes before the C library's, for libuv too. */
int pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
		   void *data)
{
	start_fn *start = (start_fn *)(uintptr_t)dlsym(RTLD_NEXT, "pthread_create");

	if (threads_left == 0)
		return EAGAIN;
	if (threads_left > 0)
		threads_left--;
	threads_started++;
	return start(ret, attributes, run, data);
}

static bool memory_is_out;

static void *scarce_malloc(size_t size)
{
	return memory_is_out ? NULL : malloc(size);
}

static void *scarce_realloc(void *old, size_t size)
{
	return memory_is_out ? NULL : realloc(old, size);
}

static void *scarce_calloc(size_t n, size_t size)
{
	return memory_is_out ? NULL : calloc(n, size);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

static void run_nothing(uv_work_t *work)
{
	(void)work;
}

static void on_work_done(uv_work_t *work, int status)
{
	assert_int_equal(status, 0);
	++*(int *)work->data;
}

/* libuv's own count cannot be asked for: its pool is the process's, and is tried before it starts.
 */
static void threads_are_tried(void **state)
{
	uv_loop_t loop;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	for (threads_left = 0; threads_left < POOL;) {
		int left = threads_left;
		assert_int_equal(reserve(&loop, &err), UV_EAGAIN);
		assert_non_null(strstr(err.text, "cannot start 8 threads: "));
		assert_non_null(strstr(err.text, ": raise TasksMax or RLIMIT_NPROC"));
		threads_left = left + 1;
	}
	threads_left = -1;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void nothing_is_missing_later(void **state)
{
	struct rlimit limit = { 0 };
	uv_loop_t loop;
	uv_poll_t poll;
	uv_work_t work = { 0 };
	int done = 0, ends[2];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = FILES;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(reserve(&loop, NULL), 0);
	uv_run(&loop, UV_RUN_DEFAULT);

	memory_is_out = true;
	assert_int_equal(pipe(ends), 0);
	int high = fcntl(ends[0], F_DUPFD, FILES - 1);
	assert_int_equal(high, FILES - 1);
	assert_int_equal(uv_poll_init(&loop, &poll, high), 0);
	assert_int_equal(uv_poll_start(&poll, UV_READABLE, on_event), 0);
	uv_close((uv_handle_t *)&poll, NULL);
	threads_started = 0;
	work.data = &done;
	assert_int_equal(uv_queue_work(&loop, &work, run_nothing, on_work_done), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	memory_is_out = false;
	assert_int_equal(done, 1);
	assert_int_equal(threads_started, 0);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(high);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_are_tried),
		cmocka_unit_test(nothing_is_missing_later),
	};

	unsetenv("UV_THREADPOOL_SIZE");
	if (uv_replace_allocator(scarce_malloc, scarce_realloc, scarce_calloc, free) != 0)
		return 1;
	return cmocka_run_group_tests_name("daemon_reserve", tests, NULL, NULL);
}
