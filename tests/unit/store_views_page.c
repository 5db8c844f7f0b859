/*
 * Every SQL statement of the pages that people read: it runs as a reader who trusts no schema and
 * may write nothing, and has something to tell about a catalog in which a little of everything
 * happened.
 */
#include "store_fixture.h"

/* ---- a catalog in which everything happened ---------------------------------------------------
 */

static struct record make(const char *id, const char *zone, const char *name)
{
	struct record r = fixture_record(id, name);

	r.zone = zone;
	r.origin = "platform";
	r.form = "vm";
	r.arch = "x86_64";
	r.created_at = INT64_C(1760000000);
	r.raw = "{\"ImageId\":\"x\",\"NewField\":1}";
	return r;
}

static void poll_prod(struct fixture *f, int64_t listing)
{
	static const struct page_drift drift = { .path = "NewField", .json_type = "integer" };
	struct record a = make("uimage-a", "cn-bj2-02", "Ubuntu 22.04 大模型推理");
	struct record b = make("uimage-b", "cn-bj2-03", "Ubuntu 22.04 大模型推理");
	struct poll poll;

	a.gpu_supported = 1;
	a.cuda_version = "12.4";
	b.eol_on = "2000-01-01";
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, a);
	poll_sees(&poll, b);
	poll_sees(&poll, make("uimage-gone", "cn-bj2-02", "gone"));
	poll.commit.drifts = &drift;
	poll.commit.drift_count = 1;
	poll_commit(f, &poll);

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	b.state = "unavailable";
	b.launchable = 0;
	poll_sees(&poll, b);
	poll.commit.removal_after = 1;
	poll_misses(f, &poll, "uimage-gone");
	poll_commit(f, &poll);
}

static int start(void **state)
{
	struct fixture *f = &fixture;
	struct listing_identity hk = {
		"prod", "ucloud", "api.ucloud.cn", "uhost", "hk", "", "", ""
	};
	struct store_listing there = { 0 };
	struct poll poll;

	(void)state;
	fixture_make(f);
	poll_prod(f, fixture_listing(f, "prod", "uhost"));
	if (store_register(f->store, &hk, INTERVAL, &there, &f->err) != 0)
		fail_msg("%s", f->err.text);
	poll_init(f, &poll, there.listing_id, OUTCOME_PARTIAL);
	struct record r = make("uimage-c", "hk-01", "Ubuntu 24.04");
	r.os_version = "24.04";
	poll_sees(&poll, r);
	poll_commit(f, &poll);
	poll_init(f, &poll, there.listing_id, OUTCOME_FAILED);
	poll.log.message = "no answer";
	poll_commit(f, &poll);
	/* What README asks for by date. */
	fixture_exec(
		f,
		"UPDATE _images SET eol_on = date('now', '+30 days') WHERE image_id = 'uimage-b'");
	return 0;
}

/* ---- the pages ---------------------------------------------------------------------------------
 */

#define ROOT FIXTURES "/../../"

static const struct row {
	const char *name, *path;
	int least; /* statements */
} rows[] = {
	{ "docs/CATALOG.md", ROOT "docs/CATALOG.md", 21 },
	{ "README.md", ROOT "README.md", 5 },
	{ "README.zh-CN.md", ROOT "README.zh-CN.md", 5 },
	{ "docs/DASHBOARDS.md", ROOT "docs/DASHBOARDS.md", 4 },
};

static char *read_page(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("%s cannot be opened", path);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	assert_true(feof(file) && len > 0);
	assert_int_equal(fclose(file), 0);
	text[len] = '\0';
	return text;
}

static void run_statement(sqlite3 *db, sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	if (code == SQLITE_DONE)
		fail_msg("nothing to tell: %s", sqlite3_sql(stmt));
	while (code == SQLITE_ROW)
		code = sqlite3_step(stmt);
	if (code != SQLITE_DONE)
		fail_msg("%s: %s", sqlite3_sql(stmt), sqlite3_errmsg(db));
}

static int run_block(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int count = 0;

	while (*sql) {
		if (sqlite3_prepare_v2(db, sql, -1, &stmt, &sql) != SQLITE_OK)
			fail_msg("%s: %s", sqlite3_errmsg(db), sql);
		if (!stmt)
			continue;
		run_statement(db, stmt);
		assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
		count++;
	}
	return count;
}

static void page_row(void **state)
{
	const struct row *row = *state;
	char *at = read_page(row->path);
	sqlite3 *db = NULL;
	int count = 0;

	start(NULL);
	assert_int_equal(sqlite3_open_v2(fixture.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	while ((at = strstr(at, "```sql\n"))) {
		char *begin = at + strlen("```sql\n"), *stop = strstr(begin, "\n```");
		assert_non_null(stop);
		*stop = '\0';
		count += run_block(db, begin);
		at = stop + 1;
	}
	assert_true(count >= row->least);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_teardown(NULL);
}

/* Whoever looks for a view finds it on the page. */
static void the_page_names_every_view(void **state)
{
	const char *page = read_page(ROOT "docs/CATALOG.md");
	const char *at = fixture_query(&fixture,
				       "SELECT '`' || name || '`' FROM sqlite_schema"
				       " WHERE type = 'view' AND name NOT LIKE '\\_%' ESCAPE '\\'");

	(void)state;
	assert_true(*at);
	while (*at) {
		size_t len = strcspn(at, "\n");
		if (!memmem(page, strlen(page), at, len))
			fail_msg("docs/CATALOG.md does not name %.*s", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

int main(void)
{
	struct CMUnitTest tests[1 + ARRAY_LEN(rows)] = {
		cmocka_unit_test_setup_teardown(the_page_names_every_view, start, fixture_teardown),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[1 + i] = (struct CMUnitTest)TEST_ROW(page_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
