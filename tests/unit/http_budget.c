#include "http/budget.h"

#include "tests/test.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static int take_all(struct retry_budget *b, int tokens, int64_t now_ms)
{
	int taken = 0;

	while (taken < 1000 && budget_take(b, tokens, now_ms))
		taken++;
	return taken;
}

/* Fifty tokens: ten retries, or five after time-outs; a success gives one back. */
static void tokens_are_spent(void **state)
{
	struct retry_budget b;

	(void)state;
	budget_init(&b, 0);
	assert_int_equal(take_all(&b, BUDGET_TIMEOUT, 0), 5);
	assert_false(budget_take(&b, BUDGET_RETRY, 0));
	for (int i = 0; i < 4; i++)
		budget_succeeded(&b);
	assert_false(budget_take(&b, BUDGET_RETRY, 0));
	budget_succeeded(&b);
	assert_true(budget_take(&b, BUDGET_RETRY, 0));
	for (int i = 0; i < 1000; i++)
		budget_succeeded(&b);
	assert_int_equal(b.tokens, BUDGET_FULL);
}

/* However many successes there are: a tenth of the hour's requests, and ten in any case. */
static void a_tenth_of_an_hour(void **state)
{
	struct retry_budget b;
	int taken = 0;

	(void)state;
	budget_init(&b, 0);
	for (int64_t n = 0; n < 3000; n++) {
		budget_sent(&b, n * 1000);
		for (int k = 0; k < 5; k++)
			budget_succeeded(&b);
		taken += budget_take(&b, BUDGET_RETRY, n * 1000);
	}
	assert_int_equal(taken, 300);

	budget_init(&b, 0);
	for (int i = 0; i < 20; i++)
		budget_succeeded(&b);
	assert_int_equal(take_all(&b, 0, 0), BUDGET_FLOOR); /* no request at all so far */
}

/* In no hour, wherever it begins, are there more. */
static void the_hour_slides(void **state)
{
	struct retry_budget b;
	static int64_t at[5000];
	int count = 0;

	(void)state;
	budget_init(&b, 12345);
	for (int64_t now = 12345; now < 12 * HOUR; now += 10 * 1000) {
		budget_succeeded(&b);
		if (budget_take(&b, 0, now))
			at[count++] = now;
	}
	assert_true(count > 100 && count < 130);
	for (int i = BUDGET_FLOOR; i < count; i++)
		assert_true(at[i] - at[i - BUDGET_FLOOR] >= HOUR);
	assert_int_equal(take_all(&b, 0, 1000 * (int64_t)HOUR), BUDGET_FLOOR); /* long after */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_spent),
		cmocka_unit_test(a_tenth_of_an_hour),
		cmocka_unit_test(the_hour_slides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
