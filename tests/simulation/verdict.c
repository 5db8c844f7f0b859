/*
 * The invariants of one poll, as questions to the cloud's log.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/oracle.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

/* ---- the rows -----------------------------------------------------------------------------------
 */

static const char *text_of(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

static const char *const presence_words[] = {
	[ROW_NONE] = "",
	[ROW_PRESENT] = "present",
	[ROW_MISSING] = "missing",
	[ROW_REMOVED] = "removed",
};

/* One of the versions that were true at some instant of the window. */
static bool has_true_content(const struct image *image, const struct window *w, const char *name,
			     const char *state)
{
	for (size_t i = 0; i < image->version_count; i++) {
		const struct version *v = &image->versions[i];
		bool is_last = i + 1 == image->version_count;
		if (v->from_us > w->last_us || (!is_last && v[1].from_us <= w->first_us))
			continue;
		if (strcmp(name, v->name) == 0 &&
		    strcmp(state, v->state ? v->state->state : "available") == 0)
			return true;
	}
	return false;
}

static void judge_content(struct oracle *o, const struct image *image, sqlite3_stmt *s)
{
	const struct window *w = o->window;

	if (o->poll.outcome != SEEN_COMPLETE || image->row.presence != ROW_PRESENT ||
	    image->mangled_us >= w->first_us ||
	    image_was_absent_within(image, w->first_us, w->last_us))
		return;
	if (!has_true_content(image, w, text_of(s, 6), text_of(s, 7)))
		world_fail(o->world, "poll %lld: %s is '%s', %s: the cloud did not say that",
			   (long long)o->poll.poll_id, image->uid, text_of(s, 6), text_of(s, 7));
}

/* I14, I15: times in order; the row stays what it is. */
static void judge_row(struct oracle *o, struct listing *l, sqlite3_stmt *s)
{
	struct image *image = listing_find(l, text_of(s, 0));
	int64_t first = sqlite3_column_int64(s, 2), last = sqlite3_column_int64(s, 3);
	int64_t revision = sqlite3_column_int64(s, 5);

	if (!image) {
		world_fail(o->world, "a row for %s, which the cloud never listed", text_of(s, 0));
		return;
	}
	struct row *row = &image->row;
	if (row->presence == ROW_NONE && !o->was_baseline &&
	    strcmp(text_of(s, 1), "present") == 0) {
		row->presence = ROW_PRESENT;
		l->present++;
	}
	if (strcmp(text_of(s, 1), presence_words[row->presence]) != 0)
		world_fail(o->world, "poll %lld: %s is %s, by the feed it is '%s'",
			   (long long)o->poll.poll_id, image->uid, text_of(s, 1),
			   presence_words[row->presence]);
	if (row->scanned && (row->first_seen_at != first || row->revision > revision))
		world_fail(o->world, "poll %lld: %s is another row than before",
			   (long long)o->poll.poll_id, image->uid);
	row->scanned = true;
	row->first_seen_at = first;
	row->revision = revision;
	if (!o->world->wall_was_set && (first > last || last > o->poll.finished_at))
		world_fail(o->world, "%s: first seen %lld, last %lld, now %lld", image->uid,
			   (long long)first, (long long)last, (long long)o->poll.finished_at);
	if (strcmp(text_of(s, 8), "reported") == 0)
		for (size_t i = 0; i < o->gone_count; i++)
			o->gone_reported += o->gone[i] == image;
	judge_content(o, image, s);
}

static void judge_sum(struct oracle *o, struct listing *l, size_t rows)
{
	size_t known = 0;

	for (size_t i = 0; i < l->image_count; i++)
		known += l->images[i]->row.presence != ROW_NONE;
	if (known != rows)
		world_fail(o->world, "listing %lld has %zu rows, by the feed %zu",
			   (long long)l->listing_id, rows, known);
	sqlite3_bind_int64(o->listing, 1, l->listing_id);
	if (sqlite3_step(o->listing) == SQLITE_ROW &&
	    sqlite3_column_int64(o->listing, 4) != (int64_t)l->present)
		world_fail(o->world, "listing %lld: images_present is %lld, %zu rows are",
			   (long long)l->listing_id, (long long)sqlite3_column_int64(o->listing, 4),
			   l->present);
	sqlite3_reset(o->listing);
}

void rows_scan(struct oracle *o, struct listing *l, bool judges)
{
	size_t rows = 0;

	l->rows_hash = 0;
	l->hashed_poll = o->last_poll;
	sqlite3_bind_int64(o->rows, 1, l->listing_id);
	while (sqlite3_step(o->rows) == SQLITE_ROW) {
		rows++;
		l->rows_hash = oracle_hash_row(l->rows_hash, o->rows);
		if (judges)
			judge_row(o, l, o->rows);
	}
	sqlite3_reset(o->rows);
	if (judges)
		judge_sum(o, l, rows);
}

/* ---- removal ------------------------------------------------------------------------------------
 */

static void tell_false_removal(struct oracle *o, const struct image *image, size_t k,
			       const struct window *w)
{
	struct buf log;

	buf_init(&log);
	image_put_log(&log, image);
	o->world->tally->false_removals++;
	world_fail(o->world,
		   "FALSE REMOVAL by poll %lld of listing %u (%s %s): %s was there during all of "
		   "[%.3f, %.3f], the window of poll %lld, complete, the %zu. before it counting; "
		   "the cloud's log: %s",
		   (long long)o->poll.poll_id, o->listing_now->number,
		   o->listing_now->dialect->provider, o->listing_now->dialect->service, image->id,
		   (double)w->first_us / 1e6, (double)w->last_us / 1e6, (long long)w->poll_id, k,
		   buf_text(&log));
	buf_finish(&log);
}

static bool was_final(const struct image *image)
{
	for (size_t i = 0; i < image->version_count; i++)
		if (image->versions[i].state && image->versions[i].state->final)
			return true;
	return false;
}

static unsigned removal_after(const struct oracle *o)
{
	bool without_total = o->listing_now->dialect->offset && o->window->with_total == 0;

	return o->removal_after + without_total;
}

/* I1, I2: each of the last K complete polls has an instant at which the image was not there. */
static void judge_removal(struct oracle *o, const struct image *image)
{
	const struct listing *l = o->listing_now;
	unsigned needed = was_final(image) ? 1 : removal_after(o);
	size_t k = 0;

	for (size_t i = l->window_count; i-- > 0 && k < needed;) {
		const struct window *w = &l->windows[i];
		if (!w->complete)
			continue;
		if (!image_was_absent_within(image, w->first_us, w->last_us)) {
			tell_false_removal(o, image, k, w);
			return;
		}
		k++;
	}
	if (k < needed)
		world_fail(o->world, "poll %lld removed %s after %zu complete polls of %u",
			   (long long)o->poll.poll_id, image->uid, k, needed);
}

bool drop_may_be_held(const struct listing *l, const struct window *w, size_t present)
{
	size_t absent = 0;

	for (size_t i = 0; i < l->image_count; i++)
		absent += l->images[i]->row.presence == ROW_PRESENT &&
			  image_was_absent_within(l->images[i], w->first_us, w->last_us);
	return (absent > 10 && absent * 100 > present * 20) || (present > 0 && w->listed_min == 0);
}

/* I12: more than the brake lets through only after a release. */
static void judge_brake(struct oracle *o)
{
	size_t absent = o->entries[ENTRY_MISSING] + o->entries[ENTRY_REMOVED] - o->gone_reported;

	if (o->entries[ENTRY_RELEASED] > 0 || o->entries[ENTRY_MISSING] == 0)
		return;
	/* Those that were missing already when they were removed passed the brake before. */
	absent -= o->entries[ENTRY_REMOVED] - o->gone_reported;
	if (absent > 10 && absent * 100 > o->present_before * 20)
		world_fail(o->world, "poll %lld believed that %zu of %zu images are gone at once",
			   (long long)o->poll.poll_id, absent, o->present_before);
	if (o->window->listed_max == 0 && o->was_baseline)
		world_fail(o->world, "poll %lld believed an empty list",
			   (long long)o->poll.poll_id);
}

/* ---- complete -----------------------------------------------------------------------------------
 */

bool memory_was_short(const struct oracle *o, const struct window *w)
{
	return o->short_until_us > 0 && w->first_us <= o->short_until_us;
}

/* Nothing changed in the cloud, nothing failed, while it ran. */
bool window_is_calm(const struct listing *l, const struct window *w)
{
	return !memory_was_short(l->world->oracle, w) && w->faulty == 0 && l->fault_count == 0 &&
	       l->changed_us < w->first_us && w->requests > 0;
}

/* M3 */
static void judge_stay(struct oracle *o, const struct image *image)
{
	const struct listing *l = o->listing_now;
	unsigned needed = removal_after(o) + 1, k = 0;
	int64_t since_us = INT64_MAX;

	if (image->row.presence != ROW_PRESENT && image->row.presence != ROW_MISSING)
		return;
	for (size_t i = l->window_count; i-- > 0 && k < needed;)
		if (l->windows[i].complete) {
			since_us = l->windows[i].first_us;
			k++;
		}
	if (k == needed && !image_existed_within(image, since_us, o->world->now_us))
		world_fail(o->world, "%s is still %s, %u complete polls after it went", image->uid,
			   presence_words[image->row.presence], k);
}

static void judge_complete(struct oracle *o, bool calm)
{
	const struct listing *l = o->listing_now;
	const struct window *w = o->window;

	for (size_t i = 0; i < l->image_count; i++) {
		const struct image *image = l->images[i];
		judge_stay(o, image);
		if (image->row.presence == ROW_PRESENT ||
		    image_was_absent_within(image, w->first_us, w->last_us))
			continue;
		/* Several changes between two pages may hide an image from one complete poll, not
		 * from K; a single one may not. */
		o->world->tally->overlooked++;
		if (calm || (w->faulty == 0 && w->happened <= 1 && !w->had_burst))
			world_fail(o->world, "complete poll %lld overlooked %s, after %u changes",
				   (long long)o->poll.poll_id, image->uid, w->happened);
	}
}

/* I12: a drop that stays is believed in the end, and only then. */
static void judge_hold(struct oracle *o, bool held)
{
	struct listing *l = o->listing_now;

	if (!held || l->held == 0 || l->changed_us >= l->held_us) {
		l->held = 0;
		l->held_us = o->window->first_us;
	}
	l->held += held;
	int64_t held_s = (o->window->first_us - l->held_us) / 1000000;
	if (l->held > o->hold_polls + 1 && held_s > o->hold_s)
		world_fail(o->world, "%u polls of a calm cloud over %lld s: the drop is held still",
			   l->held, (long long)held_s);
}

/* M5: whatever others suffer, its turn comes. */
static void judge_lateness(struct oracle *o)
{
	const struct listing *l = o->listing_now;

	if (l->window_count < 2 || o->restarted_us > l->windows[l->window_count - 2].first_us)
		return;
	int64_t gap_us = o->window->first_us - l->windows[l->window_count - 2].first_us;
	if (l->windows[l->window_count - 2].calm && gap_us > 3 * o->interval_s * INT64_C(1000000))
		world_fail(o->world, "M5: listing %u, in peace, was not asked for %lld s",
			   l->number, (long long)gap_us / 1000000);
}

static void judge_calm(struct oracle *o, bool calm)
{
	struct listing *l = o->listing_now;
	const struct window *w = o->window;
	bool held = o->poll.outcome == SEEN_SUSPECT && drop_may_be_held(l, w, o->present_before);
	bool aborted = o->poll.outcome == SEEN_ABORTED && o->stopping;
	size_t pages = l->page_max > 1 ? l->list_count / (l->page_max - 1) + 1 : l->list_count;

	judge_hold(o, calm && held);
	if (!calm) {
		l->calm = 0;
		return;
	}
	judge_lateness(o);
	o->window->calm = true;
	o->world->tally->calm_polls++;
	if (o->poll.outcome != SEEN_COMPLETE && !held && !aborted)
		world_fail(o->world, "M1: poll %lld of a calm, healthy cloud is not complete: %s",
			   (long long)o->poll.poll_id, o->poll.message);
	if (w->requests > 2 * pages + 6)
		world_fail(o->world, "poll %lld took %u requests for %zu pages",
			   (long long)o->poll.poll_id, w->requests, pages);
	if (o->poll.outcome != SEEN_COMPLETE || l->window_count < 2 ||
	    l->changed_us >= l->windows[l->window_count - 2].first_us) {
		l->calm = 0;
		return;
	}
	l->calm++;
	unsigned entries = 0;
	for (int i = 0; i < ENTRY_KINDS; i++)
		entries += o->entries[i];
	if (l->calm > removal_after(o) + 1 && entries > 0)
		world_fail(o->world, "I9: poll %lld of an unchanged cloud wrote %u entries",
			   (long long)o->poll.poll_id, entries);
}

static void judge_counts(struct oracle *o)
{
	const struct poll_row *p = &o->poll;
	const unsigned *e = o->entries;

	if (p->missing != e[ENTRY_MISSING] || p->removed != e[ENTRY_REMOVED] ||
	    (o->was_baseline && (p->added != e[ENTRY_ADDED] || p->returned != e[ENTRY_RETURNED] ||
				 p->changed < e[ENTRY_CHANGED])))
		world_fail(o->world,
			   "poll %lld counts %lld added, %lld changed, %lld missing, "
			   "%lld removed, %lld returned; the feed %u, %u, %u, %u, %u",
			   (long long)p->poll_id, (long long)p->added, (long long)p->changed,
			   (long long)p->missing, (long long)p->removed, (long long)p->returned,
			   e[ENTRY_ADDED], e[ENTRY_CHANGED], e[ENTRY_MISSING], e[ENTRY_REMOVED],
			   e[ENTRY_RETURNED]);
}

void verdict_of_poll(struct oracle *o)
{
	bool calm = window_is_calm(o->listing_now, o->window);
	bool complete = o->poll.outcome == SEEN_COMPLETE;

	judge_counts(o);
	if (!complete && o->entries[ENTRY_MISSING] + o->entries[ENTRY_REMOVED] > 0)
		world_fail(o->world, "I4: poll %lld is not complete and moved rows towards removal",
			   (long long)o->poll.poll_id);
	if (o->poll.outcome == SEEN_ABORTED && !o->stopping)
		world_fail(o->world, "poll %lld was aborted by nobody", (long long)o->poll.poll_id);
	if ((complete || o->poll.outcome == SEEN_SUSPECT) && o->window->answers > 0 &&
	    o->window->spoiled == o->window->answers)
		world_fail(o->world, "poll %lld is called whole, but no answer of it was a list",
			   (long long)o->poll.poll_id);
	if (o->poll.outcome == SEEN_SUSPECT &&
	    !drop_may_be_held(o->listing_now, o->window, o->present_before))
		world_fail(o->world, "poll %lld is suspect for no reason: %s",
			   (long long)o->poll.poll_id, o->poll.message);
	if (complete) {
		for (size_t i = 0; i < o->gone_count; i++)
			judge_removal(o, o->gone[i]);
		judge_brake(o);
		judge_complete(o, calm);
	}
	judge_calm(o, calm);
}
