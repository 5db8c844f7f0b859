#include "base/timekeeper.h"

#include <string.h>

#include "tests/test.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define YEAR (365 * DAY)

/* 2030-03-17, and a machine that is up for ten days. */
enum { NOON = 1900000000, UP_MS = 10 * 86400000 };

struct machine {
	struct env env;
	int64_t wall_s, up_ms;
};

static int64_t wall_of(const struct env *env)
{
	return ((const struct machine *)env->data)->wall_s;
}

static int64_t up_of(const struct env *env)
{
	return ((const struct machine *)env->data)->up_ms;
}

static void set_up(struct machine *m)
{
	*m = (struct machine){ .wall_s = NOON, .up_ms = UP_MS };
	m->env = (struct env){ .now_s = wall_of, .now_ms = up_of, .data = m };
}

static void pass(struct machine *m, int64_t seconds)
{
	m->wall_s += seconds;
	m->up_ms += seconds * 1000;
}

/* The first process on it, of a catalog that kept nothing. */
static void begin(struct timekeeper *t, struct machine *m)
{
	set_up(m);
	*t = (struct timekeeper){ 0 };
	timekeeper_start(t, &m->env);
}

static void check(const struct timekeeper *t, int64_t jumps, bool behind, bool doubted)
{
	assert_int_equal(t->jumps, jumps);
	assert_int_equal(timekeeper_is_behind(t), behind);
	assert_int_equal(timekeeper_doubts(t), doubted);
}

/* ---- what a process sees -------------------------------------------------------------------- */

/* The wall clock is set, then there is a look every ten minutes. */
/* clang-format off */
static const struct row {
	const char *name;
	int64_t set_s, for_s; /* and set back after that */
	int64_t passed_s;     /* more than before */
	int64_t moved_low_s, moved_high_s; /* of the time that is trusted, in all */
	int64_t jumps;
	bool behind, doubted; /* at the end */
} rows[] = {
	{ "nothing",                    0,        DAY,      DAY,      DAY,          DAY,          0, false, false },
	{ "half a minute is no jump",   30,       DAY,      DAY,      DAY,          DAY + 30,     0, false, false },
	{ "a minute is one",            60,       DAY,      DAY,      DAY,          DAY + 60,     2, false, true },
	{ "a year ahead for an hour",   YEAR,     HOUR,     HOUR,     HOUR,         HOUR,         2, false, true },
	{ "a year back for an hour",   -YEAR,     HOUR,     HOUR,     -HOUR,        HOUR,         2, false, true },
	{ "an hour ahead for a day",    HOUR,     DAY,      DAY,      DAY,          DAY,          2, false, true },
	{ "to 1970 for an hour",       -NOON,     HOUR,     HOUR,     -HOUR,        HOUR,         2, false, true },
	{ "to the end of time",         INT64_C(253402300799) - NOON - HOUR, HOUR, HOUR, HOUR, HOUR, 2, false, true },
	{ "a day ahead for two, and a day later", DAY, 2 * DAY, 2 * DAY, 2 * DAY,   2 * DAY,      2, false, true },
};
/* clang-format on */

static void process_row(void **state)
{
	const struct row *row = *state;
	struct timekeeper t;
	struct machine m;

	begin(&t, &m);
	assert_int_equal(timekeeper_now_s(&t), NOON);
	assert_false(timekeeper_doubts(&t));
	int64_t before_s = timekeeper_passed_s(&t), highest_s = 0;
	m.wall_s += row->set_s;
	for (int64_t s = 0; s < row->for_s; s += 600) {
		pass(&m, 600);
		timekeeper_look(&t, &m.env);
		if (timekeeper_now_s(&t) > highest_s)
			highest_s = timekeeper_now_s(&t);
		/* However far it was set, no faster than twice the time. */
		assert_true(timekeeper_now_s(&t) <= NOON + 2 * (s + 600));
	}
	m.wall_s -= row->set_s;
	timekeeper_look(&t, &m.env);
	assert_int_equal(timekeeper_passed_s(&t) - before_s, row->passed_s);
	assert_in_range(timekeeper_now_s(&t), NOON + row->moved_low_s, NOON + row->moved_high_s);
	check(&t, row->jumps, row->behind, row->doubted);
}

/* While it lasts: which way it is wrong. */
static void tells_what_is_wrong(void **state)
{
	struct timekeeper t;
	struct machine m;

	(void)state;
	begin(&t, &m);
	m.wall_s += YEAR;
	timekeeper_look(&t, &m.env);
	assert_int_equal(t.jump_s, YEAR);
	assert_false(timekeeper_is_behind(&t));
	assert_true(timekeeper_doubts(&t));
	pass(&m, 2 * DAY); /* nobody set it for long, but it is ahead */
	timekeeper_look(&t, &m.env);
	assert_true(timekeeper_doubts(&t));
	m.wall_s -= 2 * YEAR;
	timekeeper_look(&t, &m.env);
	assert_int_equal(t.jump_s, -2 * YEAR);
	assert_true(timekeeper_is_behind(&t));
	assert_true(timekeeper_now_s(&t) ==
		    m.wall_s); /* what is written now is as old as it says */
}

