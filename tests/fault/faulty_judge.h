/*
 * What somebody else sees in a catalog: an own connection through SQLite's own VFS, own SQL,
 * nothing of store/. Says whether the catalog is whole and what is in it, to the last value.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

enum { STATE_TABLES = 32, STATE_NAME = 32 };

struct state {
	int64_t version; /* of the schema; 0: no catalog yet */
	size_t tables;
	struct {
		char name[STATE_NAME];
		int64_t rows;
		uint64_t hash; /* of every value of every row */
	} table[STATE_TABLES];
};

/*
 * False when something is not whole: damaged, between two migrations, or a poll without its
 * changes, its counts or its traces. `why` gets a sentence. Changes neither the file nor its log.
 */
bool judge(const char *path, struct state *ret, struct buf *why);

bool state_same(const struct state *a, const struct state *b);
/* Between the transactions of a start: a later schema, but as many rows of everything that is not
 * about the catalog itself. */
bool state_on_its_way(const struct state *from, const struct state *state);
/* Appends the tables that differ. */
void state_put_difference(struct buf *out, const struct state *a, const struct state *b);
