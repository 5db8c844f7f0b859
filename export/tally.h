/*
 * What polls did since the start, for metrics: counters of each listing.
 *
 * Thread: the loop; a copy may be read anywhere.
 */
#pragma once

#include "imagecat/provider.h"

enum {
	TALLY_KINDS = 6,
	TALLY_BUCKETS = 11,
};

struct tally_listing {
	int64_t listing_id;
	uint64_t polls;
	uint64_t failures[CLASS_COUNT]; /* by reason */
	uint64_t changes[TALLY_KINDS];
	uint64_t buckets[TALLY_BUCKETS]; /* not cumulative; longer ones are in `polls` alone */
	uint64_t duration_ms;
};

struct tally {
	struct tally_listing *listings;
	size_t count;
};

/* One poll as it ended. */
struct tally_poll {
	int64_t listing_id;
	bool failed;
	enum error_class reason; /* of a failed one */
	int64_t duration_ms;
	int64_t changes[TALLY_KINDS];
};

/* Nothing is counted when memory is out. */
void tally_count(struct tally *tally, const struct tally_poll *poll);
const struct tally_listing *tally_of(const struct tally *tally, int64_t listing_id); /* or NULL */

const char *tally_reason_text(enum error_class reason);
extern const char *const tally_kinds[TALLY_KINDS];    /* words of the feed */
extern const char *const tally_bounds[TALLY_BUCKETS]; /* seconds, as text */

bool tally_copy(struct tally *ret, const struct tally *from);
void tally_finish(struct tally *tally);
