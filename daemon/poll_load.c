#include "daemon/admission.h"
#include "daemon/poll_parts.h"

enum { KEYS_PATIENCE_MS = 5 * 1000 };

static void run_load(struct store *store, struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);
	struct watch *w = p->watch;

	p->load_result =
		store_load_known(store, w->listing_id, p->runtime->seed, &w->known, &p->load_error);
}

static void on_harvested(struct harvest *harvest)
{
	poll_tick(container_of(harvest, struct poll, harvest));
}

/* Once what is known has been loaded, or could not be. */
static void begin_fetch(struct poll *p)
{
	p->credential = account_fingerprint(p->watch->account);
	if (p->load_result == 0)
		p->load_result = harvest_init(&p->harvest, p->runtime, p->watch, on_harvested);
	if (p->load_result < 0) {
		watch_forget(p->watch);
		if (!p->load_error.text[0])
			error_set(&p->load_error, p->load_result, "out of memory");
		buf_printf(&p->sentence, "the catalog could not be read: %s", p->load_error.text);
		p->listing.evidence.failure = CLASS_INTERNAL;
		poll_tick(p);
		return;
	}
	if (!admission_ask(p->watch->account, p->runtime, &p->call)) {
		admission_put(&p->sentence, p->watch->account);
		p->listing.evidence.failure = CLASS_AUTH;
		poll_tick(p);
		return;
	}
	harvest_begin_reading(&p->harvest);
	p->scope.known = &p->watch->known;
	p->call.recall = &p->watch->recall;
	poll_move(p, POLL_FETCHING);
	poll_tick(p);
}

static void on_loaded(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
	p->watch->known_loaded = p->load_result == 0;
	begin_fetch(p);
}

static void load_known(struct poll *p)
{
	if (p->watch->known_loaded || p->watch->discovery) {
		begin_fetch(p);
		return;
	}
	p->job = (struct writer_job){ .run = run_load, .done = on_loaded };
	p->job_out = true;
	writer_submit(p->runtime->writer, &p->job);
}

static void on_keys_read(struct keys_request *request, struct account_keys *keys)
{
	struct poll *p = container_of(request, struct poll, keys);
	int rc = uv_timer_stop(&p->timer);

	assert(rc == 0);
	if (keys)
		account_take_keys(p->watch->account, keys);
	load_known(p);
}

/* Keys that cannot be read now: the old ones are tried again. */
static void on_keys_late(uv_timer_t *timer)
{
	struct poll *p = container_of(timer, struct poll, timer);

	keys_forget(p->runtime->keys, &p->keys);
	load_known(p);
}

static void read_keys(struct poll *p)
{
	p->keys = (struct keys_request){ .account = p->watch->account, .done = on_keys_read };
	int rc = uv_timer_start(&p->timer, on_keys_late, KEYS_PATIENCE_MS, 0);
	assert(rc == 0);
	keys_read(p->runtime->keys, &p->keys);
}

static bool needs_keys(const struct poll *p)
{
	const struct account *account = p->watch->account;

	return p->runtime->keys &&
	       (account->keys_refused || admission_is_refused(account, p->runtime->seed));
}

void poll_load(struct poll *p)
{
	if (needs_keys(p))
		read_keys(p);
	else
		load_known(p);
}

void poll_stop_loading(struct poll *p)
{
	keys_forget(p->runtime->keys, &p->keys);
	load_known(p);
}
