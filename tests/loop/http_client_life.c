#include "tests/loop/http_bench.h"

/*
 * Many exchanges at a time: connections kept and shared, calls from inside done(), and every
 * allocation of ours failing in turn.
 */
/* ---- what is sent ------------------------------------------------------------------------ */

static void check_sent(const char *request, const char *const *wanted, const char *const *unwanted)
{
	for (; *wanted; wanted++)
		if (!strstr(request, *wanted))
			fail_msg("'%s' is not in '%s'", *wanted, request);
	for (; *unwanted; unwanted++)
		if (strcasestr(request, *unwanted))
			fail_msg("'%s' is in '%s'", *unwanted, request);
}

static void sends_a_get(void **state)
{
	static const char *const headers[] = { "channel-key: ch_1", "X-Zh: \xe9\x95\x9c", NULL };
	static const char *const wanted[] = { "GET /a/../b?c=%20 HTTP/1.1\r\n",
					      "\r\nHost: 127.0.0.1:",
					      "\r\nUser-Agent: imagecat/" IMAGECAT_VERSION "\r\n",
					      "\r\nAccept-Encoding: gzip\r\n",
					      "\r\nchannel-key: ch_1\r\n",
					      "\r\nX-Zh: \xe9\x95\x9c\r\n",
					      NULL };
	static const char *const unwanted[] = { "Expect",  "Cookie",   "Authorization",
						"Upgrade", "Content-", NULL };
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, "");

	(void)state;
	b->server.answer = SCRIPT(
		SEND("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 13\r\n\r\n" OK_BODY));
	snprintf(job->url, sizeof(job->url), "%s/a/../b?c=%%20", b->server.url);
	job->x.headers = headers;
	go(job);
	bench_run(b);
	check_ok(job);
	check_sent(b->server.last_request, wanted, unwanted);
	bench_free(b);
}

static void resubmit(struct job *job)
{
	if (--job->left <= 0)
		return;
	http_exchange_clear(&job->x);
	go(job);
}

/* Twenty in a row, each submitted from inside done of the one before: one connection. */
static void keeps_its_connection(void **state)
{
	static char form[2000];
	static const char *const wanted[] = {
		"POST / HTTP/1.1\r\n", "\r\nContent-Length: 1999\r\n",
		"\r\nContent-Type: application/x-www-form-urlencoded\r\n", "\r\n\r\nfff", NULL
	};
	static const char *const unwanted[] = { "Expect", "Cookie", NULL };
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url);

	(void)state;
	b->server.answer = SCRIPT(
		SEND("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 13\r\n\r\n" OK_BODY));
	memset(form, 'f', sizeof(form) - 1);
	snprintf(job->url, sizeof(job->url), "%s/", b->server.url);
	job->x.method = "POST";
	job->x.body = form;
	job->x.body_len = sizeof(form) - 1;
	job->left = 20;
	job->then = resubmit;
	go(job);
	bench_run(b);
	check_ok(job);
	assert_int_equal(job->calls, 20);
	assert_int_equal(b->server.requests, 20);
	assert_int_equal(b->server.connections, 1);
	check_sent(b->server.last_request, wanted, unwanted);
	bench_free(b);
}

/* libcurl asks for "100 Continue" above 1 MiB. The server has no room for that much and hangs up;
 * what it has read by then tells. */
static void never_expects_100_continue(void **state)
{
	enum { LARGE = 2 << 20 };
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url);
	char *form = calloc(1, LARGE);

	(void)state;
	assert_non_null(form);
	memset(form, 'f', LARGE);
	job->x.method = "POST";
	job->x.body = form;
	job->x.body_len = LARGE;
	go(job);
	bench_run(b);
	assert_int_equal(job->calls, 1);
	assert_int_equal(job->x.class, CLASS_NETWORK);
	assert_non_null(strstr(b->server.pool[0].request, "\r\nContent-Length: 2097152\r\n"));
	assert_null(strcasestr(b->server.pool[0].request, "\r\nExpect"));
	free(form);
	bench_free(b);
}

/* ---- many at a time ---------------------------------------------------------------------- */

