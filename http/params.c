#include "http/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int64_t http_unescape(char *bytes, size_t len, bool plus_is_blank)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		if (c == '%') {
			int high = i + 2 < len ? hex_digit(bytes[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(bytes[i + 2]) : -1;
			if (high < 0 || low < 0)
				return -EINVAL;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		if (c == '\0')
			return -EINVAL;
		bytes[out++] = c;
	}
	return (int64_t)out;
}

static size_t count_pieces(const char *bytes, size_t len)
{
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] == '&')
			count++;
	return count;
}

/* One `name=value` of len bytes; there is room for a NUL after it. */
static int parse_piece(struct http_param *param, char *piece, size_t len)
{
	char *equals = memchr(piece, '=', len);
	size_t name_len = equals ? (size_t)(equals - piece) : len;
	size_t value_len = equals ? len - name_len - 1 : 0;
	char *value = equals ? equals + 1 : piece + len;

	int64_t n = http_unescape(piece, name_len, true);
	int64_t v = http_unescape(value, value_len, true);
	if (n < 0 || v < 0)
		return -EINVAL;
	piece[n] = '\0';
	value[v] = '\0';
	*param = (struct http_param){ .name = piece, .value = equals ? value : "" };
	return 0;
}

int http_params_parse(struct http_params *ret_params, const char *bytes, size_t len)
{
	size_t pieces = count_pieces(bytes, len);
	struct http_params params = { 0 };
	int r = 0;

	if (pieces > HTTP_PARAMS_MAX)
		return -E2BIG;
	params.items = calloc(pieces, sizeof(params.items[0]));
	params.text = malloc(len + 1);
	if (!params.items || !params.text) {
		http_params_finish(&params);
		return -ENOMEM;
	}
	if (len)
		memcpy(params.text, bytes, len);
	params.text[len] = '\0';

	for (size_t at = 0; at < len && r == 0;) {
		char *end = memchr(params.text + at, '&', len - at);
		size_t piece_len = end ? (size_t)(end - params.text) - at : len - at;
		if (piece_len)
			r = parse_piece(&params.items[params.count++], params.text + at, piece_len);
		at += piece_len + 1;
	}
	if (r < 0) {
		http_params_finish(&params);
		return r;
	}
	*ret_params = params;
	return 0;
}

void http_params_finish(struct http_params *params)
{
	free(params->items);
	free(params->text);
	*params = (struct http_params){ 0 };
}

const char *http_params_get(const struct http_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (strcmp(params->items[i].name, name) == 0)
			return params->items[i].value;
	return NULL;
}
