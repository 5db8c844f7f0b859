/*
 * Judges what the daemon committed by the cloud's log alone. Reads the catalog as its users do: a
 * read-only connection, the public views, SQL of its own.
 */
#pragma once

#include <sqlite3.h>

#include "tests/simulation/cloud.h"

struct world;

enum outcome_seen {
	SEEN_COMPLETE,
	SEEN_PARTIAL,
	SEEN_SUSPECT,
	SEEN_FAILED,
	SEEN_ABORTED,
	SEEN_OUTCOMES
};

/* One row of `polls`. */
struct poll_row {
	int64_t poll_id, listing_id, finished_at, requests;
	int64_t added, changed, missing, removed, returned, held;
	enum outcome_seen outcome;
	bool clock_jump;
	char message[512];
};

enum entry_kind {
	ENTRY_BASELINE,
	ENTRY_ADDED,
	ENTRY_CHANGED,
	ENTRY_MISSING,
	ENTRY_REMOVED,
	ENTRY_RETURNED,
	ENTRY_HELD,
	ENTRY_RELEASED,
	ENTRY_OTHER,
	ENTRY_KINDS
};

enum { GONE_MAX = 1024 };

struct oracle {
	struct world *world;
	struct cloud *cloud;
	char path[160];
	unsigned removal_after; /* K */
	unsigned hold_polls;
	int64_t hold_s, interval_s;
	bool stopping; /* SIGTERM was sent */
	int64_t restarted_us;
	int64_t short_until_us; /* memory: INT64_MAX while it is short, then when that was over */
	struct luck luck;

	sqlite3 *db;
	sqlite3_stmt *version, *polls, *changes, *rows, *listing;
	int64_t data_version, last_poll, last_seq;
	uint64_t feed_hash;

	/* Of the commit that is being judged. */
	struct listing *listing_now;
	struct window *window;
	struct poll_row poll;
	size_t present_before;
	bool was_baseline;
	unsigned entries[ENTRY_KINDS];
	struct image *gone[GONE_MAX]; /* removed now */
	size_t gone_count;
	size_t gone_reported;
};

void oracle_init(struct oracle *oracle, struct world *world, const char *path,
		 unsigned removal_after);
void oracle_finish(struct oracle *oracle);

/* After each job of the writer. */
void oracle_look(struct oracle *oracle);

/* At the end of a run: the whole history. */
void oracle_judge_history(struct oracle *oracle);

/* ---- between its files -------------------------------------------------------------------------
 */

sqlite3_stmt *oracle_prepare(struct oracle *oracle, const char *sql);
uint64_t oracle_hash_row(uint64_t hash, sqlite3_stmt *stmt);

/* Reads the rows of a listing; `judges` when they are those of the poll that was just stored. */
void rows_scan(struct oracle *oracle, struct listing *listing, bool judges);

/* The verdicts on one poll, after its rows were read. */
void verdict_of_poll(struct oracle *oracle);
/* A poll that memory was short for may be lost before it is stored, with its requests. */
bool memory_was_short(const struct oracle *oracle, const struct window *window);
bool window_is_calm(const struct listing *listing, const struct window *window);
/* Is what the cloud listed in the window so much less than the catalog has, that it may be held? */
bool drop_may_be_held(const struct listing *listing, const struct window *window, size_t present);
