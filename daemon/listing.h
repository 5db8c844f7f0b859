/*
 * Reading a listing page by page: what to ask next, when it is over, what it proves.
 *
 * A pure state machine: events go in (a page arrived, a page failed, a pause is over), actions come
 * out. No clock, no I/O, no randomness. The caller performs every action and reports what came of
 * it.
 *
 *   listing_next() ─► ASK offset ─► (network) ─► listing_page() ─► listing_next() ─► STORE page …
 *                 │                           └► listing_failed()               └─► … END
 *                 └─► PAUSE ─► (a moment) ─► listing_resume(): the list is read once more
 *
 * Pages form a chain: each is asked for at the last element of the one before, so that a shift of
 * the list between two requests shows. An element is an item, or a group of them where offsets
 * count groups. Pages ahead of the chain may be asked for early; they count only when the chain
 * arrives at exactly their offset.
 *
 * A list that changed while it was read is read again, a few times. Where pages cannot overlap at
 * all (the server rounds offsets to whole pages, or sorts anew for each request), it is read page
 * behind page until two readings found the same.
 */
#pragma once

#include "base/base.h"
#include "daemon/evidence.h"
#include "daemon/seen.h"

/* A million images of 1 KiB are more than any of these clouds has; an endless listing stops here.
 */
enum { LISTING_ITEMS_MAX = 1000000, LISTING_ASKED_MAX = 64 };

/* A list that changed is read again so many times; so many readings page behind page follow where
 * overlapping ones cannot be had. */
enum {
	LISTING_REREADS_MAX = 3,
	LISTING_PASSES_MAX = 4,
	LISTING_READINGS_MAX = 1 + LISTING_REREADS_MAX + LISTING_PASSES_MAX,
};

struct listing_config {
	bool paged;
	bool total_untrusted; /* the total counts something else */
	unsigned ahead_max;   /* pages in flight at most, 1 for one after the other; ≤
				 LISTING_ASKED_MAX */
	unsigned rereads_max; /* ≤ LISTING_REREADS_MAX; of readings page behind page one more */
	bool aligned;         /* pages cannot overlap: the last poll has shown it */
};

/* An item as the machine sees it. The array is the caller's; it must live until STORE or DROP of
 * its page. */
struct listing_item {
	uint64_t key; /* 0: no readable id */
	uint64_t content;
	unsigned source; /* which array of the answer */
	size_t unit;     /* which element of the page; offsets count these */
	bool out_of_scope;
	bool fresh; /* out, valid at STORE: this content was not seen before in this poll */
};

/* What the caller knows of a page that was read without error. */
struct listing_page {
	struct listing_item *items;
	size_t count;
	size_t units; /* items, or groups of them: what offset, limit and step count */
	bool has_total, has_array;
	int64_t total;
	void *user; /* comes back with STORE and DROP */
};

/* clang-format off */
enum listing_action_kind {
	LISTING_NONE,  /* nothing to do before the next event */
	LISTING_ASK,   /* request the page at `offset`; report with the same `ask` */
	LISTING_STORE, /* the page of `user` belongs to the listing */
	LISTING_DROP,  /* the page of `user` does not count */
	LISTING_PAUSE, /* wait a moment, then listing_resume(); nothing is in flight */
	LISTING_END,   /* over; what is still in flight no longer matters. Comes once, last. */
};
/* clang-format on */

struct listing_action {
	enum listing_action_kind kind;
	uint64_t offset;
	unsigned ask; /* number of the request, from 0 */
	void *user;
};

struct listing {
	struct listing_config config;
	struct evidence evidence;

	/* Across readings. */
	struct seen seen;
	unsigned rereads, passes;
	unsigned unmatched; /* readings of which no two pages overlapped */
	struct listing_found {
		bool given, whole; /* whole: nothing but the agreement of another was missing */
		uint64_t set;
		int64_t total;
		enum doubt doubt;
	} last; /* the reading before this one */

	/* The chain of this reading. */
	uint64_t cursor;     /* offset of the next page */
	bool expect_overlap; /* that page must begin with last_key */
	bool probing;        /* that page is behind one that added nothing */
	size_t first_units;
	uint64_t first_key, last_key;
	bool first_has_total;
	bool chain_over;
	unsigned sweeps; /* over an order that changes at each request */

	/* Asking ahead. */
	uint64_t ahead; /* next offset to ask early */
	uint64_t stride;
	bool ahead_off;

	/* Requests out, and pages that wait for their turn. */
	struct listing_asked {
		enum { ASKED_FREE, ASKED_PAGE, ASKED_FIRST_AGAIN } kind;
		bool answered;
		uint64_t offset;
		struct listing_page page;
	} asked[LISTING_ASKED_MAX];
	unsigned in_flight;
	bool first_again_asked;

	bool paused; /* between two readings */
	bool ended;  /* END was said */
	bool failed; /* out of memory: the reading cannot be judged */
};

void listing_init(struct listing *listing, const struct listing_config *config);
void listing_finish(struct listing *listing);

/* The next thing to do. Call until it says LISTING_NONE, LISTING_PAUSE or LISTING_END. */
struct listing_action listing_next(struct listing *listing);

/* The answer to ask number `ask`. */
void listing_page(struct listing *listing, unsigned ask, const struct listing_page *page);

/* It could not be had: nothing more will be asked. */
void listing_failed(struct listing *listing, unsigned ask, enum error_class class);

/* The pause is over: evidence.readings counts on. */
void listing_resume(struct listing *listing);

/* The first of the readings that the verdict rests upon, from 0: two where they must agree. */
unsigned listing_proof_begins(const struct listing *listing);

/* Ends the reading early; pages that wait are dropped. */
void listing_interrupt(struct listing *listing);
