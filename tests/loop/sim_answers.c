/*
 * The simulator as a library, over a real socket on the same loop: faults, latency and closing in
 * every state. What it answers is walked by tests/system/sim_protocol.py.
 */
#include "sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/verify.h"
#include "tests/loop/plain_client.h"

struct fixture {
	struct frame frame;
	struct sim *sim;
	bool closed;
};

static struct fixture fx;

static void put_request(struct buf *out, const char *query)
{
	struct http_params params;
	char signature[41];

	assert_int_equal(http_params_parse(&params, query, strlen(query)), 0);
	assert_int_equal(verify_ucloud_digest(&params, SIM_UCLOUD_PRIVATE_KEY, signature), 0);
	http_params_finish(&params);
	buf_printf(out, "GET /?%s&Signature=%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		   query, signature);
}

static struct client *ask(const char *query)
{
	struct buf request = { 0 };

	put_request(&request, query);
	struct client *c = client_connect(&fx.frame.loop, sim_port(fx.sim));
	client_send(c, buf_text(&request));
	buf_finish(&request);
	return c;
}

static void on_closed(void *data)
{
	*(bool *)data = true;
}

static void open_sim(const char *fault, int64_t latency_ms, int64_t churn_ms)
{
	struct sim_options options;
	struct error err;

	sim_defaults(&options);
	options.listen = "127.0.0.1:0";
	options.images = 500;
	options.latency_ms = latency_ms;
	options.churn_ms = churn_ms;
	options.fail[0] = fault;
	options.fail_count = fault ? 1 : 0;
	assert_int_equal(sim_open(&fx.sim, &fx.frame.loop, &options, &err), 0);
}

static void set_up(void)
{
	fx = (struct fixture){ 0 };
	frame_open(&fx.frame);
}

static void tear_down(void)
{
	sim_close(fx.sim, on_closed, &fx.closed);
	frame_close(&fx.frame, &fx.closed);
}

#define QUERY "Action=GetRegion&PublicKey=ucloudsomeone%40example.com1296235120854146120"

/* clang-format off */
static const struct row { const char *name, *fault, *expected; int error; } rows[] = {
	{ "no fault",   NULL,            "\"Regions\":[{", 0 },
	{ "reset",      "reset=1",       NULL, ECONNRESET },
	{ "close",      "close=1",       NULL, 0 },
	{ "http503",    "http503=1",     "Retry-After: 1", 0 },
	{ "throttle",   "throttle=1",    "\"RetCode\":153", 0 },
	{ "slow",       "slow=1",        "\"Regions\":[{", 0 },
	{ "cut",        "cut=1",         "Content-Length: ", 0 },
	{ "gzipbomb",   "gzipbomb=1",    "Content-Encoding: gzip", 0 },
	{ "html",       "html=1",        "<!DOCTYPE html>", 0 },
};
/* clang-format on */

static void answers(void **state)
{
	const struct row *row = *state;

	for (int64_t latency = 0; latency < 20; latency += 10) {
		set_up();
		open_sim(row->fault, latency, 0);
		struct client *c = ask(QUERY);
		wait_end(c);
		assert_int_equal(c->error, row->error);
		if (row->expected)
			assert_non_null(strstr(buf_text(&c->got), row->expected));
		else
			assert_int_equal(c->got.len, 0);
		client_close(c);
		tear_down();
	}
}

/* What holds an exchange open: each is closed while it does, and left by its client while it does.
 */
/* clang-format off */
static const struct held_row { const char *name, *fault; int64_t latency_ms; bool client_leaves; } held_rows[] = {
	{ "closing while an answer is late",     NULL,         60000, false },
	{ "closing while a request hangs",       "hang=1",     0,     false },
	{ "closing while a body has no end",     "hugebody=1", 0,     false },
	{ "closing while an answer is slow",     "slow=1",     0,     false },
	{ "leaving while an answer is late",     NULL,         100,   true },
	{ "leaving while a request hangs",       "hang=1",     0,     true },
	{ "leaving while a body has no end",     "hugebody=1", 0,     true },
	{ "leaving while an answer is slow",     "slow=1",     0,     true },
};
/* clang-format on */

static void ends_in_every_state(void **state)
{
	const struct held_row *row = *state;
	struct client *c, *next;

	set_up();
	open_sim(row->fault, row->latency_ms, 1);
	c = ask(QUERY);
	for (int i = 0; i < 5; i++)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	assert_false(c->ended);
	if (row->client_leaves) {
		client_close(c);
		next = ask(QUERY); /* is served or held all the same */
		for (int i = 0; i < 10; i++)
			uv_run(&fx.frame.loop, UV_RUN_ONCE);
		client_close(next);
	}
	sim_close(fx.sim, on_closed, &fx.closed);
	if (!row->client_leaves) {
		wait_end(c);
		client_close(c);
	}
	frame_close(&fx.frame, &fx.closed);
}

static void churns_on_its_own(void **state)
{
	struct image *before;

	(void)state;
	set_up();
	open_sim(NULL, 0, 1);
	struct catalog *catalog = sim_catalog(fx.sim);
	struct segment *segment = catalog_segment(catalog, "community");
	size_t count = segment->count;
	before = calloc(count, sizeof(*before));
	assert_non_null(before);
	memcpy(before, segment->images, count * sizeof(*before));
	while (segment->count == count &&
	       memcmp(before, segment->images, count * sizeof(*before)) == 0)
		uv_run(&fx.frame.loop, UV_RUN_ONCE);
	free(before);
	tear_down();
}

/* clang-format off */
static const struct bad_row { const char *name, *listen, *fault, *log; } bad_rows[] = {
	{ "a bad address",  "nowhere",     NULL,     NULL },
	{ "a bad fault",    "127.0.0.1:0", "none=1", NULL },
	{ "a bad log file", "127.0.0.1:0", NULL,     "/nonexistent/log" },
};
/* clang-format on */

static void refuses_to_open(void **state)
{
	const struct bad_row *row = *state;
	struct sim_options options;
	struct error err = { 0 };
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	sim_defaults(&options);
	options.listen = row->listen;
	options.fail[0] = row->fault;
	options.fail_count = row->fault ? 1 : 0;
	options.log_file = row->log;
	assert_true(sim_open(&fx.sim, &loop, &options, &err) < 0);
	assert_int_not_equal(err.text[0], '\0');
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_LEN(rows) + ARRAY_LEN(held_rows) + ARRAY_LEN(bad_rows) + 1] = {
			cmocka_unit_test(churns_on_its_own),
		};
	size_t n = 1;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(answers, &rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(held_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(ends_in_every_state, &held_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(refuses_to_open, &bad_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
