/*
 * Lists in a canonical form, so that an order which changes from answer to answer, or a number
 * that is spelt otherwise, is no change of the image.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/convert.h"

/* A growing list of texts in the arena. */
struct texts {
	const char **items;
	size_t count, size;
};

struct member {
	const char *key;
	const json_t *value;
	size_t order; /* as sent: tells members apart whose names became the same */
};

static void add(struct reading *reading, struct texts *texts, const char *text)
{
	if (!text)
		return;
	if (texts->count == texts->size) {
		size_t size = texts->size ? texts->size * 2 : 16;
		const char **grown = arena_alloc(reading->arena, size * sizeof(*grown));
		if (!grown)
			return;
		if (texts->count)
			memcpy(grown, texts->items, texts->count * sizeof(*grown));
		texts->items = grown;
		texts->size = size;
	}
	texts->items[texts->count++] = text;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Equal neighbours once; `is_json` tells texts that are JSON already from those to be quoted. */
static const char *list_text(struct reading *reading, struct texts *texts, bool is_json,
			     bool unique)
{
	struct buf *out = reading->scratch;
	const char *last = NULL;

	if (texts->count > 1)
		qsort(texts->items, texts->count, sizeof(*texts->items), by_bytes);
	buf_clear(out);
	buf_putc(out, '[');
	for (size_t i = 0; i < texts->count; i++) {
		if (unique && last && strcmp(last, texts->items[i]) == 0)
			continue;
		if (last)
			buf_putc(out, ',');
		last = texts->items[i];
		if (is_json)
			buf_puts(out, last);
		else
			text_put_json(out, last);
	}
	buf_putc(out, ']');
	if (out->failed) {
		reading->arena->failed = true;
		return NULL;
	}
	return arena_copy(reading->arena, out->bytes, out->len);
}

static void add_spelt(struct reading *reading, const struct field_map *row, struct texts *texts,
		      const char *text)
{
	const struct word *word = convert_find_word(row->words, text);

	if (*text)
		add(reading, texts, word ? word->word : text);
}

/* The pieces between , and ，, each without the blanks around it. */
static void add_pieces(struct reading *reading, const struct field_map *row, struct texts *texts,
		       const char *text)
{
	static const char wide_comma[] = "\xEF\xBC\x8C";

	for (const char *at = text;;) {
		const char *comma = strchr(at, ','), *wide = strstr(at, wide_comma);
		const char *end = !wide || (comma && comma < wide) ? comma : wide;
		size_t len = end ? (size_t)(end - at) : strlen(at);
		char *piece = text_clean(reading->arena, TEXT_LINE, at, len);
		if (piece)
			add_spelt(reading, row, texts, piece);
		if (!end)
			return;
		at = end + (end == wide ? strlen(wide_comma) : 1);
	}
}

/* One element of a set. */
static void add_element(struct reading *reading, const struct field_map *row, struct texts *texts,
			const json_t *value)
{
	if (json_is_string(value)) {
		const char *text =
			convert_clean(reading, row->path, value, TEXT_LINE, LINE_BYTES_MAX);
		if (!text)
			return;
		if (row->convert == CONVERT_SET_SPLIT)
			add_pieces(reading, row, texts, text);
		else
			add_spelt(reading, row, texts, text);
		return;
	}
	if (json_is_null(value))
		return;
	convert_complain(reading, row->path, value, "a text");
	if (json_is_integer(value))
		add_spelt(reading, row, texts,
			  arena_format(reading->arena, "%" JSON_INTEGER_FORMAT,
				       json_integer_value(value)));
	else if (json_is_real(value))
		add_spelt(reading, row, texts,
			  arena_format(reading->arena, "%.15g", json_real_value(value)));
}

static void convert_set(struct reading *reading, const struct field_map *row, const json_t *value)
{
	struct texts texts = { 0 };

	if (json_is_object(value)) {
		convert_complain(reading, row->path, value, "a list");
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		add_element(reading, row, &texts, json_array_get(value, i));
	if (!json_is_array(value)) {
		add_element(reading, row, &texts, value);
		if (texts.count == 0)
			return;
	}
	convert_put_text(reading, row->column, list_text(reading, &texts, false, true),
			 row->inferred);
}

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* The shortest decimal that is the same number: 9.99592, never 9.9959199999999999. */
static void put_real(struct buf *out, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	buf_puts(out, text);
}

static void put_value(struct reading *reading, struct buf *out, const char *path,
		      const json_t *value, const struct word *renames);

/* Members without null, by key; of two that end up with the same key, the first sent is kept. */
static void put_object(struct reading *reading, struct buf *out, const char *path,
		       const json_t *object, const struct word *renames)
{
	size_t count = 0;
	struct member *members =
		arena_alloc(reading->arena, (json_object_size(object) + 1) * sizeof(*members));
	const char *key;
	json_t *value;

	if (!members)
		return;
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		const struct word *word = convert_find_word(renames, key);
		const char *name =
			word ? word->word : text_clean(reading->arena, TEXT_LINE, key, strlen(key));
		if (name && !json_is_null(value))
			members[count] = (struct member){ name, value, count };
		count += name && !json_is_null(value);
	}
	if (count > 1)
		qsort(members, count, sizeof(*members), by_key);
	buf_putc(out, '{');
	for (size_t i = 0, written = 0; i < count; i++) {
		if (i > 0 && strcmp(members[i].key, members[i - 1].key) == 0)
			continue;
		if (written++ > 0)
			buf_putc(out, ',');
		text_put_json(out, members[i].key);
		buf_putc(out, ':');
		put_value(reading, out, path, members[i].value, NULL);
	}
	buf_putc(out, '}');
}

/* Recursion ends at the splitter's depth limit. */
static void put_value(struct reading *reading, struct buf *out, const char *path,
		      const json_t *value, const struct word *renames)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: put_object(reading, out, path, value, renames); return;
	case JSON_ARRAY:
		buf_putc(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (i > 0)
				buf_putc(out, ',');
			put_value(reading, out, path, json_array_get(value, i), NULL);
		}
		buf_putc(out, ']');
		return;
	case JSON_STRING: {
		const char *text = convert_clean(reading, path, value, TEXT_LINE, LINE_BYTES_MAX);
		text_put_json(out, text ? text : "");
		return;
	}
	case JSON_INTEGER:
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL: put_real(out, json_real_value(value)); return;
	case JSON_TRUE: buf_puts(out, "true"); return;
	case JSON_FALSE: buf_puts(out, "false"); return;
	case JSON_NULL: buf_puts(out, "null"); return;
	}
}

