#include "http/limiter.h"

#include <stdlib.h>

#include "http/budget.h"

/*
 *   IDLE ──wait()──► WAITING ──turn()──► HELD ──release()──► IDLE
 *     ▲                 │
 *     └─────forget()────┘
 *
 * Whoever changes what is due (a new waiter, a release, a slow-down) only wakes the timer; grants
 * are given in limiter_turn(), which the timer calls. `accounts` is the order of turns: the first
 * account that may send does, and goes to the end.
 *
 * A turn looks at the clock once, so that it ends: what a bucket holds at that moment bounds how
 * often it can be served, whatever `granted` does.
 *
 * On close: the timer is the only handle; the limiter is freed in its close callback.
 */
struct limiter_account {
	struct list link; /* in limiter->accounts */
	struct limiter *limiter;
	uint64_t identity;
	unsigned users;
	struct list waiting; /* of limiter_ticket */
	unsigned held;
	double rate;   /* tokens per second, as configured */
	double tokens; /* at filled_ms */
	int64_t filled_ms;
	int64_t hold_until_ms; /* nothing goes out before */
	int64_t slow_until_ms; /* half the rate before */
	int64_t rest_until_ms; /* nobody should start anything before */
	struct retry_budget budget;
	struct lockout lockout;
};

struct limiter {
	const struct env *env;
	uv_timer_t timer;
	unsigned in_flight, in_flight_max;
	struct list accounts;
	unsigned account_count;
	bool closing;
	void (*closed)(void *data);
	void *closed_data;
};

/* Rounding errors must not cost another turn of the timer. */
static const double one_token = 1 - 1e-9;

