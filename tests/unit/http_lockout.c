#include "http/lockout.h"

#include "tests/test.h"

enum { STEP = 1000, RIGHT = 7, WRONG = 8 };

static const char one, other;

/* Two listings are refused, which locks the credential. */
static void lock(struct lockout *l, uint64_t credential, int64_t now_ms, int64_t wait_ms)
{
	lockout_refused(l, credential, &one, now_ms, wait_ms);
	assert_true(lockout_admits(l, credential, &other, now_ms));
	lockout_refused(l, credential, &other, now_ms, wait_ms);
	assert_true(lockout_holds(l, credential));
}

/* A hundred listings, each of which wants to ask every 10 ms for an hour's worth of steps that grow
 * fourfold: one request at each step. */
static void one_at_each_step(void **state)
{
	static const char listings[100];
	struct lockout l = { 0 };
	int64_t wait_ms = STEP;
	int sent = 0;

	(void)state;
	lock(&l, WRONG, 1, wait_ms);
	for (int64_t now_ms = 2; now_ms < 85 * STEP; now_ms += 10)
		for (size_t i = 0; i < sizeof(listings); i++) {
			if (!lockout_admits(&l, WRONG, &listings[i], now_ms))
				continue;
			sent++;
			wait_ms *= 4;
			lockout_refused(&l, WRONG, &listings[i], now_ms, wait_ms);
			lockout_leave(&l, &listings[i]);
		}
	assert_int_equal(sent, 3); /* after 1, 5 and 21 steps' time; the next after 85 */
	assert_int_equal(l.steps, 4);
}

/* What was in flight when the lock began says the same once more. */
static void a_burst_is_one_step(void **state)
{
	struct lockout l = { 0 };
	static const char a, b, c;

	(void)state;
	assert_true(lockout_admits(&l, WRONG, &a, 1));
	assert_true(lockout_admits(&l, WRONG, &b, 1));
	lock(&l, WRONG, 10, STEP);
	lockout_refused(&l, WRONG, &c, 11, 100 * STEP);
	assert_int_equal(l.steps, 1);
	assert_int_equal(l.until_ms, 10 + STEP);
	assert_false(lockout_admits(&l, WRONG, &a, 11)); /* its next page */
	assert_false(lockout_admits(&l, WRONG, &c, 11));
}

/* One at a time, as often as it likes; when it ends without a verdict the next one may. */
static void one_probe_at_a_time(void **state)
{
	struct lockout l = { 0 };
	static const char a, b;

	(void)state;
	lock(&l, WRONG, 1, STEP);
	assert_false(lockout_admits(&l, WRONG, &a, STEP));
	assert_true(lockout_admits(&l, WRONG, &a, STEP + 1));
	assert_true(lockout_admits(&l, WRONG, &a, STEP + 2));
	assert_false(lockout_admits(&l, WRONG, &b, STEP + 2));
	lockout_leave(&l, &b);
	assert_false(lockout_admits(&l, WRONG, &b, STEP + 2));
	lockout_leave(&l, &a);
	assert_true(lockout_admits(&l, WRONG, &b, STEP + 2));
}

static void accepted_again(void **state)
{
	struct lockout l = { 0 };
	static const char a, b;

	(void)state;
	lockout_accepted(&l, RIGHT, 1);
	assert_false(l.lifted); /* nobody waited */
	lock(&l, WRONG, 2, STEP);
	assert_true(lockout_admits(&l, WRONG, &a, STEP + 2));
	lockout_accepted(&l, WRONG, STEP + 3);
	assert_true(l.lifted);
	assert_true(lockout_admits(&l, WRONG, &b, STEP + 3));
	lock(&l, WRONG, STEP + 4, STEP);
	assert_int_equal(l.steps, 1);
}

