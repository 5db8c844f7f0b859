/*
 * Any bytes as a text of a provider: what comes out can be stored, printed and put into JSON.
 */
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* No control character but the line feeds of prose, no bidi control, no tag character. */
static void check_clean(const char *text, enum text_shape shape)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = strlen(text);

	check(text_is_utf8(text, len));
	for (; *at; at++) {
		check(*at >= 0x20 || (*at == '\n' && shape == TEXT_PROSE));
		check(*at != 0x7f);
		check(!(at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f));
		check(!(at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f)));
		check(!(at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae));
		check(!(at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
		check(!(at[0] == 0xf3 && at[1] == 0xa0 && at[2] <= 0x81));
	}
	if (len > 0)
		check(text[0] != ' ' && text[len - 1] != ' ');
}

/* Cleaning what is clean changes nothing. */
static void check_settled(const char *text, enum text_shape shape)
{
	struct buf again;

	buf_init(&again);
	text_put_clean(&again, shape, text, strlen(text));
	check(!again.failed && strcmp(buf_text(&again), text) == 0);
	buf_finish(&again);
}

static void check_json(const char *text)
{
	struct buf out;

	buf_init(&out);
	text_put_json(&out, text);
	check(!out.failed);
	json_t *value = json_loads(buf_text(&out), JSON_DECODE_ANY, NULL);
	check(value && strcmp(json_string_value(value), text) == 0);
	json_decref(value);
	buf_finish(&out);
}

static void check_width(const char *text)
{
	size_t width = text_width(text);

	check(width <= 2 * strlen(text));
	for (size_t columns = 0; columns < 20; columns++) {
		size_t fits = text_fit(text, columns);
		check(fits <= strlen(text));
		check(text_is_utf8(text, fits)); /* never in the middle of a character */
	}
	check(text_fit(text, width) == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum text_shape shapes[] = { TEXT_LINE, TEXT_PROSE };
	struct buf repaired;

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct arena arena;
		arena_init(&arena);
		char *clean = text_clean(&arena, shapes[i], (const char *)data, size);
		check(clean);
		check_clean(clean, shapes[i]);
		check_settled(clean, shapes[i]);
		check_json(clean);
		check_width(clean);
		arena_finish(&arena);
	}
	buf_init(&repaired);
	size_t bad = text_put_utf8(&repaired, (const char *)data, size);
	check(text_is_utf8(buf_text(&repaired), repaired.len));
	check((bad == 0) == text_is_utf8((const char *)data, size));
	buf_finish(&repaired);
	return 0;
}
