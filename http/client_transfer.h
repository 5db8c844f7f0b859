/*
 * The client's own: one exchange on its way through libcurl. An easy handle with its options, the
 * callbacks that take the answer in under its caps, and the verdict at the end.
 */
#pragma once

#include <curl/curl.h>

#include "base/list.h"
#include "http/client.h"

/* A begun answer has to keep this pace. */
enum { LOW_SPEED_BYTES_S = 100, LOW_SPEED_S = 10 };

/* Why we ended a transfer ourselves; libcurl then only knows that a callback said no. */
enum stop {
	STOP_NONE,
	STOP_BODY,     /* longer than body_max_bytes */
	STOP_HEADERS,  /* longer than all headers together may be */
	STOP_ENCODING, /* an encoding that we did not ask for */
	STOP_ADDRESS,  /* a link-local address */
	STOP_FILES,    /* no descriptor is left for a socket */
	STOP_WATCH,    /* its socket could not be watched */
	STOP_NAMES,    /* a certificate without alternative names */
	STOP_MEMORY,
	STOP_COUNT
};

struct http_transfer {
	struct list link; /* in the client's in_flight */
	struct http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	uint64_t submitted_ms; /* of the loop */
	enum stop stop;
	bool lost; /* libcurl cannot end it */
	size_t header_bytes;
	bool interim;                                   /* the answer coming in is a 1xx one */
	bool headers_whole;                             /* the final answer's headers have ended */
	unsigned content_encodings, transfer_encodings; /* of the answer, layers */
	int64_t retry_after_s, retry_at_s;              /* -1: not said; in seconds, or as a date */
	char reason[CURL_ERROR_SIZE];                   /* libcurl's own words */
};

/* An easy handle ready for a multi handle. UV_EINVAL, UV_ENOMEM. */
int transfer_open(struct http_transfer **ret, struct http_exchange *x);

/* Frees the transfer, which is in no multi handle and no list any more. */
void transfer_close(struct http_transfer *t);

/* Fills the result members of the exchange; `code` is what libcurl said. */
void transfer_settle(struct http_transfer *t, CURLcode code);

/* The same for an exchange that was given up. */
void transfer_settle_cancelled(struct http_transfer *t);
