#include "tests/loop/http_bench.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Getting to a server: names that resolve badly or never, addresses that are refused, proxies.
 */
/* ---- names: what libcurl's resolver threads are told ---------------------------------------- */

struct name {
	const char *host;
	const char *addresses[2]; /* literals */
	int error;                /* of getaddrinfo(), where there is none */
	bool stuck;               /* until name_release */
};

/* clang-format off */
static const struct name names[] = {
	{ "fine.test",        .addresses = { "127.0.0.1" } },
	{ "both.test",        .addresses = { "::1", "127.0.0.1" } },
	{ "metadata.test",    .addresses = { "169.254.169.254" } },
	{ "metadata6.test",   .addresses = { "fe80::1" } },
	{ "mapped.test",      .addresses = { "::ffff:169.254.169.254" } },
	{ "mixed.test",       .addresses = { "169.254.169.254", "127.0.0.1" } },
	{ "missing.test",     .addresses = { NULL }, .error = EAI_NONAME },
	{ "broken.test",      .addresses = { NULL }, .error = EAI_AGAIN },
	{ "stuck.test",       .addresses = { NULL }, .error = EAI_FAIL, .stuck = true },
};
/* clang-format on */

static sem_t name_asked, name_release;

typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* Comes before the C library's, for libcurl too. Numbers go through, no test asks a real server. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	resolve_fn *resolve = (resolve_fn *)(uintptr_t)dlsym(RTLD_NEXT, "getaddrinfo");
	const struct name *name = NULL;
	struct addrinfo **end = ret;

	for (size_t i = 0; host && i < ARRAY_LEN(names); i++)
		if (strcmp(host, names[i].host) == 0)
			name = &names[i];
	if (!name)
		return resolve(host, service, hints, ret);
	if (name->stuck) {
		sem_post(&name_asked);
		sem_wait(&name_release);
	}
	if (!name->addresses[0])
		return name->error;
	for (size_t i = 0; i < ARRAY_LEN(name->addresses) && name->addresses[i]; i++) {
		int rc = resolve(name->addresses[i], service, hints, end);
		if (rc != 0)
			return rc;
		while (*end)
			end = &(*end)->ai_next;
	}
	return 0;
}

/* ---- connecting
 * ------------------------------------------------------------------------------------------------
 */

struct connect_row {
	const char *name;
	const char *url;   /* "%u" is the server's port */
	const char *proxy; /* the same */
	int error;         /* 0: answered with 200 */
	enum error_class class;
	const char *text;
	const char *sent; /* a part of what the server received */
};

/* clang-format off */
static const struct connect_row connect_rows[] = {
	{ "a name", "http://fine.test:%u/", NULL, 0, CLASS_NONE, "", "GET / HTTP/1.1\r\nHost: fine.test:" },
	{ "the first address does not answer", "http://both.test:%u/", NULL, 0, CLASS_NONE, "", "GET / " },
	{ "refused", "http://127.0.0.1:1/", NULL, UV_ECONNREFUSED, CLASS_NETWORK, "no connection to 127.0.0.1: connection refused", NULL },
	{ "no such name", "http://missing.test:%u/", NULL, UV_EAI_NONAME, CLASS_NETWORK, "cannot resolve the name missing.test", NULL },
	{ "no name server", "http://broken.test:%u/", NULL, UV_EAI_NONAME, CLASS_NETWORK, "cannot resolve the name broken.test", NULL },
	{ "a link-local number", "http://169.254.169.254/", NULL, UV_EACCES, CLASS_NETWORK, "refused to connect to a link-local address of 169.254.169.254", NULL },
	{ "a link-local number, in hexadecimal", "http://0xa9fea9fe/", NULL, UV_EACCES, CLASS_NETWORK, "link-local", NULL },
	{ "a link-local number, mapped", "http://[::ffff:169.254.169.254]/", NULL, UV_EACCES, CLASS_NETWORK, "link-local", NULL },
	{ "a link-local number, IPv6", "http://[fe80::1]/", NULL, UV_EACCES, CLASS_NETWORK, "link-local address of [fe80::1]", NULL },
	{ "a name with a link-local address", "http://metadata.test/", NULL, UV_EACCES, CLASS_NETWORK, "link-local address of metadata.test", NULL },
	{ "the same, IPv6", "http://metadata6.test/", NULL, UV_EACCES, CLASS_NETWORK, "link-local", NULL },
	{ "the same, mapped", "http://mapped.test/", NULL, UV_EACCES, CLASS_NETWORK, "link-local", NULL },
	{ "a link-local address beside another", "http://mixed.test:%u/", NULL, 0, CLASS_NONE, "", "GET / " },
	{ "a proxy", "http://missing.test/x?y=z", "http://127.0.0.1:%u", 0, CLASS_NONE, "", "GET http://missing.test/x?y=z HTTP/1.1\r\n" },
	{ "a proxy without a scheme", "http://missing.test/", "127.0.0.1:%u", 0, CLASS_NONE, "", "GET http://missing.test/ HTTP/1.1\r\n" },
	{ "a proxy, although the environment says no", "http://127.0.0.1:1/", "http://127.0.0.1:%u", 0, CLASS_NONE, "", "GET http://127.0.0.1:1/ HTTP/1.1\r\n" },
	{ "a proxy that refuses to tunnel", "https://fine.test/", "http://127.0.0.1:%u", UV_ECONNRESET, CLASS_NETWORK, "the proxy 127.0.0.1: it answered with status 407", "CONNECT fine.test:443 HTTP/1.1\r\n" },
	{ "a proxy that is not there", "http://fine.test/", "http://me:canary@127.0.0.1:1", UV_ECONNREFUSED, CLASS_NETWORK, "no connection to the proxy 127.0.0.1: connection refused", NULL },
	{ "a proxy without a name", "http://fine.test/", "http://missing.test:1", UV_EAI_NONAME, CLASS_NETWORK, "cannot resolve the name the proxy missing.test", NULL },
	{ "a proxy at a link-local address", "http://fine.test/", "http://metadata.test:1", UV_EACCES, CLASS_NETWORK, "link-local address of the proxy metadata.test", NULL },
};
/* clang-format on */

