#include "daemon/schedule.h"

int64_t schedule_first_ms(const struct store_listing *stored, int64_t now_ms, int64_t now_s)
{
	int64_t wait_s = stored->next_due_at - now_s;

	if (stored->next_due_at == 0 || wait_s <= 0)
		return now_ms;
	/* A clock that was set back must not put a poll off for longer than its interval. */
	if (wait_s > stored->interval_s)
		wait_s = stored->interval_s;
	return now_ms + wait_s * 1000;
}

int64_t schedule_next_ms(int64_t due_ms, int64_t interval_s, int64_t now_ms)
{
	int64_t interval_ms = interval_s * 1000;
	int64_t late_ms = now_ms - due_ms;

	if (late_ms < 0)
		return due_ms;
	return due_ms + (late_ms / interval_ms + 1) * interval_ms;
}
