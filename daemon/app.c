#include "daemon/app.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/account.h"
#include "daemon/poll.h"
#include "daemon/progress.h"
#include "daemon/roster.h"
#include "daemon/schedule.h"
#include "providers/registry.h"

/*
 * Start: catalog, loop, client, limiter, accounts, listings, writer, signals. Stop: the reverse;
 * each step of stopping waits for the close callback of the one before (stop_next()).
 *
 * A discovery is a listing like the others. When its answer changes, the plan is made anew and
 * listings that are new to it are registered through the writer's thread.
 */
enum { PRUNE_EVERY_MS = 60 * 60 * 1000, TELL_EVERY_MS = 60 * 1000 };

struct app {
	uv_loop_t loop;
	struct runtime runtime;
	const struct config *config;
	bool once;

	struct store *store; /* until the writer takes it */
	struct account *accounts;
	size_t account_count; /* opened */
	struct roster roster;
	size_t polling; /* polls in flight */
	struct writer_job prune_job;
	bool pruning;
	int64_t pruned_ms;
	int64_t told_not_stored_ms; /* when the log last said that the catalog cannot be written */

	struct progress *progress;
	uv_timer_t timer;
	uv_signal_t signals[3];
	unsigned open_handles; /* timer and signals */

	bool stopping;
	unsigned stop_step;
	enum app_status status;
};

static void stop_next(struct app *app);
static void start_due(struct app *app);
static void begin_stop(struct app *app);

static enum app_status fail(struct app *app, const char *what, const struct error *err)
{
	log_error(what, F("error", err->text));
	app->status = APP_FAILED;
	return APP_FAILED;
}

/* ---- polls ------------------------------------------------------------------------------- */

static void log_poll(const struct watch *w, const struct poll_report *report)
{
	const struct poll_log *log = report->log;
	struct buf name;

	buf_init(&name);
	watch_put_name(&name, &w->identity);
	if (report->store_error)
		log_error("poll could not be stored", F("listing", buf_text(&name)),
			  F("error", report->store_error));
	else if (log->outcome == OUTCOME_COMPLETE)
		log_info("listing complete", F("listing", buf_text(&name)),
			 F_INT("images", log->items), F_INT("added", report->commit->added),
			 F_INT("changed", report->commit->changed_count),
			 F_INT("removed", report->commit->removed),
			 F_INT("requests", log->requests), F_INT("duration_ms", log->duration_ms));
	else if (log->outcome == OUTCOME_ABORTED)
		log_info("poll stopped", F("listing", buf_text(&name)));
	else
		log_warn("listing not complete", F("listing", buf_text(&name)),
			 F("outcome", outcome_text(log->outcome)),
			 F("reason", error_class_text(log->error_class)), F("error", log->message));
	buf_finish(&name);
}

/* Once a minute: with a full disk every listing has the same to say. */
static void on_not_stored(struct watch *w, const char *error, int64_t wait_ms, void *data)
{
	struct app *app = data;
	int64_t now_ms = app->runtime.env->now_ms(app->runtime.env);
	struct buf name;

	if (app->told_not_stored_ms > 0 && now_ms - app->told_not_stored_ms < TELL_EVERY_MS)
		return;
	app->told_not_stored_ms = now_ms;
	buf_init(&name);
	watch_put_name(&name, &w->identity);
	log_error("poll could not be stored, it is tried again", F("listing", buf_text(&name)),
		  F("error", error), F_INT("wait_ms", wait_ms));
	buf_finish(&name);
}

static void on_polled(struct watch *w, const struct poll_report *report, void *data)
{
	struct app *app = data;

	app->polling--;
	if (report->store_error && (app->once || report->disk_uncertain))
		app->status = APP_FAILED;
	if (app->progress)
		progress_ended(app->progress, w, report);
	else
		log_poll(w, report);
	if (report->places && !app->stopping)
		roster_found(&app->roster, w, report->places);
	/* A disk that did not confirm a write may have lost others: only a new start can tell. */
	if (report->disk_uncertain && !app->stopping)
		begin_stop(app);
	else
		start_due(app);
}

static void run_prune(struct store *store, struct writer_job *job)
{
	struct app *app = container_of(job, struct app, prune_job);
	const struct config *config = app->config;

	/* What could not be deleted now is tried again in an hour; the catalog only stays larger.
	 */
	(void)store_prune(store, config->catalog.keep_history_s, config->catalog.keep_polls_s,
			  NULL);
	store_checkpoint(store, true);
}

