/*
 * One value of an item into one column of its record, as the row of the table says
 * (imagecat/fieldmap.h has the meaning of every conversion). What does not fit is a warning.
 */
#pragma once

#include <jansson.h>

#include "base/text.h"
#include "imagecat/fieldmap.h"
#include "model/notes.h"
#include "model/osname.h"
#include "model/record.h"

enum {
	LINE_BYTES_MAX = 4096,
	PROSE_BYTES_MAX = 256 * 1024,
	ID_BYTES_MAX = 512,
	FOUND_BYTES_MAX = 80, /* of a provider's value in a warning */
	WORD_BYTES_MAX = 128, /* of a provider's word or field name in a drift */
};

/* An item while it is read. Strings go to the arena; the JSON is borrowed. */
struct reading {
	struct arena *arena;
	struct buf *scratch;
	struct drifts *drifts;
	struct record *record;
	bool inferred[COLUMN_COUNT];
	struct notes warnings, unmapped, redacted;
};

/* Applies one row; `value` is neither NULL nor JSON null. */
void convert_field(struct reading *reading, const struct field_map *row, const json_t *value);

/* Stores a text or a number that a row (or a rule) yields. */
void convert_put_text(struct reading *reading, enum column column, const char *text, bool inferred);
void convert_put_int(struct reading *reading, enum column column, int64_t value, bool inferred);

/* True when nothing was said yet: absent, or the word "unknown". */
bool convert_is_open(const struct reading *reading, enum column column);

/* A JSON string, cleaned, cut at `max_bytes` with a warning; NULL when memory is out. */
const char *convert_clean(struct reading *reading, const char *path, const json_t *string,
			  enum text_shape shape, size_t max_bytes);

/* Warns that the value at path is not `wanted` ("a time"). */
void convert_complain(struct reading *reading, const char *path, const json_t *value,
		      const char *wanted);

/* The row whose native matches, or NULL. "Vgpu_*" matches a prefix. */
const struct word *convert_find_word(const struct word *words, const char *native);

/* model/lists.c: the conversions whose value is a list. */
void convert_list(struct reading *reading, const struct field_map *row, const json_t *value);
