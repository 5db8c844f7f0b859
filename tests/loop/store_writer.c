/*
 * The writer's thread: jobs run in order, each is reported once on the loop, closing runs what was
 * submitted, and the loop closes clean.
 */
#include "../unit/store_fixture.h"

#include <pthread.h>

#include "store/witness.h"
#include "store/writer.h"

struct job {
	struct writer_job job;
	struct test *test;
	int number, order;
	int result;
	int done;
	pthread_t ran_on;
};

struct test {
	struct fixture f;
	uv_loop_t loop;
	struct writer *writer;
	struct job jobs[200];
	int ran, reported;
	int64_t listing;
	int closed;
	bool resubmit;
};

static void run_poll(struct store *store, struct writer_job *base)
{
	struct job *job = container_of(base, struct job, job);
	struct test *test = job->test;
	struct poll_log log = { .started_at = 1700000000,
				.finished_at = 1700000000 + job->number,
				.outcome = OUTCOME_COMPLETE };
	struct commit commit = { .listing_id = test->listing, .log = &log, .removal_after = 2 };

	job->order = test->ran++;
	job->ran_on = pthread_self();
	job->result = store_commit(store, &commit, NULL);
}

static void on_closed(void *data)
{
	struct test *test = data;

	test->closed++;
}

static void on_done(struct writer_job *base)
{
	struct job *job = container_of(base, struct job, job);
	struct test *test = job->test;

	assert_int_equal(job->done++, 0);
	assert_int_equal(test->reported++, job->number);
	assert_int_equal(job->result, 0);
	assert_int_equal(job->order, job->number);
	assert_false(pthread_equal(job->ran_on, pthread_self()));
	assert_int_equal(test->closed, 0);
	if (test->resubmit && job->number + 1 < (int)ARRAY_LEN(test->jobs))
		writer_submit(test->writer, &test->jobs[job->number + 1].job);
	else if (test->resubmit)
		writer_close(test->writer, on_closed, test);
}

static void test_start(struct test *test)
{
	*test = (struct test){ 0 };
	fixture_start(&test->f);
	fixture_open(&test->f);
	test->listing = fixture_listing(&test->f, "prod", "uhost");
	assert_int_equal(uv_loop_init(&test->loop), 0);
	assert_int_equal(writer_open(&test->writer, &test->loop, test->f.store), 0);
	test->f.store = NULL; /* the writer's now */
	for (int i = 0; i < (int)ARRAY_LEN(test->jobs); i++)
		test->jobs[i] = (struct job){ .job = { .run = run_poll, .done = on_done },
					      .test = test,
					      .number = i };
}

static void test_end(struct test *test, int jobs)
{
	char expected[32];

	uv_run(&test->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&test->loop), 0);
	assert_int_equal(test->closed, 1);
	assert_int_equal(test->reported, jobs);
	snprintf(expected, sizeof(expected), "%d", jobs);
	assert_string_equal(fixture_query(&test->f, "SELECT count(*) FROM polls"), expected);
	fixture_open(&test->f); /* the lock is free again */
	fixture_end(&test->f);
}

static struct test test;

static void closing_runs_what_was_submitted(void **state)
{
	(void)state;
	test_start(&test);
	for (size_t i = 0; i < ARRAY_LEN(test.jobs); i++)
		writer_submit(test.writer, &test.jobs[i].job);
	assert_int_equal(test.reported, 0);
	writer_close(test.writer, on_closed, &test);
	test_end(&test, ARRAY_LEN(test.jobs));
}

static void done_may_submit_and_close(void **state)
{
	(void)state;
	test_start(&test);
	test.resubmit = true;
	writer_submit(test.writer, &test.jobs[0].job);
	test_end(&test, ARRAY_LEN(test.jobs));
}

static void closing_an_idle_writer(void **state)
{
	(void)state;
	test_start(&test);
	writer_close(test.writer, on_closed, &test);
	test_end(&test, 0);
}

static void on_directory_changed(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct test *t = handle->data;
	char path[FIXTURE_PATH];
	struct witness seen = { 0 };

	(void)name;
	(void)events;
	assert_int_equal(status, 0);
	if (t->reported < 2 ||
	    witness_read(fixture_path(&t->f, "catalog.db.witness", path), &seen) != 0 ||
	    seen.last_poll_id != 2)
		return;
	uv_close((uv_handle_t *)handle, NULL);
	writer_close(t->writer, on_closed, t);
}

/* The clock of this catalog stands still: no commit finds that a second has passed. */
static void an_idle_writer_tells_the_witness(void **state)
{
	uv_fs_event_t watch;

	(void)state;
	test_start(&test);
	watch.data = &test;
	assert_int_equal(uv_fs_event_init(&test.loop, &watch), 0);
	assert_int_equal(uv_fs_event_start(&watch, on_directory_changed, test.f.directory, 0), 0);
	writer_submit(test.writer, &test.jobs[0].job);
	writer_submit(test.writer, &test.jobs[1].job);
	test_end(&test, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_runs_what_was_submitted),
		cmocka_unit_test(done_may_submit_and_close),
		cmocka_unit_test(closing_an_idle_writer),
		cmocka_unit_test(an_idle_writer_tells_the_witness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
