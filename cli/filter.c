#include "cli/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "model/record.h"

enum kind { TEXT, WORD, OS, GLOB, YES, SINCE, REMOVED, SORT, LIMIT, COLUMNS };

struct filter_row {
	const char *name, *argument, *help;
	enum kind kind;
	size_t offset; /* of a TEXT, a WORD or a YES */
};

/* The words of a WORD that is no column of a record. */
#define PROVIDERS  "ucloud|compshare|qingcloud"

#define AT(member) offsetof(struct image_filter, member)
/* clang-format off */
static const struct filter_row rows[] = {
	{ "provider",   "NAME",     "ucloud, compshare or qingcloud", WORD, AT(provider) },
	{ "account",    "NAME",     "account of the configuration",   TEXT, AT(account) },
	{ "service",    "NAME",     "uhost, uk8s, custom, platform, community, shared, images", TEXT, AT(service) },
	{ "region",     "REGION",   "",                               TEXT, AT(region) },
	{ "zone",       "ZONE",     "",                               TEXT, AT(zone) },
	{ "os",         "OS[:VER]", "ubuntu, or ubuntu:22.04 (22.04.5 too)", OS, 0 },
	{ "arch",       "ARCH",     "x86_64, aarch64 or i386",        WORD, AT(arch) },
	{ "kind",       "KIND",     "system, marketplace, application, custom, community, shared", WORD, AT(kind) },
	{ "origin",     "ORIGIN",   "platform, self, community, shared", WORD, AT(origin) },
	{ "form",       "FORM",     "vm, container, baremetal",       WORD, AT(form) },
	{ "state",      "STATE",    "available, deprecated, purged …", WORD, AT(state) },
	{ "name",       "GLOB",     "name matches, * and ? stand for anything", GLOB, AT(name_glob) },
	{ "gpu",        NULL,       "runs on GPU machines",           YES,  AT(gpu) },
	{ "launchable", NULL,       "can be launched now",            YES,  AT(launchable) },
	{ "stale",      NULL,       "of listings that are stale",     YES,  AT(stale) },
	{ "since",      "AGE",      "first seen, changed or removed in the last 90s, 10m, 6h, 7d", SINCE, 0 },
	{ "removed",    NULL,       "removed images instead",         REMOVED, 0 },
	{ "sort",       "KEY",      "column, or column:desc",         SORT, 0 },
	{ "limit",      "N",        "at most so many",                LIMIT, 0 },
	{ "columns",    "A,B,…",    "columns to show",                COLUMNS, 0 },
};
/* clang-format on */

size_t filter_options(struct option ret[static FILTER_OPTIONS])
{
	static_assert(ARRAY_LEN(rows) < FILTER_OPTIONS, "a row of zeros must fit");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ret[i] = (struct option){ rows[i].name,
					  rows[i].argument ? required_argument : no_argument, NULL,
					  FILTER_FIRST + (int)i };
	ret[ARRAY_LEN(rows)] = (struct option){ 0 };
	return ARRAY_LEN(rows);
}

void filter_help(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char left[40];
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
			 rows[i].argument ? rows[i].argument : "");
		printf("  %-20s %s\n", left, rows[i].help);
	}
}

bool filter_duration(const char *text, int64_t *ret_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char digits[16];
	size_t len = strlen(text);
	int64_t n;

	if (len < 2 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len - 1);
	digits[len - 1] = '\0';
	if (!text_to_int(digits, &n) || n < 0 || n > 1000000000)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit == text[len - 1]) {
			*ret_s = n * units[i].seconds;
			return true;
		}
	}
	return false;
}

/* "a,b,c" into a list that ends with NULL; NULL when memory is out. */
static const char *const *split(struct arena *arena, const char *value, char separator)
{
	const char separators[] = { separator, '\0' };
	size_t count = 1;

	for (const char *c = value; *c; c++)
		count += *c == separator;
	const char **items = arena_alloc(arena, (count + 1) * sizeof(*items));
	char *copy = arena_string(arena, value);
	for (size_t i = 0; i < count && items && copy; i++) {
		size_t len = strcspn(copy, separators);
		items[i] = copy;
		if (copy[len])
			copy[len++] = '\0';
		copy += len;
	}
	return copy ? items : NULL;
}

static const char *words_of(const char *name)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strcmp(columns[c].name, name) == 0)
			return columns[c].words;
	return PROVIDERS;
}

/* A word of the vocabulary; false after it has complained. */
static bool check_word(struct arena *arena, const char *name, const char *value)
{
	const char *const *words = split(arena, words_of(name), '|');
	struct buf all;

	for (size_t i = 0; words && words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return true;
	buf_init(&all);
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	const char *nearest = words ? text_nearest(value, words) : NULL;
	complain(CLI_USAGE, "--%s: '%s' is none of %s%s%s%s", name, value, buf_text(&all),
		 nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
	buf_finish(&all);
	return false;
}

static bool set_os(struct image_filter *f, struct arena *arena, const char *value)
{
	const char *colon = strchr(value, ':');

	f->os_distro = arena_copy(arena, value, colon ? (size_t)(colon - value) : strlen(value));
	f->os_version = colon && colon[1] ? colon + 1 : NULL;
	return f->os_distro != NULL;
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

bool filter_set(struct image_filter *f, struct arena *arena, int option, const char *value)
{
	const struct filter_row *row = &rows[option - FILTER_FIRST];
	void *member = (char *)f + row->offset;
	int64_t n = 0;
	bool ok = true;

	switch (row->kind) {
	case WORD:
		if (!check_word(arena, row->name, value))
			return false;
		*(const char **)member = value;
		f->purged = f->state && strcmp(f->state, "purged") == 0;
		break;
	case TEXT:
	case GLOB: *(const char **)member = value; break;
	case OS: ok = set_os(f, arena, value); break;
	case YES: *(enum reader_flag *)member = READER_YES; break;
	case SINCE:
		ok = filter_duration(value, &n);
		f->since = env_system()->now_s(env_system()) - n;
		break;
	case REMOVED: f->removed = true; break;
	case SORT: ok = set_sort(f, arena, value); break;
	case LIMIT: ok = text_to_int(value, &f->limit) && f->limit > 0; break;
	case COLUMNS:
		f->columns = split(arena, value, ',');
		ok = f->columns != NULL;
		break;
	}
	if (!ok)
		complain(CLI_USAGE, "--%s: '%s' is not %s", row->name, value, row->argument);
	return ok;
}
