/*
 * What happens to an answer between the cloud and the client: canned failures in its place, and
 * damage to its bytes.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "sim/faults.h"

struct canned {
	enum fault fault;
	int status;
	const char *header; /* NULL: none */
	const char *value;
	const char *type;
	const char *body;
};

/* The answer that a fault in the set puts in place of the cloud's, or NULL. */
const struct canned *canned_answer(uint64_t faults);

/* Damages the body as the set says; `random` decides where. */
void mangle_body(struct buf *body, uint64_t faults, uint64_t random);

/* The bytes as gzip, not compressed (stored blocks): a client's decoder runs all the same. */
void gzip_store(struct buf *body);

/* Replaces the body by about 1 MiB of gzip that unfolds to 160 MiB of zeros. */
void gzip_bomb(struct buf *body);
