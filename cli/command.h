/*
 * A command of imagecat: a file (or a few alike in one), a row in commands.c.
 */
#pragma once

#include "cli/options.h"

#define DEFAULT_CATALOG "/var/lib/imagecat/catalog.db"

/* Exit status of every command. */
enum {
	CLI_OK = 0,
	CLI_ERROR = 1,
	CLI_USAGE = 2,
	CLI_UNHEALTHY = 3,
	CLI_NOT_FOUND = 5,
	CLI_AMBIGUOUS = 6,
};

struct command {
	const char *name;
	const char *arguments; /* "ID|UID", "" for none */
	int words_min, words_max;
	uint64_t takes; /* options */
	int (*run)(struct call *call);
	const char *summary; /* half a line */
	const char *text;    /* paragraphs of the help and the man page; "" for none */
};

extern const struct command commands[];
extern const size_t command_count;

/* NULL when there is none. */
const struct command *command_find(const char *name);

/* Says that there is no such command, and which may be meant. */
int command_unknown(const char *name);

int changes_run(struct call *call);
int check_run(struct call *call);
int coverage_run(struct call *call);
int export_run(struct call *call);
int help_run(struct call *call);
int history_run(struct call *call);
int latest_run(struct call *call);
int list_run(struct call *call);
int poll_run(struct call *call);
int polls_run(struct call *call);
int release_run(struct call *call);
int schema_run(struct call *call);
int search_run(struct call *call);
int show_run(struct call *call);
int status_run(struct call *call);

/* ---- help.c, completion.c -------------------------------------------------------------------- */

void help_put_overview(struct buf *out);
void help_put_command(struct buf *out, const struct command *command);
void completion_put(struct buf *out);

/* Writes what was put and frees it. CLI_OK, or CLI_ERROR after it has complained. */
int print_buf(struct buf *out);

/* ---- complain.c ------------------------------------------------------------------------------ */

/* Prints "imagecat: SENTENCE" to stderr, cleaned; returns `status`. */
int complain(int status, const char *format, ...) PRINTF_LIKE(2, 3);

/* What a call of the reader or of the output ended with: CLI_OK, or a complaint of its own. */
int complain_result(int result, const struct error *err);

/* False after it has said that there is no such view, and which may be meant. */
bool view_named(const char *name, enum reader_view *ret);

/* Opens the catalog or says why not; NULL then. */
struct reader *open_catalog(const char *path);
