#include "export/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/handlers.h"
#include "store/row.h"

/*
 * Of each listener:
 *
 *   idle ─something was committed─► asking (worker) ─written─► idle
 *                                     ▲                └─there is more─► draining ─gone out─►
 * asking
 *
 * A client that reads slowly is not asked for: the next piece is read when the last one has gone
 * out. Failures: the stream is cut; the client comes back with the id that it had last. On close:
 * the server tells that each listener is gone; one that asks goes when it is answered.
 */
enum {
	LISTENERS_MAX = 32, /* half of the connections: the others are for questions */
	PULSE_MS = 15 * 1000,
	PIECE_ROWS = 500,
	PIECE_BYTES = 128 << 10,
};

struct listener {
	struct list link; /* in events->listeners */
	struct events *events;
	struct http_request *request; /* NULL: gone */
	int64_t at;                   /* the last seq that was sent; -1: begin with what comes */
	bool asking, again;           /* something was committed while it asked */
	bool draining;                /* there is more, when this has gone out */

	/* The worker's while asking. */
	struct pool_job job;
	struct buf text;
	bool more, failed;
	int64_t reached;
};

/* clang-format off */
const struct parameter events_parameters[] = {
	{ "after", PARAMETER_INT, 0, INT64_MAX, .help = "begin behind that seq; Last-Event-ID counts before it" },
	{ 0 },
};
const struct parameter events_headers[] = {
	{ "Last-Event-ID", PARAMETER_INT, 0, INT64_MAX, .help = "begin behind that seq; one that the catalog does not know is answered with a reset" },
	{ 0 },
};
/* clang-format on */

static void ask(struct listener *l);

static void forget(struct listener *l)
{
	l->request = NULL;
	if (l->asking)
		return; /* on_asked() does the rest */
	list_remove(&l->link);
	l->events->count--;
	buf_finish(&l->text);
	free(l);
}

static void cut(struct listener *l)
{
	struct http_request *request = l->request;

	forget(l);
	http_stream_close(request, true);
}

static void on_gone(struct http_request *request)
{
	forget(request->data);
}

static void on_drained(struct http_request *request)
{
	struct listener *l = request->data;

	if (!l->draining)
		return;
	l->draining = false;
	ask(l);
}

/* ---- on a worker thread -------------------------------------------------------------------- */

static int on_change(const struct reader_row *row, void *data)
{
	struct listener *l = data;
	const struct reader_value *seq = reader_value(row, "seq");

	l->reached = seq->integer;
	buf_printf(&l->text, "id: %lld\ndata: ", (long long)seq->integer);
	row_put_json(&l->text, row);
	buf_puts(&l->text, "\n\n");
	return l->text.len > PIECE_BYTES;
}

/* What the client knows cannot be made good by what is in the feed: it reads everything anew. */
static void put_reset(struct listener *l, const struct reader_mark *mark, const char *reason)
{
	buf_printf(&l->text,
		   "id: %lld\nevent: reset\ndata: {\"seq\":%lld,\"oldest_seq\":%lld,\"reason\":"
		   "\"%s\"}\n\n",
		   (long long)mark->last_seq, (long long)mark->last_seq, (long long)mark->first_seq,
		   reason);
	l->reached = mark->last_seq;
}

static int read_piece(struct listener *l, struct reader *reader)
{
	struct reader_mark mark;
	struct reader_page page = { .limit = PIECE_ROWS };
	const struct view_query query = { .after = l->at, .page = &page };

	int rc = reader_mark(reader, &mark, NULL);
	if (rc < 0)
		return rc;
	if (l->at < 0) {
		l->reached = mark.last_seq;
		return 0;
	}
	rc = reader_query_view(reader, VIEW_changes, &query, on_change, l, NULL);
	l->more = page.more;
	reader_key_finish(&page.last);
	if (rc == -ENODATA || rc == -ESTALE) {
		put_reset(l, &mark, rc == -ENODATA ? "pruned" : "unknown");
		return 0;
	}
	answer_hide_markup(&l->text);
	return rc;
}

static bool on_run(struct pool_job *job, struct reader *reader, const struct error *err)
{
	struct listener *l = container_of(job, struct listener, job);

	(void)err;
	l->failed = true;
	if (!reader || reader_begin(reader, NULL) < 0)
		return false;
	l->failed = read_piece(l, reader) < 0 || l->text.failed;
	reader_end(reader);
	return !l->failed;
}

/* ---- back on the loop ---------------------------------------------------------------------- */

