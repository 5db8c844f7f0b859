/*
 * Commands to the running daemon: one request, one answer, over a plain socket. A library would
 * make every start of imagecat ten times as long as it is for the sake of two commands.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* Where the daemon listens and what it wants to see. */
struct daemon {
	const char *address;    /* --http, $IMAGECAT_HTTP, else http.listen of the configuration */
	const char *token_file; /* --token-file, else http.token_file */
	const char *config;     /* --config */
};

/*
 * POSTs to `path`, with listing=… where `listing` is not NULL. The answer's body is appended. A
 * member of enum CLI_…: what the daemon refused is told already.
 */
int daemon_post(const struct daemon *daemon, const char *path, const char *listing,
		struct buf *ret_body);

/* The words as one name: prod uhost cn-bj2. NULL: none, or out of memory. */
const char *daemon_listing(struct buf *out, char *const *words, int count);
