#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "providers/sign/sign.h"

/*
 * QingCloud's signature version 1: method, path and the sorted, percent-encoded parameters, each
 * on a line; HMAC-SHA256 in base64. A request is good for 60 s from its time stamp, so every
 * attempt is signed afresh.
 * Source: yunify/qingcloud-docs content/development_docs/api/signature.md.
 */
int qingcloud_signature(const struct request *request, const char *secret, struct buf *ret)
{
	uint8_t digest[SHA256_BYTES];
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "%s\n%s\n", request->method, request->path);
	for (size_t i = 0; i < request->count; i++) {
		const struct request_param *p = &request->params[i];
		if (i > 0)
			buf_putc(&text, '&');
		crypto_put_percent(&text, p->name, strlen(p->name));
		buf_putc(&text, '=');
		crypto_put_percent(&text, p->value, strlen(p->value));
	}
	int rc = text.failed
			 ? -ENOMEM
			 : crypto_hmac_sha256(secret, strlen(secret), text.bytes, text.len, digest);
	crypto_finish(&text);
	if (rc < 0)
		return rc;
	crypto_put_base64(ret, digest, sizeof(digest));
	return ret->failed ? -ENOMEM : 0;
}

int sign_qingcloud(struct request *request, const struct credentials *credentials, int64_t now_s)
{
	char now[CLOCK_TEXT_SIZE];
	struct buf signature;

	clock_text(now_s, now);
	const struct request_param fixed[] = {
		{ "version", "1" },
		{ "signature_method", "HmacSHA256" },
		{ "signature_version", "1" },
		{ "time_stamp", request_keep(request, now, strlen(now)) },
		{ "access_key_id", credentials->id },
	};
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (!request_add(request, fixed[i].name, fixed[i].value))
			return -ENOSPC;
	request_sort(request);
	buf_init(&signature);
	int rc = qingcloud_signature(request, credentials->secret, &signature);
	if (rc == 0 && !request_add(request, "signature",
				    request_keep(request, signature.bytes, signature.len)))
		rc = -ENOSPC;
	crypto_finish(&signature);
	return rc;
}
