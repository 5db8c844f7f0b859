#include "daemon/conclude.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/brake.h"
#include "daemon/schedule.h"

/* "held": the same in every process. */
#define HELD_SEED UINT64_C(0x68656C64)

/* "NAME: " and then what is to say. */
static void write_message(struct conclusion *c, const char *why)
{
	const char *sentence = c->facts.sentence;

	buf_clear(&c->message);
	watch_put_name(&c->message, &c->facts.watch->identity);
	buf_puts(&c->message, ": ");
	buf_puts(&c->message, sentence);
	if (*sentence && *why)
		buf_puts(&c->message, "; ");
	buf_puts(&c->message, why);
	c->log.message = buf_text(&c->message);
}

/* Finding nothing is no answer: it must not wipe out what was found before. */
static void doubt_empty_discovery(struct conclusion *c, struct buf *why)
{
	size_t before = c->facts.watch->place_count;

	if (c->log.outcome != OUTCOME_COMPLETE || c->facts.places->count > 0)
		return;
	if (before > 0) {
		c->log.outcome = OUTCOME_SUSPECT;
		c->log.error_class = CLASS_SUSPECT;
		buf_printf(why, "the cloud lists no place where %zu were; they stay", before);
	} else {
		c->log.outcome = OUTCOME_FAILED;
		c->log.error_class = CLASS_INCOMPLETE;
		buf_puts(why, "the cloud lists no place");
	}
}

static void judge(struct conclusion *c)
{
	const struct poll_facts *f = &c->facts;
	const struct env *env = f->runtime->env;
	struct evidence evidence = *f->evidence;
	struct buf why;

	if (f->proof_sent_ms > 0)
		evidence.span_ms = env->now_ms(env) - f->proof_sent_ms;
	evidence.key_changed = f->credential != account_fingerprint(f->watch->account);
	buf_init(&why);
	c->log.outcome = evidence_judge(&evidence, &why);
	c->log.error_class = evidence.failure;
	if (c->log.outcome != OUTCOME_COMPLETE && c->log.outcome != OUTCOME_ABORTED &&
	    evidence.failure == CLASS_NONE)
		c->log.error_class = CLASS_INCOMPLETE;
	if (f->watch->discovery)
		doubt_empty_discovery(c, &why);
	if (c->log.outcome != OUTCOME_COMPLETE)
		write_message(c, buf_text(&why));
	buf_finish(&why);
}

static int64_t or_null(int64_t n, bool given)
{
	return given ? n : -1;
}

static void fill_log(struct conclusion *c)
{
	const struct poll_facts *f = &c->facts;
	const struct evidence *e = f->evidence;
	const struct env *env = f->runtime->env;

	c->log.started_at = f->started_at;
	c->log.finished_at = env->now_s(env);
	c->log.duration_ms = env->now_ms(env) - f->started_ms;
	c->log.pages = (int64_t)e->pages_all;
	c->log.requests = f->counts->requests;
	c->log.retries = f->counts->retries;
	c->log.throttled = f->counts->throttled;
	c->log.bytes = f->counts->bytes;
	c->log.items = (int64_t)(f->watch->discovery ? f->places->count : e->unique);
	c->log.duplicates = (int64_t)e->duplicates;
	c->log.total_reported = or_null(e->total, e->pages_with_total > 0);
	c->log.warnings = (int64_t)f->harvest->warnings;
	c->log.http_status = or_null(f->http_status, f->http_status > 0);
	c->log.code = f->code;
	c->log.provider_message = *f->provider_message ? f->provider_message : NULL;
}

static struct brake_facts facts_of_drop(const struct conclusion *c)
{
	const struct watch *w = c->facts.watch;
	struct brake_facts facts = {
		.seen = c->facts.evidence->unique,
		.credential = c->facts.credential,
		.account = w->identity.account,
		.listing_id = w->listing_id,
		.passed_s = c->passed_s,
	};

	for (size_t i = 0; i < w->known.count; i++) {
		const struct known_entry *entry = &w->known.entries[i];
		facts.listed += entry->presence == PRESENCE_PRESENT;
		facts.present += entry->presence == PRESENCE_PRESENT && !entry->final;
	}
	for (size_t i = 0; i < c->commit.absent_count; i++) {
		const struct known_entry *entry = &c->commit.absent[i];
		if (entry->final)
			continue;
		facts.newly_absent += entry->presence == PRESENCE_PRESENT;
		facts.absent++;
		/* Stored beyond this process, so of the row and with no seed of ours; a sum does
		 * not mind the order. */
		facts.absent_set += hash_bytes(&entry->row, sizeof(entry->row), HELD_SEED) | 1;
	}
	return facts;
}

