#include "daemon/poll.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/scratch.h"
#include "providers/registry.h"
#include "store/reader.h"
#include "tests/loop/fake_server.h"
#include "tests/test.h"

/*
 * One whole poll on one loop: limiter, signature, exchange, worker thread, writer's thread,
 * catalog; against a server that answers as a row says. What is judged is the row of `polls` that a
 * reader of the finished catalog sees.
 */
extern const struct provider provider_ucloud;

#define KEY                "the-private-key-of-the-test"

#define HEAD(status)       "HTTP/1.1 " status "\r\nConnection: close\r\n"
#define OK(body)           SCRIPT(SEND(HEAD("200 OK") "\r\n" body), CLOSE)
#define ITEM(id)           "{\"ImageId\":\"" id "\",\"ImageName\":\"CentOS 7.9\",\"State\":\"Available\"}"
#define PAGE(total, items) "{\"RetCode\":0,\"TotalCount\":" total ",\"ImageSet\":[" items "]}"

/* Two images; the page that proves the end shows the last one again. */
#define FIRST              OK(PAGE("2", ITEM("a") "," ITEM("b")))
#define LAST               OK(PAGE("2", ITEM("b")))

enum { SCRIPTS = 6 };

/* clang-format off */
static const struct row {
	const char *name;
	const struct fake_step *scripts[SCRIPTS]; /* the n-th request; the last one goes on */
	const char *outcome, *error_class;
	int64_t images, requests, retries, http_status; /* http_status 0: none */
	const char *sentence; /* a part of polls.message */
	int64_t timeout_ms;
	bool interrupt, slowed; /* slowed: the rate afterwards is looked at, by a clock of its own */
} rows[] = {
	{ "complete", { FIRST, LAST }, "complete", "", 2, 2, 0, 200, "" },
	{ "HTTP 500 passes", { SCRIPT(SEND(HEAD("500 Oops") "\r\n"), CLOSE), FIRST, LAST },
	  "complete", "", 2, 3, 1, 200, "" },
	{ "RetCode 150 passes twice", { OK("{\"RetCode\":150}"), OK("{\"RetCode\":150}"), FIRST, LAST },
	  "complete", "", 2, 4, 2, 200, "" },
	{ "throttled, then not", { SCRIPT(SEND(HEAD("429 Slow") "Retry-After: 0\r\n\r\n"), CLOSE), FIRST, LAST },
	  "complete", "", 2, 3, 1, 200, "", .slowed = true },
	{ "throttled for long", { SCRIPT(SEND(HEAD("429 Slow") "Retry-After: 3000\r\n\r\n"), CLOSE) },
	  "failed", "throttled", 0, 1, 0, 429, "too many requests at", .slowed = true },
	{ "signature refused", { OK("{\"RetCode\":171,\"Message\":\"Signature VerifyAC Error\"}") },
	  "failed", "auth", 0, 1, 0, 200, "check private_key of account 'prod'" },
	{ "no permission", { OK("{\"RetCode\":230}") }, "failed", "permission", 0, 1, 0, 200, "region refused by" },
	{ "an unknown code once", { OK("{\"RetCode\":4711}") }, "failed", "unavailable", 0, 2, 1, 200, "RetCode 4711" },
	{ "a code as a string", { OK("{\"RetCode\":\"100\"}") }, "failed", "unavailable", 0, 2, 1, 200, "RetCode 100" },
	{ "a key that is echoed is not kept", { OK("{\"RetCode\":170,\"Message\":\"bad " KEY " sent\"}") },
	  "failed", "auth", 0, 1, 0, 200, "bad ***" },
	{ "cut by length", { SCRIPT(SEND("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"RetCode\":0,"), CLOSE) },
	  "failed", "network", 0, 3, 2, 0, "cut" },
	{ "cut in the middle, no length", { OK("{\"RetCode\":0,\"TotalCount\":2,\"ImageSet\":[{\"Ima") },
	  "failed", "malformed", 0, 2, 1, 200, "cannot be used" },
	{ "HTML", { OK("<!DOCTYPE html><html><body>Login</body></html>") }, "failed", "malformed", 0, 2, 1, 200, "HTML" },
	{ "empty body", { OK("") }, "failed", "malformed", 0, 2, 1, 200, "cannot be used" },
	{ "reset", { SCRIPT(RESET) }, "failed", "network", 0, 3, 2, 0, "" },
	{ "garbage instead of HTTP", { SCRIPT(SEND("SSH-2.0-OpenSSH\r\n"), CLOSE) }, "failed", "http", 0, 1, 0, 0, "" },
	{ "oversized", { SCRIPT(SEND(HEAD("200 OK") "\r\n"), FLOOD("{\"RetCode\":0}          ")) },
	  "failed", "oversized", 0, 1, 0, 0, "" },
	{ "silent", { SCRIPT(SILENCE) }, "failed", "timeout", 0, 3, 2, 0, "", .timeout_ms = 150 },
	{ "redirect", { SCRIPT(SEND(HEAD("302 Found") "Location: http://127.0.0.1:1/\r\n\r\n"), CLOSE) },
	  "failed", "http", 0, 1, 0, 302, "redirects are not followed" },
	{ "the second page fails", { FIRST, SCRIPT(SEND(HEAD("503 Busy") "\r\n"), CLOSE) },
	  "partial", "unavailable", 2, 4, 2, 503, "service unavailable at" },
	{ "a total that lies", { OK(PAGE("5", ITEM("a") "," ITEM("b"))), OK(PAGE("5", ITEM("b"))) },
	  "partial", "incomplete", 2, 0, 0, 200, "says" },
	{ "no list, no total", { OK("{\"RetCode\":0}") }, "failed", "incomplete", 0, 1, 0, 200, "no list of images" },
	{ "poisoned item", { OK(PAGE("3", ITEM("a") ",{\"ImageId\":\"x\",\"ImageName\":\"\\ud800\\u0000\"}," ITEM("b"))),
	                     OK(PAGE("3", ITEM("b"))) }, "complete", "", 3, 2, 0, 200, "" },
	{ "interrupted", { SCRIPT(SILENCE) }, "aborted", "", 0, 1, 0, 0, "stopped before", .interrupt = true },
};
/* clang-format on */

