/*
 * Keys in files are read again after a refusal: on a worker thread, one account at a time. A file
 * system that hangs then holds one worker thread and whoever asked for that key, and neither the
 * writer nor the polls of other accounts.
 *
 * Thread: the loop. A request is embedded by whoever asks; nothing is to be closed.
 */
#pragma once

#include <uv.h>

#include "base/list.h"
#include "daemon/account.h"

struct keys_request {
	struct account *account; /* stays until done, or forgotten */
	/* Not from inside keys_read(); NULL: they could not be read. What it leaves in `keys` is
	 * wiped. */
	void (*done)(struct keys_request *request, struct account_keys *keys);

	/* keys.c's own. */
	struct list link;
	enum { KEYS_IDLE, KEYS_WAITING, KEYS_READING } state;
};

struct keys {
	uv_loop_t *loop; /* filled by the owner */

	/* keys.c's own; zeroed. */
	struct list waiting;
	bool running;
	struct keys_request *request; /* whose keys are being read; NULL: it was forgotten */
	uv_work_t work;
	const struct config_account *config;
	struct generation *generation; /* of the configuration; held */
	struct account_keys fresh;
	int result;
};

void keys_init(struct keys *keys, uv_loop_t *loop);

void keys_read(struct keys *keys, struct keys_request *request);
/* Nothing happens to an idle request. */
void keys_forget(struct keys *keys, struct keys_request *request);
