/*
 * Query strings and forms: `a=1&b=x%20y` as an ordered list of decoded pairs.
 *
 * Order and repetitions are kept. '+' and %20 are blanks. Nothing decoded may hold a NUL.
 */
#pragma once

#include "base/base.h"

struct http_param {
	const char *name;
	const char *value; /* "" where there was none */
};

struct http_params {
	struct http_param *items; /* owned, with their text */
	size_t count;
	char *text;
};

enum { HTTP_PARAMS_MAX = 1024 };

/* 0, -EINVAL for a broken escape or a NUL, -E2BIG for too many, -ENOMEM. Empty pieces are skipped.
 */
int http_params_parse(struct http_params *ret_params, const char *bytes, size_t len);
void http_params_finish(struct http_params *params);

/* The first value of that name, or NULL. */
const char *http_params_get(const struct http_params *params, const char *name);

/*
 * Decodes %XX in place, and '+' where `plus_is_blank`. The new length, or -EINVAL for a broken
 * escape or a NUL.
 */
int64_t http_unescape(char *bytes, size_t len, bool plus_is_blank);
