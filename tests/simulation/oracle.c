#include "tests/simulation/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "tests/simulation/director.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

/* clang-format off */
static const char *const outcome_words[SEEN_OUTCOMES] = {
	[SEEN_COMPLETE] = "complete", [SEEN_PARTIAL] = "partial", [SEEN_SUSPECT] = "suspect",
	[SEEN_FAILED] = "failed", [SEEN_ABORTED] = "aborted",
};
static const char *const entry_words[ENTRY_OTHER] = {
	[ENTRY_BASELINE] = "baseline", [ENTRY_ADDED] = "added", [ENTRY_CHANGED] = "changed",
	[ENTRY_MISSING] = "missing", [ENTRY_REMOVED] = "removed", [ENTRY_RETURNED] = "returned",
	[ENTRY_HELD] = "held", [ENTRY_RELEASED] = "released",
};
/* clang-format on */

static const char sql_polls[] =
	"SELECT poll_id, listing_id, finished_at, requests, added, changed, missing, removed,"
	" returned, held, outcome, message, clock_jump FROM polls WHERE poll_id > ? ORDER BY "
	"poll_id";
static const char sql_changes[] =
	"SELECT seq, kind, uid, listing_id, poll_id, revision, at, fields, name FROM changes"
	" WHERE seq > ? ORDER BY seq";
static const char sql_rows[] =
	"SELECT uid, presence, first_seen_at, last_seen_at, changed_at, revision, name, state,"
	" removed_reason, missing_since_at, removed_at, description, features, tags, created_at,"
	" size_bytes, raw FROM sightings WHERE listing_id = ? ORDER BY uid";
static const char sql_listing[] = "SELECT account, service, ifnull(region, ''), ifnull(variant, "
				  "''), images_present, ifnull(zone, '')"
				  " FROM listings WHERE listing_id = ?";

void oracle_init(struct oracle *o, struct world *world, const char *path, unsigned removal_after)
{
	*o = (struct oracle){ .world = world,
			      .cloud = world->cloud,
			      .removal_after = removal_after,
			      .luck = luck_stream(world->seed, 5) };
	snprintf(o->path, sizeof(o->path), "%s", path);
}

void oracle_finish(struct oracle *o)
{
	sqlite3_finalize(o->version);
	sqlite3_finalize(o->polls);
	sqlite3_finalize(o->changes);
	sqlite3_finalize(o->rows);
	sqlite3_finalize(o->listing);
	sqlite3_close(o->db);
	o->db = NULL;
}

