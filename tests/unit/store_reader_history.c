/*
 * An image as it was at a time, copies of the catalog, and the questions that only commands ask.
 */
#include "store_reader_fixture.h"

#include <errno.h>

#include "store/db.h"

static int64_t begun; /* the end of the first poll; one follows each minute */

static void poll_once(int64_t listing, const char *const *misses, const struct record *sees)
{
	struct poll poll;

	poll_init(&fixture, &poll, listing, OUTCOME_COMPLETE);
	for (; misses && *misses; misses++)
		poll_misses(&fixture, &poll, *misses);
	if (sees)
		poll_sees(&poll, *sees);
	poll_commit(&fixture, &poll);
}

/*
 * minute 0  prod sees it, available
 *        1  deprecated
 *        2  absent: missing
 *        3  absent: removed
 *        4  there again, available, of another name
 *        5  qa sees it for the first time
 *        6  prod is taken out of the configuration
 */
static int start(void **state)
{
	static const char *const img[] = { "img", NULL };
	struct fixture *f = &fixture;
	struct record r = fixture_record("img", "one");

	(void)state;
	fixture_make(f);
	int64_t prod = fixture_listing(f, "prod", "uhost"), qa = fixture_listing(f, "qa", "uhost");
	begun = f->now + 60;
	r.created_at = 1760000000;
	poll_once(prod, NULL, &r);
	r.state = "deprecated";
	r.launchable = 0;
	r.raw = "{\"ImageId\":\"x\",\"n\":2}";
	poll_once(prod, NULL, &r);
	poll_once(prod, img, NULL);
	poll_once(prod, img, NULL);
	r.state = "available";
	r.launchable = 1;
	r.name = "two";
	r.raw = "{\"ImageId\":\"x\",\"n\":3}";
	poll_once(prod, NULL, &r);
	poll_once(qa, NULL, &r);
	f->now += 60;
	if (store_disable(f->store, prod, &f->err) != 0)
		fail_msg("%s", f->err.text);
	fixture_read(f);
	return 0;
}

static void put_value(char *text, const struct reader_row *row, const char *column)
{
	const struct reader_value *value = reader_value(row, column);

	assert_non_null(value);
	if (value->type == READER_INT)
		sprintf(text + strlen(text), "%lld ", (long long)value->integer);
	else
		sprintf(text + strlen(text), "%s ", value->type == READER_NULL ? "-" : value->text);
}

static int put_state(const struct reader_row *row, void *data)
{
	static const char *const shown[] = { "account", "presence",   "revision",   "name",
					     "state",   "launchable", "size_bytes", "tags" };
	char *text = data;

	assert_null(reader_value(row, "raw"));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		put_value(text, row, shown[i]);
	strcat(text, "\n");
	return 0;
}

#define SIZE_AND_TAGS "21474836480 [\"a\",\"b\"] \n"

static const struct row {
	const char *name;
	int64_t at_s; /* after the first poll */
	const char *want;
} rows[] = {
	/* clang-format off */
	{ "before all",       -1,  "prod unseen - - - - - - \nqa unseen - - - - - - \n" },
	{ "first seen",       0,   "prod present 1 one available 1 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "a second before",  59,  "prod present 1 one available 1 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "changed",          60,  "prod present 2 one deprecated 0 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "missing",          120, "prod missing 2 one deprecated 0 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "removed",          180, "prod removed 2 one deprecated 0 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "still removed",    239, "prod removed 2 one deprecated 0 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "returned",         240, "prod present 3 two available 1 " SIZE_AND_TAGS "qa unseen - - - - - - \n" },
	{ "seen by another",  300, "prod present 3 two available 1 " SIZE_AND_TAGS "qa present 1 two available 1 " SIZE_AND_TAGS },
	{ "not configured",   360, "qa present 1 two available 1 " SIZE_AND_TAGS "prod removed 3 two available 1 " SIZE_AND_TAGS },
	/* clang-format on */
};

static void was(void **state)
{
	const struct row *row = *state;
	char text[1024] = "";

	start(NULL);
	assert_int_equal(reader_each_at(reader, "img", begun + row->at_s, put_state, text,
					&fixture.err),
			 0);
	/* Without identity: size and tags of what was not seen yet are not known. */
	assert_string_equal(text, row->want);
	text[0] = '\0';
	assert_int_equal(reader_each_at(reader, "ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/img",
					begun + row->at_s, put_state, text, &fixture.err),
			 0);
	assert_string_equal(text, row->want);
	text[0] = '\0';
	assert_int_equal(reader_each_at(reader, "' OR 1 --", begun, put_state, text, &fixture.err),
			 0);
	assert_string_equal(text, "");
	fixture_teardown_reader(NULL);
}

static int put_times(const struct reader_row *row, void *data)
{
	static const char *const shown[] = { "presence_since_at", "first_seen_at", "valid_from_at",
					     "valid_to_at" };
	char *text = data;

	if (strcmp(reader_value(row, "account")->text, "prod") != 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const struct reader_value *value = reader_value(row, shown[i]);
		if (value->type == READER_NULL)
			strcat(text, "- ");
		else
			sprintf(text + strlen(text), "%lld ", (long long)(value->integer - begun));
	}
	return 0;
}