static void none_waits_inside(void **state)
{
	struct bench *b = bench_open();

	(void)state;
	b->server.answer = SCRIPT(PAUSE(20), SEND(OK_ANSWER));
	for (size_t i = 0; i < 40; i++)
		go(prepare(b, i, b->server.url));
	bench_run(b);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(b->jobs[i].calls, 1);
		check_ok(&b->jobs[i]);
	}
	assert_int_equal(b->server.requests, 40);
	/* How many go out at a time is the limiter's business. */
	assert_true(b->server.open_most > 8);
	bench_free(b);
}

/* Many at a silent host: each ends by its own time-out. */
static void many_time_out(void **state)
{
	struct bench *b = bench_open();

	(void)state;
	b->server.answer = stays_silent;
	for (size_t i = 0; i < 20; i++) {
		prepare(b, i, b->server.url)->x.timeout_ms = SHORT_MS;
		go(&b->jobs[i]);
	}
	bench_run(b);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(b->jobs[i].calls, 1);
		assert_int_equal(b->jobs[i].x.error, UV_ETIMEDOUT);
		assert_int_equal(b->jobs[i].x.class, CLASS_TIMEOUT);
	}
	bench_free(b);
}

static unsigned storm_turn;

static const struct fake_step *storm(struct fake_server *server, const char *request)
{
	static const struct fake_step reset[] = { RESET };
	static const struct fake_step cut[] = {
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), RESET
	};
	static const struct fake_step late[] = { SEND(OK_ANSWER), RESET };
	static const struct fake_step *const turns[] = { reset, cut, late };

	(void)server;
	(void)request;
	return turns[storm_turn++ % ARRAY_LEN(turns)];
}

static void survives_a_storm_of_resets(void **state)
{
	struct bench *b = bench_open();

	(void)state;
	storm_turn = 0;
	b->server.choose = storm;
	for (size_t i = 0; i < 16; i++) {
		prepare(b, i, b->server.url)->then = resubmit;
		b->jobs[i].left = 100;
		go(&b->jobs[i]);
	}
	bench_run(b);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(b->jobs[i].calls, 100);
	bench_free(b);
}

/* ---- a kept connection that has died ----------------------------------------------------- */

struct dead_row {
	const char *name;
	const struct fake_step *first;  /* the answer to the first request */
	const struct fake_step *second; /* on the same connection */
};

/* clang-format off */
static const struct dead_row dead_rows[] = {
	{ "closed while idle",             SCRIPT(SEND(OK_ANSWER), CLOSE), NULL },
	{ "reset while idle",              SCRIPT(SEND(OK_ANSWER), RESET), NULL },
	{ "closed at the second request",  SCRIPT(SEND(OK_ANSWER)), SCRIPT(CLOSE) },
	{ "reset at the second request",   SCRIPT(SEND(OK_ANSWER)), SCRIPT(RESET) },
};
/* clang-format on */

static const struct fake_step *dies(struct fake_server *server, const char *request)
{
	const struct dead_row *row = server->data;

	(void)request;
	if (server->requests == 2 && server->connections == 1)
		return row->second;
	return row->first;
}

static void replaces_a_dead_connection(void **state)
{
	const struct dead_row *row = *state;
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url);

	b->server.choose = dies;
	b->server.data = (void *)(uintptr_t)row;
	job->left = 2;
	job->then = resubmit;
	go(job);
	bench_run(b);
	check_ok(job);
	assert_int_equal(job->calls, 2);
	assert_int_equal(b->server.connections, 2);
	bench_free(b);
}

/* ---- from inside done -------------------------------------------------------------------- */

static void cancel_other(struct job *job)
{
	http_client_cancel(job->bench->client, &job->other->x);
	http_client_cancel(job->bench->client, &job->other->x); /* not in flight any more */
	http_client_cancel(job->bench->client, &job->x);        /* neither is it itself */
}

static const struct fake_step *first_only(struct fake_server *server, const char *request)
{
	(void)request;
	return server->requests == 1 ? answers : stays_silent;
}

