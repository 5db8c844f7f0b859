/*
 * Secrets in memory: read when needed, wiped when dropped. There is no function that prints one.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"
#include "config/config.h"

struct secret {
	char *bytes; /* NUL-terminated; owned */
	size_t len;
};

/*
 * The value itself, or the file's content without one trailing newline (LF or CR LF) and a BOM.
 * Refused with a sentence: not there, empty, not a regular file (a FIFO never blocks), over 64 KiB,
 * with a NUL or control character inside.
 */
int secret_read(struct secret *ret, const struct config_secret *from, struct error *err);
void secret_wipe(struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b);
