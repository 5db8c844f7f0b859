#include <errno.h>

#include "daemon/poll_parts.h"

/* Between two tries to store what was read. */
enum { STORE_FIRST_MS = 1000, STORE_MAX_MS = 60 * 1000 };

static void run_commit(struct store *store, struct writer_job *job)
{
	conclusion_store(&container_of(job, struct poll, job)->conclusion, store);
}

static void on_committed(struct writer_job *job);

static void submit_commit(struct poll *p)
{
	poll_move(p, POLL_STORING);
	p->job = (struct writer_job){ .run = run_commit, .done = on_committed };
	p->job_out = true;
	writer_submit(p->runtime->writer, &p->job);
}

static void on_store_wait_over(uv_timer_t *timer)
{
	submit_commit(container_of(timer, struct poll, timer));
}

/* Whether the same transaction may go through later. */
static bool may_be_stored_later(const struct poll *p)
{
	static const int passing[] = { ENOSPC, EDQUOT, EROFS, EACCES, EBUSY, EIO, ENOENT, ESTALE };

	if (p->runtime->once || p->listing.evidence.interrupted)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (p->conclusion.result == -passing[i])
			return true;
	return false;
}

static void wait_to_store(struct poll *p)
{
	int64_t wait_ms = p->store_wait_ms ? p->store_wait_ms * 2 : STORE_FIRST_MS;

	p->store_wait_ms = wait_ms < STORE_MAX_MS ? wait_ms : STORE_MAX_MS;
	poll_move(p, POLL_WAITING);
	int rc = uv_timer_start(&p->timer, on_store_wait_over, (uint64_t)p->store_wait_ms, 0);
	assert(rc == 0);
	p->events.not_stored(p->watch, p->conclusion.error.text, p->store_wait_ms, p->events.data);
}

static void on_committed(struct writer_job *job)
{
	struct poll *p = container_of(job, struct poll, job);

	p->job_out = false;
	if (p->conclusion.result < 0 && may_be_stored_later(p)) {
		wait_to_store(p);
		return;
	}
	poll_move(p, POLL_CLOSING);
	poll_tick(p);
}

void poll_begin_store(struct poll *p)
{
	struct evidence *e = &p->listing.evidence;

	if (p->listing.failed && e->failure == CLASS_NONE) {
		e->failure = CLASS_INTERNAL;
		buf_puts(&p->sentence, "out of memory");
	}
	p->reading_sent_ms[e->readings - 1] = p->counts.first_sent_ms;
	conclude(&p->conclusion,
		 &(struct poll_facts){
			 .runtime = p->runtime,
			 .watch = p->watch,
			 .harvest = &p->harvest,
			 .evidence = e,
			 .counts = &p->counts,
			 .places = &p->places,
			 .started_ms = p->started_ms,
			 .started_at = p->started_at,
			 .started_behind = p->started_behind,
			 .proof_sent_ms = p->reading_sent_ms[listing_proof_begins(&p->listing)],
			 .credential = p->credential,
			 .sentence = buf_text(&p->sentence),
			 .http_status = p->http_status,
			 .code = p->code,
			 .provider_message = buf_text(&p->provider_message),
		 });
	submit_commit(p);
}
