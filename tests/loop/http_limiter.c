#include "http/limiter.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/*
 * A limiter on a clock that the test moves; turns are taken by hand, so that nothing depends on
 * how fast the machine is. Two tests let the loop's own timer work.
 */
enum { WAITERS = 64 };

struct waiter {
	struct limiter_ticket ticket;
	struct bench *bench;
	char name;  /* put into bench->order when granted */
	bool quick; /* releases at once */
};

struct bench {
	uv_loop_t loop;
	struct env env;
	int64_t now_ms;
	struct limiter *limiter;
	struct waiter waiters[WAITERS];
	size_t used;
	char order[WAITERS + 1];
	size_t granted;
	bool closed;
};

static int64_t fake_now_ms(const struct env *env)
{
	return ((struct bench *)env->data)->now_ms;
}

static void on_closed(void *data)
{
	((struct bench *)data)->closed = true;
}

static struct bench *bench_open(unsigned in_flight_max)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->now_ms = 1000000;
	b->env = (struct env){ .now_ms = fake_now_ms, .data = b };
	assert_int_equal(uv_loop_init(&b->loop), 0);
	assert_int_equal(limiter_open(&b->limiter, &b->loop, &b->env, in_flight_max), 0);
	return b;
}

static void bench_close(struct bench *b)
{
	limiter_close(b->limiter, on_closed, b);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_true(b->closed);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	free(b);
}

static void on_granted(struct limiter_ticket *ticket)
{
	struct waiter *w = container_of(ticket, struct waiter, ticket);

	assert_int_equal(ticket->state, TICKET_HELD);
	w->bench->order[w->bench->granted++] = w->name;
	if (w->quick)
		limiter_release(ticket);
}

static struct waiter *stand_in(struct bench *b, struct limiter_account *account, char name)
{
	struct waiter *w = &b->waiters[b->used++];
	size_t before = b->granted;

	assert_true(b->used <= WAITERS);
	*w = (struct waiter){ .bench = b, .name = name, .quick = true };
	w->ticket.granted = on_granted;
	limiter_wait(account, &w->ticket);
	assert_int_equal(b->granted, before); /* never from inside limiter_wait() */
	return w;
}

static void move_clock(struct bench *b, int64_t ms)
{
	b->now_ms += ms;
	limiter_turn(b->limiter);
}

/* ---- the bucket: how many have been granted, step by step ----------------------------------- */

struct rate_row {
	const char *name;
	double rps;
	int64_t slow_at_ms, wait_ms, for_ms; /* a slow-down; slow_at_ms -1: none */
	struct {
		int64_t at_ms;
		size_t granted;
	} steps[6];
};

/* clang-format off */
static const struct rate_row rate_rows[] = {
	{ "one a second",             1,    -1, 0, 0, { { 0, 1 }, { 999, 1 }, { 1000, 2 }, { 1999, 2 }, { 2000, 3 } } },
	{ "half a second's worth",    0.5,  -1, 0, 0, { { 0, 1 }, { 1999, 1 }, { 2000, 2 }, { 3999, 2 }, { 4000, 3 } } },
	{ "one in 100 seconds",       0.01, -1, 0, 0, { { 0, 1 }, { 99999, 1 }, { 100000, 2 } } },
	{ "burst of five",            5,    -1, 0, 0, { { 0, 5 }, { 199, 5 }, { 200, 6 }, { 1000, 10 } } },
	{ "burst of ten at most",     20,   -1, 0, 0, { { 0, 10 }, { 49, 10 }, { 50, 11 }, { 100, 12 } } },
	{ "idle time fills no more than a burst", 5, -1, 0, 0, { { 0, 5 }, { 3600000, 10 }, { 3600199, 10 }, { 3600200, 11 } } },
	{ "very fast",                1e6,  -1, 0, 0, { { 0, 60 } } },
	{ "waits, then one, then half the rate", 5, 0, 2000, 600000,
	  { { 0, 0 }, { 1999, 0 }, { 2000, 1 }, { 2399, 1 }, { 2400, 2 }, { 2800, 3 } } },
	{ "half the rate without a wait", 5, 0, 0, 600000,
	  { { 0, 1 }, { 399, 1 }, { 400, 2 }, { 800, 3 } } },
	{ "the whole rate again after for_ms", 1, 0, 0, 4000,
	  { { 0, 1 }, { 1999, 1 }, { 2000, 2 }, { 4000, 3 }, { 4999, 3 }, { 5000, 4 } } },
	{ "the rate doubles half-way to the next", 1, 0, 0, 1000,
	  { { 0, 1 }, { 1000, 1 }, { 1499, 1 }, { 1500, 2 }, { 2500, 3 } } },
	{ "wait longer than slow",    1,    0, 5000, 1000, { { 4999, 0 }, { 5000, 1 }, { 5999, 1 }, { 6000, 2 } } },
	{ "nothing of either",        5,    0, 0, 0, { { 0, 1 }, { 200, 2 } } },
	{ "negative numbers are none", 5,   0, -5, -5, { { 0, 1 }, { 200, 2 } } },
};
/* clang-format on */

