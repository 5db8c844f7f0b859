#include "http/client.h"
#include "tests/loop/fake_server.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * One exchange a row, against a server that does what the row's script says. Every row also
 * checks what holds for all: done once, no handle left, no byte of the query in the error's text.
 * The environment names proxies that do not work, see main().
 */
/* Short, and yet long enough for a slow machine to send what comes before the silence. */
enum { PATIENT_MS = 20000, SHORT_MS = 1500, CAP = 1 << 20 };

struct row {
	const char *name;
	const struct fake_step *at_accept, *answer;
	int64_t timeout_ms; /* 0: PATIENT_MS */
	size_t cap;         /* 0: CAP */
	int status;         /* expected when error is 0 */
	const char *body;
	const char *content_type;
	int error;
	enum error_class class;
	const char *text;              /* a part of error_text */
	int64_t retry_after_s, date_s; /* 0: not said */
};

#define OK_HEAD         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define OK_ANSWER       OK_HEAD "Content-Length: 13\r\n\r\n{\"RetCode\":0}"
#define OK_BODY         "{\"RetCode\":0}"
#define EMPTY(status)   "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"
#define AFTER(fields)   "HTTP/1.1 429 Slow\r\n" fields "Content-Length: 0\r\n\r\n"
#define REDIRECT(s, to) "HTTP/1.1 " s " Moved\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"
#define K64(text)       K16(text) K16(text) K16(text) K16(text)
#define K16(text)       K4(text) K4(text) K4(text) K4(text)
#define K4(text)        K1(text) K1(text) K1(text) K1(text)
#define K1(text)        B256(text) B256(text) B256(text) B256(text)
#define B256(text)      B64(text) B64(text) B64(text) B64(text)
#define B64(text)       B16(text) B16(text) B16(text) B16(text)
#define B16(text)       B4(text) B4(text) B4(text) B4(text)
#define B4(text)        text text text text

/* {"RetCode":0,"Message":"镜像"} */
#define GZIP_ANSWER                                                                                \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x0a\x4a\x2d\x71\xce\x4f\x49\x55\xb2\x32" \
	"\xd0"                                                                                     \
	"\x51\xf2\x4d\x2d\x2e\x4e\x4c\x07\xb2\x95\x5e\x4e\x9d\xf3\xb4\xb9\x5f\xa9\x16\x00\xa2\x3e" \
	"\xd0"                                                                                     \
	"\x77\x20\x00\x00\x00"
#define GZIP_BODY "{\"RetCode\":0,\"Message\":\"\xe9\x95\x9c\xe5\x83\x8f\"}"

/* A block whose codes for "the last byte 258 times more" are zero bits: every zero byte after
 * it is 1032 bytes of answer, so that the 1 MiB of BOMB_TAIL would be 1 GiB. */
#define BOMB_HEAD                                                                                  \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee" \
	"\x08\x0a"
static const char zeros[64 << 10];
#define BOMB_TAIL                                                                                  \
	{                                                                                          \
		.kind = FAKE_SEND, .bytes = zeros, .len = sizeof(zeros), .times = 16               \
	}

