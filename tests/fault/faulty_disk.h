/*
 * What a disk may hold after the power went: the files of one catalog as bytes, and how a trace of
 * writes changes them. -shm is never among them: it does not survive a restart of the machine.
 *
 * The model is SQLite's own: a sync makes all earlier writes of its file lasting; the name of a
 * new log or journal lasts from its first sync, with all names before it; what was not synced may
 * be there, in any order, or not, and a write may end after any sector.
 */
#pragma once

#include "faulty_vfs.h"

struct disk_file {
	bool exists;
	size_t len;
	uint8_t *bytes;
};

struct disk {
	struct disk_file files[DISK_ROLES];
};

/* Files beside `path`: PATH, PATH-wal, PATH-journal. Storing removes what `disk` does not have, and
 * PATH-shm. */
void disk_load(struct disk *ret, const char *path);
void disk_store(const struct disk *disk, const char *path);
void disk_copy(struct disk *ret, const struct disk *from);
void disk_clear(struct disk *disk);

enum damage {
	DAMAGE_SYNCED, /* nothing that was not synced */
	DAMAGE_NONE,   /* all of it */
	DAMAGE_SUBSET, /* some of it, in any order */
	DAMAGE_TORN,   /* in order, but writes are missing or end too early */
	DAMAGE_COUNT
};
const char *damage_text(enum damage damage);

/* `from`, then the first `count` events of the trace, then no power. */
void disk_after(struct disk *ret, const struct disk *from, const struct io_trace *trace,
		size_t count, enum damage damage, uint64_t seed);

/* A sequence of numbers that the seed decides. */
uint64_t next_random(uint64_t *seed);
