#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

int crypto_sha1(const void *bytes, size_t len, uint8_t ret_digest[static SHA1_BYTES])
{
	unsigned int size = 0;

	if (EVP_Digest(bytes, len, ret_digest, &size, EVP_sha1(), NULL) != 1 || size != SHA1_BYTES)
		return -EIO;
	return 0;
}

int crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		       uint8_t ret_digest[static SHA256_BYTES])
{
	unsigned int size = 0;

	if (key_len > INT32_MAX)
		return -EINVAL;
	/* OpenSSL refuses NULL, also with no bytes there. */
	if (!HMAC(EVP_sha256(), key ? key : "", (int)key_len, bytes ? bytes : (const void *)"", len,
		  ret_digest, &size) ||
	    size != SHA256_BYTES)
		return -EIO;
	return 0;
}

int crypto_count_certificates(FILE *file)
{
	BIO *in = BIO_new_fp(file, BIO_NOCLOSE);
	STACK_OF(X509_INFO) *blocks = in ? PEM_X509_INFO_read_bio(in, NULL, NULL, NULL) : NULL;
	int count = blocks ? 0 : -EINVAL;

	for (int i = 0; blocks && i < sk_X509_INFO_num(blocks); i++)
		count += sk_X509_INFO_value(blocks, i)->x509 != NULL;
	sk_X509_INFO_pop_free(blocks, X509_INFO_free);
	BIO_free(in);
	/* What went wrong here must not be taken for the next connection's. */
	ERR_clear_error();
	return count;
}

void crypto_put_hex(struct buf *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		buf_putc(out, digits[bytes[i] >> 4]);
		buf_putc(out, digits[bytes[i] & 15]);
	}
}

void crypto_put_base64(struct buf *out, const uint8_t *bytes, size_t len)
{
	unsigned char text[5]; /* four characters and the NUL of EVP_EncodeBlock() */

	for (size_t i = 0; i < len; i += 3) {
		int n = EVP_EncodeBlock(text, bytes + i, len - i < 3 ? (int)(len - i) : 3);
		buf_put(out, (const char *)text, (size_t)n);
	}
}

void crypto_put_percent(struct buf *out, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_' || c == '.' || c == '~') {
			buf_putc(out, (char)c);
		} else {
			char escaped[3] = { '%', digits[c >> 4], digits[c & 15] };
			buf_put(out, escaped, sizeof(escaped));
		}
	}
}

void crypto_wipe(void *bytes, size_t len)
{
	if (bytes)
		OPENSSL_cleanse(bytes, len);
}

void crypto_finish(struct buf *buf)
{
	crypto_wipe(buf->bytes, buf->size_bytes);
	buf_finish(buf);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
