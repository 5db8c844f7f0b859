#include "export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "export/exchange.h"
#include "export/guard.h"
#include "export/token.h"

/*
 *   request ─► guard ─► route ─► parameters ─► prepare ─► run (worker, one snapshot) ─► act ─►
 * answer └─────────┴───────────┴── refused
 *
 * Failures: a request whose client has left goes its way to the end and is dropped there; the same
 * when the server closes.
 * On close: the server first, so that nothing new comes; then, once the commands that were begun
 * are answered, the pool; then the memory.
 */
enum {
	/* What a question may cost, in steps of SQLite's machine: honest ones walk over every image
	 * a few times. */
	BUDGET_STEPS = 2000000,
	BUDGET_STEPS_PER_IMAGE = 250,
};

/* ---- one request --------------------------------------------------------------------------- */

const char *exchange_text(const struct exchange *x, const char *name)
{
	return http_params_get(&x->query, name);
}

int64_t exchange_int(const struct exchange *x, const char *name, int64_t otherwise)
{
	const char *text = exchange_text(x, name);
	int64_t number;

	return text && text_to_int(text, &number) ? number : otherwise;
}

/* Is one of the tags ours? Weak or not makes no difference here. */
static bool is_known(const char *header, const char *etag)
{
	const char *tag = etag + 2; /* behind W/ */
	size_t len = strlen(tag);

	if (!header)
		return false;
	for (const char *at = header; *at;) {
		at += strspn(at, " \t,");
		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		if (strncmp(at, tag, len) == 0 || *at == '*')
			return true;
		at += *at == '"' ? 1 : 0;
		at += strcspn(at, "\"");
		at += *at == '"';
	}
	return false;
}

bool exchange_knows(const struct exchange *x)
{
	return !x->answer.etag.failed && is_known(x->if_none_match, buf_text(&x->answer.etag));
}

static void free_exchange(struct exchange *x)
{
	if (x->token)
		crypto_wipe(x->token, strlen(x->token));
	free(x->token);
	free(x->token_file);
	free(x->if_none_match);
	free(x->path);
	if (x->state)
		(x->drop ? x->drop : free)(x->state);
	http_params_finish(&x->query);
	answer_finish(&x->answer);
	free(x);
}

void exchange_end(struct exchange *x)
{
	if (x->request) {
		x->request->gone = NULL;
		answer_send(&x->answer, x->request);
	}
	free_exchange(x);
}

void exchange_failed(struct exchange *x, int result, const struct error *err)
{
	if (result == -EINTR)
		answer_problem(&x->answer, 503,
			       "the question costs too much: ask for less, or ask the file");
	else if (result == -ENODATA || result == -ESTALE)
		answer_gone(&x->answer, err->text, x->mark.first_seq, x->mark.last_seq);
	else
		answer_problem(&x->answer, 503, err->text[0] ? err->text : "out of memory");
}

/* ---- on a worker thread -------------------------------------------------------------------- */

static void put_etag(struct exchange *x)
{
	const struct reader_mark *m = &x->mark;

	buf_printf(&x->answer.etag, "W/\"%s-%llx-%llx.%llx-%llx.%llx-%llx\"", IMAGECAT_VERSION,
		   (unsigned long long)m->created_at, (unsigned long long)m->first_seq,
		   (unsigned long long)m->last_seq, (unsigned long long)m->first_poll_id,
		   (unsigned long long)m->poll_id, (unsigned long long)m->listings);
}

/* Everything that is read between begin and end is of one moment. */
static int run_in_snapshot(struct exchange *x, struct reader *reader, struct error *err)
{
	int rc = reader_mark(reader, &x->mark, err);

	if (rc < 0)
		return rc;
	x->answer.seq = x->mark.last_seq;
	/* What is younger than an age changes with the time alone. */
	if (x->route->flags & ROUTE_CONDITIONAL && !exchange_text(x, "since")) {
		put_etag(x);
		if (exchange_knows(x)) {
			answer_begin(&x->answer, 304, NULL);
			return 0;
		}
	}
	reader_limit(reader, BUDGET_STEPS + x->mark.images * BUDGET_STEPS_PER_IMAGE);
	x->route->run(x, reader);
	return 0;
}

