/*
 * What a key costs that the cloud refuses: one request at each step of the back-off, whoever of its
 * listings sends it. The others wait without asking, because a cloud that is asked a hundred times
 * an hour with a wrong key may lock the key, or the account.
 *
 * Pure arithmetic on a clock that is given. A credential is a fingerprint of both halves of a key:
 * a half that was changed is another one, and may be tried at once.
 */
#pragma once

#include "base/base.h"

enum { LOCKOUT_CREDENTIALS = 4 };

struct lockout {
	uint64_t refused[LOCKOUT_CREDENTIALS]; /* with all places taken every credential is */
	size_t refused_count;                  /* 0: nothing is locked */
	int64_t steps;                         /* refusals in a row, one for each step */
	int64_t until_ms;                      /* nobody asks before */
	const void *probe;                     /* who asks now although it is locked; or NULL */
	int64_t accepted_ms;                   /* the last time; 0: never */
	bool lifted; /* something was accepted that may have been waited for; the owner's to clear
		      */
};

bool lockout_holds(const struct lockout *lockout, uint64_t credential);

/* Whether `who` may send a request; while the lock holds only one may at a time, and only after
 * until_ms. */
bool lockout_admits(struct lockout *lockout, uint64_t credential, const void *who, int64_t now_ms);

/* `who` sends no more. Its place is free, whatever came of it. */
void lockout_leave(struct lockout *lockout, const void *who);

/* The cloud refused. A new step, which lasts `wait_ms`, unless the last one lasts still: what was
 * in flight when it began says nothing new. */
void lockout_refused(struct lockout *lockout, uint64_t credential, int64_t now_ms, int64_t wait_ms);

void lockout_accepted(struct lockout *lockout, uint64_t credential, int64_t now_ms);

/* Somebody asked for a try: the step ends now. */
void lockout_hurry(struct lockout *lockout, int64_t now_ms);