static void on_asked(struct pool_job *job)
{
	struct listener *l = container_of(job, struct listener, job);

	l->asking = false;
	if (!l->request) {
		forget(l);
		return;
	}
	if (job->cancelled || l->failed ||
	    (l->text.len > 0 && http_stream_write(l->request, l->text.bytes, l->text.len) < 0)) {
		cut(l);
		return;
	}
	l->at = l->reached;
	l->draining = l->more;
	if (l->again && !l->draining)
		ask(l);
}

static void ask(struct listener *l)
{
	l->again = l->asking;
	if (l->asking)
		return;
	l->asking = true;
	l->more = l->failed = false;
	l->reached = l->at;
	buf_clear(&l->text);
	l->job = (struct pool_job){ .run = on_run, .done = on_asked };
	pool_submit(l->events->pool, &l->job);
}

void events_changed(struct events *events, int64_t last_seq)
{
	struct listener *l;

	list_for_each(l, &events->listeners, link)
		if (l->at < last_seq && !l->draining)
			ask(l);
}

/* ---- beginning ----------------------------------------------------------------------------- */

/*
 * Where to go on: -1, with what comes. An id that no catalog can have given is like one of another
 * catalog: who sends it was somewhere, and is told that it may have missed something.
 */
static int64_t begin_at(const struct exchange *x)
{
	const char *last = http_request_header(x->request, "Last-Event-ID");
	int64_t seq;

	if (!last || !*last) /* a browser's way to say that it has none */
		return exchange_int(x, "after", -1);
	return text_to_int(last, &seq) && seq >= 0 ? seq : INT64_MAX;
}

static bool open_stream(struct listener *l)
{
	/* clang-format off */
	static const struct http_header headers[] = {
		{ "Content-Type", "text/event-stream" },
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "X-Accel-Buffering", "no" }, /* a proxy is not to wait for more */
		{ 0 },
	};
	/* clang-format on */
	static const char first[] = "retry: 3000\n\n";

	if (http_stream_open(l->request, 200, headers, -1) < 0)
		return false;
	l->request->data = l;
	l->request->gone = on_gone;
	l->request->drained = on_drained;
	(void)http_stream_write(l->request, first, strlen(first));
	return true;
}

/* Who has closed its page is found out when something is written to it, or here. */
static void make_room(struct events *events)
{
	struct list *next;

	for (struct list *at = events->listeners.next; at != &events->listeners; at = next) {
		struct listener *l = container_of(at, struct listener, link);
		next = at->next;
		if (l->request && http_client_left(l->request))
			cut(l);
	}
}

void events_begin(struct exchange *x)
{
	struct events *events = &x->export->events;
	struct listener *l = NULL;

	if (events->count == LISTENERS_MAX)
		make_room(events);
	if (strcmp(x->request->method, "HEAD") == 0) {
		answer_begin(&x->answer, 200, "text/event-stream");
	} else if (events->count == LISTENERS_MAX) {
		answer_problem(&x->answer, 503, "too many listen already");
	} else {
		l = calloc(1, sizeof(*l));
		if (!l)
			answer_problem(&x->answer, 503, "out of memory");
	}
	if (!l) {
		exchange_end(x);
		return;
	}
	*l = (struct listener){ .events = events, .request = x->request, .at = begin_at(x) };
	buf_init(&l->text);
	if (!open_stream(l)) {
		free(l);
		answer_problem(&x->answer, 503, "out of memory");
		exchange_end(x);
		return;
	}
	x->request = NULL; /* the listener's now */
	exchange_end(x);
	list_append(&events->listeners, &l->link);
	events->count++;
	ask(l);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void on_pulse(uv_timer_t *timer)
{
	struct events *events = container_of(timer, struct events, pulse);
	struct list *next;

	for (struct list *at = events->listeners.next; at != &events->listeners; at = next) {
		struct listener *l = container_of(at, struct listener, link);
		next = at->next;
		if (l->request && http_stream_write(l->request, ":\n\n", 3) < 0)
			cut(l);
	}
}

void events_open(struct events *events, uv_loop_t *loop, struct pool *pool)
{
	*events = (struct events){ .pool = pool };
	list_init(&events->listeners);
	uv_timer_init(loop, &events->pulse);
	uv_timer_start(&events->pulse, on_pulse, PULSE_MS, PULSE_MS);
}

static void on_pulse_closed(uv_handle_t *handle)
{
	struct events *events = container_of((uv_timer_t *)handle, struct events, pulse);

	events->closed(events);
}

void events_close(struct events *events, void (*closed)(struct events *events))
{
	events->closed = closed;
	uv_close((uv_handle_t *)&events->pulse, on_pulse_closed);
}