static const struct fake_step *proxy_or_server(struct fake_server *server, const char *request)
{
	static const struct fake_step refuses[] = {
		SEND("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
		SILENCE
	};

	(void)server;
	return strncmp(request, "CONNECT ", 8) == 0 ? refuses : answers;
}

static void connects_row(void **state)
{
	const struct connect_row *row = *state;
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, "");
	char proxy[128];

	b->server.choose = proxy_or_server;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(job->url, sizeof(job->url), row->url, b->server.port);
	snprintf(proxy, sizeof(proxy), row->proxy ? row->proxy : "", b->server.port);
#pragma GCC diagnostic pop
	job->x.proxy = row->proxy ? proxy : NULL;
	go(job);
	bench_run(b);
	assert_int_equal(job->calls, 1);
	if (row->error == 0)
		check_ok(job);
	else if (job->x.error != row->error || !strstr(job->x.error_text, row->text))
		fail_msg("%s: %s", job->x.error ? uv_err_name(job->x.error) : "no error",
			 job->x.error_text);
	assert_int_equal(job->x.class, row->class);
	assert_null(strstr(job->x.error_text, "canary"));
	if (row->sent)
		assert_non_null(strstr(b->server.last_request, row->sent));
	else
		assert_int_equal(b->server.received_bytes, 0);
	bench_free(b);
}

/* The time that is told is what was measured: on a slow machine it is more than the time-out. */
static void check_waited(const char *said, const char *until_number)
{
	const char *at = strstr(said, until_number);

	assert_non_null(at);
	assert_true(strtod(at + strlen(until_number), NULL) >= SHORT_MS / 1000.0);
}

/* A listener whose queue is full drops what comes: the connection is neither made nor refused. */
static void gives_up_connecting(void **state)
{
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, "");
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];

	(void)state;
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(fill[i] >= 0);
		(void)connect(fill[i], (struct sockaddr *)&address, len);
	}
	snprintf(job->url, sizeof(job->url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	job->x.timeout_ms = SHORT_MS;
	go(job);
	bench_run(b);
	assert_int_equal(job->x.error, UV_ETIMEDOUT);
	assert_int_equal(job->x.class, CLASS_TIMEOUT);
	check_waited(job->x.error_text, "no connection to 127.0.0.1 within ");
	for (size_t i = 0; i < ARRAY_LEN(fill); i++)
		close(fill[i]);
	close(listener);
	bench_free(b);
}

/* Whichever of the two ends last; on a slow machine the time-out may be first. */
static void close_after_other(struct job *job)
{
	if (job->other->calls > 0)
		shut(job->bench);
}

/*
 * A name server that never answers holds a thread of libcurl's, and must not hold the loop: not
 * while others work, not at the time-out, not at cancel or close. The thread is released at the
 * end only: had anybody waited for it, this test would hang.
 */
static void a_stuck_name_stops_nobody(void **state)
{
	struct bench *b = bench_open();
	struct job *late = prepare(b, 0, "http://stuck.test"), *fine = prepare(b, 1, b->server.url);
	struct job *gone = prepare(b, 2, "http://stuck.test"),
		   *kept = prepare(b, 3, "http://stuck.test");

	(void)state;
	late->x.timeout_ms = SHORT_MS;
	late->then = fine->then = close_after_other; /* kept is still in flight */
	late->other = fine;
	fine->other = late;
	go(late);
	go(gone);
	go(kept);
	go(fine);
	for (int asked = 0; asked < 3; asked += sem_trywait(&name_asked) == 0)
		uv_run(&b->loop, UV_RUN_NOWAIT);
	http_client_cancel(b->client, &gone->x);
	assert_int_equal(gone->x.error, UV_ECANCELED);
	bench_run(b);
	check_ok(fine);
	assert_int_equal(late->x.error, UV_ETIMEDOUT);
	check_waited(late->x.error_text, "for stuck.test within ");
	assert_int_equal(kept->x.error, UV_ECANCELED);
	for (int i = 0; i < 3; i++)
		sem_post(&name_release);
	bench_free(b);
}

int main(void)
{
	struct CMUnitTest tests[2 + ARRAY_LEN(connect_rows)];
	size_t count = 0;

	if (sem_init(&name_asked, 0, 0) != 0 || sem_init(&name_release, 0, 0) != 0 ||
	    setenv("http_proxy", "http://127.0.0.1:1", 1) != 0 || setenv("no_proxy", "*", 1) != 0)
		return 1;
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(gives_up_connecting);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_stuck_name_stops_nobody);
	for (size_t i = 0; i < ARRAY_LEN(connect_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(connects_row, &connect_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
