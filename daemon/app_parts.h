/*
 * What the running daemon is made of, and how its parts are opened and closed. For daemon/app*.c
 * only.
 *
 * Thread: the loop.
 */
#pragma once

#include "daemon/app.h"
#include "daemon/control.h"
#include "daemon/keys.h"
#include "daemon/keywatch.h"
#include "daemon/notify.h"
#include "daemon/progress.h"
#include "daemon/reload.h"
#include "daemon/roster.h"
#include "daemon/signals.h"
#include "daemon/upkeep.h"

struct app {
	uv_loop_t loop;
	struct runtime runtime;        /* with the configuration of the start */
	struct generation *generation; /* in force */
	struct timekeeper time;
	int64_t told_jumps; /* of the clock, in the log */
	bool told_behind;
	bool once;

	struct store *store; /* until the writer takes it */
	struct roster roster;
	struct reload reload;
	struct keys keys;
	struct keywatch keywatch;
	struct control control; /* people and programs over HTTP */
	size_t polling;         /* polls in flight */
	bool sweep;             /* something old may be dropped once the present callback is over */
	struct upkeep upkeep;
	int64_t told_not_stored_ms; /* when the log last said that the catalog cannot be written */

	struct progress *progress;
	struct notify *notify; /* NULL where nobody listens */
	uv_timer_t timer;
	bool has_timer;
	struct signals signals;

	bool stopping;
	size_t close_step;
	enum app_status status;
};

/* Loop's handles, signals, catalog, client, limiter, accounts, listings, writer, control: what was
 * opened before a failure stays for app_close_next(). */
int app_open(struct app *app, struct error *err);

/* The start in reverse: closes the next part, and from its close callback the one after it. No poll
 * and no job of the writer is in flight. The loop ends by itself when the last one is closed. */
void app_close_next(struct app *app);

/* Releases what polls that have ended held of older configurations; not from inside their reports.
 */
void app_sweep(struct app *app);
