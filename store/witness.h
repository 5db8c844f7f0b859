/*
 * A small file beside the catalog that remembers how far it had come, so that a catalog that went
 * back (a restored backup, a lost write-ahead log) is noticed. One line of text with a checksum.
 *
 * Thread: the writer's.
 */
#pragma once

#include "base/base.h"

enum { CATALOG_ID_SIZE = 17 };

struct witness {
	char catalog_id[CATALOG_ID_SIZE]; /* 16 hex digits */
	int64_t last_seq, last_poll_id;
};

/* 0; -ENOENT when there is none; -EBADMSG when it is not what was written; another -errno. */
int witness_read(const char *path, struct witness *ret);

/* Whole or not at all. The directory is not synced: after a power cut the old one may be there,
 * which accuses nobody. */
int witness_write(const char *path, const struct witness *witness);
