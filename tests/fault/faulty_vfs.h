/*
 * A VFS around SQLite's own that counts every call that can fail, makes one of them fail, and
 * records what was written, so that a power loss can be played afterwards (see faulty_disk.h).
 *
 * It is SQLite's default once installed: the code under test names none. Nothing here survives
 * the test, so its syncs are recorded but not carried out; and it never sleeps, it pretends to.
 *
 * Thread: one.
 */
#pragma once

#include <sqlite3.h>

#include "base/base.h"

#define IO_CALLS(X)                                                                                \
	X(OPEN, "open")                                                                            \
	X(READ, "read")                                                                            \
	X(WRITE, "write")                                                                          \
	X(TRUNCATE, "truncate")                                                                    \
	X(SYNC, "sync")                                                                            \
	X(SIZE, "size")                                                                            \
	X(LOCK, "lock")                                                                            \
	X(SHM_LOCK, "shm-lock")                                                                    \
	X(SHM_MAP, "shm-map")                                                                      \
	X(DELETE, "delete")                                                                        \
	X(ACCESS, "access")
enum io_call {
#define X(name, text) IO_##name,
	IO_CALLS(X)
#undef X
		IO_CALL_COUNT
};
const char *io_call_text(enum io_call call);

struct fault {
	const char *name;
	int code;       /* what SQLite is told */
	unsigned calls; /* bits of enum io_call: what can fail so */
};
/* Ends with a row without a name. */
extern const struct fault faults[];

/* Both return to SQLite's own VFS and back; files that are open stay with theirs. */
void faulty_vfs_install(void);
void faulty_vfs_remove(void);

/* Counts from here. Call number `at` (1 is the next one) fails so, and with `sticky` all that
 * follow which can; NULL only counts. */
void faulty_vfs_arm(const struct fault *fault, size_t at, bool sticky);
/* How many calls failed since. */
size_t faulty_vfs_disarm(void);

/* The calls since the last arming, also after it ended; `call` counts from 1. */
size_t faulty_vfs_calls(void);
enum io_call faulty_vfs_call(size_t call);

/* Files that the code under test has open. */
size_t faulty_vfs_open_files(void);

/* ---- what was written ----------------------------------------------------------------------- */

enum disk_role { DISK_MAIN, DISK_WAL, DISK_JOURNAL, DISK_ROLES };

struct io_event {
	enum {
		EVENT_CREATE,
		EVENT_WRITE,
		EVENT_TRUNCATE,
		EVENT_SYNC,
		EVENT_DELETE,
		EVENT_MARK
	} kind;
	enum disk_role role;
	int64_t offset; /* of a write; the length of a truncation; whether a deletion is synced */
	size_t len;
	uint8_t *bytes;
};

struct io_trace {
	struct io_event *events;
	size_t count, capacity;
};

/* Adds to `trace` until NULL is given. */
void faulty_vfs_record(struct io_trace *trace);
/* The program under test was told that something is done. */
void faulty_vfs_mark(void);
void io_trace_clear(struct io_trace *trace);

/* A planted lie: syncs report success and do nothing. */
void faulty_vfs_ignore_syncs(bool ignore);
