/*
 * Every input and output of every call of the store fails, once and for good. The call says so in a
 * sentence or has done its work; nothing is half there; tried again without the fault it leaves
 * what it would have left at once.
 */
#include "faulty_scenes.h"

#include <errno.h>

static struct {
	size_t injections, trials, possible, refused, happened[32][2], calls[IO_CALL_COUNT];
} totals;

struct outcomes {
	struct state before, after;
};

struct trial {
	size_t at;
	const struct fault *fault;
	bool sticky;
};

#define TRIAL_TEXT       "call %zu (%s) fails with '%s'%s"
#define TRIAL_ARGS(t, c) (t)->at, io_call_text(c), (t)->fault->name, (t)->sticky ? " for good" : ""

static void expect_state(struct stage *stage, const struct state *expected, const char *when,
			 const char *trial)
{
	struct state state;
	struct buf why;

	buf_init(&why);
	if (!judge(stage->f.path, &state, &why))
		fail_msg("%s: %s: %s", trial, when, buf_text(&why));
	if (!state_same(&state, expected)) {
		state_put_difference(&why, &state, expected);
		fail_msg("%s: %s: differs in%s", trial, when, buf_text(&why));
	}
	buf_finish(&why);
}

/* Of several transactions some may be done: the catalog is whole, in any schema on its way. */
static void expect_whole(struct stage *stage, const struct outcomes *outcomes, const char *trial)
{
	struct state state;
	struct buf why;

	buf_init(&why);
	if (!judge(stage->f.path, &state, &why))
		fail_msg("%s: the failure left: %s", trial, buf_text(&why));
	if (stage->scene->opens && !state_on_its_way(&outcomes->before, &state)) {
		state_put_difference(&why, &state, &outcomes->before);
		fail_msg("%s: the failure left another catalog:%s", trial, buf_text(&why));
	}
	buf_finish(&why);
}

static void expect_sentence(const struct error *err, int result, const char *trial)
{
	if (err->code != result || strlen(err->text) < 20 || strchr(err->text, '\n'))
		fail_msg("%s: result %d, error %d '%s'", trial, result, err->code, err->text);
}

/* What is refused for what it is stays as it is, byte for byte, and so does its log. */
static void expect_untouched(struct stage *stage, int result, const char *trial)
{
	struct disk now;

	if (result != -EBADMSG && result != -EROFS && result != -EINVAL && result != -EPROTO)
		return;
	disk_load(&now, stage->f.path);
	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		const struct disk_file *before = &stage->base.files[role];
		const struct disk_file *after = &now.files[role];
		if (before->len && (after->len != before->len ||
				    memcmp(after->bytes, before->bytes, before->len) != 0))
			fail_msg("%s: result %d, and file %d was written to", trial, result, role);
	}
	disk_clear(&now);
}

/*
 * A disk that did not confirm a write is not asked again: the store is closed and opened anew. What
 * was refused may be there then, since nobody knows what that disk took.
 */
static void try_again(struct stage *stage, const struct outcomes *outcomes, int refusal,
		      const char *trial)
{
	struct error err = { 0 };

	if (refusal == -ENOTRECOVERABLE && !stage->scene->opens) {
		fixture_reopen(&stage->f);
		struct state state = stage_state(stage, trial);
		if (state_same(&state, &outcomes->after))
			return;
	}
	int result = stage->scene->call(stage, &err);
	if (result != 0)
		fail_msg("%s: tried again: %d %s", trial, result, err.text);
}

static void try(struct stage *stage, const struct outcomes *outcomes, const struct trial *trial,
		const char *text)
{
	const struct scene *scene = stage->scene;
	struct error err = { 0 };

	stage_begin(stage);
	faulty_vfs_arm(trial->fault, trial->at, trial->sticky);
	int result = scene->call(stage, &err);
	size_t failed = faulty_vfs_disarm();
	if (failed == 0)
		fail_msg("%s: it did not", text);
	if (result > 0)
		fail_msg("%s: result %d", text, result);
	totals.injections += failed;
	totals.trials++;
	totals.refused += result < 0;
	totals.happened[trial->fault - faults][trial->sticky]++;

	if (result < 0) {
		expect_sentence(&err, result, text);
		if (result == -EBADMSG && trial->fault->code != SQLITE_IOERR_SHORT_READ)
			fail_msg("%s: the file is to blame: %s", text, err.text);
		if (scene->opens) {
			assert_null(stage->f.store);
			expect_untouched(stage, result, text);
		}
		if (scene->opens || scene->several)
			expect_whole(stage, outcomes, text);
		else
			expect_state(stage, &outcomes->before, "after the failure", text);
		try_again(stage, outcomes, result, text);
	}
	expect_state(stage, &outcomes->after, "in the end", text);
	stage_finish(stage);
}

