#include "daemon/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/hash.h"
#include "daemon/admission.h"
#include "daemon/traffic.h"
#include "http/encode.h"

/*
 *   idle ─start─► waiting ─turn─► sending ─answer─► reading ─► idle, done()
 *                    ▲                │                │
 *                    └─── pausing ◄───┴── may retry ◄──┘
 *
 * Failures: judged by daemon/failure after every try; the last one stays in `failure`. Another try
 * needs the class to allow it and the account's budget of retries to pay for it.
 * On cancel: a fetch that waits or pauses is done in the next loop turn; one that reads is done
 * when the worker is. The limiter's ticket is held from the grant until the answer has arrived.
 */
/* clang-format off */
enum {
	PAUSE_FIRST_MS = 500,
	PAUSE_MAX_MS = 20 * 1000,
	THROTTLED_PAUSE_MIN_MS = 5 * 1000,
	THROTTLED_PAUSE_MAX_MS = 20 * 1000,
	THROTTLED_FOR_MS = 10 * 60 * 1000,
	RETRY_AFTER_IN_POLL_MAX_S = 30, /* a longer wait ends the poll, and the account rests */
};
/* clang-format on */

#define TO(state) (1u << FETCH_##state)
/* clang-format off */
static const struct { const char *name; unsigned next; } states[FETCH_STATES] = {
	[FETCH_IDLE]    = { "idle",    TO(WAITING) | TO(CLOSED) },
	[FETCH_WAITING] = { "waiting", TO(SENDING) | TO(IDLE) },
	[FETCH_SENDING] = { "sending", TO(READING) | TO(PAUSING) | TO(IDLE) },
	[FETCH_READING] = { "reading", TO(PAUSING) | TO(IDLE) },
	[FETCH_PAUSING] = { "pausing", TO(WAITING) | TO(IDLE) },
	[FETCH_CLOSED]  = { "closed",  0 },
};
/* clang-format on */

static void move(struct fetch *f, enum fetch_state next)
{
	assert(states[f->state].next & (1u << next));
	f->state = next;
}

static void drop_keys(struct fetch *f)
{
	account_keys_release(f->keys);
	f->keys = NULL;
}

static void finish(struct fetch *f)
{
	drop_keys(f);
	move(f, FETCH_IDLE);
	f->done(f);
}

static void fail_internal(struct fetch *f, const char *what)
{
	f->failure = (struct failure){ .class = CLASS_INTERNAL, .tries_max = 1 };
	buf_clear(&f->sentence);
	buf_puts(&f->sentence, what);
	finish(f);
}

static void drop_answer(struct fetch *f)
{
	page_finish(&f->page);
	places_finish(&f->places);
	f->page = (struct page){ 0 };
	f->places = (struct places){ 0 };
	http_exchange_clear(&f->exchange);
}

/* ---- after an answer --------------------------------------------------------------------- */

static void on_pause_over(uv_timer_t *timer)
{
	struct fetch *f = container_of(timer, struct fetch, timer);

	if (f->cancelled) {
		finish(f);
		return;
	}
	f->counts->retries++;
	f->ticket.urgent = true;
	move(f, FETCH_WAITING);
	limiter_wait(f->call->account->limit, &f->ticket);
}

/* Full jitter under a doubling cap; a throttled account waits as long as it was told to. */
static int64_t pause_ms(const struct fetch *f)
{
	const struct env *env = f->runtime->env;
	int64_t cap = PAUSE_FIRST_MS << (f->tries < 6 ? f->tries - 1 : 5);

	if (f->failure.resign)
		return 0;
	if (f->failure.class == CLASS_THROTTLED && f->exchange.retry_after_s >= 0)
		return f->exchange.retry_after_s * 1000;
	if (f->failure.class == CLASS_THROTTLED)
		return env_between(env, THROTTLED_PAUSE_MIN_MS, THROTTLED_PAUSE_MAX_MS);
	return env_between(env, 0, cap < PAUSE_MAX_MS ? cap : PAUSE_MAX_MS);
}

