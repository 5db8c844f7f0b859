/*
 * The power goes after any write. What the disk may hold then is laid out and opened: every
 * transaction is there whole or not at all, and none is missing that was reported as done. The
 * judge is judged as well: what is not a transaction, and what was not synced, it must notice.
 */
#include "faulty_scenes.h"

#include "store/internal.h"

enum { MARKS_MAX = 32, SEEDS = 3 };

enum verdict {
	VERDICT_WHOLE,
	VERDICT_TORN, /* neither what was done before nor what was being done */
	VERDICT_LOST, /* older than what was reported as done */
	VERDICT_COUNT
};

static struct {
	size_t crashes, damages[DAMAGE_COUNT], controls, caught[VERDICT_COUNT];
} totals;

/* One run without a crash: what was written, and what others saw when each call had returned. */
struct history {
	struct stage *stage;
	struct io_trace trace;
	size_t marks;
	struct {
		size_t at; /* events before */
		struct state state;
		char witness[256]; /* what the file beside the catalog said; "" for none */
	} mark[MARKS_MAX];
};

static void read_witness(const struct stage *stage, char ret_line[static 256])
{
	char path[FIXTURE_PATH];
	FILE *file = fopen(fixture_path(&stage->f, "catalog.db.witness", path), "r");

	ret_line[0] = '\0';
	if (!file)
		return;
	size_t len = fread(ret_line, 1, 255, file);
	ret_line[len] = '\0';
	fclose(file);
}

static void write_witness(const struct stage *stage, const char *line)
{
	char path[FIXTURE_PATH];

	unlink(fixture_path(&stage->f, "catalog.db.witness", path));
	if (!*line)
		return;
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(line, file);
	assert_int_equal(fclose(file), 0);
}

static void remember(struct history *history)
{
	size_t i = history->marks++;

	assert_true(i < MARKS_MAX);
	history->mark[i].at = history->trace.count;
	history->mark[i].state = stage_state(history->stage, "without a crash");
	read_witness(history->stage, history->mark[i].witness);
}

static void on_done(struct stage *stage)
{
	remember(stage->data);
}

/* `stage` has begun; records its call. */
static void record_call(struct stage *stage, struct history *ret)
{
	struct error err = { 0 };

	stage->done = on_done;
	stage->data = ret;
	*ret = (struct history){ .stage = stage };
	disk_clear(&stage->base);
	disk_load(&stage->base, stage->f.path); /* a call before the crash is long done */
	remember(ret);
	faulty_vfs_record(&ret->trace);
	if (stage->scene->call(stage, &err) != 0)
		fail_msg("without a crash: %s", err.text);
	faulty_vfs_record(NULL);
	if (ret->marks == 1)
		remember(ret);
}

/* ---- judging -------------------------------------------------------------------------------- */

static bool is_known(const struct history *history, const struct state *state, size_t first,
		     size_t last)
{
	for (size_t i = first; i <= last && i < history->marks; i++)
		if (state_same(state, &history->mark[i].state))
			return true;
	return false;
}

/* The marks before the crash: the last of them was reported as done. */
static size_t marks_before(const struct history *history, size_t at)
{
	size_t marks = 1;

	while (marks < history->marks && history->mark[marks].at <= at)
		marks++;
	return marks;
}

/* As somebody finds the files who knows nothing of store/. */
static enum verdict judge_files(const struct history *history, size_t at, struct buf *why)
{
	size_t last = marks_before(history, at) - 1;
	const struct scene *scene = history->stage->scene;
	struct state state;

	if (!judge(history->stage->f.path, &state, why))
		return VERDICT_TORN;
	if (is_known(history, &state, last, last + 1))
		return VERDICT_WHOLE;
	if (last > 0 && is_known(history, &state, 0, last - 1)) {
		buf_puts(why, "what was done is lost");
		return VERDICT_LOST;
	}
	/* Between the transactions of one call; a rule of the judge would have said what is torn.
	 */
	if (scene->several || (scene->opens && state_on_its_way(&history->mark[0].state, &state)))
		return VERDICT_WHOLE;
	state_put_difference(why, &state, &history->mark[last].state);
	return VERDICT_TORN;
}

