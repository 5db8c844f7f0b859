#include "daemon/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/schedule.h"

void roster_init(struct roster *r, const struct runtime *runtime, bool ignore_due,
		 void (*grown)(struct roster *roster, const struct error *err))
{
	*r = (struct roster){ .runtime = runtime, .ignore_due = ignore_due, .grown = grown };
	arena_init(&r->arena);
}

void roster_finish(struct roster *r)
{
	assert(!r->registering);
	for (size_t i = 0; i < r->count; i++)
		watch_free(r->watches[i]);
	free(r->watches);
	arena_finish(&r->arena);
	*r = (struct roster){ 0 };
}

/* ---- planning ---------------------------------------------------------------------------- */

static bool same_identity(const struct listing_identity *a, const struct listing_identity *b)
{
	return strcmp(a->account, b->account) == 0 && strcmp(a->service, b->service) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->zone, b->zone) == 0 &&
	       strcmp(a->project, b->project) == 0 && strcmp(a->variant, b->variant) == 0;
}

static struct watch *make_watch(struct roster *r, struct account *account,
				const struct listing_identity *identity)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->account = account;
	w->interval_s = account->config->interval_s;
	w->identity = (struct listing_identity){
		.account = identity->account,
		.provider = identity->provider,
		.cloud = identity->cloud,
		.service = arena_string(&r->arena, identity->service),
		.region = arena_string(&r->arena, identity->region),
		.zone = arena_string(&r->arena, identity->zone),
		.project = arena_string(&r->arena, identity->project),
		.variant = arena_string(&r->arena, identity->variant),
	};
	if (r->arena.failed) {
		free(w);
		return NULL;
	}
	return w;
}

/* The watch of this listing, made when it is new. NULL when memory is out. */
static struct watch *find_or_add(struct roster *r, struct account *account,
				 const struct listing_identity *identity)
{
	for (size_t i = 0; i < r->count; i++)
		if (same_identity(&r->watches[i]->identity, identity))
			return r->watches[i];
	if (r->count == r->size) {
		size_t size = r->size ? r->size * 2 : 32;
		struct watch **grown = realloc(r->watches, size * sizeof(struct watch *));
		if (!grown)
			return NULL;
		r->watches = grown;
		r->size = size;
	}
	struct watch *w = make_watch(r, account, identity);
	if (w)
		r->watches[r->count++] = w;
	return w;
}

struct adding {
	struct roster *roster;
	struct account *account;
};

static int add_discovery(const struct listing_identity *identity, const struct discovery *discovery,
			 void *data)
{
	struct adding *adding = data;
	struct watch *w = find_or_add(adding->roster, adding->account, identity);

	if (!w)
		return -ENOMEM;
	w->discovery = discovery;
	return 0;
}

static int add_listing(const struct listing_identity *identity, const struct service *service,
		       const struct variant *variant, bool found, void *data)
{
	struct adding *adding = data;
	struct watch *w = find_or_add(adding->roster, adding->account, identity);

	if (!w)
		return -ENOMEM;
	w->service = service;
	w->variant = variant;
	w->found = found;
	return 0;
}

/* Everything that the account's discoveries last answered, as one list; free() its items. */
static int places_of(const struct roster *r, const struct account *account, struct plan_places *ret)
{
	struct store_place *all;
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->watches[i]->account == account)
			count += r->watches[i]->place_count;
	all = calloc(count + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	*ret = (struct plan_places){ .items = all, .zones_unknown = true };
	for (size_t i = 0; i < r->count; i++) {
		const struct watch *w = r->watches[i];
		if (w->account != account || w->place_count == 0)
			continue;
		memcpy(all + ret->count, w->places, w->place_count * sizeof(*all));
		ret->count += w->place_count;
		if (w->discovery->places & PLACE_ZONE)
			ret->zones_unknown = false;
	}
	return 0;
}

static int plan_account(struct roster *r, struct account *account)
{
	struct adding adding = { r, account };
	struct plan_places places;

	int rc = places_of(r, account, &places);
	if (rc < 0)
		return rc;
	rc = plan_listings(account->config, &places, add_listing, &adding);
	free((void *)(uintptr_t)places.items);
	return rc;
}

/* ---- start ------------------------------------------------------------------------------- */

static void enter_schedule(struct roster *r, struct watch *w, const struct store_listing *stored)
{
	const struct env *env = r->runtime->env;

	w->listing_id = stored->listing_id;
	w->due_ms = r->ignore_due ? env->now_ms(env)
				  : schedule_first_ms(stored, env->now_ms(env), env->now_s(env));
}

static int register_now(struct roster *r, struct store *store, struct error *err)
{
	for (; r->registered < r->count; r->registered++) {
		struct watch *w = r->watches[r->registered];
		struct store_listing stored;
		int rc = store_register(store, &w->identity, w->interval_s, &stored, err);
		if (rc < 0)
			return rc;
		enter_schedule(r, w, &stored);
	}
	return 0;
}

struct loading {
	struct store_place *items;
	size_t count, size;
	struct arena arena;
};

static void load_place(const struct store_place *place, void *data)
{
	struct loading *l = data;

	if (l->count == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		struct store_place *grown = realloc(l->items, size * sizeof(*grown));
		if (!grown) {
			l->arena.failed = true;
			return;
		}
		l->items = grown;
		l->size = size;
	}
	l->items[l->count++] = (struct store_place){ arena_string(&l->arena, place->project),
						     arena_string(&l->arena, place->region),
						     arena_string(&l->arena, place->zone) };
}

