#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

static int run_command(int argc, char **argv, const char *catalog)
{
	struct call call = { .command = command_find(argv[0]),
			     .catalog = catalog,
			     .view = VIEW_COUNT };

	if (!call.command)
		return command_unknown(argv[0]);
	int status = options_parse(&call, argc, argv);
	if (status < 0 && call.help) {
		struct buf out;
		buf_init(&out);
		help_put_command(&out, call.command);
		status = print_buf(&out);
	}
	if (status < 0)
		status = call.command->run(&call);
	arena_finish(&call.arena);
	return status;
}

static int print(void (*put)(struct buf *out))
{
	struct buf out;

	buf_init(&out);
	put(&out);
	return print_buf(&out);
}

static void put_version(struct buf *out)
{
	buf_puts(out, "imagecat " IMAGECAT_VERSION "\n");
}

/* No command: the overview tells which there are, to a person and not as data. */
static int no_command(void)
{
	struct buf out;

	buf_init(&out);
	help_put_overview(&out);
	fputs(buf_text(&out), stderr);
	buf_finish(&out);
	return CLI_USAGE;
}

/* As it was written, with its value. */
static int refuse(const char *said)
{
	static const char *const names[] = { "--catalog", "--completion", "--version", "--help",
					     NULL };
	const char *nearest = text_nearest(said, names);

	if (optopt == 'c')
		return complain(CLI_USAGE, "--catalog needs a value: FILE");
	return complain(CLI_USAGE, "there is no option %s before a command%s%s%s", said,
			nearest ? "; did you mean '" : "; see imagecat --help",
			nearest ? nearest : "", nearest ? "'?" : "");
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "catalog", required_argument, NULL, 'c' },
						 { "completion", no_argument, NULL, 'C' },
						 { "version", no_argument, NULL, 'V' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	const char *catalog = getenv("IMAGECAT_CATALOG");
	int c;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL);
	if (!catalog || !*catalog)
		catalog = DEFAULT_CATALOG;
	opterr = 0; /* what is wrong is told in our words */
	/* '+': options behind the command are the command's. */
	while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (c) {
		case 'c': catalog = optarg; break;
		case 'C': return print(completion_put);
		case 'V': return print(put_version);
		case 'h': return print(help_put_overview);
		default: return refuse(argv[optind - 1]);
		}
	}
	if (optind == argc)
		return no_command();
	return run_command(argc - optind, argv + optind, catalog);
}
