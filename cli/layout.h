/*
 * How wide the columns of a table are. Pure.
 */
#pragma once

#include "base/base.h"

enum { LAYOUT_GAP = 2 };

/* An id that is cut is no use: these columns keep their width. */
bool layout_is_id(const char *column);

/*
 * Narrows the columns, the widest first, until a row fits into `room`; those on the right are given
 * up where that is not enough. How many are left, one at least.
 */
size_t layout_fit(size_t *widths, const bool *is_id, size_t count, size_t room);
