#include "model/notes.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

void notes_clear(struct notes *notes)
{
	notes->count = notes->left_out = 0;
}

size_t notes_fit(const char *text, size_t max_bytes)
{
	size_t len = strnlen(text, max_bytes + 1);

	if (len <= max_bytes)
		return len;
	for (len = max_bytes; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
		;
	return len;
}

void notes_add(struct notes *notes, struct arena *arena, const char *text)
{
	size_t len = notes_fit(text, NOTE_TEXT_MAX);

	for (size_t i = 0; i < notes->count; i++)
		if (strncmp(notes->texts[i], text, len) == 0 && notes->texts[i][len] == '\0')
			return;
	if (notes->count == NOTES_MAX) {
		notes->left_out++;
		return;
	}
	const char *copy = arena_copy(arena, text, len);
	if (copy)
		notes->texts[notes->count++] = copy;
}

void notes_addf(struct notes *notes, struct arena *arena, const char *format, ...)
{
	char text[2 * NOTE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= 0)
		notes_add(notes, arena, text);
}

const char *notes_json(const struct notes *notes, struct arena *arena, struct buf *scratch)
{
	if (notes->count == 0)
		return NULL;
	buf_clear(scratch);
	for (size_t i = 0; i < notes->count; i++) {
		buf_putc(scratch, i == 0 ? '[' : ',');
		text_put_json(scratch, notes->texts[i]);
	}
	if (notes->left_out)
		buf_printf(scratch, ",\"and %zu more\"", notes->left_out);
	buf_putc(scratch, ']');
	if (scratch->failed) {
		arena->failed = true;
		return NULL;
	}
	return arena_copy(arena, scratch->bytes, scratch->len);
}

void drifts_add(struct drifts *drifts, struct arena *arena, const char *path, const char *json_type,
		const char *native)
{
	uint64_t hash = hash_bytes(path, strlen(path), 0);

	hash = hash_bytes(json_type ? json_type : "", json_type ? strlen(json_type) : 0, hash);
	hash = hash_bytes(native ? native : "", native ? strlen(native) : 0, hash);
	for (size_t i = 0; i < drifts->count; i++)
		if (drifts->hashes[i] == hash)
			return;
	if (drifts->count == DRIFTS_MAX)
		return;
	struct page_drift drift = { .path = arena_string(arena, path), .json_type = json_type };
	if (native)
		drift.native = arena_string(arena, native);
	if (!drift.path || (native && !drift.native))
		return;
	drifts->hashes[drifts->count] = hash;
	drifts->list[drifts->count++] = drift;
}
