/*
 * How many retries an account may spend, so that a cloud in trouble is not asked twice as much as a
 * healthy one. Pure arithmetic on a clock that is given.
 */
#pragma once

#include "base/base.h"

/* clang-format off */
enum {
	BUDGET_FULL = 50,
	BUDGET_RETRY = 5,       /* tokens for a retry … */
	BUDGET_TIMEOUT = 10,    /* … after a time-out, which has cost more than an answer */
	BUDGET_SLICE_MS = 5 * 60 * 1000,
	BUDGET_SLICES = 13,     /* the hour that has just ended is whole in them, whenever it began */
	BUDGET_RATIO = 10,      /* one retry for so many requests of the hour … */
	BUDGET_FLOOR = 10,      /* … but so many in any case: an account with few requests needs some */
};
/* clang-format on */

struct retry_budget {
	int tokens;
	int64_t slice; /* the present one, counted from the clock's zero */
	struct {
		uint32_t requests, retries;
	} slices[BUDGET_SLICES];
};

void budget_init(struct retry_budget *budget, int64_t now_ms);
void budget_sent(struct retry_budget *budget, int64_t now_ms); /* a request, or a retry of it */
void budget_unsent(struct retry_budget *budget); /* takes the last budget_sent() back, at once */
void budget_succeeded(struct retry_budget *budget);

/* Takes `tokens` and says true, or leaves all as it is. */
bool budget_take(struct retry_budget *budget, int tokens, int64_t now_ms);
