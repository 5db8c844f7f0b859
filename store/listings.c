/*
 * The rows of _listings: one for each listing that was ever configured.
 */
#include <errno.h>

#include "base/hash.h"
#include "store/internal.h"

void listing_read(const struct statement *s, struct listing_row *ret)
{
	*ret = (struct listing_row){
		.public = {
			.listing_id = row_int(s, 0, 0),
			.identity = {
				.account = row_text(s, 1),
				.provider = row_text(s, 2),
				.cloud = row_text(s, 3),
				.service = row_text(s, 4),
				.region = row_text(s, 5),
				.zone = row_text(s, 6),
				.project = row_text(s, 7),
				.variant = row_text(s, 8),
			},
			.interval_s = row_int(s, 9, 0),
			.last_attempt_at = row_int(s, 10, 0),
			.last_complete_at = row_int(s, 11, 0),
			.next_due_at = row_int(s, 12, 0),
			.consecutive_failures = row_int(s, 13, 0),
			.images_present = row_int(s, 14, 0),
			.first_baseline_at = row_int(s, 15, 0),
			.disabled = row_int(s, 16, 0) != 0,
			.error_class = error_class_of(row_text(s, 18)),
		},
		.holding = row_int(s, 17, 0) != 0,
	};
}

int listing_step(struct statement *s, int64_t listing_id, struct error *err)
{
	bind_int(s, PARAM_listing_id, listing_id);
	int result = statement_step(s, err);
	if (result == 0)
		return error_set(err, -ENOENT, "catalog: there is no listing %lld",
				 (long long)listing_id);
	return result;
}

static void bind_identity(struct statement *s, const struct listing_identity *identity)
{
	bind_text(s, PARAM_account, identity->account);
	bind_text(s, PARAM_provider, identity->provider);
	bind_text(s, PARAM_cloud, identity->cloud);
	bind_text(s, PARAM_service, identity->service);
	bind_text(s, PARAM_region, identity->region);
	bind_text(s, PARAM_zone, identity->zone);
	bind_text(s, PARAM_project, identity->project);
	bind_text(s, PARAM_variant, identity->variant);
}

/* Runs `body` as one transaction, or as a part of the one that is open. */
static int transact(struct store *store,
		    int (*body)(struct store *store, void *data, struct error *err), void *data,
		    struct error *err)
{
	if (!sqlite3_get_autocommit(store->db))
		return body(store, data, err);
	int result = check_file(store, err);
	if (result == 0)
		result = store_begin(store, err);
	if (result < 0)
		return result;
	result = body(store, data, err);
	if (result == 0)
		result = statement_run(STMT(store, COMMIT), err);
	if (result < 0 && !sqlite3_get_autocommit(store->db))
		statement_run(STMT(store, ROLLBACK), NULL);
	return result;
}

int store_together(struct store *store,
		   int (*body)(struct store *store, void *data, struct error *err), void *data,
		   struct error *err)
{
	return transact(store, body, data, err);
}

/* `at` 0 enables. */
static int switch_listing(struct store *store, int64_t listing_id, int64_t at, struct error *err)
{
	struct statement *s = STMT(store, LISTING_SWITCH);
	struct change change = { .kind = at ? "disabled" : "enabled" };

	bind_int(s, PARAM_listing_id, listing_id);
	bind_count(s, PARAM_at, at ? at : -1);
	int result = statement_run_one(s, err);
	return result == 0
		       ? feed_add(store, listing_id, 0, store->env->now_s(store->env), &change, err)
		       : result;
}

static int refresh_shares(struct store *store, const struct listing_identity *identity,
			  struct error *err)
{
	struct statement *s = STMT(store, LISTING_SHARES);

	bind_text(s, PARAM_provider, identity->provider);
	bind_text(s, PARAM_cloud, identity->cloud);
	bind_text(s, PARAM_service, identity->service);
	bind_text(s, PARAM_region, identity->region);
	return statement_run(s, err);
}

struct registration {
	const struct listing_identity *identity;
	int64_t interval_s;
	struct store_listing listing;
};

