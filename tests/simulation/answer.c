/*
 * From a request to the bytes of an answer: which listing is asked, what it holds at this moment,
 * what the faults of the hour make of it. What an answer leaves out although it exists is logged
 * where the asker cannot know better: a list that is consistent in itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/course.h"
#include "tests/simulation/serving.h"
#include "tests/simulation/world.h"

enum { PARAMS_MAX = 32, LATENCY_MIN_US = 5000, LATENCY_MAX_US = 90000, SLOW_MAX_US = 900000 };

struct param {
	char name[48], value[192];
};

/* ---- the request ------------------------------------------------------------------------------
 */

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

/* Up to one of `ends`; the value is cut where it is longer than anything that is compared. */
static const char *decode(char *out, size_t size, const char *from, const char *ends)
{
	size_t len = 0;

	while (*from && !strchr(ends, *from)) {
		char c = *from == '+' ? ' ' : *from;
		if (*from == '%' && from[1] && from[2]) {
			c = (char)(hex_of(from[1]) * 16 + hex_of(from[2]));
			from += 2;
		}
		from++;
		if (len + 1 < size)
			out[len++] = c;
	}
	out[len] = '\0';
	return from;
}

static size_t read_params(struct param *params, size_t count, const char *query)
{
	while (query && *query && count < PARAMS_MAX) {
		query = decode(params[count].name, sizeof(params[count].name), query, "=&");
		params[count].value[0] = '\0';
		if (*query == '=')
			query = decode(params[count].value, sizeof(params[count].value), query + 1,
				       "&");
		count++;
		if (*query == '&')
			query++;
	}
	return count;
}

static const char *param(const struct param *params, size_t count, const char *name)
{
	for (size_t i = 0; i < count && name; i++)
		if (strcmp(params[i].name, name) == 0)
			return params[i].value;
	return "";
}

static bool asks_for(const struct listing *l, const struct param *params, size_t count)
{
	const struct dialect *d = l->dialect;

	return strcmp(param(params, count, d->action_param), d->action) == 0 &&
	       strcmp(param(params, count, d->key_param), l->key) == 0 &&
	       (!d->region_param ||
		strcmp(param(params, count, d->region_param), l->region) == 0) &&
	       (!d->zone_param || strcmp(param(params, count, d->zone_param), l->zone) == 0) &&
	       (!d->variant_param ||
		strcmp(param(params, count, d->variant_param), l->variant) == 0);
}

static struct window *open_window(struct listing *l)
{
	if (!l->is_open) {
		GROW(l->windows, l->window_count, l->window_size);
		l->windows[l->window_count++] = (struct window){ .first_us = l->world->now_us,
								 .last_us = l->world->now_us,
								 .listed_min = UINT32_MAX };
		l->is_open = true;
		churn_plan(l, &l->windows[l->window_count - 1]);
	}
	return &l->windows[l->window_count - 1];
}

struct window *call_window(const struct call *call)
{
	return &call->listing->windows[call->window];
}

static int64_t latency_us(struct luck *luck)
{
	return luck_hits(luck, 20) ? luck_between(luck, LATENCY_MAX_US, SLOW_MAX_US)
				   : luck_between(luck, LATENCY_MIN_US, LATENCY_MAX_US);
}

/* Asked in vain before, in the same poll: a retry. */
static void note(const struct listing *l, struct window *w, uint64_t offset)
{
	bool is_retry = false;

	for (unsigned i = 0; i < w->failed_count && !is_retry; i++) {
		is_retry = w->failed[i] == offset;
		if (is_retry)
			w->failed[i] = w->failed[--w->failed_count];
	}
	if (l->world->ledger)
		ledger_note(l->world->ledger, l, is_retry);
}

struct call *cloud_receive(struct cloud *cloud, const char *url, const char *body)
{
	struct param params[PARAMS_MAX];
	const char *query = strchr(url, '?');
	size_t count = read_params(params, 0, query ? query + 1 : NULL);
	struct listing *l = NULL;

