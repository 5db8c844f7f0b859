#include "model/osname_version.h"

#include <string.h>

#include "model/osname.h"

enum { PARTS_MAX = 4 };

/* The dotted number at a token, and what was joined to it. */
struct number {
	struct {
		const char *text;
		size_t len;
		uint32_t value; /* UINT32_MAX when it is longer than any version */
	} parts[PARTS_MAX];
	size_t count;
	size_t end; /* first token behind it */
};

static bool is_number(const struct osname_scan *scan, size_t idx)
{
	return idx < scan->count && scan->tokens[idx].kind == OSNAME_NUMBER &&
	       !scan->tokens[idx].arch;
}

static bool is_word(const struct osname_scan *scan, size_t idx, const char *word)
{
	return osname_token_is(scan, idx, word) && scan->tokens[idx].kind == OSNAME_WORD;
}

static void add_part(struct number *number, const char *text, size_t len)
{
	uint32_t value = 0;

	if (number->count == PARTS_MAX)
		return;
	for (size_t i = 0; i < len && len <= 8; i++)
		value = value * 10 + (uint32_t)(text[i] - '0');
	number->parts[number->count].text = text;
	number->parts[number->count].len = len;
	number->parts[number->count++].value = len <= 8 ? value : UINT32_MAX;
}

static void add_parts(struct number *number, const struct osname_scan *scan, size_t idx)
{
	const char *text = scan->text + scan->tokens[idx].start;
	size_t len = scan->tokens[idx].len;

	for (size_t i = 0, start = 0; i <= len; i++) {
		if (i < len && text[i] != '.')
			continue;
		add_part(number, text + start, i - start);
		start = i + 1;
	}
	number->end = idx + 1;
}

/* "20_04", "2024-01-01": the whole numbers that follow, each behind a single joint. */
static void join_parts(struct number *number, const struct osname_scan *scan, const char *joints,
		       size_t parts)
{
	while (number->count < parts && is_number(scan, number->end)) {
		const struct osname_token *token = &scan->tokens[number->end];
		if (!token->joint || !strchr(joints, token->joint) ||
		    memchr(scan->text + token->start, '.', token->len))
			return;
		add_parts(number, scan, number->end);
	}
}

/* "7u9", "7 Update 9". */
static void join_update(struct number *number, const struct osname_scan *scan)
{
	size_t idx = number->end;

	if (number->count == 1 && (is_word(scan, idx, "u") || is_word(scan, idx, "update")) &&
	    is_number(scan, idx + 1) && scan->tokens[idx + 1].len <= 2)
		add_parts(number, scan, idx + 1);
}

static void put(struct osname_version *version, const char *before, const char *text, size_t len)
{
	size_t before_len = strlen(before);

	assert(version->len + before_len + len < OSNAME_VERSION_BYTES);
	memcpy(version->text + version->len, before, before_len);
	memcpy(version->text + version->len + before_len, text, len);
	version->len += before_len + len;
	version->text[version->len] = '\0';
}

static void put_part(struct osname_version *version, const struct number *number, size_t part,
		     const char *before)
{
	put(version, before, number->parts[part].text, number->parts[part].len);
}

static bool is_major(const struct distro *distro, uint32_t value)
{
	return (value >= distro->low && value <= distro->high) ||
	       (distro->other_low && value >= distro->other_low && value <= distro->other_high);
}

/* Splits glued digits behind the longest plausible major: 77 → 7.7, 113 → 11.3, but 12 → 12. */
static void split_point(struct number *number, const struct distro *distro)
{
	const char *text = number->parts[0].text;
	size_t len = number->parts[0].len;

	for (size_t major = len < 4 ? len : 4; major > 0; major--) {
		struct number split = { .end = number->end };
		add_part(&split, text, major);
		if (major < len)
			add_part(&split, text + major, len - major);
		if (*text != '0' && is_major(distro, split.parts[0].value) &&
		    (split.count == 1 ||
		     (split.parts[1].len <= 2 && split.parts[1].value <= distro->minor_high))) {
			*number = split;
			return;
		}
	}
}

