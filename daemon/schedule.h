/*
 * When each listing is due. Pure arithmetic on the monotonic clock; the app owns the timer.
 */
#pragma once

#include "daemon/watch.h"

/* The first due time after a start: what the last run left over, at once when that has passed. */
int64_t schedule_first_ms(const struct store_listing *stored, int64_t now_ms, int64_t now_s);

/* The next due time, counted from the last one so that intervals do not drift; slots that have
 * passed are skipped. */
int64_t schedule_next_ms(int64_t due_ms, int64_t interval_s, int64_t now_ms);
