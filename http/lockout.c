#include "http/lockout.h"

#include <string.h>

static size_t find(const struct lockout *l, uint64_t credential)
{
	size_t i = 0;

	while (i < l->refused_count && l->refused[i].credential != credential)
		i++;
	return i;
}

static void forget(struct lockout *l, size_t i)
{
	memmove(&l->refused[i], &l->refused[i + 1],
		(l->refused_count - i - 1) * sizeof(l->refused[0]));
	l->refused_count--;
}

bool lockout_suspects(const struct lockout *l, uint64_t credential)
{
	return find(l, credential) < l->refused_count;
}

bool lockout_holds(const struct lockout *l, uint64_t credential)
{
	size_t i = find(l, credential);

	return i < l->refused_count && l->refused[i].locked;
}

bool lockout_admits(struct lockout *l, uint64_t credential, const void *who, int64_t now_ms)
{
	if (!lockout_holds(l, credential) || l->probe == who)
		return true;
	if (l->probe || now_ms < l->until_ms)
		return false;
	l->probe = who;
	return true;
}

void lockout_leave(struct lockout *l, const void *who)
{
	if (l->probe == who)
		l->probe = NULL;
}

void lockout_refused(struct lockout *l, uint64_t credential, const void *listing, int64_t now_ms,
		     int64_t wait_ms)
{
	size_t i = find(l, credential);

	if (i == l->refused_count) {
		if (l->refused_count == LOCKOUT_CREDENTIALS)
			forget(l, 0);
		l->refused[l->refused_count++] =
			(struct lockout_refusal){ .credential = credential, .listing = listing };
		return;
	}
	if (l->refused[i].listing != listing)
		l->refused[i].locked = true;
	if (!l->refused[i].locked || now_ms < l->until_ms)
		return;
	l->steps++;
	l->until_ms = now_ms + wait_ms;
}

void lockout_accepted(struct lockout *l, uint64_t credential, int64_t now_ms)
{
	size_t i = find(l, credential);

	l->accepted = credential;
	l->accepted_ms = now_ms;
	if (l->refused_count == 0)
		return;
	l->lifted = true;
	l->steps = 0;
	/* Another credential of the same user may still be wrong. */
	if (i < l->refused_count)
		forget(l, i);
	if (l->refused_count == 0)
		l->until_ms = 0;
}

void lockout_hurry(struct lockout *l, int64_t now_ms)
{
	if (l->until_ms > now_ms)
		l->until_ms = now_ms;
}
