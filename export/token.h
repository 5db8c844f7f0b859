/*
 * Whether a request carries the token. The file is read for each: a changed one counts at once.
 */
#pragma once

#include "export/exchange.h"

/* On a worker thread. Makes the answer a problem when it does not. */
void token_check(struct exchange *x);
