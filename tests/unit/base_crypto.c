#include "base/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

struct digest {
	const char *name;
	const char *text; /* repeated `times` times */
	size_t times;
	const char *hex;
};

/* clang-format off */
/* FIPS 180-1, appendices A to C, and the empty message. */
static const struct digest sha1_rows[] = {
	{ "sha1: abc",        "abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha1: nothing",    "", 1,    "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "sha1: two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ "sha1: a million",  "a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
};

struct mac {
	const char *name;
	const char *key_hex, *key;   /* one of them; key_hex is repeated key_times times */
	size_t key_times;
	const char *data_hex, *data;
	size_t data_times;
	const char *hex;
};

/* RFC 4231, section 4. Case 5 is truncated there to 128 bits. */
static const struct mac mac_rows[] = {
	{ "hmac: case 1", "0b", NULL, 20, NULL, "Hi There", 1,
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "hmac: case 2", NULL, "Jefe", 1, NULL, "what do ya want for nothing?", 1,
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "hmac: case 3", "aa", NULL, 20, "dd", NULL, 50,
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "hmac: case 4", "0102030405060708090a0b0c0d0e0f10111213141516171819", NULL, 1, "cd", NULL, 50,
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	{ "hmac: case 5", "0c", NULL, 20, NULL, "Test With Truncation", 1, "a3b6167473100ee06e0c796c2955552b" },
	{ "hmac: case 6", "aa", NULL, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First", 1,
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ "hmac: case 7", "aa", NULL, 131, NULL,
	  "This is a test using a larger than block-size key and a larger than block-size data. "
	  "The key needs to be hashed before being used by the HMAC algorithm.", 1,
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

struct encoding {
	const char *name;
	const char *text;
	const char *want;
};

/* RFC 4648, section 10. */
static const struct encoding base64_rows[] = {
	{ "base64: nothing",       "", "" },
	{ "base64: one byte",      "f", "Zg==" },
	{ "base64: two",           "fo", "Zm8=" },
	{ "base64: three",         "foo", "Zm9v" },
	{ "base64: four",          "foob", "Zm9vYg==" },
	{ "base64: five",          "fooba", "Zm9vYmE=" },
	{ "base64: six",           "foobar", "Zm9vYmFy" },
	{ "base64: + and /",       "\xFB\xFF\xBF", "+/+/" },
};

/* RFC 3986, section 2.3; QingCloud signs a blank as %20 and a colon as %3A. */
static const struct encoding percent_rows[] = {
	{ "percent: nothing",      "", "" },
	{ "percent: unreserved",   "ABCXYZabcxyz0189-_.~", "ABCXYZabcxyz0189-_.~" },
	{ "percent: a time",       "2013-08-27T14:30:10Z", "2013-08-27T14%3A30%3A10Z" },
	{ "percent: blank, plus",  "a b+c", "a%20b%2Bc" },
	{ "percent: reserved",     "!*'();:@&=+$,/?#[]%",
	  "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D%25" },
	{ "percent: Chinese",      "镜像", "%E9%95%9C%E5%83%8F" },
	{ "percent: no text",      "\x01\x1F\x7F\x80\xFF", "%01%1F%7F%80%FF" },
	{ "percent: other ASCII",  "^`{|}\"<>\\", "%5E%60%7B%7C%7D%22%3C%3E%5C" },
};
/* clang-format on */

static void put_times(struct buf *out, const char *hex, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		if (text)
			buf_puts(out, text);
		for (const char *c = hex; c && *c; c += 2) {
			char digits[3] = { c[0], c[1], '\0' };
			buf_putc(out, (char)strtoul(digits, NULL, 16));
		}
	}
	assert_false(out->failed);
}

static void assert_hex(const uint8_t *digest, size_t len, const char *want)
{
	struct buf hex;

	buf_init(&hex);
	crypto_put_hex(&hex, digest, len);
	assert_string_equal(buf_text(&hex), want);
	buf_finish(&hex);
}

static void sha1_is_right(void **state)
{
	const struct digest *row = *state;
	uint8_t digest[SHA1_BYTES];
	struct buf message;

	buf_init(&message);
	put_times(&message, NULL, row->text, row->times);
	assert_int_equal(crypto_sha1(message.bytes, message.len, digest), 0);
	assert_hex(digest, sizeof(digest), row->hex);
	buf_finish(&message);
}

static void hmac_is_right(void **state)
{
	const struct mac *row = *state;
	uint8_t digest[SHA256_BYTES];
	struct buf key, data;

	buf_init(&key);
	buf_init(&data);
	put_times(&key, row->key_hex, row->key, row->key_times);
	put_times(&data, row->data_hex, row->data, row->data_times);
	assert_int_equal(crypto_hmac_sha256(key.bytes, key.len, data.bytes, data.len, digest), 0);
	assert_hex(digest, strlen(row->hex) / 2, row->hex);
	buf_finish(&key);
	buf_finish(&data);
}

static void hmac_takes_nothing(void **state)
{
	uint8_t digest[SHA256_BYTES];

	(void)state;
	assert_int_equal(crypto_hmac_sha256("", 0, "", 0, digest), 0);
	assert_hex(digest, sizeof(digest),
		   "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	assert_int_equal(crypto_hmac_sha256(NULL, 0, NULL, 0, digest), 0);
	assert_hex(digest, sizeof(digest),
		   "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	assert_int_equal(crypto_hmac_sha256("k", (size_t)INT32_MAX + 1, "", 0, digest), -EINVAL);
}

static void base64_is_right(void **state)
{
	const struct encoding *row = *state;
	struct buf out;

	buf_init(&out);
	crypto_put_base64(&out, (const uint8_t *)row->text, strlen(row->text));
	assert_string_equal(buf_text(&out), row->want);
	buf_finish(&out);
}

static void percent_is_right(void **state)
{
	const struct encoding *row = *state;
	struct buf out;

	buf_init(&out);
	crypto_put_percent(&out, row->text, strlen(row->text));
	assert_string_equal(buf_text(&out), row->want);
	buf_finish(&out);
}

static void every_byte_is_encoded_or_unreserved(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char byte = (char)c, want[4];
		struct buf out;
		buf_init(&out);
		crypto_put_percent(&out, &byte, 1);
		if (c &&
		    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~",
			   byte))
			snprintf(want, sizeof(want), "%c", byte);
		else
			snprintf(want, sizeof(want), "%%%02X", c);
		assert_string_equal(buf_text(&out), want);
		buf_finish(&out);
	}
}

static void wiping_wipes(void **state)
{
	char secret[16] = "do not keep this";

	(void)state;
	crypto_wipe(secret, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(secret[i], 0);
	assert_memory_equal(secret + 10, "p this", 6);
	crypto_wipe(NULL, 16);
	struct buf empty;
	buf_init(&empty);
	crypto_finish(&empty);
}

static void equality_is_of_all_bytes(void **state)
{
	(void)state;
	assert_true(crypto_equal("abc", "abc", 3));
	assert_false(crypto_equal("abc", "abd", 3));
	assert_false(crypto_equal("xbc", "abc", 3));
	assert_true(crypto_equal("abc", "abd", 2));
	assert_true(crypto_equal("x", "y", 0));
}

int main(void)
{
	struct CMUnitTest tests[64];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(sha1_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(sha1_is_right, &sha1_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(mac_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(hmac_is_right, &mac_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(base64_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(base64_is_right, &base64_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(percent_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(percent_is_right, &percent_rows[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(hmac_takes_nothing);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(every_byte_is_encoded_or_unreserved);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(wiping_wipes);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(equality_is_of_all_bytes);
	return _cmocka_run_group_tests("base_crypto", tests, count, NULL, NULL);
}