static bool read_point(const struct osname_scan *scan, size_t idx, const struct distro *distro,
		       struct number *number, struct osname_version *version)
{
	if (number->count == 1 && scan->tokens[idx].glued)
		split_point(number, distro);
	if (*number->parts[0].text == '0' || !is_major(distro, number->parts[0].value))
		return false;
	join_update(number, scan);
	if (number->count == 1 && is_number(scan, number->end)) {
		struct number joined = *number;
		join_parts(&joined, scan, "_", 2);
		if (joined.count == 2 && joined.parts[1].value <= distro->minor_high)
			*number = joined;
	}
	bool stamp = number->count > 1 && number->parts[1].len >= 4; /* a build, or a day */
	bool minor = number->count > 1 && number->parts[1].value <= distro->minor_high &&
		     number->parts[1].len <= 4;
	if (number->count > 1 && !minor && !stamp)
		return false;
	put_part(version, number, 0, "");
	for (size_t part = 1; minor && part < number->count && part < distro->keep; part++)
		if (number->parts[part].len <= 4)
			put_part(version, number, part,
				 part == 1 && (distro->flags & DISTRO_DOTTED_PACKS) ? " SP" : ".");
	return true;
}

static bool read_month(const struct osname_scan *scan, const struct distro *distro,
		       struct number *number, struct osname_version *version)
{
	if (number->count == 1 && number->parts[0].len == 4) {
		const char *text = number->parts[0].text;
		number->count = 0;
		add_part(number, text, 2);
		add_part(number, text + 2, 2);
	} else {
		join_parts(number, scan, "_-", 2);
	}
	if (number->count < 2 || !is_major(distro, number->parts[0].value) ||
	    number->parts[0].len > 2 || number->parts[1].len != 2 || number->parts[1].value > 12 ||
	    !(distro->minor_high >> number->parts[1].value & 1))
		return false;
	put_part(version, number, 0, "");
	put_part(version, number, 1, ".");
	if (number->count > 2 && number->parts[2].len <= 2)
		put_part(version, number, 2, ".");
	return true;
}

static bool read_date(const struct osname_scan *scan, struct number *number,
		      struct osname_version *version)
{
	const char *text = number->parts[0].text;
	size_t len = number->parts[0].len;

	if (number->count == 1 && (len == 6 || len == 8)) {
		number->count = 0;
		add_part(number, text, 4);
		add_part(number, text + 4, 2);
		if (len == 8)
			add_part(number, text + 6, 2);
	} else {
		join_parts(number, scan, "_-", 3);
	}
	if (number->count < 2 || number->count > 3 || number->parts[0].len != 4 ||
	    number->parts[0].value < 2002 || number->parts[0].value > 2099)
		return false;
	for (size_t part = 1; part < number->count; part++)
		if (number->parts[part].len != 2 || number->parts[part].value < 1 ||
		    number->parts[part].value > (part == 1 ? 12 : 31))
			return false;
	for (size_t part = 0; part < number->count; part++)
		put_part(version, number, part, part ? "." : "");
	return true;
}

/* "2012 R2", "2012R2", "2k12r2", "10", "8.1". */
static bool read_windows(const struct osname_scan *scan, size_t idx, struct number *number,
			 struct osname_version *version)
{
	static const char *const releases[] = { "2000", "2003", "2008", "2012", "2016",
						"2019", "2022", "2025", "7",    "8",
						"8.1",  "10",   "11",   "95",   "98" };
	const struct osname_token *token = &scan->tokens[idx];
	const char *text = scan->text + token->start;
	size_t len = token->len;
	char year[] = "2000";

