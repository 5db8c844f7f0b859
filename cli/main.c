#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define DEFAULT_CATALOG "/var/lib/imagecat/catalog.db"

/* clang-format off */
static const struct command commands[] = {
	{ "list",   "images, by provider, place, system, state …",     list_run },
	{ "status", "listings: health, freshness, what went wrong",    status_run },
};
/* clang-format on */

static void print_help(void)
{
	puts("Usage: imagecat [--catalog FILE] COMMAND [ARGUMENT]...\n"
	     "Asks the catalog that imagecatd keeps. Reads only.\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "  --catalog FILE   the catalog (" DEFAULT_CATALOG ")\n"
	     "  --version        print the version\n"
	     "  --help           print this; COMMAND --help tells more\n"
	     "\n"
	     "Exit status: 0 ok, 1 error, 2 usage, 3 unhealthy (status).");
}

static int run_command(int argc, char **argv, const char *catalog)
{
	const char *names[ARRAY_LEN(commands) + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		names[i] = commands[i].name;
		if (strcmp(commands[i].name, argv[0]) == 0) {
			optind = 0; /* getopt starts over, GNU way */
			return commands[i].run(argc, argv, catalog);
		}
	}
	const char *nearest = text_nearest(argv[0], names);
	if (nearest)
		return complain(CLI_USAGE, "unknown command '%s'; did you mean '%s'?", argv[0],
				nearest);
	return complain(CLI_USAGE, "unknown command '%s'; see imagecat --help", argv[0]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "catalog", required_argument, NULL, 'c' },
						 { "version", no_argument, NULL, 'V' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	const char *catalog = DEFAULT_CATALOG;
	int c;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL);
	/* '+': options behind the command are the command's. */
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'c': catalog = optarg; break;
		case 'V': puts("imagecat " IMAGECAT_VERSION); return CLI_OK;
		case 'h': print_help(); return CLI_OK;
		default: return CLI_USAGE;
		}
	}
	if (optind == argc) {
		print_help();
		return CLI_USAGE;
	}
	return run_command(argc - optind, argv + optind, catalog);
}
