#include "sim/mangle.h"

#include <string.h>

#include "sim/random.h"

enum { GARBLED_BYTES = 12, DEEP = 100000, LONG_MESSAGE = 1 << 20, BOMB_BYTES = 1 << 20 };

#define HTML "text/html; charset=utf-8"

/* clang-format off */
static const struct canned answers[] = {
	{ FAULT_HTTP403,  403, NULL,          NULL, HTML, "<html><body><h1>403 Forbidden</h1></body></html>\n" },
	{ FAULT_HTTP404,  404, NULL,          NULL, HTML, "<html><body><h1>404 Not Found</h1></body></html>\n" },
	{ FAULT_HTTP429,  429, "Retry-After", "1",  HTML, "<html><body>too many requests</body></html>\n" },
	{ FAULT_HTTP500,  500, NULL,          NULL, HTML, "<html><body><h1>500 Internal Server Error</h1></body></html>\n" },
	{ FAULT_HTTP502,  502, NULL,          NULL, HTML, "<html><head><title>502 Bad Gateway</title></head><body><hr>nginx</body></html>\n" },
	{ FAULT_HTTP503,  503, "Retry-After", "1",  HTML, "<html><body>service temporarily unavailable</body></html>\n" },
	{ FAULT_HTTP204,  204, NULL,          NULL, NULL, "" },
	{ FAULT_REDIRECT, 302, "Location", "http://169.254.169.254/latest/meta-data/", HTML, "" },
	{ FAULT_HTML,     200, NULL,          NULL, HTML, "<!DOCTYPE html><html><body><form>请登录 Wi-Fi</form></body></html>\n" },
	{ FAULT_EMPTY,    200, NULL,          NULL, "application/json", "" },
};
/* clang-format on */

const struct canned *canned_answer(uint64_t faults)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (fault_in(faults, answers[i].fault))
			return &answers[i];
	return NULL;
}

static void insert(struct buf *body, size_t at, const char *bytes, size_t len)
{
	struct buf whole = { 0 };

	buf_put(&whole, buf_text(body), at);
	buf_put(&whole, bytes, len);
	buf_put(&whole, buf_text(body) + at, body->len - at);
	buf_finish(body);
	*body = whole;
}

static void put_many(struct buf *out, char c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_putc(out, c);
}

/* Some bytes in the second half become others, which may or may not break the JSON. */
static void garble(struct buf *body, uint64_t random)
{
	for (uint64_t i = 0; i < GARBLED_BYTES && body->len > 1; i++) {
		size_t half = body->len / 2;
		size_t at = half + (size_t)(draw(random, i) % (body->len - half));
		body->bytes[at] = (char)(33 + draw(random, i + 100) % 90);
	}
}

/* Inside the value of every string that starts a name. */
static void break_utf8(struct buf *body)
{
	static const char broken[] = "\xff\xc0\xaf\xed\xa0\x80";
	struct buf out = { 0 };
	const char *text = buf_text(body);

	for (size_t i = 0; i < body->len; i++) {
		buf_putc(&out, text[i]);
		if (i >= 6 && text[i] == '"' &&
		    (memcmp(text + i - 6, "Name\":\"", 7) == 0 ||
		     memcmp(text + i - 6, "name\":\"", 7) == 0))
			buf_put(&out, broken, sizeof(broken) - 1);
	}
	buf_finish(body);
	*body = out;
}

static void deepen(struct buf *body)
{
	buf_clear(body);
	buf_puts(body, "{\"RetCode\":0,\"ret_code\":0,\"ImageSet\":");
	put_many(body, '[', DEEP);
	put_many(body, ']', DEEP);
	buf_putc(body, '}');
}

static void long_message(struct buf *body)
{
	buf_clear(body);
	buf_puts(body, "{\"RetCode\":150,\"ret_code\":5100,\"Message\":\"");
	put_many(body, 'm', LONG_MESSAGE);
	buf_puts(body, "\",\"message\":null}");
}

void mangle_body(struct buf *body, uint64_t faults, uint64_t random)
{
	static const char again[] =
		"\"RetCode\":0,\"ret_code\":0,\"RetCode\":153,\"ret_code\":2500,";

	if (fault_in(faults, FAULT_LONG_MESSAGE))
		long_message(body);
	if (fault_in(faults, FAULT_DEEP))
		deepen(body);
	if (fault_in(faults, FAULT_DUPKEY) && body->len > 1)
		insert(body, 1, again, sizeof(again) - 1);
	if (fault_in(faults, FAULT_BADUTF8))
		break_utf8(body);
	if (fault_in(faults, FAULT_GARBLED))
		garble(body, random);
	if (fault_in(faults, FAULT_TRAILING))
		buf_puts(body, "{\"RetCode\":0}");
	if (fault_in(faults, FAULT_TRUNCATE))
		body->len /= 2;
}

/* ---- gzip ---- */

static const char gzip_head[] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

static uint32_t crc32_of(const char *bytes, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put_little(struct buf *out, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_putc(out, (char)(value >> 8 * i));
}

void gzip_store(struct buf *body)
{
	struct buf out = { 0 };
	size_t at = 0;

	buf_put(&out, gzip_head, sizeof(gzip_head));
	do {
		size_t n = body->len - at < 65535 ? body->len - at : 65535;
		buf_putc(&out, at + n == body->len);
		put_little(&out, (uint32_t)n, 2);
		put_little(&out, ~(uint32_t)n, 2);
		buf_put(&out, buf_text(body) + at, n);
		at += n;
	} while (at < body->len);
	put_little(&out, crc32_of(buf_text(body), body->len), 4);
	put_little(&out, (uint32_t)body->len, 4);
	buf_finish(body);
	*body = out;
}

/*
 * One block of fixed Huffman codes: a zero, then "258 times the byte before" again and again, which
 * is 13 bits: 11000101 (length 258) and 00000 (distance 1).
 */
void gzip_bomb(struct buf *body)
{
	static const char run[] = "1100010100000";
	struct buf out = { 0 };
	unsigned byte = 0, bits = 0;
	/* final block, fixed codes (bits 1, 1, 0), then the literal 0: 00110000 */
	const char *next = "11000110000";

	buf_put(&out, gzip_head, sizeof(gzip_head));
	while (out.len < BOMB_BYTES && !out.failed) {
		for (; *next; next++) {
			byte |= (unsigned)(*next - '0') << bits++;
			if (bits == 8) {
				buf_putc(&out, (char)byte);
				byte = bits = 0;
			}
		}
		next = run;
	}
	buf_finish(body);
	*body = out;
}
