/*
 * What a poll has brought home so far: which known images were seen, the records that may have to
 * be written, the drift, and the pages that the next poll may recall.
 *
 * Thread: functions on the loop, unless they say otherwise; spooling runs on the writer's thread
 * through jobs, in order, so that a commit submitted later finds everything.
 */
#pragma once

#include "daemon/fetch.h"
#include "daemon/listing.h"
#include "daemon/runtime.h"
#include "daemon/watch.h"

/* One page on its way: from the fetch to the listing, to the writer's thread, to `accepted`. */
struct harvest_page {
	struct writer_job job;
	struct harvest *harvest;
	struct page page;
	struct listing_item *items;
	uint64_t body_hash;
	bool recalled;
	size_t reading; /* in which it was asked for */
	struct list link;
};

/* Of a known image. */
struct sighting {
	uint8_t reading; /* that showed it last; 0: none */
	bool changed;    /* since the last poll, when it was shown first */
};

struct harvest {
	const struct runtime *runtime;
	struct watch *watch;
	void (*stored)(struct harvest *harvest); /* a job came back */
	size_t jobs;                             /* on the writer's thread */
	size_t reading;                          /* the one under way, from 1; the poll's */
	size_t warnings;                         /* of the pages that were stored */

	struct sighting *sightings; /* by index into watch->known */
	struct recall recall;

	/* The writer's thread's until the commit is done. */
	struct list accepted; /* of harvest_page: spooled, wait for their rows */
	struct spool *spool;
	int spool_error; /* 0 or a negative errno */
	struct arena drift_arena;
	struct page_drift *drifts;
	size_t drift_count, drift_size;
};

/* watch->known must be loaded. 0 or -ENOMEM; harvest_finish() is needed after either. */
int harvest_init(struct harvest *harvest, const struct runtime *runtime, struct watch *watch,
		 void (*stored)(struct harvest *harvest));
void harvest_finish(struct harvest *harvest);

/* The listing is read, for the first time or again: of the pages before, only the images count. */
void harvest_begin_reading(struct harvest *harvest);

/* Takes the page out of the fetch. NULL when memory is out. */
struct harvest_page *harvest_take(struct harvest *harvest, struct fetch *fetch);
struct listing_page harvest_show(struct harvest_page *page); /* what daemon/listing sees of it */
void harvest_drop(struct harvest_page *page);
void harvest_store(struct harvest_page *page);

/* On the writer's thread: fills absent and returned of the commit; absent only when the last
 * reading saw every image. 0 or -ENOMEM. */
int harvest_compare(const struct harvest *harvest, bool all_seen, struct commit *commit);

/* On the writer's thread: brings watch->known and watch->recall up to what the commit stored. A
 * million images are too many for the loop. */
void harvest_learn(struct harvest *harvest, const struct commit *commit, bool complete);
