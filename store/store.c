/*
 * Opening and closing the catalog, and what keeps it small.
 */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/db.h"
#include "store/internal.h"
#include "store/lock.h"

/* As many rows at once as hold up neither the writer nor its readers. */
enum { PRUNE_ROWS_MAX = 5000 };

/* Between two looks whether another program's lock is gone. */
enum { BUSY_STEP_MS = 20, BUSY_HURRIED_MS = 1000 };

static int set_meta(struct store *store, const char *key, const char *value, struct error *err)
{
	struct statement *s = STMT(store, META_SET);

	bind_text(s, PARAM_key, key);
	bind_text(s, PARAM_value, value);
	return statement_run(s, err);
}

static bool set_paths(struct store *store, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf wal, witness;

	buf_init(&wal);
	buf_init(&witness);
	buf_printf(&wal, "%s-wal", path);
	buf_printf(&witness, "%s.witness", path);
	store->wal_path = wal.bytes; /* handed over */
	store->witness_path = witness.bytes;
	store->path = strdup(path);
	store->directory = !slash          ? strdup(".")
			   : slash == path ? strdup("/")
					   : strndup(path, (size_t)(slash - path));
	return !wal.failed && !witness.failed && store->path && store->directory;
}

static int take_lock(struct store *store, struct buf *lock_path, struct error *err)
{
	buf_printf(lock_path, "%s.lock", store->path);
	if (lock_path->failed)
		return error_set(err, -ENOMEM, "catalog '%s': out of memory", store->path);
	store->lock = lock_take(store->path, buf_text(lock_path), err);
	return store->lock < 0 ? store->lock : 0;
}

static int remember_file(struct store *store, struct error *err)
{
	struct stat info;

	if (stat(store->path, &info) != 0)
		return error_set(err, -errno, "catalog '%s': %s", store->path, strerror(errno));
	store->device = info.st_dev;
	store->inode = info.st_ino;
	return 0;
}

static int prepare(struct store *store, const char *daemon_version, struct error *err)
{
	int64_t counted_at = 0;
	int result = remember_file(store, err);

	if (result == 0)
		result = statements_open(&store->statements, store->db, err);
	if (result == 0)
		result = witness_open(store, err);
	if (result == 0)
		result = set_meta(store, "daemon_version", daemon_version, err);
	if (result == 0)
		result = statement_int(STMT(store, COUNTS_LAST), -86400, &counted_at, err);
	if (result == 0)
		result = docs_refresh(store, err);
	store->counted_day = counted_at / 86400;
	return result;
}

/* ---- waiting for others -----------------------------------------------------------------------
 */

static int on_busy(void *data, int tries)
{
	const struct store *store = data;
	int patience_ms = atomic_load(&store->hurried) ? BUSY_HURRIED_MS : DB_BUSY_MS;

	if (store->impatient || tries * BUSY_STEP_MS >= patience_ms)
		return 0;
	sqlite3_sleep(BUSY_STEP_MS);
	return 1;
}

void store_hurry(struct store *store)
{
	atomic_store(&store->hurried, true);
}

