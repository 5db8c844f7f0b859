#include "daemon/poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admission.h"
#include "daemon/conclude.h"
#include "daemon/harvest.h"
#include "daemon/keys.h"
#include "daemon/listing.h"

/*
 *   loading ─► fetching ─► storing ─► closing ─► done()
 *                            │  ▲
 *                            ▼  │
 *                          waiting
 *
 * Happy path: read the keys again (when they were refused), load what is known (first poll after a
 * start), then let daemon/listing say which
 * pages to ask for; each accepted page goes to the writer's thread, which spools the records whose
 * bytes were not known; the last job commits everything in one transaction.
 * Failures: a page that failed for good ends the asking; what was read is stored as a partial
 * poll. Whatever happens, the attempt leaves one row in `polls`. A catalog that cannot be written
 * now (the disk is full) is tried again until it can: asking the cloud anew for what cannot be
 * stored would help nobody.
 * On interrupt: fetches are cancelled, nothing but that row is written.
 */
/* Requests of one poll at a time; and pages that may wait for the writer's thread, so that memory
 * is bounded by them. */
enum { FETCHES_MAX = 17, PAGES_WAITING_MAX = 8 };

/* Before a list that changed is read again; and between two tries to store what was read. */
enum { KEYS_PATIENCE_MS = 5 * 1000 };
enum { REREAD_MIN_MS = 200, REREAD_MAX_MS = 1000, STORE_FIRST_MS = 1000, STORE_MAX_MS = 60 * 1000 };

/* So many polls in a row that did not settle: then fewer readings have to do. */
enum { UNSETTLED_MAX = 3 };

/* clang-format off */
enum poll_state {
	POLL_LOADING, POLL_FETCHING, POLL_STORING, POLL_WAITING, POLL_CLOSING,
	POLL_STATES,
};
/* clang-format on */

#define TO(state) (1u << POLL_##state)
/* clang-format off */
static const struct { const char *name; unsigned next; } states[POLL_STATES] = {
	[POLL_LOADING]  = { "loading",  TO(FETCHING) | TO(STORING) },
	[POLL_FETCHING] = { "fetching", TO(STORING) },
	[POLL_STORING]  = { "storing",  TO(WAITING) | TO(CLOSING) },
	[POLL_WAITING]  = { "waiting",  TO(STORING) | TO(CLOSING) },
	[POLL_CLOSING]  = { "closing",  0 },
};
/* clang-format on */

struct slot {
	struct fetch fetch;
	struct poll *poll;
	unsigned ask;
	bool busy;
};

struct poll {
	const struct runtime *runtime;
	struct watch *watch;
	struct poll_events events;
	enum poll_state state;
	uv_timer_t timer; /* before another reading, or another try to store */

	struct listing listing;
	struct page_scope scope;
	struct fetch_call call;
	struct fetch_counts counts;
	struct slot slots[FETCHES_MAX];
	size_t open_slots, busy_slots;
	bool ending; /* listing said END: answers that still come do not matter */
	bool pumping;

	int64_t started_ms, started_at;
	int64_t reading_sent_ms[LISTING_READINGS_MAX]; /* the first request of each */
	uint64_t credential;
	struct buf sentence; /* of the page that failed */
	int http_status;
	int64_t code;
	struct buf provider_message;

	struct harvest harvest;
	struct writer_job job; /* load, then commit */
	bool job_out;
	struct keys_request keys; /* read again, because the cloud refused the old ones */
	int load_result;
	struct error load_error;

	struct places places;
	struct conclusion conclusion;
	int64_t store_wait_ms;
	unsigned open_parts; /* fetches and the timer, while they close */
};

static void tick(struct poll *p);

static void move(struct poll *p, enum poll_state next)
{
	assert(states[p->state].next & (1u << next));
	p->state = next;
}

/* ---- fetching ------------------------------------------------------------------------------ */

static struct slot *free_slot(struct poll *p)
{
	for (size_t i = 0; i < p->open_slots; i++)
		if (!p->slots[i].busy)
			return &p->slots[i];
	if (p->open_slots == FETCHES_MAX)
		return NULL;
	struct slot *slot = &p->slots[p->open_slots];
	if (fetch_open(&slot->fetch, p->runtime) < 0)
		return NULL;
	slot->poll = p;
	p->open_slots++;
	return slot;
}

