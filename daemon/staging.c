#include "daemon/staging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/poll.h"

/* ---- accounts ---------------------------------------------------------------------------- */

static struct account *account_named(const struct roster *r, const char *name)
{
	for (size_t i = 0; i < r->account_count; i++)
		if (strcmp(r->accounts[i]->config->name, name) == 0)
			return r->accounts[i];
	return NULL;
}

static bool is_unchanged(const struct account *old, const struct config_account *config,
			 const struct account_keys *keys)
{
	return config_account_equal(old->config, config) && account_keys_equal(old->keys, keys);
}

static bool is_kept(const struct staging *s, size_t i)
{
	return s->accounts[i] && s->accounts[i] == s->replaced[i];
}

static int stage_account(struct staging *s, size_t i, struct account_keys *keys, struct error *err)
{
	const struct config_account *config = &s->generation->runtime.config->accounts[i];
	struct account *old = account_named(s->roster, config->name);

	s->replaced[i] = old;
	if (old && is_unchanged(old, config, keys)) {
		s->accounts[i] = old;
		s->unchanged++;
		return 0;
	}
	struct account *account = calloc(1, sizeof(*account));
	if (!account)
		return error_set(err, -ENOMEM, "out of memory");
	int rc = account_open_with(account, config, keys, &s->generation->runtime, err);
	if (rc < 0) {
		free(account);
		return rc;
	}
	account->generation = generation_hold(s->generation);
	s->accounts[i] = account;
	s->changed += old != NULL;
	s->added += old == NULL;
	return 0;
}

static int stage_accounts(struct staging *s, struct account_keys **keys, struct error *err)
{
	size_t count = s->generation->runtime.config->account_count;
	int rc = 0;

	s->accounts = calloc(count + 1, sizeof(struct account *));
	s->replaced = calloc(count + 1, sizeof(struct account *));
	if (!s->accounts || !s->replaced)
		return error_set(err, -ENOMEM, "out of memory");
	s->account_count = count;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = stage_account(s, i, keys[i], err);
	s->removed = s->roster->account_count - s->unchanged - s->changed;
	return rc;
}

/* ---- listings ---------------------------------------------------------------------------- */

struct planning {
	struct staging *staging;
	struct account *account;
};

static struct staged *add(struct planning *p, const struct listing_identity *identity)
{
	struct staging *s = p->staging;

	if (s->listing_count == s->listing_size) {
		size_t size = s->listing_size ? s->listing_size * 2 : 32;
		struct staged *grown = realloc(s->listings, size * sizeof(*grown));
		if (!grown)
			return NULL;
		s->listings = grown;
		s->listing_size = size;
	}
	struct watch *w = roster_provide(s->roster, identity);
	if (!w)
		return NULL;
	struct staged *staged = &s->listings[s->listing_count++];
	*staged = (struct staged){ .watch = w, .account = p->account };
	return staged;
}

static int add_discovery(const struct listing_identity *identity, const struct discovery *discovery,
			 void *data)
{
	struct staged *staged = add(data, identity);

	if (!staged)
		return -ENOMEM;
	staged->discovery = discovery;
	return 0;
}

static int add_listing(const struct listing_identity *identity, const struct service *service,
		       const struct variant *variant, bool found, void *data)
{
	struct staged *staged = add(data, identity);

	if (!staged)
		return -ENOMEM;
	staged->service = service;
	staged->variant = variant;
	staged->found = found;
	return 0;
}

/* What its discoveries answered before the change, and of them only those that it still asks. */
static int places_before(const struct staging *s, size_t first, struct plan_places *ret)
{
	int rc = 0;

	*ret = PLAN_PLACES_NONE;
	for (size_t i = first; i < s->listing_count && rc == 0; i++) {
		const struct staged *l = &s->listings[i];
		rc = plan_places_add(ret, l->discovery, l->watch->places, l->watch->place_count);
	}
	if (rc < 0)
		plan_places_finish(ret);
	return rc;
}

static int plan(struct staging *s, struct account *account)
{
	struct planning p = { s, account };
	struct plan_places places;
	size_t first = s->listing_count;

	int rc = plan_discoveries(account->config, add_discovery, &p);
	if (rc == 0)
		rc = places_before(s, first, &places);
	if (rc < 0)
		return rc;
	rc = plan_listings(account->config, &places, add_listing, &p);
	plan_places_finish(&places);
	return rc;
}

