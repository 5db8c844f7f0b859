#include "daemon/survey.h"

#include "base/log.h"
#include "daemon/poll.h"

static const char *phase(const struct watch *w)
{
	return w->poll ? poll_phase(w->poll) : w->lost ? "not found" : "idle";
}

static void log_watch(const struct watch *w, int64_t now_ms)
{
	const char *failed = w->polled ? error_class_text(w->error_class) : "";
	struct buf name;

	buf_init(&name);
	watch_put_name(&name, &w->identity);
	log_info("listing", F("listing", buf_text(&name)),
		 F("outcome", w->polled ? outcome_text(w->outcome) : "new"), F("reason", failed),
		 F("phase", phase(w)),
		 F_INT("due_in_s", w->poll || w->lost ? 0 : (w->due_ms - now_ms) / 1000),
		 F_INT("interval_s", w->interval_s), F_INT("failures", w->failures),
		 F_INT("overruns", w->overruns), F_INT("images", w->images_present));
	buf_finish(&name);
}

void survey_log(const struct roster *roster)
{
	const struct env *env = roster->runtime->env;
	int64_t now_ms = env->now_ms(env);

	for (size_t i = 0; i < roster->count; i++)
		if (!roster->watches[i]->gone)
			log_watch(roster->watches[i], now_ms);
}
