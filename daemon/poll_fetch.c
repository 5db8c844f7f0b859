#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admission.h"
#include "daemon/poll_parts.h"

/* Pages that may wait for the writer's thread, so that memory is bounded by them; and before a list
 * that changed is read again. */
enum { PAGES_WAITING_MAX = 8, REREAD_MIN_MS = 200, REREAD_MAX_MS = 1000 };

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

/* A verdict of the cloud on the request itself: then it has looked at the signature and liked it.
 */
static bool is_accepted(const struct failure *failure)
{
	return failure->class == CLASS_NONE ||
	       (failure->code &&
		(failure->class == CLASS_PERMISSION || failure->class == CLASS_PARAMETER));
}

static void tell_admission(struct poll *p, const struct fetch *f)
{
	if (f->withheld)
		return;
	if (is_accepted(&f->failure))
		admission_accepted(p->watch, p->runtime, f->credential);
	else if (f->failure.class == CLASS_AUTH)
		admission_refused(p->watch, p->runtime, f->credential);
}

static void on_fetched(struct fetch *f)
{
	struct slot *slot = container_of(f, struct slot, fetch);
	struct poll *p = slot->poll;

	slot->busy = false;
	p->busy_slots--;
	if (f->cancelled || p->ending) {
		poll_tick(p);
		return;
	}
	tell_admission(p, f);
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
	poll_tick(p);
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
	poll_tick(p);
}

static void pause_reading(struct poll *p)
{
	const struct env *env = p->runtime->env;
	int64_t wait_ms = env_between(env, REREAD_MIN_MS, REREAD_MAX_MS);
	int rc = uv_timer_start(&p->timer, on_pause_over, (uint64_t)wait_ms, 0);

	assert(rc == 0);
}

void poll_pump(struct poll *p)
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
