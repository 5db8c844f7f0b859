/*
 * SIGHUP: reads the configuration again and puts it in force, all or nothing.
 *
 * The file and the keys are read on a worker thread, the catalog is changed on the writer's. Asked
 * for while one runs, a reload runs once more behind it, however often it was asked for.
 *
 * Thread: the loop.
 */
#pragma once

#include <uv.h>

#include "base/buf.h"
#include "daemon/staging.h"

/* For metrics and for people. */
struct reload_state {
	bool successful;    /* the last one; true before the first */
	int64_t success_at; /* Unix seconds; of the start before the first */
};

struct reload {
	/* Filled by the owner. */
	uv_loop_t *loop;
	struct roster *roster;
	struct generation **generation; /* in force; changed by a reload that succeeds */
	const struct provider *const *providers;
	void (*begins)(struct reload *reload);
	void (*ended)(struct reload *reload, bool successful);
	/* Accounts that have no listing left but polls in flight. */
	struct account **retired;
	size_t retired_count, retired_size;

	struct reload_state state;

	/* reload.c's own. */
	bool running, again;
	bool cancelled; /* the daemon stops: nothing more is put in force */
	uv_work_t work;
	struct writer_job job;
	struct config *config;
	struct buf diagnostics;
	struct account_keys **keys; /* held; one per account of the new configuration */
	size_t key_count;
	struct staging staging;
	struct error error;
	int result;
};

void reload_init(struct reload *reload); /* the owner's part is filled */
void reload_finish(struct reload *reload);

void reload_request(struct reload *reload);

/* What runs ends soon, with ended(). */
void reload_cancel(struct reload *reload);

/* Closes accounts whose last poll has ended; not from inside the end of a poll. */
void reload_sweep(struct reload *reload);
