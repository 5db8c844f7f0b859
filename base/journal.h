/*
 * The way of a log record into the journal: a bounded queue and a thread that empties it.
 *
 * sd_journal_sendv() waits while journald is stopped or slow, and the loop must not. So a record is
 * copied into the queue, or refused when that is full; only the thread waits. The thread starts
 * with the first record and is never joined: at the end journal_flush() waits for it, but not for
 * long.
 */
#pragma once

#include <sys/uio.h>

#include "base/base.h"

/* False when it was dropped: the queue is full or memory is out. Fields are "NAME=value". Any
 * thread. */
bool journal_put(const struct iovec *fields, size_t count);

/* Until all was handed over, or the time is up. */
void journal_flush(int64_t wait_ms);
