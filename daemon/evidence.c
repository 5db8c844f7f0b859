#include "daemon/evidence.h"

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* The first reason why the listing is not proved whole; false when it is. */
static bool find_doubt(const struct evidence *e, struct buf *why)
{
	if (e->too_many)
		buf_puts(why, "the listing does not end");
	else if (e->array_absent)
		buf_puts(why, "an answer had no list of images");
	else if (e->quarantined > 0)
		buf_printf(why, "%zu %s no readable id", e->quarantined,
			   plural(e->quarantined, "item has", "items have"));
	else if (e->out_of_scope > 0)
		buf_printf(why, "%zu %s to a place that was not asked for", e->out_of_scope,
			   plural(e->out_of_scope, "image belongs", "images belong"));
	else if (e->conflicts > 0)
		buf_printf(why, "%zu %s listed twice with different content", e->conflicts,
			   plural(e->conflicts, "image is", "images are"));
	else if (e->total_changed)
		buf_puts(why, "the total changed between pages");
	else if (e->total_known && e->pages_with_total < e->pages)
		buf_puts(why, "some pages have a total and some have none");
	else if (e->total_known && (int64_t)e->unique != e->total)
		buf_printf(why, "the cloud says %lld %s, %zu %s listed", (long long)e->total,
			   plural((size_t)e->total, "image", "images"), e->unique,
			   plural(e->unique, "was", "were"));
	else if (e->paged && !e->end_reached)
		buf_puts(why, "the end of the listing was not reached");
	else if (e->offsets_ignored && !(e->total_known && e->first_page_items == e->unique))
		buf_puts(why, "every offset gives the first page again");
	else if (e->overlap_broken && !e->offsets_ignored)
		buf_puts(why, "the order of images changed between pages");
	else if (e->pages_with_new > 1 && !e->first_again_done)
		buf_puts(why, "the first page was not read again at the end");
	else if (e->pages_with_new > 1 && !e->first_again_same)
		buf_puts(why, "the first page changed while the others were read");
	else if (e->span_ms >= EVIDENCE_SPAN_MAX_MS)
		buf_printf(why,
			   "reading it took %lld s, too long to be one moment; a higher "
			   "requests_per_second would help",
			   (long long)(e->span_ms / 1000));
	else
		return false;
	return true;
}

enum outcome evidence_judge(const struct evidence *e, struct buf *why)
{
	if (e->interrupted) {
		buf_puts(why, "stopped before it was read to its end");
		return OUTCOME_ABORTED;
	}
	if (e->failure != CLASS_NONE) {
		if (e->unique > 0)
			buf_printf(why, "%zu images were read before a page failed", e->unique);
		return e->unique > 0 ? OUTCOME_PARTIAL : OUTCOME_FAILED;
	}
	if (!find_doubt(e, why))
		return OUTCOME_COMPLETE;
	return e->unique > 0 ? OUTCOME_PARTIAL : OUTCOME_FAILED;
}