static void grants_by_rate(void **state)
{
	const struct rate_row *row = *state;
	struct bench *b = bench_open(1000);
	struct limiter_account *account;

	assert_int_equal(limiter_account_open(&account, b->limiter, 0, row->rps), 0);
	for (int i = 0; i < 60; i++)
		stand_in(b, account, 'a');
	int64_t start_ms = b->now_ms;
	if (row->slow_at_ms == 0)
		limiter_slow_down(account, row->wait_ms, row->for_ms);
	for (size_t i = 0; i < ARRAY_LEN(row->steps); i++) {
		if (i > 0 && row->steps[i].at_ms == 0)
			break;
		b->now_ms = start_ms + row->steps[i].at_ms;
		limiter_turn(b->limiter);
		assert_int_equal(b->granted, row->steps[i].granted);
	}
	for (size_t i = 0; i < b->used; i++)
		limiter_forget(&b->waiters[i].ticket);
	limiter_account_close(account);
	bench_close(b);
}

/* The same rows, but the clock is moved only by what limiter_turn() asks for: it never asks too
 * late, and it always gets on. */
static void asks_for_the_right_moment(void **state)
{
	const struct rate_row *row = *state;
	struct bench *b = bench_open(1000);
	struct limiter_account *account;
	int64_t due_ms;

	assert_int_equal(limiter_account_open(&account, b->limiter, 0, row->rps), 0);
	for (int i = 0; i < 60; i++)
		stand_in(b, account, 'a');
	int64_t start_ms = b->now_ms;
	if (row->slow_at_ms == 0)
		limiter_slow_down(account, row->wait_ms, row->for_ms);
	size_t turns = 0, step = 0;
	while ((due_ms = limiter_turn(b->limiter)) >= 0) {
		assert_true(due_ms > 0);
		assert_true(++turns < 200);
		/* Until the next moment nothing more may be granted, so a step in between sees
		 * this. */
		for (; step < ARRAY_LEN(row->steps) && (step == 0 || row->steps[step].at_ms > 0) &&
		       start_ms + row->steps[step].at_ms < b->now_ms + due_ms;
		     step++)
			assert_int_equal(b->granted, row->steps[step].granted);
		b->now_ms += due_ms;
	}
	assert_int_equal(b->granted, 60);
	limiter_account_close(account);
	bench_close(b);
}

/* ---- order ------------------------------------------------------------------------------------
 */

static void accounts_take_turns(void **state)
{
	struct bench *b = bench_open(1);
	struct limiter_account *accounts[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(limiter_account_open(&accounts[i], b->limiter, 0, 1000), 0);
	for (int i = 0; i < 4; i++)
		stand_in(b, accounts[0], (char)('a' + i));
	for (int i = 0; i < 2; i++)
		stand_in(b, accounts[1], (char)('A' + i));
	stand_in(b, accounts[2], '1');
	move_clock(b, 0);
	assert_string_equal(b->order, "aA1bBcd");
	for (size_t i = 0; i < 3; i++)
		limiter_account_close(accounts[i]);
	bench_close(b);
}

/* An account that is out of tokens, or held back, stops nobody else. */
static void one_account_stops_no_other(void **state)
{
	struct bench *b = bench_open(1);
	struct limiter_account *slow, *fast;

	(void)state;
	assert_int_equal(limiter_account_open(&slow, b->limiter, 0, 1), 0);
	assert_int_equal(limiter_account_open(&fast, b->limiter, 0, 10), 0);
	for (int i = 0; i < 3; i++) {
		stand_in(b, slow, 's');
		stand_in(b, fast, 'f');
	}
	move_clock(b, 0);
	assert_string_equal(b->order, "sfff");
	limiter_slow_down(slow, 5000, 0);
	stand_in(b, fast, 'F');
	move_clock(b, 4999);
	assert_string_equal(b->order, "sfffF");
	move_clock(b, 1);
	assert_string_equal(b->order, "sfffFs");
	move_clock(b, 1000);
	assert_string_equal(b->order, "sfffFss");
	limiter_account_close(slow);
	limiter_account_close(fast);
	bench_close(b);
}

static void caps_what_is_in_flight(void **state)
{
	struct bench *b = bench_open(2);
	struct limiter_account *account;

	(void)state;
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 1000), 0);
	for (int i = 0; i < 5; i++)
		stand_in(b, account, (char)('a' + i))->quick = false;
	assert_int_equal(limiter_turn(b->limiter), -1); /* only a release helps */
	move_clock(b, 60000);
	assert_string_equal(b->order, "ab");
	limiter_release(&b->waiters[1].ticket);
	assert_string_equal(b->order, "ab"); /* not from inside limiter_release() */
	uv_run(&b->loop, UV_RUN_DEFAULT);    /* the loop does it */
	assert_string_equal(b->order, "abc");
	limiter_forget(&b->waiters[3].ticket);
	limiter_forget(&b->waiters[3].ticket); /* idle now: nothing happens */
	limiter_release(&b->waiters[0].ticket);
	limiter_release(&b->waiters[2].ticket);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_string_equal(b->order, "abce");
	limiter_release(&b->waiters[4].ticket);
	limiter_account_close(account);
	bench_close(b);
}

