/*
 * The watchdog's pings on a real loop with a real writer: each went through the writer's thread,
 * none is sent while the writer is busy or a listing lies forgotten.
 */
#include "../unit/store_fixture.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/notify.h"
#include "store/writer.h"

enum { INTERVAL_MS = 40, REQUEST_MS = 600 * 1000 };

static uint64_t passed_ms; /* by the loop's clock, which the real time-outs do not hear of */

/* Comes before libuv's. */
uint64_t uv_now(const uv_loop_t *loop)
{
	return loop->time + passed_ms;
}

struct test {
	struct fixture f;
	uv_loop_t loop;
	uv_timer_t end;
	struct runtime runtime;
	struct roster roster;
	struct watch watch, *watches[1];
	struct notify *notify;
	struct env env; /* the system's, but for sleeps of the machine */
	int64_t slept_ms;
	struct http_exchange exchange; /* with a server that never answers */
	int silent;
	int looks;
	bool finds; /* a look starts what is due */
	int socket;
	uv_sem_t started, release; /* of the job that blocks the writer */
	struct blocking {
		struct writer_job job;
		struct test *test;
	} blocking[2];
	int closed;
};

static int64_t now_ms(const struct env *env)
{
	const struct test *test = env->data;

	return env_system()->now_ms(env_system()) + test->slept_ms;
}

/* What the app does: the next poll begins. */
static void on_look(void *data)
{
	struct test *test = data;

	test->looks++;
	if (test->finds)
		test->watch.due_ms = now_ms(&test->env) + 60000;
}

static void test_start(struct test *test)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[FIXTURE_PATH];

	*test = (struct test){ 0 };
	passed_ms = 0;
	fixture_start(&test->f);
	fixture_open(&test->f);
	assert_int_equal(uv_loop_init(&test->loop), 0);
	assert_int_equal(uv_timer_init(&test->loop, &test->end), 0);
	assert_int_equal(uv_sem_init(&test->started, 0), 0);
	assert_int_equal(uv_sem_init(&test->release, 0), 0);
	test->env = *env_system();
	test->env.now_ms = now_ms;
	test->env.data = test;
	test->runtime = (struct runtime){ .loop = &test->loop, .env = &test->env };
	assert_int_equal(http_client_open(&test->runtime.client, &test->loop), 0);
	assert_int_equal(writer_open(&test->runtime.writer, &test->loop, test->f.store), 0);
	test->f.store = NULL; /* the writer's now */

	test->watch = (struct watch){ .identity = { .account = "prod",
						    .service = "uhost",
						    .region = "cn-bj2",
						    .zone = "",
						    .project = "",
						    .variant = "" },
				      .listing_id = 1,
				      .due_ms = env_system()->now_ms(env_system()) + 60000 };
	test->watches[0] = &test->watch;
	test->roster = (struct roster){ .watches = test->watches, .count = 1 };

	fixture_path(&test->f, "notify", path);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	test->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(test->socket >= 0);
	assert_int_equal(bind(test->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "40000", 1), 0);
	assert_int_equal(notify_open(&test->notify, &test->runtime, &test->roster, on_look, test),
			 0);
	assert_non_null(test->notify);
}

/* How many of the datagrams that have come are this one; with NULL how many there were. */
static int received(struct test *test, const char *text)
{
	char message[1024];
	int count = 0;
	ssize_t n;

	while ((n = recv(test->socket, message, sizeof(message) - 1, 0)) > 0) {
		message[n] = '\0';
		count += !text || strcmp(message, text) == 0;
	}
	return count;
}

