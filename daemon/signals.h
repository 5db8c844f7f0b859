/*
 * The signals that a service gets, as calls on the loop: SIGINT and SIGTERM, SIGHUP, SIGUSR1.
 * SIGUSR2 and SIGPIPE are nobody's and ignored.
 */
#pragma once

#include <uv.h>

#include "base/base.h"

enum { SIGNALS_COUNT = 4 };

struct signals {
	void (*stop)(void *data, int number);
	void (*reload)(void *data);
	void (*survey)(void *data);
	void *data;

	uv_signal_t handles[SIGNALS_COUNT]; /* signals.c's own from here on */
	size_t open;
	void (*closed)(void *data);
};

/*
 * The callbacks and `data` are filled before. On failure signals_close() is still due. Until
 * signals_ready() SIGINT and SIGTERM end the process at once: a start may wait for a lock or check
 * a large catalog, the loop would not hear of them, and there is nothing to finish.
 */
int signals_open(struct signals *signals, uv_loop_t *loop);
int signals_ready(struct signals *signals); /* 0, or negative; the loop runs next */

/* From now on the process ends with `status` after a few seconds, whatever hangs: a disk, a file
 * system that keys are read from. The catalog is whole at every instant. */
void signals_deadline(int status);

/* SIGINT, SIGTERM, SIGHUP and SIGUSR1 are ignored from then on. */
void signals_close(struct signals *signals, void (*closed)(void *data));
