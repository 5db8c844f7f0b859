#include "daemon/poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conclude.h"
#include "daemon/harvest.h"
#include "daemon/listing.h"

/*
 *   loading ─► fetching ─► storing ─► closing ─► done()
 *
 * Happy path: load what is known (first poll after a start), then let daemon/listing say which
 * pages to ask for; each accepted page goes to the writer's thread, which spools the records whose
 * bytes were not known; the last job commits everything in one transaction.
 * Failures: a page that failed for good ends the asking; what was read is stored as a partial
 * poll. Whatever happens, the attempt leaves one row in `polls`.
 * On interrupt: fetches are cancelled, nothing but that row is written.
 */
/* Requests of one poll at a time; and pages that may wait for the writer's thread, so that memory
 * is bounded by them. */
enum { FETCHES_MAX = 17, PAGES_WAITING_MAX = 8 };

enum poll_state { POLL_LOADING, POLL_FETCHING, POLL_STORING, POLL_CLOSING, POLL_STATES };

#define TO(state) (1u << POLL_##state)
/* clang-format off */
static const struct { const char *name; unsigned next; } states[POLL_STATES] = {
	[POLL_LOADING]  = { "loading",  TO(FETCHING) | TO(STORING) },
	[POLL_FETCHING] = { "fetching", TO(STORING) },
	[POLL_STORING]  = { "storing",  TO(CLOSING) },
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
	poll_done_fn *done;
	void *data;
	enum poll_state state;

	struct listing listing;
	struct page_scope scope;
	struct fetch_call call;
	struct fetch_counts counts;
	struct slot slots[FETCHES_MAX];
	size_t open_slots, busy_slots;
	bool ending; /* listing said END: answers that still come do not matter */
	bool pumping;

	int64_t started_ms, started_at;
	struct buf sentence; /* of the page that failed */
	int http_status;
	int64_t code;
	struct buf provider_message;

	struct harvest harvest;
	struct writer_job job; /* load, then commit */
	bool job_out;
	struct account_keys fresh_keys; /* read again, because the cloud refused the old ones */
	bool reads_keys;
	int load_result;
	struct error load_error;

	struct places places;
	struct conclusion conclusion;
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

static void on_committed(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
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
	move(p, POLL_STORING);
	conclude(&p->conclusion, &(struct poll_facts){
					 .runtime = p->runtime,
					 .watch = p->watch,
					 .harvest = &p->harvest,
					 .evidence = e,
					 .counts = &p->counts,
					 .places = &p->places,
					 .started_ms = p->started_ms,
					 .started_at = p->started_at,
					 .sentence = buf_text(&p->sentence),
					 .http_status = p->http_status,
					 .code = p->code,
					 .provider_message = buf_text(&p->provider_message),
				 });
	p->job = (struct writer_job){ .run = run_commit, .done = on_committed };
	p->job_out = true;
	writer_submit(p->runtime->writer, &p->job);
}

/* ---- loading ------------------------------------------------------------------------------- */

static void run_load(struct store *store, struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);
	struct watch *w = p->watch;

	/* Keys that cannot be read now: the old ones are tried again. */
	if (p->reads_keys)
		p->reads_keys = account_load_keys(w->account->config, &p->fresh_keys, NULL) == 0;
	if (!w->discovery && !w->known_loaded)
		p->load_result = store_load_known(store, w->listing_id, p->runtime->seed, &w->known,
						  &p->load_error);
}

static void on_harvested(struct harvest *harvest)
{
	tick(container_of(harvest, struct poll, harvest));
}

static int begin_fetch(struct poll *p)
{
	int rc = harvest_init(&p->harvest, p->runtime, p->watch, on_harvested);
	if (rc < 0)
		return rc;
	p->scope.known = &p->watch->known;
	p->call.recall = &p->watch->recall;
	move(p, POLL_FETCHING);
	return 0;
}

static void on_loaded(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
	if (p->reads_keys)
		account_take_keys(p->watch->account, &p->fresh_keys);
	p->watch->known_loaded = p->load_result == 0 && !p->watch->discovery;
	if (p->load_result == 0)
		p->load_result = begin_fetch(p);
	if (p->load_result < 0) {
		watch_forget(p->watch);
		if (!p->load_error.text[0])
			error_set(&p->load_error, p->load_result, "out of memory");
		buf_printf(&p->sentence, "the catalog could not be read: %s", p->load_error.text);
		p->listing.evidence.failure = CLASS_INTERNAL;
	}
	tick(p);
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
		.places = w->discovery && c->log.outcome == OUTCOME_COMPLETE ? &p->places : NULL,
	};

	w->poll = NULL;
	w->polled = true;
	w->outcome = stored ? c->log.outcome : OUTCOME_FAILED;
	w->error_class = stored ? c->log.error_class : CLASS_INTERNAL;
	p->done(w, &report, p->data);
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

static void on_fetch_closed(struct fetch *f)
{
	struct poll *p = container_of(f, struct slot, fetch)->poll;

	if (--p->open_slots > 0)
		return;
	report(p);
	free_poll(p);
}

static void close_fetches(struct poll *p)
{
	size_t count = p->open_slots;

	if (count == 0) {
		report(p);
		free_poll(p);
		return;
	}
	for (size_t i = 0; i < count; i++)
		fetch_close(&p->slots[i].fetch, on_fetch_closed);
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
		close_fetches(p);
}

static const char *given(const char *text)
{
	return *text ? text : NULL;
}

int poll_start(struct watch *w, const struct runtime *runtime, poll_done_fn *done, void *data)
{
	struct poll *p = calloc(1, sizeof(*p));
	const struct service *service = w->service;

	if (!p)
		return -ENOMEM;
	p->runtime = runtime;
	p->watch = w;
	p->done = done;
	p->data = data;
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
	listing_init(&p->listing, &(struct listing_config){
					  .paged = service && service->paging.offset,
					  .total_untrusted = service && service->total_untrusted,
					  .ahead_max = FETCHES_MAX - 1,
				  });
	w->poll = p;
	p->reads_keys = w->account->keys_refused;
	if ((w->known_loaded || w->discovery) && !p->reads_keys) {
		int rc = begin_fetch(p);
		if (rc < 0) {
			w->poll = NULL;
			free_poll(p);
			return rc;
		}
		tick(p);
		return 0;
	}
	p->job = (struct writer_job){ .run = run_load, .done = on_loaded };
	p->job_out = true;
	writer_submit(runtime->writer, &p->job);
	return 0;
}

void poll_interrupt(struct poll *p)
{
	listing_interrupt(&p->listing);
	tick(p);
}

struct poll_progress poll_progress(const struct poll *p)
{
	const struct evidence *e = &p->listing.evidence;

	return (struct poll_progress){ .pages = e->pages,
				       .images = e->unique,
				       .total = e->total_known ? e->total : -1 };
}
