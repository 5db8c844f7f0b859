#include "daemon/app.h"

#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/admission.h"
#include "daemon/app_parts.h"
#include "daemon/messages.h"
#include "daemon/poll.h"
#include "daemon/report.h"
#include "daemon/survey.h"

/*
 * A discovery is a listing like the others. When its answer changes, the plan is made anew and
 * listings that are new to it are registered through the writer's thread.
 */
/* clang-format off */
enum {
	TELL_EVERY_MS = 60 * 1000,
	/* The loop's clock stands still while the machine sleeps, the schedule's does not: looked at
	 * again after this much, so that what became due meanwhile is not late for long. */
	LOOK_EVERY_MS = 15 * 1000,
};
/* clang-format on */

static void start_due(struct app *app);
static void begin_stop(struct app *app);

static enum app_status fail(struct app *app, const char *what, const struct error *err)
{
	log_error(what, F("error", err->text));
	app->status = APP_FAILED;
	return APP_FAILED;
}

static void cannot_start(struct app *app, const struct error *err)
{
	message_put(CANNOT_START, F("error", err->text));
	app->status = APP_FAILED;
}

/* ---- polls ------------------------------------------------------------------------------- */

/* Once a minute: with a full disk every listing has the same to say. */
static void on_not_stored(struct watch *w, const char *error, int64_t wait_ms, void *data)
{
	struct app *app = data;
	int64_t now_ms = app->runtime.env->now_ms(app->runtime.env);
	struct buf name;

	if (app->told_not_stored_ms > 0 && now_ms - app->told_not_stored_ms < TELL_EVERY_MS)
		return;
	app->told_not_stored_ms = now_ms;
	control_not_stored(&app->control, error);
	buf_init(&name);
	watch_put_name(&name, &w->identity);
	message_put(NOT_STORED, F("error", error), F("account", w->identity.account),
		    F("listing", buf_text(&name)), F_INT("retry_ms", wait_ms));
	buf_finish(&name);
}

/* What the poll that has ended held; its memory is still in use while it reports. */
static void let_go(struct app *app, struct watch *w)
{
	w->account->polls--;
	if (w->generation == app->generation) {
		generation_release(w->generation);
		w->generation = NULL;
	} else {
		app->sweep = true;
	}
	staging_settle(&app->roster, w);
}

void app_sweep(struct app *app)
{
	app->sweep = false;
	for (size_t i = 0; i < app->roster.count; i++) {
		struct watch *w = app->roster.watches[i];
		if (w->poll || !w->generation)
			continue;
		generation_release(w->generation);
		w->generation = NULL;
	}
	reload_sweep(&app->reload);
	staging_move_over(&app->roster, app->generation);
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
		report_poll(w, report);
	w->told = w->error_class;
	control_polled(&app->control, w, report);
	admission_follow(&app->roster, w, report->log->requests > 0);
	let_go(app, w);
	notify_changed(app->notify);
	if (report->places && !app->stopping)
		roster_found(&app->roster, w, report->places);
	if (!app->once && !w->gone && !w->lost)
		schedule_add(&app->roster.schedule, w);
	/* A disk that did not confirm a write may have lost others: only a new start can tell. */
	if (report->disk_uncertain && !app->stopping)
		begin_stop(app);
	else
		start_due(app);
}

static void start_poll(struct app *app, struct watch *w, int64_t now_ms)
{
	const struct poll_events events = { on_polled, on_not_stored, app };

	schedule_remove(&app->roster.schedule, w);
	if (!app->once && schedule_rest(w, app->runtime.env)) {
		schedule_add(&app->roster.schedule, w);
		return;
	}
	generation_release(w->generation); /* of the poll before */
	w->generation = NULL;
	schedule_started(w, now_ms);
	if (poll_start(w, &app->generation->runtime, &events) < 0) {
		log_error("out of memory: a poll was skipped", F("account", w->identity.account));
		schedule_ended(w, app->runtime.env, OUTCOME_FAILED, CLASS_INTERNAL);
		if (!app->once)
			schedule_add(&app->roster.schedule, w);
		return;
	}
	w->generation = generation_hold(app->generation);
	w->account->polls++;
	app->polling++;
}

