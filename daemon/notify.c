/*
 * Happy path: each tick of the watchdog's timer submits a job without work to the writer; its end
 * on the loop sends the ping.
 *
 * Failures: while a job has not come back no other is submitted, and a ping is sent only if others
 * before it have: a slow disk is no hang. What cannot be sent is lost: the service manager is the
 * one who would have to be told.
 *
 * On close: the timers are stopped, the job is waited for, memory goes in the last close callback.
 */
#include "daemon/notify.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/standing.h"

enum {
	STATUS_EVERY_MS = 1000,
	PATIENCE_MIN_MS = 10 * 1000, /* a poll may begin that late, however short the watchdog is */
};

struct notify {
	const struct runtime *runtime;
	const struct roster *roster;
	uv_timer_t status_timer, watchdog_timer;
	unsigned open_handles;
	uint64_t interval_ms; /* of the watchdog, as the service manager set it; 0: none */
	struct writer_job job;
	bool overdue;   /* a request was, at the last look */
	bool pinging;   /* the job is on its way */
	uint64_t ended; /* jobs of the writer, at the last ping */
	void (*look)(void *data);
	void *look_data;
	char *told; /* the last line; NULL: none */
	uint64_t told_ms;
	bool stopping, closing;
	void (*closed)(void *data);
	void *data;
};

/* ---- what is said ------------------------------------------------------------------------ */

static void put_status(struct notify *n, struct buf *line)
{
	const struct env *env = n->runtime->env;
	struct standing standing;

	standing_take(&standing, n->roster->watches, n->roster->count, env, INT64_MAX / 2);
	standing_put(line, &standing, env->now_s(env));
}

/* `state` is a command of its own, or "". Without a line when memory is out. */
static void tell(struct notify *n, const char *state)
{
	struct buf line;

	buf_init(&line);
	put_status(n, &line);
	bool differs = !n->told || strcmp(n->told, buf_text(&line)) != 0;
	if (!line.failed && (*state || differs))
		(void)sd_notifyf(0, "%sSTATUS=%s", state, buf_text(&line));
	else if (*state)
		(void)sd_notify(0, state);
	n->told_ms = uv_now(n->runtime->loop);
	free(n->told);
	n->told = line.failed ? NULL : strdup(buf_text(&line));
	buf_finish(&line);
}

void notify_ready(struct notify *n)
{
	if (n && !n->stopping)
		tell(n, "READY=1\n");
}

void notify_reloading(struct notify *n)
{
	if (!n || n->stopping)
		return;
	/* The very clock, to the microsecond: a later service manager compares it with the moment
	 * in which it asked. */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
			 (unsigned long long)(uv_hrtime() / 1000));
	free(n->told);
	n->told = NULL;
}

void notify_stopping(struct notify *n)
{
	if (!n || n->stopping)
		return;
	n->stopping = true;
	(void)sd_notify(0, "STOPPING=1\nSTATUS=stopping");
}

static void on_status_timer(uv_timer_t *timer)
{
	struct notify *n = container_of(timer, struct notify, status_timer);

	if (!n->stopping)
		tell(n, "");
}

void notify_changed(struct notify *n)
{
	if (!n || n->stopping || n->closing || uv_is_active((uv_handle_t *)&n->status_timer))
		return;
	uint64_t passed_ms = uv_now(n->runtime->loop) - n->told_ms;
	uint64_t wait_ms = passed_ms < STATUS_EVERY_MS ? STATUS_EVERY_MS - passed_ms : 0;
	int rc = uv_timer_start(&n->status_timer, on_status_timer, wait_ms, 0);
	assert(rc == 0);
}

/* ---- the watchdog ------------------------------------------------------------------------ */

static void close_handles(struct notify *n);

static void ping(struct notify *n)
{
	n->ended = writer_ended(n->runtime->writer);
	(void)sd_notify(0, "WATCHDOG=1");
}

static void run_nothing(struct store *store, struct writer_job *job)
{
	(void)store;
	(void)job;
}

static void on_answered(struct writer_job *job)
{
	struct notify *n = container_of(job, struct notify, job);

	n->pinging = false;
	if (n->closing)
		close_handles(n);
	else
		ping(n);
}

static bool is_forgetful(const struct notify *n)
{
	int64_t patience_ms = (int64_t)n->interval_ms;
	struct standing standing;

	if (patience_ms < PATIENCE_MIN_MS)
		patience_ms = PATIENCE_MIN_MS;
	standing_take(&standing, n->roster->watches, n->roster->count, n->runtime->env,
		      patience_ms);
	return standing.forgotten;
}

/* Polls whose requests never end would never be late. Twice in a row: after the process was
 * stopped, time-outs that have passed may come after this. */
static bool is_stuck(struct notify *n)
{
	bool was_overdue = n->overdue;

	n->overdue = http_client_is_overdue(n->runtime->client);
	return n->overdue && was_overdue;
}

static void on_watchdog_timer(uv_timer_t *timer)
{
	struct notify *n = container_of(timer, struct notify, watchdog_timer);

	/* After the machine has slept, or the process was stopped, this may look before the
	 * schedule does: what lies forgotten after that one has looked was lost. */
	if (!n->stopping && is_forgetful(n))
		n->look(n->look_data);
	if (!n->stopping && (is_forgetful(n) || is_stuck(n)))
		return;
	if (n->pinging) {
		if (n->ended != writer_ended(n->runtime->writer))
			ping(n);
		return;
	}
	n->pinging = true;
	n->job = (struct writer_job){ .run = run_nothing, .done = on_answered };
	writer_submit(n->runtime->writer, &n->job);
}

/* ---- open and close ---------------------------------------------------------------------- */

static int open_timer(struct notify *n, uv_timer_t *timer)
{
	int rc = uv_timer_init(n->runtime->loop, timer);

	if (rc == 0)
		n->open_handles++;
	return rc;
}

int notify_open(struct notify **ret, const struct runtime *runtime, const struct roster *roster,
		void (*look)(void *data), void *data)
{
	uint64_t interval_us = 0;

	*ret = NULL;
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	struct notify *n = calloc(1, sizeof(*n));
	if (!n)
		return UV_ENOMEM;
	n->runtime = runtime;
	n->roster = roster;
	n->look = look;
	n->look_data = data;
	int rc = open_timer(n, &n->status_timer);
	assert(rc == 0); /* uv_timer_init() cannot fail */
	rc = open_timer(n, &n->watchdog_timer);
	assert(rc == 0);
	if (sd_watchdog_enabled(0, &interval_us) > 0 && interval_us >= 2000) {
		n->interval_ms = interval_us / 1000;
		rc = uv_timer_start(&n->watchdog_timer, on_watchdog_timer, n->interval_ms / 2,
				    n->interval_ms / 2);
		assert(rc == 0);
	}
	*ret = n;
	return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct notify *n = handle->data;

	if (--n->open_handles > 0)
		return;
	void (*closed)(void *data) = n->closed;
	void *data = n->data;
	free(n->told);
	free(n);
	closed(data);
}

static void close_handles(struct notify *n)
{
	uv_close((uv_handle_t *)&n->status_timer, on_handle_closed);
	uv_close((uv_handle_t *)&n->watchdog_timer, on_handle_closed);
}

void notify_close(struct notify *n, void (*closed)(void *data), void *data)
{
	if (!n) {
		closed(data);
		return;
	}
	n->closing = true;
	n->closed = closed;
	n->data = data;
	n->status_timer.data = n;
	n->watchdog_timer.data = n;
	int rc = uv_timer_stop(&n->watchdog_timer);
	assert(rc == 0);
	if (!n->pinging)
		close_handles(n);
}
