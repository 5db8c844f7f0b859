#include "model/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define ROW(type_, name_, flags_, unit_, words_, description_)                                     \
	[COLUMN_##name_] = { .name = #name_,                                                       \
			     .type = COLUMN_##type_,                                               \
			     .flags = (flags_),                                                    \
			     .unit = (unit_),                                                      \
			     .words = (words_),                                                    \
			     .description = (description_),                                        \
			     .offset = offsetof(struct record, name_) },
const struct column_info columns[COLUMN_COUNT] = { RECORD_COLUMNS(ROW) };
#undef ROW

enum column_storage column_storage(enum column_type type)
{
	switch (type) {
	case COLUMN_TEXT:
	case COLUMN_PROSE:
	case COLUMN_WORD:
	case COLUMN_DATE:
	case COLUMN_LIST:
	case COLUMN_JSON: return STORED_AS_TEXT;
	case COLUMN_INT:
	case COLUMN_FLAG:
	case COLUMN_TIME: return STORED_AS_INT;
	case COLUMN_REAL: return STORED_AS_REAL;
	}
	return STORED_AS_TEXT;
}

static void *member(const struct record *record, enum column column, enum column_storage storage)
{
	assert(column < COLUMN_COUNT && column_storage(columns[column].type) == storage);
	return (char *)(uintptr_t)record + columns[column].offset;
}

const char *record_text(const struct record *record, enum column column)
{
	return *(const char **)member(record, column, STORED_AS_TEXT);
}

int64_t record_int(const struct record *record, enum column column)
{
	return *(int64_t *)member(record, column, STORED_AS_INT);
}

double record_real(const struct record *record, enum column column)
{
	return *(double *)member(record, column, STORED_AS_REAL);
}

void record_set_text(struct record *record, enum column column, const char *text)
{
	*(const char **)member(record, column, STORED_AS_TEXT) = text;
}

void record_set_int(struct record *record, enum column column, int64_t value)
{
	*(int64_t *)member(record, column, STORED_AS_INT) = value;
}

void record_set_real(struct record *record, enum column column, double value)
{
	*(double *)member(record, column, STORED_AS_REAL) = value;
}

void record_init(struct record *record)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		switch (column_storage(columns[c].type)) {
		case STORED_AS_TEXT: record_set_text(record, c, NULL); break;
		case STORED_AS_INT: record_set_int(record, c, RECORD_ABSENT); break;
		case STORED_AS_REAL: record_set_real(record, c, (double)NAN); break;
		}
	}
}

bool record_is_absent(const struct record *record, enum column column)
{
	switch (column_storage(columns[column].type)) {
	case STORED_AS_TEXT: return !record_text(record, column);
	case STORED_AS_INT: return record_int(record, column) == RECORD_ABSENT;
	case STORED_AS_REAL: return isnan(record_real(record, column));
	}
	return true;
}

/* 12 significant digits: the noise of decimal fractions in binary stays below. */
static void real_text(double value, char text[static 32])
{
	snprintf(text, 32, "%.12g", value);
}

bool record_same(const struct record *a, const struct record *b, enum column column)
{
	bool absent = record_is_absent(a, column);
	char real_a[32], real_b[32];

	if (absent || record_is_absent(b, column))
		return absent && record_is_absent(b, column);
	switch (column_storage(columns[column].type)) {
	case STORED_AS_TEXT: return strcmp(record_text(a, column), record_text(b, column)) == 0;
	case STORED_AS_INT: return record_int(a, column) == record_int(b, column);
	case STORED_AS_REAL:
		real_text(record_real(a, column), real_a);
		real_text(record_real(b, column), real_b);
		return strcmp(real_a, real_b) == 0;
	}
	return false;
}

static uint64_t hash_columns(const struct record *record, uint64_t mapping, unsigned without)
{
	struct hash_state *state = hash_open(mapping);
	char real[32];

	if (!state)
		return 0;
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (columns[c].flags & without)
			continue;
		if (record_is_absent(record, c)) {
			hash_add(state, NULL, 0);
			continue;
		}
		hash_add(state, "", 1); /* tells "" from absent */
		switch (column_storage(columns[c].type)) {
		case STORED_AS_TEXT: {
			const char *text = record_text(record, c);
			hash_add(state, text, strlen(text));
			break;
		}
		case STORED_AS_INT: {
			int64_t value = record_int(record, c);
			hash_add(state, &value, sizeof(value));
			break;
		}
		case STORED_AS_REAL:
			real_text(record_real(record, c), real);
			hash_add(state, real, strlen(real));
			break;
		}
	}
	uint64_t hash = hash_close(state);
	return hash ? hash : 1;
}

uint64_t record_hash(const struct record *record, uint64_t mapping)
{
	return hash_columns(record, mapping, COLUMN_VOLATILE | COLUMN_HONESTY);
}

uint64_t record_hash_all(const struct record *record, uint64_t mapping)
{
	return hash_columns(record, mapping, 0);
}
