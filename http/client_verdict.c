#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/client_transfer.h"
#include "http/encode.h"

/*
 * What became of a transfer. What libcurl reports is one row of `verdicts`, what we stopped
 * ourselves one of `stops`. The phrases name the host and never the URL, whose query is a
 * signature.
 */
enum {
	RETRY_AFTER_MAX_S = 3600,
	HOST_MAX_BYTES = 100, /* of a host name in a phrase */
};

enum detail {
	NAME_HOST = 1,  /* the phrase ends with the host's name */
	NAME_PROXY = 2, /* the same, but where a proxy is used it is the proxy's */
	OS_REASON = 4,  /* what the socket said, or else libcurl */
	TLS_REASON = 8, /* what libcurl and OpenSSL said */
};

struct verdict {
	CURLcode code;
	int error;
	enum error_class class;
	unsigned details;
	const char *phrase;
};

/* clang-format off */
static const struct verdict verdicts[] = {
	{ CURLE_COULDNT_RESOLVE_HOST,    UV_EAI_NONAME, CLASS_NETWORK,   NAME_HOST,              "cannot resolve the name" },
	{ CURLE_COULDNT_RESOLVE_PROXY,   UV_EAI_NONAME, CLASS_NETWORK,   NAME_PROXY,             "cannot resolve the name" },
	{ CURLE_COULDNT_CONNECT,         UV_ECONNREFUSED, CLASS_NETWORK, NAME_PROXY | OS_REASON, "no connection to" },
	{ CURLE_PROXY,                   UV_ECONNREFUSED, CLASS_NETWORK, NAME_PROXY,             "no connection through" },
	{ CURLE_SEND_ERROR,              UV_ECONNRESET, CLASS_NETWORK,   NAME_PROXY | OS_REASON, "the connection broke, sending to" },
	{ CURLE_RECV_ERROR,              UV_ECONNRESET, CLASS_NETWORK,   NAME_PROXY | OS_REASON, "the connection broke, receiving from" },
	{ CURLE_GOT_NOTHING,             UV_ECONNRESET, CLASS_NETWORK,   NAME_PROXY,             "the connection was closed without an answer by" },
	{ CURLE_PARTIAL_FILE,            UV_EOF,        CLASS_NETWORK,   0,                      "the answer was cut" },
	{ CURLE_OPERATION_TIMEDOUT,      UV_ETIMEDOUT,  CLASS_TIMEOUT,   0,                      "no answer in time" },
	{ CURLE_PEER_FAILED_VERIFICATION, UV_EPROTO,    CLASS_TLS,       NAME_HOST | TLS_REASON, "refused the certificate of" },
	{ CURLE_SSL_CONNECT_ERROR,       UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "no TLS connection to" },
	{ CURLE_SSL_CACERT_BADFILE,      UV_EPROTO,     CLASS_TLS,       TLS_REASON,             "cannot use the CA file" },
	{ CURLE_SSL_CERTPROBLEM,         UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "no TLS connection to" },
	{ CURLE_SSL_CIPHER,              UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "no TLS cipher in common with" },
	{ CURLE_SSL_ISSUER_ERROR,        UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "refused the certificate of" },
	{ CURLE_SSL_INVALIDCERTSTATUS,   UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "refused the certificate of" },
	{ CURLE_SSL_ENGINE_INITFAILED,   UV_EPROTO,     CLASS_TLS,       TLS_REASON,             "TLS cannot be set up" },
	{ CURLE_SSL_CRL_BADFILE,         UV_EPROTO,     CLASS_TLS,       TLS_REASON,             "TLS cannot be set up" },
	{ CURLE_USE_SSL_FAILED,          UV_EPROTO,     CLASS_TLS,       NAME_HOST | TLS_REASON, "no TLS connection to" },
	{ CURLE_WEIRD_SERVER_REPLY,      UV_EPROTO,     CLASS_HTTP,      NAME_HOST,              "no valid HTTP in the answer of" },
	{ CURLE_UNSUPPORTED_PROTOCOL,    UV_EPROTO,     CLASS_HTTP,      NAME_HOST,              "no valid HTTP in the answer of" },
	{ CURLE_BAD_CONTENT_ENCODING,    UV_EPROTO,     CLASS_MALFORMED, NAME_HOST,              "damaged compression in the answer of" },
	{ CURLE_URL_MALFORMAT,           UV_EINVAL,     CLASS_INTERNAL,  0,                      "the URL is malformed" },
	{ CURLE_LOGIN_DENIED,            UV_EINVAL,     CLASS_INTERNAL,  0,                      "the URL names a user" },
	{ CURLE_OUT_OF_MEMORY,           UV_ENOMEM,     CLASS_INTERNAL,  0,                      "out of memory" },
	{ CURLE_WRITE_ERROR,             UV_EIO,        CLASS_INTERNAL,  0,                      "the answer could not be kept" },
};

