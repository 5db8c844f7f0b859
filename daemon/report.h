/*
 * What the log is told at the end of a poll, and what the watch keeps of it for people.
 *
 * Thread: the loop.
 */
#pragma once

#include "daemon/poll.h"

void report_poll(struct watch *watch, const struct poll_report *report);