static int find(struct store *store, struct registration *r, struct error *err)
{
	struct statement *s = STMT(store, LISTING_FIND);
	struct listing_row row = { 0 };

	bind_identity(s, r->identity);
	int result = statement_step(s, err);
	if (result == 0)
		return error_set(err, -ENOENT, "catalog: a listing is not where it should be");
	if (result < 0)
		return result;
	listing_read(s, &row);
	statement_reset(s);
	r->listing = row.public;
	return 0;
}

static int do_register(struct store *store, void *data, struct error *err)
{
	struct registration *r = data;
	struct statement *s = STMT(store, LISTING_ADD);

	bind_identity(s, r->identity);
	bind_int(s, PARAM_interval_s, r->interval_s);
	int result = statement_run(s, err);
	bool added = sqlite3_changes(store->db) > 0;
	if (result == 0)
		result = find(store, r, err);
	if (result == 0 && r->listing.interval_s != r->interval_s) {
		s = STMT(store, LISTING_INTERVAL);
		bind_int(s, PARAM_listing_id, r->listing.listing_id);
		bind_int(s, PARAM_interval_s, r->interval_s);
		result = statement_run_one(s, err);
	}
	if (result == 0 && r->listing.disabled)
		result = switch_listing(store, r->listing.listing_id, 0, err);
	if (result == 0 && (added || r->listing.disabled))
		result = refresh_shares(store, r->identity, err);
	return result;
}

int store_register(struct store *store, const struct listing_identity *identity, int64_t interval_s,
		   struct store_listing *ret, struct error *err)
{
	struct registration r = { .identity = identity, .interval_s = interval_s };
	int result = transact(store, do_register, &r, err);

	if (result < 0)
		return result;
	r.listing.identity = ret->identity;
	r.listing.interval_s = interval_s;
	r.listing.disabled = false;
	*ret = r.listing;
	return 0;
}

static int do_disable(struct store *store, void *data, struct error *err)
{
	int64_t listing_id = *(int64_t *)data;
	struct statement *s = STMT(store, LISTING_GET);
	struct listing_row row;
	int result = listing_step(s, listing_id, err);

	if (result < 0)
		return result;
	listing_read(s, &row); /* its identity borrows from the statement until the reset */
	result = 0;
	if (!row.public.disabled)
		result = switch_listing(store, listing_id, store->env->now_s(store->env), err);
	if (result == 0 && !row.public.disabled)
		result = refresh_shares(store, &row.public.identity, err);
	statement_reset(s);
	return result;
}

int store_disable(struct store *store, int64_t listing_id, struct error *err)
{
	return transact(store, do_disable, &listing_id, err);
}

int store_each_listing(struct store *store, void (*each)(const struct store_listing *l, void *data),
		       void *data, struct error *err)
{
	struct statement *s = STMT(store, LISTING_EACH);
	int result = statement_step(s, err);

	while (result > 0) {
		struct listing_row row;
		listing_read(s, &row);
		each(&row.public, data);
		result = statement_step(s, err);
	}
	return result;
}

int store_load_known(struct store *store, int64_t listing_id, uint64_t seed, struct known *known,
		     struct error *err)
{
	struct statement *s = STMT(store, KNOWN_LOAD);

	bind_int(s, PARAM_listing_id, listing_id);
	bind_int(s, PARAM_mapping_version, (int64_t)MAPPING_VERSION);
	int result = statement_step(s, err);
	while (result > 0) {
		const char *raw = row_text(s, 6);
		struct known_entry entry = {
			.key = page_key(seed, row_text(s, 2), row_int(s, 3, RECORD_ABSENT),
					row_text(s, 4)),
			.content = raw ? hash_bytes(raw, row_bytes(s, 6), seed) : 0,
			.row = row_int(s, 0, 0),
			.presence = (uint8_t)row_int(s, 1, PRESENCE_PRESENT),
			.final = presence_is_final(row_text(s, 5)),
		};
		if (known_put(known, &entry) < 0) {
			statement_reset(s);
			return error_set(err, -ENOMEM, "catalog: out of memory");
		}
		result = statement_step(s, err);
	}
	return result;
}
