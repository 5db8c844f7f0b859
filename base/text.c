#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define REPLACEMENT "\xEF\xBF\xBD"

enum class { VISIBLE, BLANK, NEWLINE, FORBIDDEN };

struct range {
	utf8proc_int32_t first, last;
	enum class class;
};

static enum class classify(utf8proc_int32_t c)
{
	/* clang-format off */
	static const struct range ranges[] = {
		{ 0x00,    0x08,    FORBIDDEN }, { 0x09,    0x09,    BLANK },     { 0x0A,    0x0A,    NEWLINE },
		{ 0x0B,    0x0C,    BLANK },     { 0x0D,    0x0D,    NEWLINE },   { 0x0E,    0x1F,    FORBIDDEN },
		{ 0x20,    0x20,    BLANK },     { 0x7F,    0x84,    FORBIDDEN }, { 0x85,    0x85,    NEWLINE },
		{ 0x86,    0x9F,    FORBIDDEN }, { 0xA0,    0xA0,    BLANK },     { 0x61C,   0x61C,   FORBIDDEN },
		{ 0x1680,  0x1680,  BLANK },     { 0x2000,  0x200A,  BLANK },     { 0x200E,  0x200F,  FORBIDDEN },
		{ 0x2028,  0x2029,  NEWLINE },   { 0x202A,  0x202E,  FORBIDDEN }, { 0x202F,  0x202F,  BLANK },
		{ 0x205F,  0x205F,  BLANK },     { 0x2066,  0x2069,  FORBIDDEN }, { 0x3000,  0x3000,  BLANK },
		{ 0xFFF9,  0xFFFB,  FORBIDDEN }, { 0xE0000, 0xE007F, FORBIDDEN },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(ranges) && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return ranges[i].class;
	return VISIBLE;
}

/* The next code point and its length; -1 for an invalid sequence, whose first byte is skipped. */
static utf8proc_int32_t next_code_point(const char *bytes, size_t len, size_t *ret_len)
{
	utf8proc_int32_t c = -1;
	utf8proc_ssize_t n =
		utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)len, &c);

	*ret_len = n > 0 ? (size_t)n : 1;
	return n > 0 ? c : -1;
}

/* Visible ASCII with single spaces between: clean as it is, in either shape. */
static bool is_plain_ascii(const char *bytes, size_t len)
{
	unsigned char last = ' ';

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c < 0x20 || c >= 0x7F || (c == ' ' && last == ' '))
			return false;
		last = c;
	}
	return len == 0 || last != ' ';
}

static size_t visible_run(const char *bytes, size_t len)
{
	size_t run = 0;

	while (run < len && bytes[run] > 0x20 && bytes[run] < 0x7F)
		run++;
	return run;
}

void text_put_clean(struct buf *out, enum text_shape shape, const char *bytes, size_t len)
{
	size_t start = out->len;
	size_t blanks = 0, newlines = 0; /* pending; dropped at both ends */

	if (is_plain_ascii(bytes, len)) {
		buf_put(out, bytes, len);
		return;
	}
	for (size_t i = 0, step; i < len; i += step) {
		size_t run = visible_run(bytes + i, len - i);
		utf8proc_int32_t c = run ? bytes[i] : next_code_point(bytes + i, len - i, &step);
		enum class class = run ? VISIBLE : c < 0 ? FORBIDDEN : classify(c);

		if (run)
			step = run;
		if (class == NEWLINE && shape == TEXT_PROSE) {
			bool crlf = c == '\r' && i + 1 < len && bytes[i + 1] == '\n';
			newlines += !crlf;
			blanks = 0;
			continue;
		}
		if (class == BLANK || class == NEWLINE) {
			blanks++;
			continue;
		}
		if (out->len > start) {
			for (; newlines > 0; newlines--)
				buf_putc(out, '\n');
			size_t wanted = shape == TEXT_LINE && blanks > 0 ? 1 : blanks;
			for (; wanted > 0; wanted--)
				buf_putc(out, ' ');
		}
		newlines = blanks = 0;
		if (class == FORBIDDEN)
			buf_puts(out, REPLACEMENT);
		else
			buf_put(out, bytes + i, step);
	}
}

