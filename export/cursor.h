/*
 * Where the next page begins, as a word for clients: opaque, of one question to one catalog. It
 * holds nothing but values of the last row, so a forged one asks nothing that a filter could not
 * ask.
 *
 * Pure.
 */
#pragma once

#include "base/buf.h"
#include "store/reader.h"

/* `question` tells questions apart, `catalog` catalogs. */
void cursor_put(struct buf *out, uint64_t question, int64_t catalog, const struct reader_key *key);

enum cursor_verdict {
	CURSOR_FITS,
	CURSOR_BROKEN, /* no cursor, or of another question */
	CURSOR_GONE,   /* of another catalog */
};
/* The key is the caller's, also of one that does not fit. */
enum cursor_verdict cursor_read(const char *text, uint64_t question, int64_t catalog,
				struct reader_key *ret_key);