static void on_pruned(struct writer_job *job)
{
	struct app *app = container_of(job, struct app, prune_job);

	app->pruning = false;
	start_due(app);
}

/* Once an hour, and at the start. */
static void prune(struct app *app, int64_t now_ms)
{
	if (app->pruning || (app->pruned_ms > 0 && now_ms - app->pruned_ms < PRUNE_EVERY_MS))
		return;
	app->pruned_ms = now_ms;
	app->pruning = true;
	app->prune_job = (struct writer_job){ .run = run_prune, .done = on_pruned };
	writer_submit(app->runtime.writer, &app->prune_job);
}

static bool is_busy(const struct app *app)
{
	return app->polling > 0 || app->roster.registering || app->pruning;
}

static void on_grown(struct roster *roster, const struct error *err)
{
	struct app *app = container_of(roster, struct app, roster);

	if (err && app->once)
		fail(app, "new listings could not be stored", err);
	else if (err)
		log_error("new listings could not be stored, they are tried again",
			  F("error", err->text));
	start_due(app);
}

static void on_timer(uv_timer_t *timer)
{
	start_due(container_of(timer, struct app, timer));
}

/* Starts what is due, sets the timer for what is next; ends a --once that has nothing left. */
static void start_due(struct app *app)
{
	const struct env *env = app->runtime.env;
	const struct poll_events events = { on_polled, on_not_stored, app };
	int64_t now_ms = env->now_ms(env), next_ms = INT64_MAX;

	if (app->stopping) {
		if (!is_busy(app))
			stop_next(app);
		return;
	}
	prune(app, now_ms);
	for (size_t i = 0; i < app->roster.registered; i++) {
		struct watch *w = app->roster.watches[i];
		if (w->poll || (app->once && w->polled))
			continue;
		if (w->due_ms <= now_ms) {
			w->due_ms = schedule_next_ms(w->due_ms, w->interval_s, now_ms);
			if (poll_start(w, &app->runtime, &events) == 0)
				app->polling++;
			else
				log_error("out of memory: a poll was skipped",
					  F("account", w->identity.account));
		}
		if (w->due_ms < next_ms)
			next_ms = w->due_ms;
	}
	if (app->once) {
		if (!is_busy(app)) {
			app->stopping = true;
			stop_next(app);
		}
		return;
	}
	if (next_ms != INT64_MAX) {
		int rc = uv_timer_start(&app->timer, on_timer,
					next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 1, 0);
		assert(rc == 0);
	}
}

/* ---- signals ----------------------------------------------------------------------------- */

