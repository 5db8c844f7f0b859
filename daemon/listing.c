#include "daemon/listing.h"

#include <stdlib.h>

/*
 * Happy path: ASK 0 → page → STORE, ASK at its last item → … → a page that adds nothing → ASK 0
 * again where more than one page gave items → END.
 * Failures: a page that failed ends the asking; what was stored stays.
 * Order: pages are walked in the order of the chain, whatever the order in which they arrived.
 * A reading that proves nothing but may settle: … → PAUSE → ASK 0 → …
 */

/* Pages without a total to go by; and beyond four times as many as a total needs. */
enum { PAGES_MAX = 20000, PAGES_SPARE = 64 };

/* Pages drawn anew from a shuffled list show all of it after a few rounds. */
enum { SWEEPS_MAX = 12, SWEEPS_FEW = 2 };

static void begin_reading(struct listing *l)
{
	struct evidence *e = &l->evidence;

	*e = (struct evidence){
		.paged = l->config.paged,
		.aligned = l->config.aligned,
		.readings = e->readings + 1,
		.pages_all = e->pages_all,
		.unique_all = e->unique_all,
	};
	l->cursor = l->first_key = l->last_key = 0;
	l->expect_overlap = l->probing = l->first_has_total = l->chain_over = false;
	l->first_units = 0;
	l->sweeps = 0;
	l->ahead = l->stride = 0;
	l->ahead_off = l->first_again_asked = false;
}

void listing_init(struct listing *l, const struct listing_config *config)
{
	assert(config->ahead_max >= 1 && config->ahead_max <= LISTING_ASKED_MAX);
	assert(config->rereads_max <= LISTING_REREADS_MAX);
	*l = (struct listing){ .config = *config };
	l->config.aligned = config->aligned && config->paged;
	begin_reading(l);
}

void listing_finish(struct listing *l)
{
	seen_finish(&l->seen);
}

/* ---- what was seen ----------------------------------------------------------------------- */

/* Order does not matter to a sum. */
static uint64_t mixed(uint64_t key)
{
	key ^= key >> 32;
	key *= UINT64_C(0xD6E8FEB86659FD93);
	key ^= key >> 32;
	return key * UINT64_C(0xD6E8FEB86659FD93);
}

