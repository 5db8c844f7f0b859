/*
 * A poll in flight, for daemon/poll*.c only: poll.c has its life, poll_load.c what comes before the
 * first request, poll_fetch.c pages, poll_store.c the transaction at the end.
 *
 * Thread: the loop; `job` also on the writer's.
 */
#pragma once

#include "daemon/conclude.h"
#include "daemon/harvest.h"
#include "daemon/keys.h"
#include "daemon/listing.h"
#include "daemon/poll.h"

/* Requests of one poll at a time. */
enum { FETCHES_MAX = 17 };

/* clang-format off */
enum poll_state {
	POLL_LOADING, POLL_FETCHING, POLL_STORING, POLL_WAITING, POLL_CLOSING,
	POLL_STATES,
};
/* clang-format on */

struct slot {
	struct fetch fetch;
	struct poll *poll;
	unsigned ask;
	bool busy;
};

struct poll {
	const struct runtime *runtime;
	struct watch *watch;
	struct poll_events events;
	enum poll_state state;
	uv_timer_t timer; /* before another reading, or another try to store */

	struct listing listing;
	struct page_scope scope;
	struct fetch_call call;
	struct fetch_counts counts;
	struct slot slots[FETCHES_MAX];
	size_t open_slots, busy_slots;
	bool ending; /* listing said END: answers that still come do not matter */
	bool pumping;

	int64_t started_ms, started_at;
	bool started_behind;                           /* the wall clock was plainly wrong then */
	int64_t reading_sent_ms[LISTING_READINGS_MAX]; /* the first request of each */
	uint64_t credential;
	struct buf sentence; /* of the page that failed */
	int http_status;
	int64_t code;
	struct buf provider_message;

	struct harvest harvest;
	struct writer_job job; /* load, then commit */
	bool job_out;
	struct keys_request keys; /* read again, because the cloud refused the old ones */
	int load_result;
	struct error load_error;

	struct places places;
	struct conclusion conclusion;
	int64_t store_wait_ms;
	unsigned open_parts; /* fetches and the timer, while they close */
};

/* One of the moves that the table in poll.c allows. */
void poll_move(struct poll *poll, enum poll_state next);
/* Something happened: goes on as far as it can. */
void poll_tick(struct poll *poll);

/* Reads the keys again when they were refused, and what is known of the listing when it is not in
 * memory; then fetching begins. */
void poll_load(struct poll *poll);
/* Interrupted: keys that are being read are not waited for. */
void poll_stop_loading(struct poll *poll);

/* Carries out what the listing wants until it wants nothing more for now. */
void poll_pump(struct poll *poll);

/* Concludes what came of it and commits that. */
void poll_begin_store(struct poll *poll);