	count = read_params(params, count, body);
	for (unsigned i = 0; i < cloud->count && !l; i++)
		if (asks_for(&cloud->listings[i], params, count))
			l = &cloud->listings[i];
	if (!l)
		return NULL;
	struct call *call = calloc(1, sizeof(*call));
	assert(call);
	struct window *w = open_window(l);
	call->listing = l;
	call->window = l->window_count - 1;
	call->offset = strtoull(param(params, count, l->dialect->offset), NULL, 10);
	call->limit = strtoull(param(params, count, l->dialect->limit), NULL, 10);
	if (call->limit == 0)
		call->limit = l->dialect->limit_default;
	call->up_us = latency_us(&l->luck);
	call->down_us = latency_us(&l->luck);
	w->requests++;
	w->pending++;
	call->failed = true;
	note(l, w, call->offset);
	struct serving s = { .listing = l, .window = w, .call = call };
	faults_apply(&s, STAGE_TIME);
	return call;
}

void cloud_over(struct call *call)
{
	struct window *w = call_window(call);

	w->pending--;
	if (call->failed && w->failed_count < FAILED_MAX)
		w->failed[w->failed_count++] = call->offset;
	w->last_us = call->listing->world->now_us;
	free(call);
}

/* ---- the answer -------------------------------------------------------------------------------
 */

static void cut_page(struct serving *s)
{
	const struct listing *l = s->listing;

	if (!l->dialect->offset) {
		s->offset = 0;
		s->limit = ITEMS_MAX;
	}
	for (uint64_t at = s->offset;
	     at < s->view_count && s->item_count < s->limit && s->item_count < ITEMS_MAX - 2;
	     at++) {
		struct image *image = s->view[at];
		s->items[s->item_count++] =
			(struct served){ image, image->versions[image->version_count - 1].json,
					 image->set };
	}
}

static void put_total(struct buf *body, const struct serving *s)
{
	const char *key = s->listing->dialect->total;

	if (!key || s->listing->no_total)
		return;
	switch (s->total_form) {
	case TOTAL_NUMBER: buf_printf(body, ",\"%s\":%" PRId64, key, s->total); break;
	case TOTAL_TEXT: buf_printf(body, ",\"%s\":\"%" PRId64 "\"", key, s->total); break;
	case TOTAL_NULL: buf_printf(body, ",\"%s\":null", key); break;
	case TOTAL_ABSENT: break;
	}
}

static void put_array(struct buf *body, const struct serving *s, unsigned set)
{
	const char *comma = "";

	switch (s->array_form) {
	case ARRAY_ABSENT: return;
	case ARRAY_NULL: buf_printf(body, ",\"%s\":null", s->listing->dialect->arrays[set]); return;
	case ARRAY_OBJECT: buf_printf(body, ",\"%s\":{}", s->listing->dialect->arrays[set]); return;
	case ARRAY_WHOLE: break;
	}
	buf_printf(body, ",\"%s\":[", s->listing->dialect->arrays[set]);
	for (size_t i = 0; i < s->item_count; i++) {
		if (s->items[i].set != set)
			continue;
		buf_puts(body, comma);
		buf_puts(body, s->items[i].json);
		comma = ",";
	}
	buf_putc(body, ']');
}

static void put_body(struct serving *s, bool refused)
{
	const struct dialect *d = s->listing->dialect;
	struct buf *body = &s->body;

	buf_printf(body, "{\"%s\":\"%sResponse\"", d->action_param, d->action);
	if (s->code)
		buf_printf(body, ",\"%s\":%s", d->code, s->code);
	if (s->message)
		buf_printf(body, ",\"%s\":\"%s\"", d->message, s->message);
	if (!refused) {
		put_total(body, s);
		for (unsigned set = 0; d->arrays[set]; set++)
			put_array(body, s, set);
	}
	buf_putc(body, '}');
}