	if (osname_token_is(scan, idx, "2") && is_word(scan, idx + 1, "k") && token[1].glued) {
		text = year;
		len = 4;
		number->end = idx + 2;
		if (is_number(scan, idx + 2) && token[2].glued && token[2].len <= 2) {
			memcpy(year + 4 - token[2].len, scan->text + token[2].start, token[2].len);
			number->end = idx + 3;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		if (strlen(releases[i]) != len || memcmp(releases[i], text, len) != 0)
			continue;
		put(version, "", text, len);
		if (len == 4 && is_word(scan, number->end, "r") &&
		    osname_token_is(scan, number->end + 1, "2") &&
		    scan->tokens[number->end + 1].glued) {
			put(version, " ", "R2", 2);
			number->end += 2;
		}
		return true;
	}
	return false;
}

/* "15 SP4", "22.03-LTS-SP3", "v10sp2". */
static void read_pack(const struct osname_scan *scan, struct number *number,
		      struct osname_version *version)
{
	size_t idx = number->end;

	while (is_word(scan, idx, "lts") || is_word(scan, idx, "server"))
		idx++;
	if (!is_word(scan, idx, "sp") || !is_number(scan, idx + 1) || scan->tokens[idx + 1].len > 2)
		return;
	put(version, " SP", scan->text + scan->tokens[idx + 1].start, scan->tokens[idx + 1].len);
	number->end = idx + 2;
}

/* "8GB", "16核", "99%": a quantity. */
static bool counts_something(const struct osname_scan *scan, size_t last)
{
	const struct osname_token *token = &scan->tokens[last];

	if (scan->text[token->start + token->len] == '%')
		return true;
	if (last + 1 >= scan->count || token[1].arch)
		return false;
	for (size_t i = 0; i < osname_unit_count; i++) {
		const char *unit = osname_units[i].word;
		bool here = token[1].kind == OSNAME_WORD
				    ? osname_token_is(scan, last + 1, unit)
				    : strncmp(scan->text + token[1].start, unit, strlen(unit)) == 0;
		if (here && (token[1].glued || (osname_units[i].apart && token[1].joint == ' ')))
			return true;
	}
	return false;
}

bool osname_version_read(const struct osname_scan *scan, size_t idx, const struct distro *distro,
			 struct osname_version *ret, size_t *ret_end)
{
	struct osname_version version = { 0 };
	struct number number = { 0 };
	bool plausible = false;

	if (!is_number(scan, idx))
		return false;
	add_parts(&number, scan, idx);
	switch (distro->shape) {
	case VERSION_NONE: break;
	case VERSION_POINT: plausible = read_point(scan, idx, distro, &number, &version); break;
	case VERSION_MONTH: plausible = read_month(scan, distro, &number, &version); break;
	case VERSION_DATE: plausible = read_date(scan, &number, &version); break;
	case VERSION_WINDOWS: plausible = read_windows(scan, idx, &number, &version); break;
	}
	if (!plausible || counts_something(scan, number.end - 1))
		return false;
	if (distro->flags & DISTRO_PACKS)
		read_pack(scan, &number, &version);
	*ret = version;
	*ret_end = number.end;
	return true;
}

/* Both at a digit: compares the numbers, however long they are. */
static int compare_numbers(const char **a, const char **b)
{
	const char *ends[2] = { *a + strspn(*a, "0123456789"), *b + strspn(*b, "0123456789") };

	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	size_t lens[2] = { (size_t)(ends[0] - *a), (size_t)(ends[1] - *b) };
	int order = lens[0] != lens[1] ? (lens[0] < lens[1] ? -1 : 1) : memcmp(*a, *b, lens[0]);
	*a = ends[0];
	*b = ends[1];
	return order;
}

static const char *skip_separators(const char *text)
{
	return text + strspn(text, " .-_/()");
}

static unsigned char rank(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

/* An end sorts before a word ("2012" < "2012 R2"), a word before a number ("XP" < "7"). */
int osname_compare_versions(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	for (;;) {
		a = skip_separators(a);
		b = skip_separators(b);
		if (!*a || !*b)
			return (*a != '\0') - (*b != '\0');
		bool digits[2] = { osname_is_digit(*a), osname_is_digit(*b) };
		if (digits[0] != digits[1])
			return digits[0] ? 1 : -1;
		if (digits[0]) {
			int order = compare_numbers(&a, &b);
			if (order)
				return order;
			continue;
		}
		if (rank(*a) != rank(*b))
			return rank(*a) < rank(*b) ? -1 : 1;
		a++;
		b++;
	}
}