static void cancels_another(void **state)
{
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url), *other = prepare(b, 1, b->server.url);

	(void)state;
	b->server.choose = first_only;
	job->then = other->then = cancel_other;
	job->other = other;
	other->other = job;
	go(job);
	go(other);
	bench_run(b);
	assert_int_equal(job->calls, 1);
	assert_int_equal(other->calls, 1);
	assert_true((job->x.error == 0) != (other->x.error == 0));
	const struct http_exchange *x = job->x.error ? &job->x : &other->x;
	assert_int_equal(x->error, UV_ECANCELED);
	assert_string_equal(x->error_text, "cancelled");
	bench_free(b);
}

/* Both answers are there before either done is called: the second must not be heard of twice. */
static void cancels_one_that_has_ended(void **state)
{
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url), *other = prepare(b, 1, b->server.url);

	(void)state;
	job->then = other->then = cancel_other;
	job->other = other;
	other->other = job;
	/* Both end by the same time-out, in one call of curl_multi_socket_action(). */
	b->server.answer = stays_silent;
	job->x.timeout_ms = other->x.timeout_ms = SHORT_MS;
	go(job);
	go(other);
	bench_run(b);
	assert_int_equal(job->calls, 1);
	assert_int_equal(other->calls, 1);
	bench_free(b);
}

static void try_again(struct job *job)
{
	job->bench->resubmitted = http_client_submit(job->bench->client, &job->x);
}

static void close_all(struct job *job)
{
	shut(job->bench);
}

static void closes_with_others_in_flight(void **state)
{
	struct bench *b = bench_open();

	(void)state;
	b->server.choose = first_only;
	for (size_t i = 0; i < 12; i++) {
		prepare(b, i, b->server.url)->then = close_all;
		go(&b->jobs[i]);
	}
	bench_run(b);
	unsigned answered = 0;
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(b->jobs[i].calls, 1);
		answered += b->jobs[i].x.error == 0;
		assert_true(b->jobs[i].x.error == 0 || b->jobs[i].x.error == UV_ECANCELED);
	}
	assert_int_equal(answered, 1);
	bench_free(b);
}

static void refuses_to_submit_while_closing(void **state)
{
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url);

	(void)state;
	job->then = try_again;
	go(job);
	shut(b);
	assert_int_equal(job->calls, 1); /* from inside close() */
	assert_int_equal(job->x.error, UV_ECANCELED);
	assert_int_equal(b->resubmitted, UV_ECANCELED);
	bench_run(b);
	bench_free(b);
}

static void on_done_frees(struct http_exchange *x)
{
	struct bench *b = container_of(x, struct job, x)->bench;

	http_exchange_clear(x);
	free(container_of(x, struct job, x));
	shut(b);
}

static void may_be_freed_in_done(void **state)
{
	struct bench *b = bench_open();
	struct job *job = calloc(1, sizeof(*job));

	(void)state;
	assert_non_null(job);
	*job = *prepare(b, 0, b->server.url);
	job->x.url = job->url;
	job->x.done = on_done_frees;
	assert_int_equal(http_client_submit(b->client, &job->x), 0);
	bench_run(b);
	bench_free(b);
}

static void closes_idle(void **state)
{
	struct bench *b = bench_open();

	(void)state;
	http_client_cancel(b->client, &prepare(b, 0, b->server.url)->x);
	shut(b);
	bench_run(b);
	assert_int_equal(b->jobs[0].calls, 0);
	bench_free(b);
}

/* ---- refused at once --------------------------------------------------------------------- */

struct refused_row {
	const char *name;
	const char *method, *url, *header;
};

/* clang-format off */
static const struct refused_row refused_rows[] = {
	{ "another scheme",           "GET", "ftp://127.0.0.1/", NULL },
	{ "a file",                   "GET", "file:///etc/passwd", NULL },
	{ "no scheme",                "GET", "127.0.0.1/", NULL },
	{ "no host",                  "GET", "http://", NULL },
	{ "nothing",                  "GET", "", NULL },
	{ "a user",                   "GET", "http://me@127.0.0.1/", NULL },
	{ "a user and password",      "GET", "http://me:word@127.0.0.1/", NULL },
	{ "a line break in the URL",  "GET", "http://127.0.0.1/\r\nX: y", NULL },
	{ "a line break in a header", "GET", "http://127.0.0.1/", "X: y\r\nZ: z" },
	{ "another method",           "PUT", "http://127.0.0.1/", NULL },
	{ "a method in lower case",   "get", "http://127.0.0.1/", NULL },
};
/* clang-format on */

