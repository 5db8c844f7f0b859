#include "base/clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_now_ms(const struct env *env)
{
	struct timespec ts;

	(void)env;
	/* Goes on while the machine sleeps: what became due then is due. */
	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_now_s(const struct env *env)
{
	struct timespec ts;

	(void)env;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec;
}

static uint64_t system_random(const struct env *env)
{
	uint64_t value = 0;

	(void)env;
	/* Jitter and hash seeds; a short read leaves zeros, which is still a number. */
	if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		value = (uint64_t)system_now_ms(env) * UINT64_C(0x9E3779B97F4A7C15);
	return value;
}

const struct env *env_system(void)
{
	static const struct env env = {
		.now_ms = system_now_ms,
		.now_s = system_now_s,
		.random = system_random,
	};
	return &env;
}

int64_t env_between(const struct env *env, int64_t low, int64_t high)
{
	if (high <= low)
		return low;

	/* Unsigned, because the distance may not fit into int64_t; 0 stands for all 2^64 values. */
	uint64_t span = (uint64_t)high - (uint64_t)low + 1;
	uint64_t drawn = env->random(env);
	return (int64_t)((uint64_t)low + (span ? drawn % span : drawn));
}

bool clock_days(int64_t year, int64_t month, int64_t day, int64_t *ret_days)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1] + (month == 2 && leap))
		return false;

	/* Counted from 1 March, so that the leap day is the last day of its year. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	*ret_days = era * 146097 + day_of_era - 719468;
	return true;
}

const char *clock_text(int64_t unix_s, char text[static CLOCK_TEXT_SIZE])
{
	time_t when = (time_t)unix_s;
	struct tm tm;

	/* Not strftime(): its %Y pads to four digits only where they are there. */
	if (!gmtime_r(&when, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		snprintf(text, CLOCK_TEXT_SIZE, "?");
	else
		snprintf(text, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
			 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
			 (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
			 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return text;
}
