/*
 * Every answer is of one moment of the catalog: whenever somebody commits or prunes while it is put
 * together, it is the answer from before or the one from after, byte for byte.
 */
#include "../unit/store_fixture.h"
#include "../unit/store_intruder.h"

#include "export/export.h"
#include "tests/loop/plain_client.h"

static struct fixture fixture;
static struct frame frame;
static struct export *server;
static int64_t listing;
static unsigned turn;

/* ---- a daemon that polls nothing ------------------------------------------------------------- */

static void figures(void *data, struct export_figures *ret)
{
	(void)data;
	*ret = (struct export_figures){ .reload_successful = true };
}

/* What it changes is seen in every list. */
static void commit(void *data)
{
	char name[64], version[64];

	(void)data;
	turn++;
	snprintf(name, sizeof(name), "turn %u", turn);
	snprintf(version, sizeof(version), "22.%u", turn);
	struct record record = fixture_record("img-1", name);
	record.os_version = version;
	fixture_poll(&fixture, listing, record);
}

/* The five oldest changes go. */
static void prune(void *data)
{
	(void)data;
	int64_t at = atoll(
		fixture_query(&fixture, "SELECT at FROM changes ORDER BY seq LIMIT 1 OFFSET 5"));
	assert_int_equal(store_prune(fixture.store, fixture.now, fixture.now - at, 0, &fixture.err),
			 0);
}

static int set_up(void **state)
{
	struct export_options options = { .listen = "127.0.0.1:0",
					  .env = env_system(),
					  .hooks = { .figures = figures } };

	(void)state;
	intruder_watch();
	fixture_start(&fixture);
	fixture_open(&fixture);
	listing = fixture_listing(&fixture, "prod", "uhost");
	/* Not to become stale in the middle of it. */
	fixture_exec(&fixture, "UPDATE _listings SET interval_s = 1000000");
	for (int i = 0; i < 30; i++)
		commit(NULL);
	frame_open(&frame);
	options.catalog = fixture.path;
	if (export_open(&server, &frame.loop, &options, &fixture.err) != 0)
		fail_msg("export_open: %s", fixture.err.text);
	return 0;
}

static void on_closed(void *data)
{
	*(bool *)data = true;
}

static int tear_down(void **state)
{
	bool closed = false;

	(void)state;
	export_close(server, on_closed, &closed);
	frame_close(&frame, &closed);
	fixture_end(&fixture);
	sqlite3_reset_auto_extension();
	return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* What tells the time of day, or of the process, is of no catalog. */
static void leave_out(struct buf *text, const char *line)
{
	char *at = text->bytes;

	while ((at = strstr(at, line))) {
		char *end = at + 1 + strcspn(at + 1, "\n");
		memmove(at, end, strlen(end) + 1);
	}
	text->len = strlen(text->bytes);
}

/* The text is the caller's. */
static struct buf ask(const char *target)
{
	struct client *client = client_connect(&frame.loop, export_port(server));
	struct buf request, answer;

	buf_init(&request);
	buf_printf(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		   target);
	client_send(client, buf_text(&request));
	buf_finish(&request);
	wait_end(client);
	answer = client->got;
	buf_init(&client->got);
	client_close(client);
	buf_putc(&answer, '\0');
	assert_false(answer.failed);
	leave_out(&answer, "\nDate:");
	leave_out(&answer, "\nprocess_");
	leave_out(&answer, "\nContent-Length:"); /* … of those */
	return answer;
}

/* clang-format off */
static const struct row {
	const char *name, *target; /* the oldest change is put behind '=' at its end */
	void (*act)(void *data);
	const char *status; /* of the answer from after */
} rows[] = {
	{ "images",               "/api/v1/images",                                     commit, "200" },
	{ "images, one page",     "/api/v1/images?limit=1&sort=name:desc",              commit, "200" },
	{ "images, CSV",          "/api/v1/images?format=csv&columns=uid,name",         commit, "200" },
	{ "images, NDJSON",       "/api/v1/images?format=ndjson&os=ubuntu",             commit, "200" },
	{ "images, latest",       "/api/v1/images?latest",                              commit, "200" },
	{ "images, removed",      "/api/v1/images?removed",                             commit, "200" },
	{ "one image",            "/api/v1/images/ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/img-1", commit, "200" },
	{ "an image's history",   "/api/v1/images/ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/img-1/history", commit, "200" },
	{ "no image",             "/api/v1/images/nothing",                             commit, "404" },
	{ "changes",              "/api/v1/changes?limit=1000",                         commit, "200" },
	{ "changes, CSV",         "/api/v1/changes?format=csv&limit=1000",              commit, "200" },
	{ "changes, from there",  "/api/v1/changes?after=",                             commit, "200" },
	{ "changes, pruned",      "/api/v1/changes?limit=1000&after=",                  prune,  "410" },
	{ "all changes, pruned",  "/api/v1/changes?limit=1000",                         prune,  "200" },
	{ "history, pruned",      "/api/v1/images/ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/img-1/history", prune, "200" },
	{ "listings",             "/api/v1/listings",                                   commit, "200" },
	{ "polls",                "/api/v1/polls",                                      commit, "200" },
	{ "polls, CSV",           "/api/v1/polls?format=csv&limit=1000",                commit, "200" },
	{ "coverage",             "/api/v1/coverage?limit=1000",                        commit, "200" },
	{ "stats",                "/api/v1/stats",                                      commit, "200" },
	{ "metrics",              "/metrics",                                           commit, "200" },
};
/* clang-format on */

/* Who has one is not told of the other that nothing changed. */
static void have_different_tags(const struct buf *one, const struct buf *other)
{
	const char *tag = strstr(one->bytes, "\nETag: ");

	if (!tag)
		return;
	char *line = strndup(tag, strcspn(tag, "\r"));
	assert_null(strstr(other->bytes, line));
	free(line);
}

/* Before whichever of its statements it happens. */
static void is_of_one_moment(void **state)
{
	const struct row *row = *state;
	unsigned from_before = 0, from_after = 0;
	char target[256];
	bool came = true;

	for (unsigned n = 1; came; n++) {
		for (int i = 0; i < 6 && row->act == prune; i++)
			commit(NULL);
		bool open = row->target[strlen(row->target) - 1] == '=';
		snprintf(target, sizeof(target), "%s%s", row->target,
			 open ? fixture_query(&fixture, "SELECT min(seq) FROM changes") : "");
		struct buf before = ask(target);
		intruder_wait(n, row->act, NULL);
		struct buf between = ask(target);
		came = intruder_came();
		struct buf after = ask(target);
		bool is_before = strcmp(between.bytes, before.bytes) == 0;
		bool is_after = strcmp(between.bytes, after.bytes) == 0;
		if (!is_before && !is_after)
			fail_msg("before statement %u:\n%s\nis neither\n%s\nnor\n%s", n,
				 between.bytes, before.bytes, after.bytes);
		if (came) {
			assert_memory_equal(after.bytes + 9, row->status, 3);
			have_different_tags(&before, &after);
		}
		from_before += is_before && !is_after;
		from_after += is_after && !is_before;
		buf_finish(&before);
		buf_finish(&between);
		buf_finish(&after);
		assert_true(n < 100);
	}
	/* It came at the right time: both can be told from the other. */
	assert_true(from_before > 0 && from_after > 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(is_of_one_moment, &rows[i]);
	return cmocka_run_group_tests_name("snapshot", tests, set_up, tear_down);
}
