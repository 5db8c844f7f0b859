/*
 * Every allocation of loading, printing and reading a secret fails once: the call fails with
 * it, or does without, and nothing leaks.
 */
#include <errno.h>

#include "config_setup.h"

#include "config/secrets.h"

static struct {
	bool armed;
	long countdown;
	bool fired;
} fault;

static bool is_due(void)
{
	if (!fault.armed || fault.countdown-- != 0)
		return false;
	fault.fired = true;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
	return is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_due() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return is_due() ? NULL : __real_realloc(memory, size);
}

static const char *const texts[] = {
	"catalog: {path: \"${IC_SET}/x\"}\naccounts:\n"
	"- {name: a, " UCLOUD_KEYS ", regions: [hk], headers: {A: b}, proxy: 'http://u:p@x'}\n"
	"- {name: b, " QINGCLOUD_KEYS ", zones: all, endpoint: 'https://x'}\n",
	"log: {level: x, 目录: y}\naccounts:\n- {name: a, provider: b}\n- {services: [x]}\n",
	"log: [\n",
};

/* One attempt with the n-th allocation failing; false when there was none that late. */
static bool attempt(struct loaded *loaded, long n)
{
	struct buf printed;

	loaded->config = NULL;
	buf_init(&loaded->told);
	buf_init(&printed);
	const char *path = folder_path(&loaded->folder, "c.yaml");
	fault.countdown = n;
	fault.fired = false;
	fault.armed = true;
	loaded->result =
		config_load(&loaded->config, path, fake_providers, CONFIG_RUN, &loaded->told);
	if (loaded->config)
		config_print(loaded->config, &printed);
	fault.armed = false;
	assert_int_equal(loaded->result == 0, loaded->config != NULL);
	/* What is half printed says so. */
	if (loaded->config && !printed.failed)
		assert_non_null(strstr(buf_text(&printed), "  requests_in_flight: 32\n"));
	config_free(loaded->config);
	buf_finish(&loaded->told);
	buf_finish(&printed);
	return fault.fired;
}

static void loading_survives(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct loaded loaded;
		long n = 0;
		load_bytes(&loaded, texts[i], strlen(texts[i]), CONFIG_RUN);
		int result = loaded.result;
		config_free(loaded.config);
		buf_finish(&loaded.told);
		while (attempt(&loaded, n)) {
			assert_true(result == 0 || loaded.result < 0);
			n++;
		}
		assert_true(n > 3);
		assert_int_equal(loaded.result, result);
		folder_finish(&loaded.folder);
	}
}

static void a_secret_survives(void **state)
{
	struct folder folder;
	struct secret secret = { 0 };
	struct error err;

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "s", "abc\n", 4, 0600);
	const char *path = folder_path(&folder, "s");
	for (long n = 0; n < 3; n++) {
		fault.countdown = n;
		fault.armed = true;
		int r = secret_read(&secret, &(struct config_secret){ .file = path }, &err);
		fault.armed = false;
		assert_int_equal(r, n < 2 ? -ENOMEM : 0);
		secret_wipe(&secret);
	}
	folder_finish(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loading_survives),
		cmocka_unit_test(a_secret_survives),
	};

	setenv("IC_SET", "/x", 1);
	return cmocka_run_group_tests_name("config faults", tests, NULL, NULL);
}
