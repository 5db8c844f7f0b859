/*
 * Keys in files are read again after a refusal: on worker threads, of two accounts at a time, and
 * what is being read already is not read a second time: whoever asks for it meanwhile gets the same
 * answer. A file system that hangs then holds one worker thread and whoever asked for that key, and
 * neither the writer nor the keys and polls of other accounts; only a second one that hangs holds
 * up the keys of the others.
 *
 * Thread: the loop. A request is embedded by whoever asks; nothing is to be closed.
 */
#pragma once

#include <uv.h>

#include "base/list.h"
#include "daemon/account.h"

enum { KEYS_READINGS = 2 }; /* libuv has four threads, which also parse and look up names */

struct keys_request {
	struct account *account; /* stays until done, or forgotten */
	/* Not from inside keys_read(); NULL: they could not be read. Whoever keeps `keys` holds
	 * them. */
	void (*done)(struct keys_request *request, struct account_keys *keys);

	/* keys.c's own. */
	struct list link;
	struct keys_reading *reading; /* whose answer it gets */
	enum { KEYS_IDLE, KEYS_WAITING, KEYS_READING } state;
};

/* keys.c's own. While it runs, `fresh` and `result` are the worker thread's. */
struct keys_reading {
	struct keys *keys;
	bool running; /* also when all who asked have gone */
	uv_work_t work;
	const struct config_account *config;
	struct generation *generation; /* of the configuration; held */
	struct account_keys *fresh;
	int result;
};

struct keys {
	uv_loop_t *loop; /* filled by the owner */

	/* keys.c's own; zeroed. */
	struct list requests;
	struct keys_reading readings[KEYS_READINGS];
};

void keys_init(struct keys *keys, uv_loop_t *loop);

void keys_read(struct keys *keys, struct keys_request *request);
/* Nothing happens to an idle request. */
void keys_forget(struct keys *keys, struct keys_request *request);

/* Whether the account's keys are being read, for whomever. */
bool keys_are_being_read(const struct keys *keys, const struct account *account);
