/*
 * What may be opened for writing, and what is refused, untouched and with a sentence that helps.
 */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int start(void **state)
{
	fixture_start(&fixture);
	*state = &fixture;
	return 0;
}

static void refuses(struct fixture *f, int code, const char *says)
{
	struct store *store = NULL;
	struct error err = { 0 };

	assert_int_equal(store_open(&store, f->path, "1.2.3", &f->env, &err), code);
	assert_null(store);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
}

/* Waits until a child says that it is ready, or is gone. */
static pid_t child_that(void (*body)(struct fixture *f, int ready), struct fixture *f)
{
	int pipes[2];
	char byte;

	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(pipes[0]);
		body(f, pipes[1]);
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	return child;
}

static void hold(struct fixture *f, int ready)
{
	if (store_open(&f->store, f->path, "1.2.3", &f->env, &f->err) != 0 ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	pause();
}

static void one_process_writes(void **state)
{
	struct fixture *f = *state;
	char says[64];

	pid_t child = child_that(hold, f);
	snprintf(says, sizeof(says), "in use by pid %ld (store_open)", (long)child);
	char *paren = strstr(says, " (");
	*paren = '\0'; /* the program's name depends on how the test was started */
	refuses(f, -EBUSY, says);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fixture_open(f);                     /* freed by kill -9 */
	refuses(f, -EBUSY, "in use by pid"); /* by this very process as well */
}

static void files_are_for_the_group(void **state)
{
	static const mode_t masks[] = { 0, 022, 077 };
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
		mode_t old = umask(masks[i]);
		fixture_open(f);
		fixture_poll(f, fixture_listing(f, "prod", "uhost"),
			     fixture_record("img-1", "one"));
		umask(old);
		for (size_t k = 0; k < ARRAY_LEN(suffixes); k++) {
			char path[128];
			struct stat info;
			snprintf(path, sizeof(path), "%s%s", f->path, suffixes[k]);
			assert_int_equal(stat(path, &info), 0);
			assert_int_equal(info.st_mode & 0777, 0640);
		}
		store_close(f->store);
		f->store = NULL;
		for (size_t k = 0; k < ARRAY_LEN(suffixes); k++) {
			char path[128];
			struct stat info;
			snprintf(path, sizeof(path), "%s%s", f->path, suffixes[k]);
			assert_int_equal(stat(path, &info), 0); /* they stay, for readers */
			if (k == 1)
				assert_int_equal(info.st_size, 0); /* and all is in the catalog */
			assert_int_equal(unlink(path), 0);
		}
	}
}

/* ---- refusals
 * ------------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *line, int times)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < times; i++)
		fputs(line, file);
	assert_int_equal(fclose(file), 0);
}

static uint64_t fingerprint(const char *path)
{
	static char bytes[MIB(4)];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	size_t len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return hash_bytes(bytes, len, 1);
}

static void text_is_refused(void **state)
{
	struct fixture *f = *state;

	write_file(f->path, "precious notes that are no database and must not be overwritten\n",
		   100);
	uint64_t before = fingerprint(f->path);
	refuses(f, -EBADMSG, "not an SQLite database");
	assert_true(fingerprint(f->path) == before);
}

static void a_foreign_database_is_refused(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x); INSERT INTO t VALUES (1)", 0, 0, 0),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	uint64_t before = fingerprint(f->path);
	refuses(f, -EINVAL, "another program");
	assert_true(fingerprint(f->path) == before);
}

static void a_newer_catalog_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_open(f);
	store_close(f->store);
	f->store = NULL;
	fixture_exec(f, "PRAGMA user_version = 99");
	uint64_t before = fingerprint(f->path);
	refuses(f, -EPROTO, "newer release (schema 99");
	assert_true(fingerprint(f->path) == before);
}

static void damage_is_noticed(void **state)
{
	struct fixture *f = *state;
	char id[500][16];
	struct poll poll;

	fixture_open(f);
	poll_init(f, &poll, fixture_listing(f, "prod", "uhost"), OUTCOME_COMPLETE);
	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		snprintf(id[i], sizeof(id[i]), "img-%zu", i);
		poll_sees(&poll, fixture_record(id[i], "name"));
	}
	poll_commit(f, &poll);
	store_close(f->store);
	f->store = NULL;

	FILE *file = fopen(f->path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	assert_int_equal(fseek(file, size / 2 / 4096 * 4096, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		fputc(0xa5, file);
	assert_int_equal(fclose(file), 0);
	uint64_t before = fingerprint(f->path);
	refuses(f, -EBADMSG, "damaged");
	assert_true(fingerprint(f->path) == before);
}

static void an_empty_file_becomes_a_catalog(void **state)
{
	struct fixture *f = *state;

	write_file(f->path, "", 0);
	fixture_open(f);
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM images"), "0");
}

static void a_missing_directory_is_named(void **state)
{
	struct fixture *f = *state;
	char path[96];

	strcpy(path, f->path);
	strcpy(f->path, "/nonexistent/catalog.db");
	refuses(f, -ENOENT, "directory does not exist");
	strcpy(f->path, path);
}

static void odd_paths_are_paths(void **state)
{
	struct fixture *f = *state;

	strcpy(strrchr(f->path, '/'), "/a?mode=memory#%20 数.db");
	fixture_open(f);
	fixture_poll(f, fixture_listing(f, "prod", "uhost"), fixture_record("img-1", "one"));
	assert_int_equal(access(f->path, F_OK), 0);
}

/* ---- as another user
 * ------------------------------------------------------------------------------- */

