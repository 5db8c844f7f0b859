/*
 * What is expected of one record: rows written by hand, and what every column promises whatever
 * a cloud sent.
 */
#pragma once

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/record.h"
#include "tests/test.h"

enum expect {
	EXPECT_END,
	EXPECT_IMAGE,   /* it landed; the rows up to the next one are about it */
	EXPECT_IS,      /* the column says this; lists about the reading in any order */
	EXPECT_NONE,    /* the column is not reported */
	EXPECT_HAS,     /* the column's text has this in it */
	EXPECT_NO_MORE, /* no other column of the image is filled (but raw) */
	EXPECT_NOWHERE, /* no column of the image has this in it */
};

struct expectation {
	enum expect expect;
	enum column column;
	const char *text;
	size_t nth; /* which of the images with this id */
};

/* clang-format off */
#define IMAGE(id)         { .expect = EXPECT_IMAGE, .text = (id) }
#define IMAGE_NTH(id, n)  { .expect = EXPECT_IMAGE, .text = (id), .nth = (n) }
#define IS(name, value)   { .expect = EXPECT_IS, .column = COLUMN_##name, .text = (value) }
#define NONE(name)        { .expect = EXPECT_NONE, .column = COLUMN_##name }
#define HAS(name, value)  { .expect = EXPECT_HAS, .column = COLUMN_##name, .text = (value) }
#define NO_MORE           { .expect = EXPECT_NO_MORE }
#define NOWHERE(value)    { .expect = EXPECT_NOWHERE, .text = (value) }
/* clang-format on */

/* A column as text; NULL when it is not reported. */
static const char *column_text(const struct record *record, enum column column,
			       char room[static 64])
{
	if (record_is_absent(record, column))
		return NULL;
	switch (column_storage(columns[column].type)) {
	case STORED_AS_TEXT: return record_text(record, column);
	case STORED_AS_INT: snprintf(room, 64, "%" PRId64, record_int(record, column)); return room;
	case STORED_AS_REAL: snprintf(room, 64, "%.15g", record_real(record, column)); return room;
	}
	return NULL;
}

static json_t *parse_list(const char *text)
{
	json_t *list = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!json_is_array(list))
		fail_msg("%s is not a list", text);
	return list;
}

static bool list_has(const json_t *list, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), wanted))
			return true;
	return false;
}

static bool same_members(const char *a, const char *b)
{
	json_t *x = parse_list(a), *y = parse_list(b);
	bool same = json_array_size(x) == json_array_size(y);

	for (size_t i = 0; i < json_array_size(y); i++)
		same = same && list_has(x, json_array_get(y, i));
	json_decref(x);
	json_decref(y);
	return same;
}

static bool is_set(enum column column)
{
	return columns[column].type == COLUMN_LIST && (columns[column].flags & COLUMN_HONESTY);
}

static void expect_is(const struct record *record, const struct expectation *expectation)
{
	const char *name = columns[expectation->column].name;
	char room[64];

	const char *text = column_text(record, expectation->column, room);
	if (!text)
		fail_msg("%s is not reported, wanted '%s'", name, expectation->text);
	else if (is_set(expectation->column) ? !same_members(text, expectation->text)
					     : strcmp(text, expectation->text) != 0)
		fail_msg("%s is '%s', wanted '%s'", name, text, expectation->text);
}

static void expect_no_more(const struct record *record, const struct expectation *image)
{
	bool named[COLUMN_COUNT] = { [COLUMN_raw] = true };
	char others[1024] = "";
	char room[64];

	for (const struct expectation *e = image + 1; e->expect > EXPECT_IMAGE; e++)
		if (e->expect == EXPECT_IS || e->expect == EXPECT_HAS)
			named[e->column] = true;
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		const char *text = named[c] ? NULL : column_text(record, c, room);
		size_t used = strlen(others);
		if (text)
			snprintf(others + used, sizeof(others) - used, " %s '%s'", columns[c].name,
				 text);
	}
	if (*others)
		fail_msg("nobody expected%s", others);
}

static void expect_nowhere(const struct record *record, const char *text)
{
	char room[64];

	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		const char *found = column_text(record, c, room);
		if (found && strstr(found, text))
			fail_msg("'%s' is in %s: %s", text, columns[c].name, found);
	}
}

static bool in_words(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at && *at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	return false;
}

/* What every column promises whatever the cloud sent. */
static void check_column(const struct record *record, enum column column)
{
	struct arena arena;
	char room[64];

	const char *text = column_text(record, column, room);
	if (!text)
		return;
	if (!text_is_utf8(text, strlen(text)))
		fail_msg("%s is not UTF-8", columns[column].name);
	switch (columns[column].type) {
	case COLUMN_WORD:
		if (!in_words(columns[column].words, text))
			fail_msg("%s: '%s' is no word of it", columns[column].name, text);
		break;
	case COLUMN_LIST: json_decref(parse_list(text)); break;
	case COLUMN_JSON: {
		json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
		if (!json_is_object(json))
			fail_msg("raw is no JSON object: %s", text);
		json_decref(json);
		break;
	}
	case COLUMN_FLAG: assert_in_range(record_int(record, column), 0, 1); break;
	case COLUMN_DATE: assert_int_equal(strlen(text), 10); break;
	case COLUMN_TIME: assert_in_range(record_int(record, column), 946684800, 4133980799); break;
	case COLUMN_TEXT:
		/* Ids keep their blanks. */
		if (column == COLUMN_image_id || column == COLUMN_owner_id ||
		    column == COLUMN_group_id)
			break;
		/* fall through */
	case COLUMN_PROSE:
		arena_init(&arena);
		assert_string_equal(text_clean(&arena,
					       columns[column].type == COLUMN_PROSE ? TEXT_PROSE
										    : TEXT_LINE,
					       text, strlen(text)),
				    text);
		arena_finish(&arena);
		break;
	case COLUMN_INT:
	case COLUMN_REAL: break;
	}
}
