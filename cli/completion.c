/*
 * Completion for bash, from the tables of commands and options. It needs no bash-completion
 * package.
 */
#include <string.h>

#include "cli/command.h"

static bool is_file(enum option_id id)
{
	return strcmp(cli_options[id].argument, "FILE") == 0;
}

/* "a|b|c" as words. */
static void put_words(struct buf *out, const char *words)
{
	for (; *words; words++)
		buf_putc(out, *words == '|' ? ' ' : *words);
}

/* What the catalog at hand knows; NULL: nothing is known of the option's values. */
static const char *where_known(enum option_id id)
{
	static const struct {
		enum option_id id;
		const char *view_and_column;
	} places[] = {
		{ OPT_PROVIDER, "listings provider" }, { OPT_CLOUD, "listings cloud" },
		{ OPT_ACCOUNT, "listings account" },   { OPT_REGION, "listings region" },
		{ OPT_SERVICE, "listings service" },   { OPT_ZONE, "coverage zone" },
		{ OPT_OS, "coverage os_distro" },      { OPT_SORT, "schema images" },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i].id == id)
			return places[i].view_and_column;
	return NULL;
}

/* The view whose columns a command prints. */
static const char *view_of(const struct command *command)
{
	static const char *const views[][2] = {
		{ "changes", "changes" },   { "history", "changes" },    { "polls", "polls" },
		{ "coverage", "coverage" }, { "schema", "column_docs" },
	};

	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (strcmp(views[i][0], command->name) == 0)
			return views[i][1];
	return "images";
}

static void put_views(struct buf *out)
{
#define X(name, order, second) buf_puts(out, #name " ");
	READER_VIEWS(X)
#undef X
}

/* What may follow an option of that command. */
static void put_values(struct buf *out, const struct command *command)
{
	uint64_t takes = command->takes;

	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct cli_option *option = &cli_options[id];
		const char *words = option_words(id);
		bool view = option->kind == OPTION_KIND_VIEW;
		if (!(takes & UINT64_C(1) << id) || !option->argument)
			continue;
		if (option->kind == OPTION_KIND_ANSWER) {
			buf_printf(out, "\t\t--%s) [[ ! $equals ]] || values='", option->name);
			put_words(out, words);
			buf_puts(out, "' ;;\n");
			continue;
		}
		buf_printf(out, "\t\t--%s%s%c) ", option->name, option->letter ? "|-" : "",
			   option->letter ? option->letter : ' ');
		if (words || view) {
			buf_puts(out, "values='");
			if (view)
				put_views(out);
			else
				put_words(out, words);
			buf_puts(out, "' ;;\n");
		} else if (where_known(id)) {
			buf_printf(out, "known='%s' ;;\n", where_known(id));
		} else if (id == OPT_COLUMNS) {
			buf_printf(out, "known='schema %s' ;;\n", view_of(command));
		} else {
			buf_printf(out, "%s ;;\n", is_file(id) ? "files=1" : "nothing=1");
		}
	}
}

static void put_names(struct buf *out, uint64_t takes)
{
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct cli_option *option = &cli_options[id];
		if (!(takes & UINT64_C(1) << id))
			continue;
		buf_printf(out, "--%s ", option->name);
		if (option->kind == OPTION_KIND_ANSWER)
			buf_printf(out, "--%s=no ", option->name);
		if (option->kind == OPTION_KIND_ANSWER && strstr(option->words, "unknown"))
			buf_printf(out, "--%s=unknown ", option->name);
	}
}

static void put_command(struct buf *out, const struct command *command)
{
	buf_printf(out, "\t%s)\n\t\tnames='", command->name);
	put_names(out, command->takes);
	buf_puts(out, "'\n");
	if (strcmp(command->name, "schema") == 0) {
		buf_puts(out, "\t\twords='");
		put_views(out);
		buf_puts(out, "'\n");
	} else if (strcmp(command->name, "help") == 0) {
		buf_puts(out, "\t\twords=$commands\n");
	} else if (strcmp(command->name, "check") == 0) {
		buf_puts(out, "\t\tplain_files=1\n");
	}
	buf_puts(out, "\t\tcase $previous in\n");
	put_values(out, command);
	buf_puts(out, "\t\tesac ;;\n");
}

void completion_put(struct buf *out)
{
	buf_puts(out, "# Completion of imagecat for bash; made by 'imagecat --completion'.\n"
		      "# Names come from clouds: only what a shell takes as it is goes on.\n"
		      "_imagecat_known() {\n"
		      "\tcase $1 in\n"
		      "\tschema) \"${COMP_WORDS[0]}\" schema \"$2\" -o id \"${catalog[@]}\" ;;\n"
		      "\t*) \"${COMP_WORDS[0]}\" export --view \"$1\" --columns \"$2\" --csv - "
		      "\"${catalog[@]}\" | tail -n +2 ;;\n"
		      "\tesac 2>/dev/null | tr -d '\\r\"' | grep -xE '[A-Za-z0-9._:-]+' | sort -u\n"
		      "}\n"
		      "_imagecat() {\n\tlocal commands='");
	for (size_t i = 0; i < command_count; i++)
		buf_printf(out, "%s%s", i ? " " : "", commands[i].name);
	buf_puts(out,
		 "'\n"
		 "\tlocal word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
		 "\tlocal names='--catalog --completion --version --help' words='' values='' "
		 "files='' plain_files='' nothing='' command='' i\n"
		 "\tlocal equals='' known='' before='' catalog=()\n"
		 "\tif [[ $word == = ]]; then\n\t\tequals=1 word=''\n"
		 "\telif [[ $previous == = ]]; then\n"
		 "\t\tequals=1 previous=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
		 "\tfor ((i = 1; i < COMP_CWORD - 1; i++)); do\n"
		 "\t\t[[ ${COMP_WORDS[i]} != --catalog ]] && continue\n"
		 "\t\t[[ ${COMP_WORDS[i+1]} != = ]] || ((i++))\n"
		 "\t\tcatalog=(--catalog \"${COMP_WORDS[i+1]}\")\n"
		 "\tdone\n"
		 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		 "\t\tcase ${COMP_WORDS[i]} in\n"
		 "\t\t--catalog) [[ ${COMP_WORDS[i+1]} != = ]] || ((i++)); ((i++)) ;;\n"
		 "\t\t-*) ;;\n"
		 "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
		 "\t\tesac\n"
		 "\tdone\n"
		 "\tcase $command in\n"
		 "\t'') words=$commands; [[ $previous != --catalog ]] || files=1 ;;\n");
	for (size_t i = 0; i < command_count; i++)
		put_command(out, &commands[i]);
	buf_puts(out, "\tesac\n"
		      "\tCOMPREPLY=()\n"
		      "\tif [[ $known ]]; then\n"
		      "\t\tvalues=$(_imagecat_known $known) nothing=1\n"
		      "\t\tbefore=${word%\"${word##*,}\"} word=${word##*,}\n"
		      "\t\tCOMPREPLY=($(compgen -P \"$before\" -W \"$values\" -- \"$word\"))\n"
		      "\tfi\n"
		      "\tif [[ $nothing ]]; then\n\t\treturn\n"
		      "\telif [[ $values ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$values\" -- "
		      "\"$word\"))\n"
		      "\telif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$names\" -- "
		      "\"$word\"))\n"
		      "\telif [[ $files || $plain_files ]]; then\n"
		      "\t\tcompopt -o filenames 2>/dev/null\n"
		      "\t\tlocal IFS=$'\\n'\n"
		      "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		      "\telse\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n\tfi\n"
		      "}\n"
		      "complete -F _imagecat imagecat\n");
}
