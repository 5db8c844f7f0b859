/*
 * A client and a fake server on one loop, and a set of exchanges between them: for tests of many
 * exchanges. The bench closes itself when none is left.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/client.h"
#include "tests/loop/fake_server.h"
#include "tests/test.h"

enum { PATIENT_MS = 20000, SHORT_MS = 300, JOBS = 64 };

#define OK_BODY   "{\"RetCode\":0}"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n" OK_BODY

static const struct fake_step answers[] = { SEND(OK_ANSWER), SILENCE };
static const struct fake_step stays_silent[] = { SILENCE };

struct job;
typedef void job_fn(struct job *job);

struct job {
	struct http_exchange x;
	struct bench *bench;
	job_fn *then; /* from inside done */
	struct job *other;
	int calls;
	int left;
	char url[128];
};

struct bench {
	uv_loop_t loop;
	struct fake_server server;
	struct http_client *client;
	struct job jobs[JOBS];
	unsigned running; /* the bench closes when none is left */
	bool closing, closed;
	int resubmitted; /* what submit() said inside done, while closing */
};

static inline struct bench *bench_open(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(uv_loop_init(&b->loop), 0);
	fake_server_open(&b->server, &b->loop);
	b->server.answer = answers;
	assert_int_equal(http_client_open(&b->client, &b->loop), 0);
	return b;
}

static inline void on_closed(void *data)
{
	((struct bench *)data)->closed = true;
}

static inline void shut(struct bench *b)
{
	if (b->closing)
		return;
	b->closing = true;
	http_client_close(b->client, on_closed, b);
	fake_server_close(&b->server);
}

static inline void on_done(struct http_exchange *x)
{
	struct job *job = container_of(x, struct job, x);
	struct bench *b = job->bench;

	job->calls++;
	assert_null(x->transfer);
	b->running--;
	if (job->then)
		job->then(job);
	if (b->running == 0)
		shut(b);
}

static inline struct job *prepare(struct bench *b, size_t idx, const char *base_url)
{
	struct job *job = &b->jobs[idx];

	assert_true(idx < JOBS);
	job->bench = b;
	snprintf(job->url, sizeof(job->url), "%s/?Signature=canary", base_url);
	job->x = (struct http_exchange){ .method = "GET",
					 .url = job->url,
					 .timeout_ms = PATIENT_MS,
					 .body_max_bytes = 4096,
					 .done = on_done };
	return job;
}

static inline void go(struct job *job)
{
	job->bench->running++;
	assert_int_equal(http_client_submit(job->bench->client, &job->x), 0);
	assert_non_null(job->x.transfer);
}

/* Ends the loop's work and looks at what must hold whatever happened. */
static inline void bench_run(struct bench *b)
{
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	assert_true(b->closed);
	assert_int_equal(b->running, 0);
}

static inline void bench_free(struct bench *b)
{
	for (size_t i = 0; i < JOBS; i++)
		http_exchange_clear(&b->jobs[i].x);
	free(b);
}

static inline void check_ok(const struct job *job)
{
	if (job->x.error)
		print_error("%s\n", job->x.error_text);
	assert_int_equal(job->x.error, 0);
	assert_int_equal(job->x.status, 200);
	assert_string_equal(buf_text(&job->x.response), OK_BODY);
}
