#include "daemon/redact.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "model/json.h"

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
static void (*const spellings[REDACT_FORMS])(struct buf *out, const char *secret, size_t len) = {
	[REDACT_PLAIN]       = put_plain,
	[REDACT_JSON]        = put_json,
	[REDACT_JSON_SLASH]  = put_json_slash,
	[REDACT_PERCENT]     = crypto_put_percent,
	[REDACT_BASE64]      = put_base64,
	[REDACT_HEX]         = put_hex,
	[REDACT_HEX_UPPER]   = put_hex_upper,
	[REDACT_REVERSED]    = put_reversed,
};
/* clang-format on */

/* ---- words -------------------------------------------------------------------------------- */

struct redact_word {
	struct buf text;
	enum redact_form form;
};

static bool has_word(const struct redact *r, const struct buf *text)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->words[i].text.len == text->len &&
		    memcmp(r->words[i].text.bytes, text->bytes, text->len) == 0)
			return true;
	return false;
}

/* For one more secret in every spelling. */
static int make_room(struct redact *r)
{
	size_t room = r->count + REDACT_FORMS;

	if (room <= r->room)
		return 0;
	struct redact_word *words = realloc(r->words, room * sizeof(*words));
	if (!words)
		return -ENOMEM;
	r->words = words;
	r->room = room;
	return 0;
}

int redact_add(struct redact *r, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len < SECRET_MIN)
		return 0;
	if (make_room(r) < 0)
		return -ENOMEM;
	for (enum redact_form form = 0; form < REDACT_FORMS; form++) {
		struct buf text;
		buf_init(&text);
		spellings[form](&text, secret, len);
		if (text.failed) {
			crypto_finish(&text);
			return -ENOMEM;
		}
		if (has_word(r, &text))
			crypto_finish(&text);
		else
			r->words[r->count++] = (struct redact_word){ text, form };
	}
	return 0;
}

void redact_finish(struct redact *r)
{
	for (size_t i = 0; i < r->count; i++)
		crypto_finish(&r->words[i].text);
	free(r->words);
	*r = (struct redact){ 0 };
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
		blot(text, len, &r->words[i].text);
		blot_tail(text, len, &r->words[i].text);
	}
}

/* ---- in an answer --------------------------------------------------------------------------- */

/* One character of a string of JSON, as it stands at `at`: how many bytes it takes, and which it
 * is, as far as secrets are made of such. */
static size_t read_unit(const char *at, const char *end, int32_t *ret)
{
	*ret = json_escape_code(at, end);
	if (*ret >= 0)
		return 6;
	bool escaped = *at == '\\' && end - at > 1;
	*ret = (unsigned char)at[escaped];
	return escaped ? 2 : 1;
}

/* How many bytes the secret takes at `at`, 0 when it does not stand there. */
static size_t match_units(const char *at, const char *end, const struct buf *secret)
{
	const char *first = at;
	int32_t c;

	for (size_t i = 0; i < secret->len; i++) {
		if (at == end)
			return 0;
		at += read_unit(at, end, &c);
		if (c != (unsigned char)secret->bytes[i])
			return 0;
	}
	return (size_t)(at - first);
}

/* Gson writes "=" and "&" as \u003d and \u0026, others any letter. Whole characters are painted
 * over: what remains is JSON. */
static void blot_units(char *bytes, size_t len, const struct buf *secret)
{
	const char *end = bytes + len;
	int32_t c;

	for (char *at = bytes; at < end;) {
		size_t unit = read_unit(at, end, &c);
		size_t matched =
			c == (unsigned char)*secret->bytes ? match_units(at, end, secret) : 0;
		if (matched > 0)
			memset(at, '*', matched);
		at += matched > 0 ? matched : unit;
	}
}

void redact_body(const struct redact *r, char *bytes, size_t len)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->words[i].form != REDACT_PLAIN)
			continue;
		/* As it is as well: an answer that is no JSON has backslashes of other meanings. */
		blot_units(bytes, len, &r->words[i].text);
		blot(bytes, len, &r->words[i].text);
	}
}
