/*
 * A row of the reader as text for programs: JSON, CSV, TSV. Provider text is cleaned on its way
 * out, whatever the catalog holds.
 *
 * Pure.
 */
#pragma once

#include "base/buf.h"
#include "store/reader.h"

/* Columns whose text is JSON already. */
bool row_is_json(const char *column);

/* A number, or a text as one clean line; nothing for NULL. */
void row_put_plain(struct buf *out, const struct reader_value *value);

/* One object. */
void row_put_json(struct buf *out, const struct reader_row *row);

/* JSON text as it is but for what does harm to a terminal: that is escaped, blanks between become
 * spaces. */
void row_put_json_text(struct buf *out, const char *text);

/*
 * A line of cells, the names of the columns where it is the header. Between commas it is RFC 4180,
 * and a text that a spreadsheet would take for a formula gets an apostrophe first.
 */
void row_put_separated(struct buf *out, const struct reader_row *row, char separator, bool header);

/* "prod uhost cn-bj2", of a row of `listings`: the name that people give a listing. */
void row_put_listing_name(struct buf *out, const struct reader_row *row);
