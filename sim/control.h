/*
 * `/_sim/...`: the simulator's own face, unsigned, for tests and demonstrations.
 *
 *   GET  /_sim/health                              {"status":"ok","images":N,...}
 *   GET  /_sim/segments                            NDJSON: name, images
 *   GET  /_sim/truth?segment=PREFIX                NDJSON: every image that is there now
 *   POST /_sim/churn?changes=N                     that many changes of any kind
 *   POST /_sim/add?segment=NAME&count=N
 *   POST /_sim/remove?segment=NAME&id=ID           or &count=N, the newest first
 *   POST /_sim/change?segment=NAME&id=ID           or &count=N; &what=text|counters|state or
 * &state=WORD POST /_sim/fail?rule=KIND=RATE                 adds a rule; ?clear=1 drops all first
 */
#pragma once

#include "base/buf.h"
#include "http/server.h"
#include "sim/catalog.h"
#include "sim/faults.h"

struct control {
	struct catalog *catalog;
	struct faults *faults;
	uint64_t requests;
};

/* Writes the answer and returns its HTTP status. */
int control_answer(const struct control *control, const struct http_request *request,
		   struct buf *body);
