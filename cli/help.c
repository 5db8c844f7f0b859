#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

enum { WIDTH = 80 };

/* Paragraphs, broken at blanks. */
static void put_text(struct buf *out, const char *text)
{
	size_t at = 0;

	for (; *text; text++) {
		size_t len = strcspn(text, " \n");
		if (at > 0 && at + 1 + len > WIDTH) {
			buf_putc(out, '\n');
			at = 0;
		} else if (at > 0) {
			buf_putc(out, ' ');
			at++;
		}
		buf_put(out, text, len);
		at += len;
		text += len;
		if (*text == '\n') {
			buf_puts(out, "\n\n");
			at = 0;
		}
		if (!*text)
			break;
	}
	buf_putc(out, '\n');
}

void help_put_command(struct buf *out, const struct command *command)
{
	buf_printf(out, "Usage: imagecat %s%s%s%s\n\n", command->name,
		   command->takes & ~TAKES(HELP) ? " [OPTION]..." : "",
		   *command->arguments ? " " : "", command->arguments);
	buf_printf(out, "%c%s.\n", command->summary[0] - ('a' - 'A'), command->summary + 1);
	if (*command->text)
		put_text(out, command->text);
	buf_putc(out, '\n');
	options_put_help(out, command->takes);
}

void help_put_overview(struct buf *out)
{
	buf_puts(out, "Usage: imagecat [--catalog FILE] COMMAND [OPTION]... [ARGUMENT]...\n"
		      "Asks the catalog that imagecatd keeps, reading only; poll and release ask "
		      "imagecatd.\n\n");
	for (size_t i = 0; i < command_count; i++)
		buf_printf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	buf_puts(out,
		 "\n"
		 "  --catalog FILE   the catalog; else $IMAGECAT_CATALOG, else\n"
		 "                   " DEFAULT_CATALOG "\n"
		 "  --completion     print what bash needs to complete commands and options\n"
		 "  --version        print the version\n"
		 "  --help           print this; 'imagecat help COMMAND' tells more\n"
		 "\n"
		 "Exit status: 0 ok, 1 error, 2 usage, 3 unhealthy (status, check), 5 not found,\n"
		 "6 ambiguous (latest -o id).\n");
}

int print_buf(struct buf *out)
{
	bool failed = out->failed;
	bool written = !failed && fputs(buf_text(out), stdout) >= 0 && fflush(stdout) == 0;
	int code = errno;

	buf_finish(out);
	if (failed)
		return complain(CLI_ERROR, "out of memory");
	return written ? CLI_OK : complain(CLI_ERROR, "standard output: %s", strerror(code));
}

int help_run(struct call *call)
{
	const struct command *command = call->word_count ? command_find(call->words[0]) : NULL;
	struct buf out;

	if (call->word_count && !command)
		return command_unknown(call->words[0]);
	buf_init(&out);
	if (command)
		help_put_command(&out, command);
	else
		help_put_overview(&out);
	return print_buf(&out);
}
