#include "sim/faults.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

/* clang-format off */
static const struct { const char *name, *help; } texts[FAULT_COUNT] = {
	[FAULT_RESET]        = { "reset",       "the connection is reset" },
	[FAULT_CLOSE]        = { "close",       "the connection is closed without an answer" },
	[FAULT_HANG]         = { "hang",        "no answer ever" },
	[FAULT_HTTP403]      = { "http403",     "HTTP 403, HTML" },
	[FAULT_HTTP404]      = { "http404",     "HTTP 404, HTML" },
	[FAULT_HTTP429]      = { "http429",     "HTTP 429 with Retry-After: 1" },
	[FAULT_HTTP500]      = { "http500",     "HTTP 500, HTML" },
	[FAULT_HTTP502]      = { "http502",     "HTTP 502, HTML" },
	[FAULT_HTTP503]      = { "http503",     "HTTP 503 with Retry-After: 1" },
	[FAULT_HTTP204]      = { "http204",     "HTTP 204 without a body" },
	[FAULT_REDIRECT]     = { "redirect",    "HTTP 302 to http://169.254.169.254/" },
	[FAULT_HTML]         = { "html",        "HTTP 200 with a login page" },
	[FAULT_EMPTY]        = { "empty",       "HTTP 200 with no byte" },
	[FAULT_UNAVAILABLE]  = { "retcode150",  "RetCode 150, QingCloud 5100" },
	[FAULT_INTERNAL]     = { "retcode130",  "RetCode 130, QingCloud 5000" },
	[FAULT_THROTTLE]     = { "throttle",    "RetCode 153, QingCloud 2500" },
	[FAULT_AUTH]         = { "auth",        "RetCode 171, QingCloud 1200" },
	[FAULT_EXPIRED]      = { "expired",     "RetCode 174, QingCloud 1300" },
	[FAULT_PERMISSION]   = { "permission",  "RetCode 299, QingCloud 1400 with a null message" },
	[FAULT_UNKNOWN_CODE] = { "unknowncode", "RetCode 99999, QingCloud 9999" },
	[FAULT_LONG_MESSAGE] = { "longmessage", "RetCode 150 with a message of 1 MiB" },
	[FAULT_BADTOTAL]     = { "badtotal",    "the total is 7 too high" },
	[FAULT_LOWTOTAL]     = { "lowtotal",    "the total is half of the truth" },
	[FAULT_NOTOTAL]      = { "nototal",     "no total" },
	[FAULT_SHUFFLE]      = { "shuffle",     "the listing starts elsewhere at each request" },
	[FAULT_CLAMP]        = { "clamp",       "never more than 20 items, whatever was asked" },
	[FAULT_REPEAT]       = { "repeat",      "the offset is ignored" },
	[FAULT_SHORT]        = { "short",       "half a page in the middle of the listing" },
	[FAULT_HOLE]         = { "hole",        "an empty page in the middle of the listing" },
	[FAULT_EMPTYSET]     = { "emptyset",    "success, total 0, no items" },
	[FAULT_NULLSET]      = { "nullset",     "the list of items is null" },
	[FAULT_NOSET]        = { "noset",       "the list of items is absent" },
	[FAULT_DUPITEM]      = { "dupitem",     "the first item twice, with other content" },
	[FAULT_POISON]       = { "poison",      "a number and an object without id among the items" },
	[FAULT_DRIFT]        = { "drift",       "an unknown field and an unknown state in each item" },
	[FAULT_WRONGZONE]    = { "wrongzone",   "the first item belongs to another place" },
	[FAULT_CUT]          = { "cut",         "half the announced bytes, then closed" },
	[FAULT_TRUNCATE]     = { "truncate",    "half the JSON, announced as whole" },
	[FAULT_GARBLED]      = { "garbled",     "some bytes replaced" },
	[FAULT_BADUTF8]      = { "badutf8",     "invalid UTF-8 inside strings" },
	[FAULT_TRAILING]     = { "trailing",    "a second document after the first" },
	[FAULT_DUPKEY]       = { "dupkey",      "RetCode twice" },
	[FAULT_DEEP]         = { "deep",        "100000 brackets" },
	[FAULT_TEXTTYPE]     = { "texttype",    "good JSON called text/plain" },
	[FAULT_SLOW]         = { "slow",        "the answer in 20 pieces, 50 ms apart" },
	[FAULT_HUGEBODY]     = { "hugebody",    "blanks without end before the answer" },
	[FAULT_GZIPBOMB]     = { "gzipbomb",    "1 MiB of gzip that unfolds to 160 MiB" },
};
/* clang-format on */

