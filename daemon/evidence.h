/*
 * What a poll saw of its listing, and the one function that decides what it proves.
 *
 * Pure data and a pure function: no clock, no I/O.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "imagecat/provider.h"
#include "store/store.h"

/* Longer, and what the first page said may no longer hold when the last one arrives. */
enum { EVIDENCE_SPAN_MAX_MS = 60 * 1000 };

struct evidence {
	/* Filled by daemon/listing from the pages that it accepted. */
	bool paged;   /* the service is asked page by page */
	size_t pages; /* accepted; re-reads are not counted */
	size_t pages_with_new;
	size_t items;        /* received in them */
	size_t unique;       /* different keys among them */
	size_t duplicates;   /* items seen before, the one of each overlap excepted */
	size_t conflicts;    /* duplicates with other content */
	size_t quarantined;  /* items without a readable id */
	size_t out_of_scope; /* items of a place that was not asked for */
	size_t first_page_items;

	size_t pages_with_total;
	bool total_known; /* some page had one, and it is believed */
	int64_t total;    /* the first page's */
	bool total_changed;

	bool array_absent;     /* a page had no image array and did not say that there is none */
	bool overlap_broken;   /* a page did not begin with the last item of the one before */
	bool offsets_ignored;  /* later offsets gave the first page again */
	bool end_reached;      /* a page added nothing */
	bool too_many;         /* more items or pages than any listing may have */
	bool first_again_done; /* page 0 was read again at the end … */
	bool first_again_same; /* … and had the same first item and total */

	/* Filled by daemon/poll. */
	int64_t span_ms;          /* from the first request sent to the last page read */
	enum error_class failure; /* of the page that could not be had; CLASS_NONE */
	bool interrupted;         /* shutdown or reload */
};

/*
 * complete: the evidence proves that every image of the listing was seen. Otherwise partial when
 * any image was, else failed. `why` gets a sentence for people; it is empty for a complete listing
 * that needs none.
 */
enum outcome evidence_judge(const struct evidence *evidence, struct buf *why);