static const struct verdict other = { .error = UV_EIO, .class = CLASS_NETWORK,
				      .details = NAME_HOST, .phrase = "the exchange failed with" };

/* libcurl's word for a header line above 100 KiB is "out of memory". */
static const struct verdict no_room = { .error = UV_EFBIG, .class = CLASS_OVERSIZED,
					.details = NAME_HOST, .phrase = "too long a line, or no memory left, in the headers from" };

static const struct verdict stops[STOP_COUNT] = {
	[STOP_BODY]     = { CURLE_OK, UV_EFBIG,  CLASS_OVERSIZED, 0,          "the answer is longer than" },
	[STOP_HEADERS]  = { CURLE_OK, UV_EFBIG,  CLASS_OVERSIZED, NAME_HOST,  "more than 64 KiB of headers from" },
	[STOP_ENCODING] = { CURLE_OK, UV_EPROTO, CLASS_HTTP,      NAME_HOST,  "an encoding that was not asked for in the answer of" },
	[STOP_ADDRESS]  = { CURLE_OK, UV_EACCES, CLASS_NETWORK,   NAME_PROXY, "refused to connect to a link-local address of" },
	[STOP_FILES]    = { CURLE_OK, UV_EMFILE, CLASS_INTERNAL, 0,          "too many open files: raise LimitNOFILE (ulimit -n)" },
	[STOP_WATCH]    = { CURLE_OK, UV_ENOMEM, CLASS_INTERNAL,  0,          "the connection could not be watched: out of memory or descriptors" },
	[STOP_NAMES]    = { CURLE_OK, UV_EPROTO, CLASS_TLS,       NAME_HOST,  "no subjectAltName in the certificate of" },
	[STOP_MEMORY]   = { CURLE_OK, UV_ENOMEM, CLASS_INTERNAL,  0,          "out of memory" },
};
/* clang-format on */

static curl_off_t number_of(const struct http_transfer *t, CURLINFO info)
{
	curl_off_t number = 0;

	return curl_easy_getinfo(t->easy, info, &number) == CURLE_OK ? number : 0;
}

/* OpenSSL's verdicts, as X509_V_ERR_… numbers them. */
static bool is_out_of_date(const struct http_transfer *t)
{
	enum { NOT_YET_VALID = 9, EXPIRED = 10 };
	long verdict = 0;

	return curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verdict) == CURLE_OK &&
	       (verdict == NOT_YET_VALID || verdict == EXPIRED);
}

/* Who resolves a name and who reads the CA file do not say that it was for want of a descriptor:
 * whether there are any now tells. Two: one was this transfer's own until a moment ago. */
static bool lacks_files(CURLcode code)
{
	if (code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_COULDNT_RESOLVE_PROXY &&
	    code != CURLE_SSL_CACERT_BADFILE)
		return false;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno == EMFILE || errno == ENFILE;
	close(ends[0]);
	close(ends[1]);
	return false;
}