struct bench {
	uv_loop_t loop;
	struct fake_server server;
	struct config config;
	struct config_account account_config;
	struct runtime runtime;
	struct timekeeper time;
	struct account account;
	struct watch watch;
	const struct row *row;
	unsigned requests;
	char directory[64], path[96];
	bool done;
	uv_idle_t idle;
};

/* No luck in tests: every pause has its shortest length. */
static uint64_t no_random(const struct env *env)
{
	(void)env;
	return 0;
}

static int64_t own_ms, throttled_ms;

static int64_t own_now_ms(const struct env *env)
{
	(void)env;
	return own_ms;
}

/* ---- the rate after a poll that was throttled ------------------------------------------------ */

enum { RATE = 10, HALF_RATE_MS = 10 * 60 * 1000 };

static size_t granted;

static void on_granted(struct limiter_ticket *ticket)
{
	granted++;
	limiter_release(ticket);
}

/* How many requests the account may send then: what its bucket holds goes. */
static size_t may_send(struct bench *b, int64_t at_ms)
{
	struct limiter_ticket tickets[2 * RATE] = { 0 };

	granted = 0;
	own_ms = at_ms;
	for (size_t i = 0; i < ARRAY_LEN(tickets); i++) {
		tickets[i].granted = on_granted;
		limiter_wait(b->account.limit, &tickets[i]);
	}
	limiter_turn(b->runtime.limiter);
	for (size_t i = 0; i < ARRAY_LEN(tickets); i++)
		limiter_forget(&tickets[i]);
	return granted;
}

