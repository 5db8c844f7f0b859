/*
 * What the files of store/ that write share. Not for other folders.
 *
 * Thread: the writer's.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "base/buf.h"
#include "store/statements.h"
#include "store/store.h"
#include "store/witness.h"

struct store {
	sqlite3 *db;
	struct statements statements;
	char *path, *directory, *wal_path;
	const struct env *env;
	int lock;
	dev_t device; /* of the file that was opened: it must still be the one at `path` */
	ino_t inode;
	int64_t counted_day; /* the last day that has rows in _image_counts; -1 none */
	int64_t busy_total;
	atomic_bool hurried; /* the end is near: another thread said so */
	bool impatient; /* the last transaction could not begin: another program holds the lock */

	char *witness_path;
	struct witness witness; /* how far the catalog has come */
	bool unwitnessed;       /* the file does not say so yet */
	bool witness_fails;     /* writing it does, and that was said */
	int64_t unwitnessed_at; /* the second since when */
	struct error rollback;  /* what was lost before the start; code 0: nothing */
	struct error note;      /* about the witness, until it is taken; code 0: none */
};

#define STMT(store, name) statement(&(store)->statements, STMT_##name)

/* ---- rollback.c ----------------------------------------------------------------------------- */

/* Compares the catalog with its witness; numbers go on after those that were witnessed. */
int witness_open(struct store *store, struct error *err);
void witness_commit(struct store *store, int64_t last_seq, int64_t poll_id);

/* ---- uid.c --------------------------------------------------------------------------------- */

/* "provider/cloud/service/region/": what the images of a listing have in common. */
void uid_put_prefix(struct buf *out, const struct listing_identity *identity);
/* "zone/image_id"; the zone of an image with a zone_id is that. */
void uid_put_image(struct buf *out, const struct record *record);

/* ---- store.c -----------------------------------------------------------------------------------
 */

/* BEGIN. Waits for another program's write lock, but not once more after that was in vain: what
 * waits behind must not add up. */
int store_begin(struct store *store, struct error *err);

/* ---- listings.c ------------------------------------------------------------------------------ */

/* Reads the row the statement stands on; the identity borrows from it. */
struct listing_row {
	struct store_listing public;
	bool holding;
};
void listing_read(const struct statement *s, struct listing_row *ret);

/* Steps to the one row that a statement has of a listing. 1; or negative, also when it is none. */
int listing_step(struct statement *s, int64_t listing_id, struct error *err);

/* ---- commit.c: -ESTALE when the file at the path is no longer the one that was opened -------- */

int check_file(const struct store *store, struct error *err);

/* ---- one commit: commit.c, image.c, presence.c, guard.c, feed.c, traces.c ---------------------
 */

struct work {
	struct store *store;
	struct commit *commit;
	int64_t at; /* of everything written */
	int64_t poll_id;
	bool complete;
	int64_t last_complete_at; /* before this poll */
	bool told; /* the listing has its baseline: what happens goes into the feed */
	int64_t images_present;
	int64_t remapped;     /* rows that only a new mapping changed */
	int64_t mapping_from; /* the oldest mapping among those */
	int64_t added, changed, missing, removed, returned;
	struct buf provider, service; /* of the listing */
	struct buf uid;               /* the listing's prefix, then the image's part */
	size_t uid_prefix;
	struct buf fields; /* of the change being written */
	struct buf json;   /* of the revision being written */
};

struct change {
	const char *kind;
	int64_t image; /* 0: the listing itself */
	int64_t revision;
	const char *name;
	const char *fields;
};
/* poll_id 0: not from a poll. */
int feed_add(struct store *store, int64_t listing_id, int64_t poll_id, int64_t at,
	     const struct change *change, struct error *err);

/* Appends {"state":["available","deprecated"]}; nothing when no tracked column differs. */
void feed_put_fields(struct buf *out, const struct record *before, const struct record *after);

/* Appends the whole record as a JSON object, absent columns left out. */
void feed_put_record(struct buf *out, const struct record *record);

/* Adds or updates the image of one spooled item. */
int image_store(struct work *work, const struct spooled *item, struct known_entry *ret,
		struct error *err);

/* Purged, deleted or offline: the cloud itself says that it ends. NULL is not. */
bool presence_is_final(const char *state);

/* A known image that a complete poll did not have; *ret_presence is what it is now. */
int presence_absent(struct work *work, int64_t image, uint8_t *ret_presence, struct error *err);

/* A missing or removed image that was seen again. Nothing happens to a present one. */
int presence_returned(struct work *work, int64_t image, struct error *err);

/* Stores the commit's guard. */
int guard_put(struct work *work, struct error *err);

/* Drift, places and the day's counts. */
int traces_drift(struct work *work, struct error *err);
int traces_places(struct work *work, struct error *err);
int traces_counts(struct work *work, bool *ret_counted, struct error *err);

/* ---- docs.c ------------------------------------------------------------------------------------
 */

/* Fills _column_docs when the descriptions differ from the stored ones. */
int docs_refresh(struct store *store, struct error *err);
