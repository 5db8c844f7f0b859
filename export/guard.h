/*
 * Who may ask. A page that a browser was lured to can reach loopback, and by a name of its own that
 * it has resolve to 127.0.0.1 it would even be let read the answers: so the name that a request is
 * addressed to must be one of ours, and no request may come from another site's page.
 *
 * Pure.
 */
#pragma once

#include "base/base.h"

struct guard;

/*
 * `listen` as in http/listen.h; `names` ends with NULL and may be NULL. `machine` is this machine's
 * name, believed where others can reach us. NULL when memory is out.
 */
struct guard *guard_open(const char *listen, const char *machine, const char *const *names);
void guard_close(struct guard *guard); /* accepts NULL */

/*
 * The value of Host, NULL when there is none. On a unix socket every Host is right: no browser gets
 * there. Ports are not compared: a tunnel has its own.
 */
bool guard_allows_host(const struct guard *guard, const char *host);

/* Of Sec-Fetch-Site; NULL, from who is no browser, is fine. */
bool guard_allows_site(const char *site);

/*
 * Of Sec-Fetch-Mode and -Dest: somebody follows a link, and what comes fills the window. The site
 * that had the link sees nothing of it.
 */
bool guard_is_link(const char *mode, const char *dest);
