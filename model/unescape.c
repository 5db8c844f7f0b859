/*
 * What the escapes of a JSON string stand for: enough to compare the names of members, which may
 * be escaped at will.
 */
#include <string.h>

#include "model/json.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int32_t json_escape_code(const char *at, const char *end)
{
	int32_t code = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(at[i]);
		if (digit < 0)
			return -1;
		code = code << 4 | digit;
	}
	return code;
}

static size_t encode_utf8(int32_t code, char out[static 4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	out[0] = (char)(0xE0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3F));
	out[2] = (char)(0x80 | (code & 0x3F));
	return 3;
}

/* The bytes that the escape at *at stands for; moves behind it. Surrogates stay encoded alone:
 * this serves the comparison of names, and no name that is looked for has one. */
static size_t decode_escape(const char **at, const char *end, char out[static 4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int32_t code = json_escape_code(*at, end);

	if (code >= 0) {
		*at += 6;
		return encode_utf8(code, out);
	}
	const char *known = end - *at > 1 && (*at)[1] ? strchr(from, (*at)[1]) : NULL;
	out[0] = known ? to[known - from] : '\\';
	*at += known ? 2 : 1;
	return 1;
}

size_t json_unescape(struct json_range body, char *out, size_t size)
{
	const char *end = body.start + body.len;
	size_t len = 0;

	for (const char *at = body.start; at < end;) {
		char piece[4] = { *at };
		size_t piece_len = 1;

		if (*at == '\\')
			piece_len = decode_escape(&at, end, piece);
		else
			at++;
		if (piece_len > size - len)
			return SIZE_MAX;
		memcpy(out + len, piece, piece_len);
		len += piece_len;
	}
	return len;
}
