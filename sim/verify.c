#include "sim/verify.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int by_name(const void *a, const void *b)
{
	const struct http_param *x = a;
	const struct http_param *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

/* A sorted copy without the signature itself; the caller frees it. */
static struct http_param *sorted(const struct http_params *params, const char *without,
				 size_t *ret_count)
{
	struct http_param *items = calloc(params->count + 1, sizeof(items[0]));
	size_t count = 0;

	for (size_t i = 0; items && i < params->count; i++)
		if (strcmp(params->items[i].name, without) != 0)
			items[count++] = params->items[i];
	if (items)
		qsort(items, count, sizeof(items[0]), by_name);
	*ret_count = count;
	return items;
}

int verify_ucloud_digest(const struct http_params *params, const char *private_key,
			 char ret_hex[static 41])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;
	size_t count;
	struct http_param *items = sorted(params, "Signature", &count);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = items && md && EVP_DigestInit_ex(md, EVP_sha1(), NULL) == 1;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(md, items[i].name, strlen(items[i].name)) == 1 &&
		       EVP_DigestUpdate(md, items[i].value, strlen(items[i].value)) == 1;
	good = good && EVP_DigestUpdate(md, private_key, strlen(private_key)) == 1 &&
	       EVP_DigestFinal_ex(md, digest, &digest_len) == 1 && digest_len == 20;
	for (size_t i = 0; good && i < digest_len; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	EVP_MD_CTX_free(md);
	free(items);
	return good ? 0 : -EIO;
}

/* QingCloud's table: everything but letters, digits and -_.~ as %XX, upper case. */
static void put_encoded(struct buf *out, const char *text)
{
	static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_.~";

	for (; *text; text++) {
		if (strchr(kept, *text))
			buf_putc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

int verify_qingcloud_digest(const char *method, const char *path, size_t path_len,
			    const struct http_params *params, const char *algorithm,
			    const char *secret, char ret_base64[static 64])
{
	const EVP_MD *md = strcmp(algorithm, "HmacSHA1") == 0 ? EVP_sha1() : EVP_sha256();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;
	struct buf text = { 0 };
	size_t count;
	struct http_param *items = sorted(params, "signature", &count);

	if (!items)
		return -ENOMEM;
	buf_printf(&text, "%s\n%.*s\n", method, (int)path_len, path);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(&text, '&');
		put_encoded(&text, items[i].name);
		buf_putc(&text, '=');
		put_encoded(&text, items[i].value);
	}
	free(items);
	bool good = !text.failed &&
		    HMAC(md, secret, (int)strlen(secret), (const unsigned char *)text.bytes,
			 text.len, digest, &digest_len);
	buf_finish(&text);
	if (!good || digest_len > 32)
		return -EIO;
	EVP_EncodeBlock((unsigned char *)ret_base64, digest, (int)digest_len);
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(a)) == 0;
}

enum verdict verify_ucloud(const struct http_params *params)
{
	const char *key = http_params_get(params, "PublicKey");
	const char *signature = http_params_get(params, "Signature");
	char expected[41];

	if (!signature || !*signature)
		return VERDICT_UNSIGNED;
	if (!key || strcmp(key, SIM_UCLOUD_PUBLIC_KEY) != 0)
		return VERDICT_UNKNOWN_KEY;
	if (verify_ucloud_digest(params, SIM_UCLOUD_PRIVATE_KEY, expected) < 0)
		return VERDICT_INTERNAL;
	return same_text(signature, expected) ? VERDICT_GOOD : VERDICT_MISMATCH;
}

bool verify_time(const char *text, int64_t *ret_unix_s)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end || strlen(text) != strlen("2013-08-27T14:30:10Z"))
		return false;
	*ret_unix_s = (int64_t)timegm(&tm);
	return true;
}

enum verdict verify_qingcloud(const char *method, const char *path, size_t path_len,
			      const struct http_params *params, int64_t now_s,
			      const char **ret_missing)
{
	static const char *const required[] = { "access_key_id", "signature_method",
						"signature_version", "time_stamp" };
	const char *signature = http_params_get(params, "signature");
	char expected[64];
	int64_t stamp;

	for (size_t i = 0; i < ARRAY_LEN(required); i++) {
		if (http_params_get(params, required[i]))
			continue;
		*ret_missing = required[i];
		return VERDICT_MISSING;
	}
	const char *algorithm = http_params_get(params, "signature_method");
	if (strcmp(algorithm, "HmacSHA1") != 0 && strcmp(algorithm, "HmacSHA256") != 0)
		return *ret_missing = "signature_method", VERDICT_MISSING;
	if (strcmp(http_params_get(params, "signature_version"), "1") != 0)
		return *ret_missing = "signature_version", VERDICT_MISSING;
	if (!verify_time(http_params_get(params, "time_stamp"), &stamp))
		return *ret_missing = "time_stamp", VERDICT_MISSING;
	if (!signature || !*signature)
		return VERDICT_UNSIGNED;
	if (strcmp(http_params_get(params, "access_key_id"), SIM_QINGCLOUD_KEY_ID) != 0)
		return VERDICT_UNKNOWN_KEY;
	if (verify_qingcloud_digest(method, path, path_len, params, algorithm, SIM_QINGCLOUD_SECRET,
				    expected) < 0)
		return VERDICT_INTERNAL;
	if (!same_text(signature, expected))
		return VERDICT_MISMATCH;
	return llabs(now_s - stamp) > VERIFY_WINDOW_S ? VERDICT_EXPIRED : VERDICT_GOOD;
}