/* The failure that the poll row tells of: the first one that ended the reading. */
static void remember_failure(struct poll *p, const struct fetch *f)
{
	if (p->sentence.len > 0)
		return;
	buf_puts(&p->sentence, buf_text(&f->sentence));
	p->http_status = f->exchange.status;
	const char *message = p->watch->discovery ? f->places.message : f->page.message;
	if (p->watch->discovery && failure_body_counts(&f->exchange) &&
	    f->places.class == CLASS_NONE)
		p->code = f->places.code;
	else if (f->page.has_code)
		p->code = f->page.code;
	if (message)
		buf_puts(&p->provider_message, message);
}

static void remember_success(struct poll *p, const struct fetch *f)
{
	if (p->sentence.len > 0)
		return;
	p->http_status = f->exchange.status;
	p->code = 0;
	if (f->page.message && p->provider_message.len == 0)
		buf_puts(&p->provider_message, f->page.message);
}

static void on_fetched(struct fetch *f)
{
	struct slot *slot = container_of(f, struct slot, fetch);
	struct poll *p = slot->poll;

	slot->busy = false;
	p->busy_slots--;
	if (f->cancelled || p->ending) {
		tick(p);
		return;
	}
	if (f->failure.class == CLASS_NONE)
		admission_accepted(p->watch, p->runtime);
	else if (f->failure.class == CLASS_AUTH && !f->withheld)
		admission_refused(p->watch, p->runtime);
	if (f->failure.class != CLASS_NONE) {
		remember_failure(p, f);
		listing_failed(&p->listing, slot->ask, f->failure.class);
	} else if (p->watch->discovery) {
		remember_success(p, f);
		p->places = f->places;
		f->places = (struct places){ 0 };
		listing_page(&p->listing, slot->ask, &(struct listing_page){ .has_array = true });
	} else {
		remember_success(p, f);
		struct harvest_page *taken = harvest_take(&p->harvest, f);
		if (taken) {
			struct listing_page page = harvest_show(taken);
			listing_page(&p->listing, slot->ask, &page);
		} else {
			buf_puts(&p->sentence, "out of memory");
			listing_failed(&p->listing, slot->ask, CLASS_INTERNAL);
		}
	}
	tick(p);
}

static void ask_page(struct poll *p, const struct listing_action *action)
{
	const struct service *service = p->watch->service;
	struct slot *slot = free_slot(p);

	if (!slot) {
		buf_puts(&p->sentence, "out of memory");
		listing_failed(&p->listing, action->ask, CLASS_INTERNAL);
		return;
	}
	slot->ask = action->ask;
	slot->busy = true;
	p->busy_slots++;
	fetch_start(&slot->fetch, &p->call, &p->counts, service ? service->paging.offset : NULL,
		    action->offset, service ? service->paging.limit : NULL,
		    service ? service->paging.page_items : 0, on_fetched);
}

static void on_pause_over(uv_timer_t *timer)
{
	struct poll *p = container_of(timer, struct poll, timer);

	p->reading_sent_ms[p->listing.evidence.readings - 1] = p->counts.first_sent_ms;
	p->counts.first_sent_ms = 0;
	harvest_begin_reading(&p->harvest);
	listing_resume(&p->listing);
	tick(p);
}

static void pause_reading(struct poll *p)
{
	const struct env *env = p->runtime->env;
	int64_t wait_ms = env_between(env, REREAD_MIN_MS, REREAD_MAX_MS);
	int rc = uv_timer_start(&p->timer, on_pause_over, (uint64_t)wait_ms, 0);

	assert(rc == 0);
}

/* Carries out what the listing wants until it wants nothing more for now. */
static void pump(struct poll *p)
{
	while (!p->ending && p->harvest.jobs < PAGES_WAITING_MAX) {
		struct listing_action action = listing_next(&p->listing);
		struct harvest_page *page = action.user;

		switch (action.kind) {
		case LISTING_NONE: return;
		case LISTING_ASK: ask_page(p, &action); break;
		case LISTING_STORE:
			if (page)
				harvest_store(page);
			break;
		case LISTING_DROP:
			if (page)
				harvest_drop(page);
			break;
		case LISTING_PAUSE: pause_reading(p); return;
		case LISTING_END:
			p->ending = true;
			for (size_t i = 0; i < p->open_slots; i++)
				if (p->slots[i].busy)
					fetch_cancel(&p->slots[i].fetch);
			break;
		}
	}
}

/* ---- storing ------------------------------------------------------------------------------- */

static void run_commit(struct store *store, struct writer_job *job)
{
	conclusion_store(&container_of(job, struct poll, job)->conclusion, store);
}

static void on_committed(struct writer_job *job);

static void submit_commit(struct poll *p)
{
	move(p, POLL_STORING);
	p->job = (struct writer_job){ .run = run_commit, .done = on_committed };
	p->job_out = true;
	writer_submit(p->runtime->writer, &p->job);
}

