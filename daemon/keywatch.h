/*
 * Keys in files that the cloud refuses: looked at again every few seconds, so that one that was
 * replaced is used at once and not at the next try, which may be an hour away.
 *
 * One that cannot be read in time is left for a later look, and so is one that is being read still.
 *
 * Thread: the loop; files are read where daemon/keys reads them.
 */
#pragma once

#include "daemon/keys.h"
#include "daemon/roster.h"

enum { KEYWATCH_PATIENCE_MS = 5 * 1000 };

struct keywatch {
	/* Filled by the owner. */
	struct roster *roster;
	struct keys *keys;
	/* A look has ended, and listings may be due; accounts that a reload put aside meanwhile may
	 * be closed. */
	void (*looked)(struct keywatch *watch);

	/* keywatch.c's own; zeroed. */
	struct keys_request request;
	size_t next;                /* of the roster's accounts */
	int64_t begun_ms, asked_ms; /* the look; the request */
	bool cancelled;
};

/* Begins when it is time to; goes on when what was asked for takes too long. */
void keywatch_look(struct keywatch *watch);

/* Nothing is looked at any more. */
void keywatch_cancel(struct keywatch *watch);
