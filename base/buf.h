/*
 * A growing byte buffer, always NUL-terminated once anything was put into it.
 *
 * Errors are sticky: after a failed growth every put is a no-op and `failed` is set, so that a
 * writer of many pieces checks once at the end.
 */
#pragma once

#include <stdarg.h>

#include "base/base.h"

struct buf {
	char *bytes; /* owned; NULL while empty */
	size_t len;
	size_t size_bytes;
	bool failed;
};

void buf_init(struct buf *buf);
void buf_finish(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */

void buf_put(struct buf *buf, const char *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text, "" while empty. Borrowed until the next put. */
const char *buf_text(const struct buf *buf);
