/*
 * The daemon as a whole: opens every part in order, runs the loop, closes them in reverse.
 */
#pragma once

#include "base/clock.h"
#include "config/config.h"

enum app_status {
	APP_OK = 0,
	APP_FAILED = 1,
	APP_USAGE = 2,
	APP_INCOMPLETE = 3,
	APP_AUTH = 4,
	APP_CONFIG = 78,
};

/* Runs until every listing was polled (`once`) or a signal ends it. Logs; returns the exit status.
 * `env` is where time and luck come from: env_system(), or a test's. */
enum app_status app_run(const struct config *config, const struct env *env, bool once);
