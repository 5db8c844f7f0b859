#include "base/crypto.h"
#include "http/encode.h"
#include "tests/test.h"

#include <string.h>

struct encode_row {
	const char *name;
	const char *method, *endpoint, *path, *action;
	struct request_param params[3];
	const char *url, *body;
};

#define ZH "\xe9\x95\x9c\xe5\x83\x8f" /* 镜像 */

/* clang-format off */
static const struct encode_row encode_rows[] = {
	{ "GET puts all into the query", "GET", "https://h/iaas/", "/iaas/", NULL,
	  { { "action", "DescribeImages" }, { "zone", "pek3" } },
	  "https://h/iaas/?action=DescribeImages&zone=pek3", "" },
	{ "POST puts all into the form, the action into both", "POST", "https://h/", "/", "Action",
	  { { "Action", "DescribeImage" }, { "Limit", "100" } },
	  "https://h/?Action=DescribeImage", "Action=DescribeImage&Limit=100" },
	{ "POST with no action parameter to show", "POST", "https://h/", "/", NULL,
	  { { "Limit", "100" } }, "https://h/", "Limit=100" },
	{ "POST whose action is not there", "POST", "https://h/", "/", "Action",
	  { { "Limit", "100" } }, "https://h/", "Limit=100" },
	{ "no parameters", "GET", "https://h/", "/", NULL, { { NULL, NULL } }, "https://h/", "" },
	{ "an endpoint without a slash", "GET", "http://h:8480", "/", NULL,
	  { { "a", "b" } }, "http://h:8480/?a=b", "" },
	{ "an endpoint without a slash, its own path", "GET", "http://h", NULL, NULL,
	  { { "a", "b" } }, "http://h/?a=b", "" },
	{ "the endpoint's own path", "GET", "http://h/iaas", "", NULL,
	  { { "a", "b" } }, "http://h/iaas?a=b", "" },
	{ "the signed path wins", "GET", "http://h/old/", "/new/", NULL,
	  { { "a", "b" } }, "http://h/new/?a=b", "" },
	{ "a path without a slash", "GET", "http://h", "iaas/", NULL,
	  { { "a", "b" } }, "http://h/iaas/?a=b", "" },
	{ "an endpoint with a query and a fragment", "GET", "http://h/p?x=1#y", NULL, NULL,
	  { { "a", "b" } }, "http://h/p?a=b", "" },
	{ "an endpoint with a query and no path", "GET", "http://h?x=/1", NULL, NULL,
	  { { "a", "b" } }, "http://h/?a=b", "" },
	{ "delimiters", "GET", "https://h/", "/", NULL,
	  { { "k", "&=%@/?#" } }, "https://h/?k=%26%3D%25%40%2F%3F%23", "" },
	{ "space is %20, plus is %2B", "POST", "https://h/", "/", NULL,
	  { { "k", "a b+c" } }, "https://h/", "k=a%20b%2Bc" },
	{ "unreserved stay, star does not", "GET", "https://h/", "/", NULL,
	  { { "k", "aZ09-_.~*" } }, "https://h/?k=aZ09-_.~%2A", "" },
	{ "Chinese, in name and value", "GET", "https://h/", "/", NULL,
	  { { ZH, ZH } },
	  "https://h/?%E9%95%9C%E5%83%8F=%E9%95%9C%E5%83%8F", "" },
	{ "control characters and bytes above 0x7f", "POST", "https://h/", "/", NULL,
	  { { "k", "\r\n\x01\x7f\xff" } }, "https://h/", "k=%0D%0A%01%7F%FF" },
	{ "names are encoded", "GET", "https://h/", "/", NULL,
	  { { "Filter.0[a]", "1" } }, "https://h/?Filter.0%5Ba%5D=1", "" },
	{ "an empty and a missing value", "GET", "https://h/", "/", NULL,
	  { { "a", "" }, { "b", NULL } }, "https://h/?a=&b=", "" },
	{ "the action is encoded in the URL as well", "POST", "https://h/", "/", "Action",
	  { { "Action", "A&B" } }, "https://h/?Action=A%26B", "Action=A%26B" },
};
/* clang-format on */

