/*
 * Readers in other accounts: a user of the catalog's group who may write nothing reads it while the
 * daemon runs, after it stopped, and after it was killed; and sees whole polls only.
 */
#include "store_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

#include "store/reader.h"

enum { NOBODY = 65534, GROUP = 54321 };

/* The layout that the package makes: owner root, the group's directory, no right for others. */
static int start(void **state)
{
	struct fixture *f = &fixture;

	fixture_start(f);
	*state = f;
	if (geteuid() != 0)
		return 0;
	assert_int_equal(chown(f->directory, 0, GROUP), 0);
	assert_int_equal(chmod(f->directory, 02750), 0);
	return 0;
}

static int take_count(const struct reader_row *row, void *data)
{
	++*(int *)data;
	return row->count ? 0 : 1;
}

/* How many images nobody sees, as a member of `group`; -1 and the sentence on stderr when none. */
static int count_as_nobody(struct fixture *f, gid_t group)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct reader *reader = NULL;
		struct image_filter filter = { 0 };
		gid_t groups[] = { group };
		int images = 0;
		if (setgroups(1, groups) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(99);
		if (reader_open(&reader, f->path, &f->err) != 0)
			_exit(strstr(f->err.text, "join the group") ? 98 : 97);
		if (reader_each_image(reader, &filter, take_count, &images, &f->err) != 0)
			_exit(96);
		reader_close(reader);
		_exit(images);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void poll_once(struct fixture *f, const char *id)
{
	struct poll poll;

	poll_init(f, &poll, fixture_listing(f, "prod", "uhost"), OUTCOME_PARTIAL);
	poll_sees(&poll, fixture_record(id, id));
	poll_commit(f, &poll);
}

static void running(struct fixture *f)
{
	fixture_open(f);
	poll_once(f, "img-1");
}

static void stopped(struct fixture *f)
{
	running(f);
	store_close(f->store);
	f->store = NULL;
}

static void killed(struct fixture *f)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		running(f);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static const struct row {
	const char *name;
	void (*reach)(struct fixture *f);
	gid_t group;
	int seen;
} rows[] = {
	{ "running", running, GROUP, 1 },
	{ "stopped", stopped, GROUP, 1 },
	{ "killed", killed, GROUP, 1 },
	{ "running, not in the group", running, NOBODY, 98 },
};

static void the_group_reads(void **state)
{
	const struct row *row = *state;

	if (geteuid() != 0)
		skip();
	start((void *[]){ NULL });
	row->reach(&fixture);
	assert_int_equal(count_as_nobody(&fixture, row->group), row->seen);
	/* Nor does a reader leave anything behind that stops the next daemon. */
	if (!fixture.store)
		fixture_open(&fixture);
	fixture_teardown(NULL);
}

static void a_reader_lives_through_a_restart(void **state)
{
	struct fixture *f = *state;
	struct reader *reader = NULL;
	struct image_filter filter = { 0 };
	int images = 0;

	running(f);
	assert_int_equal(reader_open(&reader, f->path, &f->err), 0);
	fixture_reopen(f);
	poll_once(f, "img-2");
	assert_int_equal(reader_each_image(reader, &filter, take_count, &images, &f->err), 0);
	assert_int_equal(images, 2);
	reader_close(reader);
}

/* Every poll writes ten rows with the same mark; a reader must never see two marks. */
enum { POLLS = 30, IMAGES = 10 };

static int whole_polls_only(struct fixture *f)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int seen = 0;

	if (sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, 5000) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT count(*), count(DISTINCT name), max(name) FROM images",
			       -1, &stmt, NULL) != SQLITE_OK)
		return 1;
	while (seen < POLLS - 1) {
		if (sqlite3_step(stmt) != SQLITE_ROW)
			return 2;
		if (sqlite3_column_int(stmt, 0) != IMAGES || sqlite3_column_int(stmt, 1) != 1)
			return 3;
		seen = atoi((const char *)sqlite3_column_text(stmt, 2));
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return sqlite3_close(db) == SQLITE_OK ? 0 : 4;
}

static void readers_see_whole_polls(void **state)
{
	struct fixture *f = *state;
	char name[16], id[IMAGES][16];
	struct poll poll;
	pid_t child = 0;
	int status = 1;

	fixture_open(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	for (int i = 0; i < POLLS; i++) {
		poll_init(f, &poll, listing, OUTCOME_COMPLETE);
		snprintf(name, sizeof(name), "%06d", i);
		for (int k = 0; k < IMAGES; k++) {
			snprintf(id[k], sizeof(id[k]), "img-%d", k);
			poll_sees(&poll, fixture_record(id[k], name));
		}
		poll_commit(f, &poll);
		if (i == 0) {
			child = fork();
			assert_true(child >= 0);
			if (child == 0)
				_exit(whole_polls_only(f));
		}
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_long_reader_does_not_stop_the_writer(void **state)
{
	struct fixture *f = *state;
	struct store_wal before, after;
	sqlite3 *db = NULL;

	running(f);
	store_checkpoint(f->store, true);
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM images", 0, 0, 0),
			 SQLITE_OK);
	poll_once(f, "img-2");
	store_wal(f->store, &before);
	store_checkpoint(f->store, true);
	store_wal(f->store, &after);
	assert_true(after.bytes > 0);
	assert_int_equal(after.busy_total, before.busy_total + 1);
	poll_once(f, "img-3");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	store_checkpoint(f->store, true);
	store_wal(f->store, &after);
	assert_int_equal(after.bytes, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_reader_lives_through_a_restart),       CASE(readers_see_whole_polls),
		CASE(a_long_reader_does_not_stop_the_writer), TEST_ROW(the_group_reads, &rows[0]),
		TEST_ROW(the_group_reads, &rows[1]),          TEST_ROW(the_group_reads, &rows[2]),
		TEST_ROW(the_group_reads, &rows[3]),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
