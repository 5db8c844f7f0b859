/*
 * A range of seeds, shared out to processes: a seed that crashes takes no other one with it.
 */
#pragma once

#include "tests/simulation/run.h"

struct job_range {
	const struct scenario *scenario;
	uint64_t first, count;
	const uint64_t *seeds; /* NULL, or `count` of them instead of those from the first on */
	unsigned polls, jobs;
	bool tracing;
};

/* Prints each seed that failed, adds up what the others came to. False when it could not be run. */
bool jobs_run(const struct job_range *range, struct tally *ret);
