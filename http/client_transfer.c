#include "http/client_transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "http/address.h"
#include "http/client_certificate.h"
#include "http/encode.h"

/*
 * transfer_open() sets the options, on_header() and on_body() take the answer in; what came of it
 * is judged in client_verdict.c.
 *
 * Caps. libcurl's own CURLOPT_MAXFILESIZE does not hold for chunked or compressed bodies, so
 * on_body() counts what arrives, decoded. All header bytes of an exchange, interim (1xx) answers
 * and trailers included, share one cap, which ends a storm of "100 Continue" as well.
 *
 * Time. A silent server has the whole time-out; once the answer has begun it must keep flowing:
 * on_header() switches libcurl's low-speed limit on at the final status line.
 */
enum {
	CONNECT_TIMEOUT_MS = 10000,
	HEADERS_MAX_BYTES = 64 << 10,
};

/* clang-format off */
static const struct { CURLoption option; long value; } numbers[] = {
	/* 1.1, not 2: one request then has one connection, so that a reset, a stall or a cut
	 * costs one page and not all that share the connection; listings are few and large. */
	{ CURLOPT_HTTP_VERSION,             CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_SSLVERSION,               CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSLVERSION,         CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER,           1 },
	{ CURLOPT_SSL_VERIFYHOST,           2 },
	{ CURLOPT_CERTINFO,                 1 },   /* what on_connected() looks at */
	{ CURLOPT_PROXY_SSL_VERIFYPEER,     1 },
	{ CURLOPT_PROXY_SSL_VERIFYHOST,     2 },
	{ CURLOPT_CA_CACHE_TIMEOUT,         600 }, /* a replaced CA file counts after that */
	{ CURLOPT_FOLLOWLOCATION,           0 },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_PATH_AS_IS,               1 },   /* the path was signed as it is */
	{ CURLOPT_NETRC,                    CURL_NETRC_IGNORED },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_NOSIGNAL,                 1 },
	{ CURLOPT_QUICK_EXIT,               1 },   /* never wait for a thread that resolves a name */
	{ CURLOPT_CONNECTTIMEOUT_MS,        CONNECT_TIMEOUT_MS },
	{ CURLOPT_TCP_KEEPALIVE,            1 },
	{ CURLOPT_TCP_KEEPIDLE,             30 },
	{ CURLOPT_TCP_KEEPINTVL,            15 },
	{ CURLOPT_MAXAGE_CONN,              60 },  /* idle ones die in NAT tables and gateways */
	{ CURLOPT_MAXLIFETIME_CONN,         600 },
	{ CURLOPT_BUFFERSIZE,               64 << 10 },
};
/* clang-format on */

static size_t on_header(char *bytes, size_t size, size_t count, void *data);
static size_t on_body(char *bytes, size_t size, size_t count, void *data);
static curl_socket_t on_open_socket(void *data, curlsocktype purpose,
				    struct curl_sockaddr *address);
static int on_connected(void *data, char *peer, char *own, int peer_port, int own_port);

static bool set_texts(CURL *easy, const struct http_exchange *x)
{
	bool post = strcmp(x->method, "POST") == 0;
	/* A CA file of one's own replaces the system's, whose folder curl would still look into. */
	/* clang-format off */
	const struct { bool wanted; CURLoption option; const char *text; } texts[] = {
		{ true,            CURLOPT_URL,                x->url },
		{ true,            CURLOPT_PROTOCOLS_STR,      "http,https" },
		{ true,            CURLOPT_USERAGENT,          "imagecat/" IMAGECAT_VERSION },
		{ true,            CURLOPT_ACCEPT_ENCODING,    "gzip" },
		{ true,            CURLOPT_PROXY,              x->proxy ? x->proxy : "" },
		{ true,            CURLOPT_NOPROXY,            "" }, /* else the environment's */
		{ x->ca_file,      CURLOPT_CAINFO,             x->ca_file },
		{ x->ca_file,      CURLOPT_CAPATH,             NULL },
		{ x->ca_file,      CURLOPT_PROXY_CAINFO,       x->ca_file },
		{ x->ca_file,      CURLOPT_PROXY_CAPATH,       NULL },
		{ post,            CURLOPT_POSTFIELDS,         x->body ? x->body : "" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].wanted &&
		    curl_easy_setopt(easy, texts[i].option, texts[i].text) != CURLE_OK)
			return false;
	return !post || curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t)x->body_len) == CURLE_OK;
}

