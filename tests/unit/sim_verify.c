/*
 * The simulator's verifier against digests that it did not compute: the strings to sign of
 * fixtures/sign_vectors.json go through the `openssl` command, and the published values beside
 * them.
 */
#include "sim/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

struct vector {
	const char *name;      /* in the fixture */
	const char *algorithm; /* NULL: UCloud's SHA-1; else QingCloud's signature_method */
	const char *key;
	const char *method, *path;
	const char *params; /* as a query */
};

/* clang-format off */
static const struct vector vectors[] = {
	{ "describe_uhost", NULL, "46f09bb9fab4f12dfc160dae12273d5332b5debe", NULL, NULL,
	  "Action=DescribeUHostInstance&Region=cn-bj2&Limit=10"
	  "&PublicKey=ucloudsomeone%40example.com1296235120854146120&Signature=x" },
	{ "create_uhost", NULL, "46f09bb9fab4f12dfc160dae12273d5332b5debe", NULL, NULL,
	  "Zone=cn-bj2-04&Action=CreateUHostInstance&CPU=2&ChargeType=Month&DiskSpace=10"
	  "&ImageId=f43736e1-65a5-4bea-ad2e-8a46e18883c2&LoginMode=Password&Memory=2048&Name=Host01"
	  "&Password=VUNsb3VkLmNu&PublicKey=ucloudsomeone%40example.com1296235120854146120&Quantity=1"
	  "&Region=cn-bj2" },
	{ "py_doctest_1", NULL, "my_private_key", NULL, NULL, "foo=bar" },
	{ "py_doctest_2", NULL, "my_private_key", NULL, NULL, "foo=bar&PublicKey=my_public_key" },
	{ "docs_pek3a", "HmacSHA256", "SECRETACCESSKEY", "GET", "/iaas/",
	  "zone=pek3a&access_key_id=QYACCESSKEYIDEXAMPLE&action=RunInstances&count=1"
	  "&image_id=centos64x86a&instance_name=demo&instance_type=small_b&login_mode=passwd"
	  "&login_passwd=QingCloud20130712&signature_method=HmacSHA256&signature_version=1"
	  "&time_stamp=2013-08-27T14%3A30%3A10Z&version=1&vxnets.1=vxnet-0&signature=x" },
	{ "sdk_noslash_noversion", "HmacSHA256", "ENV_SECRET_ACCESS_KEY", "GET", "/iaas",
	  "action=DescribeInstance&instance.0=i-xxxxxxxx&verbose=1&signature_method=HmacSHA256"
	  "&signature_version=1&time_stamp=0001-01-01T00%3A00%3A00Z&access_key_id=ENV_ACCESS_KEY_ID" },
	{ "COMPUTED_sha1_over_docs_pek3a_string", "HmacSHA1", "SECRETACCESSKEY", "GET", "/iaas/",
	  "zone=pek3a&access_key_id=QYACCESSKEYIDEXAMPLE&action=RunInstances&count=1"
	  "&image_id=centos64x86a&instance_name=demo&instance_type=small_b&login_mode=passwd"
	  "&login_passwd=QingCloud20130712&signature_method=HmacSHA256&signature_version=1"
	  "&time_stamp=2013-08-27T14%3A30%3A10Z&version=1&vxnets.1=vxnet-0" },
};
/* clang-format on */

static char *fixture; /* the whole file */

