/*
 * A reload that the catalog refuses half-way, on a real loop with a real writer: the old
 * configuration goes on in full, nothing of the new one is stored, and the next reload works.
 */
#include "../unit/store_fixture.h"

#include "daemon/reload.h"
#include "providers/registry.h"
#include "store/internal.h"
#include "store/writer.h"

extern const struct provider provider_ucloud;

static const struct provider *const clouds[] = { &provider_ucloud, NULL };

enum { OLD = 2, NEW = 6, STEADY = 1 }; /* listings of: the account that changes, then, the other */

struct test {
	struct fixture f;
	struct store *store; /* the writer's */
	char config_path[FIXTURE_PATH];
	uv_loop_t loop;
	struct env env;
	struct runtime runtime;
	struct timekeeper time;
	struct roster roster;
	struct generation *generation;
	struct reload reload;
	int begun, ended;
	bool successful;
	struct writer_job job; /* runs `sql` on the writer's connection */
	const char *sql;
};

/* The account `one` with so many regions, and `two`, which stays as it is. */
static void write_config(struct test *test, int regions, const char *interval)
{
	FILE *file = fopen(test->config_path, "w");

	assert_non_null(file);
	fprintf(file, "catalog: {path: %s}\naccounts:\n", test->f.path);
	for (int n = 0; n < 2; n++) {
		fprintf(file,
			"- {name: %s, provider: ucloud, endpoint: 'http://127.0.0.1:1/', "
			"public_key: key%d, private_key: secret, services: [uhost], interval: %s, "
			"regions: [",
			n ? "two" : "one", n, n ? "1h" : interval);
		for (int r = 0; r < (n ? STEADY : regions); r++)
			fprintf(file, "%sr%d", r ? ", " : "", r);
		fprintf(file, "]}\n");
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(test->config_path, 0600), 0);
}

static void on_grown(struct roster *roster, const struct error *err)
{
	(void)roster;
	assert_null(err);
}

static void on_begins(struct reload *reload)
{
	container_of(reload, struct test, reload)->begun++;
}

static void on_ended(struct reload *reload, bool successful)
{
	struct test *test = container_of(reload, struct test, reload);

	test->ended++;
	test->successful = successful;
	uv_stop(&test->loop); /* the writer would keep it turning */
}

static void open_roster(struct test *test)
{
	const struct config *config = test->generation->runtime.config;
	struct account **accounts = calloc(config->account_count, sizeof(struct account *));

	assert_non_null(accounts);
	for (size_t i = 0; i < config->account_count; i++) {
		accounts[i] = calloc(1, sizeof(*accounts[i]));
		assert_non_null(accounts[i]);
		assert_int_equal(account_open(accounts[i], &config->accounts[i],
					      &test->generation->runtime, &test->f.err),
				 0);
		accounts[i]->generation = generation_hold(test->generation);
	}
	roster_init(&test->roster, &test->runtime, false, on_grown);
	assert_int_equal(roster_open(&test->roster, accounts, config->account_count, test->f.store,
				     &test->f.err),
			 0);
}

static void test_start(struct test *test)
{
	struct config *config;
	struct buf text;

	*test = (struct test){ 0 };
	fixture_start(&test->f);
	fixture_open(&test->f);
	fixture_path(&test->f, "imagecat.yaml", test->config_path);
	write_config(test, OLD, "1h");
	buf_init(&text);
	if (config_load(&config, test->config_path, clouds, CONFIG_RUN, &text) < 0)
		fail_msg("%s", buf_text(&text));
	buf_finish(&text);
	assert_int_equal(uv_loop_init(&test->loop), 0);
	test->env = *env_system();
	test->runtime = (struct runtime){
		.loop = &test->loop, .env = &test->env, .time = &test->time, .config = config
	};
	assert_int_equal(limiter_open(&test->runtime.limiter, &test->loop, &test->env, 8), 0);
	test->generation = generation_open(&test->runtime, config, config);
	assert_non_null(test->generation);
	open_roster(test);
	test->store = test->f.store;
	assert_int_equal(writer_open(&test->runtime.writer, &test->loop, test->f.store), 0);
	test->f.store = NULL;
	test->generation->runtime = test->runtime;
	test->reload = (struct reload){ .loop = &test->loop,
					.roster = &test->roster,
					.generation = &test->generation,
					.providers = clouds,
					.begins = on_begins,
					.ended = on_ended };
	reload_init(&test->reload);
}

static void test_end(struct test *test)
{
	staging_move_over(&test->roster, test->generation);
	reload_sweep(&test->reload);
	for (size_t i = 0; i < test->roster.account_count; i++) {
		account_close(test->roster.accounts[i]);
		generation_release(test->roster.accounts[i]->generation);
		free(test->roster.accounts[i]);
	}
	limiter_close(test->runtime.limiter, NULL, NULL);
	writer_close(test->runtime.writer, NULL, NULL);
	uv_run(&test->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&test->loop), 0);
	reload_finish(&test->reload);
	roster_finish(&test->roster);
	generation_release(test->generation);
	fixture_end(&test->f);
}