/* The server wants to be left alone for longer than a poll should last. */
static bool is_sent_away(const struct fetch *f)
{
	return f->failure.class == CLASS_THROTTLED &&
	       f->exchange.retry_after_s > RETRY_AFTER_IN_POLL_MAX_S;
}

/* Pays for the retry. */
static bool may_retry(const struct fetch *f)
{
	if (f->cancelled || f->tries >= f->failure.tries_max || is_sent_away(f))
		return false;
	return limiter_may_retry(f->call->account->limit, f->failure.class == CLASS_TIMEOUT);
}

static void note_throttled(struct fetch *f)
{
	struct limiter_account *limit = f->call->account->limit;

	f->counts->throttled++;
	limiter_slow_down(limit, 0, THROTTLED_FOR_MS);
	if (is_sent_away(f))
		limiter_rest(limit, f->exchange.retry_after_s * 1000);
}

/*
 * A provider may echo what we sent: nothing of a key survives in text that is kept, nor of a
 * signature, which UCloud accepts for ever. In the body it was painted over as it stood there; in
 * the message once more, now that it has been unescaped.
 */
static void redact_message(struct fetch *f)
{
	const char *message = f->call->discovery ? f->places.message : f->page.message;

	if (message)
		redact_text(&f->redact, (char *)(uintptr_t)message);
	redact_finish(&f->redact);
}

static void judge(struct fetch *f)
{
	const struct config_account *account = f->call->account->config;
	bool read = failure_body_counts(&f->exchange);
	struct page seen = f->page;

	if (f->call->discovery) {
		seen.class = f->places.class;
		seen.error = f->places.error;
		seen.code = f->places.code;
		seen.message = f->places.message;
	}
	f->failure = failure_judge(account->provider, &f->exchange, read ? &seen : NULL);
	buf_clear(&f->sentence);
	if (f->failure.class == CLASS_NONE)
		limiter_succeeded(f->call->account->limit);
	if (f->failure.class == CLASS_NONE || f->cancelled) {
		finish(f);
		return;
	}
	timekeeper_look(f->runtime->time, f->runtime->env);
	failure_put(&f->sentence, &f->failure, account, &f->exchange, read ? &seen : NULL,
		    f->runtime->env->now_s(f->runtime->env), timekeeper_doubts(f->runtime->time));
	if (f->failure.class == CLASS_THROTTLED)
		note_throttled(f);
	/* Of others that came into use meanwhile nothing was said. */
	if (f->failure.class == CLASS_AUTH && f->keys == f->call->account->keys)
		f->call->account->keys_refused = true;
	if (!may_retry(f)) {
		finish(f);
		return;
	}
	int64_t wait_ms = pause_ms(f);
	drop_keys(f);
	move(f, FETCH_PAUSING);
	int rc = uv_timer_start(&f->timer, on_pause_over, (uint64_t)wait_ms, 0);
	assert(rc == 0);
}

static void on_work(uv_work_t *work)
{
	struct fetch *f = container_of(work, struct fetch, work);
	const char *bytes = buf_text(&f->exchange.response);
	size_t len = f->exchange.response.len;

	if (len > 0)
		redact_body(&f->redact, f->exchange.response.bytes, len);
	if (f->call->discovery)
		places_read(&f->places, bytes, len, f->call->account->config->provider,
			    f->call->discovery);
	else
		page_read(&f->page, bytes, len, f->call->scope);
}

static void on_work_done(uv_work_t *work, int status)
{
	struct fetch *f = container_of(work, struct fetch, work);

	assert(status == 0); /* never cancelled */
	/* The body was copied into the page's arena where it is needed. */
	buf_finish(&f->exchange.response);
	redact_message(f);
	judge(f);
}

/* A page whose bytes have not changed costs its fingerprint and no more. */
static bool recall_page_of(struct fetch *f)
{
	const struct fetch_call *call = f->call;
	const struct buf *body = &f->exchange.response;

	f->recalled = false;
	if (call->discovery)
		return false;
	f->body_hash = hash_bytes(buf_text(body), body->len, call->scope->seed);
	const struct recall_page *found =
		call->recall ? recall_find(call->recall, call->scope->known, f->body_hash) : NULL;
	if (!found)
		return false;
	f->recalled = recall_fill(call->recall, call->scope->known, found, &f->page);
	if (!f->recalled)
		page_finish(&f->page);
	return f->recalled;
}

