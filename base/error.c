#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence that was too long is cut, but never inside a character: it goes on as JSON and SQL. */
static void cut_torn_character(char *text, size_t size)
{
	size_t end = strlen(text), lead = end;

	if (end + 1 < size)
		return;
	while (lead > 0 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80)
		lead--;
	if (lead == 0 || (unsigned char)text[lead - 1] < 0xC0)
		return;
	unsigned char first = (unsigned char)text[lead - 1];
	size_t whole = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
	if (end - (lead - 1) < whole)
		text[lead - 1] = '\0';
}

int error_set(struct error *err, int code, const char *format, ...)
{
	char text[sizeof(err->text)]; /* the arguments may be of err itself */
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cut_torn_character(text, sizeof(text));
	err->code = code;
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

int error_wrap(struct error *err, const char *format, ...)
{
	char context[sizeof(err->text)];
	char whole[2 * sizeof(err->text) + 3];
	va_list args;

	if (!err)
		return -EINVAL;
	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	cut_torn_character(context, sizeof(context));
	snprintf(whole, sizeof(whole), "%s: %s", context, err->text);
	whole[sizeof(err->text) - 1] = '\0';
	cut_torn_character(whole, sizeof(err->text));
	memcpy(err->text, whole, strlen(whole) + 1);
	return err->code;
}
