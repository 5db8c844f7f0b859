#include "daemon/listing.h"

#include <stdlib.h>

/*
 * Happy path: ASK 0 → page → STORE, ASK at its last item → … → a page that adds nothing → ASK 0
 * again where more than one page gave items → END.
 * Failures: a page that failed ends the asking; what was stored stays.
 * Order: pages are walked in the order of the chain, whatever the order in which they arrived.
 */
struct listing_seen {
	uint64_t key;
	uint32_t content; /* enough to tell two contents of one key apart */
	uint32_t source;
};

enum { FIRST_SLOTS = 256 };

/* Pages without a total to go by; and beyond four times as many as a total needs. */
enum { PAGES_MAX = 20000, PAGES_SPARE = 64 };

void listing_init(struct listing *l, const struct listing_config *config)
{
	assert(config->ahead_max >= 1 && config->ahead_max <= LISTING_ASKED_MAX);
	*l = (struct listing){ .config = *config, .evidence = { .paged = config->paged } };
}

void listing_finish(struct listing *l)
{
	free(l->seen);
	l->seen = NULL;
}

/* ---- what was seen ----------------------------------------------------------------------- */

static struct listing_seen *seen_slot(struct listing_seen *seen, size_t slots, uint64_t key)
{
	size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (slots - 1);

	while (seen[slot].key && seen[slot].key != key)
		slot = (slot + 1) & (slots - 1);
	return &seen[slot];
}

static bool seen_reserve(struct listing *l)
{
	if (l->seen_slots && l->evidence.unique < l->seen_slots / 4 * 3)
		return true;
	size_t slots = l->seen_slots ? l->seen_slots * 2 : FIRST_SLOTS;
	struct listing_seen *seen = calloc(slots, sizeof(*seen));
	if (!seen)
		return false;
	for (size_t i = 0; i < l->seen_slots; i++)
		if (l->seen[i].key)
			*seen_slot(seen, slots, l->seen[i].key) = l->seen[i];
	free(l->seen);
	l->seen = seen;
	l->seen_slots = slots;
	return true;
}

/* Counts one item; `overlap` is the item that the page shares with the one before on purpose. */
static void count_item(struct listing *l, struct listing_item *item, bool overlap)
{
	struct evidence *e = &l->evidence;

	item->fresh = false;
	e->items++;
	if (!item->key) {
		e->quarantined += !overlap;
		return;
	}
	if (item->out_of_scope) {
		e->out_of_scope += !overlap;
		return;
	}
	if (!seen_reserve(l)) {
		l->failed = true;
		return;
	}
	struct listing_seen *seen = seen_slot(l->seen, l->seen_slots, item->key);
	if (seen->key) {
		if (overlap)
			return;
		e->duplicates++;
		/* The same image in twin arrays of one answer may differ: the first one counts. */
		if (seen->content != (uint32_t)item->content && seen->source == item->source)
			e->conflicts++;
		return;
	}
	*seen = (struct listing_seen){ item->key, (uint32_t)item->content, item->source };
	e->unique++;
	item->fresh = true;
}

/* ---- the chain --------------------------------------------------------------------------- */

/* An item without a readable id is recognised by its bytes. */
static uint64_t identity_of(const struct listing_item *item)
{
	return item->key ? item->key : item->content;
}

static uint64_t first_key_of(const struct listing_page *page)
{
	return page->count > 0 ? identity_of(&page->items[0]) : 0;
}

/* Where the next page begins: the last element that holds an item, so that both pages show it. */
static void aim(struct listing *l, const struct listing_page *page)
{
	size_t last = page->count > 0 ? page->items[page->count - 1].unit : 0;
	size_t first_of_last = page->count;

	while (first_of_last > 0 && page->items[first_of_last - 1].unit == last)
		first_of_last--;
	l->expect_overlap = last > 0;
	l->last_key = page->count > 0 ? identity_of(&page->items[first_of_last]) : 0;
	l->cursor += last > 0 ? last : page->units > 1 ? page->units : 1;
}

static void judge_total(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;

	if (!page->has_total)
		return;
	e->pages_with_total++;
	if (e->pages_with_total == 1)
		e->total = page->total;
	else if (page->total != e->total)
		e->total_changed = e->total_changed || !l->config.total_untrusted;
	e->total_known = !l->config.total_untrusted;
}

/* Once the first page has shown total and real page size, the offsets of the others can be
 * foretold. */
static void plan_ahead(struct listing *l, const struct listing_page *first)
{
	l->stride = first->units > 1 ? first->units - 1 : 1;
	l->ahead = l->stride;
	l->ahead_off = l->config.ahead_max < 2 || !l->evidence.total_known || first->units < 2 ||
		       (int64_t)first->units >= l->evidence.total;
}

/* Pages of one new item each would take years to reach the cap on items. */
static bool has_too_many_pages(const struct listing *l)
{
	const struct evidence *e = &l->evidence;
	uint64_t pages_max = PAGES_MAX;

	if (e->total_known && e->total >= 0 && (uint64_t)e->total < PAGES_MAX)
		pages_max = 4 * ((uint64_t)e->total / l->stride + 1) + PAGES_SPARE;
	return e->pages > pages_max;
}

