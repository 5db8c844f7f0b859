#include "daemon/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/messages.h"

/*
 *   request ─► reading ─► registering ─► in force ─► disabling ─► ended
 *              (worker)   (writer)        (loop)     (writer)
 *
 * Failures: before it is in force whatever fails drops all that was prepared; polls went on under
 * the old configuration all the while. A listing that could not be disabled is tried with the next
 * reload or start.
 * On cancel: the step that runs ends, then it ends as a failure.
 */
static void begin(struct reload *r);

void reload_init(struct reload *r)
{
	const struct env *env = r->roster->runtime->env;

	buf_init(&r->diagnostics);
	r->state = (struct reload_state){ .successful = true, .success_at = env->now_s(env) };
}

void reload_finish(struct reload *r)
{
	assert(!r->running);
	reload_sweep(r);
	assert(r->retired_count == 0);
	free(r->retired);
}

static void drop_keys(struct reload *r)
{
	for (size_t i = 0; i < r->key_count; i++)
		account_keys_release(r->keys[i]);
	free(r->keys);
	r->keys = NULL;
	r->key_count = 0;
}

static void end(struct reload *r, bool successful)
{
	const struct env *env = r->roster->runtime->env;
	const struct staging *s = &r->staging;

	if (successful)
		message_put(RELOADED, F_INT("unchanged", (int64_t)s->unchanged),
			    F_INT("changed", (int64_t)s->changed), F_INT("new", (int64_t)s->added),
			    F_INT("removed", (int64_t)s->removed));
	drop_keys(r);
	staging_finish(&r->staging);
	config_free(r->config);
	r->config = NULL;
	buf_finish(&r->diagnostics);
	roster_freeze(r->roster, false);
	if (!r->cancelled) {
		r->state.successful = successful;
		if (successful)
			r->state.success_at = env->now_s(env);
	}
	r->running = false;
	r->ended(r, successful);
	if (r->again && !r->cancelled)
		begin(r);
}

/* Each problem as one record; the lines of the file below it are for people at a terminal. */
static void log_diagnostics(const struct buf *diagnostics)
{
	const char *line = buf_text(diagnostics);

	while (*line) {
		size_t len = strcspn(line, "\n");
		bool warning = memmem(line, len, ": warning: ", 11) != NULL;
		char text[1024];
		snprintf(text, sizeof(text), "%.*s", (int)(len < 1000 ? len : 1000), line);
		if (warning)
			log_warn("configuration", F("error", text));
		else if (memmem(line, len, ": error: ", 9) && *line != ' ')
			log_error("configuration", F("error", text));
		line += len + (line[len] == '\n');
	}
}

static void refuse(struct reload *r)
{
	if (!r->cancelled)
		message_put(RELOAD_REFUSED, F("error", r->error.text));
	end(r, false);
}

/* ---- disabling --------------------------------------------------------------------------- */

static void run_disable(struct store *store, struct writer_job *job)
{
	struct reload *r = container_of(job, struct reload, job);

	r->result = staging_disable(&r->staging, store, &r->error);
}

static void on_disabled(struct writer_job *job)
{
	struct reload *r = container_of(job, struct reload, job);

	if (r->result < 0)
		log_error("listings could not be disabled, the next reload tries again",
			  F("error", r->error.text));
	end(r, true);
}

/* ---- putting it in force ----------------------------------------------------------------- */

static void put_in_force(struct reload *r)
{
	struct staging *s = &r->staging;
	struct generation *old = *r->generation, *new = s->generation;
	const struct config *config = new->runtime.config;

	staging_commit(s, r->retired, &r->retired_count);
	*r->generation = new;
	if (!config->log.forced)
		log_setup(config->log.level, config->log.format);
	limiter_set_in_flight_max(new->runtime.limiter,
				  (unsigned)config->limits.requests_in_flight);
	generation_release(old);
}

static void run_store(struct store *store, struct writer_job *job)
{
	struct reload *r = container_of(job, struct reload, job);

	r->result = staging_store(&r->staging, store, &r->error);
}

