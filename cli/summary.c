#include "cli/summary.h"

#include <string.h>

/* In the order in which they are told. */
static const struct {
	const char *word;
	bool calm, failing;
} healths[SUMMARY_HEALTHS] = {
	/* clang-format off */
	{ "ok", true },   { "disabled", true }, { "new" },  { "partial" },
	{ "suspect" },    { "failing", .failing = true },   { "auth", .failing = true },
	/* clang-format on */
};

bool summary_is_failing(const char *health)
{
	for (size_t i = 0; i < ARRAY_LEN(healths); i++)
		if (strcmp(healths[i].word, health) == 0)
			return healths[i].failing;
	return false;
}

void summary_add(struct summary *summary, const char *health, bool stale, int64_t images)
{
	summary->listings++;
	summary->stale += stale;
	summary->unhealthy += stale || summary_is_failing(health);
	summary->images += images;
	for (size_t i = 0; i < ARRAY_LEN(healths); i++)
		summary->counts[i] += strcmp(healths[i].word, health) == 0;
}

/* Nothing of which a reader should know more. */
static bool is_calm(const struct summary *summary)
{
	size_t calm = 0;

	for (size_t i = 0; i < ARRAY_LEN(healths); i++)
		calm += healths[i].calm ? summary->counts[i] : 0;
	return calm == summary->listings && summary->stale == 0;
}

void summary_put(struct buf *out, const struct summary *summary)
{
	const char *before = ": ";

	buf_printf(out, "%zu listing%s", summary->listings, summary->listings == 1 ? "" : "s");
	if (summary->listings > 0 && is_calm(summary)) {
		buf_puts(out, ", all healthy");
	} else {
		for (size_t i = 0; i < ARRAY_LEN(healths); i++) {
			if (summary->counts[i] == 0)
				continue;
			buf_printf(out, "%s%zu %s", before, summary->counts[i], healths[i].word);
			before = ", ";
		}
		if (summary->stale > 0)
			buf_printf(out, "%s%zu stale", before, summary->stale);
	}
	buf_printf(out, "; %lld image%s\n", (long long)summary->images,
		   summary->images == 1 ? "" : "s");
}
