#include "daemon/failure.h"

#include <string.h>

#include "base/clock.h"
#include "store/store.h"

/* clang-format off */
/* CONTRACT: tries inside one poll. What is not named here is not tried again before the next poll. */
static const unsigned class_tries[CLASS_COUNT] = {
	[CLASS_NETWORK]     = 3,
	[CLASS_TIMEOUT]     = 3,
	[CLASS_UNAVAILABLE] = 3,
	[CLASS_MALFORMED]   = 2, /* a cut answer may be whole the next time */
	[CLASS_THROTTLED]   = 2,
};

static const char *const class_meanings[CLASS_COUNT] = {
	[CLASS_THROTTLED]   = "too many requests at",
	[CLASS_AUTH]        = "authentication refused by",
	[CLASS_PERMISSION]  = "permission denied by",
	[CLASS_PARAMETER]   = "request refused by",
	[CLASS_UNAVAILABLE] = "service unavailable at",
	[CLASS_HTTP]        = "unexpected answer of",
};
/* clang-format on */

bool failure_body_counts(const struct http_exchange *x)
{
	return x->error == 0 && x->status == 200;
}

static struct failure of_class(enum error_class class)
{
	return (struct failure){ .class = class,
				 .tries_max = class_tries[class] ? class_tries[class] : 1 };
}

static enum error_class class_of_status(int status)
{
	if (status == 429)
		return CLASS_THROTTLED;
	if (status == 401)
		return CLASS_AUTH;
	if (status == 403)
		return CLASS_PERMISSION;
	return status >= 500 ? CLASS_UNAVAILABLE : CLASS_HTTP;
}

static struct failure of_code(const struct provider *provider, int64_t code)
{
	for (const struct error_code *row = provider->errors; row->first; row++) {
		if (code < row->first || code > row->last)
			continue;
		struct failure failure = of_class(row->class);
		failure.code = row;
		failure.resign = row->resign;
		if (row->resign)
			failure.tries_max = 2;
		return failure;
	}
	/* A code that nobody documented may pass once; then it is what it is. */
	struct failure failure = of_class(CLASS_UNAVAILABLE);
	failure.tries_max = 2;
	return failure;
}

struct failure failure_judge(const struct provider *provider, const struct http_exchange *x,
			     const struct page *page)
{
	if (x->error != 0)
		return of_class(x->class == CLASS_NONE ? CLASS_NETWORK : x->class);
	if (x->status == 503 && x->retry_after_s >= 0)
		return of_class(CLASS_THROTTLED);
	if (x->status != 200)
		return of_class(class_of_status(x->status));
	if (!page)
		return of_class(CLASS_INTERNAL);
	if (page->class != CLASS_NONE)
		return of_class(page->class);
	if (page->code != 0)
		return of_code(provider, page->code);
	return (struct failure){ .class = CLASS_NONE };
}

/* A signature is refused for the clock's sake where the clocks differ by more than this. */
enum { CLOCK_SKEW_S = 30 };

static void put_clock_advice(struct buf *out, int64_t server_s, int64_t now_s)
{
	int64_t ahead_s = now_s - server_s;

	if (server_s < 0 || (ahead_s <= CLOCK_SKEW_S && ahead_s >= -CLOCK_SKEW_S))
		buf_puts(out, ": check the clock of this machine");
	else
		buf_printf(out, ": the clock of this machine is %lld s %s",
			   (long long)(ahead_s < 0 ? -ahead_s : ahead_s),
			   ahead_s < 0 ? "behind" : "ahead");
}

/* A certificate is out of date by a clock, and it may be the clock that is. */
static void put_tls_advice(struct buf *out, const struct config_account *account,
			   const struct http_exchange *x, int64_t now_s, bool clock_doubted)
{
	char now[CLOCK_TEXT_SIZE];

	if (x->out_of_date && clock_doubted)
		buf_printf(out, ": check the clock of this machine: it says %s",
			   clock_text(now_s, now));
	else
		buf_printf(out, ": check endpoint and ca_file of account '%s'", account->name);
}

static void put_advice(struct buf *out, const struct failure *failure,
		       const struct config_account *account, const struct http_exchange *x,
		       int64_t now_s, bool clock_doubted)
{
	const struct provider *p = account->provider;

	if (failure->class == CLASS_TLS) {
		put_tls_advice(out, account, x, now_s, clock_doubted);
		return;
	}
	switch (failure->code ? failure->code->check : CHECK_NOTHING) {
	case CHECK_NOTHING: break;
	case CHECK_ID:
		buf_printf(out, ": check %s of account '%s'", p->credential_id, account->name);
		break;
	case CHECK_SECRET:
		buf_printf(out, ": check %s of account '%s'", p->credential_secret, account->name);
		break;
	case CHECK_PROJECT:
		buf_printf(out, ": check project_id and permissions of account '%s'",
			   account->name);
		break;
	case CHECK_CLOCK: put_clock_advice(out, x->date_s, now_s); break;
	}
}

void failure_put(struct buf *out, const struct failure *failure,
		 const struct config_account *account, const struct http_exchange *x,
		 const struct page *page, int64_t now_s, bool clock_doubted)
{
	const char *meaning = failure->code ? failure->code->meaning : NULL;

	if (!meaning)
		meaning = class_meanings[failure->class];
	if (x->error != 0) {
		buf_printf(out, "%s failed: %s", account->cloud, x->error_text);
	} else if (x->status != 200) {
		buf_printf(out, "%s %s (HTTP %d)", meaning ? meaning : "refused by", account->cloud,
			   x->status);
		if (x->status >= 300 && x->status < 400)
			buf_puts(out, ": redirects are not followed, check the endpoint");
	} else if (page && page->class != CLASS_NONE) {
		buf_printf(out, "the answer of %s cannot be used: %s", account->cloud,
			   page->error ? page->error : error_class_text(page->class));
	} else if (page) {
		buf_printf(out, "%s %s (%s %lld", meaning ? meaning : "refused by", account->cloud,
			   account->provider->code_paths[0], (long long)page->code);
		if (page->message && *page->message)
			buf_printf(out, " \"%s\"", page->message);
		buf_putc(out, ')');
	}
	put_advice(out, failure, account, x, now_s, clock_doubted);
}