static void on_end(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void turn(struct test *test, uint64_t ms)
{
	assert_int_equal(uv_timer_start(&test->end, on_end, ms, 0), 0);
	uv_run(&test->loop, UV_RUN_DEFAULT);
}

/* Turns the loop until a ping has come; the test's own time-out is the limit. */
static void await_ping(struct test *test)
{
	while (received(test, "WATCHDOG=1") == 0)
		turn(test, INTERVAL_MS);
}

static void on_closed(void *data)
{
	struct test *test = data;

	test->closed++;
	if (test->closed == 1)
		http_client_close(test->runtime.client, on_closed, test);
	else if (test->closed == 2)
		writer_close(test->runtime.writer, on_closed, test);
}

/* Runs the loop to its end; notify_close() was called. */
static void test_finish(struct test *test)
{
	uv_close((uv_handle_t *)&test->end, NULL);
	uv_run(&test->loop, UV_RUN_DEFAULT);
	assert_int_equal(test->closed, 3);
	assert_int_equal(received(test, "WATCHDOG=1"), 0);
	assert_int_equal(uv_loop_close(&test->loop), 0);
	uv_sem_destroy(&test->started);
	uv_sem_destroy(&test->release);
	close(test->socket);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	fixture_end(&test->f);
}

static void test_end(struct test *test)
{
	notify_close(test->notify, on_closed, test);
	(void)received(test, "");
	test_finish(test);
}

static void pings_come(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	for (int i = 0; i < 3; i++)
		await_ping(&test);
	test_end(&test);
}

static void run_until_released(struct store *store, struct writer_job *job)
{
	struct test *test = container_of(job, struct blocking, job)->test;

	(void)store;
	uv_sem_post(&test->started);
	uv_sem_wait(&test->release);
}

static void on_released(struct writer_job *job)
{
	(void)job;
}

static void submit_blocking(struct test *test, size_t i)
{
	test->blocking[i].job =
		(struct writer_job){ .run = run_until_released, .done = on_released };
	test->blocking[i].test = test;
	writer_submit(test->runtime.writer, &test->blocking[i].job);
}

static void block_writer(struct test *test)
{
	submit_blocking(test, 0);
	uv_sem_wait(&test->started);
}

static void none_while_the_writer_is_busy(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	await_ping(&test);
	block_writer(&test);
	turn(&test, 2); /* a ping that was on its way before */
	(void)received(&test, "");
	turn(&test, 10 * INTERVAL_MS);
	assert_int_equal(received(&test, "WATCHDOG=1"), 0);
	uv_sem_post(&test.release);
	await_ping(&test);
	test_end(&test);
}

/* A disk that is slow is no hang: each job that ends is progress, though the queue stays long. */
static void a_long_queue_moves(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	await_ping(&test);
	block_writer(&test);
	submit_blocking(&test, 1);
	turn(&test, 10 * INTERVAL_MS);
	(void)received(&test, "");
	uv_sem_post(&test.release);
	uv_sem_wait(&test.started); /* the second one blocks, in front of the watchdog's own job */
	await_ping(&test);
	turn(&test, 10 * INTERVAL_MS);
	assert_int_equal(received(&test, "WATCHDOG=1"), 0);
	uv_sem_post(&test.release);
	await_ping(&test);
	test_end(&test);
}

static void none_while_a_listing_is_forgotten(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	await_ping(&test);
	int64_t later = test.watch.due_ms;
	test.watch.due_ms -= 60000 + 20000;
	block_writer(&test); /* behind a ping that was on its way before */
	turn(&test, 2);
	uv_sem_post(&test.release);
	(void)received(&test, "");
	turn(&test, 10 * INTERVAL_MS);
	assert_int_equal(received(&test, "WATCHDOG=1"), 0);
	assert_true(test.looks > 1);
	test.watch.due_ms = later;
	await_ping(&test);
	test_end(&test);
}

static void on_exchanged(struct http_exchange *x)
{
	assert_int_equal(x->error, UV_ECANCELED);
}

/* Accepted by the kernel, and by nobody else. */
static void ask_in_vain(struct test *test)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	static char url[64];

	test->silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(test->silent >= 0);
	assert_int_equal(bind(test->silent, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(test->silent, 1), 0);
	assert_int_equal(getsockname(test->silent, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	test->exchange = (struct http_exchange){ .method = "GET",
						 .url = url,
						 .timeout_ms = REQUEST_MS,
						 .body_max_bytes = 1,
						 .done = on_exchanged };
	assert_int_equal(http_client_submit(test->runtime.client, &test->exchange), 0);
}

/* Its poll is in flight, so it is not late; but nothing will ever end it. */
static void none_while_a_request_never_ends(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	ask_in_vain(&test);
	passed_ms = 3 * REQUEST_MS - 1000; /* late answers are waited for */
	turn(&test, 4 * INTERVAL_MS);
	(void)received(&test, "");
	await_ping(&test);
	passed_ms = 4 * REQUEST_MS;
	turn(&test, 4 * INTERVAL_MS);
	(void)received(&test, "");
	turn(&test, 4 * INTERVAL_MS); /* the socket's queue is short */
	assert_int_equal(received(&test, "WATCHDOG=1"), 0);
	http_client_cancel(test.runtime.client, &test.exchange);
	await_ping(&test);
	close(test.silent);
	test_end(&test);
}

/* For hours before every look: nobody has started what is due, which is no hang. */
static void the_machine_sleeps(void **state)
{
	struct test test;
	int pings = 0;

	(void)state;
	test_start(&test);
	test.finds = true;
	for (int turns = 1; pings < 5; turns++) {
		test.slept_ms += 8 * 3600 * 1000;
		turn(&test, INTERVAL_MS / 2); /* one tick, whose timer was started before */
		pings += received(&test, "WATCHDOG=1");
		assert_int_equal(test.looks, turns);
		assert_true(turns < 2000); /* the writer may be slow */
	}
	test_end(&test);
}

/* A ping is on its way when the end comes: it is waited for, and not sent. */
static void the_end_waits_for_the_writer(void **state)
{
	struct test test;

	(void)state;
	test_start(&test);
	block_writer(&test);
	turn(&test, 4 * INTERVAL_MS);
	notify_ready(test.notify);
	notify_stopping(test.notify);
	assert_int_equal(received(&test, "STOPPING=1\nSTATUS=stopping"), 1);
	notify_ready(test.notify); /* a reload that ends during the stop */
	notify_changed(test.notify);
	turn(&test, INTERVAL_MS);
	assert_int_equal(received(&test, NULL), 0);
	notify_close(test.notify, on_closed, &test);
	turn(&test, 2 * INTERVAL_MS);
	assert_int_equal(test.closed, 0);
	uv_sem_post(&test.release);
	test_finish(&test);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pings_come),
		cmocka_unit_test(none_while_the_writer_is_busy),
		cmocka_unit_test(a_long_queue_moves),
		cmocka_unit_test(none_while_a_listing_is_forgotten),
		cmocka_unit_test(none_while_a_request_never_ends),
		cmocka_unit_test(the_machine_sleeps),
		cmocka_unit_test(the_end_waits_for_the_writer),
	};

	return cmocka_run_group_tests_name("daemon_notify", tests, NULL, NULL);
}