static bool is_in_view(const struct serving *s, const struct image *image)
{
	for (size_t i = 0; i < s->view_count; i++)
		if (s->view[i] == image)
			return true;
	return false;
}

/* No list that proves anything. Nothing and a total of 0 is one, even without its array. */
static bool is_spoiled(const struct serving *s)
{
	return s->spoiled && !(s->array_form != ARRAY_WHOLE && s->total == 0);
}

static void log_lies(struct serving *s)
{
	struct listing *l = s->listing;
	int64_t now_us = l->world->now_us;
	bool hides_all = (s->page_lies || s->array_form != ARRAY_WHOLE) &&
			 (s->total_lies || s->total_form == TOTAL_ABSENT ||
			  s->total_form == TOTAL_NULL || l->no_total);

	/* An unpaged answer without its arrays is never a list. */
	if (s->array_form != ARRAY_WHOLE && !s->total_lies)
		hides_all = false;
	for (size_t i = 0; i < l->list_count && (hides_all || s->view_lies) && !is_spoiled(s); i++)
		if (hides_all || !is_in_view(s, l->list[i]))
			image_hide(l->list[i], now_us);
	for (size_t i = 0; i < s->item_count; i++)
		if (s->items[i].image && !image_exists(s->items[i].image, now_us))
			image_show_once(s->items[i].image, now_us);
	if (is_spoiled(s))
		return;
	if (s->window->listed_min > s->view_count)
		s->window->listed_min = (unsigned)s->view_count;
	if (s->window->listed_max < s->view_count)
		s->window->listed_max = (unsigned)s->view_count;
	if (s->total_form == TOTAL_NUMBER || s->total_form == TOTAL_TEXT)
		s->window->with_total += l->dialect->total && !l->no_total && s->total >= 0;
}

static void serve(struct serving *s)
{
	struct listing *l = s->listing;

	s->code = "0";
	if (faults_apply(s, STAGE_WIRE))
		return;
	s->reply->status = 200;
	if (faults_apply(s, STAGE_CODE)) {
		put_body(s, true);
		faults_apply(s, STAGE_BODY);
		return;
	}
	faults_apply(s, STAGE_LIST);
	if (!s->view_lies) {
		s->view_count = l->list_count;
		assert(s->view_count <= ARRAY_LEN(s->view));
		if (l->list_count > 0)
			memcpy(s->view, l->list, l->list_count * sizeof(l->list[0]));
	}
	s->total = (int64_t)s->view_count;
	s->offset = s->call->offset;
	s->limit = s->call->limit < l->page_max ? s->call->limit : l->page_max;
	faults_apply(s, STAGE_PLACE);
	cut_page(s);
	faults_apply(s, STAGE_PAGE);
	faults_apply(s, STAGE_TOTAL);
	faults_apply(s, STAGE_ARRAY);
	log_lies(s);
	put_body(s, false);
	faults_apply(s, STAGE_BODY);
}

void cloud_answer(struct call *call, struct reply *ret)
{
	static struct serving s; /* large, and there is one at a time */
	struct listing *l = call->listing;
	struct window *w = call_window(call);

	w->answers++;
	churn_before(w, w->answers);
	memset(&s, 0, offsetof(struct serving, view));
	memset(&s.view_count, 0, sizeof(s) - offsetof(struct serving, view_count));
	s.listing = l;
	s.window = w;
	s.call = call;
	s.reply = ret;
	*ret = (struct reply){ .retry_after_s = -1 };
	buf_init(&s.body);
	serve(&s);
	w->spoiled += is_spoiled(&s);
	call->failed = is_spoiled(&s);
	ret->body = s.body;
	world_trace(l->world,
		    "cloud %u: offset %" PRIu64 ": %zu items of %zu, total %" PRId64 "%s%s",
		    l->number, call->offset, s.item_count, s.view_count, s.total,
		    call->applied_count > 0 ? "; " : "",
		    call->applied_count > 0 ? call->applied[0]->name : "");
}