/* Without a fault: what calls there are, and what they leave. Twice, since it must be the same. */
static size_t rehearse(struct stage *stage, struct outcomes *ret, enum io_call calls[])
{
	struct error err = { 0 };
	size_t count = 0;

	for (int i = 0; i < (stage_is_sample() ? 1 : 2); i++) {
		stage_begin(stage);
		struct state before = stage_state(stage, "before");
		faulty_vfs_arm(NULL, 0, false);
		int result = stage->scene->call(stage, &err);
		faulty_vfs_disarm();
		if (result != 0)
			fail_msg("without a fault: %s", err.text);
		struct state after = stage_state(stage, "after");
		if (i && count != faulty_vfs_calls())
			fail_msg("%zu calls, then %zu", count, faulty_vfs_calls());
		if (i)
			expect_state(stage, &ret->after, "without a fault", "again");
		ret->before = before;
		ret->after = after;
		count = faulty_vfs_calls();
		stage_finish(stage);
	}
	if (state_same(&ret->before, &ret->after) != stage->scene->silent && !stage->scene->opens)
		fail_msg("the call did nothing, or what it should not");
	for (size_t n = 1; n <= count; n++)
		calls[n] = faulty_vfs_call(n);
	return count;
}

static void whole_whatever_fails(void **state)
{
	static enum io_call calls[8192];
	const struct scene *scene = *state;
	size_t step = stage_step(31), combination = 0;
	struct outcomes outcomes;
	struct stage stage;
	char text[160];

	stage_start(&stage, scene);
	size_t count = rehearse(&stage, &outcomes, calls);
	assert_true(count > 0 && count < ARRAY_LEN(calls));
	for (size_t n = 1; n <= count; n++) {
		totals.calls[calls[n]]++;
		for (const struct fault *fault = faults; fault->name; fault++) {
			if (!(fault->calls & (1u << calls[n])))
				continue;
			for (int sticky = 0; sticky < 2; sticky++) {
				struct trial trial = { n, fault, sticky };
				totals.possible++;
				if (combination++ % step &&
				    (stage_is_sample() || totals.happened[fault - faults][sticky]))
					continue;
				snprintf(text, sizeof(text), TRIAL_TEXT,
					 TRIAL_ARGS(&trial, calls[n]));
				try(&stage, &outcomes, &trial, text);
			}
		}
	}
	printf("%zu calls, %zu ways to fail, every %zuth tried\n", count, combination, step);
	stage_end(&stage);
}

/* A fault that never happened proves nothing. */
static void every_fault_happened(void **state)
{
	(void)state;
	for (size_t i = 0; faults[i].name; i++)
		if (!stage_is_sample() && (!totals.happened[i][0] || !totals.happened[i][1]))
			fail_msg("nothing ever failed with '%s'", faults[i].name);
	for (enum io_call call = 0; call < IO_CALL_COUNT; call++)
		if (!totals.calls[call])
			fail_msg("the store never makes the call '%s'", io_call_text(call));
	printf("figure: vfs injections %zu in %zu trials, %zu of them refused, of %zu possible\n",
	       totals.injections, totals.trials, totals.refused, totals.possible);
}

int main(void)
{
	struct CMUnitTest tests[32];
	size_t count = 0;

	for (const struct scene *scene = scenes; scene->name; scene++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(whole_whatever_fails, scene);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_fault_happened);
	assert(count <= ARRAY_LEN(tests));
	return _cmocka_run_group_tests("store_faults", tests, count, NULL, NULL);
}