static void times_are_told(void **state)
{
	static const struct {
		int64_t at_s;
		const char *want;
	} times[] = {
		{ 59, "0 0 0 60 " },      { 60, "0 0 60 240 " },   { 130, "120 0 60 240 " },
		{ 190, "180 0 60 240 " }, { 240, "240 0 240 - " }, { 360, "360 0 240 - " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char text[128] = "";
		assert_int_equal(reader_each_at(reader, "img", begun + times[i].at_s, put_times,
						text, &fixture.err),
				 0);
		assert_string_equal(text, times[i].want);
	}
}

/* What was pruned is not made up. */
static void pruned_versions_are_not_known(void **state)
{
	char text[256] = "";

	(void)state;
	fixture_exec(&fixture, "DELETE FROM _revisions WHERE revision = 1");
	assert_int_equal(reader_each_at(reader, "img", begun + 10, put_state, text, &fixture.err),
			 0);
	assert_string_equal(text, "prod present - - - - - - \nqa unseen - - - - - - \n");
	text[0] = '\0';
	fixture_exec(&fixture, "DELETE FROM _revisions");
	assert_int_equal(reader_each_at(reader, "img", begun + 70, put_state, text, &fixture.err),
			 0);
	assert_string_equal(text, "prod present - - - - - - \nqa unseen - - - - - - \n");
	text[0] = '\0';
	assert_int_equal(reader_each_at(reader, "img", begun + 250, put_state, text, &fixture.err),
			 0);
	assert_string_equal(text, "prod present 3 two available 1 " SIZE_AND_TAGS
				  "qa unseen - - - - - - \n");
}

static void version_moves_with_commits(void **state)
{
	int64_t before = 0, same = 0, after = 0;

	(void)state;
	assert_int_equal(reader_version(reader, &before, &fixture.err), 0);
	assert_int_equal(reader_version(reader, &same, &fixture.err), 0);
	assert_int_equal(before, same);
	fixture_exec(&fixture, "INSERT INTO _meta VALUES ('test', 1)");
	assert_int_equal(reader_version(reader, &after, &fixture.err), 0);
	assert_int_not_equal(before, after);
}

static int count(const struct reader_row *row, void *data)
{
	(void)row;
	return ++*(int *)data, 0;
}

static int64_t int_of(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	int64_t value;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(db_int(db, sql, -1, &value, &fixture.err), 0);
	db_close(db);
	return value;
}

/* Words of a schema that an older SQLite stumbles over; none may be left, nothing else may go. */
static const struct loosened {
	const char *name, *sql;
	bool left;
} loosened[] = {
	/* clang-format off */
	{ "STRICT", "SELECT count(*) FROM sqlite_schema WHERE sql GLOB '*)*STRICT*' AND type = 'table'" },
	{ "STRICT, as SQLite has it", "SELECT count(*) FROM pragma_table_list WHERE strict" },
	{ "ANY", "SELECT count(*) FROM sqlite_schema WHERE sql GLOB '* ANY*'" },
	{ "MATERIALIZED", "SELECT count(*) FROM sqlite_schema WHERE sql GLOB '*AS MATERIALIZED*'" },
	{ "tables, views, indexes, triggers", "SELECT count(*) FROM sqlite_schema", true },
	{ "columns", "SELECT count(*) FROM sqlite_schema AS s, pragma_table_info(s.name)", true },
	{ "columns of text", "SELECT count(*) FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE c.type = 'TEXT'", true },
	{ "WITHOUT ROWID", "SELECT count(*) FROM sqlite_schema WHERE sql GLOB '*WITHOUT ROWID*'", true },
	{ "application_id", "SELECT application_id FROM pragma_application_id", true },
	{ "user_version", "SELECT user_version FROM pragma_user_version", true },
	/* clang-format on */
};

static void loosens_row(void **state)
{
	const struct loosened *row = *state;
	char path[FIXTURE_PATH];

	start(NULL);
	fixture_path(&fixture, "loose.db", path);
	assert_int_equal(reader_copy(reader, path, &fixture.err), 0);
	int64_t here = int_of(fixture.path, row->sql), there = int_of(path, row->sql);
	assert_true(row->left || here > 0);
	assert_int_equal(there, row->left ? here : 0);
	assert_int_equal(int_of(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
			 1);
	fixture_teardown_reader(NULL);
}

static void copies(void **state)
{
	struct fixture *f = &fixture;
	char path[FIXTURE_PATH], other[FIXTURE_PATH + 8];
	struct reader *copy = NULL;
	int there = 0, here = 0;
	struct stat info;

	(void)state;
	fixture_path(f, "it's a copy?.db", path);
	assert_int_equal(reader_copy(reader, path, &f->err), 0);
	assert_int_equal(reader_open(&copy, path, &f->err), 0);
	for (enum reader_view v = 0; v < VIEW_COUNT; v++) {
		const struct view_query all = { 0 };
		assert_int_equal(reader_query_view(copy, v, &all, count, &there, &f->err), 0);
		assert_int_equal(reader_query_view(reader, v, &all, count, &here, &f->err), 0);
		assert_int_equal(there, here);
	}
	reader_close(copy);
	snprintf(other, sizeof(other), "%s-wal", path);
	assert_int_equal(stat(other, &info), -1);

	/* What is there stays, and the reader still reads. */
	assert_int_equal(stat(path, &info), 0);
	off_t size = info.st_size;
	assert_true(reader_copy(reader, path, &f->err) < 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, size);
	fixture_path(f, "none/copy.db", other);
	assert_true(reader_copy(reader, other, &f->err) < 0);
	here = 0;
	assert_int_equal(reader_each_listing(reader, count, &here, &f->err), 0);
	assert_int_equal(here, 2);
}

/* ---- what only commands ask ------------------------------------------------------------------ */

static int put_row(const struct reader_row *row, void *data)
{
	char *text = data;

	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->names[i], "what") == 0 || strcmp(row->names[i], "account") == 0 ||
		    strcmp(row->names[i], "kind") == 0 || strcmp(row->names[i], "outcome") == 0)
			put_value(text, row, row->names[i]);
	strcat(text, "\n");
	return 0;
}

