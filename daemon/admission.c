#include "daemon/admission.h"

#include "daemon/backoff.h"

bool admission_is_refused(const struct account *account, uint64_t seed)
{
	return lockout_suspects(limiter_lockout(account->limit), account_credential(account, seed));
}

static bool is_locked(const struct account *account, uint64_t seed)
{
	return lockout_holds(limiter_lockout(account->limit), account_credential(account, seed));
}

bool admission_ask(const struct account *account, const struct runtime *runtime, const void *who)
{
	return runtime->once || lockout_admits(limiter_lockout(account->limit),
					       account_credential(account, runtime->seed), who,
					       runtime->env->now_ms(runtime->env));
}

void admission_leave(const struct account *account, const void *who)
{
	lockout_leave(limiter_lockout(account->limit), who);
}

void admission_accepted(struct watch *w, const struct runtime *runtime, uint64_t credential)
{
	w->refused_ms = 0;
	lockout_accepted(limiter_lockout(w->account->limit), credential,
			 runtime->env->now_ms(runtime->env));
}

/* A little less than the listing itself waits at least, so that it need not wait twice. */
static int64_t wait_ms(const struct lockout *lockout, int64_t interval_s)
{
	int64_t wait_s = backoff_s(OUTCOME_FAILED, CLASS_AUTH, lockout->steps + 1, interval_s);

	return (wait_s > 0 ? wait_s : BACKOFF_MAX_S) * 900;
}

void admission_refused(struct watch *w, const struct runtime *runtime, uint64_t credential)
{
	struct lockout *lockout = limiter_lockout(w->account->limit);
	int64_t now_ms = runtime->env->now_ms(runtime->env);
	bool own = w->refused_ms > 0 && lockout->accepted == credential &&
		   lockout->accepted_ms > w->refused_ms;

	if (w->refused_ms == 0)
		w->refused_ms = now_ms;
	if (!own)
		lockout_refused(lockout, credential, w, now_ms, wait_ms(lockout, w->interval_s));
}

/* Its next poll is within an interval, or now. */
static void bring_forward(struct watch *w, const struct env *env, bool now)
{
	int64_t wait_ms = now ? 0 : env_between(env, 0, w->interval_s * 1000);
	int64_t due_ms = env->now_ms(env) + wait_ms;

	if (due_ms < w->due_ms)
		schedule_at(w, due_ms);
}

static bool waited_for(const struct roster *r, const struct watch *w)
{
	return w->queue_place > 0 && w->failures > 0 && w->error_class == CLASS_AUTH &&
	       !is_locked(w->account, r->runtime->seed);
}

void admission_hasten(struct roster *r, const struct limiter_account *limit, bool first_now)
{
	for (size_t i = 0; i < r->count; i++) {
		struct watch *w = r->watches[i];
		if (!waited_for(r, w) || w->account->limit != limit)
			continue;
		schedule_remove(&r->schedule, w);
		bring_forward(w, r->runtime->env, first_now);
		schedule_add(&r->schedule, w);
		first_now = false;
	}
}

void admission_follow(struct roster *r, struct watch *w, bool asked)
{
	struct limiter_account *limit = w->account->limit;
	struct lockout *lockout = limiter_lockout(limit);

	/* Accepted while this one was on its way to say that it waits. */
	if (!asked && w->error_class == CLASS_AUTH && !is_locked(w->account, r->runtime->seed))
		bring_forward(w, r->runtime->env, false);
	if (!lockout->lifted)
		return;
	lockout->lifted = false;
	admission_hasten(r, limit, false);
}

void admission_put(struct buf *out, const struct account *account)
{
	buf_printf(out,
		   "not asked: %s refuses the key of account '%s', which one listing tries again "
		   "from time to time",
		   account->config->cloud, account->config->name);
}
