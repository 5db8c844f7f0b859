#include <stdlib.h>

#include "daemon/app_parts.h"

static void on_part_closed(void *data)
{
	app_close_next(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
	app_close_next(container_of(handle, struct app, timer));
}

static bool close_timer(struct app *app)
{
	if (!app->has_timer)
		return false;
	uv_close((uv_handle_t *)&app->timer, on_timer_closed);
	return true;
}

static bool close_control(struct app *app)
{
	if (!app->control.export)
		return false;
	control_close(&app->control, on_part_closed, app);
	return true;
}

static bool close_notify(struct app *app)
{
	if (!app->notify)
		return false;
	notify_close(app->notify, on_part_closed, app);
	return true;
}

static bool close_progress(struct app *app)
{
	if (!app->progress)
		return false;
	progress_close(app->progress, on_part_closed, app);
	return true;
}

static bool close_client(struct app *app)
{
	if (!app->runtime.client)
		return false;
	http_client_close(app->runtime.client, on_part_closed, app);
	return true;
}

/* They have no handles of their own; the client that used their keys is gone. */
static bool close_accounts(struct app *app)
{
	if (app->generation)
		app_sweep(app);
	for (size_t i = 0; i < app->roster.account_count; i++) {
		account_close(app->roster.accounts[i]);
		generation_release(app->roster.accounts[i]->generation);
		free(app->roster.accounts[i]);
	}
	app->roster.account_count = 0;
	return false;
}

static bool close_limiter(struct app *app)
{
	if (!app->runtime.limiter)
		return false;
	limiter_close(app->runtime.limiter, on_part_closed, app);
	return true;
}

static bool close_writer(struct app *app)
{
	if (!app->runtime.writer)
		return false;
	writer_close(app->runtime.writer, on_part_closed, app);
	return true;
}

static bool close_signals(struct app *app)
{
	signals_close(&app->signals, on_part_closed);
	return true;
}

/* A step is false when there is nothing to wait for: most often its part was never opened. */
static bool (*const steps[])(struct app *app) = {
	close_timer,    close_control, close_notify, close_progress, close_client,
	close_accounts, close_limiter, close_writer, close_signals,
};

void app_close_next(struct app *app)
{
	while (app->close_step < ARRAY_LEN(steps))
		if (steps[app->close_step++](app))
			return;
}
