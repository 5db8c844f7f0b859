/*
 * The texts of files, of the files in directories, and of standard input.
 */
#pragma once

#include "base/base.h"

/* `text` ends with a NUL and may be changed; `named`: by the caller, not found in a directory.
 * Anything but 0 ends the walk and is returned. */
typedef int source_fn(const char *name, char *text, bool named, void *data);

/*
 * Each path: a file, a directory with all below it, or "-". In a directory hidden files and what is
 * no text are passed over, links are not followed, and files come by name. What cannot be read is
 * complained of; the walk goes on, and `*ret_unread` says that there was some.
 */
int sources_each(char *const *paths, int count, source_fn *each, void *data, bool *ret_unread);
