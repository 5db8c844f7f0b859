/*
 * What status says in its first line: how many listings, how well they are, how many images.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

enum { SUMMARY_HEALTHS = 7 };

struct summary {
	size_t listings, stale;
	size_t unhealthy; /* stale, failing or auth: what the exit status tells */
	size_t counts[SUMMARY_HEALTHS];
	int64_t images;
};

/* One listing, by the words of the view `listings`. */
void summary_add(struct summary *summary, const char *health, bool stale, int64_t images);

/* True for a listing that cannot be read until somebody acts or the cloud recovers. */
bool summary_is_failing(const char *health);

/* "22 listings: 20 ok, 1 partial, 1 failing, 1 stale; 591 images" and a line break. */
void summary_put(struct buf *out, const struct summary *summary);
