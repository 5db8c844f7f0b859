/*
 * How the daemon stands at a moment, in one line for people: what `systemctl status` shows.
 *
 * Pure: a struct of numbers in, a line out. Of a provider's text only names of places get in, and
 * of those only letters, digits, '.', '_', '-' and blanks: a line break in STATUS= would be a
 * command to the service manager.
 */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "daemon/watch.h"

struct standing {
	size_t listings, failing, polling;
	const struct watch *worst; /* the first failing one; NULL when none is */
	int64_t images;
	int64_t next_at; /* Unix seconds of the next poll; 0: none is planned */
	bool forgotten;  /* a listing was due long ago and nobody polls it */
};

/* Borrows the watches. `patience_ms`: how long after its time a poll may begin. */
void standing_take(struct standing *ret, struct watch *const *watches, size_t count,
		   const struct env *env, int64_t patience_ms);

/* "3 listings, 1 failing (prod uhost cn-bj2: auth); 1842 images; next poll at 07:12:03 UTC". A
 * time and not a span: it stays true while nothing is sent. Never more than a few hundred bytes. */
void standing_put(struct buf *out, const struct standing *standing, int64_t now_s);
