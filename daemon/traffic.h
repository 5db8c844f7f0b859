/*
 * How many answers of which kind each account got from its cloud since the start. The kinds are
 * few, whatever a cloud answers.
 *
 * Thread: the loop.
 */
#pragma once

#include "base/base.h"

enum { TRAFFIC_CODES = 20 };

struct traffic_account {
	char *name;
	uint64_t requests[TRAFFIC_CODES];
};

struct traffic {
	struct traffic_account *accounts;
	size_t count;
};

/* `status` of HTTP; 0: there was no answer. Not counted when memory is out. `traffic` may be NULL.
 */
void traffic_add(struct traffic *traffic, const char *account, int status);

/* "200", "5xx", "error". */
const char *traffic_code(size_t index);

void traffic_finish(struct traffic *traffic);
