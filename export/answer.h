/*
 * An answer before it is sent: made on any thread, one at a time.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "http/server.h"

#define TYPE_JSON    "application/json"
#define TYPE_PROBLEM "application/problem+json"
#define TYPE_TEXT    "text/plain; charset=utf-8"

struct answer {
	int status;       /* 0 until it is decided */
	const char *type; /* static text; NULL: no body */
	struct buf body;
	struct buf etag, link; /* headers; empty: none */
	const char *allow;     /* of a 405 */
	const char *encoding;  /* of the body; NULL: as it is */
	const char *vary;      /* the header that the answer depends on; NULL: none */
	int64_t seq;           /* of the catalog; -1: it was not read */
};

void answer_init(struct answer *answer);
void answer_finish(struct answer *answer);

/* Starts a body. What was put before is dropped. */
struct buf *answer_begin(struct answer *answer, int status, const char *type);

/*
 * RFC 9457. Says what is wrong in our words and with our names: what was sent is never repeated.
 * `parameter` and `wanted` name a parameter and what it may be; NULL for none.
 */
void answer_problem(struct answer *answer, int status, const char *detail);
/* What was asked for is not kept, or of another catalog; the feed has what lies between. */
void answer_gone(struct answer *answer, const char *detail, int64_t oldest_seq, int64_t seq);

void answer_bad_parameter(struct answer *answer, const char *parameter, const char *wanted);

/* Sends it; empties it. */
void answer_send(struct answer *answer, struct http_request *request);

/* '<' of a JSON text becomes <: nobody takes it for a page. */
void answer_hide_markup(struct buf *json);
