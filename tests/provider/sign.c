#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/buf.h"
#include "providers/sign/sign.h"
#include "tests/test.h"

/*
 * Both schemes against the vectors that the vendors publish (fixtures/sign_vectors.json names the
 * source of each), and against values that break careless encoders.
 */
static json_t *vectors;

static const char *member(const json_t *vector, const char *name)
{
	const char *text = json_string_value(json_object_get(vector, name));

	return text ? text : "";
}

static void fill(struct request *request, const json_t *vector)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(vector, "params"), name, value)
		request->params[request->count++] =
			(struct request_param){ name, json_string_value(value) };
	request_sort(request);
}

static void reproduces_vector(void **state)
{
	const json_t *vector = *state;
	struct request request = { .method = "GET", .path = member(vector, "path") };
	const char *cloud = member(vector, "cloud");
	char whole[2048];
	struct buf signature;

	fill(&request, vector);
	buf_init(&signature);
	if (strcmp(cloud, "ucloud") == 0) {
		const char *key = member(vector, "private_key");
		if (request.count == 0) {
			/* A vector of the concatenation only: one name that is all of it. */
			const char *text = member(vector, "string_to_sign");
			snprintf(whole, sizeof(whole), "%.*s", (int)(strlen(text) - strlen(key)),
				 text);
			request.params[request.count++] = (struct request_param){ whole, "" };
		}
		assert_int_equal(ucloud_signature(&request, key, &signature), 0);
		assert_string_equal(buf_text(&signature), member(vector, "expected"));
	} else {
		assert_int_equal(qingcloud_signature(&request, member(vector, "secret"),
						     &signature),
				 0);
		assert_string_equal(buf_text(&signature), member(vector, "signature_b64"));
	}
	buf_finish(&signature);
}

static const char *param(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->count; i++)
		if (strcmp(request->params[i].name, name) == 0)
			return request->params[i].value;
	return "";
}

/* The whole scheme, from the request without credentials to the signature. */
static void ucloud_adds_key_and_signature(void **state)
{
	const struct credentials credentials = { "ucloudsomeone@example.com1296235120854146120",
						 "46f09bb9fab4f12dfc160dae12273d5332b5debe" };
	struct request request = { .method = "POST", .path = "/" };

	(void)state;
	assert_true(request_add(&request, "Region", "cn-bj2"));
	assert_true(request_add(&request, "Limit", "10"));
	assert_true(request_add(&request, "Action", "DescribeUHostInstance"));
	assert_true(request_add(&request, "Zone", "")); /* empty: neither sent nor signed */
	assert_int_equal(sign_ucloud(&request, &credentials, 0), 0);
	assert_string_equal(param(&request, "Signature"),
			    "cba5cf5ec4d4233d206b1b54951e3787350a642f");
	assert_string_equal(param(&request, "PublicKey"), credentials.id);
	assert_int_equal(request.count, 5);
}

static void qingcloud_adds_stamp_and_signature(void **state)
{
	const struct credentials credentials = { "QYACCESSKEYIDEXAMPLE", "SECRETACCESSKEY" };
	static const struct request_param asked[] = {
		{ "count", "1" },
		{ "vxnets.1", "vxnet-0" },
		{ "zone", "pek3a" },
		{ "instance_type", "small_b" },
		{ "image_id", "centos64x86a" },
		{ "instance_name", "demo" },
		{ "login_mode", "passwd" },
		{ "login_passwd", "QingCloud20130712" },
		{ "action", "RunInstances" },
	};
	struct request request = { .method = "GET", .path = "/iaas/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		assert_true(request_add(&request, asked[i].name, asked[i].value));
	assert_int_equal(sign_qingcloud(&request, &credentials, 1377613810), 0);
	assert_string_equal(param(&request, "time_stamp"), "2013-08-27T14:30:10Z");
	assert_string_equal(param(&request, "signature"),
			    "byjccvWIvAftaq+oublemagH3bYAlDWxxLFAzAsyslw=");
	assert_string_equal(request.params[request.count - 1].name, "signature");
}

static void a_full_request_is_refused(void **state)
{
	const struct credentials credentials = { "id", "secret" };
	struct request request = { .method = "GET", .path = "/" };

	(void)state;
	for (size_t i = 0; i < REQUEST_PARAMS_MAX - 1; i++)
		assert_true(request_add(&request, "a", "1"));
	assert_true(sign_ucloud(&request, &credentials, 0) < 0);
}

int main(void)
{
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(ucloud_adds_key_and_signature),
		cmocka_unit_test(qingcloud_adds_stamp_and_signature),
		cmocka_unit_test(a_full_request_is_refused),
	};
	size_t count = 3, index;
	json_t *vector;

	vectors = json_load_file(FIXTURES "/sign_vectors.json", 0, NULL);
	if (!vectors)
		return 1;
	json_array_foreach(vectors, index, vector) {
		if (strcmp(member(vector, "alg"), "sha1") == 0)
			continue; /* HMAC-SHA1 is offered by the cloud and not used here */
		tests[count++] = (struct CMUnitTest){ .name = member(vector, "name"),
						      .test_func = reproduces_vector,
						      .initial_state = vector };
	}
	int rc = _cmocka_run_group_tests("sign", tests, count, NULL, NULL);
	json_decref(vectors);
	return rc;
}
