/*
 * An image that the cloud does not list any more:
 *
 *     present ── absent from a complete poll ──► missing ── absent from K in a row ──► removed
 *        ▲                                          │                                     │
 *        └──────────────── seen in any poll ────────┴─────────────────────────────────────┘
 *
 * One that was last seen in a final state (purged, deleted, offline) is removed at once. Only what
 * is absent from a *complete* poll comes here: commit.c refuses the rest.
 */
#include <errno.h>
#include <string.h>

#include "store/internal.h"

struct life {
	enum presence presence;
	int64_t absent_polls, revision, last_seen_at, missing_since_at;
	bool final;
	struct buf name;
};

bool presence_is_final(const char *state)
{
	static const char *const finals[] = { "purged", "deleted", "offline" };

	for (size_t i = 0; i < ARRAY_LEN(finals) && state; i++)
		if (strcmp(state, finals[i]) == 0)
			return true;
	return false;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* `last_complete_at` of before this poll: as the views derive it. */
static int read_life(struct work *work, int64_t image, int64_t last_complete_at, struct life *ret,
		     struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_LIFE);

	bind_int(s, PARAM_image, image);
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	int result = statement_step(s, err);
	if (result < 0)
		return result;
	if (result == 0)
		return error_set(err, -EINVAL,
				 "catalog: image %lld is not of listing %lld; nothing was "
				 "written",
				 (long long)image, (long long)work->commit->listing_id);
	ret->presence = (enum presence)row_int(s, 0, PRESENCE_PRESENT);
	ret->absent_polls = row_int(s, 1, 0);
	ret->revision = row_int(s, 2, 0);
	ret->last_seen_at = row_int(s, 5, 0);
	if (ret->presence == PRESENCE_PRESENT)
		ret->last_seen_at = later(later(row_int(s, 3, 0), row_int(s, 4, 0)),
					  later(ret->last_seen_at, last_complete_at));
	ret->missing_since_at = row_int(s, 6, work->at);
	ret->final = presence_is_final(row_text(s, 7));
	buf_init(&ret->name);
	buf_puts(&ret->name, row_text(s, 8) ? row_text(s, 8) : "");
	statement_reset(s);
	if (ret->name.failed) {
		buf_finish(&ret->name);
		return error_set(err, -ENOMEM, "catalog: out of memory");
	}
	return 0;
}

static int tell(struct work *work, const char *kind, int64_t image, const struct life *life,
		struct error *err)
{
	struct change change = { kind, image, life->revision,
				 life->name.len ? buf_text(&life->name) : NULL, NULL };

	return feed_add(work->store, work->commit->listing_id, work->poll_id, work->at, &change,
			err);
}

static int move(struct work *work, int64_t image, const struct life *life, enum presence to,
		struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_ABSENT);

	bind_int(s, PARAM_image, image);
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_int(s, PARAM_presence, to);
	bind_int(s, PARAM_absent_polls, life->absent_polls);
	bind_int(s, PARAM_last_seen_at, life->last_seen_at);
	bind_int(s, PARAM_missing_since_at, life->missing_since_at);
	if (to == PRESENCE_REMOVED) {
		bind_int(s, PARAM_removed_at, work->at);
		bind_text(s, PARAM_removed_reason, life->final ? "reported" : "absent");
	} else {
		bind_null(s, PARAM_removed_at);
		bind_null(s, PARAM_removed_reason);
	}
	return statement_run_one(s, err);
}

int presence_absent(struct work *work, int64_t image, uint8_t *ret_presence, struct error *err)
{
	struct life life;
	int result = read_life(work, image, work->last_complete_at, &life, err);

	if (result < 0)
		return result;
	enum presence from = life.presence;
	enum presence to = PRESENCE_MISSING;
	life.absent_polls++;
	if (from == PRESENCE_REMOVED || life.final ||
	    life.absent_polls >= work->commit->removal_after)
		to = PRESENCE_REMOVED;
	if (from != PRESENCE_REMOVED)
		result = move(work, image, &life, to, err);
	if (result == 0 && from != to) {
		result = tell(work, to == PRESENCE_REMOVED ? "removed" : "missing", image, &life,
			      err);
		work->removed += to == PRESENCE_REMOVED;
		work->missing += to == PRESENCE_MISSING;
	}
	work->images_present -= from == PRESENCE_PRESENT;
	buf_finish(&life.name);
	if (result == 0)
		*ret_presence = (uint8_t)to;
	return result;
}

int presence_returned(struct work *work, int64_t image, struct error *err)
{
	struct statement *s = STMT(work->store, IMAGE_RETURN);
	struct life life;
	int result = read_life(work, image, 0, &life, err);

	if (result < 0)
		return result;
	if (life.presence != PRESENCE_PRESENT) {
		bind_int(s, PARAM_image, image);
		bind_int(s, PARAM_listing_id, work->commit->listing_id);
		bind_int(s, PARAM_at, work->at);
		result = statement_run_one(s, err);
		if (result == 0)
			result = tell(work, "returned", image, &life, err);
		work->returned++;
		work->images_present++;
	}
	buf_finish(&life.name);
	return result;
}
