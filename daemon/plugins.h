/*
 * Providers that are not built in: every NAME.so of plugin_dir that exports `provider_NAME`.
 *
 * A plug-in is trusted code: it runs in this process, from the moment that it is opened. So only
 * what nobody but its owner could have changed is opened: the file and every folder above it belong
 * to root or to this user and are writable by neither group nor others, and the file is no
 * symbolic link. It is opened by descriptor, so that what was judged is what is loaded.
 *
 * What is refused is told, and everybody else goes on. A plug-in with the name of a built-in
 * provider takes its place.
 *
 * Thread: main, before the loop. Never unloaded: its tables are borrowed for the life of the
 * process.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "imagecat/provider.h"

struct plugins {
	const struct provider **list; /* built in and loaded; ends with NULL */
	struct buf told; /* one line for each that was loaded in place of a built-in, or refused */
	bool listed;
};

/* Built-in and found providers; the list lives until plugins_finish(). A folder that does not exist
 * holds none. NULL when memory is out. `data` is a struct plugins: for config_load_with(). */
const struct provider *const *plugins_list(const char *folder, void *data);

void plugins_finish(struct plugins *plugins);

/* Whether a descriptor may be used as the provider `name`: its ABI number, and every required
 * member of every table. 0 or -EINVAL. */
int plugin_check(const struct provider *provider, const char *name, struct error *err);