static void count_again(struct listing *l, const struct seen_image *image,
			const struct listing_item *item, bool overlap)
{
	if (overlap)
		return;
	l->evidence.duplicates++;
	/* The same image in twin arrays of one answer may differ: the first one counts. */
	if (image->content != (uint32_t)item->content && image->source == item->source)
		l->evidence.conflicts++;
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
	struct seen_image *image = seen_find(&l->seen, item->key);
	if (!image) {
		l->failed = true;
		return;
	}
	if (image->reading == e->readings) {
		count_again(l, image, item, overlap);
		return;
	}
	/* What an earlier reading showed is stored already, unless it has changed since. */
	item->fresh = image->reading == 0 || image->content != (uint32_t)item->content;
	*image = (struct seen_image){ .key = item->key,
				      .content = (uint32_t)item->content,
				      .source = (uint16_t)item->source,
				      .reading = (uint16_t)e->readings };
	e->unique++;
	e->unique_all = l->seen.used;
	e->set += mixed(item->key);
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

/* Pages of one new item each would take years to reach the cap on items. */
static bool has_too_many_pages(const struct listing *l)
{
	const struct evidence *e = &l->evidence;
	uint64_t pages_max = PAGES_MAX;

	if (e->total_known && e->total >= 0 && (uint64_t)e->total < PAGES_MAX)
		pages_max = 4 * ((uint64_t)e->total / l->stride + 1) + PAGES_SPARE;
	return e->pages > pages_max;
}

/* True when the page begins with the last item of the one before, as it should. */
static bool judge_overlap(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;
	uint64_t first = first_key_of(page);

	if (l->expect_overlap && first == l->last_key && first) {
		e->overlaps++;
		return true;
	}
	if (page->count > 0 && first == l->first_key)
		e->offsets_ignored = true;
	else if (l->expect_overlap) /* also when the page is empty: an item was there a moment ago
				     */
		e->overlap_broken = true;
	return false;
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

/* Once the first page has shown total and real page size, the offsets of the others can be
 * foretold. */
static void plan_ahead(struct listing *l, const struct listing_page *first)
{
	l->ahead = l->stride;
	l->ahead_off = l->config.ahead_max < 2 || !l->evidence.total_known || first->units < 2 ||
		       (int64_t)first->units >= l->evidence.total;
}

/* A page that added nothing is the end, or a hole: the page behind it tells, where one may be. */
static bool may_be_hole(const struct listing *l)
{
	const struct evidence *e = &l->evidence;

	if (l->probing || e->pages == 1 || l->first_units == 0 || e->offsets_ignored)
		return false;
	return !e->total_known || (e->total > 0 && l->cursor + l->first_units < (uint64_t)e->total);
}

static void walk_chain(struct listing *l, const struct listing_page *page, bool added)
{
	struct evidence *e = &l->evidence;
	bool first = e->pages == 1;

	if (first) {
		l->stride = page->units > 1 ? page->units - 1 : 1;
		plan_ahead(l, page);
	} else if (page->units != l->stride + 1) {
		l->ahead_off = true; /* pages are not of one size: what was foretold is wrong */
	}
	if (!added && l->config.paged && may_be_hole(l)) {
		l->probing = true;
		l->expect_overlap = false;
		l->cursor += l->first_units;
		return;
	}
	e->hole = e->hole || (added && l->probing);
	l->probing = false;
	e->end_reached = !added;
	aim(l, page);
}

/* Page behind page, to the total and beyond it; then once more where some were shown twice and
 * others not at all. */
static void walk_aligned(struct listing *l, const struct listing_page *page, bool added)
{
	struct evidence *e = &l->evidence;
	uint64_t offset = l->cursor;
	bool sweep_over = !added && (!e->total_known || (int64_t)offset >= e->total);

	if (e->pages == 1)
		l->stride = page->units > 1 ? page->units : 1;
	if (offset > 0 && !added && page->count == e->first_page_items && page->count > 0 &&
	    first_key_of(page) == l->first_key)
		e->offsets_ignored = true;
	l->ahead_off = true;
	l->cursor += l->stride;
	if (!sweep_over)
		return;
	/* Of a listing that did not settle in polls before this one less is asked. */
	unsigned sweeps_max = l->config.rereads_max < LISTING_REREADS_MAX ? SWEEPS_FEW : SWEEPS_MAX;
	if (e->total_known && (int64_t)e->unique < e->total && e->duplicates > 0 &&
	    ++l->sweeps < sweeps_max)
		l->cursor = 0;
	else
		e->end_reached = true;
}

/* The page at the cursor has come: count it and move on. */
static void walk(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;
	bool first = e->pages == 0, overlaps = false;
	size_t unique_before = e->unique;

	e->pages++;
	e->pages_all++;
	judge_total(l, page);
	if (!page->has_array && !(page->has_total && page->total == 0))
		e->array_absent = true;
	if (first) {
		l->first_key = first_key_of(page);
		l->first_units = page->units;
		e->first_page_items = page->count;
		l->first_has_total = page->has_total;
	} else if (!l->config.aligned) {
		overlaps = judge_overlap(l, page);
	}
	for (size_t i = 0; i < page->count; i++)
		count_item(l, &page->items[i], overlaps && page->items[i].unit == 0);

	bool added = e->unique > unique_before;
	e->pages_with_new += added;
	if (l->config.aligned)
		walk_aligned(l, page, added);
	else
		walk_chain(l, page, added);
	e->too_many = e->unique > LISTING_ITEMS_MAX || has_too_many_pages(l);
	l->chain_over = !l->config.paged || e->end_reached || e->too_many || l->failed ||
			(l->config.aligned && e->offsets_ignored);
}

static void compare_first_again(struct listing *l, const struct listing_page *page)
{
	struct evidence *e = &l->evidence;

	e->pages_all++;
	e->first_again_done = true;
	e->first_again_same =
		first_key_of(page) == l->first_key && page->has_total == l->first_has_total &&
		(!page->has_total || l->config.total_untrusted || page->total == e->total);
}

/* ---- once more? -------------------------------------------------------------------------- */

static bool found_the_same(const struct listing *l)
{
	const struct evidence *e = &l->evidence;

	return l->last.given && l->last.set == e->set && l->last.total == e->total;
}

/* Pages cannot overlap where every offset shows the first page (it may be rounded down to it), or
 * where no page ever began as it should, twice. */
static bool cannot_overlap(struct listing *l)
{
	const struct evidence *e = &l->evidence;

	if (!l->config.paged || e->unique == 0)
		return false;
	l->unmatched += e->overlap_broken && e->overlaps == 0;
	return e->offsets_ignored || l->unmatched >= 2;
}

/* The same doubt about the same images, twice: it is so, and will not settle. An order that
 * changes may change back. */
static bool is_stuck(const struct listing *l, enum doubt doubt)
{
	return found_the_same(l) && l->last.doubt == doubt && doubt != DOUBT_ORDER &&
	       doubt != DOUBT_FIRST_CHANGED;
}

static bool wants_another_chain(struct listing *l, enum doubt doubt)
{
	const struct evidence *e = &l->evidence;
	bool stuck = is_stuck(l, doubt);

	l->last = (struct listing_found){
		.given = true, .set = e->set, .total = e->total, .doubt = doubt
	};
	if (cannot_overlap(l)) {
		l->config.aligned = true;
		l->last.given = false;
		return true;
	}
	return !stuck && l->rereads++ < l->config.rereads_max;
}

/* Without a total, a page that showed an item twice says that the order is not to be trusted. */
static bool wants_another_pass(struct listing *l)
{
	struct evidence *e = &l->evidence;
	bool whole;

	e->agreed = true;
	whole = evidence_doubt(e) == DOUBT_NONE && (e->total_known || e->duplicates == 0);
	e->agreed = whole && l->last.whole && found_the_same(l);
	enum doubt doubt = evidence_doubt(e);
	bool stuck = !whole && is_stuck(l, doubt);
	l->last = (struct listing_found){ true, whole, e->set, e->total, doubt };
	return evidence_may_settle(doubt) && !stuck && !e->offsets_ignored &&
	       ++l->passes <= l->config.rereads_max;
}

static bool wants_another(struct listing *l)
{
	if (l->config.aligned)
		return wants_another_pass(l);
	enum doubt doubt = evidence_doubt(&l->evidence);
	return evidence_may_settle(doubt) && wants_another_chain(l, doubt);
}

unsigned listing_proof_begins(const struct listing *l)
{
	unsigned reading = (unsigned)l->evidence.readings - 1;

	return l->evidence.agreed ? reading - 1 : reading;
}

void listing_resume(struct listing *l)
{
	assert(l->paused);
	l->paused = false;
	begin_reading(l);
}

/* ---- actions ----------------------------------------------------------------------------- */

static struct listing_action nothing(void)
{
	return (struct listing_action){ .kind = LISTING_NONE };
}

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
	return nothing();
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
		return nothing();
	if (l->ahead < l->cursor)
		l->ahead = l->cursor;
	if (l->ahead > last)
		return nothing();
	uint64_t offset = l->ahead;
	/* The last page is a short one, and the chain goes on at the very last item. */
	l->ahead = offset == last              ? last + 1
		   : offset + l->stride > last ? last
					       : offset + l->stride;
	if (find_asked(l, offset) >= 0)
		return ask_ahead(l);
	return ask(l, ASKED_PAGE, offset);
}

static int find_answered(const struct listing *l)
{
	for (unsigned i = 0; i < LISTING_ASKED_MAX; i++)
		if (l->asked[i].kind != ASKED_FREE && l->asked[i].answered)
			return (int)i;
	return -1;
}

static struct listing_action end(struct listing *l)
{
	int answered = find_answered(l);

	if (answered >= 0)
		return hand_back(l, (unsigned)answered, LISTING_DROP);
	if (l->ended)
		return nothing();
	l->ended = true;
	return (struct listing_action){ .kind = LISTING_END };
}

/* The reading is over: what came too early for it goes back, then it ends or begins anew. */
static struct listing_action end_reading(struct listing *l)
{
	int answered = find_answered(l);

	if (answered >= 0)
		return hand_back(l, (unsigned)answered, LISTING_DROP);
	if (l->in_flight > 0)
		return nothing();
	if (!wants_another(l))
		return end(l);
	l->paused = true;
	return (struct listing_action){ .kind = LISTING_PAUSE };
}

struct listing_action listing_next(struct listing *l)
{
	struct evidence *e = &l->evidence;

	if (l->ended || e->interrupted || e->failure != CLASS_NONE || l->failed)
		return end(l);
	if (l->paused)
		return nothing();
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
	if (e->pages_with_new > 1 && !l->config.aligned && !l->first_again_asked) {
		l->first_again_asked = true;
		return ask(l, ASKED_FIRST_AGAIN, 0);
	}
	if (l->first_again_asked && !e->first_again_done)
		return nothing();
	return end_reading(l);
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
	bool needed = !l->chain_over || l->asked[i].kind == ASKED_FIRST_AGAIN;

	l->asked[i] = (struct listing_asked){ .kind = ASKED_FREE };
	l->in_flight--;
	if (needed && l->evidence.failure == CLASS_NONE)
		l->evidence.failure = class;
}

void listing_interrupt(struct listing *l)
{
	l->evidence.interrupted = true;
}
