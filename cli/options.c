#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/values.h"
#include "model/record.h"

enum { FIRST = 256 }; /* of what getopt_long() returns for a long option */

const struct cli_option cli_options[OPT_COUNT] = {
#define OPTION(id, name, letter, argument, kind, member, words, help)                              \
	[OPT_##id] = { name,  letter, argument, OPTION_KIND_##kind, offsetof(struct call, member), \
		       words, help },
#include "cli/options.def"
#undef OPTION
};

static_assert(OPT_COUNT <= 64, "a set of options is 64 bits");

const char *option_words(enum option_id id)
{
	const struct cli_option *option = &cli_options[id];

	if (!option->words || *option->words)
		return option->words;
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, option->name) == 0)
			return columns[c].words;
	return NULL;
}

/* ---- values -------------------------------------------------------------------------------- */

/* One of the words; false after it has complained. "-" is a value that is absent. */
static bool check_word(struct call *call, enum option_id id, const char *value)
{
	const char *const *words = value_split(&call->arena, option_words(id), '|');
	struct buf all;

	if (id == OPT_ARCH && strcmp(value, "-") == 0)
		return true;
	for (size_t i = 0; words && words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return true;
	buf_init(&all);
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	const char *nearest = words ? text_nearest(value, words) : NULL;
	complain(CLI_USAGE, "--%s: '%s' is none of %s%s%s%s", cli_options[id].name, value,
		 buf_text(&all), nearest ? "; did you mean '" : "", nearest ? nearest : "",
		 nearest ? "'?" : "");
	buf_finish(&all);
	return false;
}

static bool set_os(struct image_filter *f, struct arena *arena, const char *value)
{
	const char *colon = strchr(value, ':');

	f->os_distro = arena_copy(arena, value, colon ? (size_t)(colon - value) : strlen(value));
	f->os_version = colon && colon[1] ? colon + 1 : NULL;
	return f->os_distro && *f->os_distro;
}

static bool set_sort(struct image_filter *f, struct arena *arena, const char *value)
{
	const char *colon = strchr(value, ':');

	if (colon && strcmp(colon, ":desc") != 0 && strcmp(colon, ":asc") != 0)
		return false;
	f->sort = arena_copy(arena, value, colon ? (size_t)(colon - value) : strlen(value));
	f->descending = colon && strcmp(colon, ":desc") == 0;
	return f->sort != NULL;
}

static enum reader_flag answer_of(const char *value)
{
	if (value && strcmp(value, "no") == 0)
		return READER_NO;
	return value && strcmp(value, "unknown") == 0 ? READER_UNKNOWN : READER_YES;
}

/* What a value of that kind should be. */
static const char *meant(enum option_kind kind)
{
	switch (kind) {
	case OPTION_KIND_OS: return "a distribution, or one with a version, as ubuntu:22.04";
	case OPTION_KIND_SINCE:
	case OPTION_KIND_MOMENT:
		return "a time: 2026-11-20, 2026-11-20T08:00Z, @1795161600, or 90s, 10m, 6h, 7d "
		       "ago";
	case OPTION_KIND_AGE: return "an age: 90s, 10m, 6h, 7d";
	case OPTION_KIND_COUNT: return "a number from 1 on";
	case OPTION_KIND_SORT: return "a column, or one with :desc behind it";
	case OPTION_KIND_NAME: return "a provider's name: of a-z, 0-9 and _";
	case OPTION_KIND_TEXT:
	case OPTION_KIND_WORD:
	case OPTION_KIND_FLAG:
	case OPTION_KIND_ANSWER:
	case OPTION_KIND_VIEW:
	case OPTION_KIND_COLUMNS:
	case OPTION_KIND_FORMAT: break;
	}
	return "understood";
}

bool option_set(struct call *call, enum option_id id, const char *value)
{
	const struct cli_option *option = &cli_options[id];
	void *member = (char *)call + option->offset;
	int64_t now = env_system()->now_s(env_system());
	bool ok = true;

	if (value && option->words && !check_word(call, id, value))
		return false;
	switch (option->kind) {
	case OPTION_KIND_TEXT:
	case OPTION_KIND_WORD: *(const char **)member = value; break;
	case OPTION_KIND_NAME:
		*(const char **)member = value;
		ok = text_is_provider(value);
		break;
	case OPTION_KIND_OS: ok = set_os(&call->filter, &call->arena, value); break;
	case OPTION_KIND_FLAG: *(bool *)member = true; break;
	case OPTION_KIND_ANSWER: *(enum reader_flag *)member = answer_of(value); break;
	case OPTION_KIND_SINCE:
	case OPTION_KIND_MOMENT: ok = value_moment(value, now, member); break;
	case OPTION_KIND_AGE: ok = value_age(value, member); break;
	case OPTION_KIND_COUNT:
		ok = text_to_int(value, member) && *(int64_t *)member >= (id != OPT_AFTER);
		break;
	case OPTION_KIND_VIEW: ok = view_named(value, member); break;
	case OPTION_KIND_SORT: ok = set_sort(&call->filter, &call->arena, value); break;
	case OPTION_KIND_COLUMNS:
		call->filter.columns = value_split(&call->arena, value, ',');
		ok = call->filter.columns != NULL;
		break;
	case OPTION_KIND_FORMAT: ok = output_format_from_text(value, member); break;
	}
	if (!ok && option->kind != OPTION_KIND_VIEW)
		complain(CLI_USAGE, "--%s: '%s' is not %s", option->name, value,
			 id == OPT_AFTER ? "a number" : meant(option->kind));
	call->given |= UINT64_C(1) << id;
	return ok;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* Rows for getopt_long(), and its letters: all that the command takes. */
static void make_rows(uint64_t takes, struct option rows[static OPT_COUNT + 1],
		      char letters[static 2 * OPT_COUNT + 2])
{
	size_t count = 0, len = 0;

	letters[len++] = ':'; /* what is wrong is told in our words */
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct cli_option *option = &cli_options[id];
		if (!(takes & UINT64_C(1) << id))
			continue;
		int argument = !option->argument                    ? no_argument
			       : option->kind == OPTION_KIND_ANSWER ? optional_argument
								    : required_argument;
		rows[count++] = (struct option){ option->name, argument, NULL, FIRST + (int)id };
		if (option->letter)
			letters[len++] = option->letter;
		if (option->letter && argument == required_argument)
			letters[len++] = ':';
	}
	rows[count] = (struct option){ 0 };
	letters[len] = '\0';
}

static enum option_id id_of_letter(int letter, uint64_t takes)
{
	for (enum option_id id = 0; id < OPT_COUNT; id++)
		if (cli_options[id].letter == letter && takes & UINT64_C(1) << id)
			return id;
	return OPT_COUNT;
}

/* What getopt_long() stumbled over: `said` as it was written. */
static int refuse(const struct call *call, const struct option *rows, const char *said)
{
	const char *names[OPT_COUNT + 1] = { 0 };
	char name[64];
	size_t begin = strspn(said, "-");

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(said + begin, "="), said + begin);
	for (size_t i = 0; rows[i].name; i++)
		names[i] = rows[i].name;
	const char *nearest = text_nearest(name, names);
	if (optopt >= FIRST)
		return complain(CLI_USAGE, "--%s takes no value", cli_options[optopt - FIRST].name);
	if (begin == 1)
		return complain(CLI_USAGE, "%s has no option -%c; see imagecat help %s",
				call->command->name, optopt, call->command->name);
	if (nearest)
		return complain(CLI_USAGE, "%s has no option --%s; did you mean '--%s'?",
				call->command->name, name, nearest);
	return complain(CLI_USAGE, "%s has no option --%s; see imagecat help %s",
			call->command->name, name, call->command->name);
}