static const struct query_row {
	const char *name;
	enum reader_view view;
	struct view_query query;
	const char *want; /* NULL: refused */
} query_rows[] = {
	/* clang-format off */
	{ "an image's changes, in words", VIEW_changes, { .id = "img", .explained = true, .limit = 2 },
	  "changed prod state: available → deprecated; launchable: 1 → 0 \nmissing prod - \n" },
	{ "changes of a kind", VIEW_changes, { .kind = "removed" }, "removed prod \n" },
	{ "polls with their listing", VIEW_polls, { .account = "qa", .with_listing = true }, "qa complete \n" },
	{ "polls that are partial", VIEW_polls, { .outcome = "partial", .with_listing = true }, "" },
	{ "polls have no account of their own", VIEW_polls, { .account = "qa" }, NULL },
	{ "changes of a region", VIEW_changes, { .region = "hk" }, "" },
	{ "changes of no zone", VIEW_changes, { .zone = "-", .kind = "baseline", .account = "qa" }, "baseline qa \n" },
	{ "listings of a provider", VIEW_listings, { .provider = "qingcloud" }, "" },
	{ "changes have no provider", VIEW_changes, { .provider = "ucloud" }, NULL },
	{ "coverage where it is", VIEW_coverage, { .missing = true }, "" },
	/* clang-format on */
};

static void answers(void **state)
{
	const struct query_row *row = *state;
	char text[1024] = "";

	start(NULL);
	int result = reader_query_view(reader, row->view, &row->query, put_row, text, &fixture.err);
	assert_int_equal(result, row->want ? 0 : -EINVAL);
	if (row->want)
		assert_string_equal(text, row->want);
	fixture_teardown_reader(NULL);
}

static int check_two(const struct reader_row *row, void *data)
{
	assert_int_equal(row->count, 2);
	assert_string_equal(row->names[0], "kind");
	assert_string_equal(row->names[1], "seq");
	return count(row, data);
}

static void columns_of_a_view(void **state)
{
	static const char *const two[] = { "kind", "seq", NULL }, *const bad[] = { "seqq", NULL };
	struct view_query query = { .columns = two };
	int n = 0;

	(void)state;
	assert_int_equal(reader_query_view(reader, VIEW_changes, &query, check_two, &n,
					   &fixture.err),
			 0);
	assert_true(n > 3);
	query.columns = bad;
	assert_int_equal(reader_query_view(reader, VIEW_changes, &query, check_two, &n,
					   &fixture.err),
			 -EINVAL);
	assert_string_equal(fixture.err.text, "changes has no column 'seqq'; did you mean 'seq'?");
}

#define ROWS       ARRAY_LEN(rows)
#define QUERIES    ARRAY_LEN(query_rows)
#define LOOSENED   ARRAY_LEN(loosened)

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, fixture_teardown_reader)

int main(void)
{
	const struct CMUnitTest fixed[] = {
		CASE(times_are_told),
		CASE(pruned_versions_are_not_known),
		CASE(version_moves_with_commits),
		CASE(copies),
		CASE(columns_of_a_view),
	};
	struct CMUnitTest tests[ARRAY_LEN(fixed) + ROWS + QUERIES + LOOSENED];
	size_t n = ARRAY_LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < ROWS; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(was, &rows[i]);
	for (size_t i = 0; i < QUERIES; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(answers, &query_rows[i]);
	for (size_t i = 0; i < LOOSENED; i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(loosens_row, &loosened[i]);
	return _cmocka_run_group_tests("history", tests, n, NULL, NULL);
}
