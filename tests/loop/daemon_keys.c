#include "daemon/keys.h"

#include <string.h>
#include <unistd.h>

#include "tests/test.h"

/*
 * Keys read again while some files hang: who waits for whom. A file hangs until the test opens its
 * gate; the worker threads are the real ones. A wait that should end and does not is ended by the
 * alarm.
 */
int __real_secret_read(struct secret *ret, const struct config_secret *from, struct error *err);
int __wrap_secret_read(struct secret *ret, const struct config_secret *from, struct error *err);

enum { FILES = 3, ASKERS = 4, PATIENCE_S = 60 };

/* clang-format off */
static const struct row {
	const char *name;
	const char *asked;     /* "abc": in this order for the keys of these accounts */
	const char *forgotten; /* of them, by place: "0" */
	const char *open;      /* from the start */
	const char *answered;  /* then, by place */
	const char *then;      /* opened: answers the rest */
	int reads[FILES];      /* in the end */
} rows[] = {
	{ "nothing hangs",                 "abc",  "",   "abc", "012", "",   { 1, 1, 1 } },
	{ "one that hangs holds up itself", "abc", "",   "bc",  "12",  "a",  { 1, 1, 1 } },
	{ "whoever asks meanwhile waits for the same", "aab", "", "b", "2", "a", { 1, 1, 0 } },
	{ "they do not take the other's place", "aaab", "", "b", "3",  "a",  { 1, 1, 0 } },
	{ "two that hang hold up a third", "abc",  "",   "c",   "",    "a",  { 1, 1, 1 } },
	{ "who has gone is not told",      "ab",   "0",  "b",   "1",   "a",  { 1, 1, 0 } },
	{ "what nobody waits for is not read twice", "aba", "0", "b", "1", "a", { 1, 1, 0 } },
	{ "who waits for a place may go",  "abc",  "2",  "",    "",    "ab", { 1, 1, 0 } },
};
/* clang-format on */

static struct gates {
	uv_mutex_t mutex;
	uv_cond_t opened;
	bool open[FILES];
	int reads[FILES];
} gates;

struct asker {
	struct keys_request request;
	unsigned answers;
};

struct bench {
	uv_loop_t loop;
	struct keys keys;
	struct config_account configs[FILES];
	struct account accounts[FILES];
	struct asker askers[ASKERS];
};

int __wrap_secret_read(struct secret *ret, const struct config_secret *from, struct error *err)
{
	if (!from->file)
		return __real_secret_read(ret, from, err);
	int file = *from->file - 'a';
	uv_mutex_lock(&gates.mutex);
	gates.reads[file]++;
	while (!gates.open[file])
		uv_cond_wait(&gates.opened, &gates.mutex);
	uv_mutex_unlock(&gates.mutex);
	return __real_secret_read(ret, &(struct config_secret){ .value = from->file }, err);
}

static void open_gates(const char *files)
{
	uv_mutex_lock(&gates.mutex);
	for (; *files; files++)
		gates.open[*files - 'a'] = true;
	uv_cond_broadcast(&gates.opened);
	uv_mutex_unlock(&gates.mutex);
}

static void on_done(struct keys_request *request, struct account_keys *keys)
{
	struct asker *asker = container_of(request, struct asker, request);

	assert_non_null(keys);
	assert_string_equal(keys->id.bytes, "public");
	assert_string_equal(keys->secret.bytes, request->account->config->secret.file);
	account_take_keys(request->account, keys);
	asker->answers++;
}

static void ask(struct bench *b, const char *files)
{
	for (size_t i = 0; files[i]; i++) {
		b->askers[i].request =
			(struct keys_request){ .account = &b->accounts[files[i] - 'a'],
					       .done = on_done };
		keys_read(&b->keys, &b->askers[i].request);
		assert_int_equal(b->askers[i].answers, 0);
	}
}

static void open_bench(struct bench *b)
{
	static const char *const files[FILES] = { "a", "b", "c" };

	gates = (struct gates){ 0 };
	assert_int_equal(uv_mutex_init(&gates.mutex), 0);
	assert_int_equal(uv_cond_init(&gates.opened), 0);
	*b = (struct bench){ 0 };
	assert_int_equal(uv_loop_init(&b->loop), 0);
	keys_init(&b->keys, &b->loop);
	for (size_t i = 0; i < FILES; i++) {
		b->configs[i].id.value = "public";
		b->configs[i].secret.file = files[i];
		b->accounts[i].config = &b->configs[i];
	}
}

static void close_bench(struct bench *b)
{
	assert_true(list_empty(&b->keys.requests)); /* whoever has gone is not in it */
	assert_int_equal(uv_loop_close(&b->loop), 0);
	for (size_t i = 0; i < FILES; i++)
		account_keys_release(b->accounts[i].keys);
	uv_cond_destroy(&gates.opened);
	uv_mutex_destroy(&gates.mutex);
}

static void reads_row(void **state)
{
	const struct row *row = *state;
	static struct bench b;

	alarm(PATIENCE_S);
	open_bench(&b);
	open_gates(row->open);
	ask(&b, row->asked);
	for (const char *at = row->forgotten; *at; at++)
		keys_forget(&b.keys, &b.askers[*at - '0'].request);
	for (const char *at = row->answered; *at; at++)
		while (b.askers[*at - '0'].answers == 0)
			uv_run(&b.loop, UV_RUN_ONCE);
	for (size_t i = 0; row->asked[i]; i++)
		assert_int_equal(b.askers[i].answers, strchr(row->answered, '0' + (char)i) != NULL);
	open_gates(row->then);
	/* The second of two that hang is opened when the third has had the first one's place. */
	for (size_t i = 0; row->asked[i]; i++)
		while (strchr("ac", row->asked[i]) && b.askers[i].request.state != KEYS_IDLE)
			uv_run(&b.loop, UV_RUN_ONCE);
	open_gates("abc");
	uv_run(&b.loop, UV_RUN_DEFAULT);
	for (size_t i = 0; row->asked[i]; i++)
		assert_int_equal(b.askers[i].answers,
				 strchr(row->forgotten, '0' + (char)i) == NULL);
	assert_memory_equal(gates.reads, row->reads, sizeof(row->reads));
	close_bench(&b);
	alarm(0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(reads_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
