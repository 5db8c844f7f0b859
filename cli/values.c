#include "cli/values.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

bool value_age(const char *text, int64_t *ret_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char digits[16];
	size_t len = strlen(text);
	int64_t n;

	if (len < 2 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	if (!text_to_int(digits, &n) || n < 0 || n > 1000000000)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit == text[len - 1]) {
			*ret_s = n * units[i].seconds;
			return true;
		}
	}
	return false;
}

/* So many digits, no sign, no blank. */
static bool read_digits(const char **text, size_t count, int64_t *ret)
{
	int64_t n = 0;

	for (size_t i = 0; i < count; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	*text += count;
	*ret = n;
	return true;
}

static bool read_char(const char **text, const char *one_of)
{
	if (!**text || !strchr(one_of, **text))
		return false;
	++*text;
	return true;
}

/* The seconds from local time to UTC at a moment that is given as if it were UTC. */
static int64_t local_offset(int64_t as_utc)
{
	time_t guess = (time_t)as_utc;
	struct tm tm;

	if (!gmtime_r(&guess, &tm))
		return 0;
	tm.tm_isdst = -1;
	return as_utc - (int64_t)mktime(&tm);
}

/* "Z", "+08:00", "-0330" or nothing. */
static bool read_offset(const char *text, int64_t as_utc, int64_t *ret_s)
{
	int64_t hours = 0, minutes = 0;
	char sign = *text;

	if (!sign) {
		*ret_s = local_offset(as_utc);
		return true;
	}
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_s = 0;
		return true;
	}
	if (!read_char(&text, "+-") || !read_digits(&text, 2, &hours))
		return false;
	read_char(&text, ":");
	if (!read_digits(&text, 2, &minutes) || *text || hours > 14 || minutes > 59)
		return false;
	*ret_s = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return true;
}

static bool read_date(const char *text, int64_t *ret_s)
{
	int64_t year, month, day, hour = 0, minute = 0, second = 0, days, offset;

	if (!read_digits(&text, 4, &year) || !read_char(&text, "-") ||
	    !read_digits(&text, 2, &month) || !read_char(&text, "-") ||
	    !read_digits(&text, 2, &day) || !clock_days(year, month, day, &days))
		return false;
	if (read_char(&text, "Tt ")) {
		if (!read_digits(&text, 2, &hour) || !read_char(&text, ":") ||
		    !read_digits(&text, 2, &minute))
			return false;
		if (read_char(&text, ":") && !read_digits(&text, 2, &second))
			return false;
	}
	int64_t as_utc = days * 86400 + hour * 3600 + minute * 60 + second;
	if (hour > 23 || minute > 59 || second > 60 || !read_offset(text, as_utc, &offset))
		return false;
	*ret_s = as_utc - offset;
	return true;
}

bool value_moment(const char *text, int64_t now_s, int64_t *ret_s)
{
	int64_t age;

	if (value_age(text, &age)) {
		*ret_s = now_s - age;
		return true;
	}
	if (*text == '@')
		return text_to_int(text + 1, ret_s) && *ret_s > 0;
	return read_date(text, ret_s);
}

const char *const *value_split(struct arena *arena, const char *text, char separator)
{
	const char separators[] = { separator, '\0' };
	size_t count = 1;

	for (const char *c = text; *c; c++)
		count += *c == separator;
	const char **items = arena_alloc(arena, (count + 1) * sizeof(*items));
	char *copy = arena_string(arena, text);
	for (size_t i = 0; i < count && items && copy; i++) {
		size_t len = strcspn(copy, separators);
		items[i] = copy;
		if (copy[len])
			copy[len++] = '\0';
		copy += len;
	}
	return copy ? items : NULL;
}