/* clang-format off */
static const struct row rows[] = {
	/* Answers. */
	{ "200", .answer = SCRIPT(SEND(OK_ANSWER)), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "200 in slices of one byte", .answer = SCRIPT(SLICES(OK_ANSWER)), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "200 without a length, closed", .answer = SCRIPT(SEND(OK_HEAD "\r\n" OK_BODY), CLOSE), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "200 chunked, with a trailer", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"RetC\r\n7;x=y\r\node\":0}\r\n0\r\nX: y\r\n\r\n")), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "200 chunked, in slices of one byte", .answer = SCRIPT(SLICES(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"RetC\r\n7\r\node\":0}\r\n0\r\n\r\n")), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "HTTP/1.0", .answer = SCRIPT(SEND("HTTP/1.0 200 OK\r\n\r\n" OK_BODY), CLOSE), .status = 200, .body = OK_BODY },
	{ "200 empty", .answer = SCRIPT(SEND(EMPTY("200 OK"))), .status = 200, .body = "" },
	{ "204", .answer = SCRIPT(SEND("HTTP/1.1 204 No Content\r\n\r\n")), .status = 204, .body = "" },
	{ "206", .answer = SCRIPT(SEND("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n{}")), .status = 206, .body = "{}" },
	{ "304", .answer = SCRIPT(SEND("HTTP/1.1 304 Not Modified\r\n\r\n")), .status = 304, .body = "" },
	{ "400 with a body", .answer = SCRIPT(SEND("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}")), .status = 400, .body = "{}" },
	{ "404 in HTML", .answer = SCRIPT(SEND("HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>")), .status = 404, .body = "<html>", .content_type = "text/html" },
	{ "500", .answer = SCRIPT(SEND(EMPTY("500 Oops"))), .status = 500, .body = "" },
	{ "502", .answer = SCRIPT(SEND(EMPTY("502 Bad Gateway"))), .status = 502, .body = "" },
	{ "a status without a phrase", .answer = SCRIPT(SEND(EMPTY("503"))), .status = 503, .body = "" },
	{ "a type that is not JSON's", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\ncontent-type:\t TEXT/plain ;q=1\r\nContent-Length: 2\r\n\r\n{}")), .status = 200, .body = "{}", .content_type = "text/plain" },
	{ "a type with control characters", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nContent-Type: a\x1b/\xffz\r\nContent-Length: 2\r\n\r\n{}")), .status = 200, .body = "{}", .content_type = "a?/?z" },
	{ "bytes after the announced length", .answer = SCRIPT(SEND(OK_ANSWER "HTTP/1.1 500 smuggled\r\n\r\n")), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "a few 100 Continue", .answer = SCRIPT(SEND("HTTP/1.1 100 Continue\r\nRetry-After: 9\r\nContent-Type: a/b\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" OK_ANSWER)), .status = 200, .body = OK_BODY, .content_type = "application/json" },

	/* Redirects are answers. */
	{ "301 to another host", .answer = SCRIPT(SEND(REDIRECT("301", "http://example.invalid/"))), .status = 301, .body = "" },
	{ "302 to itself", .answer = SCRIPT(SEND(REDIRECT("302", "/"))), .status = 302, .body = "" },
	{ "303 to a file", .answer = SCRIPT(SEND(REDIRECT("303", "file:///etc/passwd"))), .status = 303, .body = "" },
	{ "307 to the metadata service", .answer = SCRIPT(SEND(REDIRECT("307", "http://169.254.169.254/"))), .status = 307, .body = "" },
	{ "308 from there to plain HTTP", .answer = SCRIPT(SEND(REDIRECT("308", "http://127.0.0.1:1/"))), .status = 308, .body = "" },

	/* Retry-After. */
	{ "Retry-After in seconds", .answer = SCRIPT(SEND(AFTER("Retry-After: 7\r\n"))), .status = 429, .body = "", .retry_after_s = 7 },
	{ "Retry-After, the largest", .answer = SCRIPT(SEND(AFTER("retry-after:3600 \r\n"))), .status = 429, .body = "", .retry_after_s = 3600 },
	{ "Retry-After of ten years", .answer = SCRIPT(SEND(AFTER("Retry-After: 315360000\r\n"))), .status = 429, .body = "", .retry_after_s = 3600 },
	{ "Retry-After beyond 64 bits", .answer = SCRIPT(SEND(AFTER("Retry-After: 99999999999999999999999\r\n"))), .status = 429, .body = "", .retry_after_s = 3600 },
	{ "Retry-After, negative", .answer = SCRIPT(SEND(AFTER("Retry-After: -5\r\n"))), .status = 429, .body = "" },
	{ "Retry-After, garbage", .answer = SCRIPT(SEND(AFTER("Retry-After: soon: \xff\r\n"))), .status = 429, .body = "" },
	{ "Retry-After, empty", .answer = SCRIPT(SEND(AFTER("Retry-After:\r\n"))), .status = 429, .body = "" },
	{ "Retry-After, not an integer", .answer = SCRIPT(SEND(AFTER("Retry-After: 1.5\r\n"))), .status = 429, .body = "" },
	{ "Retry-After as a date, by the server's clock", .answer = SCRIPT(SEND(AFTER("Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))), .status = 429, .body = "", .retry_after_s = 10, .date_s = 784111777 },
	{ "Retry-After as an RFC 850 date", .answer = SCRIPT(SEND(AFTER("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sunday, 06-Nov-94 08:50:37 GMT\r\n"))), .status = 429, .body = "", .retry_after_s = 60, .date_s = 784111777 },
	{ "Retry-After as an asctime date", .answer = SCRIPT(SEND(AFTER("Date: Sun Nov  6 08:49:37 1994\r\nRetry-After: Sun Nov  6 09:49:36 1994\r\n"))), .status = 429, .body = "", .retry_after_s = 3599, .date_s = 784111777 },
	{ "Retry-After as a date in ten years", .answer = SCRIPT(SEND(AFTER("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 2004 08:49:37 GMT\r\n"))), .status = 429, .body = "", .retry_after_s = 3600, .date_s = 784111777 },
	{ "Retry-After as a date to come, no Date", .answer = SCRIPT(SEND(AFTER("Retry-After: Thu, 31 Dec 2099 23:59:59 GMT\r\n"))), .status = 429, .body = "", .retry_after_s = 3600 },
	{ "Retry-After said twice, garbage last", .answer = SCRIPT(SEND(AFTER("Retry-After: 5\r\nRetry-After: x\r\n"))), .status = 429, .body = "" },
	{ "Date, garbage", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n")), .status = 200, .body = "" },

	/* Cuts. */
	{ "cut mid-body", .answer = SCRIPT(SEND(OK_HEAD "Content-Length: 100\r\n\r\n{\"Ret"), CLOSE), .error = UV_EOF, .class = CLASS_NETWORK, .text = "the answer was cut after 5 of 100 bytes" },
	{ "cut before the body", .answer = SCRIPT(SEND(OK_HEAD "Content-Length: 100\r\n\r\n"), CLOSE), .error = UV_EOF, .class = CLASS_NETWORK, .text = "the answer was cut after 0 of 100 bytes" },
	{ "cut mid-chunk", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"Ret"), CLOSE), .error = UV_EOF, .class = CLASS_NETWORK, .text = "the answer was cut after 5 bytes" },
	{ "cut without a length: only the envelope can tell", .answer = SCRIPT(SEND(OK_HEAD "\r\n{\"Ret"), CLOSE), .status = 200, .body = "{\"Ret", .content_type = "application/json" },
	{ "cut in the headers", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nContent-"), CLOSE), .error = UV_EOF, .class = CLASS_NETWORK, .text = "the answer was cut in its headers" },
	{ "cut after a 100 Continue", .answer = SCRIPT(SEND("HTTP/1.1 100 Continue\r\n\r\n"), CLOSE), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "127.0.0.1" },
	{ "closed at accept", .at_accept = SCRIPT(CLOSE), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "127.0.0.1" },
	{ "closed after the request", .answer = SCRIPT(CLOSE), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "closed without an answer by 127.0.0.1" },
	{ "reset at accept", .at_accept = SCRIPT(RESET), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "127.0.0.1" },
	{ "reset after the request", .answer = SCRIPT(RESET), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "the connection broke, receiving from 127.0.0.1: connection reset by peer" },
	{ "reset mid-body", .answer = SCRIPT(SEND(OK_HEAD "Content-Length: 100\r\n\r\n{\"Ret"), RESET), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "127.0.0.1" },
	{ "reset after the whole answer", .answer = SCRIPT(SEND(OK_ANSWER), RESET), .status = 200, .body = OK_BODY, .content_type = "application/json" },

	/* Sizes. */
	{ "as long as the cap", .cap = 13, .answer = SCRIPT(SEND(OK_ANSWER)), .status = 200, .body = OK_BODY, .content_type = "application/json" },
	{ "one byte longer than the cap", .cap = 12, .answer = SCRIPT(SEND(OK_ANSWER)), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "the answer is longer than 12 bytes" },
	{ "endless, chunked", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"), FLOOD("400\r\n" K1("x") "\r\n")), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "the answer is longer than 1 MiB" },
	{ "endless, without a length", .answer = SCRIPT(SEND(OK_HEAD "\r\n"), FLOOD(K16("x"))), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "1 MiB" },
	{ "gzip", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 51\r\n\r\n"), SEND_BYTES(GZIP_ANSWER)), .status = 200, .body = GZIP_BODY, .content_type = "application/json" },
	{ "gzip in slices of one byte", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: GZIP\r\n\r\n"), { .kind = FAKE_SEND, .bytes = GZIP_ANSWER, .len = sizeof(GZIP_ANSWER) - 1, .slice = 1 }, CLOSE), .status = 200, .body = GZIP_BODY, .content_type = "application/json" },
	{ "gzip, the cap counts decoded bytes", .cap = 31, .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 51\r\n\r\n"), SEND_BYTES(GZIP_ANSWER)), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "31 bytes" },
	{ "gzip bomb of a GiB", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\n\r\n"), SEND_BYTES(BOMB_HEAD), BOMB_TAIL, CLOSE), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "the answer is longer than 1 MiB" },
	{ "gzip, damaged", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 13\r\n\r\n{\"RetCode\":0}")), .error = UV_EPROTO, .class = CLASS_MALFORMED, .text = "damaged compression in the answer of 127.0.0.1" },
	{ "gzip, cut", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 51\r\n\r\n"), { .kind = FAKE_SEND, .bytes = GZIP_ANSWER, .len = 30 }, CLOSE), .error = UV_EOF, .class = CLASS_NETWORK, .text = "cut after 30 of 51 bytes" },
	{ "gzip twice", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip, gzip\r\n\r\n"), FLOOD(K1("x"))), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "an encoding that was not asked for" },
	{ "gzip twice, in two headers", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n"), FLOOD(K1("x"))), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "an encoding that was not asked for" },
	{ "deflate", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: deflate\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "not asked for in the answer of 127.0.0.1" },
	{ "br", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "not asked for" },
	{ "zstd", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding:zstd\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "not asked for" },
	{ "an encoding hidden behind blanks", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: " B256(" ") ", br\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "not asked for" },
	{ "gzip as a transfer encoding", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "not asked for" },
	{ "identity", .answer = SCRIPT(SEND(OK_HEAD "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}")), .status = 200, .body = "{}", .content_type = "application/json" },

	/* Headers. */
	{ "a header of 60 KiB", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nX: " K16("x") K16("x") K16("x") K4("x") K4("x") K4("x") "\r\nContent-Length: 2\r\n\r\n{}")), .status = 200, .body = "{}" },
	{ "a header of 100 KiB", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nX: " K64("x") K16("x") K16("x") K4("x") "\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "headers from 127.0.0.1" },
	{ "an endless header", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nX: "), FLOOD(K16("x"))), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "headers from 127.0.0.1" },
	{ "endless headers", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\n"), FLOOD("X: y\r\n")), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "more than 64 KiB of headers from 127.0.0.1" },
	{ "endless 100 Continue", .answer = SCRIPT(FLOOD("HTTP/1.1 100 Continue\r\n\r\n")), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "more than 64 KiB of headers from 127.0.0.1" },
	{ "endless trailers", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n"), FLOOD("X: y\r\n")), .error = UV_EFBIG, .class = CLASS_OVERSIZED, .text = "more than 64 KiB of headers from 127.0.0.1" },
	{ "NUL in a header", .answer = SCRIPT(SEND_BYTES("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP in the answer of 127.0.0.1" },
	{ "bytes that are no UTF-8 in a header", .answer = SCRIPT(SEND("HTTP/1.1 200 \xff\r\nX\xc3: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}")), .status = 200, .body = "{}" },
	{ "a length that is no number", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"), CLOSE), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP" },
	{ "a length beyond 64 bits", .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}"), CLOSE), .status = 200, .body = "{}" },
	{ "a chunk of no known length", .answer = SCRIPT(SEND(OK_HEAD "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n")), .error = UV_ECONNRESET, .class = CLASS_NETWORK, .text = "in chunked-encoding" },

	/* Not HTTP. */
	{ "garbage", .answer = SCRIPT(SEND("\x16\x03\x01 what? no!\r\n\r\n"), CLOSE), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP in the answer of 127.0.0.1" },
	{ "JSON without HTTP", .answer = SCRIPT(SEND(OK_BODY), CLOSE), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP" },
	{ "an answer before the request", .at_accept = SCRIPT(SEND("220 smtp.example.org ESMTP\r\n"), CLOSE), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP" },
	{ "an unknown version", .answer = SCRIPT(SEND("HTTP/7.7 200 OK\r\nContent-Length: 2\r\n\r\n{}")), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP" },
	{ "a status that is no number", .answer = SCRIPT(SEND("HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\n{}"), CLOSE), .error = UV_EPROTO, .class = CLASS_HTTP, .text = "no valid HTTP" },

	/* Time. */
	{ "silent", .timeout_ms = SHORT_MS, .answer = SCRIPT(SILENCE), .error = UV_ETIMEDOUT, .class = CLASS_TIMEOUT, .text = "no answer from 127.0.0.1 within " },
	{ "stops in the headers", .timeout_ms = SHORT_MS, .answer = SCRIPT(SEND("HTTP/1.1 200 OK\r\n")), .error = UV_ETIMEDOUT, .class = CLASS_TIMEOUT, .text = "no complete answer from 127.0.0.1 within " },
	{ "stops in the body", .timeout_ms = SHORT_MS, .answer = SCRIPT(SEND(OK_HEAD "Content-Length: 9\r\n\r\n{")), .error = UV_ETIMEDOUT, .class = CLASS_TIMEOUT, .text = "no complete answer from 127.0.0.1 within " },
	{ "drips", .answer = SCRIPT(SEND(OK_HEAD "Content-Length: 99999\r\n\r\n"), DRIP("x", 50)), .error = UV_ETIMEDOUT, .class = CLASS_TIMEOUT, .text = "less than 100 bytes a second for 10 s from 127.0.0.1" },
};
/* clang-format on */

struct probe {
	struct http_exchange x;
	struct http_client *client;
	struct fake_server server;
	int calls;
	bool closed;
};

static void on_closed(void *data)
{
	((struct probe *)data)->closed = true;
}

static void on_done(struct http_exchange *x)
{
	struct probe *p = container_of(x, struct probe, x);

	p->calls++;
	assert_null(x->transfer);
	http_client_close(p->client, on_closed, p);
	fake_server_close(&p->server);
}

static void check_failed(const struct row *row, const struct http_exchange *x)
{
	if (x->error != row->error || !strstr(x->error_text, row->text ? row->text : "?"))
		print_error("%s: %s, %s\n", row->name,
			    x->error ? uv_err_name(x->error) : "no error", x->error_text);
	assert_int_equal(x->error, row->error);
	assert_int_equal(x->class, row->class);
	assert_non_null(strstr(x->error_text, row->text));
	if (row->timeout_ms) /* what it measured: on a slow machine it is more */
		assert_true(strtod(strstr(x->error_text, row->text) + strlen(row->text), NULL) >=
			    SHORT_MS / 1000.0);
	assert_int_equal(x->status, 0);
	assert_int_equal(x->response.len, 0);
	assert_null(strstr(x->error_text, "Signature"));
	assert_null(strstr(x->error_text, "canary"));
	assert_null(strstr(x->error_text, "http://"));
}

static void check_answered(const struct row *row, const struct http_exchange *x)
{
	if (x->error)
		print_error("%s: %s\n", row->name, x->error_text);
	assert_int_equal(x->error, 0);
	assert_int_equal(x->class, CLASS_NONE);
	assert_string_equal(x->error_text, "");
	assert_int_equal(x->status, row->status);
	assert_string_equal(buf_text(&x->response), row->body);
	assert_string_equal(x->content_type, row->content_type ? row->content_type : "");
	assert_int_equal(x->retry_after_s, row->retry_after_s ? row->retry_after_s : -1);
	assert_int_equal(x->date_s, row->date_s ? row->date_s : -1);
	assert_true(x->received_bytes > 0);
}

static long resident_most_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void exchanges_row(void **state)
{
	const struct row *row = *state;
	struct probe *p = calloc(1, sizeof(*p));
	uv_loop_t loop;
	char url[128];
	long before_kib = resident_most_kib();

	assert_non_null(p);
	assert_int_equal(uv_loop_init(&loop), 0);
	fake_server_open(&p->server, &loop);
	p->server.at_accept = row->at_accept;
	p->server.answer = row->answer;
	assert_int_equal(http_client_open(&p->client, &loop), 0);
	snprintf(url, sizeof(url), "%s/?Action=DescribeImage&Signature=canary", p->server.url);
	p->x = (struct http_exchange){ .method = "GET",
				       .url = url,
				       .timeout_ms = row->timeout_ms ? row->timeout_ms : PATIENT_MS,
				       .body_max_bytes = row->cap ? row->cap : CAP,
				       .done = on_done };
	assert_int_equal(http_client_submit(p->client, &p->x), 0);
	assert_int_equal(p->calls, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0); /* no handle leaked */
	assert_true(p->closed);
	assert_int_equal(p->calls, 1);
	assert_int_equal(p->server.connections, 1);
	if (row->error)
		check_failed(row, &p->x);
	else
		check_answered(row, &p->x);
	/* Whatever was sent: little was read, and little was kept. */
	assert_true(p->server.sent_bytes < 16u << 20);
	assert_true(resident_most_kib() - before_kib < 16 << 10);
	http_exchange_clear(&p->x);
	free(p);
}

int main(void)
{
	static const char *const proxies[] = { "http_proxy",  "HTTP_PROXY", "https_proxy",
					       "HTTPS_PROXY", "all_proxy",  "ALL_PROXY" };
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
		if (setenv(proxies[i], "http://127.0.0.1:1", 1) != 0)
			return 1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(exchanges_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
