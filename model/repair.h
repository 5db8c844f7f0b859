/*
 * One item before it is parsed. Bytes that are no text become U+FFFD, secrets are taken out, and
 * numbers that no parser keeps become text; only then jansson sees it, and only then it is kept.
 *
 * The bytes must be what json_split() found: their structure is sound.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "model/json.h"
#include "model/notes.h"

struct repaired {
	json_t *root;      /* yours; a redacted value is null */
	const char *raw;   /* in the arena: valid UTF-8 and JSON, redacted, else as received */
	bool was_repaired; /* raw differs from the bytes by more than redaction */
};

/* What it works with; nothing may be NULL. */
struct repair {
	struct arena *arena;
	struct buf *scratch;
	struct notes *warnings, *redacted;
};

/* An object among items. 0, -ENOMEM, or -EBADMSG when jansson does not take it all the same. */
int repair_item(const struct repair *with, const char *bytes, size_t len, struct repaired *ret);

/*
 * The envelope: nothing is redacted, `raw` is not made, and jansson stays strict about words
 * that are no JSON (NaN) and about a member that is there twice: -EBADMSG, with a sentence.
 */
int repair_envelope(const struct repair *with, const char *bytes, size_t len, json_t **ret,
		    struct error *err);

/* True for the names of members whose value is a secret. The body of the key, escapes included. */
bool repair_is_secret(struct json_range key);
