#include "sim/control.h"

#include <string.h>

#include "base/text.h"
#include "sim/eventlog.h"
#include "sim/json.h"

static const char *param(const struct http_request *request, const char *name)
{
	return http_params_get(&request->query, name);
}

static int say(struct buf *body, int status, const char *text)
{
	struct json json;

	buf_clear(body);
	json_init(&json, body, false);
	json_object(&json, NULL);
	json_text(&json, status < 300 ? "status" : "error", text);
	json_object_end(&json);
	buf_putc(body, '\n');
	return status;
}

static int health(const struct control *control, const struct http_request *request,
		  struct buf *body)
{
	struct json json;

	(void)request;
	json_init(&json, body, false);
	json_object(&json, NULL);
	json_text(&json, "status", "ok");
	json_int(&json, "images", (int64_t)catalog_images(control->catalog));
	json_int(&json, "requests", (int64_t)control->requests);
	json_object(&json, "faults");
	for (int i = 0; i < FAULT_COUNT; i++)
		if (control->faults->hits[i])
			json_int(&json, fault_name((enum fault)i),
				 (int64_t)control->faults->hits[i]);
	json_object_end(&json);
	json_object_end(&json);
	buf_putc(body, '\n');
	return 200;
}

static int list_segments(const struct control *control, const struct http_request *request,
			 struct buf *body)
{
	(void)request;
	for (size_t i = 0; i < control->catalog->segment_count; i++) {
		const struct segment *segment = &control->catalog->segments[i];
		struct json json;
		json_init(&json, body, false);
		json_object(&json, NULL);
		json_text(&json, "segment", segment->name);
		json_int(&json, "images", (int64_t)segment->image_count);
		json_int(&json, "items", (int64_t)segment->count);
		json_object_end(&json);
		buf_putc(body, '\n');
	}
	return 200;
}

static int truth(const struct control *control, const struct http_request *request,
		 struct buf *body)
{
	const char *prefix = param(request, "segment");

	for (size_t s = 0; s < control->catalog->segment_count; s++) {
		const struct segment *segment = &control->catalog->segments[s];
		if (prefix && strncmp(segment->name, prefix, strlen(prefix)) != 0)
			continue;
		for (size_t i = 0; i < segment->count; i++)
			truth_put(body, control->catalog, segment, &segment->images[i], NULL, NULL);
	}
	return 200;
}

/* Absent is 1; -1 when it is no count. */
static int64_t count_of(const struct http_request *request, const char *name)
{
	const char *text = param(request, name);
	int64_t count = 1;

	if (text && (!text_to_int(text, &count) || count < 0))
		return -1;
	return count;
}

static int churn(const struct control *control, const struct http_request *request,
		 struct buf *body)
{
	int64_t changes = count_of(request, "changes");

	if (changes < 0)
		return say(body, 400, "changes is no number");
	if (catalog_churn(control->catalog, (size_t)changes) < 0)
		return say(body, 500, "no memory");
	return say(body, 200, "ok");
}

static bool apply_change(const struct control *control, const struct http_request *request,
			 struct segment *segment, size_t index)
{
	const char *state = param(request, "state");
	const char *what = param(request, "what");
	enum change change = CHANGE_TEXT;

	if (state)
		return catalog_set_state(control->catalog, segment, index, state);
	if (what && strcmp(what, "state") == 0)
		change = CHANGE_STATE;
	else if (what && strcmp(what, "counters") == 0)
		change = CHANGE_COUNTERS;
	else if (what && strcmp(what, "text") != 0)
		return false;
	catalog_change(control->catalog, segment, index, change);
	return true;
}

/* The images that `id` or `count` name: [first, first + n) of the segment. */
static bool select_images(const struct control *control, const struct http_request *request,
			  const struct segment *segment, size_t *ret_first, size_t *ret_n)
{
	const char *id = param(request, "id");
	int64_t count = count_of(request, "count");

	if (id) {
		int64_t index = segment_find(control->catalog, segment, id);
		*ret_first = index < 0 ? 0 : (size_t)index;
		*ret_n = 1;
		return index >= 0;
	}
	*ret_first = 0;
	*ret_n = (size_t)count;
	return count >= 0 && (size_t)count <= segment->count;
}

static struct segment *segment_of(const struct control *control, const struct http_request *request)
{
	const char *name = param(request, "segment");

	return name ? catalog_segment(control->catalog, name) : NULL;
}

static int add(const struct control *control, const struct http_request *request, struct buf *body)
{
	struct segment *segment = segment_of(control, request);
	int64_t count = count_of(request, "count");

	if (!segment || count < 0)
		return say(body, 400, "no such segment, or no count");
	for (int64_t i = 0; i < count; i++)
		if (catalog_add(control->catalog, segment) < 0)
			return say(body, 500, "no memory");
	return say(body, 200, "ok");
}

static int remove_images(const struct control *control, const struct http_request *request,
			 struct buf *body)
{
	struct segment *segment = segment_of(control, request);
	size_t first, n;

	if (!segment || !select_images(control, request, segment, &first, &n))
		return say(body, 400, "no such segment or image");
	for (; n > 0; n--)
		catalog_remove(control->catalog, segment, first);
	return say(body, 200, "ok");
}

static int change_images(const struct control *control, const struct http_request *request,
			 struct buf *body)
{
	struct segment *segment = segment_of(control, request);
	size_t first, n;

	if (!segment || !select_images(control, request, segment, &first, &n))
		return say(body, 400, "no such segment or image");
	for (size_t i = first; i < first + n; i++)
		if (!apply_change(control, request, segment, i))
			return say(body, 400, "no such state, or no such change");
	return say(body, 200, "ok");
}

static int fail(const struct control *control, const struct http_request *request, struct buf *body)
{
	const char *rule = param(request, "rule");
	struct error err;

	if (param(request, "clear"))
		faults_clear(control->faults);
	if (rule && faults_add(control->faults, rule, &err) < 0)
		return say(body, 400, err.text);
	return say(body, 200, "ok");
}

int control_answer(const struct control *control, const struct http_request *request,
		   struct buf *body)
{
	/* clang-format off */
	static const struct { const char *path, *method; int (*answer)(const struct control *, const struct http_request *, struct buf *); } routes[] = {
		{ "/_sim/health",   "GET",  health },
		{ "/_sim/segments", "GET",  list_segments },
		{ "/_sim/truth",    "GET",  truth },
		{ "/_sim/churn",    "POST", churn },
		{ "/_sim/add",      "POST", add },
		{ "/_sim/remove",   "POST", remove_images },
		{ "/_sim/change",   "POST", change_images },
		{ "/_sim/fail",     "POST", fail },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		if (strcmp(routes[i].method, request->method) != 0)
			return say(body, 405, "another method is needed");
		return routes[i].answer(control, request, body);
	}
	return say(body, 404, "nothing is here");
}
