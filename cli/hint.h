/*
 * Why nothing was found: a filter whose value no image has.
 */
#pragma once

#include "cli/command.h"

/* A sentence on stderr for each text of the filter that no image of the catalog has. What cannot be
 * read is not told here: the question before it went well. */
void hint_filters(const struct call *call, struct reader *reader);