static void on_stored(struct writer_job *job)
{
	struct reload *r = container_of(job, struct reload, job);

	if (r->cancelled || r->result < 0) {
		refuse(r);
		return;
	}
	put_in_force(r);
	if (r->staging.gone_count == 0) {
		end(r, true);
		return;
	}
	r->job = (struct writer_job){ .run = run_disable, .done = on_disabled };
	writer_submit(r->roster->runtime->writer, &r->job);
}

/* ---- preparing --------------------------------------------------------------------------- */

static int make_room(struct reload *r)
{
	size_t size = r->retired_count + r->roster->account_count;

	if (size <= r->retired_size)
		return 0;
	struct account **grown = realloc(r->retired, size * sizeof(struct account *));
	if (!grown)
		return -ENOMEM;
	r->retired = grown;
	r->retired_size = size;
	return 0;
}

static int prepare(struct reload *r)
{
	struct generation *new = generation_open(&(*r->generation)->runtime, r->config, r->config);

	if (!new)
		return error_set(&r->error, -ENOMEM, "out of memory");
	r->config = NULL; /* the generation's now */
	int rc = staging_prepare(&r->staging, r->roster, new, r->keys, &r->error);
	if (rc == 0 && make_room(r) < 0)
		rc = error_set(&r->error, -ENOMEM, "out of memory");
	return rc;
}

static void on_read(uv_work_t *work, int status)
{
	struct reload *r = container_of(work, struct reload, work);

	assert(status == 0); /* never cancelled */
	log_diagnostics(&r->diagnostics);
	if (r->cancelled || r->result < 0 || prepare(r) < 0) {
		refuse(r);
		return;
	}
	roster_freeze(r->roster, true);
	r->job = (struct writer_job){ .run = run_store, .done = on_stored };
	writer_submit(r->roster->runtime->writer, &r->job);
}

/* ---- reading, on a worker thread ---------------------------------------------------------- */

static int check_fixed(struct reload *r)
{
	struct buf keys;

	buf_init(&keys);
	size_t count = config_fixed_changes((*r->generation)->runtime.config, r->config, &keys);
	int rc = count == 0 ? 0
			    : error_set(&r->error, -EINVAL, "%s %s changed: restart to apply that",
					buf_text(&keys), count == 1 ? "has" : "have");
	buf_finish(&keys);
	return rc;
}

static int read_keys(struct reload *r)
{
	r->keys = calloc(r->config->account_count + 1, sizeof(struct account_keys *));
	if (!r->keys)
		return error_set(&r->error, -ENOMEM, "out of memory");
	r->key_count = r->config->account_count;
	for (size_t i = 0; i < r->key_count; i++) {
		int rc = account_load_keys(&r->config->accounts[i], &r->keys[i], &r->error);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void on_work(uv_work_t *work)
{
	struct reload *r = container_of(work, struct reload, work);
	const struct config *old = (*r->generation)->runtime.config;

	r->result = config_load(&r->config, old->file, r->providers, CONFIG_RUN, &r->diagnostics);
	if (r->result < 0) {
		error_set(&r->error, r->result, "the configuration has errors");
		return;
	}
	r->config->log.forced = old->log.forced;
	r->result = check_fixed(r);
	if (r->result == 0)
		r->result = read_keys(r);
}

/* ---- public ------------------------------------------------------------------------------ */

static void begin(struct reload *r)
{
	r->running = true;
	r->again = false;
	r->result = 0;
	r->error = (struct error){ 0 };
	r->begins(r);
	int rc = uv_queue_work(r->loop, &r->work, on_work, on_read);
	assert(rc == 0);
}

void reload_request(struct reload *r)
{
	r->again = r->running;
	if (!r->running && !r->cancelled)
		begin(r);
}

void reload_cancel(struct reload *r)
{
	r->cancelled = true;
}

void reload_sweep(struct reload *r)
{
	size_t left = 0;

	for (size_t i = 0; i < r->retired_count; i++) {
		struct account *account = r->retired[i];
		if (account->polls > 0) {
			r->retired[left++] = account;
			continue;
		}
		account_close(account);
		generation_release(account->generation);
		free(account);
	}
	r->retired_count = left;
}
