#include "http/client.h"

#include <stdlib.h>

#include "http/client_transfer.h"

/*
 *   submit() ──► [in flight] ──curl says DONE──► drain() ──► finish() ──► done()
 *                    │                                          ▲
 *                    └──────────── cancel() / close() ──────────┘
 *
 * Happy path. libcurl calls us twice per change: on_curl_socket() tells which socket to watch,
 * on_curl_timer() when to wake it. libuv calls us back: on_readiness() and on_deadline() hand the
 * event to curl_multi_socket_action(), and both always drain(): a transfer that ends by time-out
 * ends in on_deadline().
 *
 * Failures. A socket error reaches curl as CURL_CSELECT_ERR. A socket that cannot be watched ends
 * its transfer (STOP_WATCH): an error returned from on_curl_socket() would end all of them. Where
 * curl itself is out of memory, it does not say for whom: act() ends all of them (STOP_MEMORY).
 *
 * On close. `handles` counts libuv handles not yet closed (the timer, and one poll per socket).
 * close() may be called from done(), that is from inside drain(); the multi handle must outlive
 * that stack and dies in the timer's close callback. The client is freed when the count hits 0.
 */
enum { OVERDUE = 3 }; /* times its time-out: so long no exchange can take */

struct http_socket {
	struct http_client *client;
	uv_poll_t poll;
	curl_socket_t fd;
	int events; /* UV_READABLE, UV_WRITABLE: what curl wants to hear of */
};

struct http_client {
	uv_loop_t *loop;
	uv_timer_t timer;
	CURLM *multi;          /* NULL after it failed */
	struct list in_flight; /* of http_transfer */
	unsigned handles;
	unsigned lost; /* transfers that act() has to end */
	bool closing;
	http_closed_fn *closed;
	void *closed_data;
};

/* The transfer leaves curl and hears what its result was. `x` may be gone after this. */
static void finish(struct http_client *client, struct http_transfer *t, const CURLcode *code)
{
	struct http_exchange *x = t->exchange;

	if (code)
		transfer_settle(t, *code);
	else
		transfer_settle_cancelled(t);
	list_remove(&t->link);
	/* Fails only for handles that are not ours; t->easy is in this multi since submit(), or in
	 * none any more. */
	(void)curl_multi_remove_handle(client->multi, t->easy);
	transfer_close(t);
	x->transfer = NULL;
	x->done(x);
}

static struct http_transfer *transfer_of(CURL *easy)
{
	char *data = NULL;

	/* curl has easy handles of its own, to say farewell to servers: they have no transfer. */
	if (!easy || curl_easy_getinfo(easy, CURLINFO_PRIVATE, &data) != CURLE_OK)
		return NULL;
	return (struct http_transfer *)(void *)data;
}

static void drain(struct http_client *client)
{
	const CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(client->multi, &left))) {
		struct http_transfer *t = transfer_of(msg->easy_handle);
		CURLcode code = msg->data.result;

		assert(msg->msg == CURLMSG_DONE && t);
		finish(client, t, &code); /* msg is gone after this */
	}
}

static void give_up(struct http_client *client, struct http_transfer *t)
{
	client->lost += !t->lost;
	t->lost = true;
}

static struct http_transfer *find_lost(struct http_client *client)
{
	struct http_transfer *t;

	list_for_each(t, &client->in_flight, link)
		if (t->lost)
			return t;
	return NULL;
}

/*
 * Out of memory libcurl breaks off: it names no transfer, sets no timer for what it had still to
 * do, time-outs included, and may keep a broken note of a socket, which crashes when a descriptor
 * of that number comes again (7.88). So this multi handle ends, with all that is in flight; the
 * next request opens another.
 */
