#include "daemon/harvest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SPOOL_MEMORY_BYTES = 1024 * 1024 };

/* A hostile cloud must not make the list of its oddities a catalog of its own. */
enum { DRIFTS_MAX = 1000 };

int harvest_init(struct harvest *h, const struct runtime *runtime, struct watch *watch,
		 void (*stored)(struct harvest *harvest))
{
	*h = (struct harvest){ .runtime = runtime, .watch = watch, .stored = stored };
	list_init(&h->accepted);
	h->sightings = calloc(watch->known.count + 1, sizeof(*h->sightings));
	return h->sightings ? 0 : -ENOMEM;
}

void harvest_finish(struct harvest *h)
{
	assert(h->jobs == 0);
	while (h->accepted.next && !list_empty(&h->accepted))
		harvest_drop(list_first(&h->accepted, struct harvest_page, link));
	recall_finish(&h->recall);
	spool_close(h->spool);
	arena_finish(&h->drift_arena);
	free(h->drifts);
	free(h->sightings);
	*h = (struct harvest){ 0 };
}

/* ---- one page ---------------------------------------------------------------------------- */

struct harvest_page *harvest_take(struct harvest *h, struct fetch *f)
{
	struct harvest_page *p = calloc(1, sizeof(*p));
	struct listing_item *items = calloc(f->page.count + 1, sizeof(*items));

	if (!p || !items) {
		free(p);
		free(items);
		return NULL;
	}
	for (size_t i = 0; i < f->page.count; i++)
		items[i] = (struct listing_item){ .key = f->page.items[i].key,
						  .content = f->page.items[i].content,
						  .source = f->page.items[i].source,
						  .unit = f->page.items[i].unit,
						  .out_of_scope = f->page.items[i].out_of_scope };
	p->harvest = h;
	p->page = f->page;
	p->items = items;
	p->body_hash = f->body_hash;
	p->recalled = f->recalled;
	p->reading = h->reading;
	list_init(&p->link);
	f->page = (struct page){ 0 };
	return p;
}

struct listing_page harvest_show(struct harvest_page *p)
{
	return (struct listing_page){ .items = p->items,
				      .count = p->page.count,
				      .units = p->page.units,
				      .has_total = p->page.has_total,
				      .has_array = p->page.has_array,
				      .total = p->page.total,
				      .user = p };
}

void harvest_drop(struct harvest_page *p)
{
	list_remove(&p->link);
	free(p->items);
	page_finish(&p->page);
	free(p);
}

void harvest_begin_reading(struct harvest *h)
{
	h->reading++;
	h->warnings = 0; /* the same images give the same warnings */
}

static void mark_seen(struct harvest *h, const struct harvest_page *p)
{
	const struct known *known = &h->watch->known;

	for (size_t i = 0; i < p->page.count; i++) {
		const struct page_item *item = &p->page.items[i];
		if (!item->key || item->out_of_scope)
			continue;
		const struct known_entry *entry =
			item->known ? item->known : known_by_key(known, item->key);
		if (!entry)
			continue;
		struct sighting *seen = &h->sightings[entry - known->entries];
		if (!seen->reading)
			seen->changed = !item->known;
		seen->reading = (uint8_t)p->reading;
	}
}

static struct recall_page facts_of(const struct harvest_page *p)
{
	return (struct recall_page){ .body = p->body_hash,
				     .total = p->page.total,
				     .has_total = p->page.has_total,
				     .has_array = p->page.has_array,
				     .warnings = p->page.warnings,
				     .units = p->page.units,
				     .count = p->page.count };
}

/* A page that was read: only its facts and fingerprints are needed, its memory is gone. */
static void remember_page(struct harvest *h, const struct harvest_page *p)
{
	struct recall_page page = facts_of(p);
	struct page_item *items = calloc(page.count + 1, sizeof(*items));
	bool whole = p->page.skipped == 0;

	for (size_t i = 0; i < page.count && items; i++) {
		items[i] = (struct page_item){ .key = p->items[i].key,
					       .content = p->items[i].content,
					       .unit = p->items[i].unit };
		whole = whole && p->items[i].key && !p->items[i].out_of_scope;
	}
	if (items && whole)
		recall_add(&h->recall, &h->watch->known, &page, items);
	free(items);
}

