/*
 * What libuv takes while it works, and ends the process for where it cannot have it, taken while
 * the daemon starts and can still say what is missing: the threads of its pool, and the table of
 * watched descriptors.
 */
#pragma once

#include <uv.h>

#include "base/error.h"

/* Before READY, once; what it opens is closed by itself while the loop runs. */
int reserve(uv_loop_t *loop, struct error *err);
