/*
 * How a poll ends: the verdict, the row of `polls`, and the one transaction that stores it all.
 */
#pragma once

#include "daemon/evidence.h"
#include "daemon/fetch.h"
#include "daemon/harvest.h"
#include "daemon/watch.h"

/* What the poll knows when nothing more will come. Borrowed until conclusion_finish(). */
struct poll_facts {
	const struct runtime *runtime;
	struct watch *watch;
	struct harvest *harvest;
	const struct evidence *evidence; /* complete but for span_ms and key_changed */
	const struct fetch_counts *counts;
	const struct places *places; /* a discovery's answer; empty otherwise */
	int64_t started_ms, started_at;
	bool started_behind;   /* the wall clock was plainly wrong at the start */
	int64_t proof_sent_ms; /* when the readings that are the proof began; 0: nothing was sent */
	uint64_t credential;   /* fingerprint of the key at the start */
	const char *sentence;  /* why a page could not be had; "" */
	int http_status;       /* 0: none */
	int64_t code;
	const char *provider_message; /* "" */
};

struct conclusion {
	struct poll_facts facts;
	struct poll_log log;
	struct commit commit;
	struct buf message;
	struct store_place *places;
	int64_t passed_s; /* base/timekeeper, at the end */
	bool compared;    /* what is absent and what returned is known */
	int result;       /* of the transaction: 0, or negative and `error` says why */
	struct error error;
};

/* On the loop: judges and writes the sentence. */
void conclude(struct conclusion *ret, const struct poll_facts *facts);

/* On the writer's thread: the transaction. What cannot be stored whole is stored as a failed poll.
 * After a failure it may be called again. */
void conclusion_store(struct conclusion *conclusion, struct store *store);

void conclusion_finish(struct conclusion *conclusion);
