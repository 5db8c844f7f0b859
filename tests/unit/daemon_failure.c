#include "daemon/failure.h"

#include <string.h>
#include <uv.h>

#include "providers/registry.h"
#include "store/store.h"
#include "tests/test.h"

extern const struct provider provider_ucloud, provider_qingcloud;

/* clang-format off */
static const struct row {
	const char *name;
	const struct provider *provider;
	struct http_exchange x;
	struct page page;
	bool read;
	enum error_class class;
	unsigned tries;
	const char *sentence;
	bool clock_doubted;
} rows[] = {
	{ "signature refused", &provider_ucloud, { .status = 200 },
	  { .code = 171, .message = "Signature VerifyAC Error" }, true, CLASS_AUTH, 1,
	  "signature refused by api.ucloud.cn (RetCode 171 \"Signature VerifyAC Error\"): check private_key of account 'prod'" },
	{ "unknown account", &provider_ucloud, { .status = 200 }, { .code = 172 }, true, CLASS_AUTH, 1,
	  "account unknown to api.ucloud.cn (RetCode 172): check public_key of account 'prod'" },
	{ "QingCloud's signature", &provider_qingcloud, { .status = 200 },
	  { .code = 1200, .message = "AuthFailure, signature not matched" }, true, CLASS_AUTH, 1,
	  "signature refused by api.ucloud.cn (ret_code 1200 \"AuthFailure, signature not matched\"): "
	  "check secret_access_key of account 'prod'" },
	{ "a stale stamp is signed anew once", &provider_qingcloud, { .status = 200 }, { .code = 1300 }, true, CLASS_AUTH, 2,
	  "time stamp refused by api.ucloud.cn (ret_code 1300): check the clock of this machine" },
	{ "throttled in HTTP 200", &provider_ucloud, { .status = 200 }, { .code = 153 }, true, CLASS_THROTTLED, 2,
	  "too many requests at api.ucloud.cn (RetCode 153)" },
	{ "transient", &provider_ucloud, { .status = 200 }, { .code = 8889 }, true, CLASS_UNAVAILABLE, 3,
	  "service unavailable at api.ucloud.cn (RetCode 8889)" },
	{ "a code nobody documented", &provider_ucloud, { .status = 200 }, { .code = 9999 }, true, CLASS_UNAVAILABLE, 2,
	  "service unavailable at api.ucloud.cn (RetCode 9999)" },
	{ "a negative code is no success", &provider_ucloud, { .status = 200 }, { .code = -1 }, true, CLASS_UNAVAILABLE, 2,
	  "service unavailable at api.ucloud.cn (RetCode -1)" },
	{ "HTTP 500", &provider_ucloud, { .status = 500 }, { .code = 0 }, false, CLASS_UNAVAILABLE, 3,
	  "service unavailable at api.ucloud.cn (HTTP 500)" },
	{ "HTTP 429", &provider_ucloud, { .status = 429 }, { .code = 0 }, false, CLASS_THROTTLED, 2,
	  "too many requests at api.ucloud.cn (HTTP 429)" },
	{ "HTTP 302", &provider_ucloud, { .status = 302 }, { .code = 0 }, false, CLASS_HTTP, 1,
	  "unexpected answer of api.ucloud.cn (HTTP 302): redirects are not followed, check the endpoint" },
	{ "HTTP 204", &provider_ucloud, { .status = 204 }, { .code = 0 }, false, CLASS_HTTP, 1,
	  "unexpected answer of api.ucloud.cn (HTTP 204)" },
	{ "no network", &provider_ucloud, { .error = UV_ECONNREFUSED, .class = CLASS_NETWORK, .error_text = "connection refused" },
	  { .code = 0 }, false, CLASS_NETWORK, 3, "api.ucloud.cn failed: connection refused" },
	{ "TLS", &provider_ucloud, { .error = UV_EPROTO, .class = CLASS_TLS, .error_text = "unknown certificate authority" },
	  { .code = 0 }, false, CLASS_TLS, 1,
	  "api.ucloud.cn failed: unknown certificate authority: check endpoint and ca_file of account 'prod'" },
	{ "out of date", &provider_ucloud, { .error = UV_EPROTO, .class = CLASS_TLS, .error_text = "it has expired", .out_of_date = true },
	  { .code = 0 }, false, CLASS_TLS, 1,
	  "api.ucloud.cn failed: it has expired: check endpoint and ca_file of account 'prod'" },
	{ "out of date, and the clock is odd", &provider_ucloud, { .error = UV_EPROTO, .class = CLASS_TLS, .error_text = "it is not yet valid", .out_of_date = true },
	  { .code = 0 }, false, CLASS_TLS, 1,
	  "api.ucloud.cn failed: it is not yet valid: check the clock of this machine: it says 1970-01-01T00:00:00Z", true },
	{ "another certificate, and the clock is odd", &provider_ucloud, { .error = UV_EPROTO, .class = CLASS_TLS, .error_text = "unknown certificate authority" },
	  { .code = 0 }, false, CLASS_TLS, 1,
	  "api.ucloud.cn failed: unknown certificate authority: check endpoint and ca_file of account 'prod'", true },
	{ "no JSON", &provider_ucloud, { .status = 200 }, { .class = CLASS_MALFORMED, .error = "it is HTML" }, true,
	  CLASS_MALFORMED, 2, "the answer of api.ucloud.cn cannot be used: it is HTML" },
};
/* clang-format on */