static int lacks_value(uint64_t takes)
{
	enum option_id id =
		optopt >= FIRST ? (enum option_id)(optopt - FIRST) : id_of_letter(optopt, takes);

	return complain(CLI_USAGE, "--%s needs a value: %s", cli_options[id].name,
			cli_options[id].argument);
}

static int check_words(const struct call *call)
{
	const struct command *command = call->command;

	if (call->help)
		return -1;
	if (call->word_count < command->words_min)
		return complain(CLI_USAGE, "%s needs %s", command->name, command->arguments);
	if (call->word_count > command->words_max && command->words_max == 0)
		return complain(CLI_USAGE, "%s takes options only, not '%s'", command->name,
				call->words[0]);
	if (call->word_count > command->words_max)
		return complain(CLI_USAGE, "%s takes one %s only, not '%s' as well", command->name,
				command->arguments, call->words[command->words_max]);
	return -1;
}

int options_parse(struct call *call, int argc, char **argv)
{
	struct option rows[OPT_COUNT + 1];
	char letters[2 * OPT_COUNT + 2];
	uint64_t takes = call->command->takes;
	int c;

	make_rows(takes, rows, letters);
	optind = 0; /* getopt starts over, GNU way */
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, rows, NULL)) != -1) {
		if (c == '?')
			return refuse(call, rows, argv[optind - 1]);
		if (c == ':')
			return lacks_value(takes);
		enum option_id id =
			c >= FIRST ? (enum option_id)(c - FIRST) : id_of_letter(c, takes);
		if (!option_set(call, id, optarg))
			return CLI_USAGE;
	}
	call->words = argv + optind;
	call->word_count = argc - optind;
	return check_words(call);
}