static bool set_options(struct http_transfer *t)
{
	const struct http_exchange *x = t->exchange;
	CURL *easy = t->easy;
	long timeout_ms = x->timeout_ms > INT32_MAX ? INT32_MAX : (long)x->timeout_ms;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
			return false;
	return set_texts(easy, x) &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->reason) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, t) == CURLE_OK;
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool is_acceptable(const struct http_exchange *x)
{
	size_t host_len;
	const char *host = url_host(x->url, &host_len);

	if (strncasecmp(x->url, "http://", 7) != 0 && strncasecmp(x->url, "https://", 8) != 0)
		return false;
	if (host_len == 0 || host[-1] == '@' || !is_one_line(x->url))
		return false;
	if (strcmp(x->method, "GET") != 0 && strcmp(x->method, "POST") != 0)
		return false;
	for (const char *const *header = x->headers; header && *header; header++)
		if (!is_one_line(*header))
			return false;
	return true;
}

static bool add_header(struct http_transfer *t, const char *header)
{
	struct curl_slist *grown = curl_slist_append(t->headers, header);

	if (grown)
		t->headers = grown;
	return grown;
}

static bool add_headers(struct http_transfer *t)
{
	/* "Expect: 100-continue" costs a round trip, or a second where nobody answers it. */
	if (!add_header(t, "Expect:"))
		return false;
	for (const char *const *header = t->exchange->headers; header && *header; header++)
		if (!add_header(t, *header))
			return false;
	return true;
}

static void clear_result(struct http_exchange *x)
{
	x->error = 0;
	x->class = CLASS_NONE;
	x->error_text[0] = '\0';
	x->out_of_date = false;
	x->status = 0;
	x->retry_after_s = -1;
	x->date_s = -1;
	x->content_type[0] = '\0';
	x->received_bytes = 0;
	buf_clear(&x->response);
}

int transfer_open(struct http_transfer **ret, struct http_exchange *x)
{
	if (!is_acceptable(x))
		return UV_EINVAL;

	struct http_transfer *t = calloc(1, sizeof(*t));
	if (!t)
		return UV_ENOMEM;
	clear_result(x);
	list_init(&t->link);
	t->exchange = x;
	t->retry_after_s = t->retry_at_s = -1;
	t->easy = curl_easy_init();
	if (!t->easy || !add_headers(t) || !set_options(t)) {
		transfer_close(t);
		return UV_ENOMEM;
	}
	*ret = t;
	return 0;
}

void transfer_close(struct http_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t);
}

static curl_socket_t on_open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *t = data;

	(void)purpose;
	if (address_is_link_local(&address->addr)) {
		t->stop = STOP_ADDRESS; /* of this address; curl may know others */
		return CURL_SOCKET_BAD;
	}
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		t->stop = STOP_FILES;
	return fd;
}

/* Before the first byte of a request: it is signed, and not for whoever answers here. */
static int on_connected(void *data, char *peer, char *own, int peer_port, int own_port)
{
	struct http_transfer *t = data;

	(void)peer;
	(void)own;
	(void)peer_port;
	(void)own_port;
	if (certificate_has_names(t->easy))
		return CURL_PREREQFUNC_OK;
	t->stop = STOP_NAMES;
	return CURL_PREREQFUNC_ABORT;
}

/* Other than libcurl, which undoes whatever it knows, asked for or not: only what we asked for,
 * and once, because each layer multiplies what a short answer may blow up to. */
static bool take_encodings(char *list, const char *wanted, unsigned *count)
{
	const char *word;

	while ((word = strsep(&list, ", \t"))) {
		if (!*word || strcasecmp(word, "identity") == 0)
			continue;
		if (strcasecmp(word, wanted) != 0 || ++*count > 1)
			return false;
	}
	return true;
}

static bool take_content_encoding(struct http_transfer *t, char *value)
{
	return take_encodings(value, "gzip", &t->content_encodings);
}

static bool take_transfer_encoding(struct http_transfer *t, char *value)
{
	return take_encodings(value, "chunked", &t->transfer_encodings);
}

