/*
 * What is around the items of an answer: the code, the provider's message, the totals.
 *
 * Pure; strings live in the arena.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "imagecat/provider.h"
#include "model/json.h"

enum { MESSAGE_BYTES_MAX = 512 };

struct envelope {
	json_t *root;        /* the answer with every list of items empty; freed by finish */
	int64_t code;        /* 0 is success */
	const char *message; /* cleaned; NULL when absent */
	size_t repaired;     /* strings and numbers that were repaired */
};

/*
 * Splits an answer and reads its envelope. A code must be there: an integer or a string of
 * digits; of those that mean nothing went wrong only 0 and "0" do.
 *
 * 0, or a negative errno with a sentence that says what the answer is instead: -EBADMSG (not to
 * be used), -EFBIG (too many items), -ENOMEM. Both finish functions are needed after either.
 */
int envelope_read(struct envelope *ret, struct json_split *ret_split, struct arena *arena,
		  const char *bytes, size_t len, const struct provider *provider,
		  const char *const *paths, size_t path_count, size_t items_max, struct error *err);
void envelope_finish(struct envelope *envelope);

/*
 * The first member that counts the items. A count that is no integer, no string of digits or
 * below 0 says nothing: true for *ret_odd, and the next member is asked.
 */
bool envelope_total(const struct envelope *envelope, const char *const *totals, int64_t *ret,
		    bool *ret_odd);
