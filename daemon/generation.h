/*
 * A configuration in force, and what is shared by the polls that were started under it. A reload
 * brings a new one; the old one lives until its last user has ended.
 *
 * Thread: the loop; a poll's work on other threads reads it while the poll holds it.
 */
#pragma once

#include "daemon/runtime.h"

struct generation {
	struct runtime runtime; /* its config is this one */
	struct config *owned;   /* freed with it; NULL when somebody else's */
	unsigned users;
};

/* Like `base`, with another configuration; one user: the caller. NULL when memory is out. Takes
 * over `owned` (which may be NULL) only when it succeeds. */
struct generation *generation_open(const struct runtime *base, const struct config *config,
				   struct config *owned);
struct generation *generation_hold(struct generation *generation);
void generation_release(struct generation *generation); /* accepts NULL */
