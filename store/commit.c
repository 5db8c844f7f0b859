/*
 * Everything of one poll in one transaction. The order decides what the feed says: images seen come
 * first; then, with the first complete poll, the baseline entry that stands for all of them; then
 * those that are absent; then the poll's own traces. Nothing before the baseline is told
 * one by one.
 *
 * Failures: the transaction is rolled back, the commit is as it was, and can be tried again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/internal.h"

/* clang-format off */
static const char *const outcome_texts[OUTCOME_COUNT] = {
	[OUTCOME_COMPLETE] = "complete",
	[OUTCOME_PARTIAL]  = "partial",
	[OUTCOME_SUSPECT]  = "suspect",
	[OUTCOME_FAILED]   = "failed",
	[OUTCOME_ABORTED]  = "aborted",
};

static const char *const class_texts[CLASS_COUNT] = {
#define X(name, text) [CLASS_##name] = text,
	ERROR_CLASSES(X)
#undef X
};
/* clang-format on */

const char *outcome_text(enum outcome outcome)
{
	return outcome_texts[outcome];
}

const char *error_class_text(enum error_class class)
{
	return class_texts[class];
}

enum error_class error_class_of(const char *text)
{
	size_t i = 0;

	while (text && i < CLASS_COUNT && strcmp(text, class_texts[i]) != 0)
		i++;
	return text && i < CLASS_COUNT ? (enum error_class)i : CLASS_NONE;
}

static const char *class_text(enum error_class class)
{
	return class == CLASS_NONE ? NULL : class_texts[class];
}

static void bind_code(struct statement *s, int64_t code)
{
	if (code == POLL_NO_CODE)
		bind_null(s, PARAM_code);
	else
		bind_int(s, PARAM_code, code);
}

/* ---- the listing and the poll's row --------------------------------------------------------- */

static int read_listing(struct work *work, struct listing_row *ret, struct error *err)
{
	struct statement *s = STMT(work->store, LISTING_GET);
	int result = listing_step(s, work->commit->listing_id, err);

	if (result < 0)
		return result;
	listing_read(s, ret);
	uid_put_prefix(&work->uid, &ret->public.identity);
	work->uid_prefix = work->uid.len;
	buf_puts(&work->provider, ret->public.identity.provider);
	buf_puts(&work->service, ret->public.identity.service);
	ret->public.identity = (struct listing_identity){ 0 }; /* it borrowed from the row */
	statement_reset(s);
	if (work->uid.failed || work->provider.failed || work->service.failed)
		return error_set(err, -ENOMEM, "catalog: out of memory");
	work->last_complete_at = ret->public.last_complete_at;
	work->images_present = ret->public.images_present;
	work->told = ret->public.first_baseline_at != 0;
	return 0;
}

static int add_poll(struct work *work, struct error *err)
{
	const struct poll_log *log = work->commit->log;
	struct statement *s = STMT(work->store, POLL_ADD);

	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_int(s, PARAM_started_at, log->started_at);
	bind_int(s, PARAM_at, log->finished_at);
	bind_text(s, PARAM_outcome, outcome_text(log->outcome));
	bind_count(s, PARAM_pages, log->pages);
	bind_count(s, PARAM_requests, log->requests);
	bind_count(s, PARAM_retries, log->retries);
	bind_count(s, PARAM_throttled, log->throttled);
	bind_count(s, PARAM_bytes, log->bytes);
	bind_count(s, PARAM_duration_ms, log->duration_ms);
	bind_count(s, PARAM_items, log->items);
	bind_count(s, PARAM_duplicates, log->duplicates);
	bind_count(s, PARAM_total_reported, log->total_reported);
	bind_count(s, PARAM_warnings, log->warnings);
	bind_text(s, PARAM_error_class, class_text(log->error_class));
	bind_count(s, PARAM_http_status, log->http_status);
	bind_code(s, log->code);
	bind_text(s, PARAM_provider_message, log->provider_message);
	bind_text(s, PARAM_message, log->message);
	bind_int(s, PARAM_clock_jump, log->clock_jump);
	int result = statement_run_one(s, err);
	if (result == 0)
		work->poll_id = sqlite3_last_insert_rowid(work->store->db);
	return result;
}

static int count_poll(struct work *work, struct error *err)
{
	struct statement *s = STMT(work->store, POLL_COUNTS);

	bind_int(s, PARAM_poll_id, work->poll_id);
	bind_int(s, PARAM_added, work->added);
	bind_int(s, PARAM_changed, work->changed);
	bind_int(s, PARAM_missing, work->missing);
	bind_int(s, PARAM_removed, work->removed);
	bind_int(s, PARAM_returned, work->returned);
	bind_int(s, PARAM_held, work->commit->believed ? 0 : work->commit->held);
	return statement_run_one(s, err);
}

