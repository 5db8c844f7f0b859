#include <errno.h>

#include "base/crypto.h"
#include "providers/sign/sign.h"

/*
 * UCloud's scheme, Compshare's too: the parameters sorted by name, name and value joined without
 * a separator and without escaping, the private key appended, SHA-1 in hex. No time goes in.
 * Source: UCloudDoc-Team/api summary/signature.md.
 */
int ucloud_signature(const struct request *request, const char *private_key, struct buf *ret)
{
	uint8_t digest[SHA1_BYTES];
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < request->count; i++) {
		buf_puts(&text, request->params[i].name);
		buf_puts(&text, request->params[i].value);
	}
	buf_puts(&text, private_key);
	int rc = text.failed ? -ENOMEM : crypto_sha1(text.bytes, text.len, digest);
	crypto_finish(&text);
	if (rc < 0)
		return rc;
	crypto_put_hex(ret, digest, sizeof(digest));
	return ret->failed ? -ENOMEM : 0;
}

int sign_ucloud(struct request *request, const struct credentials *credentials, int64_t now_s)
{
	struct buf signature;

	(void)now_s;
	if (!request_add(request, "PublicKey", credentials->id))
		return -ENOSPC;
	request_sort(request);
	buf_init(&signature);
	int rc = ucloud_signature(request, credentials->secret, &signature);
	if (rc == 0 && !request_add(request, "Signature",
				    request_keep(request, signature.bytes, signature.len)))
		rc = -ENOSPC;
	crypto_finish(&signature);
	return rc;
}
