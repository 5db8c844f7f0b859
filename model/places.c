#include "model/places.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/envelope.h"
#include "model/repair.h"

enum { PLACES_MAX = 10000 };

struct reader {
	struct places *places;
	const struct discovery *discovery;
	struct notes warnings, redacted;
	struct buf scratch;
};

static void reject(struct places *places, int code, const char *sentence)
{
	places->class = code == -ENOMEM  ? CLASS_INTERNAL
			: code == -EFBIG ? CLASS_OVERSIZED
					 : CLASS_MALFORMED;
	places->error = arena_string(&places->arena, sentence);
	if (!places->error)
		places->error = "out of memory";
}

/* The member as a cleaned name; NULL when it is not there, empty, or could not be sent back as it
 * came. */
static const char *name_of(struct reader *r, const json_t *item, const char *key)
{
	const json_t *value = key ? json_object_get(item, key) : NULL;
	const char *text = json_string_value(value);

	if (!text || !*text)
		return NULL;
	/* A replacement stands for bytes that are no text: what was there is not known any more. */
	if (strstr(text, "\xEF\xBF\xBD"))
		return NULL;
	const char *clean = text_clean(&r->places->arena, TEXT_LINE, text, strlen(text));
	return clean && strcmp(clean, text) == 0 ? clean : NULL;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_usable(const struct discovery *d, const json_t *item)
{
	const char *status = d->status ? json_string_value(json_object_get(item, d->status)) : NULL;

	return !status || !d->status_usable || strcmp(status, d->status_usable) == 0;
}

static void add_place(struct reader *r, const json_t *item)
{
	struct places *places = r->places;
	const struct discovery *d = r->discovery;
	struct place_found found = { .project = name_of(r, item, d->project),
				     .region = name_of(r, item, d->region),
				     .zone = name_of(r, item, d->zone) };

	if ((!found.project && !found.region && !found.zone) || !is_usable(d, item))
		return;
	for (size_t i = 0; i < places->count; i++) {
		const struct place_found *p = &places->items[i];
		if (same(p->project, found.project) && same(p->region, found.region) &&
		    same(p->zone, found.zone))
			return;
	}
	places->items[places->count++] = found;
}

static void read_items(struct reader *r, const struct json_split *split)
{
	struct places *places = r->places;
	const struct repair with = { &places->arena, &r->scratch, &r->warnings, &r->redacted };

	places->items = arena_alloc(&places->arena, (split->count + 1) * sizeof(*places->items));
	for (size_t i = 0; i < split->count && places->items; i++) {
		struct repaired item = { 0 };
		if (!split->items[i].is_object)
			continue;
		int rc = repair_item(&with, split->items[i].range.start, split->items[i].range.len,
				     &item);
		if (rc == -ENOMEM)
			places->arena.failed = true;
		if (rc == 0)
			add_place(r, item.root);
		json_decref(item.root);
	}
}

void places_read(struct places *ret, const char *bytes, size_t len, const struct provider *provider,
		 const struct discovery *discovery)
{
	struct reader r = { .places = ret, .discovery = discovery };
	struct json_split split = { 0 };
	struct envelope envelope = { 0 };
	struct error err = { 0 };

	*ret = (struct places){ 0 };
	arena_init(&ret->arena);
	buf_init(&r.scratch);
	int rc = envelope_read(&envelope, &split, &ret->arena, bytes, len, provider,
			       &discovery->items, 1, PLACES_MAX, &err);
	ret->message = envelope.message;
	ret->code = envelope.code;
	if (rc < 0)
		reject(ret, rc, err.text);
	else if (ret->code == 0 && (split.not_a_list || !split.has_array))
		/* No list is no answer: it must not read as "you have no regions". */
		reject(ret, -EBADMSG, "the answer has no list of places");
	else if (ret->code == 0)
		read_items(&r, &split);
	if (ret->arena.failed && ret->class == CLASS_NONE)
		reject(ret, -ENOMEM, "out of memory");
	buf_finish(&r.scratch);
	envelope_finish(&envelope);
	json_split_finish(&split);
}

void places_finish(struct places *places)
{
	arena_finish(&places->arena);
	*places = (struct places){ 0 };
}