/* A bucket holds a second's worth. Half the rate for ten minutes, to the millisecond, then all. */
static void check_rate(struct bench *b)
{
	int64_t whole_ms = throttled_ms + HALF_RATE_MS, one_ms = 1000 / RATE;

	assert_int_equal(may_send(b, whole_ms - 1), RATE / 2);
	assert_int_equal(may_send(b, whole_ms + one_ms - 1), 0);
	assert_int_equal(may_send(b, whole_ms + one_ms), 1);
	assert_int_equal(may_send(b, whole_ms + one_ms + 1000), RATE);
}

static const struct fake_step *choose(struct fake_server *server, const char *request)
{
	struct bench *b = server->data;
	unsigned n = b->requests++;

	/* The first request is throttled; time for another turn passes with each that follows. */
	own_ms += n > 0 ? 1000 : 0;

	assert_non_null(strstr(request, "Action=DescribeImage"));
	assert_null(strstr(request, KEY));
	while (n > 0 && (n >= SCRIPTS || !b->row->scripts[n]))
		n--;
	return b->row->scripts[n];
}

static void on_closed(void *data)
{
	(void)data;
}

static void on_limiter_closed(void *data)
{
	struct bench *b = data;

	writer_close(b->runtime.writer, on_closed, NULL);
}

static void on_client_closed(void *data)
{
	struct bench *b = data;

	account_close(&b->account);
	limiter_close(b->runtime.limiter, on_limiter_closed, b);
}

static void on_not_stored(struct watch *watch, const char *error, int64_t wait_ms, void *data)
{
	(void)watch;
	(void)wait_ms;
	(void)data;
	fail_msg("not stored: %s", error);
}

static void on_polled(struct watch *watch, const struct poll_report *report, void *data)
{
	struct bench *b = data;

	assert_null(watch->poll);
	assert_null(report->store_error);
	b->done = true;
	if (b->row->slowed)
		check_rate(b);
	uv_close((uv_handle_t *)&b->idle, NULL);
	fake_server_close(&b->server);
	http_client_close(b->runtime.client, on_client_closed, b);
}

/* Interrupts once the server has the request and keeps silent. */
static void on_idle(uv_idle_t *idle)
{
	struct bench *b = idle->data;

	if (b->row->interrupt && b->requests > 0 && b->watch.poll)
		poll_interrupt(b->watch.poll);
}

static void open_bench(struct bench *b, const struct row *row)
{
	static struct env env;
	struct store *store;
	struct store_listing stored;
	struct error err = { 0 };

	env = *env_system();
	env.random = no_random;
	own_ms = throttled_ms = env.now_ms(&env);
	if (row->slowed)
		env.now_ms = own_now_ms;
	b->row = row;
	strcpy(b->directory, "poll-XXXXXX");
	assert_non_null(mkdtemp(b->directory));
	snprintf(b->path, sizeof(b->path), "%s/catalog.db", b->directory);
	assert_int_equal(uv_loop_init(&b->loop), 0);
	fake_server_open(&b->server, &b->loop);
	b->server.choose = choose;
	b->server.data = b;
	b->config.limits.max_body_bytes = 64 << 10;
	b->config.limits.requests_in_flight = 8;
	b->config.removal.after_complete_polls = 2;
	b->config.removal.brake_percent = 20;
	b->config.removal.brake_rows = 10;
	strcat(b->server.url, "/");
	b->account_config = (struct config_account){
		.name = "prod",
		.provider = &provider_ucloud,
		.endpoint = b->server.url,
		.cloud = "api.ucloud.cn",
		.id.value = "public",
		.secret.value = KEY,
		.timeout_ms = row->timeout_ms ? row->timeout_ms : 20000,
		.requests_per_second = row->slowed ? RATE : 1000,
		.interval_s = 600,
	};
	timekeeper_start(&b->time, &env);
	b->runtime = (struct runtime){
		.loop = &b->loop, .env = &env, .time = &b->time, .config = &b->config, .seed = 7
	};
	assert_int_equal(store_open(&store, b->path, "test", &env, &err), 0);
	b->runtime.spool_directory = b->directory;
	assert_int_equal(http_client_open(&b->runtime.client, &b->loop), 0);
	assert_int_equal(limiter_open(&b->runtime.limiter, &b->loop, &env, 8), 0);
	assert_int_equal(account_open(&b->account, &b->account_config, &b->runtime, &err), 0);
	b->watch = (struct watch){
		.account = &b->account,
		.service = &provider_ucloud.services[0],
		.interval_s = 600,
		.identity = { "prod", "ucloud", "api.ucloud.cn", "uhost", "cn-bj2", "", "", "" },
	};
	assert_int_equal(store_register(store, &b->watch.identity, 600, &stored, &err), 0);
	b->watch.listing_id = stored.listing_id;
	assert_int_equal(writer_open(&b->runtime.writer, &b->loop, store), 0);
	assert_int_equal(uv_idle_init(&b->loop, &b->idle), 0);
	b->idle.data = b;
	if (row->interrupt)
		assert_int_equal(uv_idle_start(&b->idle, on_idle), 0);
}

