#include "model/osname_scan.h"

#include <string.h>

/* Stands for a Latin letter with an accent: part of a word, equal to no letter of the tables. */
#define FOREIGN_LETTER '\x01'

bool osname_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || c == FOREIGN_LETTER;
}

bool osname_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_han(char c)
{
	return (unsigned char)c >= 0x80;
}

/* One code point of at most `len` bytes; 0 for a broken sequence, whose first byte is skipped. */
static uint32_t decode(const unsigned char *bytes, size_t len, size_t *ret_len)
{
	size_t more = bytes[0] < 0xC2   ? 0
		      : bytes[0] < 0xE0 ? 1
		      : bytes[0] < 0xF0 ? 2
		      : bytes[0] < 0xF5 ? 3
					: 0;
	uint32_t c = bytes[0] & (0x3Fu >> more);

	*ret_len = 1;
	if (more == 0 || more >= len)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (bytes[i] & 0x3F);
	}
	*ret_len = more + 1;
	return c;
}

enum fold { FOLD_KEEP, FOLD_BLANK, FOLD_DROP, FOLD_COMMA, FOLD_LETTER, FOLD_ASCII };

static enum fold classify(uint32_t c)
{
	/* clang-format off */
	static const struct { uint32_t first, last; enum fold fold; } ranges[] = {
		{ 0x0080,  0x00BF,  FOLD_BLANK },  { 0x00C0,  0x00D6,  FOLD_LETTER },
		{ 0x00D7,  0x00D7,  FOLD_BLANK },  { 0x00D8,  0x00F6,  FOLD_LETTER },
		{ 0x00F7,  0x00F7,  FOLD_BLANK },  { 0x00F8,  0x024F,  FOLD_LETTER },
		{ 0x0300,  0x036F,  FOLD_LETTER }, { 0x0370,  0x058F,  FOLD_LETTER },
		{ 0x1680,  0x1680,  FOLD_BLANK },  { 0x1E00,  0x1FFF,  FOLD_LETTER },
		{ 0x2000,  0x200A,  FOLD_BLANK },  { 0x200B,  0x200F,  FOLD_DROP },
		{ 0x2010,  0x2029,  FOLD_BLANK },  { 0x202A,  0x202E,  FOLD_DROP },
		{ 0x202F,  0x205F,  FOLD_BLANK },  { 0x2060,  0x206F,  FOLD_DROP },
		{ 0x2070,  0x2BFF,  FOLD_BLANK },  { 0x3000,  0x3000,  FOLD_BLANK },
		{ 0x3001,  0x3002,  FOLD_COMMA },  { 0x3003,  0x303F,  FOLD_BLANK },
		{ 0xFE00,  0xFE0F,  FOLD_DROP },   { 0xFEFF,  0xFEFF,  FOLD_DROP },
		{ 0xFF01,  0xFF5E,  FOLD_ASCII },  { 0xFF61,  0xFF65,  FOLD_BLANK },
		{ 0xFFF0,  0xFFFF,  FOLD_BLANK },  { 0x1F000, 0x1FAFF, FOLD_BLANK },
		{ 0xE0000, 0xE0FFF, FOLD_DROP },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(ranges) && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return ranges[i].fold;
	return FOLD_KEEP;
}

static char fold_ascii(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	return c < 0x20 || c == 0x7F ? ' ' : (char)c;
}

/* Never grows: what is written for a code point is at most as long as the code point. */
static size_t fold(char *out, const unsigned char *bytes, size_t len)
{
	size_t used = 0;

	for (size_t i = 0, step; i < len; i += step) {
		step = 1;
		if (bytes[i] < 0x80) {
			out[used++] = fold_ascii(bytes[i]);
			continue;
		}
		uint32_t c = decode(bytes + i, len - i, &step);
		if (c == 0) {
			out[used++] = ' ';
			continue;
		}
		switch (classify(c)) {
		case FOLD_KEEP:
			memcpy(out + used, bytes + i, step);
			used += step;
			break;
		case FOLD_BLANK: out[used++] = ' '; break;
		case FOLD_COMMA: out[used++] = ','; break;
		case FOLD_LETTER: out[used++] = FOREIGN_LETTER; break;
		case FOLD_ASCII: out[used++] = fold_ascii(c - 0xFEE0); break;
		case FOLD_DROP: break;
		}
	}
	return used;
}

static size_t token_end(const char *text, size_t i, enum osname_kind kind)
{
	switch (kind) {
	case OSNAME_WORD:
		while (osname_is_letter(text[i]))
			i++;
		break;
	case OSNAME_NUMBER:
		while (osname_is_digit(text[i]) || (text[i] == '.' && osname_is_digit(text[i + 1])))
			i++;
		break;
	case OSNAME_HAN:
		while (is_han(text[i]))
			i++;
		break;
	}
	return i;
}

static void tokenize(struct osname_scan *scan, size_t len)
{
	const char *text = scan->text;
	size_t gap = 0; /* separators since the last token */
	bool listed = false;

	scan->count = 0;
	for (size_t i = 0; i < len;) {
		enum osname_kind kind = osname_is_letter(text[i])  ? OSNAME_WORD
					: osname_is_digit(text[i]) ? OSNAME_NUMBER
								   : OSNAME_HAN;
		if (kind == OSNAME_HAN && !is_han(text[i])) {
			listed = listed || strchr(",+&|;", text[i]) != NULL;
			gap++;
			i++;
			continue;
		}
		size_t end = token_end(text, i, kind);
		scan->tokens[scan->count++] = (struct osname_token){
			.start = (uint16_t)i,
			.len = (uint16_t)(end - i),
			.kind = (uint8_t)kind,
			.glued = i > 0 && gap == 0,
			.listed = listed,
			.joint = gap == 1 ? text[i - 1] : '\0',
		};
		gap = 0;
		listed = false;
		i = end;
	}
}

bool osname_token_is(const struct osname_scan *scan, size_t idx, const char *text)
{
	if (idx >= scan->count)
		return false;
	const struct osname_token *token = &scan->tokens[idx];
	const char *start = scan->text + token->start;
	size_t len = strlen(text);
	if (token->len < len || memcmp(start, text, len) != 0)
		return false;
	return token->len == len || (token->kind == OSNAME_NUMBER && start[len] == '.');
}

static bool glued_number(const struct osname_scan *scan, size_t idx)
{
	return idx < scan->count && scan->tokens[idx].glued &&
	       scan->tokens[idx].kind == OSNAME_NUMBER;
}

/* The x of "1024x64" multiplies; that of "win10x64" does not. */
static bool multiplies(const struct osname_scan *scan, size_t x)
{
	return x > 0 && scan->tokens[x].glued && scan->tokens[x - 1].kind == OSNAME_NUMBER &&
	       !(x > 1 && scan->tokens[x - 1].glued && scan->tokens[x - 2].kind == OSNAME_WORD);
}

enum machine {
	MACHINE_OTHER = 1 << 0,
	MACHINE_ARM = 1 << 1,
	MACHINE_64 = 1 << 2,
	MACHINE_32 = 1 << 3,
};

/* "amd64", "x86", "i686", "aarch64": a word with a number right behind it. */
static unsigned word_machine(struct osname_scan *scan, size_t i)
{
	/* clang-format off */
	static const struct { const char *word, *number; enum machine machine; } rows[] = {
		{ "x",     "64",  MACHINE_64 },  { "x",         "86", MACHINE_32 },
		{ "amd",   "64",  MACHINE_64 },  { "i",         "386", MACHINE_32 },
		{ "i",     "486", MACHINE_32 },  { "i",         "586", MACHINE_32 },
		{ "i",     "686", MACHINE_32 },  { "arm",       "64", MACHINE_ARM },
		{ "aarch", "64",  MACHINE_ARM }, { "armv",      "8",  MACHINE_ARM },
		{ "armv",  "9",   MACHINE_ARM }, { "loongarch", "64", MACHINE_OTHER },
		{ "riscv", "64",  MACHINE_OTHER }, { "ppc",     "64", MACHINE_OTHER },
		{ "mips",  "64",  MACHINE_OTHER }, { "s",       "390", MACHINE_OTHER },
	};
	/* clang-format on */
	struct osname_token *token = &scan->tokens[i];

	if (!glued_number(scan, i + 1))
		return 0;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		if (!osname_token_is(scan, i, rows[r].word) ||
		    !osname_token_is(scan, i + 1, rows[r].number))
			continue;
		if (rows[r].word[0] == 'x' && multiplies(scan, i))
			return 0;
		token[0].arch = token[1].arch = true;
		bool joined =
			i + 2 < scan->count && (token[2].joint == '_' || token[2].joint == '-');
		if (rows[r].machine == MACHINE_32 && rows[r].word[0] == 'x' && joined &&
		    osname_token_is(scan, i + 2, "64")) {
			token[2].arch = true;
			return MACHINE_64;
		}
		return rows[r].machine;
	}
	return 0;
}

