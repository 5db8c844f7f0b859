#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "config/secrets.h"
#include "export/tally.h"
#include "http/listen.h"

/* ---- which listing ------------------------------------------------------------------------- */

static bool has_name(const struct watch *w, const char *name)
{
	struct buf text;

	buf_init(&text);
	watch_put_name(&text, &w->identity);
	bool same = strcmp(buf_text(&text), name) == 0;
	buf_finish(&text);
	return same;
}

static int find_by_name(const struct roster *roster, const char *name, bool gone,
			int64_t *ret_listing_id)
{
	size_t found = 0;

	for (size_t i = 0; i < roster->count; i++) {
		const struct watch *w = roster->watches[i];
		if (w->listing_id == 0 || w->gone != gone || !has_name(w, name))
			continue;
		*ret_listing_id = w->listing_id;
		found++;
	}
	return found == 1 ? 0 : found == 0 ? -ENOENT : -EINVAL;
}

static int find(void *data, const char *listing, int64_t *ret_listing_id, struct error *err)
{
	const struct control *c = data;

	if (text_to_int(listing, ret_listing_id) && *ret_listing_id > 0)
		return 0;
	int rc = find_by_name(c->roster, listing, false, ret_listing_id);
	if (rc == -ENOENT)
		rc = find_by_name(c->roster, listing, true, ret_listing_id);
	if (rc == -ENOENT)
		error_set(err, rc, "there is no such listing: 'imagecat status' shows their names");
	if (rc == -EINVAL)
		error_set(err, rc, "several listings have that name: give the listing_id");
	return rc;
}

/* ---- polls --------------------------------------------------------------------------------- */

static int poll_now(void *data, int64_t listing_id, struct export_polls *ret, struct error *err)
{
	struct control *c = data;
	const struct env *env = c->runtime->env;
	struct export_polls polls = { 0 };

	for (size_t i = 0; i < c->roster->count; i++) {
		struct watch *w = c->roster->watches[i];
		if (w->listing_id == 0 || w->gone || w->lost ||
		    (listing_id && w->listing_id != listing_id))
			continue;
		if (w->poll) {
			polls.running++;
			w->asked = true;
			continue;
		}
		lockout_hurry(limiter_lockout(w->account->limit), env->now_ms(env));
		schedule_remove(&c->roster->schedule, w);
		schedule_at(w, env->now_ms(env));
		schedule_add(&c->roster->schedule, w);
		polls.due++;
	}
	if (listing_id && polls.due + polls.running == 0)
		return error_set(err, -ENOENT, "that listing is not polled");
	*ret = polls;
	c->due(c->data);
	return 0;
}

struct release {
	struct writer_job job;
	struct control *control;
	int64_t listing_id;
	struct export_command *command;
	int result;
	struct error error;
};

static void run_release(struct store *store, struct writer_job *job)
{
	struct release *r = container_of(job, struct release, job);

	r->result = store_release(store, r->listing_id, &r->error);
}

static void on_released(struct writer_job *job)
{
	struct release *r = container_of(job, struct release, job);

	if (r->result == 0)
		log_info("a held drop was released: the next complete poll counts",
			 F_INT("listing_id", r->listing_id));
	export_answer(r->command, r->result, &r->error);
	free(r);
}

static void release_now(void *data, int64_t listing_id, struct export_command *command)
{
	struct control *c = data;
	struct release *r = calloc(1, sizeof(*r));
	struct error err = { 0 };

	if (!r) {
		export_answer(command, error_set(&err, -ENOMEM, "out of memory"), &err);
		return;
	}
	*r = (struct release){ .job = { .run = run_release, .done = on_released },
			       .control = c,
			       .listing_id = listing_id,
			       .command = command };
	writer_submit(c->runtime->writer, &r->job);
}

/* ---- reload -------------------------------------------------------------------------------- */

static void reload_now(void *data, struct export_command *command)
{
	struct control *c = data;
	struct error err = { 0 };

	if (c->reload->cancelled) {
		export_answer(command, error_set(&err, -EBUSY, "the daemon stops"), &err);
		return;
	}
	if (c->reload_count == CONTROL_WAITING_MAX) {
		export_answer(command, error_set(&err, -EBUSY, "too many reloads wait"), &err);
		return;
	}
	c->reloads[c->reload_count++] = command;
	reload_request(c->reload);
}

void control_reloaded(struct control *c, bool successful)
{
	const struct config *config = (*c->reload->generation)->runtime.config;
	size_t count = c->reload_count;
	struct error err = { 0 };

	if (successful && c->export && !export_set_token_file(c->export, config->http.token_file))
		log_warn("out of memory: the old token file stays in use");
	if (successful && c->export)
		export_changed(c->export, INT64_MAX);
	/* One that was asked for while another ran is done when that one's successor is. */
	if (c->reload->again && !c->reload->cancelled)
		return;
	c->reload_count = 0;
	if (!successful)
		error_set(&err, -EINVAL,
			  "refused, everything stays as it was: the log says why, and so does "
			  "imagecatd --check");
	for (size_t i = 0; i < count; i++)
		export_answer(c->reloads[i], successful ? 0 : -EINVAL, &err);
}

