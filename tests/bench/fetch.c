/*
 * The least that a poll could cost: the pages of one listing fetched with the daemon's own HTTP
 * client and signer, and the fingerprint of each. Nothing is parsed; which pages to ask for is an
 * argument.
 *
 *   bench_fetch ENDPOINT REGION PAGES STEP TOTAL IN_FLIGHT
 *                                 one line: pages, bytes, fingerprint, wall and CPU seconds
 *
 * PAGES pages at 0, STEP, 2·STEP …, none behind the last item of TOTAL; the last one is page 0
 * again, as a poll of several pages ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "http/client.h"
#include "http/encode.h"
#include "providers/registry.h"
#include "tests/bench/bench.h"

/* The vendors' documented example key; the simulator knows it. */
static const struct credentials credentials = { "ucloudsomeone@example.com1296235120854146120",
						"46f09bb9fab4f12dfc160dae12273d5332b5debe" };

enum { IN_FLIGHT_MAX = 32, BODY_MAX = 16 << 20 };

struct bench;

struct slot {
	struct http_exchange exchange;
	struct bench *bench;
	struct buf url, body;
};

struct bench {
	struct http_client *client;
	const struct provider *provider;
	const struct service *service;
	const char *endpoint, *region;
	unsigned long pages, step, total, asked, answered;
	uint64_t hash, bytes;
	struct slot slots[IN_FLIGHT_MAX];
};

static void on_done(struct http_exchange *x);

static void ask(struct slot *slot)
{
	struct bench *b = slot->bench;
	const struct env *env = env_system();
	struct request r = { .method = b->provider->method, .path = "/" };
	unsigned long page = b->asked++, at = page * b->step;
	char offset[24], limit[24];

	if (at >= b->total)
		at = b->total - 1;
	if (page + 1 == b->pages)
		at = 0;
	snprintf(offset, sizeof(offset), "%lu", at);
	snprintf(limit, sizeof(limit), "%u", b->service->paging.page_items);
	bool fits = request_add(&r, b->service->paging.offset, offset) &&
		    request_add(&r, b->service->paging.limit, limit) &&
		    request_add(&r, b->provider->action_param, b->service->action) &&
		    request_add(&r, b->provider->region_param, b->region);
	for (const struct fixed_param *p = b->service->params; p && p->name; p++)
		fits = fits && request_add(&r, p->name, p->value);
	if (!fits || b->provider->sign(&r, &credentials, env->now_s(env)) < 0 ||
	    request_encode(&r, b->endpoint, b->provider->action_param, &slot->url, &slot->body) < 0)
		die("cannot fetch", "the request cannot be made");
	slot->exchange = (struct http_exchange){
		.method = b->provider->method,
		.url = buf_text(&slot->url),
		.body = slot->body.len > 0 ? slot->body.bytes : NULL,
		.body_len = slot->body.len,
		.timeout_ms = 30000,
		.body_max_bytes = BODY_MAX,
		.done = on_done,
	};
	if (http_client_submit(b->client, &slot->exchange) < 0)
		die("cannot fetch", "the request cannot be sent");
}

static bool is_success(const char *answer)
{
	static const char key[] = "\"RetCode\"";
	const char *at = strstr(answer, key);

	if (!at)
		return false;
	at += sizeof(key) - 1;
	at += strspn(at, ": \t\r\n\""); /* as a number or as text */
	return at[0] == '0' && !strchr("0123456789", at[1]);
}

static void on_done(struct http_exchange *x)
{
	struct slot *slot = container_of(x, struct slot, exchange);
	struct bench *b = slot->bench;

	if (x->error != 0 || x->status != 200)
		die("cannot fetch", x->error != 0 ? x->error_text : "status is not 200");
	if (!is_success(buf_text(&x->response)))
		die("the answer is not RetCode 0", buf_text(&x->response));
	b->hash ^= hash_bytes(x->response.bytes, x->response.len, 1);
	b->bytes += x->response.len;
	http_exchange_clear(x);
	b->answered++;
	if (b->asked < b->pages)
		ask(slot);
	else if (b->answered == b->pages)
		http_client_close(b->client, NULL, NULL);
}

static const struct service *find_service(const struct provider *p, const char *name)
{
	for (const struct service *s = p->services; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	die("cannot fetch", "the provider has no such service");
}

static const struct provider *find_provider(const char *name)
{
	for (size_t i = 0; builtin_providers[i]; i++)
		if (strcmp(builtin_providers[i]->name, name) == 0)
			return builtin_providers[i];
	die("cannot fetch", "there is no such provider");
}

static unsigned long number(const char *text)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || *end || n == 0)
		die("cannot fetch", "PAGES, STEP, TOTAL and IN_FLIGHT are numbers above 0");
	return n;
}

int main(int argc, char **argv)
{
	static struct bench b;
	uv_loop_t loop;

	if (argc != 7) {
		fputs("Usage: bench_fetch ENDPOINT REGION PAGES STEP TOTAL IN_FLIGHT\n", stderr);
		return 2;
	}
	b.provider = find_provider("ucloud");
	b.service = find_service(b.provider, "uhost");
	b.endpoint = argv[1];
	b.region = argv[2];
	b.pages = number(argv[3]);
	b.step = number(argv[4]);
	b.total = number(argv[5]);
	unsigned long in_flight = number(argv[6]);
	if (in_flight > IN_FLIGHT_MAX)
		die("cannot fetch", "IN_FLIGHT is too large");

	if (uv_loop_init(&loop) < 0 || http_client_open(&b.client, &loop) < 0)
		die("cannot fetch", "the HTTP client could not start");
	/* A daemon that runs has its libraries loaded: starting is not counted. */
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned long i = 0; i < in_flight && b.asked < b.pages; i++) {
		b.slots[i].bench = &b;
		ask(&b.slots[i]);
	}
	if (uv_run(&loop, UV_RUN_DEFAULT) != 0 || uv_loop_close(&loop) != 0)
		die("cannot fetch", "the loop did not end");
	printf("pages=%lu bytes=%" PRIu64 " hash=%016" PRIx64 " wall=%.6f cpu=%.6f\n", b.answered,
	       b.bytes, b.hash, seconds(CLOCK_MONOTONIC) - wall,
	       seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	for (unsigned long i = 0; i < in_flight; i++) {
		buf_finish(&b.slots[i].url);
		buf_finish(&b.slots[i].body);
	}
	return 0;
}
