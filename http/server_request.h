/*
 * What the files of the server share of a request; nobody else includes this.
 */
#pragma once

#include <microhttpd.h>

#include "base/list.h"
#include "http/server.h"

enum request_state {
	REQUEST_ARRIVING,
	REQUEST_HELD,
	REQUEST_STREAMING,
	REQUEST_ANSWERED,
	REQUEST_DROPPED,
};

struct http_server {
	uv_loop_t *loop;
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer;   /* when libmicrohttpd wants to run without an event */
	uv_timer_t sweeper; /* at the earliest deadline, or before it */
	unsigned handles;
	bool kick;            /* a connection was resumed since the last run */
	uint64_t sweep_at_ms; /* 0: the sweeper sleeps */
	struct list connections;
	struct list held;                     /* requests HELD or STREAMING */
	unsigned connection_count, cut_count; /* all; those that are about to be closed */
	struct http_server_options options;
	char *unix_path;
	int port;
	http_closed_fn *closed; /* set by close(); means closing */
	void *closed_data;
};

struct connection {
	struct list link;
	int fd;
	bool cut;                /* its socket was shut down */
	uint64_t deadline_ms;    /* 0: none */
	struct request *current; /* born and not completed */
};

struct request {
	struct http_request public;
	struct list link; /* in server->held */
	struct http_server *server;
	struct MHD_Connection *mhd;
	struct connection *connection;
	enum request_state state;
	bool seen; /* the head has been looked at */
	bool in_handler;
	bool suspended;
	bool unreadable; /* its target cannot be read */
	char *target, *path;
	struct buf body;
	struct MHD_Response *response;
	int status;
	struct buf stream; /* bytes that wait for the client, from stream_at on */
	size_t stream_at;
	bool stream_closed, stream_broken;
};

/* server.c */

void server_suspend(struct request *r);
/* Nothing when it is not suspended. libmicrohttpd goes on in the next turn of the loop. */
void server_resume(struct request *r);

/* server_connection.c */

void server_init_sweeper(struct http_server *server);
/* From now; 0 takes the deadline away. */
void server_set_deadline(struct http_server *server, struct connection *connection, int64_t in_ms);
/* More than may be, without those that are about to be closed. */
bool server_is_full(const struct http_server *server);
void server_drop_current(struct connection *connection);
void server_on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what);

/* server_receive.c */

void server_free_request(struct request *r);
void server_tell_gone(struct request *r);
void *server_on_target(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result server_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_size, void **ctx);
void server_on_completed(void *cls, struct MHD_Connection *mhd, void **ctx,
			 enum MHD_RequestTerminationCode why);