/* As the next start finds them: it must succeed, accuse nobody, and be able to go on. */
static void expect_start(struct history *history, const char *when)
{
	struct fixture *f = &history->stage->f;
	struct error err = { 0 };

	if (store_open(&f->store, f->path, "1.2.3", &f->env, &err) != 0)
		fail_msg("%s: the next start: %s", when, err.text);
	if (store_rollback(f->store))
		fail_msg("%s: the next start: %s", when, store_rollback(f->store));
	if (stage_poll_again(f, &err) != 0)
		fail_msg("%s: the next poll: %s", when, err.text);
	stage_state(history->stage, when);
	store_close(f->store);
	f->store = NULL;
}

static enum verdict crash(struct history *history, size_t at, enum damage damage, uint64_t seed,
			  struct buf *why)
{
	size_t last = marks_before(history, at) - 1;
	struct disk disk;

	disk_after(&disk, &history->stage->base, &history->trace, at, damage, seed);
	disk_store(&disk, history->stage->f.path);
	disk_clear(&disk);
	write_witness(history->stage, history->mark[last].witness);
	return judge_files(history, at, why);
}

/* After every n-th crash the next start is tried as well. */
static size_t starts;

static void expect_whole(struct history *history, size_t at, enum damage damage, uint64_t seed)
{
	struct buf why;
	char when[160];

	buf_init(&why);
	snprintf(when, sizeof(when), "power lost after write %zu of %zu, %s, seed %llu", at,
		 history->trace.count, damage_text(damage), (unsigned long long)seed);
	if (crash(history, at, damage, seed, &why) != VERDICT_WHOLE)
		fail_msg("%s: %s", when, buf_text(&why));
	buf_finish(&why);
	if (totals.crashes++ % starts == 0)
		expect_start(history, when);
	totals.damages[damage]++;
}

static void whole_whenever_the_power_goes(void **state)
{
	size_t step = stage_step(29), combination = 0;
	struct history history;
	struct stage stage;

	starts = step == 1 ? 1 : 3;
	stage_start(&stage, *state);
	stage_begin(&stage);
	record_call(&stage, &history);
	stage_finish(&stage);
	for (size_t at = 0; at <= history.trace.count; at++)
		for (enum damage damage = 0; damage < DAMAGE_COUNT; damage++) {
			bool by_lot = damage == DAMAGE_SUBSET || damage == DAMAGE_TORN;
			for (uint64_t seed = 0; seed < (by_lot ? SEEDS : 1); seed++)
				if (combination++ % step == 0 || !totals.damages[damage])
					expect_whole(&history, at, damage, at * SEEDS + seed);
		}
	printf("%zu writes, %zu ways to crash, every %zuth tried\n", history.trace.count,
	       combination, step);
	io_trace_clear(&history.trace);
	stage_end(&stage);
}

/* ---- the judge is judged ----------------------------------------------------------------------
 */