int staging_prepare(struct staging *s, struct roster *roster, struct generation *generation,
		    struct account_keys **keys, struct error *err)
{
	*s = (struct staging){ .roster = roster, .generation = generation };
	arena_init(&s->arena);
	int rc = stage_accounts(s, keys, err);
	for (size_t i = 0; i < s->account_count && rc == 0; i++) {
		if (is_kept(s, i))
			continue;
		rc = plan(s, s->accounts[i]);
		if (rc < 0)
			error_set(err, rc, "out of memory");
	}
	if (rc < 0)
		return rc;
	s->rows = calloc(s->listing_count + 1, sizeof(*s->rows));
	s->watches = calloc(s->listing_count + 1, sizeof(struct watch *));
	if (!s->rows || !s->watches)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < s->listing_count; i++)
		s->watches[i] = s->listings[i].watch;
	return 0;
}

/* ---- on the writer's thread -------------------------------------------------------------- */

static void remember_stored(const struct store_listing *l, void *data)
{
	struct staging *s = data;

	if (l->disabled || s->arena.failed)
		return;
	if (s->stored_count == s->stored_size) {
		size_t size = s->stored_size ? s->stored_size * 2 : 64;
		struct store_listing *grown = realloc(s->stored, size * sizeof(*grown));
		if (!grown) {
			s->arena.failed = true;
			return;
		}
		s->stored = grown;
		s->stored_size = size;
	}
	struct store_listing *copy = &s->stored[s->stored_count++];
	*copy = *l;
	copy->identity = watch_copy_identity(&s->arena, &l->identity);
}

static int register_all(struct staging *s, struct store *store, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->listing_count && rc == 0; i++) {
		struct staged *l = &s->listings[i];
		rc = store_register(store, &l->watch->identity, l->account->config->interval_s,
				    &s->rows[i], err);
		if (rc == 0 && l->discovery)
			rc = roster_load_places(store, s->rows[i].listing_id, &s->arena, &l->places,
						&l->place_count, err);
	}
	return rc;
}

/* Whatever fails, nothing of it stays: also what comes after the last row is in the transaction. */
static int store_all(struct store *store, void *data, struct error *err)
{
	struct staging *s = data;
	int rc = register_all(s, store, err);

	if (rc == 0)
		rc = store_each_listing(store, remember_stored, s, err);
	if (rc == 0 && s->arena.failed)
		rc = error_set(err, -ENOMEM, "out of memory");
	if (rc == 0) {
		s->gone = calloc(s->stored_count + 1, sizeof(*s->gone));
		if (!s->gone)
			rc = error_set(err, -ENOMEM, "out of memory");
	}
	return rc;
}

int staging_store(struct staging *s, struct store *store, struct error *err)
{
	return store_together(store, store_all, s, err);
}

int staging_disable(struct staging *s, struct store *store, struct error *err)
{
	return roster_disable(store, s->gone, s->gone_count, err);
}

/* ---- putting it in force ----------------------------------------------------------------- */

/* The account is another one, or says something else: what did not work may do so now, and a
 * shorter interval begins now. */
static void take_account(struct roster *r, struct watch *w, struct account *account)
{
	const struct env *env = r->runtime->env;
	int64_t now_ms = env->now_ms(env);
	bool queued = w->queue_place > 0;

	w->account = account;
	w->next = NULL;
	w->interval_s = account->config->interval_s;
	int64_t due_ms = w->failures > 0 ? now_ms : now_ms + w->interval_s * 1000;
	w->failures = 0;
	lockout_hurry(limiter_lockout(account->limit), now_ms);
	if (w->due_ms <= due_ms)
		return;
	schedule_remove(&r->schedule, w);
	schedule_at(w, due_ms);
	if (queued)
		schedule_add(&r->schedule, w);
}

static void let_go(struct roster *r, struct watch *w)
{
	schedule_remove(&r->schedule, w);
	watch_forget(w);
	w->account = w->next = NULL;
	w->listing_id = 0; /* looked up again when it is configured again */
	w->polled = false;
}

static void remove_watch(struct roster *r, struct watch *w)
{
	if (w->gone)
		return;
	w->gone = true;
	if (w->poll)
		poll_interrupt(w->poll);
	else
		let_go(r, w);
}

static void adopt_listing(struct staging *s, size_t i)
{
	struct staged *l = &s->listings[i];
	struct watch *w = l->watch;
	bool back = w->gone;

	w->gone = false;
	w->found = l->found;
	/* Out of memory: the discovery's next answer comes. */
	if (l->discovery && w->place_count == 0)
		(void)watch_set_places(w, l->places, l->place_count);
	/* What other threads read while a poll is in flight follows its end (staging_settle()); by
	 * the identity it is still the same service. */
	if (w->poll) {
		w->next = l->account;
		return;
	}
	w->service = l->service;
	w->variant = l->variant;
	w->discovery = l->discovery;
	if (back || w->listing_id == 0) {
		w->account = l->account;
		w->interval_s = l->account->config->interval_s;
	} else {
		take_account(s->roster, w, l->account);
	}
}

