/*
 * Options of list into a filter: what is taken, and what is refused with a hint.
 */
#include "cli/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/test.h"

static int option_of(const char *name)
{
	struct option options[FILTER_OPTIONS];
	size_t count = filter_options(options);

	for (size_t i = 0; i < count; i++)
		if (strcmp(options[i].name, name) == 0)
			return options[i].val;
	fail_msg("no option --%s", name);
	return 0;
}

/* Sets one option; what was said on stderr goes to `said`. */
static bool set(struct image_filter *filter, struct arena *arena, const char *name,
		const char *value, char *said, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_true(saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	bool ok = filter_set(filter, arena, option_of(name), value);
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	said[fread(said, 1, size - 1, file)] = '\0';
	fclose(file);
	return ok;
}

static const struct row {
	const char *name, *option, *value, *want; /* part of the complaint; NULL: taken */
} rows[] = {
	/* clang-format off */
	{ "provider", "provider", "qingcloud", NULL },
	{ "no provider", "provider", "aws", "--provider: 'aws' is none of ucloud, compshare, qingcloud\n" },
	{ "provider misspelt", "provider", "uclod", "did you mean 'ucloud'?" },
	{ "kind", "kind", "marketplace", NULL },
	{ "unknown is a kind", "kind", "unknown", NULL },
	{ "no kind", "kind", "nonsense", "--kind: 'nonsense' is none of system, marketplace, application, custom, community, shared, unknown\n" },
	{ "kind misspelt", "kind", "sistem", "did you mean 'system'?" },
	{ "kind in capitals", "kind", "SYSTEM", "did you mean 'system'?" },
	{ "part of a kind", "kind", "sys", "--kind: 'sys' is none of" },
	{ "two kinds", "kind", "system|custom", "--kind: 'system|custom' is none of" },
	{ "empty kind", "kind", "", "--kind: '' is none of" },
	{ "origin", "origin", "self", NULL },
	{ "no origin", "origin", "elsewhere", "--origin: 'elsewhere' is none of platform, self, community, shared, unknown\n" },
	{ "form", "form", "baremetal", NULL },
	{ "no form", "form", "vmm", "did you mean 'vm'?" },
	{ "state", "state", "available", NULL },
	{ "no state", "state", "availble", "did you mean 'available'?" },
	{ "arch", "arch", "aarch64", NULL },
	{ "no arch", "arch", "x86-64", "--arch: 'x86-64' is none of x86_64, aarch64, i386; did you mean 'x86_64'?\n" },
	{ "account is free", "account", "anything", NULL },
	{ "service is free", "service", "anything", NULL },
	{ "since", "since", "7d", NULL },
	{ "since without a unit", "since", "7", "--since: '7' is not AGE" },
	{ "since below zero", "since", "-7d", "--since: '-7d' is not AGE" },
	{ "sort", "sort", "name:desc", NULL },
	{ "sort in no direction", "sort", "name:up", "--sort: 'name:up' is not KEY" },
	{ "limit", "limit", "1", NULL },
	{ "limit of nothing", "limit", "0", "--limit: '0' is not N" },
	{ "limit that is none", "limit", "ten", "--limit: 'ten' is not N" },
	{ "hostile value", "kind", "a\033[2Jb", "--kind: 'a\xEF\xBF\xBD[2Jb' is none of" },
	/* clang-format on */
};

static void takes_or_refuses(void **state)
{
	const struct row *row = *state;
	struct image_filter filter = { 0 };
	struct arena arena;
	char said[1024];

	arena_init(&arena);
	bool ok = set(&filter, &arena, row->option, row->value, said, sizeof(said));
	assert_int_equal(ok, !row->want);
	if (row->want && !strstr(said, row->want))
		fail_msg("\"%s\" lacks \"%s\"", said, row->want);
	if (!row->want)
		assert_string_equal(said, "");
	arena_finish(&arena);
}

static void fills_the_filter(void **state)
{
	struct image_filter f = { 0 };
	struct arena arena;
	char said[256];

	(void)state;
	arena_init(&arena);
	static const char *const given[][2] = {
		{ "provider", "ucloud" }, { "account", "a" },        { "os", "ubuntu:22.04" },
		{ "gpu", NULL },          { "removed", NULL },       { "sort", "name:desc" },
		{ "limit", "12" },        { "columns", "uid,name" }, { "kind", "custom" },
		{ "since", "2h" },
	};
	int64_t before = env_system()->now_s(env_system());
	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		assert_true(set(&f, &arena, given[i][0], given[i][1], said, sizeof(said)));
	int64_t after = env_system()->now_s(env_system());
	assert_string_equal(f.provider, "ucloud");
	assert_string_equal(f.account, "a");
	assert_string_equal(f.os_distro, "ubuntu");
	assert_string_equal(f.os_version, "22.04");
	assert_int_equal(f.gpu, READER_YES);
	assert_int_equal(f.launchable, READER_ANY);
	assert_true(f.removed && f.descending && !f.purged);
	assert_string_equal(f.sort, "name");
	assert_int_equal(f.limit, 12);
	assert_string_equal(f.columns[0], "uid");
	assert_string_equal(f.columns[1], "name");
	assert_null(f.columns[2]);
	assert_string_equal(f.kind, "custom");
	assert_true(f.since >= before - 7200 && f.since <= after - 7200);
	assert_true(set(&f, &arena, "state", "purged", said, sizeof(said)) && f.purged);
	assert_true(set(&f, &arena, "os", "debian", said, sizeof(said)) && !f.os_version);
	assert_true(set(&f, &arena, "state", "available", said, sizeof(said)) && !f.purged);
	assert_true(set(&f, &arena, "kind", "custom", said, sizeof(said)) && !f.purged);
	arena_finish(&arena);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(fills_the_filter) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i + 1] = (struct CMUnitTest)TEST_ROW(takes_or_refuses, &rows[i]);
	return _cmocka_run_group_tests("filter", tests, ARRAY_LEN(tests), NULL, NULL);
}
