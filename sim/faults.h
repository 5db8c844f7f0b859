/*
 * Faults to inject, drawn for each request from rules such as `http500=0.1`, `cut=#3` (the third
 * request only) and `throttle=0.5@DescribeImage` (of that action only).
 *
 * The draws follow from the seed and the order of requests.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/error.h"

enum fault {
	/* instead of an answer */
	FAULT_RESET,
	FAULT_CLOSE,
	FAULT_HANG,
	FAULT_HTTP403,
	FAULT_HTTP404,
	FAULT_HTTP429,
	FAULT_HTTP500,
	FAULT_HTTP502,
	FAULT_HTTP503,
	FAULT_HTTP204,
	FAULT_REDIRECT,
	FAULT_HTML,
	FAULT_EMPTY,
	/* an error of the provider's own kind */
	FAULT_UNAVAILABLE,
	FAULT_INTERNAL,
	FAULT_THROTTLE,
	FAULT_AUTH,
	FAULT_EXPIRED,
	FAULT_PERMISSION,
	FAULT_UNKNOWN_CODE,
	FAULT_LONG_MESSAGE,
	/* a listing that lies */
	FAULT_BADTOTAL,
	FAULT_LOWTOTAL,
	FAULT_NOTOTAL,
	FAULT_SHUFFLE,
	FAULT_CLAMP,
	FAULT_REPEAT,
	FAULT_SHORT,
	FAULT_HOLE,
	FAULT_EMPTYSET,
	FAULT_NULLSET,
	FAULT_NOSET,
	FAULT_DUPITEM,
	FAULT_POISON,
	FAULT_DRIFT,
	FAULT_WRONGZONE,
	/* a good answer, damaged on its way */
	FAULT_CUT,
	FAULT_TRUNCATE,
	FAULT_GARBLED,
	FAULT_BADUTF8,
	FAULT_TRAILING,
	FAULT_DUPKEY,
	FAULT_DEEP,
	FAULT_TEXTTYPE,
	FAULT_SLOW,
	FAULT_HUGEBODY,
	FAULT_GZIPBOMB,
	FAULT_COUNT,
};

enum { FAULT_RULES_MAX = 64 };

struct fault_rule {
	enum fault kind;
	uint32_t per_million;
	uint64_t nth; /* > 0: that matching request only */
	uint64_t seen;
	char action[48]; /* "" for any */
};

struct faults {
	struct fault_rule rules[FAULT_RULES_MAX];
	size_t rule_count;
	uint64_t random;
	uint64_t hits[FAULT_COUNT];
};

void faults_init(struct faults *faults, uint64_t seed);
int faults_add(struct faults *faults, const char *rule, struct error *err);
void faults_clear(struct faults *faults);

/* A bit (1 << kind) for each fault that this request meets. */
uint64_t faults_draw(struct faults *faults, const char *action);

static inline bool fault_in(uint64_t set, enum fault kind)
{
	return set >> kind & 1;
}

const char *fault_name(enum fault kind);
const char *fault_help(enum fault kind);

/* The names in a set, separated by blanks. */
void fault_put_names(struct buf *out, uint64_t set);
