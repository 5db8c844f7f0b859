/*
 * SIGUSR1: the state of every listing, one line of the log each.
 */
#pragma once

#include "daemon/roster.h"

void survey_log(const struct roster *roster);
