#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

int complain(int status, const char *format, ...)
{
	char sentence[1024];
	struct buf out;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	buf_init(&out);
	buf_puts(&out, "imagecat: ");
	text_put_clean(&out, TEXT_LINE, sentence, strlen(sentence));
	buf_putc(&out, '\n');
	fputs(buf_text(&out), stderr);
	buf_finish(&out);
	return status;
}

int complain_result(int result, const struct error *err)
{
	if (result >= 0)
		return CLI_OK;
	if (result == -EINVAL && err->text[0])
		return complain(CLI_USAGE, "%s", err->text);
	return complain(CLI_ERROR, "%s", err->text[0] ? err->text : strerror(-result));
}

struct reader *open_catalog(const char *path)
{
	struct reader *reader = NULL;
	struct error err = { 0 };

	if (reader_open(&reader, path, &err) < 0) {
		complain(CLI_ERROR, "%s", err.text);
		return NULL;
	}
	return reader;
}
