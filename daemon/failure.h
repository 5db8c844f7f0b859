/*
 * Why an answer is no listing page: class, what follows inside the poll, and the sentence.
 */
#pragma once

#include "base/buf.h"
#include "config/config.h"
#include "http/client.h"
#include "model/page.h"

struct failure {
	enum error_class class;        /* CLASS_NONE: the page is good */
	unsigned tries_max;            /* inside one poll, the first included */
	bool resign;                   /* one more try with a fresh signature decides */
	const struct error_code *code; /* the row that named it; NULL when none did */
};

/* Judges one exchange; `page` is NULL when the body was not read. */
struct failure failure_judge(const struct provider *provider, const struct http_exchange *x,
			     const struct page *page);

/* Whether the body is worth reading at all. */
bool failure_body_counts(const struct http_exchange *x);

/*
 * Puts the part of the sentence behind the listing's name: what failed, where, what to do.
 * "signature refused by api.ucloud.cn (RetCode 171 \"Signature VerifyAC Error\"): check private_key
 * of account 'prod'"
 * `now_s` is when the answer came: compared with the server's clock where that may be the reason.
 * `clock_doubted`: this machine's clock was set, or cannot be right (base/timekeeper).
 */
void failure_put(struct buf *out, const struct failure *failure,
		 const struct config_account *account, const struct http_exchange *x,
		 const struct page *page, int64_t now_s, bool clock_doubted);