enum { NOBODY = 65534 };

/* Runs `body` as nobody; its result is the child's exit status. */
static void as_nobody(int (*body)(struct fixture *f), struct fixture *f)
{
	int status = 0;

	if (geteuid() != 0)
		skip();
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(99);
		_exit(body(f));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int expect_refusal(struct fixture *f, int code, const char *says)
{
	struct store *store = NULL;
	int result = store_open(&store, f->path, "1.2.3", &f->env, &f->err);

	if (result == code && strstr(f->err.text, says))
		return 0;
	fprintf(stderr, "%d: %s\n", result, f->err.text);
	return 1;
}

static int directory_body(struct fixture *f)
{
	return expect_refusal(f, -EACCES, "let the user that runs imagecatd write");
}

static int file_body(struct fixture *f)
{
	return expect_refusal(f, -EACCES, "may not be written");
}

static void an_unwritable_directory_is_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->directory, 0755), 0);
	as_nobody(directory_body, f);
}

static void an_unwritable_file_is_named(void **state)
{
	struct fixture *f = *state;
	char lock[128];

	fixture_open(f);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(chmod(f->directory, 0777), 0);
	assert_int_equal(chmod(f->path, 0444), 0);
	snprintf(lock, sizeof(lock), "%s.lock", f->path);
	assert_int_equal(unlink(lock), 0);
	as_nobody(file_body, f);
}

/* ---- interrupted
 * ------------------------------------------------------------------------------------- */

static void kill_inside_a_migration(struct fixture *f, int ready)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(f->path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE _meta (x)",
			 0, 0, 0) != SQLITE_OK ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	pause();
}

static void an_interrupted_start_starts_anew(void **state)
{
	struct fixture *f = *state;
	pid_t child = child_that(kill_inside_a_migration, f);

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fixture_open(f);
	assert_string_equal(fixture_query(f, "SELECT count(*) FROM images"), "0");
}

static void poll_and_wait(struct fixture *f, int ready)
{
	if (store_open(&f->store, f->path, "1.2.3", &f->env, &f->err) != 0)
		_exit(1);
	fixture_poll(f, fixture_listing(f, "prod", "uhost"), fixture_record("img-1", "one"));
	if (write(ready, "r", 1) != 1)
		_exit(1);
	pause();
}

static void what_was_committed_survives_a_kill(void **state)
{
	struct fixture *f = *state;
	pid_t child = child_that(poll_and_wait, f);

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fixture_open(f);
	assert_string_equal(fixture_query(f, "SELECT name FROM images"), "one");
}

static void a_commit_that_cannot_be_written_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct record record = fixture_record("img-1", "one");
	static char raw[MIB(1)];
	struct poll poll;
	sqlite3 *db = NULL;

	fixture_open(f);
	int64_t listing = fixture_listing(f, "prod", "uhost");
	fixture_poll(f, listing, record);
	/* Another writer holds the catalog: the commit waits, gives up, and leaves nothing. */
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
	memset(raw, 'x', sizeof(raw) - 1);
	record.raw = raw;
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	spool_close(poll.spool);
	assert_int_equal(spool_open(&poll.spool, f->directory, MIB(4)), 0); /* no file of its own */
	poll.commit.changed = poll.spool;
	poll_sees(&poll, record);
	assert_int_equal(store_commit(f->store, &poll.commit, &f->err), -EBUSY);
	assert_non_null(strstr(f->err.text, "write lock"));
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", 0, 0, 0), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	struct rlimit old, small;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = KIB(256), .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int result = store_commit(f->store, &poll.commit, &f->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	if (result != -ENOSPC && result != -EIO)
		fail_msg("%d: %s", result, f->err.text);
	assert_string_equal(
		fixture_query(f, "SELECT length(raw), (SELECT count(*) FROM polls) FROM images"),
		"15|1");
	poll_commit(f, &poll); /* the same one again, once there is room */
	assert_string_equal(fixture_query(f, "SELECT length(raw) FROM images"), "1048575");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_process_writes),
		CASE(files_are_for_the_group),
		CASE(text_is_refused),
		CASE(a_foreign_database_is_refused),
		CASE(a_newer_catalog_is_refused),
		CASE(damage_is_noticed),
		CASE(an_empty_file_becomes_a_catalog),
		CASE(a_missing_directory_is_named),
		CASE(odd_paths_are_paths),
		CASE(an_unwritable_directory_is_named),
		CASE(an_unwritable_file_is_named),
		CASE(an_interrupted_start_starts_anew),
		CASE(what_was_committed_survives_a_kill),
		CASE(a_commit_that_cannot_be_written_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
