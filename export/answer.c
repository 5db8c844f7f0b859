#include "export/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void answer_init(struct answer *answer)
{
	*answer = (struct answer){ .seq = -1 };
}

void answer_finish(struct answer *answer)
{
	buf_finish(&answer->body);
	buf_finish(&answer->etag);
	buf_finish(&answer->link);
}

struct buf *answer_begin(struct answer *answer, int status, const char *type)
{
	answer->status = status;
	answer->type = type;
	buf_clear(&answer->body);
	return &answer->body;
}

/* ---- problems ---------------------------------------------------------------------------- */

static const char *title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 421, "Misdirected Request" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Internal Server Error";
}

static struct buf *begin_problem(struct answer *answer, int status, const char *detail)
{
	struct buf *out = answer_begin(answer, status, TYPE_PROBLEM);

	buf_finish(&answer->etag);
	buf_finish(&answer->link);
	buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":",
		   title_of(status), status);
	text_put_json(out, detail);
	return out;
}

void answer_problem(struct answer *answer, int status, const char *detail)
{
	struct buf *out = begin_problem(answer, status, detail);

	buf_puts(out, "}\n");
}

void answer_bad_parameter(struct answer *answer, const char *parameter, const char *wanted)
{
	char detail[512];

	snprintf(detail, sizeof(detail), "%s must be %s", parameter, wanted);
	struct buf *out = begin_problem(answer, 400, detail);
	buf_puts(out, ",\"errors\":[{\"parameter\":");
	text_put_json(out, parameter);
	buf_puts(out, ",\"detail\":");
	snprintf(detail, sizeof(detail), "must be %s", wanted);
	text_put_json(out, detail);
	buf_puts(out, "}]}\n");
}

void answer_gone(struct answer *answer, const char *detail, int64_t oldest_seq, int64_t seq)
{
	struct buf *out = begin_problem(answer, 410, detail);

	buf_printf(out, ",\"oldest_seq\":%lld,\"seq\":%lld}\n", (long long)oldest_seq,
		   (long long)seq);
}

/* ---- sending ----------------------------------------------------------------------------- */

void answer_hide_markup(struct buf *json)
{
	struct buf hidden;
	size_t at = 0;

	if (!json->len || !memchr(json->bytes, '<', json->len))
		return;
	buf_init(&hidden);
	while (at < json->len) {
		const char *next = memchr(json->bytes + at, '<', json->len - at);
		size_t plain = next ? (size_t)(next - json->bytes) - at : json->len - at;
		buf_put(&hidden, json->bytes + at, plain);
		if (next)
			buf_puts(&hidden, "\\u003c");
		at += plain + (next != NULL);
	}
	hidden.failed |= json->failed;
	buf_finish(json);
	*json = hidden;
}

void answer_send(struct answer *answer, struct http_request *request)
{
	char seq[32];
	/* clang-format off */
	struct http_header headers[14] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cache-Control", "no-cache" },
	};
	/* clang-format on */
	size_t n = 5;

	snprintf(seq, sizeof(seq), "%lld", (long long)answer->seq);
	if (answer->type && answer->status != 304)
		headers[n++] = (struct http_header){ "Content-Type", answer->type };
	if (answer->etag.len)
		headers[n++] = (struct http_header){ "ETag", buf_text(&answer->etag) };
	if (answer->link.len)
		headers[n++] = (struct http_header){ "Link", buf_text(&answer->link) };
	if (answer->seq >= 0)
		headers[n++] = (struct http_header){ "X-Catalog-Seq", seq };
	if (answer->allow)
		headers[n++] = (struct http_header){ "Allow", answer->allow };
	if (answer->encoding)
		headers[n++] = (struct http_header){ "Content-Encoding", answer->encoding };
	if (answer->vary)
		headers[n++] = (struct http_header){ "Vary", answer->vary };
	if (answer->status == 401)
		headers[n++] = (struct http_header){ "WWW-Authenticate", "Bearer" };
	if (answer->status == 503)
		headers[n++] = (struct http_header){ "Retry-After", "5" };
	static_assert(ARRAY_LEN(headers) > 5 + 8, "the longest list and its end");
	if (answer->etag.failed || answer->link.failed)
		answer->body.failed = true; /* a 500 */
	http_reply(request, answer->status ? answer->status : 500, headers, &answer->body);
	answer_finish(answer);
	answer_init(answer);
}
