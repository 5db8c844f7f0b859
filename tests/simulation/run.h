/*
 * One seed from its beginning to its end.
 */
#pragma once

#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"

struct run_options {
	const struct scenario *scenario;
	uint64_t seed;
	unsigned polls;
	bool tracing;
	const char *directory; /* for the catalog; of this process alone */
};

enum { FAILURE_TEXT = 4096 };

/* False when something did not hold; `failure` says what. */
bool run_seed(const struct run_options *options, struct tally *tally,
	      char failure[static FAILURE_TEXT]);
