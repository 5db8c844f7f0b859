/*
 * What the service manager is told: ready, reloading, stopping, one line of how the daemon stands,
 * and that it is alive.
 *
 * A ping of the watchdog is proof, not habit: it is sent from the loop, after the end of a job that
 * went through the writer's thread, and only while no listing that is due lies forgotten. A commit
 * that hangs, a loop that blocks and a scheduler that lost a listing all end in a restart.
 *
 * All of it is nothing without $NOTIFY_SOCKET; all functions accept NULL. Thread: the loop. A
 * datagram to the service manager may wait for it: it is the one that started us.
 */
#pragma once

#include "daemon/roster.h"
#include "daemon/runtime.h"

struct notify;

/*
 * Borrows both until closed; the writer is open. NULL in *ret when nobody listens. `look` is to
 * start what is due: it is called when a listing seems to lie forgotten, which after a sleep of the
 * machine only means that nobody has looked yet.
 */
int notify_open(struct notify **ret, const struct runtime *runtime, const struct roster *roster,
		void (*look)(void *data), void *data);

/* At the start, when polls may begin; and after every reload, done or refused. */
void notify_ready(struct notify *notify);
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);

/* Something changed that the line tells: it is sent within a second, when it differs. */
void notify_changed(struct notify *notify);

/* Before the writer is closed; waits for a ping on its way. */
void notify_close(struct notify *notify, void (*closed)(void *data), void *data);
