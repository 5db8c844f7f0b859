/*
 * What a key costs that the cloud refuses: two requests at first, then one at each step of the
 * back-off, whoever of its listings sends it. The others wait without asking, because a cloud that
 * is asked a hundred times an hour with a wrong key may lock the key, or the account.
 *
 * One refusal may be the trouble of one listing, or of a moment: a key is locked when two different
 * listings were refused with it and nothing was accepted with it in between.
 *
 * Pure arithmetic on a clock that is given. A credential is a fingerprint of both halves of a key:
 * a half that was changed is another one, and may be tried at once.
 */
#pragma once

#include "base/base.h"

enum { LOCKOUT_CREDENTIALS = 4 };

struct lockout_refusal {
	uint64_t credential;
	const void *listing; /* the first that was refused */
	bool locked;         /* another one was, too */
};

struct lockout {
	struct lockout_refusal refused[LOCKOUT_CREDENTIALS]; /* oldest first, which goes first */
	size_t refused_count;                                /* 0: nothing was refused */
	int64_t steps;       /* of the lock: refusals in a row, one for each step */
	int64_t until_ms;    /* nobody asks before with what is locked */
	const void *probe;   /* who asks now although it is locked; or NULL */
	uint64_t accepted;   /* the last credential that was … */
	int64_t accepted_ms; /* … and when; 0: never */
	bool lifted; /* something was accepted that may have been waited for; the owner's to clear
		      */
};

/* Whether it was refused and not accepted since, locked or not. */
bool lockout_suspects(const struct lockout *lockout, uint64_t credential);
bool lockout_holds(const struct lockout *lockout, uint64_t credential);

/* Whether `who` may send a request; while the lock holds only one may at a time, and only after
 * until_ms. */
bool lockout_admits(struct lockout *lockout, uint64_t credential, const void *who, int64_t now_ms);

/* `who` sends no more. Its place is free, whatever came of it. */
void lockout_leave(struct lockout *lockout, const void *who);

/* The cloud refused it to `listing`. When that locks the credential, or it is locked: a new step,
 * which lasts `wait_ms`, unless the last one lasts still: what was in flight when it began says
 * nothing new. */
void lockout_refused(struct lockout *lockout, uint64_t credential, const void *listing,
		     int64_t now_ms, int64_t wait_ms);

void lockout_accepted(struct lockout *lockout, uint64_t credential, int64_t now_ms);

/* Somebody asked for a try: the step ends now. */
void lockout_hurry(struct lockout *lockout, int64_t now_ms);
