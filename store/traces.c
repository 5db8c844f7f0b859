/*
 * What a poll leaves besides images: fields and words that no table names, the places of a
 * discovery, and once a day the number of images of each sort.
 */
#include <errno.h>

#include "base/text.h"
#include "store/internal.h"

/* A provider that makes up new names all the time cannot fill the disk with them. */
enum { DRIFTS_PER_SERVICE = 1000 };

/* ---- drift ---------------------------------------------------------------------------------- */

static void bind_drift(struct statement *s, const struct work *work, const struct page_drift *drift)
{
	bind_text(s, PARAM_provider, buf_text(&work->provider));
	bind_text(s, PARAM_service, buf_text(&work->service));
	bind_text(s, PARAM_path, drift->path);
	bind_text(s, PARAM_json_type, drift->json_type ? drift->json_type : "");
	bind_text(s, PARAM_native, drift->native ? drift->native : "");
	bind_int(s, PARAM_at, work->at);
}

static int tell_drift(struct work *work, const struct page_drift *drift, struct error *err)
{
	struct change change = { .kind = "source-drift" };

	buf_clear(&work->fields);
	buf_puts(&work->fields, "{\"path\":[null,");
	text_put_json(&work->fields, drift->path);
	buf_puts(&work->fields, drift->native ? "],\"native\":[null," : "],\"json_type\":[null,");
	text_put_json(&work->fields, drift->native ? drift->native : drift->json_type);
	buf_puts(&work->fields, "]}");
	if (work->fields.failed)
		return error_set(err, -ENOMEM, "catalog: out of memory");
	change.fields = buf_text(&work->fields);
	return feed_add(work->store, work->commit->listing_id, work->poll_id, work->at, &change,
			err);
}

static int see_drift(struct work *work, const struct page_drift *drift, struct error *err)
{
	struct statement *s = STMT(work->store, DRIFT_SEE);
	int64_t count = 0;

	bind_drift(s, work, drift);
	int result = statement_run(s, err);
	if (result < 0 || sqlite3_changes(work->store->db) > 0)
		return result;

	s = STMT(work->store, DRIFT_COUNT);
	bind_text(s, PARAM_provider, buf_text(&work->provider));
	bind_text(s, PARAM_service, buf_text(&work->service));
	result = statement_int(s, 0, &count, err);
	if (result < 0 || count >= DRIFTS_PER_SERVICE)
		return result;

	s = STMT(work->store, DRIFT_ADD);
	bind_drift(s, work, drift);
	result = statement_run_one(s, err);
	return result == 0 ? tell_drift(work, drift, err) : result;
}

int traces_drift(struct work *work, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < work->commit->drift_count && result == 0; i++)
		if (work->commit->drifts[i].json_type || work->commit->drifts[i].native)
			result = see_drift(work, &work->commit->drifts[i], err);
	return result;
}

/* ---- places --------------------------------------------------------------------------------- */

int traces_places(struct work *work, struct error *err)
{
	const struct commit *commit = work->commit;
	struct statement *s = STMT(work->store, PLACES_CLEAR);
	int result = 0;

	/* A listing of images never has places: its polls need not look. */
	if (!work->complete || !commit->places)
		return 0;
	bind_int(s, PARAM_listing_id, commit->listing_id);
	result = statement_run(s, err);
	for (size_t i = 0; i < commit->place_count && result == 0; i++) {
		s = STMT(work->store, PLACE_ADD);
		bind_int(s, PARAM_listing_id, commit->listing_id);
		bind_text(s, PARAM_project, commit->places[i].project);
		bind_text(s, PARAM_region, commit->places[i].region);
		bind_text(s, PARAM_zone, commit->places[i].zone);
		result = statement_run_one(s, err);
	}
	return result;
}

int store_each_place(struct store *store, int64_t listing_id,
		     void (*each)(const struct store_place *place, void *data), void *data,
		     struct error *err)
{
	struct statement *s = STMT(store, PLACE_EACH);

	bind_int(s, PARAM_listing_id, listing_id);
	int result = statement_step(s, err);
	while (result > 0) {
		struct store_place place = { row_text(s, 0), row_text(s, 1), row_text(s, 2) };
		each(&place, data);
		result = statement_step(s, err);
	}
	return result;
}

/* ---- counts --------------------------------------------------------------------------------- */

/* A day that has no image yet is tried again with the next poll. */
int traces_counts(struct work *work, bool *ret_counted, struct error *err)
{
	struct statement *s = STMT(work->store, COUNTS_ADD);
	int result;

	if (work->at / 86400 == work->store->counted_day)
		return 0;
	bind_int(s, PARAM_at, work->at / 86400 * 86400);
	result = statement_run(s, err);
	if (result == 0)
		*ret_counted = sqlite3_changes(work->store->db) > 0;
	return result;
}
