#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/loop/http_bench.h"

/*
 * Memory or descriptors run out inside libcurl: each request ends all the same, and the next one
 * is answered.
 */
/* ---- memory: libcurl asks these ----------------------------------------------------------- */

static long fault_at = -1;  /* the allocation that fails, counted from the first connect() on */
static bool fault_lasts;    /* all after it fail too, until the request has ended */
static long fault_position; /* of the next one; -1: nobody has connected yet */
static bool fault_hit;

/* Comes before the C library's, for libcurl too. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	__typeof__(&connect) make = (__typeof__(&connect))(uintptr_t)dlsym(RTLD_NEXT, "connect");

	if (fault_position < 0)
		fault_position = 0;
	return make(fd, address, len);
}

static bool fault_now(void)
{
	if (fault_at < 0 || fault_position < 0)
		return false;
	long position = fault_position++;
	bool hit = position == fault_at || (fault_lasts && position > fault_at);
	fault_hit = fault_hit || hit;
	return hit;
}

static void *scarce_malloc(size_t size)
{
	return fault_now() ? NULL : malloc(size);
}

static void *scarce_realloc(void *old, size_t size)
{
	return fault_now() ? NULL : realloc(old, size);
}

static void *scarce_calloc(size_t n, size_t size)
{
	return fault_now() ? NULL : calloc(n, size);
}

static char *scarce_strdup(const char *text)
{
	return fault_now() ? NULL : strdup(text);
}

/* ---- a request that lacks something, and one that does not ---------------------------------- */

static int first_error;
static enum error_class first_class;
static char first_text[256];
static struct rlimit files; /* as there usually are */

static void try_again(struct job *job)
{
	const struct http_exchange *x = &job->x;

	job->then = NULL;
	fault_at = -1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	first_error = x->error;
	first_class = x->class;
	snprintf(first_text, sizeof(first_text), "%s", x->error_text);
	http_exchange_clear(&job->x);
	snprintf(job->url, sizeof(job->url), "%s/", job->bench->server.url);
	job->x.timeout_ms = PATIENT_MS;
	go(job);
}

static void on_patience_over(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("the request does not end");
}

/* Whatever came of the first request, the second is answered. */
static void run_both(struct bench *b, struct job *job)
{
	uv_timer_t patience;

	assert_int_equal(uv_timer_init(&b->loop, &patience), 0);
	assert_int_equal(uv_timer_start(&patience, on_patience_over, PATIENT_MS, 0), 0);
	uv_unref((uv_handle_t *)&patience);
	job->then = try_again;
	go(job);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&patience, NULL);
	bench_run(b);
	assert_int_equal(job->calls, 2);
	check_ok(job);
}

/* ---- memory ------------------------------------------------------------------------------- */

struct memory_row {
	const char *name;
	bool lasts;
};

/* clang-format off */
static const struct memory_row memory_rows[] = {
	{ "an allocation after connecting fails", false },
	{ "and all that follow it, until the request ends", true },
};
/* clang-format on */

/* False when it did not come to that. */
static bool run_with_fault(bool lasts, long n)
{
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, b->server.url);

	job->x.timeout_ms = SHORT_MS;
	fault_hit = false;
	fault_lasts = lasts;
	fault_position = -1;
	fault_at = n;
	run_both(b, job);
	if (!fault_hit)
		assert_int_equal(first_error, 0);
	bench_free(b);
	return fault_hit;
}

static void memory_row(void **state)
{
	const struct memory_row *row = *state;
	long n = 0;

	while (run_with_fault(row->lasts, n))
		n++;
	assert_true(n >= 4); /* what libcurl knows of the socket, and of who waits for it */
}

/* ---- descriptors -------------------------------------------------------------------------- */

struct files_row {
	const char *name;
	const char *url; /* "%u" is a port where nobody ever answers */
	rlim_t left;     /* descriptors that are to be had */
};

/* clang-format off */
static const struct files_row files_rows[] = {
	{ "no descriptor for a connection", "http://127.0.0.1:%u/", 0 },
	{ "no descriptor for a name", "http://name.invalid:%u/", 0 },
	{ "no descriptor for the CA file", "https://127.0.0.1:%u/", 1 },
};
/* clang-format on */

/* Connections to it are made by the kernel, and accepted by nobody. */
static int open_silent(unsigned *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* valgrind lets socketpair() have descriptors beyond the limit. */
static bool limit_holds(void)
{
	struct rlimit none = files;
	int ends[2];

	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool holds = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (!holds) {
		close(ends[0]);
		close(ends[1]);
	}
	return holds;
}

static void files_row(void **state)
{
	const struct files_row *row = *state;

	if (!limit_holds())
		skip();
	struct bench *b = bench_open();
	struct job *job = prepare(b, 0, "");
	struct rlimit scarce = files;
	unsigned port;
	int silent = open_silent(&port), next = dup(STDERR_FILENO);

	assert_true(next >= 0);
	close(next);
	scarce.rlim_cur = (rlim_t)next + row->left;
	job->x.ca_file = "/etc/ssl/certs/ca-certificates.crt";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(job->url, sizeof(job->url), row->url, port);
#pragma GCC diagnostic pop
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &scarce), 0);
	run_both(b, job);
	assert_int_equal(first_error, UV_EMFILE);
	assert_int_equal(first_class, CLASS_INTERNAL);
	assert_string_equal(first_text, "too many open files: raise LimitNOFILE (ulimit -n)");
	close(silent);
	bench_free(b);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(memory_rows) + ARRAY_LEN(files_rows)];
	size_t count = 0;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, scarce_malloc, free, scarce_realloc,
				 scarce_strdup, scarce_calloc) != CURLE_OK)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(memory_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(memory_row, &memory_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(files_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(files_row, &files_rows[i]);
	int status = cmocka_run_group_tests_name("http_client_shortage", tests, NULL, NULL);
	curl_global_cleanup();
	return status;
}
