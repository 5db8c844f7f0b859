/*
 * The cloud's own count of what it is asked, minute by minute and account by account.
 */
#include <string.h>

#include "tests/simulation/course.h"
#include "tests/simulation/world.h"

void ledger_init(struct ledger *ledger, struct world *world)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->world = world;
	ledger->began_us = world->now_us;
}

size_t ledger_minute(const struct ledger *ledger)
{
	size_t minute = (size_t)((ledger->world->now_us - ledger->began_us) / 60000000);

	return minute < LEDGER_MINUTES ? minute : LEDGER_MINUTES - 1;
}

static uint64_t sum(const uint32_t *counts, size_t from, size_t to)
{
	uint64_t n = 0;

	for (size_t i = from; i < to && i < LEDGER_MINUTES; i++)
		n += counts[i];
	return n;
}

uint64_t ledger_requests(const struct ledger *ledger, unsigned account, size_t from, size_t to)
{
	return sum(ledger->requests[account], from, to);
}

uint64_t ledger_retries(const struct ledger *ledger, unsigned account, size_t from, size_t to)
{
	return sum(ledger->retries[account], from, to);
}

uint64_t ledger_all(const struct ledger *ledger, size_t from, size_t to)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ledger->account_count; i++)
		n += ledger_requests(ledger, i, from, to);
	return n;
}

uint64_t ledger_peak(const struct ledger *ledger, size_t from, size_t to)
{
	uint64_t peak = 0;

	for (size_t i = from; i < to; i++) {
		uint64_t n = ledger_all(ledger, i, i + 1);
		peak = n > peak ? n : peak;
	}
	return peak;
}

/*
 * E8, I16: the budget counts in slices of five minutes, so a little more than an hour of requests
 * may pay for an hour of retries; some may have been paid for and wait for their pause.
 */
static void judge_retry(const struct ledger *ledger, unsigned account, size_t minute)
{
	size_t hour = minute > 59 ? minute - 59 : 0, longer = minute > 65 ? minute - 65 : 0;
	uint64_t retries = ledger_retries(ledger, account, hour, minute + 1);
	uint64_t requests = ledger_requests(ledger, account, longer, minute + 1);
	uint64_t allowed = requests * RETRY_PERCENT / 100;

	if (retries > (allowed > RETRY_FLOOR ? allowed : RETRY_FLOOR) + RETRIES_IN_FLIGHT)
		world_fail(ledger->world,
			   "I16: %llu retries of %llu requests of an hour for account '%s'",
			   (unsigned long long)retries, (unsigned long long)requests,
			   ledger->accounts[account]);
}

void ledger_note(struct ledger *ledger, const struct listing *listing, bool is_retry)
{
	size_t minute = ledger_minute(ledger);
	unsigned i = 0;

	while (i < ledger->account_count && ledger->accounts[i] != listing->account)
		i++;
	if (i == ledger->account_count)
		return;
	ledger->requests[i][minute]++;
	ledger->retries[i][minute] += is_retry;
	if (is_retry)
		judge_retry(ledger, i, minute);
	if (ledger->requests[i][minute] > 60 * LEDGER_RATE + LEDGER_BURST)
		world_fail(ledger->world, "I16: %u requests of account '%s' in a minute",
			   ledger->requests[i][minute], ledger->accounts[i]);
}
