/*
 * The daemon's side of export/: opens it, and does for it what only the daemon can: begin a poll,
 * release a held drop, reload, say how it stands.
 *
 * Thread: the loop.
 */
#pragma once

#include "daemon/poll.h"
#include "daemon/reload.h"
#include "daemon/roster.h"
#include "daemon/traffic.h"
#include "export/export.h"

enum { CONTROL_WAITING_MAX = 64 };

struct control {
	/* Filled by the owner. */
	const struct runtime *runtime; /* of the start */
	struct roster *roster;
	struct reload *reload;
	void (*due)(void *data); /* something became due: look at the schedule */
	void *data;

	/* control.c's own. */
	struct export *export; /* NULL: http.listen is off, or it was closed */
	struct traffic traffic;
	struct export_traffic *rows;    /* of `traffic`, for the figures */
	char not_stored[256];           /* "": the last poll was stored */
	struct store_wal wal, wal_read; /* the second is the writer's thread's while it asks */
	struct writer_job wal_job;
	bool asking; /* wal_job is on its way */
	struct export_command *reloads[CONTROL_WAITING_MAX];
	size_t reload_count;
};

/* On failure control_close() is still due. */
int control_open(struct control *control, struct error *err);

/* Before the writer and the roster are closed. */
void control_close(struct control *control, void (*closed)(void *data), void *data);
void control_finish(struct control *control);

/* A poll has ended and its listing is not back in the queue yet. */
void control_polled(struct control *control, struct watch *watch, const struct poll_report *report);
/* A poll could not be stored and tries again. */
void control_not_stored(struct control *control, const char *error);
void control_reloaded(struct control *control, bool successful);
