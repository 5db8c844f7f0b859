/*
 * Events that people look up: `journalctl -x` explains them by their ids, from the message catalogs
 * in systemd/ (English and Chinese). An id is never given to another event.
 */
#pragma once

#include "base/log.h"

/* X(NAME, id, level, sentence) */
/* clang-format off */
#define MESSAGES(X)                                                                                \
	X(LISTING_FAILED,    "35f8a23a341e4628864c62011b6f5b2e", WARN,  "listing not complete")      \
	X(AUTH_REFUSED,      "fcddba9f2fa74f428acfa3930945481e", WARN,  "keys refused by the cloud") \
	X(LISTING_RECOVERED, "facbbd48cdc54d9abfb9096a81dbf50e", INFO,  "listing complete again")    \
	X(DROP_HELD,         "8101f373647c43ec8975dbe20a728362", WARN,  "a drop is held, not believed") \
	X(NOT_STORED,        "84f27bca55254a60a40a119e3d589916", ERROR, "poll could not be stored")  \
	X(RELOADED,          "1585d8bd88394a99a5aa95492edad49b", INFO,  "configuration reloaded")    \
	X(RELOAD_REFUSED,    "6b33e74bc04b47c1b531829d1db5338f", ERROR, "reload refused, everything stays as it was") \
	X(CLOCK_DOUBTED,     "b6ae53f5c8e84d188c42bd490e3b9e16", WARN,  "the clock of this machine was set, or is wrong") \
	X(WENT_BACK,         "17a42c97338d4c579991e7c8321d7019", ERROR, "the catalog went back")     \
	X(CANNOT_START,      "6a4ea5ed763c4455bb1b5c540c155b84", ERROR, "cannot start")
/* clang-format on */

enum message {
#define X(name, id, level, sentence) MESSAGE_##name,
	MESSAGES(X)
#undef X
		MESSAGE_COUNT
};

extern const struct log_event messages[MESSAGE_COUNT];

/* message_put(AUTH_REFUSED, F(…), …) */
#define message_put(name, ...) log_event(&messages[MESSAGE_##name] __VA_OPT__(, ) __VA_ARGS__)