/* "64位", "64 bit", "32-bit", "64bitpub". */
static unsigned bits_machine(struct osname_scan *scan, size_t i)
{
	static const char position[] = "\xE4\xBD\x8D"; /* 位 */
	bool is_64 = osname_token_is(scan, i, "64"), is_32 = osname_token_is(scan, i, "32");

	if ((!is_64 && !is_32) || i + 1 == scan->count)
		return 0;
	struct osname_token *unit = &scan->tokens[i + 1];
	const char *text = scan->text + unit->start;
	if (strncmp(text, position, 3) != 0 && !(unit->glued && strncmp(text, "bit", 3) == 0) &&
	    !osname_token_is(scan, i + 1, "bit") && !osname_token_is(scan, i + 1, "bits"))
		return 0;
	unit[-1].arch = unit->arch = true;
	return is_64 ? MACHINE_64 : MACHINE_32;
}

/* "64位" says little beside "ARM64", and "x86" little beside "64位". */
static void find_arch(struct osname_scan *scan)
{
	unsigned seen = 0, named = 0;
	bool arm = false;

	for (size_t i = 0; i < scan->count; i++) {
		if (scan->tokens[i].kind == OSNAME_WORD) {
			unsigned machine = word_machine(scan, i);
			named |= machine;
			if (!machine && osname_token_is(scan, i, "arm"))
				arm = scan->tokens[i].arch = true;
		} else if (scan->tokens[i].kind == OSNAME_NUMBER && !scan->tokens[i].arch) {
			seen |= bits_machine(scan, i);
		}
	}
	scan->arm = arm && !named;
	seen |= named;
	scan->arch = seen & MACHINE_OTHER ? NULL
		     : seen & MACHINE_ARM ? "aarch64"
		     : seen & MACHINE_64  ? "x86_64"
		     : seen & MACHINE_32  ? "i386"
					  : NULL;
}

void osname_scan(struct osname_scan *scan, const char *name)
{
	size_t len = strnlen(name, OSNAME_BYTES + 1);
	bool cut = len > OSNAME_BYTES;

	len = fold(scan->text, (const unsigned char *)name, cut ? OSNAME_BYTES : len);
	while (cut && len > 0 &&
	       (osname_is_letter(scan->text[len - 1]) || osname_is_digit(scan->text[len - 1]) ||
		scan->text[len - 1] == '.'))
		len--;
	scan->text[len] = '\0';
	tokenize(scan, len);
	find_arch(scan);
}
