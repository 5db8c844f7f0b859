/*
 * What guards a listing's rows against a drop that may not be true: columns of _listings that only
 * polls which were proved whole, and operators, change.
 */
#include <errno.h>

#include "store/internal.h"

int store_load_guard(struct store *store, int64_t listing_id, struct store_guard *ret,
		     struct error *err)
{
	struct statement *s = STMT(store, GUARD_GET);
	int result = listing_step(s, listing_id, err);

	if (result < 0)
		return result;
	*ret = (struct store_guard){
		.held_from_s = row_int(s, 0, 0),
		.held_polls = row_int(s, 1, 0),
		.held_set = (uint64_t)row_int(s, 2, 0),
		.released = row_int(s, 3, 0) != 0,
		.credential = (uint64_t)row_int(s, 4, 0),
	};
	statement_reset(s);
	return 0;
}

int guard_put(struct work *work, struct error *err)
{
	const struct store_guard *guard = &work->commit->guard;
	struct statement *s = STMT(work->store, GUARD_PUT);

	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_int(s, PARAM_held_from_s, guard->held_from_s);
	bind_int(s, PARAM_held_polls, guard->held_polls);
	bind_int(s, PARAM_held_set, (int64_t)guard->held_set);
	bind_int(s, PARAM_credential, (int64_t)guard->credential);
	return statement_run_one(s, err);
}

int store_release(struct store *store, int64_t listing_id, struct error *err)
{
	struct store_guard guard = { 0 };
	int result = store_load_guard(store, listing_id, &guard, err);

	if (result < 0)
		return result;
	if (!guard.held_set)
		return error_set(err, -EINVAL, "nothing of listing %lld is held",
				 (long long)listing_id);
	struct statement *s = STMT(store, GUARD_RELEASE);
	bind_int(s, PARAM_listing_id, listing_id);
	return statement_run_one(s, err);
}
