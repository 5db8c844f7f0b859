/*
 * Reads the version of a distribution where its number stands, and judges whether it can be one.
 */
#pragma once

#include "model/osname_rules.h"
#include "model/osname_scan.h"

enum { OSNAME_VERSION_BYTES = 32 };

struct osname_version {
	char text[OSNAME_VERSION_BYTES];
	size_t len;
};

/*
 * The version that begins with the number at token `idx`. False when that number is no plausible
 * version of the distribution, or counts something else; ret_end is the first token behind it.
 */
bool osname_version_read(const struct osname_scan *scan, size_t idx, const struct distro *distro,
			 struct osname_version *ret, size_t *ret_end);