/* The page at the cursor has come: count it and move on. */
static void walk(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;
	bool first = e->pages == 0;
	size_t unique_before = e->unique;
	bool overlaps = l->expect_overlap && first_key_of(page) == l->last_key && l->last_key;

	e->pages++;
	judge_total(l, page);
	if (!page->has_array && !(page->has_total && page->total == 0))
		e->array_absent = true;
	if (first) {
		l->first_key = first_key_of(page);
		e->first_page_items = page->count;
		l->first_has_total = page->has_total;
	} else if (page->count > 0 && !overlaps) {
		if (first_key_of(page) == l->first_key)
			e->offsets_ignored = true;
		else if (l->expect_overlap)
			e->overlap_broken = true;
	} else if (page->count == 0 && l->expect_overlap) {
		/* The list shrank below an offset where an item was a moment ago. */
		e->overlap_broken = true;
	}

	for (size_t i = 0; i < page->count; i++)
		count_item(l, &page->items[i], overlaps && page->items[i].unit == 0);
	if (e->unique > unique_before)
		e->pages_with_new++;
	else
		e->end_reached = true;
	if (first)
		plan_ahead(l, page);
	e->too_many = e->unique > LISTING_ITEMS_MAX || has_too_many_pages(l);
	l->chain_over = !l->config.paged || e->end_reached || e->too_many || l->failed;
	if (!first && page->units != l->stride + 1)
		l->ahead_off = true; /* pages are not of one size: what was foretold is wrong */
	aim(l, page);
}

static void compare_first_again(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;

	e->first_again_done = true;
	e->first_again_same =
		first_key_of(page) == l->first_key && page->has_total == l->first_has_total &&
		(!page->has_total || l->config.total_untrusted || page->total == e->total);
}

/* ---- actions ----------------------------------------------------------------------------- */

static struct listing_action hand_back(struct listing *l, unsigned i, enum listing_action_kind kind)
{
	struct listing_action action = {
		.kind = kind, .offset = l->asked[i].offset, .ask = i, .user = l->asked[i].page.user
	};

	l->asked[i] = (struct listing_asked){ .kind = ASKED_FREE };
	return action;
}

static struct listing_action ask(struct listing *l, int kind, uint64_t offset)
{
	for (unsigned i = 0; i < LISTING_ASKED_MAX; i++) {
		if (l->asked[i].kind != ASKED_FREE)
			continue;
		l->asked[i].kind = kind;
		l->asked[i].answered = false;
		l->asked[i].offset = offset;
		l->in_flight++;
		return (struct listing_action){ .kind = LISTING_ASK, .offset = offset, .ask = i };
	}
	return (struct listing_action){ .kind = LISTING_NONE };
}

static int find_asked(const struct listing *l, uint64_t offset)
{
	for (unsigned i = 0; i < LISTING_ASKED_MAX; i++)
		if (l->asked[i].kind == ASKED_PAGE && l->asked[i].offset == offset)
			return (int)i;
	return -1;
}

/* An early page further along the chain, while there is room for one. */
static struct listing_action ask_ahead(struct listing *l)
{
	uint64_t last = l->evidence.total > 0 ? (uint64_t)l->evidence.total - 1 : 0;

	if (l->ahead_off || l->in_flight >= l->config.ahead_max || l->evidence.pages == 0)
		return (struct listing_action){ .kind = LISTING_NONE };
	if (l->ahead < l->cursor)
		l->ahead = l->cursor;
	if (l->ahead > last)
		return (struct listing_action){ .kind = LISTING_NONE };
	uint64_t offset = l->ahead;
	/* The last page is a short one, and the chain goes on at the very last item. */
	l->ahead = offset == last              ? last + 1
		   : offset + l->stride > last ? last
					       : offset + l->stride;
	if (find_asked(l, offset) >= 0)
		return ask_ahead(l);
	return ask(l, ASKED_PAGE, offset);
}

static struct listing_action end(struct listing *l)
{
	for (unsigned i = 0; i < LISTING_ASKED_MAX; i++)
		if (l->asked[i].kind != ASKED_FREE && l->asked[i].answered)
			return hand_back(l, i, LISTING_DROP);
	if (l->ended)
		return (struct listing_action){ .kind = LISTING_NONE };
	l->ended = true;
	return (struct listing_action){ .kind = LISTING_END };
}

struct listing_action listing_next(struct listing *l)
{
	struct evidence *e = &l->evidence;

	if (l->ended || e->interrupted || e->failure != CLASS_NONE || l->failed)
		return end(l);
	if (!l->chain_over) {
		int i = find_asked(l, l->cursor);
		if (i >= 0 && l->asked[i].answered) {
			walk(l, &l->asked[i].page);
			return hand_back(l, (unsigned)i, LISTING_STORE);
		}
		if (i < 0)
			return ask(l, ASKED_PAGE, l->cursor);
		return ask_ahead(l);
	}
	if (e->pages_with_new > 1 && !l->first_again_asked) {
		l->first_again_asked = true;
		return ask(l, ASKED_FIRST_AGAIN, 0);
	}
	if (e->pages_with_new > 1 && !e->first_again_done)
		return (struct listing_action){ .kind = LISTING_NONE };
	return end(l);
}

/* ---- events ------------------------------------------------------------------------------ */

void listing_page(struct listing *l, unsigned i, const struct listing_page *page)
{
	assert(i < LISTING_ASKED_MAX && l->asked[i].kind != ASKED_FREE && !l->asked[i].answered);
	l->asked[i].answered = true;
	l->asked[i].page = *page;
	l->in_flight--;
	if (l->asked[i].kind == ASKED_FIRST_AGAIN)
		compare_first_again(l, page);
}

void listing_failed(struct listing *l, unsigned i, enum error_class class)
{
	assert(i < LISTING_ASKED_MAX && l->asked[i].kind != ASKED_FREE && !l->asked[i].answered);
	l->asked[i] = (struct listing_asked){ .kind = ASKED_FREE };
	l->in_flight--;
	if (l->evidence.failure == CLASS_NONE)
		l->evidence.failure = class;
}

void listing_interrupt(struct listing *l)
{
	l->evidence.interrupted = true;
}
