/*
 * http/client.h without sockets: a request takes its time to the cloud, is answered there from what
 * exists at that instant, and the answer takes its time back. Time-outs and the cap on a body are
 * the client's own business and are kept here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "http/client.h"
#include "tests/simulation/course.h"
#include "tests/simulation/serving.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/world.h"

struct http_client {
	struct http_transfer *transfers; /* in flight */
	bool closing;
	http_closed_fn *closed;
	void *data;
};

struct http_transfer {
	struct http_transfer *next, **link;
	struct http_client *client;
	struct http_exchange *exchange;
	struct call *call;
	struct event *event;
	struct reply reply;
};

int http_client_open(struct http_client **ret, uv_loop_t *loop)
{
	struct http_client *client = calloc(1, sizeof(*client));

	(void)loop;
	if (!client)
		return UV_ENOMEM;
	the_world->active++;
	*ret = client;
	return 0;
}

static void finish(struct http_transfer *t)
{
	struct http_exchange *x = t->exchange;

	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	world_cancel(the_world, t->event);
	cloud_over(t->call);
	buf_finish(&t->reply.body);
	free(t);
	x->transfer = NULL;
	x->done(x);
}

static void fail(struct http_transfer *t, int error, enum error_class class, const char *text)
{
	struct http_exchange *x = t->exchange;

	x->error = error;
	x->class = class;
	snprintf(x->error_text, sizeof(x->error_text), "%s", text);
	finish(t);
}

static void on_timeout(void *data)
{
	struct http_transfer *t = data;

	t->event = NULL;
	tally_faults(the_world->tally, t->call);
	fail(t, UV_ETIMEDOUT, CLASS_TIMEOUT, "no answer in time");
}

static void on_arrived(void *data)
{
	struct http_transfer *t = data;
	struct http_exchange *x = t->exchange;

	t->event = NULL;
	tally_faults(the_world->tally, t->call);
	if (t->reply.error != 0) {
		fail(t, t->reply.error, t->reply.class, "the exchange failed");
		return;
	}
	if (t->reply.body.len > x->body_max_bytes) {
		fail(t, UV_EFBIG, CLASS_OVERSIZED, "the answer is too long");
		return;
	}
	x->status = t->reply.status;
	x->retry_after_s = t->reply.retry_after_s;
	x->response = t->reply.body;
	x->received_bytes = (int64_t)x->response.len + 200;
	t->reply.body = (struct buf){ 0 };
	finish(t);
}

static void on_asked(void *data)
{
	struct http_transfer *t = data;

	memory_begin_calm();
	cloud_answer(t->call, &t->reply);
	memory_end_calm();
	t->event = world_at(the_world, the_world->now_us + t->call->down_us, on_arrived, t);
}

int http_client_submit(struct http_client *client, struct http_exchange *x)
{
	if (client->closing)
		return UV_ECANCELED;
	struct http_transfer *t = calloc(1, sizeof(*t));
	if (!t)
		return UV_ENOMEM;
	memory_begin_calm();
	t->call = cloud_receive(the_world->cloud, x->url, x->body);
	memory_end_calm();
	if (!t->call) {
		world_fail(the_world, "a request that no listing explains: %s %s", x->url,
			   x->body ? x->body : "");
		free(t);
		return UV_EINVAL;
	}
	t->client = client;
	t->exchange = x;
	t->next = client->transfers;
	t->link = &client->transfers;
	if (t->next)
		t->next->link = &t->next;
	client->transfers = t;
	x->error = 0;
	x->class = CLASS_NONE;
	x->error_text[0] = x->content_type[0] = '\0';
	x->status = 0;
	x->retry_after_s = x->date_s = -1;
	x->response = (struct buf){ 0 };
	x->received_bytes = 0;
	x->transfer = t;
	if (t->call->up_us + t->call->down_us >= x->timeout_ms * 1000)
		t->event = world_at(the_world, the_world->now_us + x->timeout_ms * 1000, on_timeout,
				    t);
	else
		t->event = world_at(the_world, the_world->now_us + t->call->up_us, on_asked, t);
	return 0;
}

void http_client_cancel(struct http_client *client, struct http_exchange *x)
{
	(void)client;
	if (x->transfer)
		fail(x->transfer, UV_ECANCELED, CLASS_NONE, "cancelled");
}

static void on_closed(void *data)
{
	struct http_client *client = data;
	http_closed_fn *closed = client->closed;
	void *closed_data = client->data;

	free(client);
	the_world->active--;
	if (closed)
		closed(closed_data);
}

bool http_client_is_overdue(const struct http_client *client)
{
	(void)client;
	return false; /* nobody has a watchdog here */
}

void http_client_close(struct http_client *client, http_closed_fn *closed, void *data)
{
	client->closing = true;
	client->closed = closed;
	client->data = data;
	while (client->transfers)
		fail(client->transfers, UV_ECANCELED, CLASS_NONE, "cancelled");
	world_at(the_world, the_world->now_us, on_closed, client);
}

void http_exchange_clear(struct http_exchange *x)
{
	buf_finish(&x->response);
}
