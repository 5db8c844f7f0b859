/*
 * One row as a sheet: a line for each column that says something.
 */
#pragma once

#include "cli/output.h"

/* The *_utc twins, `raw` and what is NULL are left out. What follows a line break in a text is
 * indented, so that it cannot be taken for a line of the sheet. */
void sheet_put(struct buf *out, const struct reader_row *row, bool utc, bool colour);
