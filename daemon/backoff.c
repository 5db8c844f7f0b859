#include "daemon/backoff.h"

/* clang-format off */
/*
 * By how much the wait grows with each failure in a row. 0: not at all, the next try is not dearer
 * than the last one and may be right: a request that was refused as such, a list that did not hold
 * together, a disk of our own.
 */
static const unsigned class_factors[CLASS_COUNT] = {
	[CLASS_NETWORK]     = 2,
	[CLASS_TIMEOUT]     = 2,
	[CLASS_TLS]         = 2,
	[CLASS_HTTP]        = 2,
	[CLASS_THROTTLED]   = 2,
	[CLASS_UNAVAILABLE] = 2,
	[CLASS_MALFORMED]   = 2,
	[CLASS_OVERSIZED]   = 2,
	[CLASS_AUTH]        = 4,    /* a locked account is worse than a stale listing */
	[CLASS_PERMISSION]  = 3600, /* the slow pace from the first time on: only a person changes it */
};
/* clang-format on */

bool backoff_counts(enum outcome outcome, enum error_class class)
{
	/* A listing that was throttled half-way backs off as if it had brought nothing home. */
	return outcome == OUTCOME_FAILED ||
	       (outcome == OUTCOME_PARTIAL && class == CLASS_THROTTLED);
}

int64_t backoff_s(enum outcome outcome, enum error_class class, int64_t failures,
		  int64_t interval_s)
{
	int64_t factor = class_factors[class], wait_s = interval_s;

	if (!backoff_counts(outcome, class) || factor == 0)
		return 0;
	for (int64_t i = 0; i < failures && wait_s < BACKOFF_MAX_S; i++)
		wait_s *= factor;
	if (wait_s > BACKOFF_MAX_S)
		wait_s = BACKOFF_MAX_S;
	return wait_s > interval_s ? wait_s : 0;
}
