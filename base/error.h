/*
 * An error that a human reads: a code and one sentence, wrapped on its way up.
 *
 * Functions take `struct error *` last and set it on failure only; NULL is allowed.
 */
#pragma once

#include "base/base.h"

struct error {
	int code;       /* negative errno or UV_E* */
	char text[640]; /* one sentence without a full stop; never a secret */
};

/* Sets code and sentence; returns `code`, so that a caller can `return error_set(...)`. */
int error_set(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " before the sentence; returns err->code. */
int error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
