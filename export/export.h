/*
 * What the daemon serves over HTTP: health, metrics, the catalog as JSON and CSV, a stream of
 * changes, and, to who has the token, a few commands.
 *
 * Everything that is asked of the catalog is asked off the loop, on read-only connections: nothing
 * in this folder can write. What only the daemon knows or can do comes through struct export_hooks.
 *
 * Thread: the loop; where a hook says so, others.
 */
#pragma once

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"

struct export;

/* A command that waits for its answer; answered exactly once, from inside the hook or later. */
struct export_command;

/* 0: it was done. -ENOENT, -EINVAL (not possible now) and -EBUSY are said as such. */
void export_answer(struct export_command *command, int result, const struct error *err);

/* Of requests to clouds: one row per account and kind of answer. */
struct export_traffic {
	const char *account, *code;
	uint64_t requests;
};

/* What stands in no catalog. */
struct export_figures {
	bool reload_successful;
	int64_t reload_success_at;
	int64_t wal_bytes, checkpoint_busy_total;
	const char *not_stored; /* why the last poll could not be stored; NULL when it was */
	const struct export_traffic *traffic;
	size_t traffic_count;
};

struct export_polls {
	size_t due,
		running; /* listings that begin now, and those that begin when they have ended */
};

struct export_hooks {
	/* Filled with what is borrowed for this turn of the loop. */
	void (*figures)(void *data, struct export_figures *ret);

	/* A listing by its number or by its name; -ENOENT when there is none, -EINVAL when the name
	 * is that of several. */
	int (*find)(void *data, const char *listing, int64_t *ret_listing_id, struct error *err);

	/* What is polled from now on, once, beginning after this call; listing 0: all. -ENOENT: it
	 * is not polled at all. */
	int (*poll)(void *data, int64_t listing_id, struct export_polls *ret, struct error *err);
	void (*release)(void *data, int64_t listing_id, struct export_command *command);
	void (*reload)(void *data, struct export_command *command);

	/* Any thread: the content of a token file. */
	int (*read_token)(const char *path, struct buf *ret, struct error *err);
	void *data;
};

struct export_options {
	const char *listen;       /* as in http/listen.h */
	int listen_fd;            /* > 0: an open socket, ours from now on, instead of `listen` */
	const char *catalog;      /* the file; it is there */
	const char *token_file;   /* NULL: no commands */
	const char *const *names; /* other names of this machine; ends with NULL; may be NULL */
	const struct env *env;
	struct export_hooks hooks;
};

/* Listens when it returns 0. On failure *ret, where it is not NULL, is still to be closed. What
 * `options` points to is copied, but `env`. */
int export_open(struct export **ret, uv_loop_t *loop, const struct export_options *options,
		struct error *err);

/* Cuts what is being answered and waits for commands that were begun. */
void export_close(struct export *export, void (*closed)(void *data), void *data);

/* A poll has ended. */
struct tally_poll; /* export/tally.h */
void export_polled(struct export *export, const struct tally_poll *poll);

/* There may be changes up to this seq; INT64_MAX where it is not known. */
void export_changed(struct export *export, int64_t last_seq);

/* After a reload. False when memory is out: the old one stays. */
bool export_set_token_file(struct export *export, const char *path);

int export_port(const struct export *export); /* 0 on a unix socket */
