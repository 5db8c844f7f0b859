/*
 * "127.0.0.1:8480", "[::1]:0", "localhost:80" or "unix:/run/x.sock" as a listening socket.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

/* The descriptor (non-blocking, close-on-exec), or a negative errno with a sentence. */
int listen_open(const char *address, struct error *err);

/* Is it only reachable from this machine? False for an address that cannot be read. */
bool listen_is_local(const char *address);

/* The bound TCP port; 0 for a unix socket. */
int listen_port(int fd);

/* The path of a "unix:" address, else NULL. */
const char *listen_path(const char *address);