static void on_store_wait_over(uv_timer_t *timer)
{
	submit_commit(container_of(timer, struct poll, timer));
}

/* Whether the same transaction may go through later. */
static bool may_be_stored_later(const struct poll *p)
{
	static const int passing[] = { ENOSPC, EDQUOT, EROFS, EACCES, EBUSY, EIO, ENOENT, ESTALE };

	if (p->runtime->once || p->listing.evidence.interrupted)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (p->conclusion.result == -passing[i])
			return true;
	return false;
}

static void wait_to_store(struct poll *p)
{
	int64_t wait_ms = p->store_wait_ms ? p->store_wait_ms * 2 : STORE_FIRST_MS;

	p->store_wait_ms = wait_ms < STORE_MAX_MS ? wait_ms : STORE_MAX_MS;
	move(p, POLL_WAITING);
	int rc = uv_timer_start(&p->timer, on_store_wait_over, (uint64_t)p->store_wait_ms, 0);
	assert(rc == 0);
	p->events.not_stored(p->watch, p->conclusion.error.text, p->store_wait_ms, p->events.data);
}

static void on_committed(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
	if (p->conclusion.result < 0 && may_be_stored_later(p)) {
		wait_to_store(p);
		return;
	}
	move(p, POLL_CLOSING);
	tick(p);
}

static void begin_store(struct poll *p)
{
	struct evidence *e = &p->listing.evidence;

	if (p->listing.failed && e->failure == CLASS_NONE) {
		e->failure = CLASS_INTERNAL;
		buf_puts(&p->sentence, "out of memory");
	}
	p->reading_sent_ms[e->readings - 1] = p->counts.first_sent_ms;
	conclude(&p->conclusion,
		 &(struct poll_facts){
			 .runtime = p->runtime,
			 .watch = p->watch,
			 .harvest = &p->harvest,
			 .evidence = e,
			 .counts = &p->counts,
			 .places = &p->places,
			 .started_ms = p->started_ms,
			 .started_at = p->started_at,
			 .proof_sent_ms = p->reading_sent_ms[listing_proof_begins(&p->listing)],
			 .credential = p->credential,
			 .sentence = buf_text(&p->sentence),
			 .http_status = p->http_status,
			 .code = p->code,
			 .provider_message = buf_text(&p->provider_message),
		 });
	submit_commit(p);
}

/* ---- loading ------------------------------------------------------------------------------- */

static void run_load(struct store *store, struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);
	struct watch *w = p->watch;

	p->load_result =
		store_load_known(store, w->listing_id, p->runtime->seed, &w->known, &p->load_error);
}

static void on_harvested(struct harvest *harvest)
{
	tick(container_of(harvest, struct poll, harvest));
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
		tick(p);
		return;
	}
	if (!admission_ask(p->watch->account, p->runtime, &p->call)) {
		admission_put(&p->sentence, p->watch->account);
		p->listing.evidence.failure = CLASS_AUTH;
		tick(p);
		return;
	}
	harvest_begin_reading(&p->harvest);
	p->scope.known = &p->watch->known;
	p->call.recall = &p->watch->recall;
	move(p, POLL_FETCHING);
	tick(p);
}

static void on_loaded(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
	p->watch->known_loaded = p->load_result == 0;
	begin_fetch(p);
}

static void load(struct poll *p)
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
	load(p);
}

/* Keys that cannot be read now: the old ones are tried again. */
static void on_keys_late(uv_timer_t *timer)
{
	struct poll *p = container_of(timer, struct poll, timer);

	keys_forget(p->runtime->keys, &p->keys);
	load(p);
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
	       (account->keys_refused || admission_is_locked(account, p->runtime->seed));
}

/* ---- the end ------------------------------------------------------------------------------- */

static void report(struct poll *p)
{
	struct watch *w = p->watch;
	const struct conclusion *c = &p->conclusion;
	bool stored = c->result == 0;
	struct poll_report report = {
		.log = &c->log,
		.commit = &c->commit,
		.store_error = stored ? NULL : c->error.text,
		.disk_uncertain = c->result == -ENOTRECOVERABLE,
		.places = w->discovery && c->log.outcome == OUTCOME_COMPLETE ? &p->places : NULL,
	};

	if (stored && c->log.outcome == OUTCOME_COMPLETE)
		w->unsettled = 0;
	else if (stored && p->listing.evidence.readings > 1 && c->log.outcome == OUTCOME_PARTIAL)
		w->unsettled++;
	admission_leave(w->account, &p->call);
	w->aligned = p->listing.config.aligned && c->log.outcome == OUTCOME_COMPLETE;
	w->poll = NULL;
	w->polled = true;
	w->outcome = stored ? c->log.outcome : OUTCOME_FAILED;
	w->error_class = stored ? c->log.error_class : CLASS_INTERNAL;
	p->events.done(w, &report, p->events.data);
}

