/*
 * The filters that list, latest and search share, as one table of options.
 */
#pragma once

#include <getopt.h>

#include "base/arena.h"
#include "store/reader.h"

enum { FILTER_FIRST = 512, FILTER_OPTIONS = 24 };

/* Rows for getopt_long(); their values are FILTER_FIRST and up. Writes a row of zeros behind them.
 */
size_t filter_options(struct option ret[static FILTER_OPTIONS]);

/* One option that getopt_long() returned. False after it has complained. */
bool filter_set(struct image_filter *filter, struct arena *arena, int option, const char *value);

/* Lines for --help. */
void filter_help(void);

/* "90s", "10m", "6h", "7d"; false for anything else. */
bool filter_duration(const char *text, int64_t *ret_s);