/* ---- help ---------------------------------------------------------------------------------- */

enum { HELP_COLUMN = 25, HELP_WIDTH = 80 };

/* The text from a column on, broken at blanks. */
static void put_wrapped(struct buf *out, const char *text)
{
	size_t at = HELP_COLUMN;

	while (*text) {
		size_t len = strcspn(text, " ");
		if (at > HELP_COLUMN && at + 1 + len > HELP_WIDTH) {
			buf_printf(out, "\n%*s", HELP_COLUMN, "");
			at = HELP_COLUMN;
		} else if (at > HELP_COLUMN) {
			buf_putc(out, ' ');
			at++;
		}
		buf_put(out, text, len);
		at += len;
		text += len + (text[len] == ' ');
	}
	buf_putc(out, '\n');
}

/* "a|b" as "a, b", which is broken at blanks. */
static void put_list(char *list, size_t size, const char *words)
{
	size_t len = 0;

	for (; *words && len + 3 < size; words++) {
		list[len++] = *words == '|' ? ',' : *words;
		if (*words == '|')
			list[len++] = ' ';
	}
	list[len] = '\0';
}

void options_put_help(struct buf *out, uint64_t takes)
{
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct cli_option *option = &cli_options[id];
		const char *words = option_words(id);
		char left[64], help[512];
		if (!(takes & UINT64_C(1) << id))
			continue;
		bool optional = option->kind == OPTION_KIND_ANSWER;
		snprintf(left, sizeof(left), "%s%c%s--%s%s%s%s", option->letter ? "-" : "",
			 option->letter ? option->letter : ' ', option->letter ? ", " : "   ",
			 option->name,
			 optional           ? "[="
			 : option->argument ? " "
					    : "",
			 optional           ? words
			 : option->argument ? option->argument
					    : "",
			 optional ? "]" : "");
		size_t len = (size_t)snprintf(help, sizeof(help), "%s%s", option->help,
					      words && !optional ? ": " : "");
		put_list(help + len, sizeof(help) - len, words && !optional ? words : "");
		buf_printf(out, "  %-*s", HELP_COLUMN - 2, left);
		if (strlen(left) >= HELP_COLUMN - 2)
			buf_printf(out, "\n%*s", HELP_COLUMN, "");
		put_wrapped(out, help);
	}
}
