/*
 * The records of one poll that may have to be written, kept until the poll ends. A small poll
 * stays in memory; what exceeds the budget goes to an unlinked temporary file beside the
 * catalog, so that a first load of a million images needs no more memory than a thousand.
 *
 * Thread: one at a time; the daemon uses it on the writer's only, since it may touch the disk.
 * A record read back borrows from the spool until the next spool_next, rewind or close.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "imagecat/record.h"

struct spool;

struct spooled {
	uint64_t key, content; /* as in struct page_item */
	struct record record;
};

/* `directory` is opened only when the budget is exceeded. */
int spool_open(struct spool **ret, const char *directory, size_t memory_bytes);
void spool_close(struct spool *spool); /* accepts NULL */

/* Copies. 0 or a negative errno (-ENOSPC …); after a failure the item is not there, the others are.
 */
int spool_put(struct spool *spool, const struct spooled *item);
size_t spool_count(const struct spool *spool);

/* Reading starts over with rewind; next returns 1 and fills ret, 0 at the end, or a negative errno.
 */
int spool_rewind(struct spool *spool);
int spool_next(struct spool *spool, struct spooled *ret);