static int read_fixture(void **state)
{
	FILE *file = fopen(FIXTURES "/sign_vectors.json", "re");

	(void)state;
	assert_non_null(file);
	fixture = calloc(1, 1 << 16);
	assert_non_null(fixture);
	assert_true(fread(fixture, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return 0;
}

static int free_fixture(void **state)
{
	(void)state;
	free(fixture);
	return 0;
}

/* The text of `"key": "..."` after the vector's name, unescaped; false past the vector's end. */
static bool fixture_text(const char *vector, const char *key, char *out, size_t size)
{
	char wanted[96];
	size_t n = 0;

	snprintf(wanted, sizeof(wanted), "\"name\": \"%s\"", vector);
	const char *at = strstr(fixture, wanted);
	assert_non_null(at);
	const char *end = strstr(at, "\n },");
	snprintf(wanted, sizeof(wanted), "\"%s\": \"", key);
	at = strstr(at, wanted);
	if (!at || (end && at > end))
		return false;
	for (at += strlen(wanted); *at != '"'; at++) {
		assert_true(n + 1 < size);
		if (*at == '\\' && at[1] == 'n') {
			out[n++] = '\n';
			at++;
		} else {
			out[n++] = *at;
		}
	}
	out[n] = '\0';
	return true;
}

/* What the openssl command prints for the string. */
static void openssl_digest(const struct vector *vector, const char *text, char *out, size_t size)
{
	char path[] = "/tmp/imagecat-sign-XXXXXX";
	char command[256];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	if (vector->algorithm)
		snprintf(command, sizeof(command),
			 "openssl dgst -%s -hmac %s -binary %s | openssl base64 -A",
			 strcmp(vector->algorithm, "HmacSHA1") == 0 ? "sha1" : "sha256",
			 vector->key, path);
	else
		snprintf(command, sizeof(command), "openssl dgst -sha1 -r %s | cut -c1-40", path);
	FILE *answer = popen(command, "re");
	assert_non_null(answer);
	assert_non_null(fgets(out, (int)size, answer));
	out[strcspn(out, "\n")] = '\0';
	assert_int_equal(pclose(answer), 0);
	remove(path);
}

static void agrees_with_openssl(void **state)
{
	const struct vector *vector = *state;
	struct http_params params;
	char text[2048], published[128], theirs[128], ours[64];

	assert_true(fixture_text(vector->name, "string_to_sign", text, sizeof(text)));
	openssl_digest(vector, text, theirs, sizeof(theirs));
	assert_int_equal(http_params_parse(&params, vector->params, strlen(vector->params)), 0);
	if (vector->algorithm)
		assert_int_equal(verify_qingcloud_digest(vector->method, vector->path,
							 strlen(vector->path), &params,
							 vector->algorithm, vector->key, ours),
				 0);
	else
		assert_int_equal(verify_ucloud_digest(&params, vector->key, ours), 0);
	http_params_finish(&params);
	assert_string_equal(ours, theirs);
	assert_true(fixture_text(vector->name, vector->algorithm ? "signature_b64" : "expected",
				 published, sizeof(published)));
	assert_string_equal(ours, published);
}

/* ---- verdicts ---- */

struct verdict_row {
	const char *name;
	const char *query; /* %s is the place of the good signature */
	enum verdict verdict;
	int64_t late_s;
};

#define UCLOUD "Action=A&PublicKey=ucloudsomeone%%40example.com1296235120854146120"
#define QING                                                                                       \
	"access_key_id=QYACCESSKEYIDEXAMPLE&action=A&signature_method=HmacSHA256"                  \
	"&signature_version=1&time_stamp=2013-08-27T14%%3A30%%3A10Z"
enum { STAMP = 1377613810 };

/* clang-format off */
static const struct verdict_row ucloud_rows[] = {
	{ "good",                UCLOUD "&Signature=%s",      VERDICT_GOOD },
	{ "signature first",     "Signature=%s&" UCLOUD,      VERDICT_GOOD },
	{ "upper case",          UCLOUD "&Signature=%.0sABCD", VERDICT_MISMATCH },
	{ "a parameter more",    UCLOUD "&Signature=%s&Limit=5", VERDICT_MISMATCH },
	{ "cut",                 UCLOUD "&Signature=%.39s",   VERDICT_MISMATCH },
	{ "longer",              UCLOUD "&Signature=%s0",     VERDICT_MISMATCH },
	{ "empty",               UCLOUD "&Signature=%.0s",    VERDICT_UNSIGNED },
	{ "none",                UCLOUD "%.0s",               VERDICT_UNSIGNED },
	{ "no key",              "Action=A&Signature=%s",     VERDICT_UNKNOWN_KEY },
	{ "another key",         "Action=A&PublicKey=p&Signature=%s", VERDICT_UNKNOWN_KEY },
};

static const struct verdict_row qing_rows[] = {
	{ "good",                QING "&signature=%s",          VERDICT_GOOD, 0 },
	{ "60 s late",           QING "&signature=%s",          VERDICT_GOOD, 60 },
	{ "61 s late",           QING "&signature=%s",          VERDICT_EXPIRED, 61 },
	{ "61 s early",          QING "&signature=%s",          VERDICT_EXPIRED, -61 },
	{ "late and wrong",      QING "&signature=x%s",         VERDICT_MISMATCH, 61 },
	{ "a parameter more",    QING "&signature=%s&limit=5",  VERDICT_MISMATCH, 0 },
	{ "none",                QING "%.0s",                   VERDICT_UNSIGNED, 0 },
	{ "no stamp",            "access_key_id=Q&signature_method=HmacSHA256&signature_version=1&signature=%s", VERDICT_MISSING, 0 },
	{ "a stamp with a zone", "access_key_id=Q&signature_method=HmacSHA256&signature_version=1&time_stamp=2013-08-27T14:30:10%%2B08&signature=%s", VERDICT_MISSING, 0 },
	{ "version 2",           "access_key_id=Q&signature_method=HmacSHA256&signature_version=2&time_stamp=2013-08-27T14:30:10Z&signature=%s", VERDICT_MISSING, 0 },
	{ "MD5",                 "access_key_id=Q&signature_method=MD5&signature_version=1&time_stamp=2013-08-27T14:30:10Z&signature=%s", VERDICT_MISSING, 0 },
	{ "another key",         "access_key_id=Q&signature_method=HmacSHA1&signature_version=1&time_stamp=2013-08-27T14:30:10Z&signature=%s", VERDICT_UNKNOWN_KEY, 0 },
};
/* clang-format on */

static void parse(struct http_params *params, const char *format, const char *signature)
{
	char query[1024];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(query, sizeof(query), format, signature);
#pragma GCC diagnostic pop
	assert_int_equal(http_params_parse(params, query, strlen(query)), 0);
}

static void judges_ucloud(void **state)
{
	const struct verdict_row *row = *state;
	struct http_params params;
	char good[41];

	parse(&params, UCLOUD "%.0s", "");
	assert_int_equal(verify_ucloud_digest(&params, SIM_UCLOUD_PRIVATE_KEY, good), 0);
	http_params_finish(&params);
	parse(&params, row->query, good);
	assert_int_equal(verify_ucloud(&params), row->verdict);
	http_params_finish(&params);
}

static void judges_qingcloud(void **state)
{
	const struct verdict_row *row = *state;
	struct http_params params;
	struct buf encoded = { 0 };
	const char *missing = NULL;
	char good[64];

	parse(&params, QING "%.0s", "");
	assert_int_equal(verify_qingcloud_digest("GET", "/iaas/", 6, &params, "HmacSHA256",
						 SIM_QINGCLOUD_SECRET, good),
			 0);
	http_params_finish(&params);
	for (const char *s = good; *s; s++)
		buf_printf(&encoded, *s == '+' || *s == '/' || *s == '=' ? "%%%02X" : "%c",
			   (unsigned char)*s);
	parse(&params, row->query, buf_text(&encoded));
	buf_finish(&encoded);
	assert_int_equal(verify_qingcloud("GET", "/iaas/", 6, &params, STAMP + row->late_s,
					  &missing),
			 row->verdict);
	assert_true((missing != NULL) == (row->verdict == VERDICT_MISSING));
	http_params_finish(&params);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(vectors) + ARRAY_LEN(ucloud_rows) + ARRAY_LEN(qing_rows)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(agrees_with_openssl, &vectors[i]);
	for (size_t i = 0; i < ARRAY_LEN(ucloud_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(judges_ucloud, &ucloud_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(qing_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(judges_qingcloud, &qing_rows[i]);
	return cmocka_run_group_tests(tests, read_fixture, free_fixture);
}
