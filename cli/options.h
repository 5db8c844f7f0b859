/*
 * The table of options (options.def), and a command line understood by it.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "cli/daemon.h"
#include "cli/output.h"
#include "store/reader.h"

#define OPTION(id, ...) OPT_##id,
enum option_id {
#include "cli/options.def"
	OPT_COUNT
};
#undef OPTION

enum option_kind {
	OPTION_KIND_TEXT,
	OPTION_KIND_NAME, /* a provider's */
	OPTION_KIND_WORD, /* one of a vocabulary */
	OPTION_KIND_OS,
	OPTION_KIND_FLAG,
	OPTION_KIND_ANSWER,                     /* yes where nothing follows */
	OPTION_KIND_YESNO = OPTION_KIND_ANSWER, /* by its words */
	OPTION_KIND_SINCE,
	OPTION_KIND_MOMENT,
	OPTION_KIND_AGE,
	OPTION_KIND_COUNT,
	OPTION_KIND_VIEW,
	OPTION_KIND_SORT,
	OPTION_KIND_COLUMNS,
	OPTION_KIND_FORMAT,
};

struct cli_option {
	const char *name;
	char letter;
	const char *argument;
	enum option_kind kind;
	size_t offset; /* in struct call */
	const char *words, *help;
};

extern const struct cli_option cli_options[OPT_COUNT];

/* A set of options. */
#define TAKES(id) (UINT64_C(1) << OPT_##id)

/* "a|b|c": all that the option may be; NULL: anything. */
const char *option_words(enum option_id id);

/* What was asked on the command line. Texts are borrowed from it or live in the arena. */
struct call {
	const struct command *command;
	struct arena arena;
	uint64_t given; /* options that were */
	char **words;   /* what is no option */
	int word_count;

	const char *catalog;
	struct image_filter filter;
	enum output_format format;
	bool utc, help, all, raw, follow, missing;
	int64_t at, after, listing_id, eol_within_s;
	const char *change, *outcome, *csv, *ndjson, *sqlite;
	enum reader_view view;
	struct daemon daemon;
};

/* argv[0] is the command's name. -1 to go on, else the exit status: it has complained. */
int options_parse(struct call *call, int argc, char **argv);

/* One option by its value; NULL where none was given. False after it has complained. */
bool option_set(struct call *call, enum option_id id, const char *value);

/* The options of a command, a line each. */
void options_put_help(struct buf *out, uint64_t takes);
