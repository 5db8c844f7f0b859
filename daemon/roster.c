#include "daemon/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

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
	schedule_finish(&r->schedule);
	free(r->watches);
	free(r->index);
	free(r->accounts);
	arena_finish(&r->arena);
	*r = (struct roster){ 0 };
}

/* ---- finding ------------------------------------------------------------------------------ */

static uint64_t hash_identity(const struct listing_identity *i)
{
	const char *const parts[] = { i->account, i->provider, i->cloud,   i->service,
				      i->region,  i->zone,     i->project, i->variant };
	uint64_t hash = 0;

	for (size_t k = 0; k < ARRAY_LEN(parts); k++)
		hash = hash_bytes(parts[k], strlen(parts[k]), hash);
	return hash;
}

static bool same_identity(const struct listing_identity *a, const struct listing_identity *b)
{
	return strcmp(a->account, b->account) == 0 && strcmp(a->service, b->service) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->zone, b->zone) == 0 &&
	       strcmp(a->project, b->project) == 0 && strcmp(a->variant, b->variant) == 0 &&
	       strcmp(a->provider, b->provider) == 0 && strcmp(a->cloud, b->cloud) == 0;
}

/* Where it is, or would be; the index is never full. */
static struct watch **find_slot(const struct roster *r, const struct listing_identity *identity)
{
	size_t i = hash_identity(identity) & (r->index_size - 1);

	while (r->index[i] && !same_identity(&r->index[i]->identity, identity))
		i = (i + 1) & (r->index_size - 1);
	return &r->index[i];
}

struct watch *roster_find(const struct roster *r, const struct listing_identity *identity)
{
	return r->index_size > 0 ? *find_slot(r, identity) : NULL;
}

/* Room for one more, in every list that it will be in. */
static int make_room(struct roster *r)
{
	if (r->count < r->size)
		return 0;
	size_t size = r->size ? r->size * 2 : 32;
	struct watch **index = calloc(size * 2, sizeof(struct watch *));
	if (!index || schedule_reserve(&r->schedule, size) < 0) {
		free(index);
		return -ENOMEM;
	}
	struct watch **grown = realloc(r->watches, size * sizeof(struct watch *));
	if (!grown) {
		free(index);
		return -ENOMEM;
	}
	free(r->index);
	r->watches = grown;
	r->size = size;
	r->index = index;
	r->index_size = size * 2;
	for (size_t i = 0; i < r->count; i++)
		*find_slot(r, &r->watches[i]->identity) = r->watches[i];
	return 0;
}

static struct watch *make_watch(struct roster *r, const struct listing_identity *identity)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->gone = true;
	w->jumps = r->runtime->time->jumps;
	w->identity = watch_copy_identity(&r->arena, identity);
	if (r->arena.failed) {
		r->arena.failed = false; /* tried again with the next plan */
		free(w);
		return NULL;
	}
	return w;
}

struct watch *roster_provide(struct roster *r, const struct listing_identity *identity)
{
	struct watch *w = roster_find(r, identity);

	if (w || make_room(r) < 0)
		return w;
	w = make_watch(r, identity);
	if (w)
		r->watches[r->count++] = *find_slot(r, identity) = w;
	return w;
}

struct account *roster_account_of(const struct watch *w)
{
	return w->gone ? NULL : w->next ? w->next : w->account;
}

/* ---- planning ---------------------------------------------------------------------------- */

struct watch *roster_adopt(struct roster *r, struct account *account,
			   const struct listing_identity *identity)
{
	struct watch *w = roster_provide(r, identity);

	if (w && w->gone && !w->poll) {
		w->gone = false;
		w->account = account;
		w->interval_s = account->config->interval_s;
	}
	return w;
}

struct adding {
	struct roster *roster;
	struct account *account;
};

static int add_listing(const struct listing_identity *identity, const struct service *service,
		       const struct variant *variant, bool found, void *data)
{
	struct adding *adding = data;
	struct watch *w = roster_adopt(adding->roster, adding->account, identity);

	if (!w)
		return -ENOMEM;
	w->service = service;
	w->variant = variant;
	w->found = found;
	w->planned = true;
	return 0;
}

/* A place that vanished from discovery: what it would answer now is not to be believed. */
static void follow_plan(struct roster *r, const struct account *account)
{
	const struct env *env = r->runtime->env;

	for (size_t i = 0; i < r->count; i++) {
		struct watch *w = r->watches[i];
		if (roster_account_of(w) != account || w->discovery || w->lost == !w->planned)
			continue;
		w->lost = !w->planned;
		schedule_remove(&r->schedule, w);
		if (w->lost || w->poll || w->listing_id == 0)
			continue;
		schedule_at(w, env->now_ms(env));
		schedule_add(&r->schedule, w);
	}
}

int roster_places(const struct roster *r, const struct account *account, struct plan_places *ret)
{
	int rc = 0;

	*ret = PLAN_PLACES_NONE;
	for (size_t i = 0; i < r->count && rc == 0; i++) {
		const struct watch *w = r->watches[i];
		if (roster_account_of(w) == account)
			rc = plan_places_add(ret, w->discovery, w->places, w->place_count);
	}
	if (rc < 0)
		plan_places_finish(ret);
	return rc;
}