/* Times are stored as the wall clock gave them: which clock could be asked afterwards? */
static void look_at_clocks(struct conclusion *c)
{
	const struct runtime *runtime = c->facts.runtime;
	struct timekeeper *time = runtime->time;
	struct watch *w = c->facts.watch;

	timekeeper_look(time, runtime->env);
	c->passed_s = timekeeper_passed_s(time);
	c->log.clock_jump =
		time->jumps != w->jumps || c->facts.started_behind || timekeeper_is_behind(time);
	w->jumps = time->jumps;
}

/* A drop too large to be believed: what was seen is stored, nothing moves towards removal. */
static void apply_brake(struct conclusion *c)
{
	struct brake_facts facts = facts_of_drop(c);
	struct buf why;

	buf_init(&why);
	enum brake_verdict verdict =
		brake_judge(&facts, c->facts.runtime->config, &c->commit.guard, &why);
	if (verdict != BRAKE_BELIEVED) {
		c->commit.held = (int64_t)facts.absent;
		write_message(c, buf_text(&why));
	}
	if (verdict == BRAKE_HELD) {
		c->log.outcome = OUTCOME_SUSPECT;
		c->log.error_class = CLASS_SUSPECT;
		c->commit.absent_count = 0;
	}
	c->commit.believed = verdict == BRAKE_RELEASED;
	buf_finish(&why);
}

static int collect_places(struct conclusion *c)
{
	c->places = watch_place_rows(c->facts.places);
	if (!c->places)
		return -ENOMEM;
	c->commit.places = c->places;
	c->commit.place_count = c->facts.places->count;
	return 0;
}

static int compare(struct conclusion *c)
{
	const struct watch *w = c->facts.watch;
	bool complete = c->log.outcome == OUTCOME_COMPLETE;

	if (w->discovery)
		return complete ? collect_places(c) : 0;
	if (c->log.outcome == OUTCOME_ABORTED || !w->known_loaded)
		return 0;
	int rc = harvest_compare(c->facts.harvest, complete, &c->commit);
	if (rc == 0 && complete)
		apply_brake(c);
	return rc;
}

void conclude(struct conclusion *c, const struct poll_facts *facts)
{
	const struct config *config = facts->runtime->config;
	const struct evidence *e = facts->evidence;

	*c = (struct conclusion){ .facts = *facts };
	buf_init(&c->message);
	fill_log(c);
	look_at_clocks(c);
	judge(c);
	c->commit.listing_id = facts->watch->listing_id;
	c->commit.log = &c->log;
	c->commit.seed = facts->runtime->seed;
	c->commit.next_due_at = schedule_ended(facts->watch, facts->runtime->env, c->log.outcome,
					       c->log.error_class);
	/* Without a total one poll more must agree that an image is gone. */
	c->commit.removal_after =
		(unsigned)config->removal.after_complete_polls + (e->paged && !e->total_known);
}

/* The attempt is told of all the same: a row that says why nothing else was stored. */
static void reduce_to_failure(struct conclusion *c, int code)
{
	c->log.outcome = OUTCOME_FAILED;
	c->log.error_class = CLASS_INTERNAL;
	buf_clear(&c->message);
	watch_put_name(&c->message, &c->facts.watch->identity);
	buf_printf(&c->message, ": records could not be kept until the end of the poll: %s",
		   strerror(-code));
	c->log.message = buf_text(&c->message);
	c->commit.absent_count = c->commit.returned_count = 0;
	c->commit.held = 0;
	c->commit.believed = false;
	c->commit.places = NULL;
	c->commit.place_count = 0;
}

/* What the commit needs to know of what is stored; once. */
static int prepare(struct conclusion *c, struct store *store)
{
	struct harvest *h = c->facts.harvest;
	int rc = store_load_guard(store, c->commit.listing_id, &c->commit.guard, &c->error);

	if (rc < 0)
		return rc;
	rc = compare(c);
	if (rc == 0)
		rc = h->spool_error;
	if (rc < 0) {
		reduce_to_failure(c, rc);
	} else if (c->log.outcome != OUTCOME_ABORTED) {
		c->commit.changed = h->spool;
		c->commit.drifts = h->drifts;
		c->commit.drift_count = h->drift_count;
	}
	c->compared = true;
	return 0;
}

void conclusion_store(struct conclusion *c, struct store *store)
{
	struct harvest *h = c->facts.harvest;

	c->result = c->compared ? 0 : prepare(c, store);
	if (c->result == 0)
		c->result = store_commit(store, &c->commit, &c->error);
	if (c->result == 0 && c->facts.watch->known_loaded)
		harvest_learn(h, &c->commit, c->log.outcome == OUTCOME_COMPLETE);
	store_checkpoint(store, false);
}

void conclusion_finish(struct conclusion *c)
{
	buf_finish(&c->message);
	free(c->places);
	free(c->commit.absent);
	free(c->commit.returned);
	free(c->commit.stored);
	*c = (struct conclusion){ 0 };
}