/* What a discovery answered in an earlier run serves until it answers again. */
static int load_places(struct watch *w, struct store *store, struct error *err)
{
	struct loading l = { 0 };

	int rc = store_each_place(store, w->listing_id, load_place, &l, err);
	if (rc == 0 && (l.arena.failed || !watch_set_places(w, l.items, l.count)))
		rc = error_set(err, -ENOMEM, "out of memory");
	free(l.items);
	arena_finish(&l.arena);
	return rc;
}

struct disabling {
	const struct roster *roster;
	int64_t *ids;
	size_t count, size;
	bool failed;
};

static bool is_configured(const struct roster *r, const struct listing_identity *identity,
			  bool *ret_failed)
{
	bool covered = false;

	for (size_t i = 0; i < r->account_count && !covered; i++) {
		struct plan_places places;
		if (places_of(r, &r->accounts[i], &places) < 0) {
			*ret_failed = true;
			return true;
		}
		covered = plan_covers(r->accounts[i].config, &places, identity);
		free((void *)(uintptr_t)places.items);
	}
	return covered;
}

static void disable_if_gone(const struct store_listing *l, void *data)
{
	struct disabling *d = data;

	if (l->disabled || is_configured(d->roster, &l->identity, &d->failed))
		return;
	if (d->count == d->size) {
		size_t size = d->size ? d->size * 2 : 16;
		int64_t *grown = realloc(d->ids, size * sizeof(*grown));
		if (!grown) {
			d->failed = true;
			return;
		}
		d->ids = grown;
		d->size = size;
	}
	d->ids[d->count++] = l->listing_id;
}

static int disable_gone(struct roster *r, struct store *store, struct error *err)
{
	struct disabling d = { .roster = r };

	int rc = store_each_listing(store, disable_if_gone, &d, err);
	if (rc == 0 && d.failed)
		rc = error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < d.count && rc == 0; i++)
		rc = store_disable(store, d.ids[i], err);
	free(d.ids);
	return rc;
}

int roster_open(struct roster *r, struct account *accounts, size_t account_count,
		struct store *store, struct error *err)
{
	int rc = 0;

	r->accounts = accounts;
	r->account_count = account_count;
	for (size_t i = 0; i < account_count && rc == 0; i++) {
		struct adding adding = { r, &accounts[i] };
		rc = plan_discoveries(accounts[i].config, add_discovery, &adding);
	}
	if (rc < 0)
		return error_set(err, rc, "out of memory");
	rc = register_now(r, store, err);
	for (size_t i = 0; i < r->count && rc == 0; i++)
		rc = load_places(r->watches[i], store, err);
	for (size_t i = 0; i < account_count && rc == 0; i++) {
		rc = plan_account(r, &accounts[i]);
		if (rc < 0)
			error_set(err, rc, "out of memory");
	}
	if (rc == 0)
		rc = register_now(r, store, err);
	if (rc == 0)
		rc = disable_gone(r, store, err);
	return rc;
}

/* ---- while running ----------------------------------------------------------------------- */

struct registration {
	struct writer_job job;
	struct roster *roster;
	size_t first, count;
	struct watch **watches; /* the writer's own list: the roster's may move while it grows */
	struct store_listing *rows;
	struct error error;
	int result;
};

static void run_registration(struct store *store, struct writer_job *job)
{
	struct registration *reg = container_of(job, struct registration, job);

	for (size_t i = 0; i < reg->count && reg->result == 0; i++)
		reg->result =
			store_register(store, &reg->watches[i]->identity,
				       reg->watches[i]->interval_s, &reg->rows[i], &reg->error);
}

static void free_registration(struct registration *reg)
{
	free(reg->watches);
	free(reg->rows);
	free(reg);
}

static void register_new(struct roster *r);

static void on_registered(struct writer_job *job)
{
	struct registration *reg = container_of(job, struct registration, job);
	struct roster *r = reg->roster;
	struct error error = reg->error;
	bool failed = reg->result < 0;

	r->registering = false;
	for (size_t i = 0; i < reg->count && !failed; i++)
		enter_schedule(r, reg->watches[i], &reg->rows[i]);
	if (!failed)
		r->registered = reg->first + reg->count;
	/* Otherwise forgotten for now: the next answer of the discovery plans them again. */
	while (failed && r->count > reg->first)
		watch_free(r->watches[--r->count]);
	free_registration(reg);
	register_new(r);
	r->grown(r, failed ? &error : NULL);
}

/* One registration at a time; the watches behind `registered` are the new ones. */
static void register_new(struct roster *r)
{
	if (r->registering || r->registered == r->count)
		return;
	struct registration *reg = calloc(1, sizeof(*reg));
	if (!reg)
		return;
	reg->roster = r;
	reg->first = r->registered;
	reg->count = r->count - r->registered;
	reg->rows = calloc(reg->count, sizeof(*reg->rows));
	reg->watches = calloc(reg->count, sizeof(struct watch *));
	if (!reg->rows || !reg->watches) {
		free_registration(reg);
		return;
	}
	memcpy(reg->watches, r->watches + reg->first, reg->count * sizeof(struct watch *));
	reg->job = (struct writer_job){ .run = run_registration, .done = on_registered };
	r->registering = true;
	writer_submit(r->runtime->writer, &reg->job);
}

void roster_found(struct roster *r, struct watch *discovery, const struct places *found)
{
	struct store_place *rows = watch_place_rows(found);

	/* Out of memory: the next answer of the discovery comes here again. */
	if (rows && watch_set_places(discovery, rows, found->count) &&
	    plan_account(r, discovery->account) == 0)
		register_new(r);
	free(rows);
}