sqlite3_stmt *oracle_prepare(struct oracle *o, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(o->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		world_fail(o->world, "the views cannot be asked: %s: %s", sqlite3_errmsg(o->db),
			   sql);
	return stmt;
}

static bool open_catalog(struct oracle *o)
{
	if (o->db)
		return true;
	if (sqlite3_open_v2(o->path, &o->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		world_fail(o->world, "the catalog cannot be read: %s", sqlite3_errmsg(o->db));
		return false;
	}
	o->version = oracle_prepare(o, "PRAGMA data_version");
	o->polls = oracle_prepare(o, sql_polls);
	o->changes = oracle_prepare(o, sql_changes);
	o->rows = oracle_prepare(o, sql_rows);
	o->listing = oracle_prepare(o, sql_listing);
	return !o->world->failed;
}

uint64_t oracle_hash_row(uint64_t hash, sqlite3_stmt *stmt)
{
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const unsigned char *text = sqlite3_column_text(stmt, i);
		int len = sqlite3_column_bytes(stmt, i);
		for (int k = 0; k < len; k++)
			hash = (hash ^ text[k]) * 1099511628211u;
		hash = luck_mix(hash + (text ? 1 : 2));
	}
	return hash;
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

/* ---- which listing a row is about ---------------------------------------------------------------
 */

static struct listing *find_listing(struct oracle *o, int64_t listing_id)
{
	struct listing *found = NULL;

	for (unsigned i = 0; i < o->cloud->count; i++)
		if (o->cloud->listings[i].listing_id == listing_id)
			return &o->cloud->listings[i];
	sqlite3_bind_int64(o->listing, 1, listing_id);
	if (sqlite3_step(o->listing) == SQLITE_ROW)
		for (unsigned i = 0; i < o->cloud->count && !found; i++) {
			struct listing *l = &o->cloud->listings[i];
			if (strcmp(text_of(o->listing, 0), l->account) == 0 &&
			    strcmp(text_of(o->listing, 1), l->dialect->service) == 0 &&
			    strcmp(text_of(o->listing, 2), l->region) == 0 &&
			    strcmp(text_of(o->listing, 3), l->variant) == 0 &&
			    strcmp(text_of(o->listing, 5), l->zone) == 0)
				found = l;
		}
	sqlite3_reset(o->listing);
	if (found)
		found->listing_id = listing_id;
	else
		world_fail(o->world, "listing %lld is none that was configured",
			   (long long)listing_id);
	return found;
}

/* ---- the row of the poll ------------------------------------------------------------------------
 */

static bool read_poll(struct oracle *o, struct poll_row *ret)
{
	sqlite3_stmt *s = o->polls;

	sqlite3_bind_int64(s, 1, o->last_poll);
	if (sqlite3_step(s) != SQLITE_ROW) {
		sqlite3_reset(s);
		return false;
	}
	*ret = (struct poll_row){
		.poll_id = sqlite3_column_int64(s, 0),
		.listing_id = sqlite3_column_int64(s, 1),
		.finished_at = sqlite3_column_int64(s, 2),
		.requests = sqlite3_column_int64(s, 3),
		.added = sqlite3_column_int64(s, 4),
		.changed = sqlite3_column_int64(s, 5),
		.missing = sqlite3_column_int64(s, 6),
		.removed = sqlite3_column_int64(s, 7),
		.returned = sqlite3_column_int64(s, 8),
		.held = sqlite3_column_int64(s, 9),
		.outcome = SEEN_OUTCOMES,
	};
	for (int i = 0; i < SEEN_OUTCOMES; i++)
		if (strcmp(text_of(s, 10), outcome_words[i]) == 0)
			ret->outcome = (enum outcome_seen)i;
	ret->clock_jump = sqlite3_column_int(s, 12) != 0;
	snprintf(ret->message, sizeof(ret->message), "%s", text_of(s, 11));
	if (ret->outcome == SEEN_OUTCOMES)
		world_fail(o->world, "poll %lld: outcome '%s'", (long long)ret->poll_id,
			   text_of(s, 10));
	if (sqlite3_step(s) == SQLITE_ROW)
		world_fail(o->world, "one job stored more than one poll");
	sqlite3_reset(s);
	return true;
}

/* I8: every request belongs to exactly one row. */
static void close_window(struct oracle *o)
{
	struct listing *l = o->listing_now;

	if (!l->is_open) {
		GROW(l->windows, l->window_count, l->window_size);
		l->windows[l->window_count++] = (struct window){ .first_us = o->world->now_us,
								 .last_us = o->world->now_us,
								 .listed_min = UINT32_MAX };
	}
	struct window *w = &l->windows[l->window_count - 1];
	l->is_open = false;
	churn_before(w, UINT32_MAX);
	if (w->pending > 0)
		world_fail(o->world, "poll %lld is stored while %u of its requests are out",
			   (long long)o->poll.poll_id, w->pending);
	if (w->requests != o->poll.requests &&
	    !(memory_was_short(o, w) && o->poll.requests < w->requests))
		world_fail(o->world, "poll %lld says %lld requests, the cloud counted %u",
			   (long long)o->poll.poll_id, (long long)o->poll.requests, w->requests);
	w->poll_id = o->poll.poll_id;
	w->complete = o->poll.outcome == SEEN_COMPLETE;
	o->window = w;
}

/* ---- the feed -----------------------------------------------------------------------------------
 */

static enum entry_kind entry_kind(const char *word)
{
	for (int i = 0; i < ENTRY_OTHER; i++)
		if (strcmp(word, entry_words[i]) == 0)
			return (enum entry_kind)i;
	return ENTRY_OTHER;
}

static void move_row(struct oracle *o, struct image *image, enum entry_kind kind)
{
	struct row *row = &image->row;
	struct listing *l = o->listing_now;
	int from = row->presence;
	bool fits = true;

	switch (kind) {
	case ENTRY_ADDED:
		fits = from == ROW_NONE;
		row->presence = ROW_PRESENT;
		break;
	case ENTRY_RETURNED:
		fits = from == ROW_MISSING || from == ROW_REMOVED;
		row->presence = ROW_PRESENT;
		break;
	case ENTRY_CHANGED: fits = row->presence == ROW_PRESENT; break;
	case ENTRY_MISSING:
		fits = from == ROW_PRESENT;
		row->presence = ROW_MISSING;
		break;
	case ENTRY_REMOVED:
		fits = from == ROW_PRESENT || from == ROW_MISSING;
		row->presence = ROW_REMOVED;
		if (o->gone_count < GONE_MAX)
			o->gone[o->gone_count++] = image;
		break;
	case ENTRY_BASELINE:
	case ENTRY_HELD:
	case ENTRY_RELEASED:
	case ENTRY_OTHER:
	case ENTRY_KINDS: return;
	}
	l->present += row->presence == ROW_PRESENT;
	l->present -= from == ROW_PRESENT;
	if (!fits)
		world_fail(o->world, "poll %lld: entry '%s' for %s, whose row was in state %d",
			   (long long)o->poll.poll_id, entry_words[kind], image->uid, from);
	if ((kind == ENTRY_ADDED || kind == ENTRY_RETURNED) &&
	    !image_existed_within(image, o->window->first_us, o->window->last_us))
		world_fail(o->world, "poll %lld: '%s' for %s, which was not there all the while",
			   (long long)o->poll.poll_id, entry_words[kind], image->uid);
}

/* I6: no gap, nothing but what this poll adds. */
static void read_entry(struct oracle *o, sqlite3_stmt *s, bool has_poll)
{
	int64_t seq = sqlite3_column_int64(s, 0);
	enum entry_kind kind = entry_kind(text_of(s, 1));
	const char *uid = text_of(s, 2);

	if (seq != o->last_seq + 1)
		world_fail(o->world, "the feed goes from %lld to %lld", (long long)o->last_seq,
			   (long long)seq);
	o->last_seq = seq;
	o->feed_hash = oracle_hash_row(o->feed_hash, s);
	o->world->tally->changes++;
	if (!has_poll)
		return;
	if (sqlite3_column_int64(s, 3) != o->poll.listing_id ||
	    sqlite3_column_int64(s, 4) != o->poll.poll_id)
		world_fail(o->world, "poll %lld of listing %lld wrote entry %lld of listing %lld",
			   (long long)o->poll.poll_id, (long long)o->poll.listing_id,
			   (long long)seq, (long long)sqlite3_column_int64(s, 3));
	o->entries[kind]++;
	if (kind == ENTRY_BASELINE)
		o->listing_now->baseline = true;
	if (!*uid)
		return;
	if (!o->was_baseline && (kind == ENTRY_ADDED || kind == ENTRY_CHANGED))
		world_fail(o->world, "poll %lld: '%s' before the baseline",
			   (long long)o->poll.poll_id, text_of(s, 1));
	struct image *image = listing_find(o->listing_now, uid);
	if (image)
		move_row(o, image, kind);
	else
		world_fail(o->world, "poll %lld: '%s' for %s, which the cloud never listed",
			   (long long)o->poll.poll_id, text_of(s, 1), uid);
}

static void read_feed(struct oracle *o, bool has_poll)
{
	memset(o->entries, 0, sizeof(o->entries));
	o->gone_count = o->gone_reported = 0;
	sqlite3_bind_int64(o->changes, 1, o->last_seq);
	while (sqlite3_step(o->changes) == SQLITE_ROW)
		read_entry(o, o->changes, has_poll);
	sqlite3_reset(o->changes);
}

/* ---- a commit -----------------------------------------------------------------------------------
 */

static bool has_changed(struct oracle *o)
{
	int64_t version = 0;

	if (sqlite3_step(o->version) == SQLITE_ROW)
		version = sqlite3_column_int64(o->version, 0);
	sqlite3_reset(o->version);
	if (version == o->data_version)
		return false;
	o->data_version = version;
	return true;
}

static void count_poll(struct oracle *o)
{
	struct tally *t = o->world->tally;

	t->polls++;
	t->requests += o->window->requests;
	t->returned += o->entries[ENTRY_RETURNED];
	t->removed += o->entries[ENTRY_REMOVED];
	switch (o->poll.outcome) {
	case SEEN_COMPLETE: t->complete++; break;
	case SEEN_PARTIAL: t->partial++; break;
	case SEEN_SUSPECT: t->suspect++; break;
	case SEEN_FAILED: t->failures++; break;
	case SEEN_ABORTED: t->aborted++; break;
	case SEEN_OUTCOMES: break;
	}
}

/* I3: what one poll stores is of no other listing. */
static void compare_others(struct oracle *o)
{
	for (unsigned i = 0; i < o->cloud->count; i++) {
		struct listing *l = &o->cloud->listings[i];
		uint64_t before = l->rows_hash;
		if (l == o->listing_now || l->hashed_poll == 0)
			continue;
		rows_scan(o, l, false);
		if (l->rows_hash != before)
			world_fail(o->world, "poll %lld changed rows of listing %lld",
				   (long long)o->poll.poll_id, (long long)l->listing_id);
	}
}

static void judge_commit(struct oracle *o)
{
	struct listing *l = find_listing(o, o->poll.listing_id);

	if (!l)
		return;
	o->last_poll = o->poll.poll_id;
	o->listing_now = l;
	o->present_before = l->present;
	o->was_baseline = l->baseline;
	close_window(o);
	read_feed(o, true);
	world_trace(o->world, "poll %lld of listing %u: %s %s (%u+ %u~ %u? %u- %u^ held %lld)",
		    (long long)o->poll.poll_id, l->number, outcome_words[o->poll.outcome],
		    o->poll.message, o->entries[ENTRY_ADDED], o->entries[ENTRY_CHANGED],
		    o->entries[ENTRY_MISSING], o->entries[ENTRY_REMOVED],
		    o->entries[ENTRY_RETURNED], (long long)o->poll.held);
	count_poll(o);
	l->hashed_poll = 0;
	bool quiet = o->was_baseline && o->entries[ENTRY_ADDED] + o->entries[ENTRY_CHANGED] +
							o->entries[ENTRY_MISSING] +
							o->entries[ENTRY_REMOVED] +
							o->entries[ENTRY_RETURNED] ==
						0;
	if (!quiet || l->changed_us >= o->window->first_us || luck_hits(&o->luck, 150))
		rows_scan(o, l, true);
	verdict_of_poll(o);
	if (luck_hits(&o->luck, 120))
		compare_others(o);
	if (!o->world->failed)
		director_polled(o->world->director, l, o->poll.outcome);
}

void oracle_look(struct oracle *o)
{
	if (o->world->failed || !open_catalog(o) || !has_changed(o))
		return;
	if (read_poll(o, &o->poll))
		judge_commit(o);
	else
		read_feed(o, false);
	if (o->world->failed)
		director_stop(o->world->director);
}
