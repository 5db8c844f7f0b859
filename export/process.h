/*
 * The process as Prometheus knows every process: its time, memory and files.
 */
#pragma once

#include "base/base.h"

struct process_figures {
	double cpu_s;
	int64_t resident_bytes, virtual_bytes; /* 0 where /proc does not say */
	int64_t open_fds, max_fds;
};

/* Reads /proc; any thread but the loop's. */
void process_read(struct process_figures *ret);
