/*
 * Command lines into what was asked: what is taken, and what is refused with a hint.
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/record.h"
#include "tests/test.h"

enum { WORDS_MAX = 12, SAID_SIZE = 1024 };

/* Parses "list --os ubuntu"; a '~' in a word is a blank. What was said on stderr goes to `said`. */
static int parse(struct call *call, char *line, char *said)
{
	static char *argv[WORDS_MAX + 1]; /* the call borrows its words */
	char *rest = line;
	int argc = 0, saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();

	for (char *word; (word = strsep(&rest, " "));) {
		for (char *c = word; *c; c++)
			if (*c == '~')
				*c = ' ';
		argv[argc++] = word;
		assert_true(argc <= WORDS_MAX);
	}
	argv[argc] = NULL;
	assert_non_null(file);
	assert_true(saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	*call = (struct call){ .command = command_find(argv[0]), .view = VIEW_COUNT };
	assert_non_null(call->command);
	int status = options_parse(call, argc, argv);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	said[fread(said, 1, SAID_SIZE - 1, file)] = '\0';
	fclose(file);
	return status;
}

static const struct row {
	const char *name, *want; /* part of the complaint; NULL: taken */
} rows[] = {
	/* clang-format off */
	{ "list", NULL },
	{ "list --provider qingcloud", NULL },
	{ "list --provider=qingcloud", NULL },
	{ "list --provider a_plug_in2", NULL },
	{ "list --provider AWS", "--provider: 'AWS' is not a provider's name: of a-z, 0-9 and _\n" },
	{ "list --provider=", "--provider: '' is not a provider's name" },
	{ "list --provider a-b", "--provider: 'a-b' is not a provider's name" },
	{ "list --visibility private", NULL },
	{ "list --visibility privat", "--visibility: 'privat' is none of public, private, shared, unknown; did you mean 'private'?\n" },
	{ "list --kind marketplace", NULL },
	{ "list --kind unknown", NULL },
	{ "list --kind nonsense", "--kind: 'nonsense' is none of system, marketplace, application, custom, community, shared, unknown\n" },
	{ "list --kind sistem", "did you mean 'system'?" },
	{ "list --kind SYSTEM", "did you mean 'system'?" },
	{ "list --kind sys", "--kind: 'sys' is none of" },
	{ "list --kind system|custom", "--kind: 'system|custom' is none of" },
	{ "list --kind=", "--kind: '' is none of" },
	{ "list --kind a\033[2Jb", "--kind: 'a\xEF\xBF\xBD[2Jb' is none of" },
	{ "list --origin elsewhere", "--origin: 'elsewhere' is none of platform, self, community, shared, unknown\n" },
	{ "list --form vmm", "did you mean 'vm'?" },
	{ "list --state availble", "did you mean 'available'?" },
	{ "list --arch -", NULL },
	{ "list --arch x86-64", "--arch: 'x86-64' is none of x86_64, aarch64, i386; did you mean 'x86_64'?\n" },
	{ "list --account anything --service anything", NULL },
	{ "list --os ubuntu:22.04", NULL },
	{ "list --os :22.04", "--os: ':22.04' is not a distribution, or one with a version, as ubuntu:22.04\n" },
	{ "list --gpu", NULL },
	{ "list --gpu=no --launchable=yes --stale=no", NULL },
	{ "list --gpu=unknown", NULL },
	{ "list --stale=unknown", "--stale: 'unknown' is none of yes, no" },
	{ "list --gpu no", "list takes options only, not 'no'" },
	{ "list --since 7d", NULL },
	{ "list --since 2026-11-20T08:00Z", NULL },
	{ "list --since 7", "--since: '7' is not a time: 2026-11-20, " },
	{ "list --since -7d", "--since: '-7d' is not a time: " },
	{ "list --sort name:desc", NULL },
	{ "list --sort name:up", "--sort: 'name:up' is not a column, or one with :desc behind it\n" },
	{ "list --limit 1", NULL },
	{ "list --limit 0", "--limit: '0' is not a number from 1 on\n" },
	{ "list --limit ten", "--limit: 'ten' is not a number from 1 on\n" },
	{ "list --limit", "--limit needs a value: N" },
	{ "list -o", "--output needs a value: FORMAT" },
	{ "list -o xml", "--output: 'xml' is none of table, json, ndjson, csv, tsv, id" },
	{ "list -ojson", NULL },
	{ "list --output=ndjson", NULL },
	{ "list --utc=1", "--utc takes no value" },
	{ "list --regoin x", "list has no option --regoin; did you mean '--region'?" },
	{ "list --zzzzzz=3", "list has no option --zzzzzz; see imagecat help list" },
	{ "list --follow", "list has no option --follow" },
	{ "list -x", "list has no option -x; see imagecat help list" },
	{ "list --help --zone z", NULL },
	{ "list it", "list takes options only, not 'it'" },
	{ "latest --removed", "latest has no option --removed" },
	{ "latest --all", NULL },
	{ "show a", NULL },
	{ "show", "show needs ID|UID" },
	{ "show --help", NULL },
	{ "show a b", "show takes one ID|UID only, not 'b' as well" },
	{ "show a --at 2026-11-20", NULL },
	{ "show a --at yesterday", "--at: 'yesterday' is not a time: " },
	{ "search a b c", NULL },
	{ "changes --after 0", NULL },
	{ "changes --after -1", "--after: '-1' is not a number\n" },
	{ "changes --kind source-drift -f", NULL },
	{ "changes --kind custom", "--kind: 'custom' is none of baseline, added" },
	{ "polls --outcome partial", NULL },
	{ "polls --outcome bad", "--outcome: 'bad' is none of complete, partial" },
	{ "check - --eol-within 1d", NULL },
	{ "check - --eol-within soon", "--eol-within: 'soon' is not an age: 90s, 10m, 6h, 7d\n" },
	{ "export --view changes", NULL },
	{ "export --view _images", "there is no view '_images'; did you mean 'images'?\n" },
	{ "poll --http unix:/a prod uhost", NULL },
	{ "release", "release needs LISTING" },
	/* clang-format on */
};

static void takes_or_refuses(void **state)
{
	const struct row *row = *state;
	char said[SAID_SIZE], *line = strdup(row->name);
	struct call call;

	assert_non_null(line);
	int status = parse(&call, line, said);
	assert_int_equal(status, row->want ? CLI_USAGE : -1);
	if (row->want && !strstr(said, row->want))
		fail_msg("\"%s\" lacks \"%s\"", said, row->want);
	if (row->want)
		assert_memory_equal(said, "imagecat: ", 10);
	else
		assert_string_equal(said, "");
	arena_finish(&call.arena);
	free(line);
}

static void fills_the_call(void **state)
{
	char line[] = "list --provider ucloud --account a --os ubuntu:22.04 --gpu --sort=name:desc";
	char more[] =
		"list --removed --limit 12 --columns uid,name --kind custom --since 2h --gpu=no";
	int64_t before = env_system()->now_s(env_system());
	char said[SAID_SIZE];
	struct call call;

	(void)state;
	assert_int_equal(parse(&call, line, said), -1);
	const struct image_filter *f = &call.filter;
	assert_string_equal(f->provider, "ucloud");
	assert_string_equal(f->account, "a");
	assert_string_equal(f->os_distro, "ubuntu");
	assert_string_equal(f->os_version, "22.04");
	assert_int_equal(f->gpu, READER_YES);
	assert_int_equal(f->launchable, READER_ANY);
	assert_string_equal(f->sort, "name");
	assert_true(f->descending && !f->removed);
	assert_true(call.given ==
		    (TAKES(PROVIDER) | TAKES(ACCOUNT) | TAKES(OS) | TAKES(GPU) | TAKES(SORT)));
	arena_finish(&call.arena);

	assert_int_equal(parse(&call, more, said), -1);
	int64_t after = env_system()->now_s(env_system());
	assert_true(f->removed);
	assert_int_equal(f->limit, 12);
	assert_string_equal(f->columns[0], "uid");
	assert_string_equal(f->columns[1], "name");
	assert_null(f->columns[2]);
	assert_string_equal(f->kind, "custom");
	assert_int_equal(f->gpu, READER_NO);
	assert_true(f->since >= before - 7200 && f->since <= after - 7200);
	arena_finish(&call.arena);
}

static void words_and_options_mix(void **state)
{
	char line[] = "search a --limit 3 b~c -- --d";
	char said[SAID_SIZE];
	struct call call;

	(void)state;
	assert_int_equal(parse(&call, line, said), -1);
	assert_int_equal(call.word_count, 3);
	assert_string_equal(call.words[0], "a");
	assert_string_equal(call.words[1], "b c");
	assert_string_equal(call.words[2], "--d");
	assert_int_equal(call.filter.limit, 3);
	arena_finish(&call.arena);
}

/* What is offered can be taken: names are one command's own, words are there. */
static void tables_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		uint64_t takes = commands[i].takes;
		assert_true(takes & TAKES(HELP));
		assert_true(commands[i].summary[0] >= 'a' && commands[i].summary[0] <= 'z');
		for (enum option_id a = 0; a < OPT_COUNT; a++)
			for (enum option_id b = a + 1; b < OPT_COUNT; b++)
				if (takes >> a & takes >> b & 1)
					assert_string_not_equal(cli_options[a].name,
								cli_options[b].name);
	}
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct cli_option *option = &cli_options[id];
		bool words = option->kind == OPTION_KIND_WORD ||
			     option->kind == OPTION_KIND_ANSWER ||
			     option->kind == OPTION_KIND_FORMAT;
		assert_int_equal(option_words(id) != NULL, words);
		assert_int_equal(!option->argument, option->kind == OPTION_KIND_FLAG);
	}
}

static void help_names_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		struct buf out;
		buf_init(&out);
		help_put_command(&out, &commands[i]);
		for (enum option_id id = 0; id < OPT_COUNT; id++) {
			char name[64];
			snprintf(name, sizeof(name), " --%s", cli_options[id].name);
			if (commands[i].takes & UINT64_C(1) << id && !strstr(buf_text(&out), name))
				fail_msg("help %s lacks%s", commands[i].name, name);
		}
		for (const char *at = buf_text(&out); *at; at += strcspn(at, "\n") + 1)
			if (strcspn(at, "\n") > 80)
				fail_msg("help %s has a long line: %.100s", commands[i].name, at);
		buf_finish(&out);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 4] = {
		cmocka_unit_test(fills_the_call),
		cmocka_unit_test(words_and_options_mix),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(help_names_every_option),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 4] = (struct CMUnitTest)TEST_ROW(takes_or_refuses, &rows[i]);
	return _cmocka_run_group_tests("options", tests, ARRAY_LEN(tests), NULL, NULL);
}