/* All that was sent and is nobody's business; values of headers may be tokens of a gateway. */
static int add_secrets(struct fetch *f)
{
	const struct config_header *header = f->call->account->config->headers;
	int rc = redact_add(&f->redact, f->keys->secret.bytes);

	if (rc == 0)
		rc = redact_add(&f->redact, f->signature);
	for (; rc == 0 && header && header->name; header++)
		rc = redact_add(&f->redact, header->value);
	return rc;
}

static void on_exchange_done(struct http_exchange *x)
{
	struct fetch *f = container_of(x, struct fetch, exchange);

	limiter_release(&f->ticket);
	crypto_finish(&f->url);
	crypto_finish(&f->body);
	f->counts->bytes += x->received_bytes;
	if (x->error == UV_ECANCELED) {
		f->cancelled = true;
		finish(f);
		return;
	}
	traffic_add(f->runtime->traffic, f->call->account->config->name, x->error ? 0 : x->status);
	if (!failure_body_counts(x)) {
		judge(f);
		return;
	}
	if (recall_page_of(f)) {
		http_exchange_clear(x);
		judge(f);
		return;
	}
	if (add_secrets(f) < 0) {
		redact_finish(&f->redact);
		http_exchange_clear(x);
		fail_internal(f, "out of memory");
		return;
	}
	move(f, FETCH_READING);
	int rc = uv_queue_work(f->runtime->loop, &f->work, on_work, on_work_done);
	assert(rc == 0);
}

/* ---- before an answer -------------------------------------------------------------------- */

static int build_request(const struct fetch *f, struct request *r)
{
	const struct fetch_call *call = f->call;
	const struct provider *p = call->account->config->provider;
	const struct credentials credentials = { f->keys->id.bytes, f->keys->secret.bytes };
	bool fits;

	r->method = p->method;
	r->path = call->account->path;
	fits = request_add(r, p->action_param, call->action);
	for (const struct fixed_param *x = call->params; x && x->name; x++)
		fits = fits && request_add(r, x->name, x->value);
	if (p->region_param)
		fits = fits && request_add(r, p->region_param, call->region);
	if (p->zone_param)
		fits = fits && request_add(r, p->zone_param, call->zone);
	if (p->project_param)
		fits = fits && request_add(r, p->project_param, call->project);
	if (call->variant_param)
		fits = fits && request_add(r, call->variant_param, call->variant);
	if (!fits)
		return UV_ENOBUFS;
	return p->sign(r, &credentials, f->runtime->env->now_s(f->runtime->env));
}

static void transmit(struct fetch *f)
{
	const struct config_account *account = f->call->account->config;
	struct request request = { 0 };

	f->keys = account_keys_hold(f->call->account->keys);
	f->credential = account_credential(f->call->account, f->runtime->seed);
	drop_answer(f); /* of the try before */
	/* Signed here and not earlier: a signature may be good for a minute only. */
	if (f->offset_text[0]) {
		request_add(&request, f->offset_param, f->offset_text);
		request_add(&request, f->limit_param, f->limit_text);
	}
	int rc = build_request(f, &request);
	/* sign_fn: the signature is the last parameter. Remembered to be recognised in an echo. */
	if (rc == 0)
		snprintf(f->signature, sizeof(f->signature), "%s",
			 request.params[request.count - 1].value);
	if (rc == 0)
		rc = request_encode(&request, account->endpoint, account->provider->action_param,
				    &f->url, &f->body);
	if (rc == 0) {
		f->exchange = (struct http_exchange){
			.method = account->provider->method,
			.url = buf_text(&f->url),
			.body = f->body.len > 0 ? f->body.bytes : NULL,
			.body_len = f->body.len,
			.headers = f->call->account->headers,
			.ca_file = account->ca_file,
			.proxy = account->proxy,
			.timeout_ms = account->timeout_ms,
			.body_max_bytes = (size_t)f->runtime->config->limits.max_body_bytes,
			.done = on_exchange_done,
		};
		move(f, FETCH_SENDING);
		if (f->counts->first_sent_ms == 0)
			f->counts->first_sent_ms = f->runtime->env->now_ms(f->runtime->env);
		f->tries++;
		rc = http_client_submit(f->runtime->client, &f->exchange);
		f->counts->requests += rc == 0;
	}
	crypto_wipe(request.scratch, sizeof(request.scratch));
	if (rc == 0)
		return;
	limiter_release(&f->ticket);
	crypto_finish(&f->url);
	crypto_finish(&f->body);
	fail_internal(f, rc == UV_ENOMEM ? "out of memory" : "the request could not be made");
}

