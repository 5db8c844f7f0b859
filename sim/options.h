/*
 * The command line of imagecat-sim.
 */
#pragma once

#include "base/error.h"
#include "sim/sim.h"

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

struct sim_arguments {
	struct sim_options options;
	int ready_fd;                  /* -1: none */
	char names[SIM_SIZES_MAX][64]; /* of --spread */
};

enum options_result options_parse(struct sim_arguments *arguments, int argc, char *argv[],
				  struct error *err);
void options_put_help(struct buf *out);

/* "50ms", "30s", "5m", "1h" in milliseconds; false for anything else. */
bool options_duration(const char *text, int64_t *ret_ms);
