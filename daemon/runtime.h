/*
 * What every part of the running daemon shares. Borrowed; app.c owns it and outlives them all.
 */
#pragma once

#include <uv.h>

#include "base/clock.h"
#include "base/timekeeper.h"
#include "config/config.h"
#include "http/client.h"
#include "http/limiter.h"
#include "store/writer.h"

struct keys;
struct traffic;

struct runtime {
	uv_loop_t *loop;
	const struct env *env;
	struct timekeeper *time; /* what is known of time whatever the wall clock is set to */
	const struct config *config;
	bool once; /* what cannot be stored now is not waited for */
	struct http_client *client;
	struct limiter *limiter;
	struct writer *writer;
	struct keys *keys;           /* reads them again; NULL: nobody does */
	struct traffic *traffic;     /* counts answers; NULL: nobody does */
	const char *spool_directory; /* the catalog's */
	uint64_t seed;               /* of all fingerprints of provider text in this process */
};
