/*
 * Whether a catalog's history is whole: what the feed, the revisions, the polls and the present
 * rows say must be one story. Reads only, and one snapshot, so that a running daemon neither
 * disturbs nor is disturbed.
 *
 * Thread: any; it has a connection of its own.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

/* What was looked at; problems is 0 when all of it agrees. */
struct verify_report {
	int64_t images, revisions, changes, polls;
	int64_t problems;
};

/* One line a person understands, cleaned, without an end of line; borrowed. */
typedef void verify_problem_fn(const char *sentence, void *data);

/*
 * 0 when the catalog could be read, whatever was found; of each sort of problem the first few are
 * told and the others counted. Negative with a sentence when it cannot be opened.
 */
int store_verify(const char *path, verify_problem_fn *each, void *data, struct verify_report *ret,
		 struct error *err);
