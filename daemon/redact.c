#include "daemon/redact.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/crypto.h"

enum { SECRET_MIN = 8 }; /* a shorter piece of a secret is no secret */

/* ---- spellings --------------------------------------------------------------------------- */

static void put_plain(struct buf *out, const char *secret, size_t len)
{
	buf_put(out, secret, len);
}

static void put_escaped(struct buf *out, const char *secret, size_t len, const char *escaped)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(escaped, secret[i]))
			buf_putc(out, '\\');
		buf_putc(out, secret[i]);
	}
}

static void put_json(struct buf *out, const char *secret, size_t len)
{
	put_escaped(out, secret, len, "\"\\");
}

/* As PHP and others write it. */
static void put_json_slash(struct buf *out, const char *secret, size_t len)
{
	put_escaped(out, secret, len, "\"\\/");
}

static void put_base64(struct buf *out, const char *secret, size_t len)
{
	crypto_put_base64(out, (const uint8_t *)secret, len);
}

static void put_hex(struct buf *out, const char *secret, size_t len)
{
	crypto_put_hex(out, (const uint8_t *)secret, len);
}

static void put_hex_upper(struct buf *out, const char *secret, size_t len)
{
	size_t first = out->len;

	crypto_put_hex(out, (const uint8_t *)secret, len);
	for (size_t i = first; i < out->len; i++)
		out->bytes[i] = (char)toupper((unsigned char)out->bytes[i]);
}

static void put_reversed(struct buf *out, const char *secret, size_t len)
{
	while (len > 0)
		buf_putc(out, secret[--len]);
}

/* clang-format off */
static const struct {
	void (*put)(struct buf *out, const char *secret, size_t len);
	bool in_body; /* worth looking for in every page of every listing */
} spellings[REDACT_FORMS] = {
	[REDACT_PLAIN]       = { put_plain,          true },
	[REDACT_JSON]        = { put_json,           true },
	[REDACT_JSON_SLASH]  = { put_json_slash,     true },
	[REDACT_PERCENT]     = { crypto_put_percent, false },
	[REDACT_BASE64]      = { put_base64,         false },
	[REDACT_HEX]         = { put_hex,            false },
	[REDACT_HEX_UPPER]   = { put_hex_upper,      false },
	[REDACT_REVERSED]    = { put_reversed,       false },
};
/* clang-format on */

static bool has_word(const struct redact *r, const struct buf *word)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->words[i].len == word->len &&
		    memcmp(r->words[i].bytes, word->bytes, word->len) == 0)
			return true;
	return false;
}

int redact_add(struct redact *r, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len < SECRET_MIN)
		return 0;
	for (enum redact_form form = 0; form < REDACT_FORMS; form++) {
		assert(r->count < ARRAY_LEN(r->words));
		struct buf *word = &r->words[r->count];
		buf_init(word);
		spellings[form].put(word, secret, len);
		if (word->failed) {
			crypto_finish(word);
			return -ENOMEM;
		}
		if (has_word(r, word)) {
			crypto_finish(word);
			continue;
		}
		r->forms[r->count++] = form;
	}
	return 0;
}

void redact_finish(struct redact *r)
{
	for (size_t i = 0; i < r->count; i++)
		crypto_finish(&r->words[i]);
	r->count = 0;
}

/* ---- painting over ----------------------------------------------------------------------- */

static void blot(char *bytes, size_t len, const struct buf *word)
{
	char *at = bytes, *end = bytes + len;

	while ((at = memmem(at, (size_t)(end - at), word->bytes, word->len))) {
		memset(at, '*', word->len);
		at += word->len;
	}
}

static void blot_tail(char *text, size_t len, const struct buf *word)
{
	size_t tail = word->len - 1 < len ? word->len - 1 : len;

	while (tail >= SECRET_MIN && memcmp(text + len - tail, word->bytes, tail) != 0)
		tail--;
	if (tail >= SECRET_MIN)
		memset(text + len - tail, '*', tail);
}

void redact_text(const struct redact *r, char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < r->count; i++) {
		blot(text, len, &r->words[i]);
		blot_tail(text, len, &r->words[i]);
	}
}

void redact_body(const struct redact *r, char *bytes, size_t len)
{
	for (size_t i = 0; i < r->count; i++)
		if (spellings[r->forms[i]].in_body)
			blot(bytes, len, &r->words[i]);
}
