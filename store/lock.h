/*
 * Only one process writes a catalog: the lock beside it. Readers never take it, and the kernel
 * frees it with the process, however that ends.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

/* The descriptor that holds the lock, or a negative errno with a sentence that names the holder. */
int lock_take(const char *catalog, const char *lock_path, struct error *err);
void lock_release(int lock);
