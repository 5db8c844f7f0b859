#include "daemon/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

/* A clock that the test moves, and luck that it deals. */
struct bench {
	struct env env;
	uv_loop_t loop;
	int64_t now_ms, now_s;
	uint64_t random;
	struct limiter *limiter;
	struct account account;
	struct watch watch;
};

static int64_t fake_now_ms(const struct env *env)
{
	return ((struct bench *)env->data)->now_ms;
}

static int64_t fake_now_s(const struct env *env)
{
	return ((struct bench *)env->data)->now_s;
}

static uint64_t fake_random(const struct env *env)
{
	struct bench *b = env->data;

	b->random = b->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return b->random >> 11;
}

static struct bench *bench_open(int64_t interval_s)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->env = (struct env){ fake_now_ms, fake_now_s, fake_random, b };
	b->now_ms = 5000000;
	b->now_s = 1000000;
	assert_int_equal(uv_loop_init(&b->loop), 0);
	assert_int_equal(limiter_open(&b->limiter, &b->loop, &b->env, 8), 0);
	assert_int_equal(limiter_account_open(&b->account.limit, b->limiter, 0, 5), 0);
	b->watch.account = &b->account;
	b->watch.interval_s = interval_s;
	return b;
}

static void bench_close(struct bench *b)
{
	limiter_account_close(b->account.limit);
	limiter_close(b->limiter, NULL, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	free(b);
}

static void move_clock(struct bench *b, int64_t ms)
{
	b->now_ms += ms;
	b->now_s += ms / 1000;
}

/* ---- the first one -----------------------------------------------------------------------------
 */

/* clang-format off */
static const struct first_row { const char *name; int64_t interval_s, next_due_at, failures, wait_s; enum error_class class; } first_rows[] = {
	{ "never polled",                         600, 0,       0, 0 },
	{ "overdue",                              600, 900,     0, 0 },
	{ "due now",                              600, 1000000, 0, 0 },
	{ "what was left over",                   600, 1000060, 0, 60 },
	{ "with its jitter",                      600, 1000650, 0, 650 },
	{ "the clock was set back a year",        600, 32000000, 0, 660 },
	{ "the interval was made shorter",        60,  1003600, 0, 66 },
	{ "a back-off is kept",                   60,  1003000, 5, 3000 },
	{ "a back-off, the clock was set back",   60,  9000000, 5, 3600 },
	{ "a key that was refused",               60,  1003000, 5, 0, CLASS_AUTH },
	{ "what has nothing to do with keys",     60,  1003000, 5, 3000, CLASS_PERMISSION },
	{ "an interval of a month",               2592000, 3000000, 0, 2000000 },
};
/* clang-format on */

static void first_due_row(void **state)
{
	const struct first_row *r = *state;
	struct store_listing l = { .interval_s = r->interval_s,
				   .next_due_at = r->next_due_at,
				   .consecutive_failures = r->failures,
				   .error_class = r->class };

	assert_int_equal(schedule_first_ms(&l, 5000, 1000000), 5000 + r->wait_s * 1000);
}

static void crowd_is_spread(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(schedule_spread_ms(i, 17, 600), 0); /* a few: at once */
	assert_int_equal(schedule_spread_ms(16, 17, 600), 700);
	assert_int_equal(schedule_spread_ms(99, 100, 600), 9000); /* ten a second */
	assert_true(schedule_spread_ms(999, 1000, 60) <= 30000);  /* half an interval at most */
	assert_true(schedule_spread_ms(999, 1000, 60) > 29000);
	assert_true(schedule_spread_ms(99999, 100000, 1) <= 500);
	int64_t last = 0;
	for (size_t i = 0; i < 3000; i++) {
		assert_true(schedule_spread_ms(i, 3000, 1) >= last);
		last = schedule_spread_ms(i, 3000, 1);
	}
}

/* ---- the next one ------------------------------------------------------------------------------
 */

/* The mean is the interval, to the millisecond in a million, and each poll is within its tenth. */
static void jitter_does_not_drift(void **state)
{
	struct bench *b = bench_open(600);
	struct watch *w = &b->watch;
	int64_t start = b->now_ms, least = INT64_MAX, most = 0, last;

	(void)state;
	schedule_at(w, start);
	last = start;
	for (int64_t n = 1; n <= 10000; n++) {
		b->now_ms = w->due_ms;
		schedule_started(w, b->now_ms);
		b->now_ms += 7000; /* the poll takes its time */
		int64_t wall = schedule_ended(w, &b->env, OUTCOME_COMPLETE, CLASS_NONE);
		int64_t slot = start + n * 600000;
		assert_true(w->due_ms >= slot - 60000 && w->due_ms <= slot + 60000);
		assert_int_equal(wall, b->now_s + (w->due_ms - b->now_ms + 999) / 1000);
		int64_t distance = w->due_ms - last;
		least = distance < least ? distance : least;
		most = distance > most ? distance : most;
		last = w->due_ms;
	}
	assert_true(least < 500000 && most > 700000); /* there is jitter */
	assert_int_equal(w->overruns, 0);
	bench_close(b);
}

static void overruns_are_skipped(void **state)
{
	struct bench *b = bench_open(10);
	struct watch *w = &b->watch;
	int64_t start = b->now_ms;

	(void)state;
	schedule_at(w, start);
	schedule_started(w, b->now_ms);
	move_clock(b, 35000);
	schedule_ended(w, &b->env, OUTCOME_COMPLETE, CLASS_NONE);
	assert_int_equal(w->overruns, 3);
	assert_int_equal(w->slot_ms, start + 40000);
	assert_true(w->due_ms >= b->now_ms && w->due_ms <= start + 41000);
	bench_close(b);
}

/* Eight hours of sleep: one poll at once, then the interval; nobody overran. */
static void sleep_is_no_overrun(void **state)
{
	struct bench *b = bench_open(300);
	struct watch *w = &b->watch;

	(void)state;
	schedule_at(w, b->now_ms + 100000);
	move_clock(b, 8 * 3600 * 1000);
	assert_true(w->due_ms <= b->now_ms);
	schedule_started(w, b->now_ms);
	move_clock(b, 2000);
	schedule_ended(w, &b->env, OUTCOME_COMPLETE, CLASS_NONE);
	assert_int_equal(w->overruns, 0);
	assert_true(w->due_ms >= b->now_ms && w->due_ms <= b->now_ms + 330000);
	bench_close(b);
}

/* Back-off: between nine and eleven tenths, an hour at most, from the end of the poll on. */
static void backs_off_and_recovers(void **state)
{
	struct bench *b = bench_open(60);
	struct watch *w = &b->watch;
	static const int64_t waits[] = { 120, 240, 480, 960, 1920, 3600, 3600 };

	(void)state;
	schedule_at(w, b->now_ms);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		schedule_started(w, b->now_ms);
		move_clock(b, 3000);
		int64_t wall = schedule_ended(w, &b->env, OUTCOME_FAILED, CLASS_NETWORK);
		int64_t wait_ms = w->due_ms - b->now_ms;
		assert_true(wait_ms >= waits[i] * 900 && wait_ms <= waits[i] * 1100);
		assert_true(wait_ms <= 3600000);
		assert_int_equal(wall, b->now_s + (wait_ms + 999) / 1000);
		assert_int_equal(w->failures, (int64_t)i + 1);
		move_clock(b, wait_ms);
	}
	schedule_started(w, b->now_ms);
	schedule_ended(w, &b->env, OUTCOME_COMPLETE, CLASS_NONE);
	assert_int_equal(w->failures, 0);
	assert_true(w->due_ms - b->now_ms <= 66000);
	assert_int_equal(w->overruns, 0);
	bench_close(b);
}

