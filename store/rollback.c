/*
 * A catalog that went back must not give a number twice: readers remember where they were in the
 * feed. The witness beside it says how far it had come; what is lost is told once, recorded for
 * --verify, and the numbers go on after the last one witnessed.
 *
 * The witness costs as much as the commit of a quiet poll, so no poll waits for it: it is written
 * when the writer has had nothing to do for a second, by the first commit a second after one that
 * it does not know, and at the end. What was committed two seconds ago is witnessed. A write that
 * fails fails nothing else.
 */
#include <errno.h>
#include <string.h>

#include "store/internal.h"

static int read_id(struct store *store, struct witness *ret, struct error *err)
{
	int result = statement_run(STMT(store, CATALOG_ID_ADD), err);
	struct statement *s = STMT(store, META_GET);

	if (result < 0)
		return result;
	bind_text(s, PARAM_key, "catalog_id");
	result = statement_step(s, err);
	if (result < 0)
		return result;
	const char *id = result ? row_text(s, 0) : NULL;
	size_t len = id ? strlen(id) : 0;
	if (len != CATALOG_ID_SIZE - 1)
		result = error_set(err, -EBADMSG, "catalog: its catalog_id is damaged");
	else
		memcpy(ret->catalog_id, id, len + 1);
	statement_reset(s);
	return result < 0 ? result : 0;
}

static int read_present(struct store *store, struct witness *ret, struct error *err)
{
	int result = read_id(store, ret, err);

	if (result == 0)
		result = statement_int(STMT(store, CHANGE_LAST), 0, &ret->last_seq, err);
	if (result == 0)
		result = statement_int(STMT(store, POLL_LAST), 0, &ret->last_poll_id, err);
	return result;
}

/* ---- a catalog that went back ---------------------------------------------------------------- */

static int record_loss(struct store *store, const char *key, int64_t from, int64_t to,
		       struct error *err)
{
	struct statement *s = STMT(store, LOST_ADD);

	bind_text(s, PARAM_key, key);
	bind_int(s, PARAM_first, from + 1);
	bind_int(s, PARAM_last, to);
	return statement_run(s, err);
}

static int raise_seq(struct store *store, int64_t from, int64_t to, struct error *err)
{
	struct statement *s = STMT(store, SEQ_RAISE);

	bind_int(s, PARAM_last, to);
	int result = statement_run(s, err);
	if (result == 0 && sqlite3_changes(store->db) == 0) {
		s = STMT(store, SEQ_START);
		bind_int(s, PARAM_last, to);
		result = statement_run(s, err);
	}
	return result < 0 ? result : record_loss(store, "lost_seqs", from, to, err);
}

static int raise_poll_id(struct store *store, int64_t from, int64_t to, struct error *err)
{
	struct statement *s = STMT(store, META_SET);

	bind_text(s, PARAM_key, "poll_floor");
	bind_int(s, PARAM_value, to);
	int result = statement_run(s, err);
	return result < 0 ? result : record_loss(store, "lost_polls", from, to, err);
}

static int go_on_after(struct store *store, const struct witness *seen, struct error *err)
{
	const struct witness *now = &store->witness;
	int result = store_begin(store, err);

	if (result < 0)
		return result;
	if (seen->last_seq > now->last_seq)
		result = raise_seq(store, now->last_seq, seen->last_seq, err);
	if (result == 0 && seen->last_poll_id > now->last_poll_id)
		result = raise_poll_id(store, now->last_poll_id, seen->last_poll_id, err);
	if (result == 0)
		result = statement_run(STMT(store, COMMIT), err);
	if (result < 0 && !sqlite3_get_autocommit(store->db))
		statement_run(STMT(store, ROLLBACK), NULL);
	return result;
}

static void put_loss(struct buf *out, const char *what, const char *number, int64_t from,
		     int64_t to)
{
	if (to <= from)
		return;
	buf_printf(out, "%sits last %lld %s%s (%s %lld back to %lld)", out->len ? " and " : "",
		   (long long)(to - from), what, to - from == 1 ? "" : "s", number, (long long)to,
		   (long long)from);
}

static int go_back(struct store *store, const struct witness *seen, struct error *err)
{
	struct witness *now = &store->witness;
	struct buf loss;

	buf_init(&loss);
	put_loss(&loss, "change", "seq", now->last_seq, seen->last_seq);
	put_loss(&loss, "poll", "poll_id", now->last_poll_id, seen->last_poll_id);
	error_set(&store->rollback, -ENODATA,
		  "the catalog '%s' lost %s: was a backup restored, or its -wal file removed?",
		  store->path, buf_text(&loss));
	buf_finish(&loss);
	int result = go_on_after(store, seen, err);
	if (result < 0)
		return result;
	if (seen->last_seq > now->last_seq)
		now->last_seq = seen->last_seq;
	if (seen->last_poll_id > now->last_poll_id)
		now->last_poll_id = seen->last_poll_id;
	return 0;
}

/* ---- the witness ----------------------------------------------------------------------------- */

void store_write_witness(struct store *store)
{
	if (!store->unwitnessed)
		return;
	int result = witness_write(store->witness_path, &store->witness);
	store->unwitnessed = false; /* a failure is made good by the next commit */
	if (result == 0)
		store->witness_fails = false;
	if (result == 0 || store->witness_fails)
		return;
	store->witness_fails = true;
	error_set(&store->note, result,
		  "the witness '%s' cannot be written (%s): a catalog that goes back would not be "
		  "noticed",
		  store->witness_path, strerror(-result));
}

int witness_open(struct store *store, struct error *err)
{
	struct witness seen = { 0 };
	int result = read_present(store, &store->witness, err);

	if (result < 0)
		return result;
	int code = witness_read(store->witness_path, &seen);
	if (code < 0 && code != -ENOENT)
		error_set(&store->note, code,
			  "the witness '%s' cannot be read (%s) and is written anew: had the "
			  "catalog gone back, that was not noticed",
			  store->witness_path,
			  code == -EBADMSG ? "it is not what was written" : strerror(-code));
	bool ours = code == 0 && strcmp(seen.catalog_id, store->witness.catalog_id) == 0;
	if (ours && (seen.last_seq > store->witness.last_seq ||
		     seen.last_poll_id > store->witness.last_poll_id))
		result = go_back(store, &seen, err);
	if (result < 0)
		return result;
	store->unwitnessed = !ours || seen.last_seq != store->witness.last_seq ||
			     seen.last_poll_id != store->witness.last_poll_id;
	store_write_witness(store);
	return 0;
}

void witness_commit(struct store *store, int64_t last_seq, int64_t poll_id)
{
	int64_t now = store->env->now_s(store->env);

	store->witness.last_seq = last_seq;
	store->witness.last_poll_id = poll_id;
	if (!store->unwitnessed)
		store->unwitnessed_at = now;
	store->unwitnessed = true;
	if (store->unwitnessed_at != now)
		store_write_witness(store);
}

bool store_is_unwitnessed(const struct store *store)
{
	return store->unwitnessed;
}

const char *store_rollback(const struct store *store)
{
	return store->rollback.code ? store->rollback.text : NULL;
}

bool store_take_note(struct store *store, struct error *ret)
{
	if (!store->note.code)
		return false;
	*ret = store->note;
	store->note.code = 0;
	return true;
}
