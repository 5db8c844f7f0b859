/*
 * The parts of an endpoint or a proxy that decide whether it may be used and what it is called.
 */
#pragma once

#include "base/base.h"
#include "config/options.h"

struct url {
	char scheme[16];
	char host[256]; /* lower case; an IPv6 address keeps its brackets */
	uint16_t port;  /* 0: the scheme's own */
	bool has_user, has_path, has_query;
};

/* False with a complaint for a text that is not SCHEME://[USER@]HOST[:PORT][/PATH]. */
bool url_parse(struct url *ret, const char *text, struct complaint *ret_complaint);

/* Is the host this machine: localhost, 127.0.0.0/8, ::1? */
bool url_is_loopback(const struct url *url);

/* Is the host `domain` or below it? */
bool url_is_below(const struct url *url, const char *domain);
