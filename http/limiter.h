/*
 * When a request may go out: a token bucket per account and a cap on all requests in flight.
 *
 * Fair: accounts take turns; waiters of one account are served in order, urgent ones first.
 * Thread: the loop.
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/list.h"

struct limiter;
struct limiter_account; /* the bucket of one account */

/*
 * Embedded, zeroed, by whoever wants to send. `granted` is called once, on the loop, never from
 * inside limiter_wait(); the holder must then call limiter_release() when its exchange has ended.
 * Inside `granted` everything of this header may be called.
 */
struct limiter_ticket {
	void (*granted)(struct limiter_ticket *ticket);
	struct list link;
	struct limiter_account *account;
	bool urgent; /* set by the holder before waiting: served before those that are not */
	enum { TICKET_IDLE, TICKET_WAITING, TICKET_HELD } state;
};

int limiter_open(struct limiter **ret, uv_loop_t *loop, const struct env *env,
		 unsigned in_flight_max);
/* Every account is closed before; `closed` may be NULL. */
void limiter_close(struct limiter *limiter, void (*closed)(void *data), void *data);

/* A bucket holds one second's worth of requests, between 1 and 10 (a hundredth of a second's worth
 * where that is more: the timer cannot be finer), and starts full. */
int limiter_account_open(struct limiter_account **ret, struct limiter *limiter,
			 double requests_per_second);
void limiter_account_close(struct limiter_account *account); /* no ticket of it is left */

void limiter_wait(struct limiter_account *account, struct limiter_ticket *ticket);
void limiter_release(struct limiter_ticket *ticket);
/* Gives up waiting; nothing happens to an idle ticket. A held one must be released instead. */
void limiter_forget(struct limiter_ticket *ticket);

/*
 * A throttled account: its rate is halved until now + for_ms, and nothing of it goes out for
 * wait_ms, after which one request may. Called again, the later end counts; the rate is not
 * halved twice.
 */
void limiter_slow_down(struct limiter_account *account, int64_t wait_ms, int64_t for_ms);

/*
 * Grants what may go out now and sets the timer for the rest. The loop calls it; so does a test
 * whose env has a clock of its own. Returns the milliseconds until the next grant is due, -1 when
 * none is (nobody waits, or only a release helps).
 */
int64_t limiter_turn(struct limiter *limiter);