static void give_up_all(struct http_client *client)
{
	struct http_transfer *t;

	list_for_each(t, &client->in_flight, link) {
		give_up(client, t);
		(void)curl_multi_remove_handle(client->multi, t->easy);
	}
	(void)curl_multi_cleanup(client->multi);
	client->multi = NULL;
	(void)uv_timer_stop(&client->timer);
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
	const CURLcode code = CURLE_OUT_OF_MEMORY;
	int running = 0;
	CURLMcode rc = curl_multi_socket_action(client->multi, fd, events, &running);

	drain(client);
	if (rc != CURLM_OK)
		give_up_all(client);
	while (client->lost > 0) {
		struct http_transfer *t = find_lost(client);
		client->lost = t ? client->lost - 1 : 0;
		if (!t)
			break;
		if (t->stop == STOP_NONE)
			t->stop = STOP_MEMORY;
		finish(client, t, &code);
	}
}

static void on_readiness(uv_poll_t *poll, int status, int events)
{
	struct http_socket *s = container_of(poll, struct http_socket, poll);
	/* On an error (a reset is UV_EBADF) curl shall also read: the answer may have arrived
	 * before the reset, and the socket knows the reason better than we do. */
	int mask = status < 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN | CURL_CSELECT_OUT
			      : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
					(events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

	act(s->client, s->fd, mask);
	/* libuv stopped watching. If curl did not let go of the socket there is more to read. */
	if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
		(void)uv_poll_start(poll, s->events, on_readiness);
}

static void on_deadline(uv_timer_t *timer)
{
	act(container_of(timer, struct http_client, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void release_handle(struct http_client *client)
{
	assert(client->handles > 0);
	if (--client->handles > 0)
		return;
	http_closed_fn *closed = client->closed;
	void *data = client->closed_data;
	free(client);
	curl_global_cleanup();
	if (closed)
		closed(data);
}

static void on_socket_closed(uv_handle_t *handle)
{
	struct http_socket *s = container_of((uv_poll_t *)handle, struct http_socket, poll);
	struct http_client *client = s->client;

	free(s);
	release_handle(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct http_client *client = container_of((uv_timer_t *)handle, struct http_client, timer);

	(void)curl_multi_cleanup(client->multi); /* may still un-watch sockets */
	release_handle(client);
}

static struct http_socket *watch_socket(struct http_client *client, curl_socket_t fd)
{
	struct http_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (uv_poll_init_socket(client->loop, &s->poll, fd) < 0) {
		free(s);
		return NULL;
	}
	s->client = client;
	s->fd = fd;
	client->handles++;
	/* Fails only for a socket that curl does not know, and curl has just named this one. */
	(void)curl_multi_assign(client->multi, fd, s);
	return s;
}

static void give_up_watching(struct http_client *client, CURL *easy)
{
	struct http_transfer *t = transfer_of(easy);

	if (!t)
		return;
	t->stop = STOP_WATCH;
	give_up(client, t);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *assigned)
{
	struct http_client *client = data;
	struct http_socket *s = assigned;

	if (what == CURL_POLL_REMOVE) {
		if (s) {
			(void)curl_multi_assign(client->multi, fd, NULL);
			uv_close((uv_handle_t *)&s->poll, on_socket_closed);
		}
		return 0;
	}
	if (!s)
		s = watch_socket(client, fd);
	if (s)
		s->events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
			    (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	if (!s || uv_poll_start(&s->poll, s->events, on_readiness) < 0)
		give_up_watching(client, easy);
	return 0;
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *data)
{
	struct http_client *client = data;

	(void)multi;
	if (uv_is_closing((uv_handle_t *)&client->timer))
		return 0;
	/* 0 means "as soon as possible, but not inside this callback": libuv never runs a timer
	 * from uv_timer_start(). Neither call can fail for an open timer. */
	if (timeout_ms < 0)
		(void)uv_timer_stop(&client->timer);
	else
		(void)uv_timer_start(&client->timer, on_deadline, (uint64_t)timeout_ms, 0);
	return 0;
}

static int open_multi(struct http_client *client)
{
	/* clang-format off */
	static const struct { CURLMoption option; long value; } numbers[] = {
		{ CURLMOPT_PIPELINING,  CURLPIPE_NOTHING },
		{ CURLMOPT_MAXCONNECTS, 64 }, /* idle ones are kept up to this count */
	};
	/* clang-format on */
	CURLM *multi = curl_multi_init();
	bool ok = multi;

	for (size_t i = 0; i < ARRAY_LEN(numbers) && ok; i++)
		ok = curl_multi_setopt(multi, numbers[i].option, numbers[i].value) == CURLM_OK;
	ok = ok && curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK &&
	     curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
	     curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK &&
	     curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) == CURLM_OK;
	if (ok)
		client->multi = multi;
	else
		(void)curl_multi_cleanup(multi); /* NULL is refused, harmlessly */
	return ok ? 0 : UV_ENOMEM;
}

/*
 * Out of memory inside the first handshake crashes OpenSSL's random generator, which is set up
 * then. A MIME boundary is made of random numbers: asking curl for one sets it up now.
 */
static int warm_up(void)
{
	CURL *easy = curl_easy_init();
	curl_mime *mime = easy ? curl_mime_init(easy) : NULL;
	int rc = mime ? 0 : UV_ENOMEM;

	curl_mime_free(mime);
	curl_easy_cleanup(easy);
	return rc;
}

static int check_curl(void)
{
	enum { NEEDED = CURL_VERSION_ASYNCHDNS | CURL_VERSION_SSL | CURL_VERSION_LIBZ };
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	return (info->features & NEEDED) == NEEDED ? 0 : UV_ENOSYS;
}

int http_client_open(struct http_client **ret, uv_loop_t *loop)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return UV_ENOMEM;

	struct http_client *client = calloc(1, sizeof(*client));
	int rc = client ? check_curl() : UV_ENOMEM;
	if (rc == 0)
		rc = warm_up();
	if (rc == 0)
		rc = open_multi(client);
	if (rc == 0)
		rc = uv_timer_init(loop, &client->timer);
	if (rc < 0) {
		if (client)
			(void)curl_multi_cleanup(client->multi);
		free(client);
		curl_global_cleanup();
		return rc;
	}
	client->loop = loop;
	list_init(&client->in_flight);
	client->handles = 1;
	*ret = client;
	return 0;
}

int http_client_submit(struct http_client *client, struct http_exchange *x)
{
	struct http_transfer *t;

	assert(!x->transfer && x->done && x->url && x->method && x->timeout_ms > 0);
	if (client->closing)
		return UV_ECANCELED;
	if (!client->multi && open_multi(client) < 0)
		return UV_ENOMEM;
	int rc = transfer_open(&t, x);
	if (rc < 0)
		return rc;
	if (curl_multi_add_handle(client->multi, t->easy) != CURLM_OK) {
		transfer_close(t);
		return UV_ENOMEM;
	}
	t->submitted_ms = uv_now(client->loop);
	list_append(&client->in_flight, &t->link);
	x->transfer = t;
	return 0;
}

void http_client_cancel(struct http_client *client, struct http_exchange *x)
{
	if (x->transfer)
		finish(client, x->transfer, NULL);
}

bool http_client_is_overdue(const struct http_client *client)
{
	uint64_t now_ms = uv_now(client->loop);
	const struct http_transfer *t;

	list_for_each(t, &client->in_flight, link)
		if ((now_ms - t->submitted_ms) / OVERDUE > (uint64_t)t->exchange->timeout_ms)
			return true;
	return false;
}

void http_client_close(struct http_client *client, http_closed_fn *closed, void *data)
{
	assert(!client->closing);
	client->closing = true;
	client->closed = closed;
	client->closed_data = data;
	while (!list_empty(&client->in_flight))
		finish(client, list_first(&client->in_flight, struct http_transfer, link), NULL);
	uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

void http_exchange_clear(struct http_exchange *x)
{
	buf_finish(&x->response);
}
