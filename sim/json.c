#include "sim/json.h"

#include <string.h>

void json_init(struct json *json, struct buf *out, bool ascii)
{
	*json = (struct json){ .out = out, .ascii = ascii };
}

static void put_unit(struct buf *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\',
			 'u',
			 digits[unit >> 12 & 15],
			 digits[unit >> 8 & 15],
			 digits[unit >> 4 & 15],
			 digits[unit & 15] };

	buf_put(out, text, sizeof(text));
}

/* One code point of valid UTF-8; returns its bytes. The catalog's own text is always valid. */
static size_t put_escaped(struct buf *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	unsigned point = s[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return i;
		point = point << 6 | (s[i] & 0x3f);
	}
	if (point >= 0x10000) {
		put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
		put_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
	} else {
		put_unit(out, point);
	}
	return n;
}

static void put_string(struct json *json, const char *text)
{
	struct buf *out = json->out;
	const char *run = text;

	buf_putc(out, '"');
	while (*text) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && (c < 0x80 || !json->ascii)) {
			text++;
			continue;
		}
		buf_put(out, run, (size_t)(text - run));
		if (c == '"' || c == '\\') {
			buf_putc(out, '\\');
			buf_putc(out, (char)c);
			text++;
		} else if (c == '\n') {
			buf_puts(out, "\\n");
			text++;
		} else if (c < 0x80) {
			put_unit(out, c);
			text++;
		} else {
			text += put_escaped(out, text);
		}
		run = text;
	}
	buf_put(out, run, (size_t)(text - run));
	buf_putc(out, '"');
}

static void put_key(struct json *json, const char *key)
{
	if (json->comma)
		buf_putc(json->out, ',');
	json->comma = true;
	if (!key)
		return;
	put_string(json, key);
	buf_putc(json->out, ':');
}

static void open_with(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	buf_putc(json->out, bracket);
	json->comma = false;
}

static void close_with(struct json *json, char bracket)
{
	buf_putc(json->out, bracket);
	json->comma = true;
}

void json_object(struct json *json, const char *key)
{
	open_with(json, key, '{');
}

void json_object_end(struct json *json)
{
	close_with(json, '}');
}

void json_array(struct json *json, const char *key)
{
	open_with(json, key, '[');
}

void json_array_end(struct json *json)
{
	close_with(json, ']');
}

void json_text(struct json *json, const char *key, const char *text)
{
	put_key(json, key);
	put_string(json, text);
}

void json_int(struct json *json, const char *key, int64_t value)
{
	put_key(json, key);
	buf_printf(json->out, "%lld", (long long)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	json_bare(json, key, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	json_bare(json, key, "null");
}

void json_bare(struct json *json, const char *key, const char *value)
{
	put_key(json, key);
	buf_puts(json->out, value);
}
