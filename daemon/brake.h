/*
 * The mass-removal brake, the empty guard and the guard of a changed key: a listing that lost too
 * much at once, or everything, or anything after its key changed, is held and not believed, until
 * it stays that way for long or an operator says so. Pure.
 */
#pragma once

#include "base/buf.h"
#include "config/config.h"
#include "store/store.h"

/* Of a poll that saw all that the cloud lists. The absence of an image whose end the cloud had
 * reported is no surprise: it counts in `listed` alone. */
struct brake_facts {
	size_t listed;       /* images that the last believed poll showed */
	size_t present;      /* of those, the absence of which would be a surprise */
	size_t newly_absent; /* of those, not seen by this poll */
	size_t absent;       /* those, and the ones that were missing before */
	uint64_t absent_set; /* fingerprint of which those are; not 0 when there are any */
	size_t seen;         /* by this poll */
	uint64_t credential; /* fingerprint of the key it was made with */
	const char *account; /* its name */
	int64_t listing_id;
	int64_t passed_s; /* time that passed, whatever the clocks say: base/timekeeper */
};

enum brake_verdict {
	BRAKE_BELIEVED, /* nothing to doubt */
	BRAKE_HELD,     /* nothing may move towards removal; `why` got the sentence */
	BRAKE_RELEASED, /* it was held long enough, or an operator released it; `why` says which */
};

/* Brings `guard` to what must be stored with this poll. */
enum brake_verdict brake_judge(const struct brake_facts *facts, const struct config *config,
			       struct store_guard *guard, struct buf *why);