/* While it waited for its turn, the key was refused elsewhere. */
static void withhold(struct fetch *f)
{
	f->withheld = true;
	/* A retry has failed already, and that is why. */
	if (f->tries == 0) {
		f->failure = (struct failure){ .class = CLASS_AUTH, .tries_max = 1 };
		buf_clear(&f->sentence);
		admission_put(&f->sentence, f->call->account);
	}
	finish(f);
}

static void on_granted(struct limiter_ticket *ticket)
{
	struct fetch *f = container_of(ticket, struct fetch, ticket);

	if (f->cancelled) {
		limiter_release(ticket);
		finish(f);
		return;
	}
	if (!admission_ask(f->call->account, f->runtime, f->call)) {
		limiter_return(ticket);
		withhold(f);
		return;
	}
	transmit(f);
}

/* ---- public ------------------------------------------------------------------------------ */

int fetch_open(struct fetch *f, const struct runtime *runtime)
{
	*f = (struct fetch){ .runtime = runtime };
	return uv_timer_init(runtime->loop, &f->timer);
}

void fetch_start(struct fetch *f, const struct fetch_call *call, struct fetch_counts *counts,
		 const char *offset_param, uint64_t offset, const char *limit_param, unsigned limit,
		 fetch_done_fn *done)
{
	drop_answer(f);
	f->call = call;
	f->counts = counts;
	f->done = done;
	f->tries = 0;
	f->credential = 0;
	f->cancelled = f->withheld = false;
	f->offset_text[0] = f->limit_text[0] = '\0';
	f->offset_param = offset_param;
	f->limit_param = limit_param;
	if (limit > 0) {
		snprintf(f->offset_text, sizeof(f->offset_text), "%" PRIu64, offset);
		snprintf(f->limit_text, sizeof(f->limit_text), "%u", limit);
	}
	f->ticket =
		(struct limiter_ticket){ .granted = on_granted, .urgent = counts->requests > 0 };
	move(f, FETCH_WAITING);
	limiter_wait(call->account->limit, &f->ticket);
}

static void on_cancelled(uv_timer_t *timer)
{
	struct fetch *f = container_of(timer, struct fetch, timer);

	finish(f);
}

void fetch_cancel(struct fetch *f)
{
	int rc = 0;

	if (f->cancelled)
		return;
	switch (f->state) {
	case FETCH_IDLE:
	case FETCH_CLOSED:
	case FETCH_STATES: break;
	case FETCH_WAITING:
		f->cancelled = true;
		limiter_forget(&f->ticket);
		rc = uv_timer_start(&f->timer, on_cancelled, 0, 0);
		break;
	case FETCH_PAUSING:
		f->cancelled = true;
		rc = uv_timer_start(&f->timer, on_pause_over, 0, 0);
		break;
	case FETCH_SENDING: http_client_cancel(f->runtime->client, &f->exchange); break;
	case FETCH_READING: f->cancelled = true; break;
	}
	assert(rc == 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct fetch *f = container_of((uv_timer_t *)handle, struct fetch, timer);

	drop_answer(f);
	buf_finish(&f->sentence);
	f->closed(f);
}

void fetch_close(struct fetch *f, void (*closed)(struct fetch *fetch))
{
	move(f, FETCH_CLOSED);
	f->closed = closed;
	uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}
