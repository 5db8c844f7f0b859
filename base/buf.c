#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf)
{
	*buf = (struct buf){ 0 };
}

void buf_finish(struct buf *buf)
{
	free(buf->bytes);
	buf_init(buf);
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->bytes)
		buf->bytes[0] = '\0';
}

/* Makes room for `more` bytes and a NUL. */
static bool reserve(struct buf *buf, size_t more)
{
	size_t size = buf->size_bytes ? buf->size_bytes : 64;

	if (buf->failed)
		return false;
	if (more < buf->size_bytes - buf->len)
		return true;
	if (more > SIZE_MAX / 4 - buf->len) {
		buf->failed = true;
		return false;
	}
	while (size - buf->len <= more)
		size *= 2;
	char *grown = realloc(buf->bytes, size);
	if (!grown) {
		buf->failed = true;
		return false;
	}
	buf->bytes = grown;
	buf->size_bytes = size;
	return true;
}

void buf_put(struct buf *buf, const char *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->bytes + buf->len, bytes, len);
	buf->len += len;
	buf->bytes[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_put(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		buf->failed = true;
		return;
	}
	if (!reserve(buf, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(buf->bytes + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

const char *buf_text(const struct buf *buf)
{
	return buf->bytes ? buf->bytes : "";
}
