/*
 * The answer of a discovery call, read: the regions, zones or projects that an account has.
 *
 * Pure; runs on a worker thread. Memory comes from its own arena.
 */
#pragma once

#include "base/arena.h"
#include "imagecat/provider.h"

struct place_found {
	const char *project, *region, *zone; /* NULL where the call does not say */
};

struct places {
	struct arena arena;
	int64_t code;
	const char *message;       /* provider's, cleaned; NULL when absent */
	struct place_found *items; /* usable ones, without duplicates, in the order received */
	size_t count;
	enum error_class class; /* as in struct page */
	const char *error;
};

void places_read(struct places *ret, const char *bytes, size_t len, const struct provider *provider,
		 const struct discovery *discovery);
void places_finish(struct places *places);
