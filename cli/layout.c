#include "cli/layout.h"

#include <string.h>

/* Less of a column says nothing. */
enum { WORD_MIN = 8, TEXT_MIN = 12 };

static bool is_one_of(const char *column, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, column) == 0)
			return true;
	return false;
}

enum layout_kind layout_kind(const char *column)
{
	static const char *const ids[] = { "id", "image_id", "seq", "poll_id", "column", NULL };
	static const char *const texts[] = { "name",        "what",        "message",    "detail",
					     "description", "rank_reason", "last_error", NULL };
	size_t len = strlen(column);

	if (is_one_of(column, ids))
		return LAYOUT_ID;
	if (is_one_of(column, texts))
		return LAYOUT_TEXT;
	if (strcmp(column, "at") == 0 || strcmp(column, "line") == 0)
		return LAYOUT_WHOLE;
	return len > 3 && strcmp(column + len - 3, "_at") == 0 ? LAYOUT_WHOLE : LAYOUT_WORD;
}

static size_t least(size_t width, enum layout_kind kind)
{
	size_t min = kind == LAYOUT_WORD ? WORD_MIN : kind == LAYOUT_TEXT ? TEXT_MIN : width;

	return width < min ? width : min;
}

/* Takes columns from the left at their least, as long as there is room for the next. */
static void take(const size_t *widths, const enum layout_kind *kinds, size_t count, bool ids,
		 size_t *room, bool *taken)
{
	for (size_t i = 0; i < count; i++) {
		if ((kinds[i] == LAYOUT_ID) != ids)
			continue;
		size_t need = least(widths[i], kinds[i]) + LAYOUT_GAP;
		if (need > *room)
			return;
		*room -= need;
		taken[i] = true;
	}
}

/* The widths of what is taken, cut from the widest until they fit; 0 for the others. */
static size_t narrow(size_t *widths, const enum layout_kind *kinds, size_t count, size_t room,
		     const bool *taken)
{
	size_t sum = 0, left = 0;

	for (size_t i = 0; i < count; i++) {
		widths[i] = taken[i] ? widths[i] : 0;
		sum += taken[i] ? widths[i] + LAYOUT_GAP : 0;
		left += taken[i];
	}
	for (; sum > room; sum--) {
		size_t widest = count;
		for (size_t i = 0; i < count; i++)
			if (taken[i] && widths[i] > least(widths[i], kinds[i]) &&
			    (widest == count || widths[i] > widths[widest]))
				widest = i;
		widths[widest]--; /* there is one: at their least they fit */
	}
	return left;
}

size_t layout_fit(size_t *widths, const enum layout_kind *kinds, size_t count, size_t room)
{
	bool taken[LAYOUT_COLUMNS_MAX] = { 0 };
	size_t all = room < SIZE_MAX - LAYOUT_GAP ? room + LAYOUT_GAP : room, free = all;

	if (count > LAYOUT_COLUMNS_MAX)
		return count;
	take(widths, kinds, count, true, &free, taken);
	take(widths, kinds, count, false, &free, taken);
	size_t left = 0, first = 0;
	for (size_t i = 0; i < count; i++)
		left += taken[i];
	if (left > 0)
		return narrow(widths, kinds, count, all, taken);
	while (first + 1 < count && kinds[first] != LAYOUT_ID)
		first++;
	if (kinds[first] != LAYOUT_ID)
		first = 0;
	for (size_t i = 0; i < count; i++)
		widths[i] = i != first ? 0 : room > 0 ? room : 1;
	return 1;
}
