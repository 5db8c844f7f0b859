#include "cli/layout.h"

#include <string.h>

/* Less of a text says nothing. */
enum { WIDTH_MIN = 8 };

bool layout_is_id(const char *column)
{
	static const char *const ids[] = { "id", "image_id", "seq", "poll_id", "column", "at" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (strcmp(ids[i], column) == 0)
			return true;
	return false;
}

static size_t least(size_t width, bool is_id)
{
	return is_id || width < WIDTH_MIN ? width : WIDTH_MIN;
}

/* Of the columns from the left, how many fit at their least. */
static size_t count_that_fit(const size_t *widths, const bool *is_id, size_t count, size_t room)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += least(widths[i], is_id[i]) + (i > 0 ? LAYOUT_GAP : 0);
		if (sum > room)
			return i > 0 ? i : 1;
	}
	return count;
}

size_t layout_fit(size_t *widths, const bool *is_id, size_t count, size_t room)
{
	size_t left = count_that_fit(widths, is_id, count, room);

	for (;;) {
		size_t sum = (left - 1) * LAYOUT_GAP, widest = left;
		for (size_t i = 0; i < left; i++) {
			sum += widths[i];
			if (widths[i] > least(widths[i], is_id[i]) &&
			    (widest == left || widths[i] > widths[widest]))
				widest = i;
		}
		if (sum <= room)
			return left;
		if (widest == left) { /* one column alone is wider than the room */
			widths[0] = room > 0 ? room : 1;
			return 1;
		}
		widths[widest]--;
	}
}