/* A poll as somebody would store it who never heard of transactions. */
static int call_without_transaction(struct stage *stage, struct error *err)
{
	/* clang-format off */
	static const char *const statements[] = {
		"INSERT INTO _polls (listing_id, started_at, finished_at, outcome, added, changed, missing,"
		" removed, returned) VALUES (1, 1750090000, 1750090001, 'complete', 1, 0, 0, 0, 0)",
		"INSERT INTO _images (listing_id, presence, absent_polls, uid, first_seen_at, changed_at,"
		" revision, record_hash, mapping_version, raw_exact, image_id)"
		" VALUES (1, 0, 0, 'u', 1750090001, 1750090001, 1, 1, 1, 0, 'i')",
		"INSERT INTO _raw SELECT max(image), '{}' FROM _images",
		"INSERT INTO _changes (at, kind, listing_id, poll_id, image, revision)"
		" SELECT 1750090001, 'added', 1, max(poll_id), (SELECT max(image) FROM _images), 1 FROM _polls",
		("UPDATE _listings SET last_attempt_at = 1750090001, images_present = images_present + 1"
		 " WHERE listing_id = 1"),
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		if (sqlite3_exec(stage->f.store->db, statements[i], NULL, NULL, NULL) != SQLITE_OK)
			return error_set(err, -1, "%s", sqlite3_errmsg(stage->f.store->db));
	return 0;
}

static void before_unsynced(struct stage *stage)
{
	assert_int_equal(sqlite3_exec(stage->f.store->db, "PRAGMA synchronous = NORMAL", NULL, NULL,
				      NULL),
			 SQLITE_OK);
}

static void before_lying_disk(struct stage *stage)
{
	(void)stage;
	faulty_vfs_ignore_syncs(true);
}

/* Counts the verdicts of every crash of a scene that is planted wrong. */
static void judge_control(const struct scene *scene, enum damage damage,
			  size_t ret_verdicts[static VERDICT_COUNT])
{
	struct history history;
	struct stage stage;
	struct buf why;

	stage_start(&stage, scene);
	stage_begin(&stage);
	record_call(&stage, &history);
	faulty_vfs_ignore_syncs(false);
	stage_finish(&stage);
	buf_init(&why);
	for (size_t at = 0; at <= history.trace.count; at += stage_step(1)) {
		buf_clear(&why);
		enum verdict verdict = crash(&history, at, damage, at, &why);
		ret_verdicts[verdict]++;
		totals.controls += verdict != VERDICT_WHOLE;
		totals.caught[verdict]++;
	}
	buf_finish(&why);
	io_trace_clear(&history.trace);
	stage_end(&stage);
}

static void a_poll_without_transaction_is_noticed(void **state)
{
	struct scene scene = scenes[0];
	size_t verdicts[VERDICT_COUNT] = { 0 };

	(void)state;
	scene.before = NULL;
	scene.call = call_without_transaction;
	judge_control(&scene, DAMAGE_NONE, verdicts);
	/* Four of the five statements leave a half poll behind them, for one write at least. */
	assert_true(verdicts[VERDICT_TORN] >= (stage_is_sample() ? 1 : 4));
	assert_true(verdicts[VERDICT_WHOLE] >= (stage_is_sample() ? 1 : 2));
}

static void a_sync_that_was_left_out_is_noticed(void **state)
{
	struct scene scene = stories[0];
	size_t verdicts[VERDICT_COUNT] = { 0 };

	(void)state;
	scene.before = before_unsynced;
	judge_control(&scene, DAMAGE_SYNCED, verdicts);
	assert_true(verdicts[VERDICT_LOST] >= 1);
}

static void a_disk_that_lies_is_noticed(void **state)
{
	struct scene scene = stories[0];
	size_t verdicts[VERDICT_COUNT] = { 0 };

	(void)state;
	scene.before = before_lying_disk;
	judge_control(&scene, DAMAGE_SYNCED, verdicts);
	assert_true(verdicts[VERDICT_LOST] >= 1);
}

static void every_damage_happened(void **state)
{
	(void)state;
	for (enum damage damage = 0; damage < DAMAGE_COUNT; damage++)
		assert_true(totals.damages[damage] > 0);
	printf("figure: vfs crashes %zu, 0 torn, 0 acknowledged lost; planted: %zu torn and %zu "
	       "lost "
	       "noticed\n",
	       totals.crashes, totals.caught[VERDICT_TORN], totals.caught[VERDICT_LOST]);
}

int main(void)
{
	struct CMUnitTest tests[40];
	size_t count = 0;

	for (const struct scene *scene = scenes; scene->name; scene++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(whole_whenever_the_power_goes, scene);
	for (const struct scene *scene = stories; scene->name; scene++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(whole_whenever_the_power_goes, scene);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_poll_without_transaction_is_noticed);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_sync_that_was_left_out_is_noticed);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(a_disk_that_lies_is_noticed);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_damage_happened);
	assert(count <= ARRAY_LEN(tests));
	return _cmocka_run_group_tests("store_crashes", tests, count, NULL, NULL);
}
