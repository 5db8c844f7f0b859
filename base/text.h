/*
 * Provider text is hostile: this is where it is repaired and cleaned, at ingestion and again
 * at every exit.
 *
 * Cleaned text is valid UTF-8 without control characters (C0, C1, DEL), without bidi controls
 * (U+061C, U+200E/F, U+202A-E, U+2066-9) and without tag characters (U+E0000-7F). What cannot stay
 * becomes U+FFFD, so that a reader sees that something was there.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"

enum text_shape {
	TEXT_LINE,  /* one line: blanks of any kind collapse into one space, ends are trimmed */
	TEXT_PROSE, /* keeps \n (CR LF and CR become \n) and runs of blanks; ends are trimmed */
};

/* NULL when memory is out; "" when nothing visible is left. */
char *text_clean(struct arena *arena, enum text_shape shape, const char *bytes, size_t len);

/* Appends the cleaned text; sets out->failed when memory is out. */
void text_put_clean(struct buf *out, enum text_shape shape, const char *bytes, size_t len);

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms, no NUL). */
bool text_is_utf8(const char *bytes, size_t len);

/* Could a provider be called that, also one of a plug-in that is not here? 1 to 63 of a-z, 0-9 and
 * "_": its name is part of a symbol. */
bool text_is_provider(const char *text);

/* Appends bytes with every invalid sequence replaced by U+FFFD; returns how many were. */
size_t text_put_utf8(struct buf *out, const char *bytes, size_t len);

/* Appends a JSON string literal, quotes included; the text must be valid UTF-8. */
void text_put_json(struct buf *out, const char *text);

/* Columns that a terminal needs: Chinese counts two, combining marks none. */
size_t text_width(const char *text);

/* The longest prefix of `text`, in bytes, that fits into `columns`. */
size_t text_fit(const char *text, size_t columns);

/* Whole-string decimal integer with an optional '-'; false when it is not one or too large. */
bool text_to_int(const char *text, int64_t *ret_value);

/* ASCII only; bytes above 0x7f compare as they are. */
bool text_equal_nocase(const char *a, const char *b);

/*
 * The candidate nearest to `word` within two edits, or NULL: for "did you mean". The list ends
 * with NULL.
 */
const char *text_nearest(const char *word, const char *const *candidates);
