#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "tests/simulation/serving.h"
#include "tests/simulation/world.h"

/*
 * Everything that goes wrong, one row each. A fault is active on a listing for a while; each answer
 * of that time has it with the chance that was drawn for it.
 */
static struct luck *luck_of(struct serving *s)
{
	return &s->listing->luck;
}

/* ---- time and wire ----------------------------------------------------------------------------
 */

static bool be_slow(struct serving *s, const struct fault *f)
{
	s->call->down_us +=
		luck_between(luck_of(s), (int64_t)f->number * 1000000, (int64_t)f->more * 1000000);
	return true;
}

static bool answer_status(struct serving *s, const struct fault *f)
{
	s->reply->status = f->number;
	if (f->more)
		s->reply->retry_after_s = luck_between(luck_of(s), 1, f->more);
	if (f->number != 204)
		buf_puts(&s->body, "<html><body>something else</body></html>");
	return true;
}

static bool break_wire(struct serving *s, const struct fault *f)
{
	s->reply->error = f->number;
	s->reply->class = f->class;
	return true;
}

static bool answer_text(struct serving *s, const struct fault *f)
{
	s->reply->status = 200;
	buf_puts(&s->body, f->text);
	return true;
}

/* ---- codes ------------------------------------------------------------------------------------
 */

static bool refuse(struct serving *s, const struct fault *f)
{
	s->code = arena_format(s->listing->arena, "%d", s->listing->dialect->refusals[f->number]);
	s->message = f->text;
	return true;
}

/* A list with a code that nobody can read is no list. */
static bool spoil_code(struct serving *s, const struct fault *f)
{
	s->code = f->text;
	return true;
}

/* ---- lists -------------------------------------------------------------------------------------
 */

static bool is_chosen(const struct serving *s, const struct image *image, unsigned permille)
{
	uint64_t hash = s->active->salt;

	for (const char *c = image->uid; *c; c++)
		hash = luck_mix(hash ^ (unsigned char)*c);
	return hash % 1000 < permille;
}

static bool list_without(struct serving *s, unsigned permille)
{
	const struct listing *l = s->listing;

	s->view_lies = true;
	s->view_count = 0;
	for (size_t i = 0; i < l->list_count; i++)
		if (!is_chosen(s, l->list[i], permille))
			s->view[s->view_count++] = l->list[i];
	return true;
}

static bool list_fewer(struct serving *s, const struct fault *f)
{
	return list_without(s, (unsigned)f->number);
}

/* Which replica answers goes by the request, by the poll, or by luck. */
static bool list_of_replica(struct serving *s, const struct fault *f)
{
	bool other = luck_hits(luck_of(s), 500);

	if (s->active->salt % 3 == 0)
		other = s->window->answers % 2;
	if (s->active->salt % 3 == 1)
		other = s->call->window % 2;
	if (other)
		list_without(s, (unsigned)f->number);
	return other;
}

static bool purge(struct serving *s, const struct fault *f)
{
	if (s->active->spent)
		return false;
	s->active->spent = true;
	churn_purge(s->listing, (unsigned)f->number);
	return true;
}

static bool refuse_over_nothing(struct serving *s, const struct fault *f)
{
	list_without(s, 1000);
	return refuse(s, f);
}

/* ---- places ------------------------------------------------------------------------------------
 */

static bool is_paged(const struct serving *s)
{
	return s->listing->dialect->offset != NULL;
}

static bool clamp_limit(struct serving *s, const struct fault *f)
{
	(void)f;
	s->limit = 3 + s->active->salt % 4;
	return is_paged(s);
}

static bool ignore_offset(struct serving *s, const struct fault *f)
{
	if (!is_paged(s) || s->offset < (uint64_t)f->number * s->limit || s->offset == 0)
		return false;
	s->offset = 0;
	s->page_lies = true;
	return true;
}

static bool round_offset(struct serving *s, const struct fault *f)
{
	(void)f;
	if (!is_paged(s) || s->offset % s->limit == 0)
		return false;
	s->offset -= s->offset % s->limit;
	return true;
}

static bool shuffle(struct serving *s, const struct fault *f)
{
	(void)f;
	for (size_t i = s->view_count; i > 1; i--) {
		size_t j = luck_below(luck_of(s), i);
		struct image *image = s->view[i - 1];
		s->view[i - 1] = s->view[j];
		s->view[j] = image;
	}
	return is_paged(s) && s->view_count > 1;
}

/* The list goes on behind its end, page after page. Only where a total says how many there are:
 * elsewhere it takes twenty thousand pages to be believed. */
