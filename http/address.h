/*
 * Which addresses no connection may go to. Pure.
 */
#pragma once

#include <sys/socket.h>

#include "base/base.h"

/*
 * True for the link-local networks 169.254.0.0/16 and fe80::/10, in every spelling that reaches
 * them: cloud machines find their metadata service, and with it other credentials, there.
 */
bool address_is_link_local(const struct sockaddr *address);
