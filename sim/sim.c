#include "sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "sim/call.h"
#include "sim/control.h"
#include "sim/eventlog.h"
#include "sim/mangle.h"
#include "sim/random.h"

/*
 *   request ─► read_params ─► faults_draw ─► protocol ─► mangle ─► [latency] ─► deliver
 *
 * The answer is made when the request comes in and delivered when its time has come; a client that
 * leaves in between ends the exchange through on_gone(). Each exchange may own a timer, embedded;
 * it is freed in that timer's close callback.
 *
 * On close: the server tells every exchange that it is gone, which closes its timer. `handles`
 * counts the server, the churn timer and the exchanges' timers; at 0 all is freed.
 */
enum {
	SLOW_PIECES = 20,
	SLOW_MS = 50,
	HUGE_PIECE = 256 << 10,
	HUGE_TOTAL = 64 << 20,
	HUGE_MS = 5,
	BODY_MAX = 256 << 10,
	CONNECTIONS_MAX = 1024,
};

struct sim {
	uv_loop_t *loop;
	struct sim_options options;
	struct catalog catalog;
	struct faults faults;
	struct eventlog *log; /* NULL: none */
	struct http_server *server;
	uv_timer_t churn;
	unsigned handles;
	uint64_t requests;
	uint64_t listings; /* answered image lists, for churn_every */
	http_closed_fn *closed;
	void *closed_data;
};

struct exchange {
	struct sim *sim;
	struct http_request *request; /* NULL once it is the server's again */
	struct call call;
	struct http_params form;
	int status;
	const struct canned *canned;
	bool gzipped;
	char date[64];
	bool has_timer;
	uv_timer_t timer;
	size_t sent;
};

void sim_defaults(struct sim_options *options)
{
	*options = (struct sim_options){
		.listen = "127.0.0.1:8490", .seed = 1, .images = 2000, .churn_size = 5
	};
}

static void release(struct sim *sim)
{
	assert(sim->handles > 0);
	if (--sim->handles > 0)
		return;
	http_closed_fn *closed = sim->closed;
	void *data = sim->closed_data;
	eventlog_close(sim->log);
	catalog_finish(&sim->catalog);
	free(sim);
	closed(data);
}

/* ---- delivery ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	struct exchange *x = container_of((uv_timer_t *)handle, struct exchange, timer);
	struct sim *sim = x->sim;

	free(x);
	release(sim);
}

static void finish(struct exchange *x)
{
	buf_finish(&x->call.body);
	http_params_finish(&x->form);
	x->request = NULL;
	if (x->has_timer)
		uv_close((uv_handle_t *)&x->timer, on_timer_closed);
	else
		free(x);
}

static void on_gone(struct http_request *request)
{
	finish(request->data);
}

static void start_timer(struct exchange *x, uv_timer_cb fn, int64_t after_ms, int64_t repeat_ms)
{
	if (!x->has_timer) {
		uv_timer_init(x->sim->loop, &x->timer);
		x->has_timer = true;
		x->sim->handles++;
	}
	uv_timer_start(&x->timer, fn, (uint64_t)after_ms, (uint64_t)repeat_ms);
}

/* One piece at a time; the last one ends the answer. */
static void on_slow(uv_timer_t *timer)
{
	struct exchange *x = container_of(timer, struct exchange, timer);
	size_t piece = x->call.body.len / SLOW_PIECES + 1;
	size_t left = x->call.body.len - x->sent;
	size_t n = left < piece ? left : piece;

	if (n > 0 && http_stream_write(x->request, x->call.body.bytes + x->sent, n) == 0)
		x->sent += n;
	if (x->sent < x->call.body.len)
		return;
	http_stream_close(x->request, false);
	finish(x);
}

/* Blanks are good JSON, so that only a limit on bytes ends this. */
static void on_huge(uv_timer_t *timer)
{
	struct exchange *x = container_of(timer, struct exchange, timer);
	static char blanks[HUGE_PIECE];

	memset(blanks, ' ', sizeof(blanks));
	if (http_stream_write(x->request, blanks, sizeof(blanks)) == 0)
		x->sent += sizeof(blanks);
	if (x->sent < HUGE_TOTAL)
		return;
	http_stream_close(x->request, false);
	finish(x);
}

static void open_stream(struct exchange *x, const struct http_header *headers, int64_t len)
{
	if (http_stream_open(x->request, x->status, headers, len) == 0)
		return;
	http_drop(x->request, false);
	x->request = NULL;
}

static void stream_slowly(struct exchange *x, const struct http_header *headers, bool huge)
{
	open_stream(x, headers, huge ? -1 : (int64_t)x->call.body.len);
	if (!x->request)
		finish(x);
	else
		start_timer(x, huge ? on_huge : on_slow, 0, huge ? HUGE_MS : SLOW_MS);
}

