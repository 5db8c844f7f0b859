/*
 * One request on its way through the simulator, as the protocols see it.
 */
#pragma once

#include "http/server.h"
#include "sim/catalog.h"
#include "sim/faults.h"
#include "sim/json.h"
#include "sim/sim.h"

struct call {
	const struct sim_options *options;
	struct catalog *catalog;
	const struct http_request *request;
	const struct http_params *params; /* the query, or the form of a POST */
	int64_t now_s;                    /* the simulated clouds' clock */
	uint64_t number;                  /* of the request since the start */
	uint64_t faults;

	/* The answer. */
	struct buf body;
	struct json json; /* writes into body */

	/* What the log tells of it. */
	const char *cloud; /* NULL until a protocol took it */
	char action[64];
	char scope[96];
	int64_t offset, limit;
	int64_t total;
	int64_t items; /* -1: no listing was answered */
	int64_t code;
};

static inline const char *call_param(const struct call *call, const char *name)
{
	return http_params_get(call->params, name);
}

static inline bool call_fault(const struct call *call, enum fault kind)
{
	return fault_in(call->faults, kind);
}

/* False when the parameter is there and is no integer of at least 0. */
bool call_count(const struct call *call, const char *name, int64_t fallback, int64_t *ret);

/* ---- listing.c ---- */

typedef void emit_fn(struct call *call, const struct segment *segment, const struct image *image);
typedef bool keep_fn(const struct call *call, const struct segment *segment,
		     const struct image *image);

struct view {
	const struct segment *segments[2]; /* one after the other */
	size_t segment_count;
	keep_fn *keep; /* NULL keeps all */
	bool oldest_first;
};

/*
 * Writes the page `call->offset`, `call->limit` of the view as the array `key`, and sets the
 * call's items and total. Listing faults happen here.
 */
void listing_page(struct call *call, const struct view *view, const char *key, emit_fn *emit);
/* Writes the total that listing_page() found, unless a fault hides it. */
void listing_total(struct call *call, const char *key);

/* ---- the protocols: each answers a call whole ---- */

void ucloud_answer(struct call *call);
void qingcloud_answer(struct call *call);

/* ---- between ucloud.c and the actions behind its gateway ---- */

void ucloud_error(struct call *call, int64_t code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Opens the object; RetCode and Action are written. */
void ucloud_begin(struct call *call, const char *response);
void ucloud_end(struct call *call);
/* Reads Offset and Limit (20 by default, 100 at most); false when it has answered an error. */
bool ucloud_paging(struct call *call);
/* The project asked for, the default one where none is; "" for an unknown one. */
const char *ucloud_project(const struct call *call);

void uhost_images(struct call *call);
void uhost_uk8s(struct call *call);

void compshare_custom(struct call *call);
void compshare_platform(struct call *call);
void compshare_community(struct call *call);
void compshare_shared(struct call *call);
void compshare_support_zone(struct call *call);