static void refuses_row(void **state)
{
	const struct refused_row *row = *state;
	const char *const headers[] = { row->header, NULL };
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, "");

	job->x.method = row->method;
	job->x.url = row->url;
	job->x.headers = headers;
	assert_int_equal(http_client_submit(b->client, &job->x), UV_EINVAL);
	assert_null(job->x.transfer);
	shut(b);
	bench_run(b);
	assert_int_equal(job->calls, 0);
	assert_int_equal(b->server.connections, 0);
	bench_free(b);
}

/* ---- memory: the linker sends our own allocations here (--wrap)
 * -------------------------------------------------- */

static long fault_in = -1; /* fail the n-th allocation from now; -1: never */
static bool fault_hit;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fault_now(void)
{
	if (fault_in < 0 || fault_in-- > 0)
		return false;
	fault_hit = true;
	return true;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fault_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return fault_now() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fault_now() ? NULL : __real_realloc(old, size);
}

struct fault_row {
	const char *name;
	const struct fake_step *answer;
	int error; /* without a fault */
};

/* clang-format off */
static const struct fault_row fault_rows[] = {
	{ "every allocation of an answer fails", SCRIPT(SEND(OK_ANSWER)), 0 },
	{ "every allocation of an error's text fails", SCRIPT(RESET), UV_ECONNRESET },
};
/* clang-format on */

/* One exchange with the n-th allocation failing; false when it did not come to that. */
static bool run_with_fault(const struct fault_row *row, long n)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(uv_loop_init(&b->loop), 0);
	fake_server_open(&b->server, &b->loop);
	b->server.answer = row->answer;
	struct job *job = prepare(b, 0, b->server.url);
	fault_hit = false;
	fault_in = n;
	int opened = http_client_open(&b->client, &b->loop);
	int submitted = opened ? opened : http_client_submit(b->client, &job->x);
	b->running = submitted == 0;
	if (opened) {
		b->closing = b->closed = true;
		fake_server_close(&b->server);
	} else if (submitted) {
		shut(b);
	}
	bench_run(b);
	fault_in = -1;
	assert_int_equal(job->calls, submitted == 0);
	if (submitted) {
		assert_true(fault_hit);
		assert_int_equal(submitted, UV_ENOMEM);
	} else if (!fault_hit) {
		assert_int_equal(job->x.error, row->error);
	} else {
		/* Ended at once and cleanly, not by the time-out of 20 s. */
		assert_true(job->x.error == UV_ENOMEM || job->x.error == row->error);
		assert_true(job->x.error != 0);
		assert_true(job->x.error_text[0] != '\0');
	}
	bench_free(b);
	return fault_hit;
}

static void survives_every_fault(void **state)
{
	long n = 0;

	while (run_with_fault(*state, n))
		n++;
	assert_true(n >= 4); /* the client, the transfer, the socket, a buffer */
}

int main(void)
{
	/* clang-format off */
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(sends_a_get), cmocka_unit_test(keeps_its_connection),
		cmocka_unit_test(none_waits_inside), cmocka_unit_test(many_time_out),
		cmocka_unit_test(survives_a_storm_of_resets), cmocka_unit_test(cancels_another),
		cmocka_unit_test(cancels_one_that_has_ended), cmocka_unit_test(closes_with_others_in_flight),
		cmocka_unit_test(refuses_to_submit_while_closing), cmocka_unit_test(may_be_freed_in_done),
		cmocka_unit_test(closes_idle), cmocka_unit_test(never_expects_100_continue),
	};
	/* clang-format on */
	struct CMUnitTest tests[ARRAY_LEN(plain) + ARRAY_LEN(dead_rows) + ARRAY_LEN(refused_rows) +
				ARRAY_LEN(fault_rows)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		tests[count++] = plain[i];
	for (size_t i = 0; i < ARRAY_LEN(dead_rows); i++)
		tests[count++] =
			(struct CMUnitTest)TEST_ROW(replaces_a_dead_connection, &dead_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(refused_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(refuses_row, &refused_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(fault_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(survives_every_fault, &fault_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