static void send_half(struct exchange *x, const struct http_header *headers)
{
	size_t half = x->call.body.len / 2;

	open_stream(x, headers, (int64_t)x->call.body.len);
	if (x->request) {
		(void)http_stream_write(x->request, buf_text(&x->call.body),
					half < HTTP_STREAM_MAX ? half : HTTP_STREAM_MAX);
		http_stream_close(x->request, true);
	}
	finish(x);
}

static size_t put_headers(struct exchange *x, struct http_header *headers)
{
	const struct canned *canned = x->canned;
	const char *type = canned ? canned->type : "application/json";
	size_t n = 0;

	if (fault_in(x->call.faults, FAULT_TEXTTYPE))
		type = "text/plain";
	if (type)
		headers[n++] = (struct http_header){ "Content-Type", type };
	headers[n++] = (struct http_header){ "X-Imagecat-Sim", IMAGECAT_VERSION };
	if (canned && canned->header)
		headers[n++] = (struct http_header){ canned->header, canned->value };
	if (x->gzipped)
		headers[n++] = (struct http_header){ "Content-Encoding", "gzip" };
	if (x->date[0])
		headers[n++] = (struct http_header){ "Date", x->date };
	headers[n] = (struct http_header){ 0 };
	return n;
}

static void deliver(struct exchange *x)
{
	uint64_t faults = x->call.faults;
	struct http_header headers[8];

	(void)put_headers(x, headers);
	if (fault_in(faults, FAULT_HANG))
		return; /* until the server closes */
	if (fault_in(faults, FAULT_RESET) || fault_in(faults, FAULT_CLOSE)) {
		http_drop(x->request, fault_in(faults, FAULT_RESET));
		finish(x);
	} else if (fault_in(faults, FAULT_SLOW) || fault_in(faults, FAULT_HUGEBODY)) {
		stream_slowly(x, headers, fault_in(faults, FAULT_HUGEBODY));
	} else if (fault_in(faults, FAULT_CUT) && x->call.body.len > 1) {
		send_half(x, headers);
	} else {
		http_reply(x->request, x->status, headers, &x->call.body);
		finish(x);
	}
}

static void on_latency(uv_timer_t *timer)
{
	deliver(container_of(timer, struct exchange, timer));
}

/* ---- the answer ---- */

static bool accepts_gzip(const struct exchange *x)
{
	const char *accepted = http_request_header(x->request, "Accept-Encoding");

	return x->sim->options.gzip && accepted && strstr(accepted, "gzip");
}

static void damage(struct exchange *x)
{
	struct call *call = &x->call;

	x->canned = canned_answer(call->faults);
	if (x->canned) {
		buf_clear(&call->body);
		buf_puts(&call->body, x->canned->body);
		x->status = x->canned->status;
	}
	mangle_body(&call->body, call->faults, mix(x->sim->options.seed ^ call->number));
	if (fault_in(call->faults, FAULT_GZIPBOMB)) {
		gzip_bomb(&call->body);
		x->gzipped = true;
	} else if (x->status == 200 && accepts_gzip(x)) {
		gzip_store(&call->body);
		x->gzipped = true;
	}
}

/* The parameters: of a form where there is one, of the query elsewhere. 0, or an HTTP status. */
static int read_params(struct exchange *x)
{
	struct http_request *request = x->request;

	x->call.params = &request->query;
	if (strcmp(request->method, "GET") == 0)
		return 0;
	if (strcmp(request->method, "POST") != 0)
		return 405;
	if (http_params_parse(&x->form, request->body, request->body_len) < 0)
		return 400;
	x->call.params = &x->form;
	return 0;
}

static bool is_qingcloud(const struct http_request *request)
{
	return strcmp(request->path, "/iaas/") == 0 || strcmp(request->path, "/iaas") == 0;
}

static void answer(struct exchange *x)
{
	struct call *call = &x->call;
	bool qingcloud = is_qingcloud(x->request);
	int refused = read_params(x);

	x->status = 200;
	if (refused || (!qingcloud && strcmp(x->request->path, "/") != 0)) {
		x->status = refused ? refused : 404;
		return;
	}
	const char *action = call_param(call, qingcloud ? "action" : "Action");
	snprintf(call->action, sizeof(call->action), "%s", action ? action : "");
	call->faults = faults_draw(&x->sim->faults, call->action);
	json_init(&call->json, &call->body, false);
	if (qingcloud)
		qingcloud_answer(call);
	else
		ucloud_answer(call);
	damage(x);
}

