/*
 * Time on a machine whose wall clock may be set to anything. Two notions that no setting of it can
 * hurry: how much time has really passed, and what time it can be at most. Pure arithmetic on the
 * clocks that an env gives; store/ keeps it over restarts.
 */
#pragma once

#include "base/clock.h"

/* All 0: nothing was kept. */
struct timekeeper {
	/* Kept by the catalog. */
	int64_t passed_ms;          /* time that surely passed, as far as anybody looked */
	int64_t time_ms;            /* the wall clock as far as it is believed; 0: it never was */
	int64_t wall_ms, looked_ms; /* both clocks at the last look */

	/* Of this process. */
	int64_t jumps;     /* how often the wall clock was set */
	int64_t jump_s;    /* the last time, by so much */
	int64_t jumped_ms; /* and when, by the monotonic clock */
};

/* The first look of a process, with what was kept. What passed since the last one is known only if
 * both clocks agree on it. */
void timekeeper_start(struct timekeeper *t, const struct env *env);

/* From time to time; each look notices what happened to the wall clock since the one before. */
void timekeeper_look(struct timekeeper *t, const struct env *env);

int64_t timekeeper_passed_s(const struct timekeeper *t);

/* What is older than something is older by this clock: it never says more than the wall clock. */
int64_t timekeeper_now_s(const struct timekeeper *t);

/* As of the last look: the wall clock says a time that was over long ago. */
bool timekeeper_is_behind(const struct timekeeper *t);

/* As of the last look: what was made with regard to the right time may look too old or too new. */
bool timekeeper_doubts(const struct timekeeper *t);
