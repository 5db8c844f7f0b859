#include "daemon/poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admission.h"
#include "daemon/poll_parts.h"

/*
 *   loading ─► fetching ─► storing ─► closing ─► done()
 *                            │  ▲
 *                            ▼  │
 *                          waiting
 *
 * Happy path: read the keys again (when they were refused), load what is known (first poll after a
 * start), then let daemon/listing say which pages to ask for; each accepted page goes to the
 * writer's thread, which spools the records whose bytes were not known; the last job commits
 * everything in one transaction.
 *
 * Failures: a page that failed for good ends the asking; what was read is stored as a partial
 * poll. Whatever happens, the attempt leaves one row in `polls`. A catalog that cannot be written
 * now (the disk is full) is tried again until it can: asking the cloud anew for what cannot be
 * stored would help nobody.
 *
 * On interrupt: fetches are cancelled, nothing but that row is written.
 */

/* So many polls in a row that did not settle: then fewer readings have to do. */
enum { UNSETTLED_MAX = 3 };

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

void poll_move(struct poll *p, enum poll_state next)
{
	assert(states[p->state].next & (1u << next));
	p->state = next;
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

void poll_tick(struct poll *p)
{
	/* Cancelled fetches report from inside poll_pump(); the outer call goes on. */
	if (p->pumping)
		return;
	if (p->state == POLL_LOADING && !p->job_out && p->listing.evidence.failure != CLASS_NONE) {
		poll_begin_store(p);
		return;
	}
	if (p->state == POLL_FETCHING) {
		p->pumping = true;
		poll_pump(p);
		p->pumping = false;
		/* Every page is on the writer's thread before the commit is: jobs run in order. */
		if (p->ending && p->busy_slots == 0)
			poll_begin_store(p);
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
	timekeeper_look(runtime->time, runtime->env);
	p->started_behind = timekeeper_is_behind(runtime->time);
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
	poll_load(p);
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
		poll_move(p, POLL_CLOSING);
	if (p->keys.state != KEYS_IDLE)
		poll_stop_loading(p);
	else
		poll_tick(p);
}

struct poll_progress poll_progress(const struct poll *p)
{
	const struct evidence *e = &p->listing.evidence;

	return (struct poll_progress){ .pages = e->pages,
				       .images = e->unique,
				       .total = e->total_known ? e->total : -1 };
}