static void free_poll(struct poll *p)
{
	conclusion_finish(&p->conclusion);
	listing_finish(&p->listing);
	harvest_finish(&p->harvest);
	places_finish(&p->places);
	buf_finish(&p->sentence);
	buf_finish(&p->provider_message);
	free(p);
}

static void on_part_closed(struct poll *p)
{
	if (--p->open_parts > 0)
		return;
	report(p);
	free_poll(p);
}

static void on_fetch_closed(struct fetch *f)
{
	on_part_closed(container_of(f, struct slot, fetch)->poll);
}

static void on_timer_closed(uv_handle_t *handle)
{
	on_part_closed(container_of((uv_timer_t *)handle, struct poll, timer));
}

static void close_parts(struct poll *p)
{
	p->open_parts = 1 + (unsigned)p->open_slots;
	for (size_t i = 0; i < p->open_slots; i++)
		fetch_close(&p->slots[i].fetch, on_fetch_closed);
	uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

static void tick(struct poll *p)
{
	/* Cancelled fetches report from inside pump(); the outer call goes on. */
	if (p->pumping)
		return;
	if (p->state == POLL_LOADING && !p->job_out && p->listing.evidence.failure != CLASS_NONE) {
		begin_store(p);
		return;
	}
	if (p->state == POLL_FETCHING) {
		p->pumping = true;
		pump(p);
		p->pumping = false;
		/* Every page is on the writer's thread before the commit is: jobs run in order. */
		if (p->ending && p->busy_slots == 0)
			begin_store(p);
		return;
	}
	if (p->state == POLL_CLOSING && !p->job_out)
		close_parts(p);
}

static const char *given(const char *text)
{
	return *text ? text : NULL;
}

int poll_start(struct watch *w, const struct runtime *runtime, const struct poll_events *events)
{
	struct poll *p = calloc(1, sizeof(*p));
	const struct service *service = w->service;

	if (!p)
		return -ENOMEM;
	p->runtime = runtime;
	p->watch = w;
	p->events = *events;
	p->code = POLL_NO_CODE;
	p->started_ms = runtime->env->now_ms(runtime->env);
	p->started_at = runtime->env->now_s(runtime->env);
	p->scope = (struct page_scope){
		.provider = w->account->config->provider,
		.service = service,
		.region = given(w->identity.region),
		.zone = given(w->identity.zone),
		.seed = runtime->seed,
	};
	p->call = (struct fetch_call){
		.account = w->account,
		.action = service ? service->action : w->discovery->action,
		.params = service ? service->params : w->discovery->params,
		.region = given(w->identity.region),
		.zone = given(w->identity.zone),
		.project = given(w->identity.project),
		.variant_param = w->variant ? service->variant_param : NULL,
		.variant = w->variant ? w->variant->value : NULL,
		.scope = &p->scope,
		.discovery = w->discovery,
	};
	listing_init(&p->listing,
		     &(struct listing_config){
			     .paged = service && service->paging.offset,
			     .total_untrusted = service && service->total_untrusted,
			     .ahead_max = FETCHES_MAX - 1,
			     .rereads_max = w->unsettled < UNSETTLED_MAX ? LISTING_REREADS_MAX : 1,
			     .aligned = w->aligned,
		     });
	int rc = uv_timer_init(runtime->loop, &p->timer);
	assert(rc == 0);
	w->poll = p;
	if (needs_keys(p))
		read_keys(p);
	else
		load(p);
	return 0;
}

const char *poll_phase(const struct poll *p)
{
	return states[p->state].name;
}

void poll_interrupt(struct poll *p)
{
	if (p->state == POLL_CLOSING)
		return;
	int rc = uv_timer_stop(&p->timer);
	assert(rc == 0);
	listing_interrupt(&p->listing);
	if (p->state == POLL_WAITING)
		move(p, POLL_CLOSING);
	if (p->keys.state != KEYS_IDLE) {
		keys_forget(p->runtime->keys, &p->keys);
		load(p);
		return;
	}
	tick(p);
}

struct poll_progress poll_progress(const struct poll *p)
{
	const struct evidence *e = &p->listing.evidence;

	return (struct poll_progress){ .pages = e->pages,
				       .images = e->unique,
				       .total = e->total_known ? e->total : -1 };
}
