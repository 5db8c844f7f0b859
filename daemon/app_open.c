#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/app_parts.h"
#include "daemon/messages.h"
#include "daemon/reserve.h"

static int open_account(struct app *app, const struct config_account *config,
			struct account **accounts, size_t *count, struct error *err)
{
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return error_set(err, -ENOMEM, "out of memory");
	int rc = account_open(account, config, &app->runtime, err);
	if (rc < 0) {
		free(account);
		return rc;
	}
	account->generation = generation_hold(app->generation);
	accounts[(*count)++] = account;
	return 0;
}

/* The roster takes what was opened, also when it is not all. */
static int open_roster(struct app *app, struct error *err)
{
	const struct config *config = app->runtime.config;
	struct account **accounts = calloc(config->account_count + 1, sizeof(struct account *));
	size_t count = 0;
	int rc = accounts ? 0 : error_set(err, -ENOMEM, "out of memory");

	for (size_t i = 0; i < config->account_count && rc == 0; i++)
		rc = open_account(app, &config->accounts[i], accounts, &count, err);
	if (rc == 0)
		return roster_open(&app->roster, accounts, count, app->store, err);
	app->roster.accounts = accounts;
	app->roster.account_count = count;
	return rc;
}

static int open_client(struct app *app, struct error *err)
{
	struct runtime *r = &app->runtime;

	int rc = http_client_open(&r->client, &app->loop);
	if (rc == 0)
		rc = limiter_open(&r->limiter, &app->loop, r->env,
				  (unsigned)r->config->limits.requests_in_flight);
	if (rc < 0)
		return error_set(err, rc, "the HTTP client could not start: %s", uv_strerror(rc));
	return 0;
}

static int open_writer(struct app *app, struct error *err)
{
	int rc = writer_open(&app->runtime.writer, &app->loop, app->store);

	if (rc == 0)
		app->store = NULL;
	if (rc == 0 && !app->once)
		rc = notify_open(&app->notify, &app->runtime, &app->roster, app->control.due,
				 app->control.data);
	if (rc == 0 && app->once)
		rc = progress_open(&app->progress, &app->loop,
				   (struct watch *const *const *)&app->roster.watches,
				   &app->roster.count);
	return rc < 0 ? error_set(err, rc, "start failed: %s", uv_strerror(rc)) : 0;
}

static int open_loop(struct app *app, struct error *err)
{
	int rc = uv_timer_init(&app->loop, &app->timer);

	app->has_timer = rc == 0;
	if (rc == 0)
		rc = signals_open(&app->signals, &app->loop);
	return rc < 0 ? error_set(err, rc, "start failed: %s", uv_strerror(rc)) : 0;
}

static int open_catalog(struct app *app, struct error *err)
{
	struct runtime *r = &app->runtime;
	struct error note;

	int rc = store_open(&app->store, r->config->catalog.path, IMAGECAT_VERSION, r->env, err);
	if (rc < 0)
		return rc;
	if (store_rollback(app->store))
		message_put(WENT_BACK, F("error", store_rollback(app->store)));
	if (store_take_note(app->store, &note))
		log_warn("the catalog's witness failed", F("error", note.text));
	r->spool_directory = store_directory(app->store);
	rc = store_load_time(app->store, r->time, err);
	if (rc < 0)
		return rc;
	timekeeper_start(r->time, r->env);
	return store_describe(app->store, r->config->providers, err);
}

int app_open(struct app *app, struct error *err)
{
	int rc = open_loop(app, err);

	if (rc == 0)
		rc = reserve(&app->loop, err);
	if (rc == 0)
		rc = open_catalog(app, err);
	if (rc == 0)
		rc = open_client(app, err);
	if (rc == 0) {
		app->generation = generation_open(&app->runtime, app->runtime.config, NULL);
		rc = app->generation ? 0 : error_set(err, -ENOMEM, "out of memory");
	}
	if (rc == 0)
		rc = open_roster(app, err);
	if (rc == 0)
		rc = open_writer(app, err);
	/* The writer came last, and polls need it. */
	if (rc == 0)
		app->generation->runtime = app->runtime;
	if (rc == 0 && !app->once)
		rc = control_open(&app->control, err);
	if (rc < 0)
		return rc;
	rc = signals_ready(&app->signals);
	return rc < 0 ? error_set(err, rc, "start failed: %s", uv_strerror(rc)) : 0;
}