static bool be_endless(struct serving *s, const struct fault *f)
{
	struct listing *l = s->listing;
	uint64_t end = s->offset + s->limit;

	(void)f;
	if (!is_paged(s) || l->no_total || end <= s->view_count || end > ARRAY_LEN(s->view))
		return false;
	for (size_t at = s->view_count; at < end; at++) {
		char id[64];
		snprintf(id, sizeof(id), "uimage-endless%u-%zu",
			 (unsigned)(s->active->salt % 10000), at);
		s->view[at] = listing_invent(l, id);
	}
	s->view_count = end;
	return true;
}

/* ---- pages and items ---------------------------------------------------------------------------
 */

static bool shorten_page(struct serving *s, const struct fault *f)
{
	size_t kept = 0;

	if (!is_paged(s))
		return false;
	for (size_t i = 0; i < s->item_count; i++)
		if (!s->items[i].image || !is_chosen(s, s->items[i].image, (unsigned)f->number))
			s->items[kept++] = s->items[i];
	bool applied = kept < s->item_count;
	s->item_count = kept;
	s->page_lies = s->page_lies || applied;
	return applied;
}

static bool empty_page(struct serving *s, const struct fault *f)
{
	(void)f;
	if (!is_paged(s) || s->offset == 0 || s->offset + s->item_count >= s->view_count)
		return false;
	s->item_count = 0;
	s->page_lies = true;
	return true;
}

/* One that is not mangled yet; the overlap at the page's beginning as well as any other. */
static struct served *any_item(struct serving *s)
{
	return s->item_count > 0 ? &s->items[luck_below(luck_of(s), s->item_count)] : NULL;
}

static void mark(struct serving *s, struct served *item)
{
	if (item->image)
		item->image->mangled_us = s->listing->world->now_us;
}

static bool list_twice(struct serving *s, const struct fault *f)
{
	struct served *item = any_item(s);

	(void)f;
	if (!item || !item->image)
		return false;
	struct item_text text = image_text(item->image);
	text.edition++;
	text.name = "another one";
	mark(s, item);
	s->items[s->item_count] = *item;
	s->items[s->item_count].json = listing_item(s->listing, &text);
	s->item_count++;
	return true;
}

static bool leave_id_out(struct serving *s, const struct fault *f)
{
	struct served *item = any_item(s);

	(void)f;
	if (!item || !item->image)
		return false;
	struct item_text text = image_text(item->image);
	text.id = NULL;
	item->json = listing_item(s->listing, &text);
	return true;
}

/* Told only where a zone was asked for: elsewhere an item's zone is its own business. */
static bool add_foreigner(struct serving *s, const struct fault *f)
{
	(void)f;
	if (!*s->listing->zone || !s->listing->dialect->item_has_zone || s->item_count == 0)
		return false;
	struct item_text text = { .id = "uimage-foreign",
				  .zone = "us-ca-01",
				  .name = "from elsewhere",
				  .state = "Available",
				  .extra = "" };
	s->items[s->item_count++] = (struct served){ NULL, listing_item(s->listing, &text), 0 };
	return true;
}

static bool rename_item(struct serving *s, const struct fault *f)
{
	struct served *item = any_item(s);

	if (!item || !item->image)
		return false;
	struct item_text text = image_text(item->image);
	text.name = f->text;
	mark(s, item);
	item->json = listing_item(s->listing, &text);
	return true;
}

static bool say_new_word(struct serving *s, const struct fault *f)
{
	struct served *item = any_item(s);

	if (!item || !item->image || !s->listing->dialect->states)
		return false;
	struct item_text text = image_text(item->image);
	text.state = f->text;
	mark(s, item);
	item->json = listing_item(s->listing, &text);
	return true;
}

static bool add_member(struct serving *s, const struct fault *f)
{
	struct served *item = any_item(s);

	if (!item || !item->image)
		return false;
	struct item_text text = image_text(item->image);
	text.extra = f->text;
	item->json = listing_item(s->listing, &text);
	return true;
}

/* ---- totals and arrays ------------------------------------------------------------------------
 */

static bool has_total(const struct serving *s)
{
	return s->listing->dialect->total && !s->listing->no_total;
}

static bool form_total(struct serving *s, const struct fault *f)
{
	s->total_form = (enum total_form)f->number;
	return has_total(s);
}

static bool lie_total(struct serving *s, const struct fault *f)
{
	int64_t by = 1 + (int64_t)(s->active->salt % 5);
	int64_t total = s->total + f->number * by;

	if (!has_total(s) || total < 0)
		return false;
	s->total = total;
	s->total_lies = true;
	return true;
}

static bool set_total(struct serving *s, const struct fault *f)
{
	if (!has_total(s) || s->total == f->number)
		return false;
	s->total = f->number;
	s->total_lies = true;
	return true;
}

