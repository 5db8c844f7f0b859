/*
 * One answer of a listing: wait for the account's turn, sign, send, read on a worker thread, and
 * try again where the class of the failure allows it.
 *
 * Thread: the loop; only reading runs elsewhere. The caller embeds a fetch and may use it for
 * one request after the other. done() is called exactly once for every fetch_start(), never from
 * inside it.
 */
#pragma once

#include <uv.h>

#include "daemon/account.h"
#include "daemon/failure.h"
#include "daemon/redact.h"
#include "daemon/runtime.h"
#include "imagecat/provider.h"
#include "model/page.h"
#include "model/places.h"
#include "model/recall.h"

/* What to ask. Borrowed until done. */
struct fetch_call {
	struct account *account;
	const char *action;
	const struct fixed_param *params;    /* may be NULL */
	const char *region, *zone, *project; /* NULL where not asked for */
	const char *variant_param, *variant;
	const struct page_scope *scope;    /* reads images … */
	const struct recall *recall;       /* … unless the page is one of these */
	const struct discovery *discovery; /* … or, when set, places */
};

/* Counts over all fetches of a poll. */
struct fetch_counts {
	int64_t requests, retries, throttled, bytes;
	int64_t first_sent_ms; /* monotonic; 0 while nothing was sent, the poll may reset it */
};

/* clang-format off */
enum fetch_state {
	FETCH_IDLE, FETCH_WAITING, FETCH_SENDING, FETCH_READING, FETCH_PAUSING, FETCH_CLOSED,
	FETCH_STATES,
};
/* clang-format on */

struct fetch;
typedef void fetch_done_fn(struct fetch *fetch);

struct fetch {
	/* Result, valid in done(). */
	struct failure failure; /* class NONE: page (or places) is good */
	bool cancelled;
	uint64_t credential; /* of the keys that the last try was signed with */
	bool withheld;       /* it was not sent: the key is refused, and another listing tries it */
	struct page page;    /* the caller may take it; else the next start frees it */
	uint64_t body_hash;  /* fingerprint of the answer that `page` was read from */
	bool recalled;       /* page came from `recall`: none of its items was parsed */
	struct places places;
	struct http_exchange exchange; /* of the last try: status, sizes */
	struct buf sentence;           /* why it failed, without the listing's name */

	/* fetch.c's own. */
	const struct runtime *runtime;
	const struct fetch_call *call;
	struct fetch_counts *counts;
	const char *offset_param, *limit_param;
	char offset_text[24], limit_text[24]; /* "" when the call is not paged */
	enum fetch_state state;
	unsigned tries;
	struct limiter_ticket ticket;
	char signature[128];       /* of the last try */
	struct account_keys *keys; /* it was signed with; held until its answer is judged */
	struct redact redact;      /* while the answer is read */
	struct buf url, body;
	uv_timer_t timer;
	uv_work_t work;
	fetch_done_fn *done;
	void (*closed)(struct fetch *fetch);
	void *user; /* the caller's */
};

int fetch_open(struct fetch *fetch, const struct runtime *runtime);

/* `limit` 0 sends neither offset nor limit. */
void fetch_start(struct fetch *fetch, const struct fetch_call *call, struct fetch_counts *counts,
		 const char *offset_param, uint64_t offset, const char *limit_param, unsigned limit,
		 fetch_done_fn *done);

/* done() comes soon, or from inside this, with `cancelled`; nothing happens to an idle fetch. */
void fetch_cancel(struct fetch *fetch);

/* Only when idle. closed() is called once the timer is closed. */
void fetch_close(struct fetch *fetch, void (*closed)(struct fetch *fetch));