char *text_clean(struct arena *arena, enum text_shape shape, const char *bytes, size_t len)
{
	if (is_plain_ascii(bytes, len))
		return arena_copy(arena, bytes, len);

	struct buf out;
	buf_init(&out);
	text_put_clean(&out, shape, bytes, len);
	char *text = out.failed ? NULL : arena_copy(arena, buf_text(&out), out.len);
	if (out.failed)
		arena->failed = true;
	buf_finish(&out);
	return text;
}

bool text_is_provider(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len < 64 && text[len] == '\0';
}

bool text_is_utf8(const char *bytes, size_t len)
{
	for (size_t i = 0, step; i < len; i += step) {
		if ((unsigned char)bytes[i] < 0x80) {
			if (bytes[i] == '\0')
				return false;
			step = 1;
		} else if (next_code_point(bytes + i, len - i, &step) < 0) {
			return false;
		}
	}
	return true;
}

size_t text_put_utf8(struct buf *out, const char *bytes, size_t len)
{
	size_t repaired = 0;

	for (size_t i = 0, step; i < len; i += step) {
		utf8proc_int32_t c = next_code_point(bytes + i, len - i, &step);
		if (c <= 0) {
			buf_puts(out, REPLACEMENT);
			repaired++;
		} else {
			buf_put(out, bytes + i, step);
		}
	}
	return repaired;
}

void text_put_json(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (const char *c = text; *c; c++) {
		size_t run = 0;
		while ((unsigned char)c[run] >= 0x20 && c[run] != '"' && c[run] != '\\')
			run++;
		buf_put(out, c, run);
		c += run;
		switch (*c) {
		case '\0': buf_putc(out, '"'); return;
		case '"': buf_puts(out, "\\\""); break;
		case '\\': buf_puts(out, "\\\\"); break;
		case '\n': buf_puts(out, "\\n"); break;
		case '\r': buf_puts(out, "\\r"); break;
		case '\t': buf_puts(out, "\\t"); break;
		default: buf_printf(out, "\\u%04x", (unsigned)*c);
		}
	}
	buf_putc(out, '"');
}

size_t text_width(const char *text)
{
	size_t width = 0, len = strlen(text);

	for (size_t i = 0, step; i < len; i += step) {
		utf8proc_int32_t c = next_code_point(text + i, len - i, &step);
		width += c < 0 ? 1 : (size_t)utf8proc_charwidth(c);
	}
	return width;
}

size_t text_fit(const char *text, size_t columns)
{
	size_t width = 0, len = strlen(text), i = 0;

	for (size_t step; i < len; i += step) {
		utf8proc_int32_t c = next_code_point(text + i, len - i, &step);
		width += c < 0 ? 1 : (size_t)utf8proc_charwidth(c);
		if (width > columns)
			break;
	}
	return i;
}

bool text_to_int(const char *text, int64_t *ret_value)
{
	char *end;

	if (!(*text >= '0' && *text <= '9') && !(*text == '-' && text[1] >= '0' && text[1] <= '9'))
		return false;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || *end)
		return false;
	*ret_value = value;
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_equal_nocase(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b; `limit` + 1 means more. */
static size_t edits(const char *a, const char *b, size_t limit)
{
	enum { LONGEST = 63 };
	size_t rows[3][LONGEST + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > LONGEST || b_len > LONGEST)
		return limit + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3],
		       *two_above = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);
			size_t best = above[j - 1] + !same;
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) && two_above[j - 2] + 1 < best)
				best = two_above[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t fewest = strlen(word) < 4 ? 2 : 3; /* short words are near everything */

	for (; *candidates; candidates++) {
		size_t n = edits(word, *candidates, fewest);
		if (n < fewest) {
			fewest = n;
			nearest = *candidates;
		}
	}
	return nearest;
}
