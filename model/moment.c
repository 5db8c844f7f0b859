#include "model/moment.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define YEAR_2000      INT64_C(946684800)
#define YEAR_2101      INT64_C(4133980800)
#define LARGEST_SECOND INT64_C(100000000000)

enum { DAY_S = 86400 };

struct date {
	int64_t year, month, day;
};

enum moment moment_from_number(int64_t number, int64_t *ret_s)
{
	int64_t seconds = number > LARGEST_SECOND ? number / 1000 : number;

	if (number == 0)
		return MOMENT_NONE;
	if (seconds < YEAR_2000 || seconds >= YEAR_2101)
		return MOMENT_FAR;
	*ret_s = seconds;
	return MOMENT_OK;
}

/* Reads exactly `count` digits; NULL when they are not there. */
static const char *read_digits(const char *at, int count, int64_t *ret)
{
	int64_t value = 0;

	if (!at)
		return NULL;
	for (; count > 0; count--, at++) {
		if (*at < '0' || *at > '9')
			return NULL;
		value = value * 10 + (*at - '0');
	}
	*ret = value;
	return at;
}

static const char *read_char(const char *at, const char *any)
{
	return at && *at && strchr(any, *at) ? at + 1 : NULL;
}

static const char *read_date(const char *at, struct date *ret)
{
	at = read_digits(at, 4, &ret->year);
	char separator[2] = { at ? *at : '\0', '\0' };

	at = read_digits(read_char(at, "-/"), 2, &ret->month);
	return read_digits(read_char(at, separator), 2, &ret->day);
}

/* "Z", "+08:00", "+0800" or "+08", in seconds; NULL when it is none of them. */
static const char *read_zone(const char *at, int64_t *ret_offset_s)
{
	int64_t hours, minutes = 0;

	*ret_offset_s = 0;
	if (*at == 'Z' || *at == 'z')
		return at + 1;
	if (*at != '+' && *at != '-')
		return NULL;
	int64_t sign = *at == '-' ? -1 : 1;
	at = read_digits(at + 1, 2, &hours);
	if (at && *at == ':')
		at = read_digits(at + 1, 2, &minutes);
	else if (at && *at)
		at = read_digits(at, 2, &minutes);
	if (!at || hours > 23 || minutes > 59)
		return NULL;
	*ret_offset_s = sign * (hours * 3600 + minutes * 60);
	return at;
}

/* Seconds since midnight; a leap second is the first one of the next minute. */
static const char *read_clock(const char *at, int64_t *ret_s)
{
	int64_t hour, minute, second;

	at = read_digits(at, 2, &hour);
	at = read_digits(read_char(at, ":"), 2, &minute);
	at = read_digits(read_char(at, ":"), 2, &second);
	if (!at || hour > 23 || minute > 59 || second > 60)
		return NULL;
	if (*at == '.' || *at == ',') {
		size_t digits = strspn(at + 1, "0123456789");
		at = digits ? at + 1 + digits : NULL;
	}
	*ret_s = hour * 3600 + minute * 60 + second;
	return at;
}

enum moment moment_from_text(const char *text, int64_t *ret_s)
{
	int64_t number, days, clock_s = 0, offset_s = 0;
	struct date date;

	if (!*text)
		return MOMENT_NONE;
	if (text_to_int(text, &number))
		return moment_from_number(number, ret_s);
	const char *at = read_date(text, &date);
	if (!at || !clock_days(date.year, date.month, date.day, &days))
		return MOMENT_NO_TIME;
	if (*at) {
		at = read_clock(read_char(at, "Tt "), &clock_s);
		if (!at)
			return MOMENT_NO_TIME;
		if (!*at)
			return MOMENT_NO_ZONE;
		at = read_zone(at + (*at == ' '), &offset_s);
		if (!at || *at)
			return MOMENT_NO_TIME;
	}
	int64_t seconds = days * DAY_S + clock_s - offset_s;
	if (seconds < YEAR_2000 || seconds >= YEAR_2101)
		return MOMENT_FAR;
	*ret_s = seconds;
	return MOMENT_OK;
}

enum moment moment_day(const char *text, char ret_day[static MOMENT_DAY_SIZE])
{
	int64_t seconds;

	enum moment moment = moment_from_text(text, &seconds);
	if (moment == MOMENT_OK) {
		char whole[CLOCK_TEXT_SIZE];
		clock_text(seconds, whole);
		memcpy(ret_day, whole, MOMENT_DAY_SIZE - 1);
		ret_day[MOMENT_DAY_SIZE - 1] = '\0';
	}
	return moment;
}