static void an_aborted_poll_is_still_to_be_done(void **state)
{
	struct bench *b = bench_open(600);
	struct watch *w = &b->watch;

	(void)state;
	w->failures = 3;
	schedule_at(w, b->now_ms);
	assert_int_equal(schedule_ended(w, &b->env, OUTCOME_ABORTED, CLASS_NONE), b->now_s);
	assert_int_equal(w->failures, 3);
	bench_close(b);
}

/* Told to come back in an hour: neither this listing nor another one of the account goes before. */
static void rests_when_told(void **state)
{
	struct bench *b = bench_open(60);
	struct watch *w = &b->watch, other = { .account = &b->account, .interval_s = 60 };

	(void)state;
	limiter_rest(b->account.limit, 3600000);
	limiter_rest(b->account.limit, 1000); /* the later end counts */
	schedule_at(w, b->now_ms);
	int64_t wall = schedule_ended(w, &b->env, OUTCOME_FAILED, CLASS_THROTTLED);
	assert_true(w->due_ms >= b->now_ms + 3600000 && w->due_ms <= b->now_ms + 3606000);
	assert_true(wall >= b->now_s + 3600);
	schedule_at(&other, b->now_ms + 1);
	assert_true(schedule_rest(&other, &b->env));
	assert_true(other.due_ms >= b->now_ms + 3600000);
	assert_false(schedule_rest(&other, &b->env));
	move_clock(b, 3600000);
	schedule_at(&other, b->now_ms);
	assert_false(schedule_rest(&other, &b->env));
	bench_close(b);
}

/* ---- the queue ---------------------------------------------------------------------------------
 */

static void queue_is_sorted(void **state)
{
	enum { COUNT = 1000 };
	struct watch *watches = calloc(COUNT, sizeof(*watches));
	struct schedule s = { 0 };
	uint64_t luck = 7;
	size_t left = COUNT;

	(void)state;
	assert_non_null(watches);
	assert_null(schedule_first(&s));
	assert_int_equal(schedule_reserve(&s, COUNT), 0);
	for (size_t i = 0; i < COUNT; i++) {
		luck = luck * UINT64_C(6364136223846793005) + 1;
		schedule_at(&watches[i], (int64_t)(luck >> 40) % 500);
		schedule_add(&s, &watches[i]);
	}
	for (size_t i = 0; i < COUNT; i += 3, left--) {
		schedule_remove(&s, &watches[i]);
		schedule_remove(&s, &watches[i]); /* not in it any more: nothing happens */
	}
	int64_t last = 0;
	for (struct watch *w; (w = schedule_first(&s)); left--) {
		assert_true(w->due_ms >= last);
		assert_true((w - watches) % 3 != 0);
		last = w->due_ms;
		schedule_remove(&s, w);
	}
	assert_int_equal(left, 0);
	schedule_finish(&s);
	free(watches);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(first_rows) + 8];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(first_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(first_due_row, &first_rows[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(crowd_is_spread);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(jitter_does_not_drift);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(overruns_are_skipped);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(sleep_is_no_overrun);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(backs_off_and_recovers);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(an_aborted_poll_is_still_to_be_done);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(rests_when_told);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(queue_is_sorted);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