static void add_object(struct reading *reading, const struct field_map *row, struct texts *texts,
		       const json_t *value)
{
	bool fits =
		json_is_object(value) || (row->convert == CONVERT_TAGS && json_is_string(value));

	if (json_is_null(value))
		return;
	if (!fits) {
		convert_complain(reading, row->path, value, "an object");
		return;
	}
	buf_clear(reading->scratch);
	put_value(reading, reading->scratch, row->path, value, row->words);
	if (reading->scratch->failed)
		reading->arena->failed = true;
	else if (strcmp(reading->scratch->bytes, "\"\"") != 0)
		add(reading, texts,
		    arena_copy(reading->arena, reading->scratch->bytes, reading->scratch->len));
}

static void convert_objects(struct reading *reading, const struct field_map *row,
			    const json_t *value)
{
	struct texts texts = { 0 };

	if (!json_is_array(value) && !json_is_object(value)) {
		if (!json_is_string(value) || json_string_length(value) > 0)
			convert_complain(reading, row->path, value, "a list of objects");
		return;
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		add_object(reading, row, &texts, json_array_get(value, i));
	if (json_is_object(value))
		add_object(reading, row, &texts, value);
	convert_put_text(reading, row->column, list_text(reading, &texts, true, false),
			 row->inferred);
}

static bool has_objects(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		if (json_is_object(json_array_get(value, i)))
			return true;
	return json_is_object(value);
}

static const char *string_at(const json_t *value, size_t i)
{
	return json_is_array(value) ? json_string_value(json_array_get(value, i))
				    : json_string_value(value);
}

static void convert_has(struct reading *reading, const struct field_map *row, const json_t *value)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	int64_t number;

	for (const struct word *word = row->words; word && word->native; word++) {
		const struct word alone[] = { *word, { 0 } };
		for (size_t i = 0; i < count; i++) {
			const char *text = string_at(value, i);
			if (!text || !convert_find_word(alone, text))
				continue;
			if (column_storage(columns[row->column].type) == STORED_AS_TEXT)
				convert_put_text(reading, row->column, word->word, row->inferred);
			else if (text_to_int(word->word, &number))
				convert_put_int(reading, row->column, number, row->inferred);
			return;
		}
	}
}

static void convert_filled(struct reading *reading, const struct field_map *row,
			   const json_t *value)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	for (size_t i = 0; i < count; i++) {
		const char *text = string_at(value, i);
		if (text && text[strspn(text, " \t\r\n")]) {
			convert_put_int(reading, row->column, 1, row->inferred);
			return;
		}
	}
}

void convert_list(struct reading *reading, const struct field_map *row, const json_t *value)
{
	if (row->convert == CONVERT_SET_HAS)
		convert_has(reading, row, value);
	else if (row->convert == CONVERT_SET_FILLED)
		convert_filled(reading, row, value);
	else if (row->convert == CONVERT_OBJECTS ||
		 (row->convert == CONVERT_TAGS && has_objects(value)))
		convert_objects(reading, row, value);
	else
		convert_set(reading, row, value);
}
