/*
 * Bytes turn, in the file and in its log; the log is cut, gone, or another's. A start refuses with
 * a sentence and touches nothing, or works; what then writes and reads fails with a sentence or
 * works. Nothing crashes, and a log that lost its end leaves what was there before, told.
 */
#include "faulty_scenes.h"

#include "store/reader.h"

enum { POLLS = 4 };

static struct {
	size_t flips, refused, commits_failed, reads_failed, cuts;
} totals;

/* ---- flips ---------------------------------------------------------------------------------- */

struct flip {
	enum disk_role role;
	size_t offset, len;
	uint8_t kept[16];
};

/* One bit, one byte, or a few bytes at once. */
static struct flip turn(struct disk *disk, uint64_t *seed)
{
	struct flip flip = { .role = next_random(seed) % 5 ? DISK_MAIN : DISK_WAL, .len = 1 };
	struct disk_file *file = &disk->files[flip.role];
	unsigned sort = next_random(seed) % 4;

	if (sort == 3)
		flip.len = sizeof(flip.kept);
	flip.offset = next_random(seed) % (file->len - flip.len);
	/* Half of them where most is at stake: the head of a page. */
	if (next_random(seed) % 2)
		flip.offset = flip.offset / 4096 * 4096 + flip.offset % 128;
	memcpy(flip.kept, file->bytes + flip.offset, flip.len);
	for (size_t i = 0; i < flip.len; i++) {
		uint8_t *byte = &file->bytes[flip.offset + i];
		*byte = sort == 0   ? (uint8_t)(*byte ^ (1u << next_random(seed) % 8))
			: sort == 1 ? 0xff
				    : (uint8_t)next_random(seed);
	}
	return flip;
}

static void turn_back(struct disk *disk, const struct flip *flip)
{
	memcpy(disk->files[flip->role].bytes + flip->offset, flip->kept, flip->len);
}

static void expect_sentence(int result, const struct error *err, const char *what, const char *who)
{
	if (result > 0 || (result < 0 && (strlen(err->text) < 20 || strchr(err->text, '\n'))))
		fail_msg("%s: %s: result %d, '%s'", what, who, result, err->text);
}

static void expect_untouched(struct stage *stage, const char *what)
{
	struct disk now;

	disk_load(&now, stage->f.path);
	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		const struct disk_file *a = &stage->base.files[role], *b = &now.files[role];
		if (a->len && (a->len != b->len || memcmp(a->bytes, b->bytes, a->len) != 0))
			fail_msg("%s: refused, and file %d was written to", what, role);
	}
	disk_clear(&now);
}

static int count_row(const struct reader_row *row, void *data)
{
	*(size_t *)data += row->count;
	return 0;
}

static void read_it(struct stage *stage, bool all, const char *what)
{
	static const enum reader_view few[] = { VIEW_images, VIEW_changes, VIEW_listings };
	struct reader *reader = NULL;
	struct error err = { 0 };
	size_t values = 0;
	int result = reader_open(&reader, stage->f.path, &err);

	expect_sentence(result, &err, what, "reader");
	if (result < 0) {
		totals.reads_failed++;
		return;
	}
	for (size_t i = 0; i < (all ? VIEW_COUNT : ARRAY_LEN(few)); i++) {
		result = reader_query_view(reader, all ? (enum reader_view)i : few[i],
					   &(struct view_query){ 0 }, count_row, &values, &err);
		expect_sentence(result, &err, what, "view");
		totals.reads_failed += result < 0;
	}
	reader_close(reader);
}

/* Half of the time would go into reading: every `n`-th is read, and now and then every view. */
static void use_it(struct stage *stage, size_t n, const char *what)
{
	struct error err = { 0 };
	int result = stage->scene->call(stage, &err);

	expect_sentence(result, &err, what, "start");
	if (result < 0) {
		totals.refused++;
		expect_untouched(stage, what);
	} else {
		result = stage_poll_again(&stage->f, &err);
		expect_sentence(result, &err, what, "poll");
		totals.commits_failed += result < 0;
	}
	if (n % 3 == 0)
		read_it(stage, n % 24 == 0, what);
	stage_finish(stage);
}

static void flips_are_refused_or_harmless(void **state)
{
	size_t count = 20000 / stage_step(25);
	struct stage stage;
	char what[96];

	(void)state;
	stage_start(&stage, &large_scene);
	for (size_t i = 0; i < count; i++) {
		uint64_t seed = i;
		struct flip flip = turn(&stage.base, &seed);
		snprintf(what, sizeof(what), "flip %zu: %zu bytes at %zu of file %d", i, flip.len,
			 flip.offset, flip.role);
		alarm(120); /* instead of a hang: an end, with the test's name */
		stage_begin(&stage);
		use_it(&stage, i, what);
		turn_back(&stage.base, &flip);
		totals.flips++;
	}
	alarm(0);
	stage_end(&stage);
	/* Neither are all of them noticed nor none. */
	assert_true(totals.refused > count / 20 && totals.refused < count * 19 / 20);
}

