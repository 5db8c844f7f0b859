/*
 * The problems of a configuration, collected while it is read and told in the order of the
 * files: FILE:LINE:COL: error: sentence, the line, a caret.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "config/document.h"

enum { DIAGNOSTICS_MAX = 1000 }; /* told; those after are only counted */

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
	struct diagnostic *next;
	enum severity severity;
	struct position position;
	const char *text; /* one sentence; holds no secret */
};

struct diagnostics {
	struct arena *arena;
	struct diagnostic *first, **end;
	size_t kept;
	size_t errors, warnings; /* all of them */
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		     struct position position, const char *format, ...) PRINTF_LIKE(4, 5);

/* Appends all of them and, after errors, the line that counts them. */
void diagnostics_print(struct diagnostics *diagnostics, struct buf *out);

/* excerpt.c: appends the line of a position and a caret under it; nothing where there is no line.
 */
void excerpt_print(const struct position *position, struct buf *out);
