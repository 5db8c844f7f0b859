#include "config/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct unit {
	const char *name;
	int64_t factor;
	char first; /* what a misspelt unit begins with */
};

/* clang-format off */
static const struct unit time_units[] = {
	{ "d", DAY, 'd' }, { "h", HOUR, 'h' }, { "m", MINUTE, 'm' }, { "s", SECOND, 's' }, { 0 },
};
static const struct unit size_units[] = {
	{ "GiB", INT64_C(1) << 30, 'g' }, { "MiB", INT64_C(1) << 20, 'm' },
	{ "KiB", INT64_C(1) << 10, 'k' }, { "B", 1, 'b' }, { 0 },
};
/* clang-format on */

bool value_refuse(struct complaint *ret, const char *suggestion, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret->text, sizeof(ret->text), format, args);
	va_end(args);
	snprintf(ret->suggestion, sizeof(ret->suggestion), "%s", suggestion ? suggestion : "");
	return false;
}

/* The digits at the start; false when there are none or too many. */
static bool leading_number(const char *text, int64_t *ret_number, const char **ret_rest)
{
	int64_t number = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *c - '0', &number))
			return false;
	*ret_number = number;
	*ret_rest = c;
	return c > text;
}

/* "5M", "5 min" and "300" mean 5m, 5m and 300s; "5ms" means none of ours. */
static void suggest(const char *text, const struct unit *units, const char *bare,
		    char ret[static 40])
{
	int64_t number;
	const char *rest;

	ret[0] = '\0';
	if (!leading_number(text, &number, &rest) || text_equal_nocase(rest, "ms"))
		return;
	rest += strspn(rest, " ");
	if (*rest == '\0' && bare)
		snprintf(ret, 40, "%lld%s", (long long)number, bare);
	if (strcspn(rest, "0123456789., -") < strlen(rest))
		return;
	for (; units->name; units++)
		if (*rest && (*rest | 0x20) == units->first)
			snprintf(ret, 40, "%lld%s", (long long)number, units->name);
}

static bool number_with_unit(const char *text, const struct unit *units, int64_t *ret)
{
	int64_t number;
	const char *rest;

	if (!leading_number(text, &number, &rest))
		return false;
	for (; units->name; units++)
		if (strcmp(rest, units->name) == 0)
			return !__builtin_mul_overflow(number, units->factor, ret);
	return false;
}

static void put_with_unit(struct buf *out, const struct unit *units, int64_t value)
{
	while (units[1].name && value % units->factor != 0)
		units++;
	buf_printf(out, "%lld%s", (long long)(value / units->factor), units->name);
}

bool value_duration(const char *text, int64_t *ret_s, struct complaint *ret_complaint)
{
	char suggestion[40];

	if (strcmp(text, "0") == 0) {
		*ret_s = 0;
		return true;
	}
	if (number_with_unit(text, time_units, ret_s))
		return true;
	suggest(text, time_units, "s", suggestion);
	return value_refuse(ret_complaint, suggestion,
			    "is not a duration (use 90s, 10m, 6h or 30d)");
}

void value_put_duration(struct buf *out, int64_t s)
{
	if (s == 0)
		buf_putc(out, '0');
	else
		put_with_unit(out, time_units, s);
}

bool value_size(const char *text, int64_t *ret_bytes, struct complaint *ret_complaint)
{
	char suggestion[40];

	if (number_with_unit(text, size_units, ret_bytes))
		return true;
	suggest(text, size_units, "B", suggestion);
	return value_refuse(ret_complaint, suggestion, "is not a size (use 64KiB, 16MiB or 1GiB)");
}

void value_put_size(struct buf *out, int64_t bytes)
{
	put_with_unit(out, size_units, bytes);
}

bool value_count(const char *text, int64_t *ret_value, struct complaint *ret_complaint)
{
	if (text_to_int(text, ret_value))
		return true;
	return value_refuse(ret_complaint, NULL, "is not a whole number");
}

bool value_decimal(const char *text, double *ret_value, struct complaint *ret_complaint)
{
	double number = 0, scale = 1;
	size_t digits = 0;
	bool point = false;

	for (const char *c = text; *c; c++) {
		if (*c == '.' && !point && digits > 0 && c[1]) {
			point = true;
			continue;
		}
		if (*c < '0' || *c > '9' || ++digits > 15)
			return value_refuse(ret_complaint, NULL,
					    "is not a number such as 5 or 0.5 (at most 15 digits)");
		number = number * 10 + (*c - '0');
		scale *= point ? 10 : 1;
	}
	if (digits == 0)
		return value_refuse(ret_complaint, NULL, "is not a number such as 5 or 0.5");
	*ret_value = number / scale;
	return true;
}

void value_put_decimal(struct buf *out, double value)
{
	char text[32];
	int precision = 0;

	do
		snprintf(text, sizeof(text), "%.*f", precision, value);
	while (strtod(text, NULL) != value && ++precision <= 15);
	buf_puts(out, text);
}

bool value_is_word(const char *text)
{
	size_t len =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len <= 64 && text[len] == '\0';
}

bool value_is_printable(const char *text)
{
	struct buf clean;
	size_t len = strlen(text);

	buf_init(&clean);
	text_put_clean(&clean, TEXT_PROSE, text, len);
	bool same = value_is_line(text, len) && len <= 128 && strcmp(buf_text(&clean), text) == 0;
	buf_finish(&clean);
	return same;
}

bool value_is_line(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return false;
	return len > 0;
}
