/*
 * When a request may go out, and whether it may go out again: a token bucket and a budget of
 * retries per account, and a cap on all requests in flight.
 *
 * Fair: accounts take turns; waiters of one account are served in order, urgent ones first. Where
 * there are several accounts none holds more than half of what may be in flight, and some of it is
 * kept for those that hold little: requests that hang are their own account's trouble.
 * Thread: the loop.
 */
#pragma once

#include <uv.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/lockout.h"

struct limiter;
struct limiter_account; /* what the cloud sees as one user */

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

/* Of all requests of all accounts; holds from the next grant on. */
void limiter_set_in_flight_max(struct limiter *limiter, unsigned in_flight_max);

/*
 * A bucket holds one second's worth of requests, between 1 and 10 (a hundredth of a second's worth
 * where that is more: the timer cannot be finer), and starts full. Who opens an `identity` that is
 * open already shares it: all of it, at the lower of the rates. Identity 0 is shared with nobody.
 */
int limiter_account_open(struct limiter_account **ret, struct limiter *limiter, uint64_t identity,
			 double requests_per_second);
/* Once for every open; with the last no ticket of it is left. */
void limiter_account_close(struct limiter_account *account);

double limiter_account_rate(const struct limiter_account *account); /* as configured */
void limiter_account_set_rate(struct limiter_account *account, double requests_per_second);

void limiter_wait(struct limiter_account *account, struct limiter_ticket *ticket);
void limiter_release(struct limiter_ticket *ticket);
/* The same for what was not sent after all: the turn costs nothing. Only inside `granted`. */
void limiter_return(struct limiter_ticket *ticket);
/* Gives up waiting; nothing happens to an idle ticket. A held one must be released instead. */
void limiter_forget(struct limiter_ticket *ticket);

/*
 * A throttled account: its rate is halved until now + for_ms, and nothing of it goes out for
 * wait_ms, after which one request may. Called again, the later end counts; the rate is not
 * halved twice.
 */
void limiter_slow_down(struct limiter_account *account, int64_t wait_ms, int64_t for_ms);

/*
 * The cloud said when it wants to be asked again. What waits or is in flight goes on, so that
 * nothing hangs for an hour; who starts something new looks at limiter_rests_until() first.
 */
void limiter_rest(struct limiter_account *account, int64_t wait_ms);
int64_t limiter_rests_until(const struct limiter_account *account); /* on the env's clock */

/* Whether the user's key is refused; borrowed. */
struct lockout *limiter_lockout(struct limiter_account *account);

/* The budget of retries (http/budget.h). Every grant counts as a request, unless it is
 * returned. */
bool limiter_may_retry(struct limiter_account *account, bool timed_out); /* takes what it costs */
void limiter_succeeded(struct limiter_account *account);

/*
 * Grants what may go out now and sets the timer for the rest. The loop calls it; so does a test
 * whose env has a clock of its own. Returns the milliseconds until the next grant is due, -1 when
 * none is (nobody waits, or only a release helps).
 */
int64_t limiter_turn(struct limiter *limiter);