/* ---- logs ----------------------------------------------------------------------------------- */

/* Polls in the log of a catalog whose file has none of them; `ret_states` before and after each. */
static void keep_states(struct stage *stage, struct state ret_states[static POLLS + 1])
{
	struct error err = { 0 };

	stage_begin(stage);
	assert_int_equal(stage->scene->call(stage, &err), 0);
	store_checkpoint(stage->f.store, true);
	ret_states[0] = stage_state(stage, "before");
	for (int i = 1; i <= POLLS; i++) {
		if (stage_poll_again(&stage->f, &err) != 0)
			fail_msg("%s", err.text);
		ret_states[i] = stage_state(stage, "after a poll");
	}
	disk_clear(&stage->base);
	disk_load(&stage->base, stage->f.path);
	assert_true(stage->base.files[DISK_WAL].len > 0);
	stage_finish(stage);
}

/* The witness of the last poll is there: who opens the catalog is told what it lost. */
static void open_cut(struct stage *stage, const struct disk *disk, const struct state *states,
		     const char *what)
{
	struct error err = { 0 };
	struct state state;
	struct buf why;
	int found = -1;

	buf_init(&why);
	disk_store(disk, stage->f.path);
	if (!judge(stage->f.path, &state, &why))
		fail_msg("%s: %s", what, buf_text(&why));
	buf_finish(&why);
	for (int i = 0; i <= POLLS; i++)
		if (state_same(&state, &states[i]))
			found = i;
	if (found < 0)
		fail_msg("%s: the catalog is none that there was", what);
	if (stage->scene->call(stage, &err) != 0)
		fail_msg("%s: %s", what, err.text);
	bool told = store_rollback(stage->f.store) != NULL;
	if (told != (found < POLLS))
		fail_msg("%s: %d polls are there, and a loss is %stold", what, found,
			 told ? "" : "not ");
	totals.cuts++;
}

static void a_cut_log_is_a_shorter_one(void **state)
{
	struct state states[POLLS + 1];
	struct stage stage;
	char what[64], path[FIXTURE_PATH], line[256];

	(void)state;
	stage_start(&stage, &large_scene);
	keep_states(&stage, states);
	fixture_path(&stage.f, "catalog.db.witness", path);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);

	struct disk cut;
	disk_copy(&cut, &stage.base);
	size_t len = cut.files[DISK_WAL].len, step = stage_step(53) * 512 - 13;
	for (size_t left = len; left <= len; left -= step) {
		cut.files[DISK_WAL].len = left;
		snprintf(what, sizeof(what), "%zu of %zu bytes of the log", left, len);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(line, file);
		fclose(file);
		open_cut(&stage, &cut, states, what);
		stage_finish(&stage);
	}
	cut.files[DISK_WAL].exists = false;
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(line, file);
	fclose(file);
	open_cut(&stage, &cut, states, "no log");
	stage_finish(&stage);
	disk_clear(&cut);
	stage_end(&stage);
}

/* SQLite cannot tell whose log it is. What comes out must be refused, or whole. */
static void anothers_log_does_no_harm(void **state)
{
	struct stage stage, other;
	const struct scene *killed = NULL;

	(void)state;
	for (const struct scene *scene = scenes; scene->name; scene++)
		if (strcmp(scene->name, "a start after a kill") == 0)
			killed = scene;
	assert_non_null(killed);
	stage_start(&other, killed);
	stage_start(&stage, &large_scene);
	struct disk_file own = stage.base.files[DISK_WAL];
	stage.base.files[DISK_WAL] = other.base.files[DISK_WAL];
	stage_begin(&stage);
	use_it(&stage, 0, "another's log");
	stage.base.files[DISK_WAL] = own;
	stage_end(&stage);
	faulty_vfs_install();
	stage_end(&other);
}

static void figures(void **state)
{
	(void)state;
	printf("figure: vfs flips %zu, of which refused %zu; commits failed %zu, reads failed %zu; "
	       "logs cut %zu\n",
	       totals.flips, totals.refused, totals.commits_failed, totals.reads_failed,
	       totals.cuts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flips_are_refused_or_harmless),
		cmocka_unit_test(a_cut_log_is_a_shorter_one),
		cmocka_unit_test(anothers_log_does_no_harm),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests_name("store_damage", tests, NULL, NULL);
}