static bool run_route(struct exchange *x, struct reader *reader, const struct error *failure)
{
	struct error err = { 0 };

	if (!reader && x->route->flags & ROUTE_NO_CATALOG) {
		x->route->run(x, NULL);
		return false;
	}
	if (!reader) {
		exchange_failed(x, failure->code, failure);
		return false;
	}
	int rc = reader_begin(reader, &err);
	if (rc == 0) {
		rc = run_in_snapshot(x, reader, &err);
		reader_end(reader);
	}
	if (rc == 0)
		return true;
	if (x->route->flags & ROUTE_NO_CATALOG)
		x->route->run(x, NULL);
	else
		exchange_failed(x, rc, &err);
	return false;
}

static bool on_run(struct pool_job *job, struct reader *reader, const struct error *err)
{
	struct exchange *x = container_of(job, struct exchange, job);
	bool good = true;

	if (x->route->flags & ROUTE_TOKEN)
		token_check(x);
	if (!x->answer.status && x->route->run)
		good = run_route(x, reader, err);
	return good;
}

/* ---- back on the loop ---------------------------------------------------------------------- */

static void on_done(struct pool_job *job)
{
	struct exchange *x = container_of(job, struct exchange, job);

	/* Who has no token is not told what could be said. */
	bool asked = !x->answer.status && x->route->act && !job->cancelled && x->request;
	if (asked && x->route->flags & ROUTE_TOKEN)
		asked = route_check(x->route, &x->query, &x->answer);
	if (asked)
		x->route->act(x);
	else
		exchange_end(x);
}

static void on_gone(struct http_request *request)
{
	struct exchange *x = request->data;

	x->request = NULL;
}

/* ---- taking a request ---------------------------------------------------------------------- */

static char *copy_header(const struct http_request *request, const char *name)
{
	const char *value = http_request_header(request, name);

	return value ? strdup(value) : NULL;
}

static char *copy_token(const struct http_request *request)
{
	const char *value = http_request_header(request, "Authorization");

	return value && strncasecmp(value, "Bearer ", 7) == 0 ? strdup(value + 7) : NULL;
}

/* A POST may have its parameters in the target or as a form. */
static int copy_parameters(struct exchange *x, const struct http_request *request)
{
	const char *question = strchr(request->target, '?');
	bool form = request->body_len > 0;

	if (form && question && question[1])
		return -EINVAL;
	const char *text = form ? request->body : question ? question + 1 : "";
	return http_params_parse(&x->query, text, form ? request->body_len : strlen(text));
}

/* The page may be linked to from a chat or a wiki; nothing else answers who comes from there. */
static bool follows_link(const struct http_request *request)
{
	const struct route *route = route_find(request->method, request->path).route;

	return route && route->flags & ROUTE_LINKED &&
	       guard_is_link(http_request_header(request, "Sec-Fetch-Mode"),
			     http_request_header(request, "Sec-Fetch-Dest"));
}

/* False after the answer was made a problem. */
static bool may_ask(const struct export *export, const struct http_request *request,
		    struct answer *answer)
{
	if (!guard_allows_host(export->guard, http_request_header(request, "Host")))
		answer_problem(
			answer, 421,
			"the request is addressed to a name that is not ours: see http.names");
	else if (!guard_allows_site(http_request_header(request, "Sec-Fetch-Site")) &&
		 !follows_link(request))
		answer_problem(answer, 403, "pages of other sites may not ask");
	return !answer->status;
}

static const struct route *choose(const struct export *export, const struct http_request *request,
				  struct answer *answer, struct route_match *match)
{
	*match = route_find(request->method, request->path);
	bool hidden = match->allow && strncmp(request->path, "/-/", 3) == 0 && !export->token_file;

	if (!match->allow || hidden) {
		answer_problem(answer, 404, "there is nothing at this address");
		return NULL;
	}
	if (!match->route) {
		answer_problem(answer, 405, "this address does not know that method");
		answer->allow = match->allow;
		return NULL;
	}
	if (request->body_len > 0 && strcmp(match->route->method, "POST") != 0)
		answer_problem(answer, 400, "a GET has no body");
	return answer->status ? NULL : match->route;
}

static struct exchange *new_exchange(struct export *export, struct http_request *request,
				     const struct route_match *match)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	answer_init(&x->answer);
	x->export = export;
	x->request = request;
	x->route = match->route;
	x->path = strdup(request->path);
	x->if_none_match = copy_header(request, "If-None-Match");
	x->token = copy_token(request);
	x->token_file = export->token_file ? strdup(export->token_file) : NULL;
	x->job = (struct pool_job){ .run = on_run, .done = on_done };
	if (x->path && match->tail_len) {
		x->tail = x->path + match->tail_at;
		x->path[match->tail_at + match->tail_len] = '\0';
	}
	if (!x->path) {
		free_exchange(x);
		return NULL;
	}
	return x;
}