static int64_t now_of(const struct limiter *limiter)
{
	return limiter->env->now_ms(limiter->env);
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

static double burst_of(double rate)
{
	double burst = lesser(rate, 10);

	if (burst < rate / 100)
		burst = rate / 100;
	return burst < 1 ? 1 : burst;
}

static bool is_slow(const struct limiter_account *account, int64_t now_ms)
{
	return now_ms < account->slow_until_ms;
}

/* Two rates may have been in force since the last fill: half until slow_until_ms, whole after. */
static void fill(struct limiter_account *account, int64_t now_ms)
{
	int64_t from = account->filled_ms;

	if (now_ms <= from)
		return;
	int64_t turning = account->slow_until_ms;
	turning = turning < from ? from : turning > now_ms ? now_ms : turning;
	double earned =
		account->rate / 1000 * ((double)(turning - from) / 2 + (double)(now_ms - turning));
	double rate = is_slow(account, now_ms) ? account->rate / 2 : account->rate;
	account->tokens = lesser(account->tokens + earned, burst_of(rate));
	account->filled_ms = now_ms;
}

/* Milliseconds until the account may send; 0: now. Looks at the bucket only. */
static int64_t due_in(struct limiter_account *account, int64_t now_ms)
{
	if (now_ms < account->hold_until_ms)
		return account->hold_until_ms - now_ms;
	fill(account, now_ms);
	if (account->tokens >= one_token)
		return 0;
	double rate = is_slow(account, now_ms) ? account->rate / 2 : account->rate;
	int64_t due = (int64_t)((one_token - account->tokens) / rate * 1000) + 1;
	if (is_slow(account, now_ms) && due > account->slow_until_ms - now_ms)
		due = account->slow_until_ms - now_ms; /* faster from there: look again */
	return due;
}

/*
 * Each account is sure of a share. Beyond it an account may take what the others leave when they
 * all take theirs, up to a half.
 */
static bool has_room(const struct limiter *limiter, const struct limiter_account *account)
{
	unsigned half = limiter->in_flight_max > 1 ? limiter->in_flight_max / 2 : 1;
	unsigned share = limiter->in_flight_max / (2 * limiter->account_count), owed = 0;
	const struct limiter_account *other;

	share = share > 0 ? share : 1;
	if (limiter->account_count == 1 || account->held < share)
		return true;
	if (account->held >= half)
		return false;
	list_for_each(other, &limiter->accounts, link)
		if (other != account && other->held < share)
			owed += share - other->held;
	return limiter->in_flight_max - limiter->in_flight > (owed < half ? owed : half);
}

/* The account whose turn it is, or NULL and the time until there is one (-1: nobody waits). */
static struct limiter_account *next_account(struct limiter *limiter, int64_t now_ms,
					    int64_t *ret_due_ms)
{
	struct limiter_account *account;

	*ret_due_ms = -1;
	list_for_each(account, &limiter->accounts, link) {
		if (list_empty(&account->waiting) || !has_room(limiter, account))
			continue;
		int64_t due = due_in(account, now_ms);
		if (due == 0)
			return account;
		if (*ret_due_ms < 0 || due < *ret_due_ms)
			*ret_due_ms = due;
	}
	return NULL;
}

static void grant(struct limiter *limiter, struct limiter_account *account)
{
	struct limiter_ticket *ticket = list_first(&account->waiting, struct limiter_ticket, link);

	list_remove(&ticket->link);
	list_remove(&account->link);
	list_append(&limiter->accounts, &account->link);
	account->tokens -= 1;
	account->held++;
	limiter->in_flight++;
	ticket->state = TICKET_HELD;
	budget_sent(&account->budget, now_of(limiter));
	ticket->granted(ticket); /* ticket and account may be gone after this */
}

static void on_timer(uv_timer_t *timer)
{
	(void)limiter_turn(container_of(timer, struct limiter, timer));
}

static void wake(struct limiter *limiter, int64_t in_ms)
{
	/* Fails only for a closing timer or a missing callback; neither is possible here. */
	int rc = uv_timer_start(&limiter->timer, on_timer, (uint64_t)in_ms, 0);

	assert(rc == 0);
	(void)rc;
}

int64_t limiter_turn(struct limiter *limiter)
{
	int64_t now_ms = now_of(limiter), due_ms = -1;

	while (!limiter->closing && limiter->in_flight < limiter->in_flight_max) {
		struct limiter_account *account = next_account(limiter, now_ms, &due_ms);
		if (!account)
			break;
		grant(limiter, account);
		due_ms = -1;
	}
	if (limiter->closing)
		return -1;
	if (due_ms < 0)
		uv_timer_stop(&limiter->timer);
	else
		wake(limiter, due_ms);
	return due_ms;
}

int limiter_open(struct limiter **ret, uv_loop_t *loop, const struct env *env,
		 unsigned in_flight_max)
{
	struct limiter *limiter = calloc(1, sizeof(*limiter));

	assert(in_flight_max > 0);
	if (!limiter)
		return UV_ENOMEM;
	limiter->env = env;
	limiter->in_flight_max = in_flight_max;
	list_init(&limiter->accounts);
	int rc = uv_timer_init(loop, &limiter->timer);
	if (rc < 0) {
		free(limiter);
		return rc;
	}
	*ret = limiter;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct limiter *limiter = container_of((uv_timer_t *)handle, struct limiter, timer);
	void (*closed)(void *) = limiter->closed;
	void *data = limiter->closed_data;

	free(limiter);
	if (closed)
		closed(data);
}

void limiter_close(struct limiter *limiter, void (*closed)(void *data), void *data)
{
	assert(list_empty(&limiter->accounts) && limiter->in_flight == 0 && !limiter->closing);
	limiter->closing = true;
	limiter->closed = closed;
	limiter->closed_data = data;
	uv_close((uv_handle_t *)&limiter->timer, on_timer_closed);
}

void limiter_set_in_flight_max(struct limiter *limiter, unsigned in_flight_max)
{
	assert(in_flight_max > 0);
	limiter->in_flight_max = in_flight_max;
	wake(limiter, 0);
}

static struct limiter_account *find(struct limiter *limiter, uint64_t identity)
{
	struct limiter_account *account;

	list_for_each(account, &limiter->accounts, link)
		if (identity != 0 && account->identity == identity)
			return account;
	return NULL;
}

int limiter_account_open(struct limiter_account **ret, struct limiter *limiter, uint64_t identity,
			 double requests_per_second)
{
	struct limiter_account *account = find(limiter, identity);

	assert(requests_per_second > 0);
	if (account) {
		account->users++;
		limiter_account_set_rate(account, lesser(account->rate, requests_per_second));
		*ret = account;
		return 0;
	}
	account = calloc(1, sizeof(*account));
	if (!account)
		return UV_ENOMEM;
	account->limiter = limiter;
	account->identity = identity;
	account->users = 1;
	list_init(&account->waiting);
	account->rate = requests_per_second;
	account->tokens = burst_of(requests_per_second);
	account->filled_ms = account->hold_until_ms = account->slow_until_ms = now_of(limiter);
	budget_init(&account->budget, now_of(limiter));
	list_append(&limiter->accounts, &account->link);
	limiter->account_count++;
	*ret = account;
	return 0;
}

void limiter_account_close(struct limiter_account *account)
{
	if (--account->users > 0)
		return;
	assert(list_empty(&account->waiting) && account->held == 0);
	list_remove(&account->link);
	account->limiter->account_count--;
	free(account);
}

double limiter_account_rate(const struct limiter_account *account)
{
	return account->rate;
}

void limiter_account_set_rate(struct limiter_account *account, double requests_per_second)
{
	int64_t now_ms = now_of(account->limiter);

	if (account->rate == requests_per_second)
		return;
	fill(account, now_ms); /* what was earned so far was earned at the old rate */
	account->rate = requests_per_second;
	account->tokens = lesser(account->tokens, burst_of(requests_per_second));
	wake(account->limiter, 0);
}

/* The element that a new waiter goes before: the end, or the first that is not urgent. */
static struct list *queue_of(struct limiter_account *account, bool urgent)
{
	struct limiter_ticket *waiting;

	list_for_each(waiting, &account->waiting, link)
		if (urgent && !waiting->urgent)
			return &waiting->link;
	return &account->waiting;
}

void limiter_wait(struct limiter_account *account, struct limiter_ticket *ticket)
{
	assert(ticket->state == TICKET_IDLE && ticket->granted);
	ticket->account = account;
	ticket->state = TICKET_WAITING;
	list_append(queue_of(account, ticket->urgent), &ticket->link);
	wake(account->limiter, 0);
}

void limiter_release(struct limiter_ticket *ticket)
{
	struct limiter_account *account = ticket->account;

	assert(ticket->state == TICKET_HELD);
	assert(account->held > 0 && account->limiter->in_flight > 0);
	ticket->state = TICKET_IDLE;
	account->held--;
	account->limiter->in_flight--;
	wake(account->limiter, 0);
}

void limiter_return(struct limiter_ticket *ticket)
{
	ticket->account->tokens += 1;
	budget_unsent(&ticket->account->budget);
	limiter_release(ticket);
}

void limiter_forget(struct limiter_ticket *ticket)
{
	assert(ticket->state != TICKET_HELD);
	if (ticket->state == TICKET_IDLE)
		return;
	ticket->state = TICKET_IDLE;
	list_remove(&ticket->link);
}

void limiter_slow_down(struct limiter_account *account, int64_t wait_ms, int64_t for_ms)
{
	int64_t now_ms = now_of(account->limiter);

	fill(account, now_ms);
	if (for_ms > 0 && now_ms + for_ms > account->slow_until_ms)
		account->slow_until_ms = now_ms + for_ms;
	if (wait_ms > 0 && now_ms + wait_ms > account->hold_until_ms)
		account->hold_until_ms = now_ms + wait_ms;
	/* No burst greets a cloud that has just asked for rest: the bucket keeps one request and
	 * fills again from the end of the wait on. */
	bool holding = now_ms < account->hold_until_ms;
	account->tokens = holding ? 1 : lesser(account->tokens, 1);
	account->filled_ms = holding ? account->hold_until_ms : now_ms;
	wake(account->limiter, 0);
}

void limiter_rest(struct limiter_account *account, int64_t wait_ms)
{
	int64_t until_ms = now_of(account->limiter) + wait_ms;

	if (until_ms > account->rest_until_ms)
		account->rest_until_ms = until_ms;
}

int64_t limiter_rests_until(const struct limiter_account *account)
{
	return account->rest_until_ms;
}

struct lockout *limiter_lockout(struct limiter_account *account)
{
	return &account->lockout;
}

bool limiter_may_retry(struct limiter_account *account, bool timed_out)
{
	return budget_take(&account->budget, timed_out ? BUDGET_TIMEOUT : BUDGET_RETRY,
			   now_of(account->limiter));
}

void limiter_succeeded(struct limiter_account *account)
{
	budget_succeeded(&account->budget);
}