/* ---- what is due ------------------------------------------------------------------------- */

static void on_kept_up(struct upkeep *upkeep)
{
	start_due(container_of(upkeep, struct app, upkeep));
}

static bool is_busy(const struct app *app)
{
	return app->polling > 0 || app->roster.registering || app->upkeep.running ||
	       app->reload.running;
}

static void on_grown(struct roster *roster, const struct error *err)
{
	struct app *app = container_of(roster, struct app, roster);

	if (err && app->once)
		fail(app, "new listings could not be stored", err);
	else if (err)
		log_error("new listings could not be stored, they are tried again",
			  F("error", err->text));
	notify_changed(app->notify);
	start_due(app);
}

static void on_timer(uv_timer_t *timer)
{
	struct app *app = container_of(timer, struct app, timer);

	if (app->sweep)
		app_sweep(app);
	start_due(app);
	notify_changed(app->notify);
}

/* Until the next poll, and for a while at most. */
static void set_timer(struct app *app, int64_t now_ms)
{
	const struct watch *next = schedule_first(&app->roster.schedule);
	int64_t wait_ms = next ? next->due_ms - now_ms : LOOK_EVERY_MS;

	if (app->sweep || wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > LOOK_EVERY_MS)
		wait_ms = LOOK_EVERY_MS;
	if (wait_ms > KEYWATCH_PATIENCE_MS && app->keywatch.request.state != KEYS_IDLE)
		wait_ms = KEYWATCH_PATIENCE_MS;
	int rc = uv_timer_start(&app->timer, on_timer, (uint64_t)wait_ms, 0);
	assert(rc == 0);
}

/* Once for each time that it is set, and when it begins to be plainly wrong. */
static void look_at_clocks(struct app *app)
{
	const struct env *env = app->runtime.env;
	struct timekeeper *t = &app->time;
	char text[CLOCK_TEXT_SIZE];

	timekeeper_look(t, env);
	bool behind = timekeeper_is_behind(t);
	bool told = t->jumps == app->told_jumps && (!behind || app->told_behind);
	int64_t set_s = t->jumps == app->told_jumps ? 0 : t->jump_s;
	app->told_jumps = t->jumps;
	app->told_behind = behind;
	if (!told)
		message_put(CLOCK_DOUBTED, F("clock", clock_text(env->now_s(env), text)),
			    F_INT("set_by_s", set_s));
}

/* Starts what is due, sets the timer for what is next; ends a --once that has nothing left. */
static void start_due(struct app *app)
{
	const struct env *env = app->runtime.env;
	int64_t now_ms = env->now_ms(env);
	struct watch *w;

	if (app->stopping) {
		if (!is_busy(app))
			app_close_next(app);
		return;
	}
	look_at_clocks(app);
	upkeep_look(&app->upkeep, app->generation->runtime.config);
	if (!app->once)
		keywatch_look(&app->keywatch);
	while ((w = schedule_first(&app->roster.schedule)) && w->due_ms <= now_ms)
		start_poll(app, w, now_ms);
	if (!app->once) {
		set_timer(app, now_ms);
	} else if (!is_busy(app)) {
		app->stopping = true;
		app_close_next(app);
	}
}

static void on_keys_looked_at(struct keywatch *keywatch)
{
	struct app *app = container_of(keywatch, struct app, keywatch);

	app->sweep = true;
	if (!app->stopping)
		start_due(app);
}

static void on_due(void *data)
{
	struct app *app = data;

	if (!app->stopping)
		start_due(app);
}

/* ---- reload ------------------------------------------------------------------------------- */

static void on_reload_begins(struct reload *reload)
{
	struct app *app = container_of(reload, struct app, reload);

	log_info("reloading");
	notify_reloading(app->notify);
}

