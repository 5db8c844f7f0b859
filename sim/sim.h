/*
 * imagecat-sim as a library: three clouds behind one HTTP server, on a loop.
 *
 *   /            UCloud and Compshare (GET query, POST form)
 *   /iaas/       QingCloud
 *   /_sim/...    unsigned, for tests: health, truth, churn, fail, change (control.c)
 */
#pragma once

#include <uv.h>

#include "base/error.h"
#include "http/server.h"
#include "sim/catalog.h"
#include "sim/faults.h"

enum { SIM_SIZES_MAX = 64 };

struct sim_options {
	const char *listen;
	uint64_t seed;
	size_t images;
	struct catalog_size sizes[SIM_SIZES_MAX];
	size_t size_count;
	int64_t churn_ms;   /* 0: never */
	size_t churn_size;  /* changes at a time */
	size_t churn_every; /* image requests between churns; 0: never */
	int64_t latency_ms;
	const char *fail[FAULT_RULES_MAX];
	size_t fail_count;
	const char *log_file;  /* NULL: none */
	int64_t clock_skew_s;  /* of the simulated clouds */
	bool gateway_zones;    /* Compshare requires Zone, as documented for the UCloud gateway */
	bool forbidden_region; /* GetRegion also names one that answers 230 */
	bool gzip;             /* answers compressed clients in gzip */
};

struct sim;

void sim_defaults(struct sim_options *options);

int sim_open(struct sim **ret, uv_loop_t *loop, const struct sim_options *options,
	     struct error *err);
void sim_close(struct sim *sim, http_closed_fn *closed, void *data);
int sim_port(const struct sim *sim);
struct catalog *sim_catalog(struct sim *sim);
