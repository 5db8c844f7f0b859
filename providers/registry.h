/*
 * The providers that this build knows; generated from the files in this folder.
 */
#pragma once

#include "imagecat/provider.h"

extern const struct provider *const builtin_providers[]; /* ends with NULL */
