/*
 * What people ask the daemon to do. Who has the token gets here.
 */
#include <errno.h>

#include "base/text.h"
#include "export/handlers.h"

static int status_of(int result)
{
	switch (result) {
	case -ENOENT: return 404;
	case -EINVAL: return 409;
	case -EBUSY: return 503;
	default: return 500;
	}
}

static void end_failed(struct exchange *x, int result, const struct error *err)
{
	answer_problem(&x->answer, status_of(result), err->text[0] ? err->text : "it failed");
	exchange_end(x);
}

/* The listing that is meant, 0 when none is named. False after the exchange was ended. */
static bool find_listing(struct exchange *x, int64_t *ret_listing_id)
{
	const struct export_hooks *hooks = &x->export->hooks;
	const char *listing = exchange_text(x, "listing");
	struct error err = { 0 };

	*ret_listing_id = 0;
	if (!listing)
		return true;
	int rc = hooks->find(hooks->data, listing, ret_listing_id, &err);
	if (rc < 0)
		end_failed(x, rc, &err);
	return rc == 0;
}

static void start_command(struct exchange *x, void (*answered)(struct export_command *command,
							       int result, const struct error *err))
{
	x->command = (struct export_command){ .export = x->export, .answered = answered };
	x->export->commands++;
}

/* ---- release ------------------------------------------------------------------------------- */

static void on_released(struct export_command *command, int result, const struct error *err)
{
	struct exchange *x = container_of(command, struct exchange, command);

	if (result < 0) {
		end_failed(x, result, err);
		return;
	}
	buf_puts(answer_begin(&x->answer, 200, TYPE_JSON), "{\"released\":true}\n");
	exchange_end(x);
}

void control_release(struct exchange *x)
{
	const struct export_hooks *hooks = &x->export->hooks;
	int64_t listing_id;

	if (!find_listing(x, &listing_id))
		return;
	if (!listing_id) {
		answer_bad_parameter(&x->answer, "listing", "given");
		exchange_end(x);
		return;
	}
	start_command(x, on_released);
	hooks->release(hooks->data, listing_id, &x->command);
}

/* ---- poll ---------------------------------------------------------------------------------- */

void control_poll(struct exchange *x)
{
	const struct export_hooks *hooks = &x->export->hooks;
	struct export_polls polls = { 0 };
	struct error err = { 0 };
	int64_t listing_id;

	if (!find_listing(x, &listing_id))
		return;
	int rc = hooks->poll(hooks->data, listing_id, &polls, &err);
	if (rc < 0) {
		end_failed(x, rc, &err);
		return;
	}
	buf_printf(answer_begin(&x->answer, 202, TYPE_JSON), "{\"due\":%zu,\"running\":%zu}\n",
		   polls.due, polls.running);
	exchange_end(x);
}

/* ---- reload -------------------------------------------------------------------------------- */

static void on_reloaded(struct export_command *command, int result, const struct error *err)
{
	struct exchange *x = container_of(command, struct exchange, command);

	if (result < 0) {
		end_failed(x, result, err);
		return;
	}
	buf_puts(answer_begin(&x->answer, 200, TYPE_JSON), "{\"reloaded\":true}\n");
	exchange_end(x);
}

void control_reload(struct exchange *x)
{
	const struct export_hooks *hooks = &x->export->hooks;

	start_command(x, on_reloaded);
	hooks->reload(hooks->data, &x->command);
}