/* ---- how it stands ------------------------------------------------------------------------- */

static void put_rows(struct control *c, struct export_figures *ret)
{
	size_t count = 0;
	struct export_traffic *rows =
		realloc(c->rows, (c->traffic.count * TRAFFIC_CODES + 1) * sizeof(*rows));

	if (!rows)
		return;
	for (size_t i = 0; i < c->traffic.count; i++)
		for (size_t code = 0; code < TRAFFIC_CODES; code++)
			if (c->traffic.accounts[i].requests[code] > 0)
				rows[count++] = (struct export_traffic){
					c->traffic.accounts[i].name, traffic_code(code),
					c->traffic.accounts[i].requests[code]
				};
	c->rows = rows;
	ret->traffic = rows;
	ret->traffic_count = count;
}

static void figures(void *data, struct export_figures *ret)
{
	struct control *c = data;

	*ret = (struct export_figures){
		.reload_successful = c->reload->state.successful,
		.reload_success_at = c->reload->state.success_at,
		.wal_bytes = c->wal.bytes,
		.checkpoint_busy_total = c->wal.busy_total,
		.not_stored = c->not_stored[0] ? c->not_stored : NULL,
	};
	put_rows(c, ret);
}

static void run_wal(struct store *store, struct writer_job *job)
{
	struct control *c = container_of(job, struct control, wal_job);

	store_wal(store, &c->wal_read);
}

static void on_wal(struct writer_job *job)
{
	struct control *c = container_of(job, struct control, wal_job);

	c->asking = false;
	c->wal = c->wal_read;
}

static void ask_for_wal(struct control *c)
{
	if (c->asking)
		return;
	c->asking = true;
	c->wal_job = (struct writer_job){ .run = run_wal, .done = on_wal };
	writer_submit(c->runtime->writer, &c->wal_job);
}

void control_not_stored(struct control *c, const char *error)
{
	strncpy(c->not_stored, error, sizeof(c->not_stored) - 1);
}

void control_polled(struct control *c, struct watch *w, const struct poll_report *report)
{
	const struct commit *commit = report->commit;
	const struct poll_log *log = report->log;
	const struct tally_poll poll = {
		.listing_id = w->listing_id,
		.failed = report->store_error ||
			  (log->outcome != OUTCOME_COMPLETE && log->outcome != OUTCOME_ABORTED),
		.reason = report->store_error ? CLASS_INTERNAL : log->error_class,
		.duration_ms = log->duration_ms,
		.changes = { commit->added, commit->changed_count, commit->missing, commit->removed,
			     commit->returned_total, commit->held },
	};

	if (w->asked)
		schedule_at(w, c->runtime->env->now_ms(c->runtime->env));
	w->asked = false;
	if (!c->export)
		return;
	export_polled(c->export, &poll);
	export_changed(c->export, report->store_error ? 0 : commit->last_seq);
	if (report->store_error)
		control_not_stored(c, report->store_error);
	else
		c->not_stored[0] = '\0';
	ask_for_wal(c);
}

/* ---- opening ------------------------------------------------------------------------------- */

static int read_token(const char *path, struct buf *ret, struct error *err)
{
	struct secret secret;
	int rc = secret_read(&secret, &(struct config_secret){ .file = path }, err);

	if (rc < 0)
		return rc;
	buf_put(ret, secret.bytes, secret.len);
	secret_wipe(&secret);
	return 0;
}

/* With port 0 the kernel chose one. */
static void tell_address(const struct control *c, const char *listen)
{
	const char *colon = strrchr(listen, ':');
	struct buf address;

	buf_init(&address);
	if (listen_path(listen) || !colon)
		buf_puts(&address, listen);
	else
		buf_printf(&address, "%.*s:%d", (int)(colon - listen), listen,
			   export_port(c->export));
	log_info("HTTP is served", F("listen", buf_text(&address)));
	buf_finish(&address);
}

int control_open(struct control *c, struct error *err)
{
	const struct config *config = c->runtime->config;
	const struct export_options options = {
		.listen = config->http.listen,
		.catalog = config->catalog.path,
		.token_file = config->http.token_file,
		.names = config->http.names.items,
		.env = c->runtime->env,
		.hooks = { figures, find, poll_now, release_now, reload_now, read_token, c },
	};

	if (strcmp(config->http.listen, "off") == 0)
		return 0;
	int rc = export_open(&c->export, c->runtime->loop, &options, err);
	if (rc < 0)
		return rc;
	tell_address(c, config->http.listen);
	if (!listen_is_local(config->http.listen))
		log_warn(
			"HTTP is served beyond this machine: whoever gets there reads the catalog; "
			"without a firewall or a proxy that asks who it is, listen on 127.0.0.1",
			F("listen", config->http.listen));
	return 0;
}

void control_close(struct control *c, void (*closed)(void *data), void *data)
{
	struct export *export = c->export;

	c->export = NULL;
	export_close(export, closed, data);
}

void control_finish(struct control *c)
{
	traffic_finish(&c->traffic);
	free(c->rows);
}