/* ---- spooling, on the writer's thread ---------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool keep_drift(struct harvest *h, const struct page_drift *drift)
{
	for (size_t i = 0; i < h->drift_count; i++)
		if (same_text(h->drifts[i].path, drift->path) &&
		    same_text(h->drifts[i].native, drift->native))
			return true;
	if (h->drift_count == DRIFTS_MAX)
		return true;
	if (h->drift_count == h->drift_size) {
		size_t size = h->drift_size ? h->drift_size * 2 : 16;
		struct page_drift *grown = realloc(h->drifts, size * sizeof(*grown));
		if (!grown)
			return false;
		h->drifts = grown;
		h->drift_size = size;
	}
	struct arena *arena = &h->drift_arena;
	h->drifts[h->drift_count] = (struct page_drift){
		.path = arena_string(arena, drift->path),
		.json_type = drift->json_type ? arena_string(arena, drift->json_type) : NULL,
		.native = drift->native ? arena_string(arena, drift->native) : NULL,
	};
	if (arena->failed)
		return false;
	h->drift_count++;
	return true;
}

static int spool_page(struct harvest *h, const struct harvest_page *p)
{
	int rc = 0;

	if (!h->spool)
		rc = spool_open(&h->spool, h->runtime->spool_directory, SPOOL_MEMORY_BYTES);
	for (size_t i = 0; i < p->page.count && rc == 0; i++) {
		const struct page_item *item = &p->page.items[i];
		if (!item->record || !p->items[i].fresh)
			continue;
		struct spooled spooled = { .key = item->key,
					   .content = item->content,
					   .record = *item->record };
		rc = spool_put(h->spool, &spooled);
	}
	for (size_t i = 0; i < p->page.drift_count && rc == 0; i++)
		rc = keep_drift(h, &p->page.drifts[i]) ? 0 : -ENOMEM;
	return rc;
}

static void run_spool(struct store *store, struct writer_job *job)
{
	struct harvest_page *p = container_of(job, struct harvest_page, job);
	struct harvest *h = p->harvest;

	(void)store;
	if (h->spool_error == 0)
		h->spool_error = spool_page(h, p);

	/* The records' memory goes here and not on the loop: it may be much. */
	struct page facts = { .has_array = p->page.has_array,
			      .has_total = p->page.has_total,
			      .total = p->page.total,
			      .count = p->page.count,
			      .units = p->page.units,
			      .skipped = p->page.skipped,
			      .warnings = p->page.warnings };
	page_finish(&p->page);
	p->page = facts;
	list_append(&h->accepted, &p->link);
}

static void on_spooled(struct writer_job *job)
{
	struct harvest_page *p = container_of(job, struct harvest_page, job);
	struct harvest *h = p->harvest;

	h->jobs--;
	h->stored(h);
}

void harvest_store(struct harvest_page *p)
{
	struct harvest *h = p->harvest;

	mark_seen(h, p);
	if (p->reading == h->reading)
		h->warnings += p->page.warnings;
	if (p->recalled) {
		/* It is whole, and its items know their entries. */
		struct recall_page page = facts_of(p);
		recall_add(&h->recall, &h->watch->known, &page, p->page.items);
		harvest_drop(p);
		return;
	}
	p->job = (struct writer_job){ .run = run_spool, .done = on_spooled };
	h->jobs++;
	writer_submit(h->runtime->writer, &p->job);
}

/* ---- before and after the commit --------------------------------------------------------- */

int harvest_compare(const struct harvest *h, bool all_seen, struct commit *commit)
{
	const struct known *known = &h->watch->known;

	commit->absent_count = commit->returned_count = 0;
	commit->absent = calloc(known->count + 1, sizeof(struct known_entry));
	commit->returned = calloc(known->count + 1, sizeof(struct known_entry));
	if (!commit->absent || !commit->returned)
		return -ENOMEM;
	for (size_t i = 0; i < known->count; i++) {
		const struct known_entry *entry = &known->entries[i];
		const struct sighting *seen = &h->sightings[i];
		/* One that an earlier reading showed and the last, whole one did not, is gone. */
		bool absent = all_seen && seen->reading != h->reading;
		if (absent && entry->presence != PRESENCE_REMOVED)
			commit->absent[commit->absent_count++] = *entry;
		/* An image that came back changed is in the spool. */
		if (!absent && seen->reading && !seen->changed &&
		    entry->presence != PRESENCE_PRESENT)
			commit->returned[commit->returned_count++] = *entry;
	}
	return 0;
}

static bool learn(struct watch *w, const struct known_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (known_put(&w->known, &entries[i]) < 0)
			return false;
	return true;
}

/* What was stored in this very poll keeps its new content. */
static bool learn_presence(struct watch *w, const struct known_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct known_entry entry = *known_by_key(&w->known, entries[i].key);
		entry.presence = entries[i].presence;
		if (known_put(&w->known, &entry) < 0)
			return false;
	}
	return true;
}

void harvest_learn(struct harvest *h, const struct commit *commit, bool complete)
{
	struct watch *w = h->watch;

	if (!learn(w, commit->stored, commit->stored_count) ||
	    !learn_presence(w, commit->returned, commit->returned_count) ||
	    !learn_presence(w, commit->absent, commit->absent_count)) {
		watch_forget(w);
		return;
	}
	if (!complete)
		return; /* the pages of the last complete poll stay the better memory */
	for (struct list *link = h->accepted.next; link != &h->accepted; link = link->next) {
		const struct harvest_page *p = container_of(link, struct harvest_page, link);
		if (p->reading == h->reading)
			remember_page(h, p);
	}
	recall_finish(&w->recall);
	w->recall = h->recall;
	recall_init(&h->recall);
}
