/*
 * The only door to time and randomness. Pure code gets a `struct env`; the daemon passes
 * env_system(), the simulator of the tests passes its own.
 */
#pragma once

#include "base/base.h"

struct env {
	int64_t (*now_ms)(const struct env *env);  /* monotonic; only differences mean anything */
	int64_t (*now_s)(const struct env *env);   /* wall clock, Unix seconds UTC */
	uint64_t (*random)(const struct env *env); /* uniform over all 64 bits */
	void *data;                                /* the implementation's own */
};

const struct env *env_system(void);

/* Uniform in [low, high]. */
int64_t env_between(const struct env *env, int64_t low, int64_t high);

/* "2026-11-21T03:50:21Z" into text[21]; years outside 0..9999 give "?". */
enum { CLOCK_TEXT_SIZE = 32 };
const char *clock_text(int64_t unix_s, char text[static CLOCK_TEXT_SIZE]);

/* Days since 1970-01-01 of a proleptic Gregorian date; false for a date that does not exist. */
bool clock_days(int64_t year, int64_t month, int64_t day, int64_t *ret_days);