/* Also after one that was refused. */
static void on_reload_ended(struct reload *reload, bool successful)
{
	struct app *app = container_of(reload, struct app, reload);

	if (successful)
		app->sweep = true;
	control_reloaded(&app->control, successful);
	if (!app->stopping)
		notify_ready(app->notify);
	start_due(app);
}

/* ---- signals ----------------------------------------------------------------------------- */

static void begin_stop(struct app *app)
{
	app->stopping = true;
	notify_stopping(app->notify);
	if (app->runtime.env == env_system())
		signals_deadline(app->once ? APP_INCOMPLETE : APP_FAILED);
	writer_hurry(app->runtime.writer);
	int rc = uv_timer_stop(&app->timer);
	assert(rc == 0);
	reload_cancel(&app->reload);
	upkeep_cancel(&app->upkeep);
	keywatch_cancel(&app->keywatch);
	for (size_t i = 0; i < app->roster.count; i++)
		if (app->roster.watches[i]->poll)
			poll_interrupt(app->roster.watches[i]->poll);
	start_due(app);
}

static void on_stop(void *data, int number)
{
	struct app *app = data;

	if (app->stopping)
		return;
	log_info("stopping", F("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
	begin_stop(app);
}

static void on_reload(void *data)
{
	struct app *app = data;

	if (app->once)
		log_warn("there is nothing to reload for: --once ends by itself");
	else if (!app->stopping)
		reload_request(&app->reload);
}

static void on_survey(void *data)
{
	struct app *app = data;

	survey_log(&app->roster);
}

/* CONTRACT.md §1, exit status of --once. */
static enum app_status once_status(const struct app *app)
{
	size_t judged = 0, complete = 0, auth = 0;

	for (size_t i = 0; i < app->roster.count; i++) {
		const struct watch *w = app->roster.watches[i];
		if (w->lost)
			continue;
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
	app->once = once;
	app->runtime =
		(struct runtime){ .loop = &app->loop, .env = env, .config = config, .once = once };
	app->runtime.seed = env->random(env);
	app->runtime.traffic = &app->control.traffic;
	app->runtime.keys = &app->keys;
	app->runtime.time = &app->time;
	keys_init(&app->keys, &app->loop);
	app->keywatch = (struct keywatch){ .roster = &app->roster,
					   .keys = &app->keys,
					   .looked = on_keys_looked_at };
	app->control = (struct control){ .runtime = &app->runtime,
					 .roster = &app->roster,
					 .reload = &app->reload,
					 .due = on_due,
					 .data = app };
	app->signals = (struct signals){
		.stop = on_stop, .reload = on_reload, .survey = on_survey, .data = app
	};
	app->reload = (struct reload){ .loop = &app->loop,
				       .roster = &app->roster,
				       .generation = &app->generation,
				       .providers = config->providers,
				       .begins = on_reload_begins,
				       .ended = on_reload_ended };
	app->upkeep = (struct upkeep){ .runtime = &app->runtime, .done = on_kept_up };
	roster_init(&app->roster, &app->runtime, once, on_grown);
	reload_init(&app->reload);
	int rc = uv_loop_init(&app->loop);
	if (rc < 0) {
		error_set(&err, rc, "%s", uv_strerror(rc));
		cannot_start(app, &err);
		roster_finish(&app->roster);
		free(app);
		return APP_FAILED;
	}
	if (app_open(app, &err) < 0) {
		cannot_start(app, &err);
		app->stopping = true;
		app_close_next(app);
	} else {
		if (!once)
			log_info("started", F("version", IMAGECAT_VERSION),
				 F("catalog", config->catalog.path),
				 F_INT("listings", (int64_t)app->roster.count));
		start_due(app);
		notify_ready(app->notify);
	}
	rc = uv_run(&app->loop, UV_RUN_DEFAULT);
	store_close(app->store); /* when the writer never took it */
	rc = uv_loop_close(&app->loop);
	assert(rc == 0);

	enum app_status status = app->status;
	if (once && status == APP_OK)
		status = once_status(app);
	control_finish(&app->control);
	reload_finish(&app->reload);
	roster_finish(&app->roster);
	generation_release(app->generation);
	free(app);
	return status;
}