/* After an answer, so that a listing may change between two of its pages. */
static void churn_if_due(struct exchange *x)
{
	struct sim *sim = x->sim;

	if (x->call.items < 0)
		return;
	sim->listings++;
	if (sim->options.churn_every && sim->listings % sim->options.churn_every == 0)
		(void)catalog_churn(&sim->catalog, sim->options.churn_size);
}

static void answer_control(struct sim *sim, struct http_request *request)
{
	const struct control control = { .catalog = &sim->catalog,
					 .faults = &sim->faults,
					 .requests = sim->requests };
	const struct http_header headers[] = { { "Content-Type", "application/json" }, { 0 } };
	struct buf body = { 0 };
	int status = control_answer(&control, request, &body);

	http_reply(request, status, headers, &body);
}

static void put_date(struct exchange *x)
{
	time_t now = (time_t)x->call.now_s;
	struct tm tm;

	if (!x->sim->options.clock_skew_s)
		return; /* the server's own header is right */
	gmtime_r(&now, &tm);
	strftime(x->date, sizeof(x->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void on_request(struct http_request *request, void *data)
{
	struct sim *sim = data;

	if (strncmp(request->path, "/_sim/", 6) == 0) {
		answer_control(sim, request);
		return;
	}
	struct exchange *x = calloc(1, sizeof(*x));
	if (!x) {
		http_drop(request, false);
		return;
	}
	x->sim = sim;
	x->request = request;
	x->call = (struct call){ .options = &sim->options,
				 .catalog = &sim->catalog,
				 .request = request,
				 .number = ++sim->requests,
				 .now_s = (int64_t)time(NULL) + sim->options.clock_skew_s,
				 .items = -1 };
	request->data = x;
	request->gone = on_gone;
	answer(x);
	put_date(x);
	if (sim->log)
		eventlog_call(sim->log, &x->call, x->status);
	churn_if_due(x);
	if (sim->options.latency_ms > 0)
		start_timer(x, on_latency, sim->options.latency_ms, 0);
	else
		deliver(x);
}

/* ---- the simulator ---- */

static void on_change(void *data, enum change what, const struct segment *segment,
		      const struct image *image)
{
	struct sim *sim = data;

	if (sim->log)
		eventlog_change(sim->log, &sim->catalog, change_name(what), segment, image);
}

static void on_churn(uv_timer_t *timer)
{
	struct sim *sim = container_of(timer, struct sim, churn);

	(void)catalog_churn(&sim->catalog, sim->options.churn_size);
}

static int prepare(struct sim *sim, struct error *err)
{
	const struct sim_options *o = &sim->options;
	int r = 0;

	faults_init(&sim->faults, o->seed);
	for (size_t i = 0; i < o->fail_count && r == 0; i++)
		r = faults_add(&sim->faults, o->fail[i], err);
	if (r == 0)
		r = catalog_init(&sim->catalog, o->seed, o->images, o->sizes, o->size_count, err);
	if (r == 0 && o->log_file)
		r = eventlog_open(&sim->log, o->log_file, &sim->catalog, o->seed, err);
	sim->catalog.changed = on_change;
	sim->catalog.data = sim;
	return r;
}

int sim_open(struct sim **ret, uv_loop_t *loop, const struct sim_options *options,
	     struct error *err)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return error_set(err, -ENOMEM, "no memory for the simulator");
	sim->loop = loop;
	sim->options = *options;
	int r = prepare(sim, err);
	if (r == 0) {
		const struct http_server_options server = { .listen = options->listen,
							    .connections_max = CONNECTIONS_MAX,
							    .body_max_bytes = BODY_MAX,
							    .handler = on_request,
							    .data = sim };
		r = http_server_open(&sim->server, loop, &server, err);
	}
	if (r < 0) {
		eventlog_close(sim->log);
		catalog_finish(&sim->catalog);
		free(sim);
		return r;
	}
	uv_timer_init(loop, &sim->churn);
	sim->handles = 2; /* the server and the timer */
	if (options->churn_ms > 0)
		uv_timer_start(&sim->churn, on_churn, (uint64_t)options->churn_ms,
			       (uint64_t)options->churn_ms);
	*ret = sim;
	return 0;
}

static void on_server_closed(void *data)
{
	release(data);
}

static void on_churn_closed(uv_handle_t *handle)
{
	release(container_of((uv_timer_t *)handle, struct sim, churn));
}

void sim_close(struct sim *sim, http_closed_fn *closed, void *data)
{
	sim->closed = closed;
	sim->closed_data = data;
	uv_close((uv_handle_t *)&sim->churn, on_churn_closed);
	http_server_close(sim->server, on_server_closed, sim);
}

int sim_port(const struct sim *sim)
{
	return http_server_port(sim->server);
}

struct catalog *sim_catalog(struct sim *sim)
{
	return &sim->catalog;
}