static bool take_content_type(struct http_transfer *t, char *value)
{
	struct http_exchange *x = t->exchange;
	size_t len = strcspn(value, "; \t");

	if (len >= sizeof(x->content_type))
		return true;
	for (size_t i = 0; i < len; i++) {
		char c = value[i];
		bool plain = c > 0x20 && c < 0x7f;
		x->content_type[i] = !plain ? '?' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	x->content_type[len] = '\0';
	return true;
}

static bool take_date(struct http_transfer *t, char *value)
{
	time_t when = curl_getdate(value, NULL);

	if (when >= 0)
		t->exchange->date_s = when;
	return true;
}

/* Seconds or a date; what is neither (a negative number too) counts as not said. */
static bool take_retry_after(struct http_transfer *t, char *value)
{
	size_t digits = strspn(value, "0123456789");
	int64_t seconds;

	t->retry_after_s = t->retry_at_s = -1;
	if (digits > 0 && value[digits] == '\0') {
		t->retry_after_s = text_to_int(value, &seconds) ? seconds : INT64_MAX;
	} else if (strchr(value, ':')) {
		t->retry_at_s = curl_getdate(value, NULL);
	}
	return true;
}

/* clang-format off */
static const struct {
	const char *name;
	bool (*take)(struct http_transfer *t, char *value); /* false ends the exchange */
} headers[] = {
	{ "content-encoding",  take_content_encoding },
	{ "content-type",      take_content_type },
	{ "date",              take_date },
	{ "retry-after",       take_retry_after },
	{ "transfer-encoding", take_transfer_encoding },
};
/* clang-format on */

static bool take_header(struct http_transfer *t, const char *line, size_t len)
{
	char value[128];
	const char *colon = memchr(line, ':', len);

	for (size_t i = 0; colon && i < ARRAY_LEN(headers); i++) {
		size_t name_len = strlen(headers[i].name);
		if ((size_t)(colon - line) != name_len ||
		    strncasecmp(line, headers[i].name, name_len) != 0)
			continue;
		const char *start = colon + 1, *end = line + len;
		while (start < end && (*start == ' ' || *start == '\t'))
			start++;
		while (end > start && strchr(" \t\r\n", end[-1]))
			end--;
		/* None of these is that long; cut, it is still judged. */
		size_t value_len = (size_t)(end - start);
		value_len = value_len < sizeof(value) ? value_len : sizeof(value) - 1;
		memcpy(value, start, value_len);
		value[value_len] = '\0';
		return headers[i].take(t, value);
	}
	return true;
}

/* Every answer starts afresh: what an interim one said does not count. */
static bool take_status_line(struct http_transfer *t, const char *line, size_t len)
{
	const char *status = memchr(line, ' ', len);

	t->interim = status && status + 1 < line + len && status[1] == '1';
	t->headers_whole = false;
	t->content_encodings = t->transfer_encodings = 0;
	t->retry_after_s = t->retry_at_s = -1;
	t->exchange->date_s = -1;
	t->exchange->content_type[0] = '\0';
	return t->interim ||
	       (curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES_S) ==
			CURLE_OK &&
		curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_S) == CURLE_OK);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct http_transfer *t = data;
	size_t len = size * count;

	t->header_bytes += len;
	if (t->header_bytes > HEADERS_MAX_BYTES) {
		t->stop = STOP_HEADERS;
		return 0;
	}
	/* libcurl calls it success when the connection ends in the middle of the headers. */
	if (len > 0 && (bytes[0] == '\r' || bytes[0] == '\n'))
		t->headers_whole = !t->interim;
	bool ok = len >= 5 && memcmp(bytes, "HTTP/", 5) == 0 ? take_status_line(t, bytes, len)
							     : take_header(t, bytes, len);
	if (!ok)
		t->stop = STOP_ENCODING;
	return ok ? len : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct http_transfer *t = data;
	struct http_exchange *x = t->exchange;
	size_t len = size * count;

	if (len > x->body_max_bytes - x->response.len) {
		t->stop = STOP_BODY;
		return 0;
	}
	buf_put(&x->response, bytes, len);
	if (x->response.failed) {
		t->stop = STOP_MEMORY;
		return 0;
	}
	return len;
}