/* NULL leaves it as it was: nobody is to blame for a shutdown, and a throttled listing waits its
 * turn. */
static const char *health_after(const struct poll_log *log)
{
	switch (log->outcome) {
	case OUTCOME_COMPLETE: return "ok";
	case OUTCOME_PARTIAL: return log->error_class == CLASS_THROTTLED ? NULL : "partial";
	case OUTCOME_SUSPECT: return "suspect";
	case OUTCOME_FAILED:
		if (log->error_class == CLASS_THROTTLED)
			return NULL;
		return log->error_class == CLASS_AUTH ? "auth" : "failing";
	case OUTCOME_ABORTED:
	case OUTCOME_COUNT: break;
	}
	return NULL;
}

static int update_listing(struct work *work, bool holding, struct error *err)
{
	const struct poll_log *log = work->commit->log;
	struct statement *s = STMT(work->store, LISTING_POLLED);

	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_int(s, PARAM_at, work->at);
	bind_int(s, PARAM_next_due_at, work->commit->next_due_at);
	bind_int(s, PARAM_images_present, work->images_present);
	bind_int(s, PARAM_holding, holding);
	bind_int(s, PARAM_complete, work->complete);
	int result = statement_run_one(s, err);
	if (result < 0 || log->outcome == OUTCOME_ABORTED)
		return result;

	s = STMT(work->store, LISTING_HEALTH);
	bind_int(s, PARAM_listing_id, work->commit->listing_id);
	bind_text(s, PARAM_health, health_after(log));
	bind_int(s, PARAM_failed,
		 log->outcome == OUTCOME_FAILED ||
			 (log->outcome == OUTCOME_PARTIAL && log->error_class == CLASS_THROTTLED));
	if (work->complete) {
		bind_null(s, PARAM_message);
		bind_null(s, PARAM_error_class);
		bind_null(s, PARAM_code);
	} else {
		bind_text(s, PARAM_message, log->message);
		bind_text(s, PARAM_error_class, class_text(log->error_class));
		bind_code(s, log->code);
	}
	return statement_run_one(s, err);
}

/* An entry about the listing itself, with one pair of numbers. */
static int tell_listing(struct work *work, const char *kind, const char *field, int64_t before,
			int64_t after, struct error *err)
{
	char fields[128];
	struct change change = { .kind = kind, .fields = fields };

	snprintf(fields, sizeof(fields), "{\"%s\":[%lld,%lld]}", field, (long long)before,
		 (long long)after);
	return feed_add(work->store, work->commit->listing_id, work->poll_id, work->at, &change,
			err);
}

/* ---- images --------------------------------------------------------------------------------- */

static int store_seen(struct work *work, struct known_entry *stored, struct error *err)
{
	struct commit *commit = work->commit;
	struct spooled item;
	size_t count = 0;
	int result = 0;

	if (commit->changed) {
		result = spool_rewind(commit->changed);
		if (result == 0)
			result = spool_next(commit->changed, &item);
		while (result > 0) {
			result = image_store(work, &item, &stored[count], err);
			if (result < 0)
				return result;
			count++;
			result = spool_next(commit->changed, &item);
		}
		if (result < 0)
			return error_set(err, result, "the poll's spool cannot be read back: %s",
					 strerror(-result));
	}
	for (size_t i = 0; i < commit->returned_count && result == 0; i++)
		result = presence_returned(work, commit->returned[i].row, err);
	return result;
}

static int store_absent(struct work *work, uint8_t *presences, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < work->commit->absent_count && result == 0; i++)
		result = presence_absent(work, work->commit->absent[i].row, &presences[i], err);
	return result;
}

static int store_all(struct work *work, struct known_entry *stored, uint8_t *presences,
		     bool *ret_counted, struct error *err)
{
	struct listing_row listing = { 0 };
	bool suspect = work->commit->log->outcome == OUTCOME_SUSPECT;
	int result = read_listing(work, &listing, err);

	if (result == 0)
		result = add_poll(work, err);
	if (result == 0)
		result = store_seen(work, stored, err);
	if (result == 0 && work->remapped)
		result = tell_listing(work, "remapped", "mapping_version", work->mapping_from,
				      (int64_t)MAPPING_VERSION, err);
	if (result == 0 && work->complete && !work->told) {
		result = tell_listing(work, "baseline", "images", 0, work->images_present, err);
		work->told = true;
	}
	if (result == 0 && work->commit->believed)
		result = tell_listing(work, "released", "absent", 0, work->commit->held, err);
	if (result == 0)
		result = store_absent(work, presences, err);
	if (result == 0 && suspect && !listing.holding)
		result = tell_listing(work, "held", "absent", 0, work->commit->held, err);
	if (result == 0)
		result = traces_drift(work, err);
	if (result == 0)
		result = traces_places(work, err);
	if (result == 0)
		result = count_poll(work, err);
	if (result == 0 && (work->complete || suspect))
		result = guard_put(work, err);
	if (result == 0)
		result = update_listing(work, !work->complete && (suspect || listing.holding), err);
	if (result == 0)
		result = traces_counts(work, ret_counted, err);
	if (result == 0)
		result = statement_int(STMT(work->store, CHANGE_LAST), 0, &work->commit->last_seq,
				       err);
	return result;
}