static void judges_row(void **state)
{
	const struct row *row = *state;
	const struct config_account account = { .name = "prod",
						.cloud = "api.ucloud.cn",
						.provider = row->provider };
	const struct page *page = row->read ? &row->page : NULL;
	struct http_exchange x = row->x;
	struct buf sentence;

	x.retry_after_s = -1;
	struct failure f = failure_judge(row->provider, &x, page);
	assert_string_equal(error_class_text(f.class), error_class_text(row->class));
	assert_int_equal(f.tries_max, row->tries);
	buf_init(&sentence);
	failure_put(&sentence, &f, &account, &x, page, 0, row->clock_doubted);
	assert_string_equal(buf_text(&sentence), row->sentence);
	buf_finish(&sentence);
}

/* A signature that is refused for its time: by how much this machine is wrong. */
static void compares_the_clocks(void **state)
{
	static const struct error_code expired = { .class = CLASS_AUTH, .check = CHECK_CLOCK };
	static const struct {
		int64_t server_s, now_s;
		const char *advice;
	} rows_of_clocks[] = {
		{ 1000312, 1000000, ": the clock of this machine is 312 s behind" },
		{ 1000000, 1000045, ": the clock of this machine is 45 s ahead" },
		{ 1000000, 1000005, ": check the clock of this machine" },
		{ -1, 1000000, ": check the clock of this machine" },
	};
	const struct config_account account = { .name = "qc",
						.cloud = "api.qingcloud.com",
						.provider = &provider_ucloud };
	const struct failure f = { .class = CLASS_AUTH, .code = &expired };
	const struct page page = { .code = 1300 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows_of_clocks); i++) {
		struct http_exchange x = { .status = 200, .date_s = rows_of_clocks[i].server_s };
		struct buf sentence;
		buf_init(&sentence);
		failure_put(&sentence, &f, &account, &x, &page, rows_of_clocks[i].now_s, true);
		const char *end = strrchr(buf_text(&sentence), ')') + 1;
		assert_string_equal(end, rows_of_clocks[i].advice);
		buf_finish(&sentence);
	}
}

/* Over every code that fits into the field: success is 0 and nothing else. */
static void only_zero_is_success(void **state)
{
	struct http_exchange x = { .status = 200 };

	(void)state;
	for (int64_t code = -70000; code <= 300000; code++) {
		struct page page = { .code = code };
		for (const struct provider *const *p = builtin_providers; *p; p++)
			assert_int_equal(failure_judge(*p, &x, &page).class == CLASS_NONE,
					 code == 0);
	}
}

static void every_class_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(error_class_text(CLASS_NONE), "");
	for (int c = CLASS_NONE + 1; c < CLASS_COUNT; c++)
		assert_true(strlen(error_class_text((enum error_class)c)) > 2);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 2] = {
		cmocka_unit_test(only_zero_is_success),
		cmocka_unit_test(compares_the_clocks),
		cmocka_unit_test(every_class_has_a_word),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[2 + i] = (struct CMUnitTest)TEST_ROW(judges_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
