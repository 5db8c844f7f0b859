/*
 * What the end of a poll means for the time of the next one: the classes of CONTRACT.md §3 as a
 * table. Pure; jitter and clocks are the schedule's.
 */
#pragma once

#include "store/store.h"

enum { BACKOFF_MAX_S = 60 * 60 };

/*
 * Seconds to wait before the listing is asked again, without jitter; 0: its interval goes on as if
 * nothing had happened. Never shorter than the interval. `failures` polls in a row have failed,
 * this one included.
 */
int64_t backoff_s(enum outcome outcome, enum error_class class, int64_t failures,
		  int64_t interval_s);

/* Whether this end counts among the failures in a row. An aborted poll neither counts nor ends
 * them. */
bool backoff_counts(enum outcome outcome, enum error_class class);
