/*
 * What is to be said about one item besides its values: short texts, each once, at most so many,
 * and the fields and words of a page that no table names.
 *
 * Texts come from providers: callers clean them first. Everything lives in the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "model/page.h"

enum { NOTES_MAX = 128, NOTE_TEXT_MAX = 400, DRIFTS_MAX = 256 };

struct notes {
	const char *texts[NOTES_MAX];
	size_t count;
	size_t left_out; /* did not fit */
};

void notes_clear(struct notes *notes);
void notes_add(struct notes *notes, struct arena *arena, const char *text); /* copies */
void notes_addf(struct notes *notes, struct arena *arena, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* A JSON list in the arena, or NULL when there are none (or memory is out). */
const char *notes_json(const struct notes *notes, struct arena *arena, struct buf *scratch);

struct drifts {
	struct page_drift list[DRIFTS_MAX];
	uint64_t hashes[DRIFTS_MAX];
	size_t count;
};

/* One of json_type and native is NULL, as in struct page_drift. */
void drifts_add(struct drifts *drifts, struct arena *arena, const char *path, const char *json_type,
		const char *native);

/* The length of the longest prefix of text, in bytes, that ends at a code point and fits. */
size_t notes_fit(const char *text, size_t max_bytes);
