#include <stdlib.h>

#include "base/text.h"
#include "sim/call.h"
#include "sim/random.h"

enum { CLAMP = 20, TOTAL_LIE = 7 };

bool call_count(const struct call *call, const char *name, int64_t fallback, int64_t *ret)
{
	const char *text = call_param(call, name);

	if (!text) {
		*ret = fallback;
		return true;
	}
	return text_to_int(text, ret) && *ret >= 0;
}

static size_t view_size(const struct view *view)
{
	size_t total = 0;

	for (size_t i = 0; i < view->segment_count; i++)
		total += view->segments[i]->count;
	return total;
}

static const struct image *view_at(const struct view *view, size_t at,
				   const struct segment **ret_segment)
{
	size_t size = view_size(view);

	if (view->oldest_first)
		at = size - 1 - at;
	for (size_t i = 0; i < view->segment_count; i++) {
		const struct segment *segment = view->segments[i];
		if (at < segment->count) {
			*ret_segment = segment;
			return &segment->images[at];
		}
		at -= segment->count;
	}
	abort(); /* at < view_size() always holds */
}

/* Items that no reader should trip over. */
static void put_poison(struct call *call)
{
	json_int(&call->json, NULL, 42);
	json_object(&call->json, NULL);
	json_text(&call->json, "Name", "no id");
	json_object_end(&call->json);
}

static void put_item(struct call *call, const struct segment *segment, const struct image *image,
		     emit_fn *emit)
{
	emit(call, segment, image);
	if (call->items++ > 0)
		return;
	if (call_fault(call, FAULT_DUPITEM)) {
		struct image other = *image;
		other.revision++;
		emit(call, segment, &other);
		call->items++;
	}
	if (call_fault(call, FAULT_POISON))
		put_poison(call);
}

/* What of [offset, offset + limit) this request really gets. */
static void bend(const struct call *call, size_t total, size_t *offset, size_t *limit)
{
	if (call_fault(call, FAULT_CLAMP) && *limit > CLAMP)
		*limit = CLAMP;
	if (call_fault(call, FAULT_REPEAT))
		*offset = 0;
	bool middle = *offset > 0 && *offset + *limit < total;
	if (middle && call_fault(call, FAULT_SHORT))
		*limit = (*limit + 1) / 2;
	if (middle && call_fault(call, FAULT_HOLE))
		*limit = 0;
}

/* A filter has to look at every image; without one the page is found at once. */
static size_t filtered(struct call *call, const struct view *view, size_t offset, size_t limit,
		       emit_fn *emit)
{
	size_t size = view_size(view);
	size_t found = 0;

	for (size_t i = 0; i < size; i++) {
		const struct segment *segment;
		const struct image *image = view_at(view, i, &segment);
		if (!view->keep(call, segment, image))
			continue;
		if (emit && found >= offset && found - offset < limit)
			put_item(call, segment, image, emit);
		found++;
	}
	return found;
}

static void unfiltered(struct call *call, const struct view *view, size_t offset, size_t limit,
		       emit_fn *emit)
{
	size_t size = view_size(view);
	size_t turn = 0;

	if (call_fault(call, FAULT_SHUFFLE) && size > 0)
		turn = (size_t)(mix(call->catalog->seed ^ call->number) % size);
	for (size_t i = offset; i < size && i - offset < limit; i++) {
		const struct segment *segment;
		const struct image *image = view_at(view, (i + turn) % size, &segment);
		put_item(call, segment, image, emit);
	}
}

void listing_page(struct call *call, const struct view *view, const char *key, emit_fn *emit)
{
	size_t offset = (size_t)call->offset;
	size_t limit = (size_t)call->limit;
	size_t total = view->keep ? filtered(call, view, 0, 0, NULL) : view_size(view);

	call->items = 0;
	call->total = (int64_t)total;
	if (call_fault(call, FAULT_EMPTYSET)) {
		call->total = 0;
		limit = 0;
	}
	bend(call, total, &offset, &limit);
	if (call_fault(call, FAULT_NOSET))
		return;
	if (call_fault(call, FAULT_NULLSET)) {
		json_null(&call->json, key);
		return;
	}
	json_array(&call->json, key);
	if (view->keep)
		(void)filtered(call, view, offset, limit, emit);
	else
		unfiltered(call, view, offset, limit, emit);
	json_array_end(&call->json);
}

void listing_total(struct call *call, const char *key)
{
	int64_t total = call->total;

	if (call_fault(call, FAULT_NOTOTAL))
		return;
	if (call_fault(call, FAULT_BADTOTAL))
		total += TOTAL_LIE;
	if (call_fault(call, FAULT_LOWTOTAL))
		total /= 2;
	json_int(&call->json, key, total);
}
