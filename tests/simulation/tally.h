/*
 * What a range of seeds comes to. Lives in memory that the processes of a run share.
 */
#pragma once

#include "tests/simulation/cloud.h"

enum { FAULT_KINDS_MAX = 128 };

struct tally {
	uint64_t seeds, failed;
	uint64_t polls, complete, partial, suspect, failures, aborted;
	uint64_t calm_polls; /* nothing changed or failed while they ran */
	uint64_t requests, changes, events;
	uint64_t removed, returned, overlooked, false_removals;
	uint64_t restarts, virtual_s;
	/* Of courses. */
	uint64_t nominal, asked, retries, crowd, peak, quiet_peak, explained, allocations, refused,
		cycle, ways, waited, flagged;
	uint64_t digest; /* of every feed and every clock: the same for the same seeds */
	uint64_t kinds[FAULT_KINDS_MAX];
};

void tally_add(struct tally *sum, const struct tally *more);
void tally_faults(struct tally *tally, const struct call *call);
