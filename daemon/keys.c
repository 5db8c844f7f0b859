#include "daemon/keys.h"

#include <string.h>

#include "daemon/generation.h"

static void begin_waiting(struct keys *k);

void keys_init(struct keys *k, uv_loop_t *loop)
{
	*k = (struct keys){ .loop = loop };
	list_init(&k->requests);
	for (size_t i = 0; i < KEYS_READINGS; i++)
		k->readings[i].keys = k;
}

static void on_work(uv_work_t *work)
{
	struct keys_reading *r = container_of(work, struct keys_reading, work);

	r->result = account_load_keys(r->config, &r->fresh, NULL);
}

static struct keys_request *first_of(struct list *requests, const struct keys_reading *reading)
{
	struct keys_request *request;

	list_for_each(request, requests, link)
		if (request->state == KEYS_READING && request->reading == reading)
			return request;
	return NULL;
}

static void on_work_done(uv_work_t *work, int status)
{
	struct keys_reading *r = container_of(work, struct keys_reading, work);
	struct account_keys *fresh = r->result == 0 ? r->fresh : NULL;
	struct keys *k = r->keys;
	struct keys_request *request;
	struct list answered;

	assert(status == 0); /* never cancelled */
	list_init(&answered);
	while ((request = first_of(&k->requests, r))) {
		list_remove(&request->link);
		list_append(&answered, &request->link);
	}
	generation_release(r->generation);
	r->generation = NULL;
	r->running = false;
	begin_waiting(k); /* `r` may belong to a worker thread again */
	/* One who is told may ask again, or make another one be forgotten. */
	while (!list_empty(&answered)) {
		request = list_first(&answered, struct keys_request, link);
		list_remove(&request->link);
		request->state = KEYS_IDLE;
		request->done(request, fresh);
	}
	account_keys_release(fresh);
}

static void start(struct keys_reading *r, const struct account *account)
{
	r->running = true;
	r->fresh = NULL;
	r->config = account->config;
	r->generation = account->generation ? generation_hold(account->generation) : NULL;
	int rc = uv_queue_work(r->keys->loop, &r->work, on_work, on_work_done);
	assert(rc == 0);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_source(const struct config_secret *a, const struct config_secret *b)
{
	return same_text(a->file, b->file) && same_text(a->value, b->value);
}

/* By what is read and not by whom: an account that a reload replaced still hangs on the same
 * file, and so does one that shares it. */
static const struct keys_reading *find(const struct keys *k, const struct account *account)
{
	const struct config_account *config = account->config;

	for (size_t i = 0; i < KEYS_READINGS; i++) {
		const struct keys_reading *r = &k->readings[i];
		if (r->running && same_source(&r->config->id, &config->id) &&
		    same_source(&r->config->secret, &config->secret))
			return r;
	}
	return NULL;
}

static struct keys_reading *find_or_start(struct keys *k, const struct account *account)
{
	const struct keys_reading *found = find(k, account);

	if (found)
		return &k->readings[found - k->readings];
	for (size_t i = 0; i < KEYS_READINGS; i++) {
		struct keys_reading *r = &k->readings[i];
		if (r->running)
			continue;
		start(r, account);
		return r;
	}
	return NULL;
}

static void begin_waiting(struct keys *k)
{
	struct keys_request *request;

	list_for_each(request, &k->requests, link) {
		if (request->state != KEYS_WAITING)
			continue;
		request->reading = find_or_start(k, request->account);
		if (request->reading)
			request->state = KEYS_READING;
	}
}

void keys_read(struct keys *k, struct keys_request *request)
{
	assert(request->state == KEYS_IDLE);
	request->state = KEYS_WAITING;
	list_append(&k->requests, &request->link);
	begin_waiting(k);
}

void keys_forget(struct keys *k, struct keys_request *request)
{
	(void)k;
	if (request->state != KEYS_IDLE)
		list_remove(&request->link);
	request->state = KEYS_IDLE;
}

bool keys_are_being_read(const struct keys *k, const struct account *account)
{
	return find(k, account) != NULL;
}
