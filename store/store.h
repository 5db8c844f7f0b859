/*
 * The catalog as the daemon writes it: one connection, one transaction per poll.
 *
 * The functions here run on the writer's thread (or before it was started, and in tests, on any
 * one thread). They block on the disk. None logs; each says in `err` what failed.
 */
#pragma once

#include "base/base.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/timekeeper.h"
#include "imagecat/provider.h"
#include "model/known.h"
#include "model/page.h"
#include "store/identity.h"
#include "store/spool.h"

struct store;

/*
 * Opens or creates the catalog: takes the lock beside it (PATH.lock, flock), migrates, prepares
 * every statement. Refuses a file that is not ours, of a newer schema, corrupt, or locked by
 * another process (named).
 */
int store_open(struct store **ret, const char *path, const char *daemon_version,
	       const struct env *env, struct error *err);
void store_close(struct store *store); /* checkpoints; accepts NULL */

/* From any thread: from now on another program's lock is waited for a second at most. */
void store_hurry(struct store *store);

/*
 * What the catalog lost while it was closed (a restored backup, a removed -wal), as a sentence,
 * or NULL. Numbers are not given twice all the same. Known from store_open() on.
 */
const char *store_rollback(const struct store *store);

/* What is wrong with the file that would tell: once per episode. */
bool store_take_note(struct store *store, struct error *ret);

/* Commits are on disk that the witness does not know yet; the writer, idle for a second, tells it.
 */
bool store_is_unwitnessed(const struct store *store);
void store_write_witness(struct store *store);

/* Where the catalog is: the place for spools. Borrowed; any thread. */
const char *store_directory(const struct store *store);

/*
 * Tells the catalog which fields of which provider feed the columns of a record, for column_docs.
 * Writes only when that differs from what is stored.
 */
int store_describe(struct store *store, const struct provider *const *providers, struct error *err);

/* ---- listings ------------------------------------------------------------------------- */

struct store_listing {
	int64_t listing_id;
	struct listing_identity identity;
	int64_t interval_s;
	int64_t last_attempt_at, last_complete_at, next_due_at; /* 0 = never */
	int64_t consecutive_failures;
	int64_t images_present;
	int64_t first_baseline_at; /* 0 until the first complete poll */
	bool disabled;
	enum error_class error_class; /* of the last poll; NONE after a good one */
};

/* Finds or adds the listing, enables it, stores its interval; fills ret but its identity. */
int store_register(struct store *store, const struct listing_identity *identity, int64_t interval_s,
		   struct store_listing *ret, struct error *err);

/* Runs `body`, which may register and disable listings, as one transaction: all of it or nothing.
 */
int store_together(struct store *store,
		   int (*body)(struct store *store, void *data, struct error *err), void *data,
		   struct error *err);

/* Calls `each` for every listing ever registered; what it gets is valid during the call. */
int store_each_listing(struct store *store, void (*each)(const struct store_listing *l, void *data),
		       void *data, struct error *err);

/* A listing taken out of the configuration: one `disabled` change; no image row is touched. */
int store_disable(struct store *store, int64_t listing_id, struct error *err);

/* ---- what is already stored -------------------------------------------------------------- */

/*
 * Fills `known` with every row of the listing, removed ones included. An entry's content is the
 * fingerprint (hash_bytes with `seed`) of the stored raw bytes when they are all that the item was
 * made of (neither redacted nor repaired nor part of a group: checked when it was stored), and the
 * row was written by the present MAPPING_VERSION; else 0.
 */
int store_load_known(struct store *store, int64_t listing_id, uint64_t seed, struct known *known,
		     struct error *err);

/* ---- what guards a listing against a drop that may not be true --------------------------------
 */

/* Survives restarts. All zero outside an episode of suspect polls, but for `credential`. */
struct store_guard {
	int64_t held_from_s; /* time passed (base/timekeeper) at the first suspect poll that missed
				exactly the rows of held_set */
	int64_t held_polls;  /* suspect polls in a row that did */
	uint64_t held_set;   /* fingerprint of the rows that are held; 0: none */
	bool released;       /* by an operator: the next poll that is proved whole is believed */
	uint64_t credential; /* fingerprint of the key of the last believed poll; 0: none yet */
};

int store_load_guard(struct store *store, int64_t listing_id, struct store_guard *ret,
		     struct error *err);

