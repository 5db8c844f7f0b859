/*
 * Every address that is served, one row each: what is answered, by whom, to which parameters. From
 * it come routing, the checks of parameters, and /openapi.json.
 */
#pragma once

#include "base/base.h"
#include "http/server.h"
#include "store/reader.h"

struct answer;
struct exchange;

enum parameter_type {
	PARAMETER_TEXT, /* not empty */
	PARAMETER_NAME, /* of a provider */
	PARAMETER_INT,  /* min … max */
	PARAMETER_WORD, /* one of `words`; "": of those that the record's column of that name has */
	PARAMETER_FLAG, /* "1", "true", "yes" or nothing: yes; "0", "false", "no": no */
	PARAMETER_ANSWER, /* a flag, or "unknown" */
	PARAMETER_SINCE,  /* an age: "90s", "10m", "6h", "7d"; or Unix seconds */
};

struct parameter {
	const char *name; /* NULL ends a list */
	enum parameter_type type;
	int64_t min, max;
	const char *words; /* "a|b|c" */
	const char *help;
};

struct route {
	const char *method; /* GET stands for HEAD as well */
	const char *path;   /* "{uid}" is the rest, or what is before the end of the row */
	/* On the loop, before anything else; NULL: nothing. False: memory is out. */
	bool (*prepare)(struct exchange *x);
	/* On a worker thread, inside a read transaction; fills the answer. NULL: nothing to ask. */
	void (*run)(struct exchange *x, struct reader *reader);
	/* On the loop, at the end; NULL: the answer is sent. Ends the exchange, now or later. */
	void (*act)(struct exchange *x);
	const struct parameter *parameters; /* NULL: none is looked at */
	const struct parameter *headers;    /* described only; NULL: none */
	unsigned flags;
	const char *summary;
	const char *schema; /* of the answer; NULL: it is no JSON */
};

enum route_flag {
	ROUTE_TOKEN = 1 << 0,       /* only for who has the token */
	ROUTE_CONDITIONAL = 1 << 1, /* has an ETag */
	ROUTE_NO_CATALOG = 1 << 2,  /* run() is called without a catalog too: reader NULL */
	ROUTE_PAGE = 1 << 3,        /* of the page: for browsers, not described to programs */
	ROUTE_LINKED = 1 << 4,      /* a link of another site may lead here */
};

extern const struct route routes[];
extern const size_t route_count;

struct route_match {
	const struct route *route; /* NULL: none */
	const char *allow;         /* the methods that the path has; NULL: there is no such path */
	size_t tail_at, tail_len;  /* what "{uid}" stands for, in the path */
};
struct route_match route_find(const char *method, const char *path);

/* Every parameter is known, given once, and right; else the answer is a problem. */
bool route_check(const struct route *route, const struct http_params *query, struct answer *answer);

/* Unix seconds of a PARAMETER_SINCE. */
bool parameter_since(const char *value, int64_t now_s, int64_t *ret_s);

/* What a PARAMETER_WORD may be: "a|b". */
const char *parameter_words(const struct parameter *parameter);

/* What a PARAMETER_FLAG says; false when it says nothing. */
bool parameter_flag(const char *value, bool *ret);
