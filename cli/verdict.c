#include "cli/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(4, 5)
	add(struct problem *problems, size_t *count, const char *word, const char *format, ...)
{
	va_list args;

	problems[*count].word = word;
	va_start(args, format);
	vsnprintf(problems[*count].detail, sizeof(problems[*count].detail), format, args);
	va_end(args);
	++*count;
}

static const char *reason(const char *word)
{
	static const struct {
		const char *word, *sentence;
	} reasons[] = {
		{ "absent", "the cloud lists it no more" },
		{ "reported", "the cloud said so before it listed it no more" },
		{ "account-removed", "its listing is no longer configured" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i].word, word) == 0)
			return reasons[i].sentence;
	return "the cloud lists it no more";
}

size_t verdict(const struct facts *f, const char *today, const char *limit,
	       struct problem ret[static PROBLEMS_MAX])
{
	bool deprecated = strcmp(f->state, "deprecated") == 0;
	size_t n = 0;

	if (strcmp(f->presence, "removed") == 0) {
		add(ret, &n, "gone", "removed %s: %s", f->removed_at, reason(f->removed_reason));
		return n;
	}
	if (strcmp(f->presence, "missing") == 0)
		add(ret, &n, "missing", "not in the last complete poll, since %s",
		    f->missing_since_at);
	if (deprecated)
		add(ret, &n, "deprecated", "the cloud will withdraw it");
	if (f->launchable < 0)
		add(ret, &n, "not-launchable", "whether it can be launched is not known");
	else if (f->launchable == 0 && !deprecated)
		add(ret, &n, "not-launchable", "its state is %s",
		    *f->state ? f->state : "not known");
	if (f->stale)
		add(ret, &n, "stale",
		    "its listing was not read whole for long: see imagecat status");
	if (*f->eol_on && strcmp(f->eol_on, limit) <= 0)
		add(ret, &n, "eol", "%s of life %s",
		    strcmp(f->eol_on, today) < 0 ? "was at its end" : "reaches its end", f->eol_on);
	return n;
}