static bool sway_total(struct serving *s, const struct fault *f)
{
	(void)f;
	if (!has_total(s) || s->window->answers % 2)
		return false;
	s->total++;
	s->total_lies = true;
	return true;
}

static bool form_array(struct serving *s, const struct fault *f)
{
	s->array_form = (enum array_form)f->number;
	return true;
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

static bool cut_body(struct serving *s, const struct fault *f)
{
	(void)f;
	if (s->body.len < 2)
		return false;
	s->body.len = (size_t)luck_between(luck_of(s), 1, (int64_t)s->body.len - 1);
	s->body.bytes[s->body.len] = '\0';
	return true;
}

static bool append(struct serving *s, const struct fault *f)
{
	buf_puts(&s->body, f->text);
	return true;
}

static bool bloat(struct serving *s, const struct fault *f)
{
	for (int i = 0; i < f->number; i++)
		buf_puts(&s->body,
			 "                                                                ");
	return true;
}

/* ---- the table --------------------------------------------------------------------------------
 */

/* clang-format off */
const struct fault faults[] = {
	{ "answers take 2 to 6 s",        STAGE_TIME, be_slow, 2, 6 },
	{ "answers take 29 to 45 s",      STAGE_TIME, be_slow, 29, 45 },
	{ "HTTP 500",                     STAGE_WIRE, answer_status, 500, .spoils = true },
	{ "HTTP 502",                     STAGE_WIRE, answer_status, 502, .spoils = true },
	{ "HTTP 503",                     STAGE_WIRE, answer_status, 503, .spoils = true },
	{ "HTTP 503 with Retry-After",    STAGE_WIRE, answer_status, 503, 20, .spoils = true },
	{ "HTTP 429",                     STAGE_WIRE, answer_status, 429, .spoils = true },
	{ "HTTP 429 with Retry-After",    STAGE_WIRE, answer_status, 429, 90, .spoils = true },
	{ "HTTP 403",                     STAGE_WIRE, answer_status, 403, .spoils = true },
	{ "HTTP 302",                     STAGE_WIRE, answer_status, 302, .spoils = true },
	{ "HTTP 204",                     STAGE_WIRE, answer_status, 204, .spoils = true },
	{ "connection refused",           STAGE_WIRE, break_wire, UV_ECONNREFUSED, .class = CLASS_NETWORK, .spoils = true },
	{ "connection reset",             STAGE_WIRE, break_wire, UV_ECONNRESET, .class = CLASS_NETWORK, .spoils = true },
	{ "timeout",                      STAGE_WIRE, break_wire, UV_ETIMEDOUT, .class = CLASS_TIMEOUT, .spoils = true },
	{ "TLS refused",                  STAGE_WIRE, break_wire, UV_EPROTO, .class = CLASS_TLS, .spoils = true },
	{ "HTML with status 200",         STAGE_WIRE, answer_text, .text = "<!DOCTYPE html><title>log in</title>", .spoils = true },
	{ "empty body",                   STAGE_WIRE, answer_text, .text = "", .spoils = true },
	{ "body is an array",             STAGE_WIRE, answer_text, .text = "[]", .spoils = true },

	{ "code: gateway failure",        STAGE_CODE, refuse, REFUSAL_GATEWAY, .text = "gateway", .spoils = true },
	{ "code: unavailable",            STAGE_CODE, refuse, REFUSAL_UNAVAILABLE, .text = "unavailable", .spoils = true },
	{ "code: timeout",                STAGE_CODE, refuse, REFUSAL_TIMEOUT, .text = "timeout", .spoils = true },
	{ "code: throttled",              STAGE_CODE, refuse, REFUSAL_THROTTLED, .text = "too fast", .spoils = true },
	{ "code: signature",              STAGE_CODE, refuse, REFUSAL_SIGNATURE, .text = "Signature VerifyAC Error", .spoils = true },
	{ "code: denied",                 STAGE_CODE, refuse, REFUSAL_DENIED, .text = "denied", .spoils = true },
	{ "code: parameter",              STAGE_CODE, refuse, REFUSAL_PARAMETER, .text = "Missing Action", .spoils = true },
	{ "code: unknown",                STAGE_CODE, refuse, REFUSAL_UNKNOWN, .text = "\xe6\x9c\xaa\xe7\x9f\xa5", .spoils = true },

	{ "code missing",                 STAGE_LIST, spoil_code, .text = NULL, .spoils = true },
	{ "code \"0x0\"",                 STAGE_LIST, spoil_code, .text = "\"0x0\"", .spoils = true },
	{ "code true",                    STAGE_LIST, spoil_code, .text = "true", .spoils = true },
	{ "code: unavailable, and an empty list", STAGE_LIST, refuse_over_nothing, REFUSAL_UNAVAILABLE, .text = "x", .spoils = true },
	{ "code 0 with nothing",          STAGE_LIST, list_fewer, 1000, .always = true },
	{ "90 % vanish and return",       STAGE_LIST, list_fewer, 900, .always = true },
	{ "replicas take turns",          STAGE_LIST, list_of_replica, 120, .always = true },
	{ "90 % purged for good",         STAGE_LIST, purge, 90, .always = true },

	{ "limit clamped further",        STAGE_PLACE, clamp_limit, .always = true },
	{ "offset ignored",               STAGE_PLACE, ignore_offset, 0, .always = true },
	{ "first page repeated later",    STAGE_PLACE, ignore_offset, 2, .always = true },
	{ "offsets rounded down",         STAGE_PLACE, round_offset, .always = true },
	{ "order shuffled",               STAGE_PLACE, shuffle, .always = true },
	{ "endless new ids",              STAGE_PLACE, be_endless, .always = true },

	{ "short pages",                  STAGE_PAGE, shorten_page, 150 },
	{ "empty page in the middle",     STAGE_PAGE, empty_page },
	{ "id twice, other content",      STAGE_PAGE, list_twice, .spoils = true },
	{ "item without id",              STAGE_PAGE, leave_id_out, .spoils = true },
	{ "item of another zone",         STAGE_PAGE, add_foreigner, .spoils = true },
	{ "text with \\u0000",            STAGE_PAGE, rename_item, .text = "a\\u0000b" },
	{ "text with lone surrogate",     STAGE_PAGE, rename_item, .text = "a\\ud800b" },
	{ "text with bad UTF-8",          STAGE_PAGE, rename_item, .text = "a\xff\xfe\xc0\x80" "b" },
	{ "text with escapes",            STAGE_PAGE, rename_item, .text = "a\\u001b[31m\\r\\n<0>b" },
	{ "unknown word",                 STAGE_PAGE, say_new_word, .text = "Frozen" },
	{ "unknown member",               STAGE_PAGE, add_member, .text = ",\"NewMember\":{\"a\":[1,2]}" },
	{ "number out of range",          STAGE_PAGE, add_member, .text = ",\"ImageSize\":1e400" },

	{ "total as text",                STAGE_TOTAL, form_total, TOTAL_TEXT },
	{ "total absent",                 STAGE_TOTAL, form_total, TOTAL_ABSENT },
	{ "total null",                   STAGE_TOTAL, form_total, TOTAL_NULL },
	{ "total too high",               STAGE_TOTAL, lie_total, 1, .always = true },
	{ "total too low",                STAGE_TOTAL, lie_total, -1, .always = true },
	{ "total 0 with items",           STAGE_TOTAL, set_total, 0, .always = true },
	{ "total negative",               STAGE_TOTAL, set_total, -5, .always = true },
	{ "total sways between pages",    STAGE_TOTAL, sway_total, .always = true },

	{ "array absent",                 STAGE_ARRAY, form_array, ARRAY_ABSENT, .spoils = true },
	{ "array null",                   STAGE_ARRAY, form_array, ARRAY_NULL },
	{ "array is an object",           STAGE_ARRAY, form_array, ARRAY_OBJECT, .spoils = true },

	{ "body cut",                     STAGE_BODY, cut_body, .spoils = true },
	{ "second document behind",       STAGE_BODY, append, .text = "{\"RetCode\":0}", .spoils = true },
	{ "body too large",               STAGE_BODY, bloat, 5000, .spoils = true },

	/* Of courses alone; COURSE_FAULTS. */
	{ "answers take 30 s",            STAGE_TIME, be_slow, 30, 30 },
	{ "no answer",                    STAGE_TIME, be_slow, 600, 600, .spoils = true },
};
/* clang-format on */
enum { COURSE_FAULTS = 2 };
const size_t fault_count = ARRAY_LEN(faults) - COURSE_FAULTS;

bool faults_apply(struct serving *s, enum stage stage)
{
	struct listing *l = s->listing;
	bool any = false;

	for (unsigned i = 0; i < l->fault_count; i++) {
		struct active_fault *active = &l->faults[i];
		if (active->fault->stage != stage || !luck_hits(&l->luck, active->permille))
			continue;
		/* One thing can be answered instead of a list, not two. */
		if (any && (stage == STAGE_WIRE || stage == STAGE_CODE))
			break;
		s->active = active;
		if (!active->fault->apply(s, active->fault))
			continue;
		any = true;
		s->window->faulty++;
		s->spoiled = s->spoiled || active->fault->spoils;
		if (s->call->applied_count < FAULTS_MAX)
			s->call->applied[s->call->applied_count++] = active->fault;
	}
	return any;
}
