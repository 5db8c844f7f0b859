/*
 * What the simulator did, as NDJSON: every answer, and every change of its truth, numbered. Tests
 * take it as the ground truth.
 */
#pragma once

#include "base/error.h"
#include "sim/call.h"
#include "sim/catalog.h"

struct eventlog;

/* Names a new file, or one that is overwritten. Starts with a `start` line and, for each image,
 * `listed`. */
int eventlog_open(struct eventlog **ret, const char *path, const struct catalog *catalog,
		  uint64_t seed, struct error *err);
void eventlog_close(struct eventlog *log);

void eventlog_call(struct eventlog *log, const struct call *call, int status);
void eventlog_change(struct eventlog *log, const struct catalog *catalog, const char *event,
		     const struct segment *segment, const struct image *image);

/* The image as one JSON object per version, a line each, with `event` and `seq` where not NULL. */
void truth_put(struct buf *out, const struct catalog *catalog, const struct segment *segment,
	       const struct image *image, const char *event, uint64_t *seq);
