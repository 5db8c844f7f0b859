#include "export/token.h"

#include <string.h>

#include "base/crypto.h"

/* Digests with a key of this moment: what is compared tells nothing of the token, not even its
 * length. */
static bool is_same(const struct env *env, const char *a, const char *b)
{
	uint64_t key[2] = { env->random(env), env->random(env) };
	uint8_t digest_a[SHA256_BYTES], digest_b[SHA256_BYTES];

	return crypto_hmac_sha256(key, sizeof(key), a, strlen(a), digest_a) == 0 &&
	       crypto_hmac_sha256(key, sizeof(key), b, strlen(b), digest_b) == 0 &&
	       crypto_equal(digest_a, digest_b, SHA256_BYTES);
}

void token_check(struct exchange *x)
{
	struct error err = { 0 };
	struct buf token;

	buf_init(&token);
	int rc = x->token_file ? x->export->hooks.read_token(x->token_file, &token, &err) : -1;
	if (rc < 0 || token.failed || token.len == 0)
		answer_problem(&x->answer, 503, "the token file cannot be read");
	else if (!x->token || !is_same(x->export->env, x->token, buf_text(&token)))
		answer_problem(&x->answer, 401, "send the token: Authorization: Bearer TOKEN");
	crypto_finish(&token);
}