static void encodes_row(void **state)
{
	const struct encode_row *row = *state;
	struct request request = { .method = row->method, .path = row->path };
	struct buf url, body;

	buf_init(&url);
	buf_init(&body);
	buf_puts(&url, "of the last request");
	buf_puts(&body, "of the last request");
	for (size_t i = 0; i < ARRAY_LEN(row->params) && row->params[i].name; i++)
		request.params[request.count++] = row->params[i];
	assert_int_equal(request_encode(&request, row->endpoint, row->action, &url, &body), 0);
	assert_string_equal(buf_text(&url), row->url);
	assert_string_equal(buf_text(&body), row->body);
	crypto_finish(&url);
	crypto_finish(&body);
}

struct url_row {
	const char *name; /* the URL */
	const char *host, *path;
};

/* clang-format off */
static const struct url_row url_rows[] = {
	{ "https://api.ucloud.cn/",             "api.ucloud.cn",      "/" },
	{ "https://api.qingcloud.com/iaas/",    "api.qingcloud.com",  "/iaas/" },
	{ "https://api.qingcloud.com/iaas",     "api.qingcloud.com",  "/iaas" },
	{ "http://127.0.0.1:8481",              "127.0.0.1",          "/" },
	{ "http://127.0.0.1:8481/a/b?c=/d#/e",  "127.0.0.1",          "/a/b" },
	{ "http://h?a=b",                       "h",                  "/" },
	{ "http://h#a/b",                       "h",                  "/" },
	{ "http://u:p@h:1/x",                   "h",                  "/x" },
	{ "http://u@x:p@h:1/x",                 "h",                  "/x" },
	{ "http://[::1]:8481/x",                "[::1]",              "/x" },
	{ "http://[::1]",                       "[::1]",              "/" },
	{ "http://[::1",                        "[",                  "/" },
	{ "proxy.corp:3128",                    "proxy.corp",         "/" },
	{ "user:word@proxy.corp:3128",          "proxy.corp",         "/" },
	{ "https://",                           "",                   "/" },
	{ "",                                   "",                   "/" },
	{ "http:///x",                          "",                   "/x" },
	{ "http://h/x@y",                       "h",                  "/x@y" },
};
/* clang-format on */

static void takes_url_apart(void **state)
{
	const struct url_row *row = *state;
	struct buf path;
	size_t len;

	buf_init(&path);
	assert_int_equal(url_path(row->name, &path), 0);
	assert_string_equal(buf_text(&path), row->path);
	const char *host = url_host(row->name, &len);
	assert_int_equal(len, strlen(row->host));
	assert_memory_equal(host, row->host, len);
	buf_finish(&path);
}

/* A table as large as a request can be, every value three times as long once encoded. */
static void keeps_every_parameter(void **state)
{
	struct request request = { .method = "GET", .path = "/" };
	struct buf url, body;

	(void)state;
	buf_init(&url);
	buf_init(&body);
	while (request_add(&request, "k", "&&&&"))
		;
	assert_int_equal(request.count, REQUEST_PARAMS_MAX);
	assert_int_equal(request_encode(&request, "http://h", NULL, &url, &body), 0);
	assert_int_equal(url.len, strlen("http://h/?") +
					  REQUEST_PARAMS_MAX * strlen("k=%26%26%26%26") +
					  REQUEST_PARAMS_MAX - 1);
	buf_finish(&url);
	buf_finish(&body);
}

static long fault_in = -1;
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_realloc(void *old, size_t size)
{
	return fault_in >= 0 && fault_in-- == 0 ? NULL : __real_realloc(old, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return __real_malloc(size);
}

static void survives_every_fault(void **state)
{
	const struct encode_row *row = &encode_rows[1];
	struct request request = { .method = row->method,
				   .path = row->path,
				   .params = { row->params[0], row->params[1] },
				   .count = 2 };
	struct buf url, body;
	int rc = -1;

	(void)state;
	for (long n = 0; rc != 0; n++) {
		buf_init(&url);
		buf_init(&body);
		fault_in = n;
		rc = request_encode(&request, row->endpoint, row->action, &url, &body);
		bool hit = fault_in < 0;
		fault_in = -1;
		assert_int_equal(rc, hit ? -12 /* ENOMEM */ : 0);
		buf_finish(&url);
		buf_finish(&body);
		assert_true(n < 10);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(encode_rows) + ARRAY_LEN(url_rows) + 2];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(encode_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(encodes_row, &encode_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(url_rows); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(takes_url_apart, &url_rows[i]);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(keeps_every_parameter);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(survives_every_fault);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