int store_begin(struct store *store, struct error *err)
{
	int result = statement_run(STMT(store, BEGIN), err);

	store->impatient = result == -EBUSY;
	return result;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

int store_open(struct store **ret, const char *path, const char *daemon_version,
	       const struct env *env, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	struct buf lock_path;
	int result = 0;

	buf_init(&lock_path);
	if (!store)
		return error_set(err, -ENOMEM, "catalog '%s': out of memory", path);
	store->env = env;
	store->lock = -1;
	if (!set_paths(store, path))
		result = error_set(err, -ENOMEM, "catalog '%s': out of memory", path);
	if (result == 0)
		result = take_lock(store, &lock_path, err);
	if (result == 0)
		result = db_open(&store->db, path, buf_text(&lock_path), env->now_s(env), err);
	if (result == 0 && sqlite3_busy_handler(store->db, on_busy, store) != SQLITE_OK)
		result = db_error(store->db, "cannot be set up", err);
	if (result == 0)
		result = prepare(store, daemon_version, err);
	buf_finish(&lock_path);
	if (result < 0) {
		statements_close(&store->statements);
		db_refuse(store->db);
		store->db = NULL;
		store_close(store);
		return result;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store->impatient = true;
	if (store->db && store->statements.db) {
		sqlite3_exec(store->db, "PRAGMA analysis_limit = 400; PRAGMA optimize", NULL, NULL,
			     NULL); /* only advice */
		store_checkpoint(store, true);
	}
	store_write_witness(store);
	statements_close(&store->statements);
	db_close(store->db);
	lock_release(store->lock);
	free(store->witness_path);
	free(store->wal_path);
	free(store->directory);
	free(store->path);
	free(store);
}

const char *store_directory(const struct store *store)
{
	return store->directory;
}

/* ---- the write-ahead log -------------------------------------------------------------------- */

void store_checkpoint(struct store *store, bool truncate)
{
	int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int in_log = 0, moved = 0;

	/* TRUNCATE would wait for readers: a reader may take as long as it likes, the writer not.
	 */
	bool impatient = store->impatient;
	store->impatient = true;
	int code = sqlite3_wal_checkpoint_v2(store->db, "main", mode, &in_log, &moved);
	store->impatient = impatient;
	if (code != SQLITE_OK || moved < in_log)
		store->busy_total++;
}

void store_wal(const struct store *store, struct store_wal *ret)
{
	struct stat info;

	ret->bytes = stat(store->wal_path, &info) == 0 ? (int64_t)info.st_size : 0;
	ret->busy_total = store->busy_total;
}

/* ---- pruning -------------------------------------------------------------------------------- */

/* The time that is trusted, and the times before which a row is old. */
struct ages {
	int64_t now, history_before, polls_before; /* 0: none is */
};

/* One batch of what is older than `before`, which `end` finds; the number of rows that went. */
static int prune_batch(struct store *store, struct statement *end, struct statement *s, int64_t now,
		       int64_t before, struct error *err)
{
	int64_t last = 0;

	if (!before)
		return 0;
	bind_int(end, PARAM_at, before);
	bind_int(end, PARAM_now, now);
	int result = statement_int(end, 0, &last, err);
	if (result < 0)
		return result;
	bind_int(s, PARAM_last, last);
	result = statement_run(s, err); /* a transaction of its own */
	return result < 0 ? result : sqlite3_changes(store->db);
}

/* The feed before the revisions: one stays while an entry tells of it. */
static int prune_next(struct store *store, const struct ages *ages, struct error *err)
{
	int result = prune_batch(store, STMT(store, PRUNE_POLLS_END), STMT(store, PRUNE_POLLS),
				 ages->now, ages->polls_before, err);

	if (result == 0)
		result = prune_batch(store, STMT(store, PRUNE_CHANGES_END),
				     STMT(store, PRUNE_CHANGES), ages->now, ages->history_before,
				     err);
	if (result == 0)
		result = prune_batch(store, STMT(store, PRUNE_REVISIONS_END),
				     STMT(store, PRUNE_REVISIONS), ages->now, ages->history_before,
				     err);
	return result;
}

int store_prune(struct store *store, int64_t now_s, int64_t keep_history_s, int64_t keep_polls_s,
		struct error *err)
{
	const struct ages ages = { .now = now_s,
				   .history_before = keep_history_s ? now_s - keep_history_s : 0,
				   .polls_before = keep_polls_s ? now_s - keep_polls_s : 0 };
	int pruned = 0;
	int result = check_file(store, err);

	while (result == 0 && pruned < PRUNE_ROWS_MAX) {
		int rows = prune_next(store, &ages, err);
		if (rows <= 0)
			return rows;
		pruned += rows;
	}
	return result < 0 ? result : 1;
}
