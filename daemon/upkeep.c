#include "daemon/upkeep.h"

#include "base/log.h"

enum { EVERY_MS = 60 * 60 * 1000 };

static void run(struct store *store, struct writer_job *job)
{
	struct upkeep *u = container_of(job, struct upkeep, job);

	/* What could not be done now is tried again in an hour; the catalog only stays larger, and
	 * what passed since the last time is still known. */
	if (!u->more)
		store_keep_time(store, &u->time, NULL);
	u->more = store_prune(store, timekeeper_now_s(&u->time), u->keep_history_s, u->keep_polls_s,
			      NULL) > 0;
	store_checkpoint(store, true);
	u->noted = store_take_note(store, &u->note);
}

static void on_run(struct writer_job *job)
{
	struct upkeep *u = container_of(job, struct upkeep, job);

	if (u->noted)
		log_warn("the catalog's witness failed", F("error", u->note.text));
	if (u->more && !u->cancelled) {
		writer_submit(u->runtime->writer, job); /* behind the polls that wait */
		return;
	}
	u->running = false;
	u->done(u);
}

void upkeep_look(struct upkeep *u, const struct config *config)
{
	const struct env *env = u->runtime->env;
	int64_t now_ms = env->now_ms(env);

	if (u->running || (u->begun_ms > 0 && now_ms - u->begun_ms < EVERY_MS))
		return;
	u->begun_ms = now_ms;
	u->running = true;
	u->keep_history_s = config->catalog.keep_history_s;
	u->keep_polls_s = config->catalog.keep_polls_s;
	u->time = *u->runtime->time;
	u->more = false;
	u->job = (struct writer_job){ .run = run, .done = on_run };
	writer_submit(u->runtime->writer, &u->job);
}

void upkeep_cancel(struct upkeep *u)
{
	u->cancelled = true;
}