/* An operator believes a held drop. -ENOENT: no such listing; -EINVAL: nothing of it is held. */
int store_release(struct store *store, int64_t listing_id, struct error *err);

/* ---- one poll ----------------------------------------------------------------------------- */

enum outcome {
	OUTCOME_COMPLETE,
	OUTCOME_PARTIAL,
	OUTCOME_SUSPECT,
	OUTCOME_FAILED,
	OUTCOME_ABORTED,
	OUTCOME_COUNT
};
const char *outcome_text(enum outcome outcome);
const char *error_class_text(enum error_class class); /* "" for none */
enum error_class error_class_of(const char *text);    /* NONE for NULL and for what is none */

/* No envelope was read: any other number may be a provider's code. */
#define POLL_NO_CODE INT64_MIN

/* The row of `polls`; -1 in a number but `code` means NULL. Texts are borrowed and may be NULL. */
struct poll_log {
	int64_t started_at, finished_at; /* Unix seconds */
	bool clock_jump; /* which are not those of the poll before, or plainly wrong */
	enum outcome outcome;
	int64_t pages, requests, retries, throttled, bytes, duration_ms, items, duplicates;
	int64_t total_reported;
	int64_t warnings;
	enum error_class error_class;
	int64_t http_status, code;
	const char *provider_message;
	const char *message; /* our sentence */
};

/* A place that discovery found; "" where a part is not meant. */
struct store_place {
	const char *project, *region, *zone;
};

struct commit {
	/* In; borrowed until the commit is done. */
	int64_t listing_id;
	const struct poll_log *log; /* its finished_at is the time of everything that is written */
	uint64_t seed;              /* of the fingerprints in `changed`, as in struct page_scope */
	int64_t next_due_at;
	unsigned removal_after;     /* K of this listing: absent from that many complete polls */
	struct spool *changed;      /* records seen whose bytes were not known; NULL when none */
	struct known_entry *absent; /* known present or missing, not seen; empty unless complete */
	size_t absent_count;
	struct known_entry *returned; /* known missing or removed, seen with known bytes */
	size_t returned_count;
	int64_t held; /* newly absent rows that the brake held back, or had held and now believes */
	bool believed;            /* … the latter: the feed gets `released` */
	struct store_guard guard; /* as it shall be; a poll that is not proved whole leaves it */
	const struct page_drift *drifts;
	size_t drift_count;
	/* A discovery's answer: replaces the last one when complete. NULL in other polls. */
	const struct store_place *places;
	size_t place_count;

	/* Out; valid only when 0 was returned. `absent` and `returned` have their new presence. */
	int64_t poll_id;
	int64_t added, changed_count, missing, removed, returned_total;
	int64_t last_seq;
	int64_t images_present;
	struct known_entry *stored; /* one per record of `changed`, in its order; free() it */
	size_t stored_count;
};

/*
 * Everything of one poll in one transaction: rows, revisions, feed, poll row, listing state.
 * On failure nothing was written and err says why; the same commit may be tried again.
 */
int store_commit(struct store *store, struct commit *commit, struct error *err);

/* The last complete answer of a discovery listing. */
int store_each_place(struct store *store, int64_t listing_id,
		     void (*each)(const struct store_place *place, void *data), void *data,
		     struct error *err);

/* What is kept of time from one process to the next; not the part of the process. */
int store_load_time(struct store *store, struct timekeeper *ret, struct error *err);
int store_keep_time(struct store *store, const struct timekeeper *time, struct error *err);

/*
 * Deletes polls, changes and revisions that are older than the given ages (seconds; 0 keeps for
 * ever) at `now_s`, which is a time to be trusted: timekeeper_now_s(). Oldest first, some thousand
 * rows a call. 1: call again, there may be more; 0: done. After each transaction the history is
 * whole.
 */
int store_prune(struct store *store, int64_t now_s, int64_t keep_history_s, int64_t keep_polls_s,
		struct error *err);

/* Moves the write-ahead log into the catalog; `truncate` when idle or at the end. Fails no poll. */
void store_checkpoint(struct store *store, bool truncate);

/* The write-ahead log as the last checkpoint or commit left it. */
struct store_wal {
	int64_t bytes;      /* the file's size; what a reader with an open transaction makes grow */
	int64_t busy_total; /* checkpoints that a reader kept from finishing, since the start */
};
void store_wal(const struct store *store, struct store_wal *ret);