static const char *text(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	assert_non_null(value);
	return value->type == READER_TEXT ? value->text : "";
}

static int64_t number(const struct reader_row *row, const char *name)
{
	const struct reader_value *value = reader_value(row, name);

	assert_non_null(value);
	return value->type == READER_INT ? value->integer : 0;
}

static int check_poll(const struct reader_row *row, void *data)
{
	const struct row *want = data;

	assert_string_equal(text(row, "outcome"), want->outcome);
	assert_string_equal(text(row, "error_class"), want->error_class);
	if (want->requests > 0)
		assert_int_equal(number(row, "requests"), want->requests);
	assert_int_equal(number(row, "retries"), want->retries);
	assert_int_equal(number(row, "http_status"), want->http_status);
	const char *message = text(row, "message");
	if (!strstr(message, want->sentence))
		fail_msg("message is: %s", message);
	assert_null(strstr(message, KEY));
	assert_null(strstr(text(row, "provider_message"), KEY));
	if (*message)
		assert_memory_equal(message, "prod uhost cn-bj2: ", 19);
	return 0;
}

static int count_row(const struct reader_row *row, void *data)
{
	(void)row;
	++*(int64_t *)data;
	return 0;
}

static void polls_row(void **state)
{
	const struct row *row = *state;
	struct bench *b = calloc(1, sizeof(*b));
	struct reader *reader;
	struct error err = { 0 };
	int64_t polls = 0, images = 0;
	char command[128];

	assert_non_null(b);
	const struct poll_events events = { on_polled, on_not_stored, b };

	open_bench(b, row);
	assert_int_equal(poll_start(&b->watch, &b->runtime, &events), 0);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_true(b->done);
	assert_int_equal(uv_loop_close(&b->loop), 0); /* no handle was forgotten */
	watch_forget(&b->watch);

	assert_int_equal(reader_open(&reader, b->path, &err), 0);
	assert_int_equal(reader_query_view(reader, VIEW_polls, &(struct view_query){ 0 },
					   check_poll, (void *)(uintptr_t)row, &err),
			 0);
	assert_int_equal(reader_query_view(reader, VIEW_polls, &(struct view_query){ 0 }, count_row,
					   &polls, &err),
			 0);
	assert_int_equal(polls, 1); /* one attempt, one row, whatever the outcome */
	assert_int_equal(reader_query_view(reader, VIEW_images, &(struct view_query){ 0 },
					   count_row, &images, &err),
			 0);
	assert_int_equal(images, row->images);
	reader_close(reader);
	snprintf(command, sizeof(command), "rm -r %s", b->directory);
	assert_int_equal(system(command), 0);
	free(b);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	scratch_install();
	signal(SIGPIPE, SIG_IGN); /* as the daemon does: peers go away */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(polls_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
