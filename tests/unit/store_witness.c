/*
 * A catalog that went back is noticed by the file beside it, and no number is given twice.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "store/witness.h"

/* ---- files --------------------------------------------------------------------------------------
 */

static void copy(const char *from, const char *to)
{
	struct buf bytes;

	fixture_load(from, &bytes);
	fixture_save(to, buf_text(&bytes), bytes.len);
	buf_finish(&bytes);
}

static const char *beside(const struct fixture *f, const char *suffix,
			  char ret[static FIXTURE_PATH])
{
	strcpy(ret, f->path);
	return strcat(ret, suffix);
}

static void close_store(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

static void back_up(struct fixture *f)
{
	char backup[FIXTURE_PATH];

	close_store(f);
	copy(f->path, beside(f, ".backup", backup));
	fixture_open(f);
	assert_null(store_rollback(f->store));
}

/* The catalog as it was, with no log: what cp of a backup leaves. */
static void restore(struct fixture *f)
{
	char backup[FIXTURE_PATH];

	close_store(f);
	copy(beside(f, ".backup", backup), f->path);
}

/* ---- polls --------------------------------------------------------------------------------------
 */

static void change(struct fixture *f, int64_t listing, const char *name)
{
	fixture_poll(f, listing, fixture_record("img-1", name));
}

static void says(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
}

static struct witness seen(struct fixture *f)
{
	char path[FIXTURE_PATH];
	struct witness w = { 0 };

	assert_int_equal(witness_read(beside(f, ".witness", path), &w), 0);
	return w;
}

/* ---- going back
 * ----------------------------------------------------------------------------------- */

static void a_restored_backup_is_noticed(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	back_up(f);
	change(f, listing, "two");
	change(f, listing, "three");
	restore(f);
	fixture_open(f);
	says(store_rollback(f->store), "lost its last 2 changes (seq 3 back to 1) and its last 2 "
				       "polls (poll_id 3 back to 1): was a backup restored");
	fixture_check_whole(f);

	change(f, listing, "four");
	assert_query(f, "SELECT seq, poll_id FROM changes ORDER BY seq", "1|1\n4|4");
	assert_query(f, "SELECT poll_id FROM polls", "1\n4");
	assert_query(f, "SELECT value FROM catalog_info WHERE key = 'last_seq'", "4");
	fixture_check_whole(f);
	fixture_reopen(f);
	assert_null(store_rollback(f->store)); /* said once */
}

static void going_back_again_and_again(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	back_up(f);
	change(f, listing, "two");
	restore(f);
	fixture_open(f);
	says(store_rollback(f->store), "its last 1 change (seq 2 back to 1)");
	close_store(f);
	fixture_open(f); /* nothing happened in between */
	assert_null(store_rollback(f->store));
	change(f, listing, "three");
	back_up(f);
	change(f, listing, "four");
	restore(f);
	fixture_open(f);
	says(store_rollback(f->store), "its last 1 change (seq 4 back to 3)");
	fixture_check_whole(f);
	change(f, listing, "five");
	assert_query(f, "SELECT seq, poll_id FROM changes ORDER BY seq", "1|1\n3|3\n5|5");
	fixture_check_whole(f);
}

/* Twice to the same backup, and lost numbers that lie side by side. */
static void the_same_backup_twice(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	back_up(f);
	for (int i = 0; i < 2; i++) {
		change(f, listing, "two");
		restore(f);
		fixture_open(f);
		assert_non_null(store_rollback(f->store));
	}
	change(f, listing, "three");
	assert_query(f, "SELECT max(seq), max(poll_id) FROM changes", "4|4");
	fixture_check_whole(f);
}

static void a_backup_without_any_change(void **state)
{
	struct fixture *f = *state;
	int64_t listing;

	back_up(f);
	listing = fixture_listing(f, "prod", "uhost");
	change(f, listing, "one");
	restore(f);
	fixture_open(f);
	says(store_rollback(f->store), "its last 1 change (seq 1 back to 0)");
	change(f, fixture_listing(f, "prod", "uhost"), "one");
	assert_query(f, "SELECT seq, poll_id FROM changes", "2|2");
	fixture_check_whole(f);
}

static void lost_polls_are_noticed_too(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	back_up(f);
	change(f, listing, "one"); /* nothing changes but the polls */
	restore(f);
	fixture_open(f);
	says(store_rollback(f->store), "lost its last 1 poll (poll_id 2 back to 1): ");
	change(f, listing, "one");
	assert_query(f, "SELECT group_concat(poll_id) FROM polls", "1,3");
	fixture_check_whole(f);
}

/* The daemon is killed, then somebody removes the -wal that has its last polls. */
static void a_removed_log_is_noticed(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	char from[FIXTURE_PATH], to[FIXTURE_PATH];

	change(f, listing, "one");
	fixture_reopen(f); /* checkpointed */
	change(f, listing, "two");
	store_write_witness(f->store);
	copy(f->path, beside(f, ".killed", to)); /* as kill -9 leaves it, without its log */
	copy(beside(f, ".witness", from), beside(f, ".killed.witness", to));
	close_store(f);
	strcat(f->path, ".killed");
	fixture_open(f);
	says(store_rollback(f->store), "its last 1 change (seq 2 back to 1)");
	change(f, listing, "three");
	assert_query(f, "SELECT seq FROM changes ORDER BY seq", "1\n3");
	fixture_check_whole(f);
}

static void pruning_is_not_going_back(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	change(f, listing, "two");
	f->now += 1000;
	assert_int_equal(store_prune(f->store, f->now, 100, 100, &f->err), 0);
	assert_query(f, "SELECT count(*) FROM changes", "0");
	fixture_reopen(f);
	assert_null(store_rollback(f->store));
	change(f, listing, "three");
	assert_query(f, "SELECT seq, poll_id FROM changes", "3|3");
	fixture_check_whole(f);
}

/* ---- not going back
 * --------------------------------------------------------------------------------- */

static void a_new_catalog_at_the_path(void **state)
{
	struct fixture *f = *state;
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct error note;
	char path[FIXTURE_PATH];

	change(f, fixture_listing(f, "prod", "uhost"), "one");
	struct witness before = seen(f);
	close_store(f);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		assert_int_equal(unlink(beside(f, suffixes[i], path)), 0);
	fixture_create(f);
	assert_null(store_rollback(f->store));
	assert_false(store_take_note(f->store, &note));
	assert_string_not_equal(seen(f).catalog_id, before.catalog_id);
	assert_int_equal(seen(f).last_seq, 0);
}

static void a_removed_witness_is_written_anew(void **state)
{
	struct fixture *f = *state;
	struct error note;
	char path[FIXTURE_PATH];

	change(f, fixture_listing(f, "prod", "uhost"), "one");
	close_store(f);
	assert_int_equal(unlink(beside(f, ".witness", path)), 0);
	fixture_open(f);
	assert_null(store_rollback(f->store));
	assert_false(store_take_note(f->store, &note));
	assert_int_equal(seen(f).last_seq, 1);
	assert_int_equal(seen(f).last_poll_id, 1);
}

static void spoil_empty(char *line, size_t *len)
{
	(void)line;
	*len = 0;
}

static void spoil_number(char *line, size_t *len)
{
	(void)len;
	*strchr(line, '1') = '9';
	line[strcspn(line, "=") + 25]++;
}

static void spoil_sum(char *line, size_t *len)
{
	line[*len - 2] = line[*len - 2] == '0' ? '1' : '0';
}

static void spoil_short(char *line, size_t *len)
{
	(void)line;
	*len -= 1;
}

static void spoil_long(char *line, size_t *len)
{
	line[*len] = '\n';
	*len += 1;
}

static void spoil_bytes(char *line, size_t *len)
{
	memset(line, 0, 200);
	*len = 200;
}

static void spoil_huge(char *line, size_t *len)
{
	*len = (size_t)
		snprintf(line, 250,
			 "imagecat-witness 1 catalog=0123456789abcdef seq=99999999999999999999"
			 " poll=1 sum=0123456789abcdef\n");
}

static const struct spoilt {
	const char *name;
	void (*spoil)(char *line, size_t *len);
} spoilts[] = {
	{ "empty", spoil_empty }, { "another number", spoil_number }, { "another sum", spoil_sum },
	{ "cut", spoil_short },   { "one byte more", spoil_long },    { "zeros", spoil_bytes },
	{ "huge", spoil_huge },
};

static void a_garbled_witness_is_said_and_replaced(void **state)
{
	const struct spoilt *row = *state;
	struct fixture *f = &fixture;
	struct error note;
	char path[FIXTURE_PATH], line[512] = { 0 };
	struct buf bytes;

	fixture_setup(&(void *){ NULL });
	change(f, fixture_listing(f, "prod", "uhost"), "one");
	close_store(f);
	fixture_load(beside(f, ".witness", path), &bytes);
	memcpy(line, bytes.bytes, bytes.len);
	size_t len = bytes.len;
	row->spoil(line, &len);
	fixture_save(path, line, len);
	fixture_open(f);
	assert_null(store_rollback(f->store));
	assert_true(store_take_note(f->store, &note));
	says(note.text, "(it is not what was written) and is written anew");
	assert_false(store_take_note(f->store, &note));
	struct buf again;
	fixture_load(path, &again);
	assert_string_equal(buf_text(&again), buf_text(&bytes));
	buf_finish(&bytes);
	buf_finish(&again);
	fixture_end(f);
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */

static void only_the_daemon_reads_it(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	struct stat info;

	assert_int_equal(stat(beside(f, ".witness", path), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(access(beside(f, ".witness.new", path), F_OK), -1);
}

static void no_poll_waits_for_it(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");

	change(f, listing, "one");
	assert_int_equal(seen(f).last_seq, 0);
	assert_true(store_is_unwitnessed(f->store));
	store_write_witness(f->store); /* what the writer does when it has nothing else to do */
	assert_int_equal(seen(f).last_seq, 1);
	assert_false(store_is_unwitnessed(f->store));

	change(f, listing, "two");
	f->now -= 60; /* the next poll ends in the same second */
	change(f, listing, "three");
	assert_int_equal(seen(f).last_seq, 1);
	change(f, listing, "four"); /* later: the writer is never idle */
	assert_int_equal(seen(f).last_seq, 4);

	change(f, listing, "five");
	assert_int_equal(seen(f).last_seq, 4);
	close_store(f);
	assert_int_equal(seen(f).last_seq, 5);
	assert_int_equal(seen(f).last_poll_id, 5);
}

/* A directory in its place: no rename can replace it, and root is refused as well. */
static void a_witness_that_cannot_be_written_stops_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t listing = fixture_listing(f, "prod", "uhost");
	struct error note;
	char path[FIXTURE_PATH], left[FIXTURE_PATH];

	assert_int_equal(unlink(beside(f, ".witness", path)), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	change(f, listing, "one");
	store_write_witness(f->store);
	assert_true(store_take_note(f->store, &note));
	says(note.text, "cannot be written (");
	change(f, listing, "two");
	store_write_witness(f->store);
	assert_false(store_take_note(f->store, &note)); /* the same episode */
	assert_query(f, "SELECT count(*) FROM changes", "2");
	assert_int_equal(access(beside(f, ".witness.new", left), F_OK), -1);

	assert_int_equal(rmdir(path), 0);
	change(f, listing, "three");
	store_write_witness(f->store);
	assert_int_equal(seen(f).last_seq, 3);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	change(f, listing, "four");
	store_write_witness(f->store);
	assert_true(store_take_note(f->store, &note)); /* another one */
	assert_int_equal(rmdir(path), 0);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH], precious[FIXTURE_PATH];
	struct buf bytes;

	fixture_save(fixture_path(f, "precious", precious), "text", 4);
	assert_int_equal(symlink(precious, beside(f, ".witness.new", path)), 0);
	change(f, fixture_listing(f, "prod", "uhost"), "one");
	store_write_witness(f->store);
	fixture_load(precious, &bytes);
	assert_string_equal(buf_text(&bytes), "text");
	buf_finish(&bytes);
}

/* ---- the catalog itself taken away
 * ------------------------------------------------------------------- */

static void take_moved(struct fixture *f)
{
	char path[FIXTURE_PATH];

	assert_int_equal(rename(f->path, beside(f, ".moved", path)), 0);
}

static void take_deleted(struct fixture *f)
{
	assert_int_equal(unlink(f->path), 0);
}

static void take_replaced(struct fixture *f)
{
	char path[FIXTURE_PATH];

	copy(f->path, beside(f, ".copy", path));
	assert_int_equal(rename(path, f->path), 0);
}

static const struct taken {
	const char *name;
	void (*take)(struct fixture *f);
} takens[] = {
	{ "moved away", take_moved },
	{ "deleted", take_deleted },
	{ "replaced by a copy", take_replaced },
};

static void nothing_is_written_into_a_file_that_is_gone(void **state)
{
	const struct taken *row = *state;
	struct fixture *f = &fixture;
	struct poll poll;
	struct store_listing listing = { 0 };
	struct listing_identity identity = { "b", "ucloud", "c", "uhost", "", "", "", "" };
	struct stat before, after;
	char path[FIXTURE_PATH];

	fixture_setup(&(void *){ NULL });
	int64_t id = fixture_listing(f, "prod", "uhost");
	change(f, id, "one");
	row->take(f);
	beside(f, "-wal", path);
	assert_int_equal(stat(path, &before), 0);
	poll_init(f, &poll, id, OUTCOME_COMPLETE);
	poll_sees(&poll, fixture_record("img-1", "two"));
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -ESTALE);
	says(f->err.text, "was moved, deleted or replaced while in use: put it back, or restart");
	poll_end(&poll);
	assert_int_equal(store_register(f->store, &identity, INTERVAL, &listing, &f->err), -ESTALE);
	assert_int_equal(store_disable(f->store, id, &f->err), -ESTALE);
	assert_int_equal(store_prune(f->store, f->now, 1, 1, &f->err), -ESTALE);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	fixture_end(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static struct CMUnitTest rows[ARRAY_LEN(spoilts) + ARRAY_LEN(takens)];
	const struct CMUnitTest tests[] = {
		CASE(a_restored_backup_is_noticed),
		CASE(going_back_again_and_again),
		CASE(the_same_backup_twice),
		CASE(a_backup_without_any_change),
		CASE(lost_polls_are_noticed_too),
		CASE(a_removed_log_is_noticed),
		CASE(pruning_is_not_going_back),
		CASE(a_new_catalog_at_the_path),
		CASE(a_removed_witness_is_written_anew),
		CASE(only_the_daemon_reads_it),
		CASE(no_poll_waits_for_it),
		CASE(a_witness_that_cannot_be_written_stops_nothing),
		CASE(a_link_in_its_place_is_not_followed),
	};

	for (size_t i = 0; i < ARRAY_LEN(spoilts); i++)
		rows[i] = (struct CMUnitTest)TEST_ROW(a_garbled_witness_is_said_and_replaced,
						      &spoilts[i]);
	for (size_t i = 0; i < ARRAY_LEN(takens); i++)
		rows[ARRAY_LEN(spoilts) + i] =
			(struct CMUnitTest)TEST_ROW(nothing_is_written_into_a_file_that_is_gone,
						    &takens[i]);
	int failed = cmocka_run_group_tests_name("witness", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("witness rows", rows, NULL, NULL);
}