static void reload_once(struct test *test)
{
	int before = test->ended;

	reload_request(&test->reload);
	uv_run(&test->loop, UV_RUN_DEFAULT);
	assert_int_equal(test->ended, before + 1);
	assert_int_equal(test->begun, test->ended);
	assert_int_equal(test->reload.state.successful, test->successful);
}

static void run_sql(struct store *store, struct writer_job *job)
{
	const char *sql = container_of(job, struct test, job)->sql;

	assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void on_sql(struct writer_job *job)
{
	uv_stop(&container_of(job, struct test, job)->loop);
}

static void exec(struct test *test, const char *sql)
{
	test->sql = sql;
	test->job = (struct writer_job){ .run = run_sql, .done = on_sql };
	writer_submit(test->runtime.writer, &test->job);
	uv_run(&test->loop, UV_RUN_DEFAULT);
}

static int put_value(void *data, int count, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < count; i++) {
		buf_puts(data, values[i] ? values[i] : "NULL");
		buf_putc(data, i + 1 < count ? '|' : '\n');
	}
	return 0;
}

/* Everything of the listings that others see. */
static void contents(struct test *test, struct buf *ret)
{
	sqlite3 *db;

	buf_init(ret);
	assert_int_equal(sqlite3_open_v2(test->f.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM _listings; SELECT * FROM _changes",
				      put_value, ret, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What the schedule knows, by the listing's place in the roster. */
struct timer {
	struct account *account;
	int64_t due_ms, slot_ms, failures, listing_id, interval_s;
	size_t queue_place;
};

static struct timer timer_of(const struct watch *w)
{
	return (struct timer){ w->account,    w->due_ms,     w->slot_ms,    w->failures,
			       w->listing_id, w->interval_s, w->queue_place };
}

/* clang-format off */
static const struct row { const char *name, *where; } rows[] = {
	{ "at the first new listing",    "INSERT ON main._listings WHEN NEW.region = 'r2'" },
	{ "at the last new listing",     "INSERT ON main._listings WHEN NEW.region = 'r5'" },
	{ "at a listing that was known", "UPDATE OF interval_s ON main._listings WHEN NEW.region = 'r1'" },
	{ "at a listing that is back",   "UPDATE OF disabled_at ON main._listings WHEN NEW.region = 'r4'" },
	{ "at what tells of it",         "INSERT ON main._changes WHEN NEW.kind = 'enabled'" },
};
/* clang-format on */

static void refused_row(void **state)
{
	const struct row *row = *state;
	struct timer before[OLD + STEADY];
	struct buf stored, now;
	struct test test;
	char sql[256];

	test_start(&test);
	/* A region that was configured once, so that it comes back. */
	write_config(&test, NEW, "1h");
	reload_once(&test);
	write_config(&test, OLD, "1h");
	reload_once(&test);
	assert_true(test.successful);
	exec(&test, "DELETE FROM _listings WHERE region IN ('r2', 'r5')");
	size_t queued = test.roster.schedule.count;
	assert_int_equal(queued, OLD + STEADY);
	for (size_t i = 0; i < queued; i++) {
		struct watch *w = test.roster.schedule.heap[i];
		w->failures = 3 + (int64_t)i; /* in back-off, each in its own */
		before[i] = timer_of(w);
	}
	struct generation *generation = test.generation;
	int64_t success_at = test.reload.state.success_at = 7;
	contents(&test, &stored);

	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TRIGGER broken BEFORE %s BEGIN SELECT RAISE(ABORT, 'broken'); END",
		 row->where);
	exec(&test, sql);
	write_config(&test, NEW, "30m");
	reload_once(&test);
	assert_false(test.successful);
	assert_int_equal(test.reload.state.success_at, success_at);
	if (!strstr(test.reload.error.text, "broken"))
		fail_msg("refused for another reason: %s", test.reload.error.text);
	assert_ptr_equal(test.generation, generation);
	assert_int_equal(test.roster.schedule.count, queued);
	for (size_t i = 0; i < queued; i++) {
		struct timer after = timer_of(test.roster.schedule.heap[i]);
		assert_memory_equal(&after, &before[i], sizeof(after));
	}
	contents(&test, &now);
	assert_string_equal(buf_text(&now), buf_text(&stored));
	buf_finish(&now);

	exec(&test, "DROP TRIGGER broken");
	reload_once(&test);
	assert_true(test.successful);
	assert_int_equal(test.roster.schedule.count, NEW + STEADY);
	for (size_t i = 0; i < test.roster.schedule.count; i++)
		assert_true(test.roster.schedule.heap[i]->listing_id > 0);
	buf_finish(&stored);
	test_end(&test);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(refused_row, &rows[i]);
	return cmocka_run_group_tests_name("daemon_reload", tests, NULL, NULL);
}
