/*
 * The mass-removal brake and the empty guard: a listing that lost too much at once is held, not
 * believed. Pure.
 */
#pragma once

#include "base/buf.h"
#include "config/config.h"

struct brake_facts {
	size_t present;      /* images of the listing that were present before */
	size_t newly_absent; /* of those, not seen by this poll */
	size_t seen;         /* by this poll */
};

/* True when the removals must be held; `why` gets the sentence. */
bool brake_judge(const struct brake_facts *facts, const struct config *config, struct buf *why);
