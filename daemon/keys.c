#include "daemon/keys.h"

#include "daemon/generation.h"

static void begin_next(struct keys *k);

void keys_init(struct keys *k, uv_loop_t *loop)
{
	*k = (struct keys){ .loop = loop };
	list_init(&k->waiting);
}

static void on_work(uv_work_t *work)
{
	struct keys *k = container_of(work, struct keys, work);

	k->result = account_load_keys(k->config, &k->fresh, NULL);
}

static void on_work_done(uv_work_t *work, int status)
{
	struct keys *k = container_of(work, struct keys, work);
	struct keys_request *request = k->request;

	assert(status == 0); /* never cancelled */
	k->running = false;
	k->request = NULL;
	generation_release(k->generation);
	k->generation = NULL;
	struct account_keys fresh = k->fresh;
	bool ok = k->result == 0;
	k->fresh = (struct account_keys){ 0 };
	begin_next(k); /* the worker thread has `k->fresh` and `k->result` again */
	if (request) {
		request->state = KEYS_IDLE;
		request->done(request, ok ? &fresh : NULL);
	}
	secret_wipe(&fresh.id);
	secret_wipe(&fresh.secret);
}

static void begin_next(struct keys *k)
{
	if (k->running || list_empty(&k->waiting))
		return;
	struct keys_request *request = list_first(&k->waiting, struct keys_request, link);
	struct account *account = request->account;

	list_remove(&request->link);
	request->state = KEYS_READING;
	k->request = request;
	k->running = true;
	k->config = account->config;
	k->generation = account->generation ? generation_hold(account->generation) : NULL;
	int rc = uv_queue_work(k->loop, &k->work, on_work, on_work_done);
	assert(rc == 0);
}

void keys_read(struct keys *k, struct keys_request *request)
{
	assert(request->state == KEYS_IDLE);
	request->state = KEYS_WAITING;
	list_append(&k->waiting, &request->link);
	begin_next(k);
}

void keys_forget(struct keys *k, struct keys_request *request)
{
	if (request->state == KEYS_WAITING)
		list_remove(&request->link);
	else if (request->state == KEYS_READING)
		k->request = NULL;
	request->state = KEYS_IDLE;
}