static const struct verdict *judge(const struct http_transfer *t, CURLcode code)
{
	switch (t->stop) {
	case STOP_NONE: break;
	case STOP_ADDRESS:
	case STOP_FILES:
		if (code == CURLE_COULDNT_CONNECT)
			return &stops[t->stop];
		break;
	case STOP_BODY:
	case STOP_HEADERS:
	case STOP_ENCODING:
	case STOP_WATCH:
	case STOP_NAMES:
	case STOP_MEMORY:
	case STOP_COUNT: return &stops[t->stop];
	}
	if (code == CURLE_OUT_OF_MEMORY && !t->headers_whole &&
	    number_of(t, CURLINFO_PRETRANSFER_TIME_T) > 0)
		return &no_room;
	if (lacks_files(code))
		return &stops[STOP_FILES];
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (verdicts[i].code == code)
			return &verdicts[i];
	return &other;
}

static void put_host(struct buf *out, const struct http_transfer *t, bool through_proxy)
{
	const struct http_exchange *x = t->exchange;
	const char *proxy = through_proxy && x->proxy && *x->proxy ? x->proxy : NULL;
	size_t len;
	const char *host = url_host(proxy ? proxy : x->url, &len);

	if (proxy)
		buf_puts(out, "the proxy ");
	text_put_clean(out, TEXT_LINE, host, len < HOST_MAX_BYTES ? len : HOST_MAX_BYTES);
}

static void put_size(struct buf *out, size_t bytes)
{
	if (bytes >= MIB(1) && bytes % MIB(1) == 0)
		buf_printf(out, "%zu MiB", bytes / MIB(1));
	else
		buf_printf(out, "%zu bytes", bytes);
}

/* Which of the three limits it was: the phase that was not reached tells, and the time it took. */
static void put_timeout(struct buf *out, const struct http_transfer *t)
{
	/* clang-format off */
	static const struct { CURLINFO reached; const char *phrase; } phases[] = {
		{ CURLINFO_NAMELOOKUP_TIME_T,  "no address or no free connection for" },
		{ CURLINFO_CONNECT_TIME_T,     "no connection to" },
		{ CURLINFO_PRETRANSFER_TIME_T, "no TLS connection to" },
	};
	/* clang-format on */
	int64_t took_ms = number_of(t, CURLINFO_TOTAL_TIME_T) / 1000;
	const char *phrase = t->header_bytes > 0 ? "no complete answer from" : "no answer from";

	if (number_of(t, CURLINFO_PRETRANSFER_TIME_T) == 0) {
		for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
			phrase = phases[i].phrase;
			if (number_of(t, phases[i].reached) == 0)
				break;
		}
	} else if (t->header_bytes > 0 && took_ms < t->exchange->timeout_ms) {
		buf_printf(out, "less than %d bytes a second for %d s from ", LOW_SPEED_BYTES_S,
			   LOW_SPEED_S);
		put_host(out, t, false);
		return;
	}
	buf_printf(out, "%s ", phrase);
	put_host(out, t, false);
	if (took_ms < 10000)
		buf_printf(out, " within %.1f s", (double)took_ms / 1000);
	else
		buf_printf(out, " within %lld s", (long long)took_ms / 1000);
}

static void put_cut(struct buf *out, const struct http_transfer *t)
{
	long long got = number_of(t, CURLINFO_SIZE_DOWNLOAD_T);
	long long promised = number_of(t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);

	if (!t->headers_whole)
		buf_puts(out, "the answer was cut in its headers");
	else if (promised > 0)
		buf_printf(out, "the answer was cut after %lld of %lld bytes", got, promised);
	else
		buf_printf(out, "the answer was cut after %lld bytes", got);
}

static int os_error_of(const struct http_transfer *t)
{
	long os_error = 0;

	return curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error) == CURLE_OK ? (int)os_error
										    : 0;
}