/* Hanging requests of one account, or of many, leave something for those that come late. */
static const struct share_row {
	const char *name;
	unsigned in_flight_max;
	size_t accounts;
	const char *order; /* who was granted: account 0 asks first, for more than there is */
} share_rows[] = {
	{ "alone", 6, 1, "aaaaaa" },
	{ "half for one of two", 6, 2, "aaabbb" },
	{ "one slot", 1, 2, "a" },
	{ "some is left for the third", 8, 3, "aaaabbbc" },
	{ "more accounts than slots", 4, 6, "aabc" },
};

static void hanging_stops_no_other(void **state)
{
	const struct share_row *row = *state;
	struct bench *b = bench_open(row->in_flight_max);
	struct limiter_account *accounts[8];

	for (size_t i = 0; i < row->accounts; i++)
		assert_int_equal(limiter_account_open(&accounts[i], b->limiter, 0, 1000), 0);
	for (size_t i = 0; i < row->accounts; i++) {
		for (size_t k = 0; k < 7; k++)
			stand_in(b, accounts[i], (char)('a' + i))->quick = false;
		move_clock(b, 0); /* what can be had is taken before the next one asks */
	}
	assert_string_equal(b->order, row->order);
	for (size_t i = 0; i < b->used; i++) {
		if (b->waiters[i].ticket.state == TICKET_HELD)
			limiter_release(&b->waiters[i].ticket);
		else
			limiter_forget(&b->waiters[i].ticket);
	}
	for (size_t i = 0; i < row->accounts; i++)
		limiter_account_close(accounts[i]);
	bench_close(b);
}

/* Two that are one user to the cloud: one bucket, at the lower rate, one rest, one budget. */
static void one_user_is_one_bucket(void **state)
{
	struct bench *b = bench_open(10);
	struct limiter_account *one, *two, *other;

	(void)state;
	assert_int_equal(limiter_account_open(&one, b->limiter, 7, 5), 0);
	assert_int_equal(limiter_account_open(&two, b->limiter, 7, 2), 0);
	assert_int_equal(limiter_account_open(&other, b->limiter, 8, 5), 0);
	assert_ptr_equal(one, two);
	assert_ptr_not_equal(one, other);
	assert_true(limiter_account_rate(one) == 2.0);
	for (int i = 0; i < 4; i++) {
		stand_in(b, one, '1');
		stand_in(b, two, '2');
	}
	move_clock(b, 0);
	assert_string_equal(b->order, "12");
	limiter_account_set_rate(two, 4); /* from here on */
	move_clock(b, 250);
	assert_string_equal(b->order, "121");
	move_clock(b, 1250);
	assert_int_equal(b->granted, 3 + 4); /* never more than a burst */
	move_clock(b, 250);
	assert_int_equal(b->granted, 8);
	limiter_rest(one, 5000);
	assert_int_equal(limiter_rests_until(two), b->now_ms + 5000);
	assert_true(limiter_rests_until(other) <= b->now_ms);
	limiter_account_close(one);
	stand_in(b, two, 'x'); /* still open; and a rest is advice, nothing hangs for it */
	move_clock(b, 250);
	assert_int_equal(b->granted, 9);
	limiter_account_close(two);
	limiter_account_close(other);
	bench_close(b);
}

static void the_cap_may_change(void **state)
{
	struct bench *b = bench_open(1);
	struct limiter_account *account;

	(void)state;
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 1000), 0);
	for (int i = 0; i < 3; i++)
		stand_in(b, account, 'a')->quick = false;
	move_clock(b, 0);
	assert_int_equal(b->granted, 1);
	limiter_set_in_flight_max(b->limiter, 3);
	uv_run(&b->loop, UV_RUN_NOWAIT);
	assert_int_equal(b->granted, 3);
	for (int i = 0; i < 3; i++)
		limiter_release(&b->waiters[i].ticket);
	limiter_account_close(account);
	bench_close(b);
}