/* Listings of the old account that the new one does not name: places that discovery may find again
 * stay, the others go; but none for want of memory. */
static void sort_out(struct roster *r, struct account *old, struct account *new)
{
	struct plan_places places = { 0 };
	bool known = new &&roster_places(r, new, &places) == 0;

	for (size_t i = 0; i < r->count; i++) {
		struct watch *w = r->watches[i];
		if (roster_account_of(w) != old)
			continue;
		if (!new || (known && !plan_covers(new->config, &places, &w->identity)))
			remove_watch(r, w);
		else if (w->poll)
			w->next = new;
		else
			take_account(r, w, new);
	}
	plan_places_finish(&places);
}

static bool is_of_roster(const struct roster *r, const struct account *account)
{
	for (size_t i = 0; i < r->account_count; i++)
		if (r->accounts[i] == account)
			return true;
	return false;
}

/* Two accounts with one key go at the pace of the slower one; who has gone no longer counts. */
static void set_rates(const struct roster *r)
{
	for (size_t i = 0; i < r->account_count; i++)
		limiter_account_set_rate(r->accounts[i]->limit,
					 r->accounts[i]->config->requests_per_second);
	for (size_t i = 0; i < r->account_count; i++) {
		struct account *a = r->accounts[i];
		if (a->config->requests_per_second < limiter_account_rate(a->limit))
			limiter_account_set_rate(a->limit, a->config->requests_per_second);
	}
}

static void find_gone(struct staging *s)
{
	struct roster *r = s->roster;

	for (size_t i = 0; i < s->stored_count; i++) {
		const struct store_listing *l = &s->stored[i];
		const struct watch *w = roster_find(r, &l->identity);
		const struct account *account = account_named(r, l->identity.account);
		struct plan_places places;
		if (w && !w->gone)
			continue;
		if (account) {
			if (roster_places(r, account, &places) < 0)
				continue; /* nothing is taken away for want of memory */
			bool covered = plan_covers(account->config, &places, &l->identity);
			plan_places_finish(&places);
			if (covered)
				continue;
		}
		s->gone[s->gone_count++] = l->listing_id;
	}
}

void staging_commit(struct staging *s, struct account **retired, size_t *retired_count)
{
	struct roster *r = s->roster;
	struct account **old = r->accounts;
	size_t old_count = r->account_count;

	for (size_t i = 0; i < s->listing_count; i++)
		adopt_listing(s, i);
	roster_schedule(r, s->watches, s->rows, s->listing_count);
	r->accounts = s->accounts;
	r->account_count = s->account_count;
	for (size_t i = 0; i < s->account_count; i++) {
		if (!is_kept(s, i) && s->replaced[i])
			sort_out(r, s->replaced[i], s->accounts[i]);
	}
	for (size_t i = 0; i < old_count; i++) {
		if (is_of_roster(r, old[i]))
			continue;
		sort_out(r, old[i], NULL);
		retired[(*retired_count)++] = old[i];
	}
	free(old);
	set_rates(r);
	find_gone(s);
	for (size_t i = 0; i < s->account_count; i++)
		if (!is_kept(s, i))
			roster_replan(r, s->accounts[i]);
	s->accounts = NULL;
	s->generation = NULL;
}

void staging_move_over(struct roster *r, struct generation *generation)
{
	for (size_t i = 0; i < r->account_count; i++) {
		struct account *account = r->accounts[i];
		if (account->generation == generation || account->polls > 0)
			continue;
		generation_release(account->generation);
		account->generation = generation_hold(generation);
		account->config = &generation->runtime.config->accounts[i];
	}
}

void staging_finish(struct staging *s)
{
	for (size_t i = 0; i < s->account_count && s->accounts; i++) {
		if (!s->accounts[i] || is_kept(s, i))
			continue;
		account_close(s->accounts[i]);
		generation_release(s->accounts[i]->generation);
		free(s->accounts[i]);
	}
	for (size_t i = 0; i < s->listing_count; i++)
		free(s->listings[i].places);
	generation_release(s->generation);
	free(s->accounts);
	free(s->replaced);
	free(s->listings);
	free(s->watches);
	free(s->rows);
	free(s->stored);
	free(s->gone);
	arena_finish(&s->arena);
	*s = (struct staging){ 0 };
}

void staging_settle(struct roster *r, struct watch *w)
{
	if (w->gone)
		let_go(r, w);
	else if (w->next)
		take_account(r, w, w->next);
}
