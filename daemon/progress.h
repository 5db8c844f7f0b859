/*
 * What --once tells on stderr: live lines on a terminal, else one line per listing at its end.
 *
 * Thread: the loop.
 */
#pragma once

#include "daemon/poll.h"

struct progress;

int progress_open(struct progress **ret, uv_loop_t *loop, struct watch *const *const *watches,
		  const size_t *count);
void progress_ended(struct progress *progress, const struct watch *watch,
		    const struct poll_report *report);
void progress_close(struct progress *progress, void (*closed)(void *data), void *data);