static_assert(FAULT_COUNT <= 64, "a set of faults is 64 bits");

void faults_init(struct faults *faults, uint64_t seed)
{
	*faults = (struct faults){ .random = mix(seed ^ 0xfa017) };
}

void faults_clear(struct faults *faults)
{
	faults->rule_count = 0;
}

const char *fault_name(enum fault kind)
{
	return texts[kind].name;
}

const char *fault_help(enum fault kind)
{
	return texts[kind].help;
}

static int64_t kind_of(const char *name, size_t len)
{
	for (int64_t i = 0; i < FAULT_COUNT; i++)
		if (strlen(texts[i].name) == len && strncmp(texts[i].name, name, len) == 0)
			return i;
	return -1;
}

/* "0.25" or "#3", up to '@' or the end. */
static bool parse_rate(const char *text, struct fault_rule *rule)
{
	char *end;

	if (text[0] == '#') {
		if (text[1] < '1' || text[1] > '9')
			return false;
		rule->nth = strtoull(text + 1, &end, 10);
	} else {
		double rate = strtod(text, &end);
		if (end == text || !isfinite(rate) || rate < 0 || rate > 1)
			return false;
		rule->per_million = (uint32_t)(rate * 1e6 + 0.5);
	}
	return *end == '\0' || *end == '@';
}

int faults_add(struct faults *faults, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');
	const char *at = strchr(text, '@');
	struct fault_rule rule = { 0 };
	int64_t kind = equals ? kind_of(text, (size_t)(equals - text)) : -1;

	if (kind < 0)
		return error_set(err, -EINVAL, "'%s' names no fault: write KIND=RATE", text);
	if (!parse_rate(equals + 1, &rule) || (at && strlen(at + 1) >= sizeof(rule.action)))
		return error_set(err, -EINVAL, "'%s': a rate is 0 to 1, or #N, then maybe @ACTION",
				 text);
	if (faults->rule_count == FAULT_RULES_MAX)
		return error_set(err, -E2BIG, "at most %d faults", FAULT_RULES_MAX);
	rule.kind = (enum fault)kind;
	if (at)
		snprintf(rule.action, sizeof(rule.action), "%s", at + 1);
	faults->rules[faults->rule_count++] = rule;
	return 0;
}

uint64_t faults_draw(struct faults *faults, const char *action)
{
	uint64_t set = 0;

	for (size_t i = 0; i < faults->rule_count; i++) {
		struct fault_rule *rule = &faults->rules[i];
		if (rule->action[0] && (!action || strcmp(rule->action, action) != 0))
			continue;
		rule->seen++;
		bool hit = rule->nth ? rule->seen == rule->nth
				     : random_next(&faults->random) % 1000000 < rule->per_million;
		if (!hit)
			continue;
		set |= (uint64_t)1 << rule->kind;
		faults->hits[rule->kind]++;
	}
	return set;
}

void fault_put_names(struct buf *out, uint64_t set)
{
	bool first = true;

	for (int i = 0; i < FAULT_COUNT; i++) {
		if (!fault_in(set, (enum fault)i))
			continue;
		buf_printf(out, "%s%s", first ? "" : " ", texts[i].name);
		first = false;
	}
}