static void put_details(struct buf *out, const struct http_transfer *t, const struct verdict *v)
{
	char os[128];
	long connect_status = 0;

	if (v->details & (NAME_HOST | NAME_PROXY)) {
		buf_putc(out, ' ');
		put_host(out, t, v->details & NAME_PROXY);
	}
	if (v->details & OS_REASON &&
	    curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status) == CURLE_OK &&
	    connect_status >= 300)
		buf_printf(out, ": it answered with status %ld", connect_status);
	else if (v->details & OS_REASON && os_error_of(t) > 0)
		buf_printf(out, ": %s", uv_strerror_r(-os_error_of(t), os, sizeof(os)));
	/* A certificate's own words may be in there: cleaned. */
	else if (v->details & (OS_REASON | TLS_REASON) && t->reason[0]) {
		buf_puts(out, ": ");
		text_put_clean(out, TEXT_LINE, t->reason, strlen(t->reason));
	}
}

/* Cut to size, not inside a character; without memory the phrase of the row serves. */
static void set_text(struct http_exchange *x, const struct buf *text, const char *fallback)
{
	size_t len = text->failed ? strlen(fallback) : text->len;

	if (len >= sizeof(x->error_text))
		len = sizeof(x->error_text) - 1;
	memcpy(x->error_text, text->failed ? fallback : buf_text(text), len);
	x->error_text[len] = '\0';
	while (len > 0 && !text_is_utf8(x->error_text, len))
		x->error_text[--len] = '\0';
}

static void explain(struct http_transfer *t, CURLcode code, const struct verdict *v)
{
	struct http_exchange *x = t->exchange;
	struct buf text;

	buf_init(&text);
	if (v->code == CURLE_OPERATION_TIMEDOUT) {
		put_timeout(&text, t);
	} else if (v->code == CURLE_PARTIAL_FILE) {
		put_cut(&text, t);
	} else {
		buf_puts(&text, v->phrase);
		put_details(&text, t, v);
	}
	if (v == &stops[STOP_BODY]) {
		buf_putc(&text, ' ');
		put_size(&text, x->body_max_bytes);
	}
	if (v == &other)
		buf_printf(&text, ": %s", curl_easy_strerror(code));
	set_text(x, &text, v->phrase);
	buf_finish(&text);
}

static int64_t retry_after_of(const struct http_transfer *t)
{
	const struct env *env = env_system();
	int64_t wait_s = t->retry_after_s;

	/* A date is meant on the clock of whoever wrote it. */
	if (t->retry_at_s >= 0) {
		int64_t date_s = t->exchange->date_s;
		wait_s = t->retry_at_s - (date_s >= 0 ? date_s : env->now_s(env));
		wait_s = wait_s < 0 ? 0 : wait_s;
	}
	return wait_s < RETRY_AFTER_MAX_S ? wait_s : RETRY_AFTER_MAX_S;
}

static void settle_failed(struct http_exchange *x, int error, enum error_class class)
{
	x->error = error;
	x->class = class;
	x->status = 0;
	buf_finish(&x->response);
}

void transfer_settle(struct http_transfer *t, CURLcode code)
{
	struct http_exchange *x = t->exchange;
	long status = 0, header_bytes = 0;

	if (curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &header_bytes) == CURLE_OK)
		x->received_bytes = header_bytes + number_of(t, CURLINFO_SIZE_DOWNLOAD_T);
	x->retry_after_s = retry_after_of(t);
	if (code == CURLE_OK && !t->headers_whole)
		code = CURLE_PARTIAL_FILE;
	if (code == CURLE_OK &&
	    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK) {
		x->status = (int)status;
		return;
	}
	const struct verdict *v = judge(t, code);
	int error = v->error;
	if (v->details & OS_REASON && os_error_of(t) > 0)
		error = uv_translate_sys_error(os_error_of(t));
	x->out_of_date = v->class == CLASS_TLS && is_out_of_date(t);
	explain(t, code, v);
	settle_failed(x, error, v->class);
}

void transfer_settle_cancelled(struct http_transfer *t)
{
	struct http_exchange *x = t->exchange;

	snprintf(x->error_text, sizeof(x->error_text), "cancelled");
	settle_failed(x, UV_ECANCELED, CLASS_INTERNAL);
}
