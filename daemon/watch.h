/*
 * A listing that the daemon keeps: which one, when it is due, what is remembered of it.
 *
 * Thread: the loop; `known` is read by worker threads while a poll of it is in flight.
 * Lifetime: from the plan that named it to the end of the app. Strings are the roster's.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "daemon/account.h"
#include "imagecat/provider.h"
#include "model/known.h"
#include "model/places.h"
#include "model/recall.h"
#include "store/store.h"

struct poll;

struct watch {
	struct account *account; /* stays while a poll is in flight */
	struct account *next;    /* NULL, or what the account is after that poll */
	bool gone; /* not of this configuration: nothing is polled, `account` is NULL in the end */
	bool planned, lost; /* lost: its place is no longer found. Not polled, so that it goes
			       stale and is not emptied; a place may come back */
	struct generation *generation;     /* of the poll in flight; held */
	const struct service *service;     /* NULL for a discovery */
	const struct discovery *discovery; /* NULL for a listing of images */
	const struct variant *variant;     /* NULL where the service has none */
	struct listing_identity identity;
	bool found; /* its place came from discovery: a refusal of it is no surprise */

	/* A discovery's last answer; serves while it fails. */
	struct arena places_arena;
	struct store_place *places;
	size_t place_count;

	int64_t listing_id; /* 0 until it was registered */
	int64_t interval_s;
	struct known known;
	struct recall recall; /* pages of the last complete poll; follows known */
	bool known_loaded;

	int64_t refused_ms; /* monotonic: when its key was refused, and not accepted here since; or
			       0 */
	unsigned unsettled; /* polls in a row that stayed inconsistent however often they read */
	bool aligned;       /* pages of this listing cannot overlap, the last poll has shown */

	int64_t jumps; /* of the wall clock, as counted at the end of its last poll */

	/* The schedule's; monotonic. */
	int64_t due_ms, slot_ms; /* with jitter, and without */
	int64_t failures;        /* polls in a row that failed */
	int64_t overruns;        /* slots that passed while a poll was in flight */
	size_t queue_place;      /* 0: not in the queue */
	bool asked; /* somebody asked for a poll while one was in flight: another one follows it */

	struct poll *poll; /* in flight, or NULL */

	/* For people: as stored at the start, then of the last poll. */
	bool failing;
	int64_t images_present;

	/* Of the last poll of this process; the class before that as stored. */
	bool polled;
	enum outcome outcome;
	enum error_class error_class;
	enum error_class told; /* the log was told of this one last */
};

/* What a discovery answered as the catalog keeps it; borrows from `found`. NULL when memory is out;
 * free() it. */
struct store_place *watch_place_rows(const struct places *found);

/* Replaces the places; false when memory is out (the old ones stay). */
bool watch_set_places(struct watch *watch, const struct store_place *places, size_t count);

/* Drops what is remembered of its images: the next poll reads it from the catalog. */
void watch_forget(struct watch *watch);

void watch_free(struct watch *watch); /* accepts NULL; no poll is in flight */

/* The same with strings of its own in the arena, which says whether memory was out. */
struct listing_identity watch_copy_identity(struct arena *arena,
					    const struct listing_identity *identity);

/* "prod uhost cn-bj2": how people name a listing; parts that are empty are left out. */
void watch_put_name(struct buf *out, const struct listing_identity *identity);
