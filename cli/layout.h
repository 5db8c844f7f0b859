/*
 * How wide the columns of a table are. Pure.
 */
#pragma once

#include "base/base.h"

enum { LAYOUT_GAP = 2, LAYOUT_COLUMNS_MAX = 128 };

enum layout_kind {
	LAYOUT_WORD,
	LAYOUT_TEXT,  /* less than a few words of it say nothing */
	LAYOUT_WHOLE, /* a time or a number that is cut is no use */
	LAYOUT_ID,    /* neither is an id, and without it the rest is of little */
};

enum layout_kind layout_kind(const char *column);

/*
 * Narrows the columns, the widest first, until a row fits into `room`. Where that is not enough
 * those on the right are given up, ids last: their width is 0 then. One at least is left; how many.
 */
size_t layout_fit(size_t *widths, const enum layout_kind *kinds, size_t count, size_t room);