/* ---- the transaction ------------------------------------------------------------------------ */

/* What must hold before anything is believed, in release builds too: only a proof moves a row
 * towards removal. */
static int check(const struct commit *commit, struct error *err)
{
	if (commit->log->outcome != OUTCOME_COMPLETE && commit->absent_count)
		return error_set(err, -EINVAL,
				 "catalog: a poll that is not complete cannot have "
				 "absent images; nothing was written");
	if (commit->absent_count && commit->removal_after == 0)
		return error_set(err, -EINVAL, "catalog: removal needs at least one complete poll");
	return 0;
}

/* The file at the path may have been replaced by another: what we write then would be lost. */
int check_file(const struct store *store, struct error *err)
{
	struct stat info;

	if (stat(store->path, &info) == 0 && info.st_dev == store->device &&
	    info.st_ino == store->inode)
		return 0;
	return error_set(err, -ESTALE,
			 "catalog '%s' was moved, deleted or replaced while in use: "
			 "put it back, or restart imagecatd",
			 store->path);
}

static void roll_back(struct store *store)
{
	/* Its failure adds nothing: the transaction then ends with the next BEGIN or the process.
	 */
	if (!sqlite3_get_autocommit(store->db))
		statement_run(STMT(store, ROLLBACK), NULL);
}

static int run(struct work *work, struct known_entry *stored, uint8_t *presences, struct error *err)
{
	struct store *store = work->store;
	bool counted = false;
	int result = store_begin(store, err);

	if (result < 0)
		return result;
	result = store_all(work, stored, presences, &counted, err);
	if (result == 0)
		result = statement_run(STMT(store, COMMIT), err);
	if (result < 0) {
		roll_back(store);
		return result;
	}
	if (counted)
		store->counted_day = work->at / 86400;
	return 0;
}

static void report(struct work *work, struct known_entry *stored, const uint8_t *presences)
{
	struct commit *commit = work->commit;

	for (size_t i = 0; i < commit->absent_count; i++)
		commit->absent[i].presence = presences[i];
	for (size_t i = 0; i < commit->returned_count; i++)
		commit->returned[i].presence = PRESENCE_PRESENT;
	commit->poll_id = work->poll_id;
	commit->added = work->added;
	commit->changed_count = work->changed;
	commit->missing = work->missing;
	commit->removed = work->removed;
	commit->returned_total = work->returned;
	commit->images_present = work->images_present;
	commit->stored = stored;
	commit->stored_count = commit->changed ? spool_count(commit->changed) : 0;
}

static void work_finish(struct work *work)
{
	buf_finish(&work->provider);
	buf_finish(&work->service);
	buf_finish(&work->uid);
	buf_finish(&work->fields);
	buf_finish(&work->json);
}

int store_commit(struct store *store, struct commit *commit, struct error *err)
{
	size_t seen = commit->changed ? spool_count(commit->changed) : 0;
	struct work work = { .store = store,
			     .commit = commit,
			     .at = commit->log->finished_at,
			     .complete = commit->log->outcome == OUTCOME_COMPLETE };
	struct known_entry *stored = NULL;
	uint8_t *presences = NULL;
	int result = check(commit, err);

	if (result == 0)
		result = check_file(store, err);
	if (result < 0)
		return result;
	if (seen)
		stored = calloc(seen, sizeof(*stored));
	if (commit->absent_count)
		presences = calloc(commit->absent_count, sizeof(*presences));
	if ((seen && !stored) || (commit->absent_count && !presences))
		result = error_set(err, -ENOMEM, "catalog: out of memory");
	if (result == 0)
		result = run(&work, stored, presences, err);
	if (result == 0) {
		report(&work, stored, presences);
		witness_commit(store, commit->last_seq, commit->poll_id);
	} else {
		free(stored);
	}
	free(presences);
	work_finish(&work);
	return result;
}