/* Many looks within a second lose nothing. */
static void counts_every_millisecond(void **state)
{
	struct timekeeper t;
	struct machine m;

	(void)state;
	begin(&t, &m);
	for (int i = 1; i <= 1000 * 1000; i++) {
		m.up_ms++;
		m.wall_s = NOON + i / 1000;
		if (i % 7 == 0 || i == 1000 * 1000)
			timekeeper_look(&t, &m.env);
	}
	assert_int_equal(timekeeper_passed_s(&t), 1000);
	/* The wall clock knows whole seconds only. */
	assert_in_range(timekeeper_now_s(&t), NOON + 999, NOON + 1000);
	assert_int_equal(t.jumps, 0);
}

/* ---- from one process to the next --------------------------------------------------------------
 */

/* clang-format off */
static const struct start {
	const char *name;
	int64_t wall_s, up_s;          /* later, by the wall clock; the uptime then */
	int64_t passed_s, moved_s;     /* how much of that is believed */
	bool behind, doubted;
} starts[] = {
	{ "at once",                          0,          UP_MS / 1000,            0,        0,            false, false },
	{ "an hour later",                    HOUR,       UP_MS / 1000 + HOUR,     HOUR,     HOUR,         false, false },
	{ "a month later, always up",         30 * DAY,   UP_MS / 1000 + 30 * DAY, 30 * DAY, 30 * DAY,     false, false },
	{ "after a night",                    12 * HOUR,  60,                      60,       12 * HOUR,    false, false },
	{ "after a month",                    30 * DAY,   60,                      60,       DAY + 2 * 60, false, true },
	{ "after a boot, a year ahead",       YEAR,       60,                      60,       DAY + 2 * 60, false, true },
	{ "a year ahead, in the same boot",   YEAR,       UP_MS / 1000 + 60,       60,       DAY + 2 * 60, false, true },
	{ "after a boot, in 1970",            -NOON,      60,                      0,        -NOON,        true,  true },
	{ "moved to a machine up for a year", 60,         YEAR,                    60,       60,           false, false },
	{ "moved back in time",               -HOUR,      YEAR,                    0,        -HOUR,        false, false },
};
/* clang-format on */

static void start_row(void **state)
{
	const struct start *row = *state;
	struct timekeeper t;
	struct machine m;

	begin(&t, &m);
	t.jumps = 3; /* of that process */
	m.wall_s += row->wall_s;
	m.up_ms = row->up_s * 1000;
	timekeeper_start(&t, &m.env);
	assert_int_equal(timekeeper_passed_s(&t), row->passed_s);
	assert_int_equal(timekeeper_now_s(&t) - NOON, row->moved_s);
	check(&t, 0, row->behind, row->doubted);
}

/* A service that fails again and again on a machine whose clock is a year ahead. */
static void many_starts_give_no_more_than_one(void **state)
{
	struct timekeeper t;
	struct machine m;

	(void)state;
	begin(&t, &m);
	m.wall_s += YEAR;
	for (int i = 0; i < 1000; i++) {
		pass(&m, 1);
		timekeeper_start(&t, &m.env);
	}
	assert_in_range(timekeeper_now_s(&t), NOON + 1000, NOON + DAY + 2000);
}

static void catches_up_in_time(void **state)
{
	struct timekeeper t;
	struct machine m;

	(void)state;
	begin(&t, &m);
	m.wall_s += 30 * DAY;
	m.up_ms = 60000;
	timekeeper_start(&t, &m.env);
	for (int hours = 0; hours < 30 * 24; hours++) {
		pass(&m, HOUR);
		timekeeper_look(&t, &m.env);
	}
	assert_int_equal(timekeeper_now_s(&t), m.wall_s);
	assert_false(timekeeper_doubts(&t));
}

/* The first start ever, before the network is up: there is nothing to believe yet. */
static void believes_no_time_before_itself(void **state)
{
	struct timekeeper t = { 0 };
	struct machine m;

	(void)state;
	set_up(&m);
	m.wall_s = 12;
	timekeeper_start(&t, &m.env);
	assert_true(timekeeper_is_behind(&t));
	assert_int_equal(timekeeper_now_s(&t), 0);
	pass(&m, 60);
	m.wall_s = NOON;
	timekeeper_look(&t, &m.env);
	assert_int_equal(timekeeper_now_s(&t), NOON);
	assert_false(timekeeper_is_behind(&t));
}

/* A file is a file. */
static void takes_no_nonsense(void **state)
{
	static const int64_t values[] = { INT64_MIN, -1, INT64_MAX, INT64_C(1) << 60 };
	struct machine m;

	(void)state;
	set_up(&m);
	for (size_t i = 0; i < 4 * ARRAY_LEN(values); i++) {
		struct timekeeper t = { 1000, 1000, 1000, 1000, 0, 0, 0 };
		int64_t *fields[] = { &t.passed_ms, &t.time_ms, &t.wall_ms, &t.looked_ms };
		*fields[i % 4] = values[i / 4];
		timekeeper_start(&t, &m.env);
		assert_int_equal(timekeeper_passed_s(&t), 0);
		assert_int_equal(timekeeper_now_s(&t), NOON);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + ARRAY_LEN(starts) + 6] = {
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(counts_every_millisecond),
		cmocka_unit_test(many_starts_give_no_more_than_one),
		cmocka_unit_test(catches_up_in_time),
		cmocka_unit_test(believes_no_time_before_itself),
		cmocka_unit_test(takes_no_nonsense),
	};
	size_t count = 6;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(process_row, &rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(start_row, &starts[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
