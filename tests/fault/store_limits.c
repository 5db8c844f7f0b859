/*
 * SQLite's own limits: a full file, a value that is too large, no memory, an interruption, a schema
 * that somebody changed. Each has its sentence and leaves what was there; the same poll is stored
 * once the limit is gone.
 */
#include "faulty_scenes.h"

#include <errno.h>

#include "store/internal.h"

static void foreign(struct stage *stage, const char *sql)
{
	fixture_exec(&stage->f, sql);
}

static void fill_file(struct stage *stage)
{
	assert_int_equal(sqlite3_exec(stage->f.store->db, "PRAGMA max_page_count = 1", NULL, NULL,
				      NULL),
			 SQLITE_OK);
}

static void widen_file(struct stage *stage)
{
	assert_int_equal(sqlite3_exec(stage->f.store->db, "PRAGMA max_page_count = 1000000", NULL,
				      NULL, NULL),
			 SQLITE_OK);
}

static void shorten_values(struct stage *stage)
{
	sqlite3_limit(stage->f.store->db, SQLITE_LIMIT_LENGTH, 2000);
}

static void lengthen_values(struct stage *stage)
{
	sqlite3_limit(stage->f.store->db, SQLITE_LIMIT_LENGTH, 1000000000);
}

static void take_memory(struct stage *stage)
{
	(void)stage;
	sqlite3_hard_heap_limit64(sqlite3_memory_used() + 1024);
}

static void give_memory(struct stage *stage)
{
	(void)stage;
	sqlite3_hard_heap_limit64(0);
}

static int interrupt_now(void *data)
{
	(void)data;
	return 1;
}

static void interrupt(struct stage *stage)
{
	sqlite3_progress_handler(stage->f.store->db, 50, interrupt_now, NULL);
}

static void go_on(struct stage *stage)
{
	sqlite3_progress_handler(stage->f.store->db, 0, NULL, NULL);
}

static void forbid_drift(struct stage *stage)
{
	foreign(stage, "CREATE TRIGGER somebodys BEFORE INSERT ON _drift BEGIN"
		       " SELECT raise(ABORT, 'not here'); END");
}

static void allow_drift(struct stage *stage)
{
	foreign(stage, "DROP TRIGGER somebodys");
}

static const struct limit {
	const char *name;
	void (*set)(struct stage *stage);
	void (*lift)(struct stage *stage);
	int code;
	const char *says;
} limits[] = {
	{ "a full file", fill_file, widen_file, -ENOSPC, "free some space" },
	{ "a value that is too large", shorten_values, lengthen_values, -EFBIG, "too large" },
	{ "no memory", take_memory, give_memory, -ENOMEM, "out of memory" },
	{ "an interruption", interrupt, go_on, -EINTR, "interrupted" },
	{ "a trigger of somebody's", forbid_drift, allow_drift, -EINVAL, "nothing was written" },
};

static void is_told_and_overcome(void **state)
{
	const struct limit *limit = *state;
	struct error err = { 0 };
	struct stage stage;

	stage_start(&stage, &scenes[0]); /* a poll with everything */
	stage_begin(&stage);
	struct state before = stage_state(&stage, "before");
	limit->set(&stage);
	int result = stage.scene->call(&stage, &err);
	limit->lift(&stage);
	if (result != limit->code || !strstr(err.text, limit->says))
		fail_msg("%d: %s", result, err.text);
	struct state after = stage_state(&stage, "after the refusal");
	assert_true(state_same(&before, &after));
	if (stage.scene->call(&stage, &err) != 0)
		fail_msg("%s", err.text);
	after = stage_state(&stage, "in the end");
	assert_false(state_same(&before, &after));
	stage_finish(&stage);
	stage_end(&stage);
}

/* What somebody adds beside our tables, while the statements are prepared, is no failure. */
static void another_index_does_not_matter(void **state)
{
	struct error err = { 0 };
	struct stage stage;

	(void)state;
	stage_start(&stage, &scenes[0]);
	stage_begin(&stage);
	foreign(&stage, "CREATE INDEX somebodys ON _images (name)");
	if (stage.scene->call(&stage, &err) != 0)
		fail_msg("%s", err.text);
	foreign(&stage, "DROP INDEX somebodys");
	stage_state(&stage, "in the end");
	stage_finish(&stage);
	stage_end(&stage);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(limits) + 1];
	size_t count = 0;

	for (; count < ARRAY_LEN(limits); count++)
		tests[count] = (struct CMUnitTest)TEST_ROW(is_told_and_overcome, &limits[count]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(another_index_does_not_matter);
	return _cmocka_run_group_tests("store_limits", tests, count, NULL, NULL);
}
