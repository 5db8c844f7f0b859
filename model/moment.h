/*
 * Times as clouds write them. Pure arithmetic: no time zone of this machine ever takes part.
 */
#pragma once

#include "base/base.h"

enum moment {
	MOMENT_OK,
	MOMENT_NONE,    /* 0 or "": nothing was said */
	MOMENT_NO_TIME, /* something else */
	MOMENT_NO_ZONE, /* a time of day without a zone: which moment it means cannot be known */
	MOMENT_FAR,     /* outside 2000..2100 */
};

/* Seconds, or milliseconds above 1e11, since 1970. */
enum moment moment_from_number(int64_t number, int64_t *ret_s);

/*
 * Digits as above; "2013-08-07T18:16:32Z" with a fraction or an offset (+08:00); a day,
 * "2013-08-07" or "2013/08/07", which starts at 00:00 UTC.
 */
enum moment moment_from_text(const char *text, int64_t *ret_s);

/* A day, or the day of a time in UTC, as "YYYY-MM-DD". */
enum { MOMENT_DAY_SIZE = 11 };
enum moment moment_day(const char *text, char ret_day[static MOMENT_DAY_SIZE]);
