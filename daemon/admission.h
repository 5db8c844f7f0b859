/*
 * Who may ask with a key that the cloud refuses (http/lockout): one listing tries it at each step,
 * the others fail without a request. Everyone may at --once, which polls every listing.
 *
 * Two accounts with one key share the lock. A refusal that only one listing meets is its own: when
 * the key was accepted elsewhere since it was refused there, the others are not held up by it.
 *
 * Thread: the loop.
 */
#pragma once

#include "daemon/roster.h"
#include "daemon/runtime.h"

/* Whether the account's keys were refused last: they are read again before they are used. */
bool admission_is_refused(const struct account *account, uint64_t seed);

/* Whether `who` may send a request of the account now; the same as before, once it was let in. */
bool admission_ask(const struct account *account, const struct runtime *runtime, const void *who);
/* It sends no more. */
void admission_leave(const struct account *account, const void *who);

/* What the cloud said to a request of the listing that was sent, and signed with `credential`. */
void admission_accepted(struct watch *watch, const struct runtime *runtime, uint64_t credential);
void admission_refused(struct watch *watch, const struct runtime *runtime, uint64_t credential);

/* After a poll, which was not asked if it sent nothing: when the key is accepted again, the
 * listings that waited for that follow. The watch is not in the queue. */
void admission_follow(struct roster *roster, struct watch *watch, bool asked);

/* Listings of the user that waited, and may ask again, are due within an interval; the first one
 * now, when that is wanted. */
void admission_hasten(struct roster *roster, const struct limiter_account *limit, bool first_now);

/* Why a listing was not asked. */
void admission_put(struct buf *out, const struct account *account);