/* The same user with another secret: asked at once, and its success leaves the wrong one locked. */
static void another_credential(void **state)
{
	struct lockout l = { 0 };
	static const char a;

	(void)state;
	lock(&l, WRONG, 1, STEP);
	assert_true(lockout_admits(&l, RIGHT, &a, 2));
	assert_null(l.probe);
	lockout_accepted(&l, RIGHT, 3);
	assert_true(l.lifted);
	assert_true(lockout_holds(&l, WRONG));
	assert_false(lockout_holds(&l, RIGHT));
	assert_false(lockout_admits(&l, WRONG, &a, 4));
}

/* However often it is refused: it waits by itself. */
static void one_listing_locks_nobody(void **state)
{
	struct lockout l = { 0 };

	(void)state;
	for (int64_t now_ms = 1; now_ms < 5; now_ms++)
		lockout_refused(&l, WRONG, &one, now_ms, STEP);
	assert_true(lockout_suspects(&l, WRONG));
	assert_false(lockout_suspects(&l, RIGHT));
	assert_false(lockout_holds(&l, WRONG));
	assert_true(lockout_admits(&l, WRONG, &other, 5));
	assert_int_equal(l.steps, 0);
}

/* Then the two refusals are two troubles; another credential's success says nothing of this one. */
static void accepted_in_between(void **state)
{
	struct lockout l = { 0 };

	(void)state;
	lockout_refused(&l, WRONG, &one, 1, STEP);
	lockout_accepted(&l, WRONG, 2);
	assert_true(l.lifted);
	assert_false(lockout_suspects(&l, WRONG));
	lockout_refused(&l, WRONG, &other, 3, STEP);
	assert_false(lockout_holds(&l, WRONG));
	lockout_accepted(&l, RIGHT, 4);
	lockout_refused(&l, WRONG, &one, 5, STEP);
	assert_true(lockout_holds(&l, WRONG));
}

/* Somebody tries one secret after the other: the next one may be right. */
static void the_right_one_is_tried(void **state)
{
	struct lockout l = { 0 };
	static const char a;

	(void)state;
	for (uint64_t credential = 100; credential < 110; credential++)
		lock(&l, credential, 1, STEP);
	for (uint64_t credential = 110 - LOCKOUT_CREDENTIALS; credential < 110; credential++)
		assert_true(lockout_holds(&l, credential));
	assert_false(lockout_suspects(&l, 109 - LOCKOUT_CREDENTIALS));
	assert_int_equal(l.steps, 1);
	assert_true(lockout_admits(&l, RIGHT, &a, 2));
	lockout_accepted(&l, RIGHT, 2);
	assert_false(lockout_holds(&l, RIGHT));
	/* One from the middle goes, the others stay. */
	lockout_accepted(&l, 107, 3);
	assert_false(lockout_suspects(&l, 107));
	assert_true(lockout_holds(&l, 106) && lockout_holds(&l, 108) && lockout_holds(&l, 109));
}

static void hurried(void **state)
{
	struct lockout l = { 0 };
	static const char a, b;

	(void)state;
	lockout_hurry(&l, 5);
	lock(&l, WRONG, 10, STEP);
	lockout_hurry(&l, 20);
	assert_true(lockout_admits(&l, WRONG, &a, 20));
	assert_false(lockout_admits(&l, WRONG, &b, 20));
	lockout_refused(&l, WRONG, &a, 30, 4 * STEP);
	assert_int_equal(l.until_ms, 30 + 4 * STEP);
	lockout_hurry(&l, 10 * STEP); /* has passed already */
	assert_int_equal(l.until_ms, 30 + 4 * STEP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_each_step),
		cmocka_unit_test(a_burst_is_one_step),
		cmocka_unit_test(one_probe_at_a_time),
		cmocka_unit_test(accepted_again),
		cmocka_unit_test(another_credential),
		cmocka_unit_test(one_listing_locks_nobody),
		cmocka_unit_test(accepted_in_between),
		cmocka_unit_test(the_right_one_is_tried),
		cmocka_unit_test(hurried),
	};

	return cmocka_run_group_tests_name("http_lockout", tests, NULL, NULL);
}