static void slow_down_does_not_add_up(void **state)
{
	struct bench *b = bench_open(10);
	struct limiter_account *account;

	(void)state;
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 1), 0);
	for (int i = 0; i < 10; i++)
		stand_in(b, account, 'a');
	for (int i = 0; i < 5; i++)
		limiter_slow_down(account, 1000, 600000);
	limiter_slow_down(account, 10, 10); /* a shorter one changes nothing */
	move_clock(b, 999);
	assert_int_equal(b->granted, 0);
	move_clock(b, 1);
	assert_int_equal(b->granted, 1);
	move_clock(b, 1999);
	assert_int_equal(b->granted, 1);
	move_clock(b, 1);
	assert_int_equal(b->granted, 2);
	for (size_t i = 0; i < b->used; i++)
		limiter_forget(&b->waiters[i].ticket);
	limiter_account_close(account);
	bench_close(b);
}

/* ---- inside granted()
 * ---------------------------------------------------------------------------- */

struct busy {
	struct limiter_ticket ticket;
	struct bench *bench;
	struct limiter_account *account;
	int left;
};

static void again(struct limiter_ticket *ticket)
{
	struct busy *busy = container_of(ticket, struct busy, ticket);
	struct bench *b = busy->bench;

	b->granted++;
	limiter_release(ticket);
	if (--busy->left > 0) {
		limiter_wait(busy->account, ticket);
		return;
	}
	limiter_account_close(busy->account);
	limiter_close(b->limiter, on_closed, b);
}

/* Waits, releases and closes from inside its own grant; the loop's timer drives it all, on the
 * system's clock. */
static void works_from_inside_granted(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct busy busy = { .ticket = { .granted = again }, .bench = b, .left = 25 };

	(void)state;
	assert_non_null(b);
	assert_int_equal(uv_loop_init(&b->loop), 0);
	assert_int_equal(limiter_open(&b->limiter, &b->loop, env_system(), 1), 0);
	assert_int_equal(limiter_account_open(&busy.account, b->limiter, 0, 200), 0);
	limiter_wait(busy.account, &busy.ticket);
	assert_int_equal(b->granted, 0);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(b->granted, 25);
	assert_true(b->closed);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	free(b);
}

static void not_sent(struct limiter_ticket *ticket)
{
	struct waiter *w = container_of(ticket, struct waiter, ticket);

	w->bench->order[w->bench->granted++] = w->name;
	limiter_return(ticket);
}

/* Nine that do not send after all leave the one turn to the tenth, and no more. */
static void what_is_returned_costs_no_turn(void **state)
{
	struct bench *b = bench_open(1);
	struct limiter_account *account;

	(void)state;
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 0.5), 0);
	for (char name = 'a'; name < 'j'; name++)
		stand_in(b, account, name)->ticket.granted = not_sent;
	stand_in(b, account, 'j');
	struct waiter *last = stand_in(b, account, 'k');
	limiter_turn(b->limiter);
	assert_string_equal(b->order, "abcdefghij");
	limiter_forget(&last->ticket);
	limiter_account_close(account);
	bench_close(b);
}

/* ---- memory
 * ------------------------------------------------------------------------------------------ */

static long fault_in = -1;
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return fault_in >= 0 && fault_in-- == 0 ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return __real_realloc(old, size);
}

static void survives_every_fault(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct limiter_account *account;

	(void)state;
	assert_non_null(b);
	assert_int_equal(uv_loop_init(&b->loop), 0);
	fault_in = 0;
	assert_int_equal(limiter_open(&b->limiter, &b->loop, env_system(), 1), UV_ENOMEM);
	assert_int_equal(limiter_open(&b->limiter, &b->loop, env_system(), 1), 0);
	fault_in = 0;
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 1), UV_ENOMEM);
	assert_int_equal(limiter_account_open(&account, b->limiter, 0, 1), 0);
	limiter_account_close(account);
	bench_close(b);
}

int main(void)
{
	struct CMUnitTest tests[2 * ARRAY_LEN(rate_rows) + ARRAY_LEN(share_rows) + 9];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(rate_rows); i++) {
		tests[count++] = (struct CMUnitTest)TEST_ROW(grants_by_rate, &rate_rows[i]);
		tests[count++] =
			(struct CMUnitTest)TEST_ROW(asks_for_the_right_moment, &rate_rows[i]);
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(accounts_take_turns);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(one_account_stops_no_other);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(caps_what_is_in_flight);
	for (size_t i = 0; i < ARRAY_LEN(share_rows); i++)
		tests[count++] =
			(struct CMUnitTest)TEST_ROW(hanging_stops_no_other, &share_rows[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(one_user_is_one_bucket);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_cap_may_change);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(slow_down_does_not_add_up);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(works_from_inside_granted);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(what_is_returned_costs_no_turn);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(survives_every_fault);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
