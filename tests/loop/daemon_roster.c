/*
 * The roster of a running daemon while discovery finds places, loses them and finds them again, at
 * every moment of their registration. What is judged is what would be polled, and that the roster
 * comes to rest.
 */
#include "../unit/store_fixture.h"

#include "daemon/roster.h"
#include "providers/registry.h"

extern const struct provider provider_qingcloud;

enum { STEPS = 6, REGISTRATIONS = 8 };

/* A step: zones that a discovery answers, a letter for each. With `!` the next one answers before
 * the registration that it began could end. */
static const struct row {
	const char *name;
	const char *found[STEPS];
	const char *asked; /* zones in the schedule at the end */
	const char *known; /* zones with a row in the catalog */
} rows[] = {
	{ "found", { "ab" }, "ab", "ab" },
	{ "lost", { "ab", "a" }, "a", "ab" },
	{ "lost and found again", { "ab", "a", "ab" }, "ab", "ab" },
	{ "lost while it is registered", { "ab!", "a" }, "a", "ab" },
	{ "lost while it is registered, found later", { "ab!", "a", "ab" }, "ab", "ab" },
	{ "lost and found while it is registered", { "ab!", "a!", "ab" }, "ab", "ab" },
	{ "lost before its turn to be registered", { "a!", "ab!", "a" }, "a", "a" },
	{ "lost before its turn, found later", { "a!", "ab!", "a", "ab" }, "ab", "ab" },
	{ "others each time", { "ab!", "bc!", "ca!", "ab", "c" }, "c", "abc" },
};

struct bench {
	struct fixture f;
	uv_loop_t loop;
	struct config config;
	struct config_account account_config;
	struct account account;
	struct runtime runtime;
	struct timekeeper time;
	struct roster roster;
	struct watch *discovery;
	int registrations;
	bool closed;
};

static struct bench bench;

static void on_grown(struct roster *roster, const struct error *err)
{
	assert_ptr_equal(roster, &bench.roster);
	assert_null(err);
	if (++bench.registrations > REGISTRATIONS)
		fail_msg("it does not come to rest");
}

/* A catalog, and an account that is asked for the images of all zones. */
static void make(struct bench *b)
{
	static const char *const services[] = { "images", NULL }, *const own[] = { "self", NULL };

	*b = (struct bench){ .account_config = { .name = "qc",
						 .provider = &provider_qingcloud,
						 .cloud = "api.qingcloud.com",
						 .interval_s = 600,
						 .zones.all = true,
						 .services = { .items = services, .count = 1 },
						 .variants = { .items = own, .count = 1 } } };
	b->account.config = &b->account_config;
	fixture_start(&b->f);
	fixture_open(&b->f);
	b->runtime = (struct runtime){
		.loop = &b->loop, .env = env_system(), .time = &b->time, .config = &b->config
	};
}

static void start(struct bench *b)
{
	struct account **accounts = calloc(2, sizeof(struct account *));

	assert_non_null(accounts);
	make(b);
	accounts[0] = &b->account;
	assert_int_equal(uv_loop_init(&b->loop), 0);
	roster_init(&b->roster, &b->runtime, false, on_grown);
	assert_int_equal(roster_open(&b->roster, accounts, 1, b->f.store, &b->f.err), 0);
	assert_int_equal(writer_open(&b->runtime.writer, &b->loop, b->f.store), 0);
	b->f.store = NULL; /* the writer's now */
	assert_int_equal(b->roster.count, 1);
	b->discovery = b->roster.watches[0];
}

static void find_zones(struct bench *b, const char *letters)
{
	char zones[STEPS][2];
	struct place_found items[STEPS];
	struct places found = { .items = items };

	for (; *letters && *letters != '!'; letters++) {
		char *zone = zones[found.count];
		zone[0] = *letters;
		zone[1] = '\0';
		items[found.count++] = (struct place_found){ .zone = zone };
	}
	roster_found(&b->roster, b->discovery, &found);
}

static void on_closed(void *data)
{
	((struct bench *)data)->closed = true;
}

