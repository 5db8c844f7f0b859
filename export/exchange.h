/*
 * A request on its way to its answer. Shared by the files of this folder.
 */
#pragma once

#include "export/answer.h"
#include "export/events.h"
#include "export/export.h"
#include "export/pool.h"
#include "export/routes.h"
#include "export/tally.h"

/* Also what a command waits in. */
struct export_command {
	struct export *export;
	void (*answered)(struct export_command *command, int result, const struct error *err);
};

struct exchange {
	struct export *export;
	struct http_request *request; /* NULL: nobody waits any more */
	const struct route *route;
	char *path;
	const char *tail; /* what `{uid}` stood for, in `path` */
	struct http_params query;
	char *if_none_match;       /* NULL: not sent */
	char *token;               /* as given; NULL: none */
	char *token_file;          /* that says which one is right */
	void *state;               /* of the route */
	void (*drop)(void *state); /* at the end; NULL: free() */
	struct reader_mark mark;
	struct answer answer;
	struct pool_job job;
	struct export_command command;
};

struct export
{
	uv_loop_t *loop;
	const struct env *env;
	struct export_hooks hooks;
	struct http_server *server;
	struct pool *pool;
	struct guard *guard;
	char *token_file; /* NULL: no commands */
	int64_t started_at;
	struct tally tally;
	struct events events;
	size_t commands; /* begun and not answered */
	bool closing;    /* nothing comes any more */
	void (*closed)(void *data);
	void *data;
};

/* The value of a parameter, NULL when it was not sent. It was checked by its row. */
const char *exchange_text(const struct exchange *x, const char *name);
int64_t exchange_int(const struct exchange *x, const char *name, int64_t otherwise);

/* Does who asks have what the answer's tag stands for? */
bool exchange_knows(const struct exchange *x);

/* Sends what the answer is, or drops it when nobody waits; frees the exchange. */
void exchange_end(struct exchange *x);

/* A reader failed: 503 where it was the time, else 500. */
void exchange_failed(struct exchange *x, int result, const struct error *err);
