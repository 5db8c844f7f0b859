#include "http/lockout.h"

#include "tests/test.h"

enum { STEP = 1000, RIGHT = 7, WRONG = 8 };

/* A hundred listings, each of which wants to ask every 10 ms for an hour's worth of steps that grow
 * fourfold: one request at each step. */
static void one_at_each_step(void **state)
{
	static const char listings[100];
	struct lockout l = { 0 };
	int64_t wait_ms = STEP;
	int sent = 0;

	(void)state;
	assert_true(lockout_admits(&l, WRONG, &listings[0], 1));
	lockout_refused(&l, WRONG, 1, wait_ms);
	lockout_leave(&l, &listings[0]);
	for (int64_t now_ms = 2; now_ms < 85 * STEP; now_ms += 10)
		for (size_t i = 0; i < sizeof(listings); i++) {
			if (!lockout_admits(&l, WRONG, &listings[i], now_ms))
				continue;
			sent++;
			wait_ms *= 4;
			lockout_refused(&l, WRONG, now_ms, wait_ms);
			lockout_leave(&l, &listings[i]);
		}
	assert_int_equal(sent, 3); /* after 1, 5 and 21 steps' time; the next after 85 */
	assert_int_equal(l.steps, 4);
}

/* What was in flight when the first refusal came says the same once more. */
static void a_burst_is_one_step(void **state)
{
	struct lockout l = { 0 };
	static const char a, b, c;

	(void)state;
	assert_true(lockout_admits(&l, WRONG, &a, 1));
	assert_true(lockout_admits(&l, WRONG, &b, 1));
	lockout_refused(&l, WRONG, 10, STEP);
	lockout_refused(&l, WRONG, 11, 100 * STEP);
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
	lockout_refused(&l, WRONG, 1, STEP);
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
	lockout_refused(&l, WRONG, 2, STEP);
	assert_true(lockout_admits(&l, WRONG, &a, STEP + 2));
	lockout_accepted(&l, WRONG, STEP + 3);
	assert_true(l.lifted);
	assert_true(lockout_admits(&l, WRONG, &b, STEP + 3));
	lockout_refused(&l, WRONG, STEP + 4, STEP);
	assert_int_equal(l.steps, 1);
}

/* The same user with another secret: asked at once, and its success leaves the wrong one locked. */
static void another_credential(void **state)
{
	struct lockout l = { 0 };
	static const char a;

	(void)state;
	lockout_refused(&l, WRONG, 1, STEP);
	assert_true(lockout_admits(&l, RIGHT, &a, 2));
	assert_null(l.probe);
	lockout_accepted(&l, RIGHT, 3);
	assert_true(l.lifted);
	assert_true(lockout_holds(&l, WRONG));
	assert_false(lockout_holds(&l, RIGHT));
	assert_false(lockout_admits(&l, WRONG, &a, 4));
}

/* Somebody tries one secret after the other: that is what locks keys. */
static void guessing_ends(void **state)
{
	struct lockout l = { 0 };
	uint64_t credential = 100;
	static const char a;

	(void)state;
	while (credential < 200 && lockout_admits(&l, credential, &a, 1)) {
		lockout_refused(&l, credential, 1, STEP);
		credential++;
	}
	assert_int_equal(credential, 100 + LOCKOUT_CREDENTIALS);
	assert_int_equal(l.steps, 1);
	assert_true(lockout_admits(&l, credential, &a, STEP + 1));
	lockout_accepted(&l, credential, STEP + 1);
	assert_false(lockout_holds(&l, 100));
}

static void hurried(void **state)
{
	struct lockout l = { 0 };
	static const char a, b;

	(void)state;
	lockout_hurry(&l, 5);
	lockout_refused(&l, WRONG, 10, STEP);
	lockout_hurry(&l, 20);
	assert_true(lockout_admits(&l, WRONG, &a, 20));
	assert_false(lockout_admits(&l, WRONG, &b, 20));
	lockout_refused(&l, WRONG, 30, 4 * STEP);
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
		cmocka_unit_test(guessing_ends),
		cmocka_unit_test(hurried),
	};

	return cmocka_run_group_tests_name("http_lockout", tests, NULL, NULL);
}