static void begin(struct exchange *x)
{
	struct http_request *request = x->request;

	if (copy_parameters(x, request) < 0)
		answer_problem(&x->answer, 400, "the parameters cannot be read");
	else if (!(x->route->flags & ROUTE_TOKEN) && route_check(x->route, &x->query, &x->answer) &&
		 x->route->prepare && !x->route->prepare(x))
		answer_problem(&x->answer, 503, "out of memory");
	if (x->answer.status) {
		exchange_end(x);
	} else if (x->route->run || x->route->flags & ROUTE_TOKEN) {
		request->data = x;
		request->gone = on_gone;
		pool_submit(x->export->pool, &x->job);
	} else {
		x->route->act(x);
	}
}

static void on_request(struct http_request *request, void *data)
{
	struct export *export = data;
	struct answer answer;
	struct route_match match;
	struct exchange *x = NULL;

	answer_init(&answer);
	if (may_ask(export, request, &answer) && choose(export, request, &answer, &match)) {
		x = new_exchange(export, request, &match);
		if (!x)
			answer_problem(&answer, 503, "out of memory");
	}
	if (x)
		begin(x);
	else
		answer_send(&answer, request);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void on_pool_closed(void *data)
{
	struct export *export = data;
	void (*closed)(void *data) = export->closed;
	void *closed_data = export->data;

	guard_close(export->guard);
	tally_finish(&export->tally);
	free(export->token_file);
	free(export);
	closed(closed_data);
}

static void on_events_closed(struct events *events)
{
	struct export *export = container_of(events, struct export, events);

	pool_close(export->pool, on_pool_closed, export);
}

/* Commands are answered by parts of the daemon that go on until we are closed. */
static void go_on_closing(struct export *export)
{
	if (!export->closed || export->server || export->commands > 0 || export->closing)
		return;
	export->closing = true;
	events_close(&export->events, on_events_closed);
}

static void on_server_closed(void *data)
{
	struct export *export = data;

	export->server = NULL;
	go_on_closing(export);
}

void export_close(struct export *export, void (*closed)(void *data), void *data)
{
	assert(!export->closed);
	export->closed = closed;
	export->data = data;
	if (export->server)
		http_server_close(export->server, on_server_closed, export);
	else
		go_on_closing(export);
}

void export_answer(struct export_command *command, int result, const struct error *err)
{
	struct export *export = command->export;

	command->answered(command, result, err);
	assert(export->commands > 0);
	export->commands--;
	go_on_closing(export);
}

static int open_parts(struct export *export, const struct export_options *o, struct error *err)
{
	const struct http_server_options server = { .listen = o->listen,
						    .listen_fd = o->listen_fd,
						    .handler = on_request,
						    .data = export };
	char machine[256] = "";

	(void)gethostname(machine, sizeof(machine) - 1);
	export->guard = guard_open(o->listen, machine, o->names);
	if (!export->guard || !export_set_token_file(export, o->token_file))
		return error_set(err, -ENOMEM, "out of memory");
	return http_server_open(&export->server, export->loop, &server, err);
}

int export_open(struct export **ret, uv_loop_t *loop, const struct export_options *o,
		struct error *err)
{
	struct export *export = calloc(1, sizeof(*export));

	if (!export)
		return error_set(err, -ENOMEM, "out of memory");
	export->loop = loop;
	export->env = o->env;
	export->hooks = o->hooks;
	export->started_at = o->env->now_s(o->env);
	if (pool_open(&export->pool, loop, o->catalog) < 0) {
		free(export);
		return error_set(err, -ENOMEM, "out of memory");
	}
	events_open(&export->events, loop, export->pool);
	*ret = export;
	return open_parts(export, o, err);
}

void export_polled(struct export *export, const struct tally_poll *poll)
{
	tally_count(&export->tally, poll);
}

void export_changed(struct export *export, int64_t last_seq)
{
	events_changed(&export->events, last_seq);
}

bool export_set_token_file(struct export *export, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return false;
	free(export->token_file);
	export->token_file = copy;
	return true;
}

int export_port(const struct export *export)
{
	return http_server_port(export->server);
}
