#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/roster.h"

/* From the first watch on that has no row yet. */
static int register_now(struct roster *r, size_t first, struct store *store, struct error *err)
{
	struct store_listing *rows = calloc(r->count - first + 1, sizeof(*rows));
	int rc = rows ? 0 : error_set(err, -ENOMEM, "out of memory");

	if (rc == 0)
		rc = roster_register(store, r->watches + first, rows, r->count - first, err);
	if (rc == 0)
		roster_schedule(r, r->watches + first, rows, r->count - first);
	free(rows);
	return rc;
}

struct loading {
	struct store_place *items;
	size_t count, size;
	struct arena *arena;
	bool failed;
};

static void load_place(const struct store_place *place, void *data)
{
	struct loading *l = data;

	if (l->count == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		struct store_place *grown = realloc(l->items, size * sizeof(*grown));
		if (!grown) {
			l->failed = true;
			return;
		}
		l->items = grown;
		l->size = size;
	}
	l->items[l->count++] = (struct store_place){ arena_string(l->arena, place->project),
						     arena_string(l->arena, place->region),
						     arena_string(l->arena, place->zone) };
}

int roster_load_places(struct store *store, int64_t listing_id, struct arena *arena,
		       struct store_place **ret, size_t *ret_count, struct error *err)
{
	struct loading l = { .arena = arena };

	int rc = store_each_place(store, listing_id, load_place, &l, err);
	if (rc == 0 && (l.failed || arena->failed))
		rc = error_set(err, -ENOMEM, "out of memory");
	if (rc < 0) {
		free(l.items);
		return rc;
	}
	*ret = l.items;
	*ret_count = l.count;
	return 0;
}

/* What a discovery answered in an earlier run serves until it answers again. */
static int load_places(struct watch *w, struct store *store, struct error *err)
{
	struct store_place *places;
	struct arena arena;
	size_t count;

	arena_init(&arena);
	int rc = roster_load_places(store, w->listing_id, &arena, &places, &count, err);
	if (rc == 0) {
		if (!watch_set_places(w, places, count))
			rc = error_set(err, -ENOMEM, "out of memory");
		free(places);
	}
	arena_finish(&arena);
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
	const struct watch *w = roster_find(r, identity);
	struct plan_places places;

	if (w && !w->gone)
		return true;
	for (size_t i = 0; i < r->account_count; i++) {
		if (strcmp(r->accounts[i]->config->name, identity->account) != 0)
			continue;
		if (roster_places(r, r->accounts[i], &places) < 0) {
			*ret_failed = true;
			return true;
		}
		bool covered = plan_covers(r->accounts[i]->config, &places, identity);
		plan_places_finish(&places);
		return covered;
	}
	return false;
}

static void disable_if_gone(const struct store_listing *l, void *data)
{
	struct disabling *d = data;

	const struct config *config = d->roster->runtime->config;

	if (l->disabled || config_is_left_out(config, l->identity.account) ||
	    is_configured(d->roster, &l->identity, &d->failed))
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
	if (rc == 0)
		rc = roster_disable(store, d.ids, d.count, err);
	free(d.ids);
	return rc;
}

struct adding {
	struct roster *roster;
	struct account *account;
};

static int add_discovery(const struct listing_identity *identity, const struct discovery *discovery,
			 void *data)
{
	struct adding *adding = data;
	struct watch *w = roster_adopt(adding->roster, adding->account, identity);

	if (!w)
		return -ENOMEM;
	w->discovery = discovery;
	return 0;
}

int roster_open(struct roster *r, struct account **accounts, size_t account_count,
		struct store *store, struct error *err)
{
	int rc = 0;

	r->accounts = accounts;
	r->account_count = account_count;
	for (size_t i = 0; i < account_count && rc == 0; i++) {
		struct adding adding = { r, accounts[i] };
		rc = plan_discoveries(accounts[i]->config, add_discovery, &adding);
	}
	if (rc < 0)
		return error_set(err, rc, "out of memory");
	rc = register_now(r, 0, store, err);
	size_t discoveries = r->count;
	for (size_t i = 0; i < discoveries && rc == 0; i++)
		rc = load_places(r->watches[i], store, err);
	for (size_t i = 0; i < account_count && rc == 0; i++) {
		rc = roster_plan(r, accounts[i]);
		if (rc < 0)
			error_set(err, rc, "out of memory");
	}
	if (rc == 0)
		rc = register_now(r, discoveries, store, err);
	if (rc == 0)
		rc = disable_gone(r, store, err);
	return rc;
}