static void begin_stop(struct app *app)
{
	if (app->stopping)
		return;
	app->stopping = true;
	int rc = uv_timer_stop(&app->timer);
	assert(rc == 0);
	for (size_t i = 0; i < app->roster.count; i++)
		if (app->roster.watches[i]->poll)
			poll_interrupt(app->roster.watches[i]->poll);
	start_due(app);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct app *app = handle->data;

	if (number == SIGHUP) {
		log_warn("reload is not implemented yet: restart to apply a changed configuration");
		return;
	}
	log_info("stopping", F("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
	begin_stop(app);
}

static int open_signals(struct app *app)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	int rc = uv_timer_init(&app->loop, &app->timer);

	assert(rc == 0);
	app->open_handles = 1;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		rc = uv_signal_init(&app->loop, &app->signals[i]);
		if (rc < 0)
			return rc;
		app->open_handles++;
		app->signals[i].data = app;
		rc = uv_signal_start(&app->signals[i], on_signal, numbers[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- stopping ---------------------------------------------------------------------------- */

static void on_part_closed(void *data)
{
	stop_next(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct app *app = handle->data;

	if (--app->open_handles == 0)
		stop_next(app);
}

static void close_handles(struct app *app)
{
	unsigned signals = app->open_handles > 0 ? app->open_handles - 1 : 0;

	if (app->open_handles == 0) {
		stop_next(app);
		return;
	}
	app->timer.data = app;
	uv_close((uv_handle_t *)&app->timer, on_handle_closed);
	for (unsigned i = 0; i < signals; i++)
		uv_close((uv_handle_t *)&app->signals[i], on_handle_closed);
}

/* The start in reverse, one line per part; each goes on in its close callback. */
static void stop_next(struct app *app)
{
	struct runtime *r = &app->runtime;

	switch (app->stop_step++) {
	case 0: close_handles(app); return;
	case 1:
		if (app->progress) {
			progress_close(app->progress, on_part_closed, app);
			return;
		}
		app->stop_step++;
		/* fall through */
	case 2:
		if (r->client) {
			http_client_close(r->client, on_part_closed, app);
			return;
		}
		app->stop_step++;
		/* fall through */
	case 3:
		for (size_t i = 0; i < app->account_count; i++)
			account_close(&app->accounts[i]);
		if (r->limiter) {
			limiter_close(r->limiter, on_part_closed, app);
			return;
		}
		app->stop_step++;
		/* fall through */
	case 4:
		if (r->writer)
			writer_close(r->writer, on_part_closed, app);
		return;
	}
}

/* ---- start ------------------------------------------------------------------------------- */

static int open_accounts(struct app *app, struct error *err)
{
	app->accounts = calloc(app->config->account_count + 1, sizeof(*app->accounts));
	if (!app->accounts)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < app->config->account_count; i++) {
		int rc = account_open(&app->accounts[i], &app->config->accounts[i], &app->runtime,
				      err);
		if (rc < 0)
			return rc;
		app->account_count++;
	}
	return 0;
}

static int open_all(struct app *app, struct error *err)
{
	struct runtime *r = &app->runtime;
	const struct config *config = app->config;

	int rc = store_open(&app->store, config->catalog.path, IMAGECAT_VERSION, r->env, err);
	if (rc < 0)
		return rc;
	r->spool_directory = store_directory(app->store);
	rc = store_describe(app->store, builtin_providers, err);
	if (rc < 0)
		return rc;
	rc = http_client_open(&r->client, &app->loop);
	if (rc == 0)
		rc = limiter_open(&r->limiter, &app->loop, r->env,
				  (unsigned)config->limits.requests_in_flight);
	if (rc < 0)
		return error_set(err, rc, "the HTTP client could not start: %s", uv_strerror(rc));
	rc = open_accounts(app, err);
	if (rc == 0)
		rc = roster_open(&app->roster, app->accounts, app->account_count, app->store, err);
	if (rc < 0)
		return rc;
	rc = writer_open(&r->writer, &app->loop, app->store);
	if (rc == 0)
		app->store = NULL;
	if (rc == 0)
		rc = open_signals(app);
	if (rc == 0 && app->once)
		rc = progress_open(&app->progress, &app->loop,
				   (struct watch *const *const *)&app->roster.watches,
				   &app->roster.count);
	if (rc < 0)
		return error_set(err, rc, "start failed: %s", uv_strerror(rc));
	return 0;
}

/* CONTRACT.md §1, exit status of --once. */
static enum app_status once_status(const struct app *app)
{
	size_t judged = 0, complete = 0, auth = 0;

	for (size_t i = 0; i < app->roster.count; i++) {
		const struct watch *w = app->roster.watches[i];
		if (w->found && w->polled && w->outcome != OUTCOME_COMPLETE &&
		    w->error_class == CLASS_PERMISSION)
			continue;
		judged++;
		complete += w->polled && w->outcome == OUTCOME_COMPLETE;
		auth += w->polled && w->outcome != OUTCOME_COMPLETE && w->error_class == CLASS_AUTH;
	}
	if (complete == judged)
		return APP_OK;
	return complete == 0 && auth == judged ? APP_AUTH : APP_INCOMPLETE;
}

enum app_status app_run(const struct config *config, const struct env *env, bool once)
{
	struct app *app = calloc(1, sizeof(*app));
	struct error err = { 0 };

	if (!app)
		return APP_FAILED;
	app->config = config;
	app->once = once;
	app->runtime =
		(struct runtime){ .loop = &app->loop, .env = env, .config = config, .once = once };
	app->runtime.seed = env->random(env);
	roster_init(&app->roster, &app->runtime, once, on_grown);
	int rc = uv_loop_init(&app->loop);
	if (rc < 0) {
		error_set(&err, rc, "%s", uv_strerror(rc));
		fail(app, "cannot start", &err);
		free(app);
		return APP_FAILED;
	}
	if (open_all(app, &err) < 0) {
		fail(app, "cannot start", &err);
		app->stopping = true;
		stop_next(app);
	} else {
		if (!once)
			log_info("started", F("version", IMAGECAT_VERSION),
				 F("catalog", config->catalog.path),
				 F_INT("listings", (int64_t)app->roster.count));
		start_due(app);
	}
	rc = uv_run(&app->loop, UV_RUN_DEFAULT);
	store_close(app->store); /* when the writer never took it */
	rc = uv_loop_close(&app->loop);
	assert(rc == 0);

	enum app_status status = app->status;
	if (once && status == APP_OK)
		status = once_status(app);
	roster_finish(&app->roster);
	free(app->accounts);
	free(app);
	return status;
}
