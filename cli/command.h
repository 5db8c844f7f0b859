/*
 * A command of imagecat: one file each, one row in commands.c.
 */
#pragma once

#include "base/base.h"
#include "store/reader.h"

/* Exit status of every command. */
enum {
	CLI_OK = 0,
	CLI_ERROR = 1,
	CLI_USAGE = 2,
	CLI_UNHEALTHY = 3,
};

struct command {
	const char *name;
	const char *summary;
	/* argv[0] is the command's name. The catalog is opened by the command, after its arguments
	 * were understood. */
	int (*run)(int argc, char **argv, const char *catalog);
};

int list_run(int argc, char **argv, const char *catalog);
int status_run(int argc, char **argv, const char *catalog);

/* Prints "imagecat: SENTENCE" to stderr, cleaned; returns `status`. */
int complain(int status, const char *format, ...) PRINTF_LIKE(2, 3);

/* Opens the catalog or says why not; NULL then. */
struct reader *open_catalog(const char *path);
