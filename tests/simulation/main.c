/*
 * Runs the daemon, whole but for sockets, threads and the clock, through days of virtual time
 * against a cloud that changes while it is read and fails in every way of faults.c. One seed is one
 * run, the same each time.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "model/scratch.h"
#include "tests/simulation/jobs.h"
#include "tests/simulation/serving.h"

enum { SEEDS = 1000, POLLS = 40, KIND_MIN = 20, SEEDS_TWICE = 4 };

static const char usage[] =
	"Usage: simulation [OPTION]...\n"
	"\n"
	"  --seeds N          runs, shared out to the scenarios (1000)\n"
	"  --first S          the first seed (1)\n"
	"  --scenario NAME    only churn, faults, outage, day, memory or clocks\n"
	"  --all              memory: every allocation, not only every way to one\n"
	"  --polls N          of each listing, at least (40)\n"
	"  --jobs N           processes (one per core)\n"
	"  --verbose          the table of faults; for a single seed its story, on stderr\n"
	"  --json FILE        the figures\n";

struct options {
	uint64_t seeds, first;
	const struct scenario *scenario;
	unsigned polls, jobs;
	bool verbose, all;
	const char *json;
};

/* clang-format off */
static const struct option long_options[] = {
	{ "seeds",    required_argument, NULL, 's' },
	{ "first",    required_argument, NULL, 'f' },
	{ "scenario", required_argument, NULL, 'c' },
	{ "polls",    required_argument, NULL, 'p' },
	{ "jobs",     required_argument, NULL, 'j' },
	{ "verbose",  no_argument,       NULL, 'v' },
	{ "json",     required_argument, NULL, 'o' },
	{ "all",      no_argument,       NULL, 'a' },
	{ 0 },
};
/* clang-format on */

static bool parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 's': o->seeds = strtoull(optarg, NULL, 10); break;
		case 'f': o->first = strtoull(optarg, NULL, 10); break;
		case 'c': o->scenario = scenario_find(optarg); break;
		case 'p': o->polls = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'j': o->jobs = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'v': o->verbose = true; break;
		case 'o': o->json = optarg; break;
		case 'a': o->all = true; break;
		default: return false;
		}
		if (c == 'c' && !o->scenario)
			return false;
	}
	return optind == argc && o->seeds > 0 && o->polls > 0 && o->jobs > 0;
}

/* ---- what is told -------------------------------------------------------------------------------
 */

