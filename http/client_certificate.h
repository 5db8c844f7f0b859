/*
 * A certificate without an alternative name says whose it is in its common name alone; that is no
 * name since RFC 6125 (browsers and Go refuse it), and libcurl falls back to it all the same.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

/*
 * Asked after the handshake and before the first byte of the request. True on a connection that is
 * plain or was judged when it was made: libcurl tells of certificates only where it read them.
 */
bool certificate_has_names(CURL *easy);
