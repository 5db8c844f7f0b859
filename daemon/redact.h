/*
 * What a cloud may echo of what we sent: keys and signatures, in the spellings in which they come
 * back. Found in its answers, they are painted over before anything else sees them.
 *
 * The words are copies of secrets: redact_finish() wipes them. Thread: any one at a time.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* clang-format off */
enum redact_form {
	REDACT_PLAIN, REDACT_JSON, REDACT_JSON_SLASH, REDACT_PERCENT, REDACT_BASE64, REDACT_HEX,
	REDACT_HEX_UPPER, REDACT_REVERSED,
	REDACT_FORMS,
};
/* clang-format on */

struct redact_word;

struct redact {
	struct redact_word *words; /* owned */
	size_t count, room;
};

/* Adds every different spelling of the secret; NULL and what is too short to be one are ignored.
 * 0 or -ENOMEM. */
int redact_add(struct redact *redact, const char *secret);
void redact_finish(struct redact *redact); /* accepts zeros */

/* Stars instead of each spelling, and of the beginning of one that the end of the text cuts off. */
void redact_text(const struct redact *redact, char *text);

/* A whole answer, before it is read: the secrets as they are, and as a string of JSON may spell
 * them. */
void redact_body(const struct redact *redact, char *bytes, size_t len);