/* "21,034" */
static const char *grouped(uint64_t n, char text[static 32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t out = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
	return text;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void tell(bool ok, const char *name, const char *text)
{
	printf("[  %s ] simulation %s: %s\nfigure: simulation %s: %s\n", ok ? "     OK" : "FAILED ",
	       name, text, name, text);
}

static bool tell_course(const struct scenario *s, const struct tally *t)
{
	bool ok = t->failed == 0 && t->false_removals == 0;
	char text[256];

	s->course->tell(t, text, sizeof(text));
	tell(ok, s->name, text);
	if (t->failed > 0)
		printf("             %" PRIu64 " seeds of scenario %s failed\n", t->failed,
		       s->name);
	return ok;
}

static bool tell_scenario(const struct scenario *s, const struct tally *t)
{
	uint64_t judged = t->polls - t->aborted;
	bool enough = t->complete * 1000 >= judged * s->complete_permille;
	bool ok = t->failed == 0 && t->false_removals == 0 && enough;
	char text[256], polls[32], removed[32];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " seeds, %s polls, %.1f %% complete%s, %s removals, %" PRIu64
		 " false removals",
		 t->seeds, grouped(t->polls, polls), percent(t->complete, judged),
		 enough ? "" : " (99.0 are needed)", grouped(t->removed, removed),
		 t->false_removals);
	tell(ok, s->name, text);
	if (t->failed > 0)
		printf("             %" PRIu64 " seeds of scenario %s failed\n", t->failed,
		       s->name);
	return ok;
}

/* Every kind must really have happened; asked of a run that is long enough for it. */
static bool tell_kinds(const struct tally *t, uint64_t seeds)
{
	size_t rarest = 0;
	char text[160];

	for (size_t i = 0; i < fault_count; i++)
		if (t->kinds[i] < t->kinds[rarest])
			rarest = i;
	uint64_t needed = seeds * KIND_MIN / (SEEDS / 2);
	if (needed > KIND_MIN)
		needed = KIND_MIN;
	bool ok = t->kinds[rarest] >= needed;
	snprintf(text, sizeof(text), "%zu kinds, the rarest reached %" PRIu64 " times (%s)",
		 fault_count, t->kinds[rarest], faults[rarest].name);
	tell(ok, "kinds of faults", text);
	return ok;
}

static void tell_table(const struct tally *t)
{
	for (size_t i = 0; i < fault_count; i++)
		printf("%10" PRIu64 "  %s\n", t->kinds[i], faults[i].name);
	printf("%10" PRIu64 "  requests\n%10" PRIu64 "  changes in the feed\n%10" PRIu64
	       "  polls of a calm cloud\n%10" PRIu64 "  partial, %" PRIu64 " suspect, %" PRIu64
	       " failed, %" PRIu64 " aborted\n%10" PRIu64 "  returned\n%10" PRIu64
	       "  times overlooked by one complete poll, seen again by the next\n%10" PRIu64
	       "  restarts\n%10" PRIu64 "  virtual days\n%10" PRIu64 "  events\n",
	       t->requests, t->changes, t->calm_polls, t->partial, t->suspect, t->failures,
	       t->aborted, t->returned, t->overlooked, t->restarts, t->virtual_s / 86400,
	       t->events);
}

static bool write_figures(const char *path, const struct options *o, const struct tally *tallies,
			  bool ok)
{
	FILE *file = fopen(path, "w");
	const char *comma = "";

	if (!file)
		return false;
	fprintf(file, "{\"ok\": %s, \"first\": %" PRIu64 ", \"polls_wanted\": %u, \"scenarios\": {",
		ok ? "true" : "false", o->first, o->polls);
	for (size_t i = 0; scenarios[i].name; i++) {
		const struct tally *t = &tallies[i];
		if (t->seeds == 0)
			continue;
		fprintf(file,
			"%s\"%s\": {\"seeds\": %" PRIu64 ", \"failed\": %" PRIu64
			", \"polls\": %" PRIu64 ", \"complete\": %" PRIu64 ", \"aborted\": %" PRIu64
			", \"requests\": %" PRIu64 ", \"removals\": %" PRIu64
			", \"false_removals\": %" PRIu64 ", \"overlooked\": %" PRIu64
			", \"restarts\": %" PRIu64 ", \"virtual_s\": %" PRIu64 "}",
			comma, scenarios[i].name, t->seeds, t->failed, t->polls, t->complete,
			t->aborted, t->requests, t->removed, t->false_removals, t->overlooked,
			t->restarts, t->virtual_s);
		comma = ", ";
	}
	fputs("}, \"kinds\": {", file);
	for (size_t k = 0; k < fault_count; k++) {
		uint64_t sum = 0;
		for (size_t i = 0; scenarios[i].name; i++)
			sum += tallies[i].kinds[k];
		fprintf(file, "%s\"", k > 0 ? ", " : "");
		for (const char *c = faults[k].name; *c; c++)
			fprintf(file, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		fprintf(file, "\": %" PRIu64, sum);
	}
	fputs("}}\n", file);
	return fclose(file) == 0;
}

/* ---- the run ------------------------------------------------------------------------------------
 */

/*
 * Where a seed is an allocation that fails, the first run counts them; then every way to one is
 * tried, or every one of them. `*ret` is freed by the caller.
 */
static bool plan_allocations(const struct options *o, struct job_range *range, struct tally *tally,
			     uint64_t **ret)
{
	struct tally counted = { 0 };
	size_t count;

	if (!range->scenario->course || !range->scenario->course->begin_seed || o->seeds == 1)
		return true;
	range->first = 0;
	range->count = 1;
	if (!jobs_run(range, &counted) || counted.failed > 0 || counted.allocations == 0)
		return false;
	*ret = memory_seeds(&count, &tally->ways);
	tally->cycle = counted.allocations;
	range->first = 1;
	range->count = o->all ? 2 * counted.allocations : count;
	range->seeds = o->all ? NULL : *ret;
	/* Fewer seeds than usual: some of the ways, all over the cycle. Odd, so that single ones
	 * and rows of them take turns. */
	if (*ret && !o->all && o->seeds < SEEDS) {
		size_t step = (SEEDS / o->seeds) | 1;
		for (range->count = 0; range->count * step < count; range->count++)
			(*ret)[range->count] = (*ret)[range->count * step];
	}
	return *ret && count > 0;
}

static bool run_scenario(const struct options *o, size_t i, struct tally *tally)
{
	const struct scenario *s = &scenarios[i];
	uint64_t shared = s->course ? s->seeds : (o->seeds + 1) / 2, *seeds = NULL;
	struct job_range range = { .scenario = s,
				   .first = o->first,
				   .count = o->scenario ? o->seeds : shared,
				   .polls = o->polls,
				   .jobs = o->jobs,
				   .tracing = o->verbose && o->seeds == 1 };

	bool ok = plan_allocations(o, &range, tally, &seeds);
	ok = ok && jobs_run(&range, tally) && tally->seeds == range.count;
	free(seeds);
	ok = (s->course ? tell_course(s, tally) : tell_scenario(s, tally)) && ok;
	if (s->has_faults && range.count >= SEEDS / 2 / KIND_MIN)
		ok = tell_kinds(tally, range.count) && ok;
	if (o->verbose)
		tell_table(tally);
	fflush(stdout);
	return ok;
}

/* What a seed shows can be shown again. */
static bool run_twice(const struct options *o)
{
	struct tally tallies[2] = { 0 };
	struct job_range range = { .scenario = &scenarios[1],
				   .first = o->first,
				   .count = SEEDS_TWICE,
				   .polls = o->polls };

	for (unsigned i = 0; i < ARRAY_LEN(tallies); i++) {
		range.jobs = i + 1;
		if (!jobs_run(&range, &tallies[i]))
			return false;
	}
	bool ok = memcmp(&tallies[0], &tallies[1], sizeof(tallies[0])) == 0;
	tell(ok, "twice", "the same seeds give the same runs");
	return ok;
}

int main(int argc, char **argv)
{
	static struct tally tallies[9];
	struct options o = { .seeds = SEEDS,
			     .first = 1,
			     .polls = POLLS,
			     .jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };
	bool ok = true;

	if (!parse(argc, argv, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	scratch_install();
	memory_install();
	/* Nothing: what goes wrong here is meant to, thousands of times. */
	log_setup((enum log_level)(LOG_LEVEL_ERROR - 1), LOG_TEXT);
	for (size_t i = 0; scenarios[i].name; i++)
		if (!o.scenario || o.scenario == &scenarios[i])
			ok = run_scenario(&o, i, &tallies[i]) && ok;
	if (!o.scenario)
		ok = run_twice(&o) && ok;
	if (o.json && !write_figures(o.json, &o, tallies, ok)) {
		fprintf(stderr, "%s cannot be written\n", o.json);
		ok = false;
	}
	return ok ? 0 : 1;
}
