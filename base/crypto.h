/*
 * The digests that request signing needs, secrets that wipe themselves, and the encodings of
 * signed requests. OpenSSL below; nothing here logs or keeps what it was given.
 */
#pragma once

#include <stdio.h>

#include "base/base.h"
#include "base/buf.h"

enum { SHA1_BYTES = 20, SHA256_BYTES = 32 };

/* 0, or -ENOMEM/-EIO when OpenSSL refuses. */
int crypto_sha1(const void *bytes, size_t len, uint8_t ret_digest[static SHA1_BYTES]);
int crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
		       uint8_t ret_digest[static SHA256_BYTES]);

/*
 * How many certificates a PEM file holds, from where it stands; -EINVAL when a block in it cannot
 * be read. What TLS would make of the file as a list of authorities: one bad block spoils all.
 */
int crypto_count_certificates(FILE *file);

/* Appends lower-case hex, padded base64, or RFC 3986 percent-encoding (keeps A-Z a-z 0-9 -_.~). */
void crypto_put_hex(struct buf *out, const uint8_t *bytes, size_t len);
void crypto_put_base64(struct buf *out, const uint8_t *bytes, size_t len);
void crypto_put_percent(struct buf *out, const char *bytes, size_t len);

/* memset() that the compiler keeps. */
void crypto_wipe(void *bytes, size_t len);

/* buf_finish() that wipes first: for strings that held a key. */
void crypto_finish(struct buf *buf);

/* Compares in constant time. */
bool crypto_equal(const void *a, const void *b, size_t len);
