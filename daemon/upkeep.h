/*
 * What the catalog needs once in a while: the time that passed is kept, old polls, changes and
 * revisions are deleted, the write-ahead log is emptied. Once an hour and at the start, in small
 * jobs between those of polls.
 *
 * Thread: the loop; the work is the writer's.
 */
#pragma once

#include "base/error.h"
#include "daemon/runtime.h"

struct upkeep {
	/* Filled by the owner. */
	const struct runtime *runtime; /* not its configuration */
	void (*done)(struct upkeep *upkeep);

	bool running;

	/* upkeep.c's own. */
	struct writer_job job;
	int64_t keep_history_s, keep_polls_s;
	struct timekeeper time; /* as the pass began */
	int64_t begun_ms;
	bool cancelled;
	bool more;
	bool noted;        /* `note` was taken from the store */
	struct error note; /* the writer's while running */
};

/* Begins when it is time to; `config` is the one in force. */
void upkeep_look(struct upkeep *upkeep, const struct config *config);

/* The job that runs is the last one. */
void upkeep_cancel(struct upkeep *upkeep);
