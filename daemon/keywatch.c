#include "daemon/keywatch.h"

#include "daemon/admission.h"

enum { EVERY_MS = 15 * 1000 };

static void look_at_next(struct keywatch *k);

static bool may_have_changed(const struct keywatch *k, const struct account *account)
{
	const struct config_account *config = account->config;

	/* A poll in flight looks by itself, and its account's keys stay as they are. */
	return (config->id.file || config->secret.file) && account->polls == 0 &&
	       !keys_are_being_read(k->keys, account) &&
	       admission_is_refused(account, k->roster->runtime->seed);
}

static void on_read(struct keys_request *request, struct account_keys *keys)
{
	struct keywatch *k = container_of(request, struct keywatch, request);
	struct account *account = request->account;
	uint64_t seed = k->roster->runtime->seed;
	uint64_t before = account_credential(account, seed);

	account->polls--;
	if (keys)
		account_take_keys(account, keys);
	if (account_credential(account, seed) != before)
		admission_hasten(k->roster, account->limit, true);
	look_at_next(k);
	k->looked(k);
}

static void look_at_next(struct keywatch *k)
{
	const struct env *env = k->roster->runtime->env;

	while (k->next < k->roster->account_count) {
		struct account *account = k->roster->accounts[k->next++];
		if (!may_have_changed(k, account))
			continue;
		account->polls++; /* so that it stays */
		k->request = (struct keys_request){ .account = account, .done = on_read };
		k->asked_ms = env->now_ms(env);
		keys_read(k->keys, &k->request);
		return;
	}
}

static void give_up(struct keywatch *k)
{
	k->request.account->polls--;
	keys_forget(k->keys, &k->request);
}

void keywatch_look(struct keywatch *k)
{
	const struct env *env = k->roster->runtime->env;
	int64_t now_ms = env->now_ms(env);

	if (k->cancelled)
		return;
	if (k->request.state != KEYS_IDLE) {
		if (now_ms - k->asked_ms < KEYWATCH_PATIENCE_MS)
			return;
		give_up(k);
		look_at_next(k);
		k->looked(k);
		return;
	}
	if (now_ms - k->begun_ms < EVERY_MS)
		return;
	k->begun_ms = now_ms;
	k->next = 0;
	look_at_next(k);
}

void keywatch_cancel(struct keywatch *k)
{
	k->cancelled = true;
	if (k->request.state != KEYS_IDLE)
		give_up(k);
}
