#include "export/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/hash.h"

/*
 * In hex: "SUM", "QUESTION", "CATALOG", then a letter and a value for each column, all parted by a
 * byte that no text of a catalog has. The sum is of all that is behind it: a cursor that was cut
 * would still be one, of a row that nobody was at.
 */
enum { SEPARATOR = 0x1F };

static void put_value(struct buf *out, const struct reader_value *value)
{
	buf_putc(out, SEPARATOR);
	switch (value->type) {
	case READER_NULL: buf_putc(out, 'n'); break;
	case READER_INT: buf_printf(out, "i%lld", (long long)value->integer); break;
	case READER_REAL: buf_printf(out, "r%.17g", value->real); break;
	case READER_TEXT:
		buf_putc(out, 't');
		buf_puts(out, value->text);
		break;
	}
}

void cursor_put(struct buf *out, uint64_t question, int64_t catalog, const struct reader_key *key)
{
	struct buf plain, sum;

	buf_init(&plain);
	buf_init(&sum);
	buf_printf(&plain, "%c%llx%c%llx", SEPARATOR, (unsigned long long)question, SEPARATOR,
		   (unsigned long long)catalog);
	for (size_t i = 0; i < key->count; i++)
		put_value(&plain, &key->values[i]);
	buf_printf(&sum, "%llx", (unsigned long long)hash_bytes(buf_text(&plain), plain.len, 0));
	crypto_put_hex(out, (const uint8_t *)buf_text(&sum), sum.len);
	crypto_put_hex(out, (const uint8_t *)buf_text(&plain), plain.len);
	out->failed |= plain.failed || sum.failed;
	buf_finish(&plain);
	buf_finish(&sum);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL when it is no hex of text. */
static char *decode(const char *text)
{
	size_t len = strlen(text) / 2;
	char *plain = strlen(text) % 2 == 0 ? malloc(len + 1) : NULL;

	for (size_t i = 0; i < len && plain; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			free(plain);
			return NULL;
		}
		plain[i] = (char)(high << 4 | low);
	}
	if (plain)
		plain[len] = '\0';
	return plain;
}

/* The piece at `*at`, which moves behind it; NULL after the last. */
static char *next_piece(char **at)
{
	char *piece = *at, *end = piece ? strchr(piece, SEPARATOR) : NULL;

	if (end)
		*end++ = '\0';
	*at = end;
	return piece;
}

static bool read_hex(const char *piece, uint64_t *ret)
{
	char *end;

	if (!piece || !*piece || strlen(piece) > 16 ||
	    strspn(piece, "0123456789abcdef") != strlen(piece))
		return false;
	*ret = strtoull(piece, &end, 16);
	return true;
}

static bool read_value(const char *piece, struct reader_value *ret)
{
	char *end = NULL;

	*ret = (struct reader_value){ .text = "" };
	switch (*piece) {
	case 'n': return piece[1] == '\0';
	case 'i':
		ret->type = READER_INT;
		ret->integer = strtoll(piece + 1, &end, 10);
		return end != piece + 1 && *end == '\0';
	case 'r':
		ret->type = READER_REAL;
		ret->real = strtod(piece + 1, &end);
		return end != piece + 1 && *end == '\0';
	case 't':
		ret->text = strdup(piece + 1);
		ret->type = ret->text ? READER_TEXT : READER_NULL;
		return ret->text != NULL;
	default: return false;
	}
}

/* Goes behind the sum; false when it is not that of the rest. */
static bool check_sum(char **at)
{
	const char *rest = strchr(*at, SEPARATOR);
	uint64_t sum = rest ? hash_bytes(rest, strlen(rest), 0) : 0;
	uint64_t given;

	return read_hex(next_piece(at), &given) && rest && given == sum;
}

static enum cursor_verdict read_plain(char *plain, uint64_t question, int64_t catalog,
				      struct reader_key *key)
{
	char *at = plain, *piece;
	uint64_t of_question, of_catalog;

	if (!check_sum(&at) || !read_hex(next_piece(&at), &of_question) ||
	    !read_hex(next_piece(&at), &of_catalog))
		return CURSOR_BROKEN;
	if ((int64_t)of_catalog != catalog)
		return CURSOR_GONE;
	if (of_question != question)
		return CURSOR_BROKEN;
	while ((piece = next_piece(&at))) {
		if (key->count == READER_KEY_MAX || !read_value(piece, &key->values[key->count]))
			return CURSOR_BROKEN;
		key->count++;
	}
	return key->count > 0 ? CURSOR_FITS : CURSOR_BROKEN;
}

enum cursor_verdict cursor_read(const char *text, uint64_t question, int64_t catalog,
				struct reader_key *key)
{
	char *plain = decode(text);

	*key = (struct reader_key){ 0 };
	if (!plain)
		return CURSOR_BROKEN;
	enum cursor_verdict verdict = read_plain(plain, question, catalog, key);
	free(plain);
	return verdict;
}
