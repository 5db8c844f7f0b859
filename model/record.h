/*
 * What the columns of a record are, as data, and the few operations that walk over them.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "imagecat/record.h"

struct column_info {
	const char *name;
	enum column_type type;
	unsigned flags; /* of enum column_flag */
	const char *unit;
	const char *words; /* "a|b|c": the vocabulary of a WORD, "" otherwise */
	const char *description;
	size_t offset; /* into struct record */
};

extern const struct column_info columns[COLUMN_COUNT];

enum column_storage { STORED_AS_TEXT, STORED_AS_INT, STORED_AS_REAL };
enum column_storage column_storage(enum column_type type);

/* Every member absent. */
void record_init(struct record *record);

bool record_is_absent(const struct record *record, enum column column);

/* Typed access by column; the column's storage must match. */
const char *record_text(const struct record *record, enum column column);
int64_t record_int(const struct record *record, enum column column);
double record_real(const struct record *record, enum column column);
void record_set_text(struct record *record, enum column column, const char *text);
void record_set_int(struct record *record, enum column column, int64_t value);
void record_set_real(struct record *record, enum column column, double value);

/* True when both say the same in this column; reals are compared to 12 significant digits. */
bool record_same(const struct record *a, const struct record *b, enum column column);

/*
 * The fingerprint of what counts as the image: all columns but volatile ones and those about
 * the reading. `mapping` is the version of the mapping (MAPPING_VERSION), so that rows written by
 * an older one are noticed. 0 only when memory is out.
 */
uint64_t record_hash(const struct record *record, uint64_t mapping);

/* The same over every column: equal means that the stored row needs no write at all. */
uint64_t record_hash_all(const struct record *record, uint64_t mapping);
