/*
 * Which listing is meant: the columns that tell two listings apart.
 */
#pragma once

#include "base/base.h"

/* Every member is a string; "" where the listing has no such part. Borrowed. */
struct listing_identity {
	const char *account, *provider, *cloud, *service;
	const char *region, *zone, *project, *variant;
};
