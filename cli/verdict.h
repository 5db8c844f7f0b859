/*
 * What is wrong with an image that somebody uses. Pure: facts in, problems out.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct facts {
	const char *presence; /* present, missing, removed */
	const char *state;    /* "" when not known */
	const char *removed_at, *removed_reason, *missing_since_at, *eol_on; /* "" for none */
	int launchable;                                                      /* -1: not known */
	bool stale;
};

struct problem {
	const char *word; /* gone, missing, deprecated, not-launchable, stale, eol */
	char detail[160];
};

enum { PROBLEMS_MAX = 6 };

/* `today` and `limit` are dates as 2026-11-21; what reaches end of life by `limit` is a problem. */
size_t verdict(const struct facts *facts, const char *today, const char *limit,
	       struct problem ret[static PROBLEMS_MAX]);