int roster_plan(struct roster *r, struct account *account)
{
	struct adding adding = { r, account };
	struct plan_places places;

	int rc = roster_places(r, account, &places);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->count; i++)
		if (roster_account_of(r->watches[i]) == account)
			r->watches[i]->planned = false;
	rc = plan_listings(account->config, &places, add_listing, &adding);
	plan_places_finish(&places);
	if (rc == 0)
		follow_plan(r, account);
	return rc;
}

/* ---- when they are due -------------------------------------------------------------------- */

static bool is_due(const struct roster *r, const struct store_listing *row, int64_t *ret_due_ms)
{
	const struct env *env = r->runtime->env;
	int64_t now_ms = env->now_ms(env);

	*ret_due_ms = r->ignore_due ? now_ms : schedule_first_ms(row, now_ms, env->now_s(env));
	return *ret_due_ms == now_ms;
}

void roster_schedule(struct roster *r, struct watch *const *watches,
		     const struct store_listing *rows, size_t count)
{
	size_t crowd = 0, nth = 0;
	int64_t due_ms;

	for (size_t i = 0; i < count; i++)
		crowd += is_due(r, &rows[i], &due_ms);
	for (size_t i = 0; i < count; i++) {
		struct watch *w = watches[i];
		if (w->gone || w->poll || w->queue_place > 0)
			continue;
		w->listing_id = rows[i].listing_id;
		w->failures = rows[i].consecutive_failures;
		w->failing = rows[i].consecutive_failures > 0;
		w->error_class = rows[i].error_class;
		w->images_present = rows[i].images_present;
		if (w->lost)
			continue;
		if (is_due(r, &rows[i], &due_ms) && !r->ignore_due)
			due_ms += schedule_spread_ms(nth++, crowd, w->interval_s);
		schedule_at(w, due_ms);
		schedule_add(&r->schedule, w);
	}
}

struct batch {
	struct watch *const *watches;
	struct store_listing *rows;
	size_t count;
};

static int register_batch(struct store *store, void *data, struct error *err)
{
	const struct batch *b = data;
	int rc = 0;

	for (size_t i = 0; i < b->count && rc == 0; i++)
		rc = store_register(store, &b->watches[i]->identity, b->watches[i]->interval_s,
				    &b->rows[i], err);
	return rc;
}

int roster_register(struct store *store, struct watch *const *watches, struct store_listing *rows,
		    size_t count, struct error *err)
{
	struct batch batch = { watches, rows, count };

	return count > 0 ? store_together(store, register_batch, &batch, err) : 0;
}

struct disabled {
	const int64_t *ids;
	size_t count;
};

static int disable_batch(struct store *store, void *data, struct error *err)
{
	const struct disabled *d = data;
	int rc = 0;

	for (size_t i = 0; i < d->count && rc == 0; i++)
		rc = store_disable(store, d->ids[i], err);
	return rc;
}

int roster_disable(struct store *store, const int64_t *ids, size_t count, struct error *err)
{
	struct disabled disabled = { ids, count };

	return count > 0 ? store_together(store, disable_batch, &disabled, err) : 0;
}

/* ---- while running ----------------------------------------------------------------------- */

struct registration {
	struct writer_job job;
	struct roster *roster;
	size_t count;
	struct watch **watches; /* the writer's own list: the roster's may move while it grows */
	struct store_listing *rows;
	struct error error;
	int result;
};

static void run_registration(struct store *store, struct writer_job *job)
{
	struct registration *reg = container_of(job, struct registration, job);

	reg->result = roster_register(store, reg->watches, reg->rows, reg->count, &reg->error);
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
	/* Those that failed stay without a row; the next plan tries them again. */
	if (!failed) {
		roster_schedule(r, reg->watches, reg->rows, reg->count);
		register_new(r);
	}
	free_registration(reg);
	r->grown(r, failed ? &error : NULL);
}

static bool is_new(const struct watch *w)
{
	return w->listing_id == 0 && !w->gone && !w->lost;
}

/* One registration at a time. */
static void register_new(struct roster *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += is_new(r->watches[i]);
	if (r->registering || r->frozen || count == 0)
		return;
	struct registration *reg = calloc(1, sizeof(*reg));
	if (!reg)
		return;
	reg->roster = r;
	reg->rows = calloc(count, sizeof(*reg->rows));
	reg->watches = calloc(count, sizeof(struct watch *));
	if (!reg->rows || !reg->watches) {
		free_registration(reg);
		return;
	}
	for (size_t i = 0; i < r->count; i++)
		if (is_new(r->watches[i]))
			reg->watches[reg->count++] = r->watches[i];
	reg->job = (struct writer_job){ .run = run_registration, .done = on_registered };
	r->registering = true;
	writer_submit(r->runtime->writer, &reg->job);
}

void roster_replan(struct roster *r, struct account *account)
{
	/* Out of memory: the next answer of a discovery comes here again. */
	if (roster_plan(r, account) == 0)
		register_new(r);
}

void roster_found(struct roster *r, struct watch *discovery, const struct places *found)
{
	struct store_place *rows = watch_place_rows(found);

	if (rows && watch_set_places(discovery, rows, found->count) && discovery->account)
		roster_replan(r, discovery->account);
	free(rows);
}

void roster_freeze(struct roster *r, bool frozen)
{
	r->frozen = frozen;
	register_new(r);
}
