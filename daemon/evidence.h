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
	/* Of one reading of the listing, filled by daemon/listing from the pages that it accepted.
	 * A poll may need several; the last one decides. */
	bool paged;   /* the service is asked page by page */
	size_t pages; /* accepted; the first one read again at the end is not counted */
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
	size_t overlaps;       /* pages that did */
	bool hole;             /* a page added nothing, and the one behind it did */
	bool offsets_ignored;  /* later offsets gave the first page again */
	bool end_reached;      /* a page added nothing */
	bool too_many;         /* more items or pages than any listing may have */
	bool first_again_done; /* page 0 was read again at the end … */
	bool first_again_same; /* … and had the same first item and total */

	/* Where pages cannot overlap: two readings, page behind page, must have found the same. */
	bool aligned;
	bool agreed;
	uint64_t set; /* fingerprint of the different keys, whatever their order */

	/* Of all readings of the poll. */
	size_t readings, pages_all, unique_all;

	/* Filled by daemon/poll. */
	int64_t span_ms;          /* of the readings that are the proof: from the first request sent
				     to the last page read */
	bool key_changed;         /* some pages were signed with another key than others */
	enum error_class failure; /* of the page that could not be had; CLASS_NONE */
	bool interrupted;         /* shutdown or reload */
};

/* clang-format off */
enum doubt {
	DOUBT_NONE, /* every image was seen */
	DOUBT_ENDLESS, DOUBT_NO_ARRAY, DOUBT_NO_ID, DOUBT_SCOPE, DOUBT_CONFLICT, DOUBT_TOTAL_CHANGED,
	DOUBT_TOTAL_SOMETIMES, DOUBT_TOTAL, DOUBT_NO_END, DOUBT_HOLE, DOUBT_OFFSETS, DOUBT_ORDER,
	DOUBT_NOT_AGREED, DOUBT_FIRST_UNREAD, DOUBT_FIRST_CHANGED, DOUBT_SPAN, DOUBT_KEY,
	DOUBT_COUNT,
};
/* clang-format on */

/* The first reason why the listing is not proved whole. Whether a page failed is not asked here. */
enum doubt evidence_doubt(const struct evidence *evidence);

/* Whether the list may only have changed while it was read: reading it again may show it whole. */
bool evidence_may_settle(enum doubt doubt);

/*
 * complete: the evidence proves that every image of the listing was seen. Otherwise partial when
 * any image was, else failed. `why` gets a sentence for people; it is empty for a complete listing
 * that needs none.
 */
enum outcome evidence_judge(const struct evidence *evidence, struct buf *why);
