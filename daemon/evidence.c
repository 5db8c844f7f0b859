#include "daemon/evidence.h"

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* ---- what there is to doubt -------------------------------------------------------------- */

static bool never_ends(const struct evidence *e)
{
	return e->too_many;
}

static bool has_no_array(const struct evidence *e)
{
	return e->array_absent;
}

static bool has_no_id(const struct evidence *e)
{
	return e->quarantined > 0;
}

static bool is_out_of_scope(const struct evidence *e)
{
	return e->out_of_scope > 0;
}

static bool is_in_conflict(const struct evidence *e)
{
	return e->conflicts > 0;
}

static bool total_changed(const struct evidence *e)
{
	return e->total_changed;
}

static bool has_total_sometimes(const struct evidence *e)
{
	return e->total_known && e->pages_with_total < e->pages;
}

static bool total_differs(const struct evidence *e)
{
	return e->total_known && (int64_t)e->unique != e->total;
}

static bool has_no_end(const struct evidence *e)
{
	return e->paged && !e->end_reached;
}

static bool has_hole(const struct evidence *e)
{
	return e->hole;
}

/* With everything in the first page, offsets do not matter. */
static bool ignores_offsets(const struct evidence *e)
{
	return e->offsets_ignored && !(e->total_known && e->first_page_items == e->unique);
}

static bool changed_order(const struct evidence *e)
{
	return e->overlap_broken && !e->offsets_ignored && !e->aligned;
}

static bool has_not_agreed(const struct evidence *e)
{
	bool in_one_page = e->total_known && e->first_page_items == e->unique;

	return e->aligned && !e->agreed && !in_one_page;
}

static bool needs_first_again(const struct evidence *e)
{
	return e->pages_with_new > 1 && !e->aligned;
}

static bool first_is_unread(const struct evidence *e)
{
	return needs_first_again(e) && !e->first_again_done;
}

static bool first_changed(const struct evidence *e)
{
	return needs_first_again(e) && !e->first_again_same;
}

static bool took_too_long(const struct evidence *e)
{
	return e->span_ms >= EVIDENCE_SPAN_MAX_MS;
}

static bool changed_key(const struct evidence *e)
{
	return e->key_changed;
}

/* In the order in which they are told: the first that holds is the sentence. */
/* clang-format off */
static const struct {
	bool (*holds)(const struct evidence *e);
	bool may_settle;
	const char *sentence; /* NULL: it has numbers */
} doubts[DOUBT_COUNT] = {
	[DOUBT_ENDLESS]         = { never_ends,          false, "the listing does not end" },
	[DOUBT_NO_ARRAY]        = { has_no_array,        false, "an answer had no list of images" },
	[DOUBT_NO_ID]           = { has_no_id,           false, NULL },
	[DOUBT_SCOPE]           = { is_out_of_scope,     false, NULL },
	[DOUBT_CONFLICT]        = { is_in_conflict,      true,  NULL },
	[DOUBT_TOTAL_CHANGED]   = { total_changed,       true,  "the total changed between pages" },
	[DOUBT_TOTAL_SOMETIMES] = { has_total_sometimes, true,  "some pages have a total and some have none" },
	[DOUBT_TOTAL]           = { total_differs,       true,  NULL },
	[DOUBT_NO_END]          = { has_no_end,          true,  "the end of the listing was not reached" },
	[DOUBT_HOLE]            = { has_hole,            true,  "a page in the middle of the listing was empty" },
	[DOUBT_OFFSETS]         = { ignores_offsets,     true,  "every offset gives the first page again" },
	[DOUBT_ORDER]           = { changed_order,       true,  "the order of images changed between pages" },
	[DOUBT_NOT_AGREED]      = { has_not_agreed,      true,  "no two readings of it agree" },
	[DOUBT_FIRST_UNREAD]    = { first_is_unread,     true,  "the first page was not read again at the end" },
	[DOUBT_FIRST_CHANGED]   = { first_changed,       true,  "the first page changed while the others were read" },
	[DOUBT_SPAN]            = { took_too_long,       false, NULL },
	[DOUBT_KEY]             = { changed_key,         false, "the account's key was changed while it was read" },
};
/* clang-format on */

enum doubt evidence_doubt(const struct evidence *e)
{
	for (enum doubt doubt = DOUBT_NONE + 1; doubt < DOUBT_COUNT; doubt++)
		if (doubts[doubt].holds(e))
			return doubt;
	return DOUBT_NONE;
}

bool evidence_may_settle(enum doubt doubt)
{
	return doubts[doubt].may_settle;
}

/* ---- the sentence ------------------------------------------------------------------------ */

static void put_numbers(struct buf *why, const struct evidence *e, enum doubt doubt)
{
	if (doubt == DOUBT_NO_ID)
		buf_printf(why, "%zu %s no readable id", e->quarantined,
			   plural(e->quarantined, "item has", "items have"));
	else if (doubt == DOUBT_SCOPE)
		buf_printf(why, "%zu %s to a place that was not asked for", e->out_of_scope,
			   plural(e->out_of_scope, "image belongs", "images belong"));
	else if (doubt == DOUBT_CONFLICT)
		buf_printf(why, "%zu %s listed twice with different content", e->conflicts,
			   plural(e->conflicts, "image is", "images are"));
	else if (doubt == DOUBT_TOTAL)
		buf_printf(why, "the cloud says %lld %s, %zu %s listed", (long long)e->total,
			   plural((size_t)e->total, "image", "images"), e->unique,
			   plural(e->unique, "was", "were"));
	else if (doubt == DOUBT_SPAN)
		buf_printf(why,
			   "reading it took %lld s, too long to be one moment; a higher "
			   "requests_per_second would help",
			   (long long)(e->span_ms / 1000));
}

static void put_doubt(struct buf *why, const struct evidence *e, enum doubt doubt)
{
	if (doubts[doubt].sentence)
		buf_puts(why, doubts[doubt].sentence);
	else
		put_numbers(why, e, doubt);
	if (e->readings > 1)
		buf_printf(why, "; it was read %zu times", e->readings);
}

enum outcome evidence_judge(const struct evidence *e, struct buf *why)
{
	bool seen = e->unique_all > 0;

	if (e->interrupted) {
		buf_puts(why, "stopped before it was read to its end");
		return OUTCOME_ABORTED;
	}
	if (e->failure != CLASS_NONE) {
		if (seen)
			buf_printf(why, "%zu images were read before a page failed", e->unique_all);
		return seen ? OUTCOME_PARTIAL : OUTCOME_FAILED;
	}
	enum doubt doubt = evidence_doubt(e);
	if (doubt == DOUBT_NONE)
		return OUTCOME_COMPLETE;
	put_doubt(why, e, doubt);
	return seen ? OUTCOME_PARTIAL : OUTCOME_FAILED;
}