static void check(struct bench *b, const struct row *row)
{
	for (char zone = 'a'; zone <= 'c'; zone++) {
		const struct listing_identity id = { "qc",
						     "qingcloud",
						     "api.qingcloud.com",
						     "images",
						     (char[]){ zone, '\0' },
						     (char[]){ zone, '\0' },
						     "",
						     "self" };
		const struct watch *w = roster_find(&b->roster, &id);
		if ((w && w->queue_place > 0) != (strchr(row->asked, zone) != NULL))
			fail_msg("zone %c is %sasked", zone, w && w->queue_place > 0 ? "" : "not ");
		if ((w && w->listing_id > 0) != (strchr(row->known, zone) != NULL))
			fail_msg("zone %c is %sknown", zone, w && w->listing_id > 0 ? "" : "not ");
	}
}

static void roster_row(void **state)
{
	const struct row *row = *state;
	struct bench *b = &bench;
	char expected[24];

	start(b);
	for (size_t i = 0; i < STEPS && row->found[i]; i++) {
		find_zones(b, row->found[i]);
		while (!strchr(row->found[i], '!') && b->roster.registering)
			uv_run(&b->loop, UV_RUN_ONCE);
	}
	check(b, row);
	writer_close(b->runtime.writer, on_closed, b);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_true(b->closed);
	roster_finish(&b->roster);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	snprintf(expected, sizeof(expected), "%zu", strlen(row->known));
	assert_string_equal(fixture_query(&b->f,
					  "SELECT count(*) FROM listings WHERE service = 'images'"),
			    expected);
	fixture_end(&b->f);
}

/* ---- transactions ------------------------------------------------------------------------ */

static uint32_t big_endian(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Frames of the log that end a transaction; it has not begun anew, small as it is. */
static size_t commits_in_log(const struct fixture *f)
{
	enum { HEADER = 32, FRAME_HEADER = 24, PAGE_SIZE_AT = 8, DATABASE_PAGES_AT = 4 };
	char path[FIXTURE_PATH];
	size_t count = 0;
	struct buf log;

	snprintf(path, sizeof(path), "%s-wal", f->path);
	fixture_load(path, &log);
	if (log.len == 0) { /* nothing was written yet */
		buf_finish(&log);
		return 0;
	}
	assert_in_range(log.len, HEADER, 4 << 20);
	size_t frame = FRAME_HEADER + big_endian(log.bytes + PAGE_SIZE_AT);
	for (size_t at = HEADER; at + frame <= log.len; at += frame)
		count += big_endian(log.bytes + at + DATABASE_PAGES_AT) != 0;
	buf_finish(&log);
	return count;
}

static void open_with_zones(struct bench *b, const char *const *zones, size_t count)
{
	struct account **accounts = calloc(2, sizeof(struct account *));

	assert_non_null(accounts);
	accounts[0] = &b->account;
	b->account_config.zones = (struct config_list){ .items = zones, .count = count };
	roster_init(&b->roster, &b->runtime, false, on_grown);
	assert_int_equal(roster_open(&b->roster, accounts, 1, b->f.store, &b->f.err), 0);
	roster_finish(&b->roster);
}

/* However many listings there are: a commit waits for the disk. */
static void starts_in_one_transaction(void **state)
{
	static const char *const zones[] = { "a", "b", "c", "d", "e", "f", NULL };
	struct bench *b = &bench;

	(void)state;
	make(b);
	size_t before = commits_in_log(&b->f);
	open_with_zones(b, zones, 6);
	size_t registered = commits_in_log(&b->f);
	assert_int_equal(registered, before + 1);
	assert_string_equal(fixture_query(&b->f, "SELECT count(*) FROM listings"), "6");
	/* The one that stays is as it was, the others are disabled. */
	open_with_zones(b, zones, 1);
	assert_int_equal(commits_in_log(&b->f), registered + 1);
	assert_string_equal(
		fixture_query(&b->f, "SELECT count(*) FROM listings WHERE health = 'disabled'"),
		"5");
	fixture_end(&b->f);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1];

	tests[ARRAY_LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(starts_in_one_transaction);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = (struct CMUnitTest)TEST_ROW(roster_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
