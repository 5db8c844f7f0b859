/*
 * The reading side: filters, order, columns, other views, and what is said when it cannot read.
 */
#include "store_reader_fixture.h"

#include <errno.h>

static int start(void **state)
{
	struct fixture *f = &fixture;
	struct poll poll;
	struct record r;

	(void)state;
	fixture_make(f);
	f->now += 3600 - 300;
	int64_t one = fixture_listing(f, "prod", "uhost"), two = fixture_listing(f, "qa", "uhost");
	poll_init(f, &poll, one, OUTCOME_COMPLETE);
	r = fixture_record("img-1", "Ubuntu 22.04 深度学习");
	r.gpu_supported = 1;
	r.arch = "x86_64";
	r.origin = "platform";
	poll_sees(&poll, r);
	r = fixture_record("img-2", "Ubuntu 22.04.1 100%");
	r.origin = "platform";
	r.os_version = "22.04.1";
	r.size_bytes = 1;
	r.description = "half_price";
	poll_sees(&poll, r);
	r = fixture_record("img-3", "CentOS");
	r.os_distro = "centos";
	r.os_version = "7.6";
	r.size_bytes = RECORD_ABSENT;
	r.launchable = 0;
	poll_sees(&poll, r);
	r = fixture_record("img-4", "old");
	r.os_distro = NULL;
	r.state = "purged";
	poll_sees(&poll, r);
	r = fixture_record("img-5", "gone");
	poll_sees(&poll, r);
	poll_commit(f, &poll);
	poll_init(f, &poll, two, OUTCOME_COMPLETE);
	poll_sees(&poll, fixture_record("img-1", "Ubuntu 22.04 深度学习"));
	poll_commit(f, &poll);
	poll_init(f, &poll, one, OUTCOME_COMPLETE);
	poll.commit.removal_after = 1;
	poll_misses(f, &poll, "img-5");
	poll_commit(f, &poll);
	fixture_read(f);
	return 0;
}

static int collect(const struct reader_row *row, void *data)
{
	char *text = data;
	const struct reader_value *id = reader_value(row, "image_id");

	assert_non_null(id);
	assert_int_equal(id->type, READER_TEXT);
	sprintf(text + strlen(text), "%s ", id->text);
	return 0;
}

static const char *const dotted[] = { "100%", NULL }, *const underscore[] = { "F_P", NULL },
			 *const chinese[] = { "学习", "ubuntu", NULL },
			 *const nothing[] = { "x_x", NULL };

/* clang-format off */
static const struct row {
	const char *name;
	struct image_filter filter;
	const char *ids;
} rows[] = {
	{ "all but purged",          { 0 },                                        "img-1 img-2 img-3 " },
	{ "purged as well",          { .purged = true },                           "img-1 img-2 img-3 img-4 " },
	{ "purged asked for",        { .state = "purged" },                        "img-4 " },
	{ "provider",                { .provider = "qingcloud" },                  "" },
	{ "service, region, zone",   { .service = "uhost", .region = "cn-bj2", .zone = "cn-bj2-02" }, "img-1 img-2 img-3 " },
	{ "the representing account", { .account = "prod" },                       "img-1 img-2 img-3 " },
	{ "any account that sees it", { .account = "qa" },                         "img-1 " },
	{ "distribution",            { .os_distro = "centos" },                    "img-3 " },
	{ "version and below",       { .os_distro = "ubuntu", .os_version = "22.04" }, "img-1 img-2 " },
	{ "major version",           { .os_version = "22" },                       "img-1 img-2 " },
	{ "version is no text prefix", { .os_version = "22.0" },                   "" },
	{ "gpu",                     { .gpu = READER_YES },                        "img-1 " },
	{ "no gpu is not unknown",   { .gpu = READER_NO },                         "" },
	{ "gpu unknown",             { .gpu = READER_UNKNOWN },                    "img-2 img-3 " },
	{ "no distribution",         { .os_distro = "-", .state = "purged" },      "img-4 " },
	{ "no architecture",         { .arch = "-" },                              "img-2 img-3 " },
	{ "no zone",                 { .zone = "-" },                              "" },
	{ "cloud",                   { .cloud = "api.ucloud.cn" },                 "img-1 img-2 img-3 " },
	{ "another cloud",           { .cloud = "other" },                         "" },
	{ "no workload",             { .workload = "-" },                          "img-1 img-2 img-3 " },
	{ "workload",                { .workload = "gpu" },                        "" },
	{ "launchable",              { .launchable = READER_YES },                 "img-1 img-2 " },
	{ "not launchable",          { .launchable = READER_NO },                  "img-3 " },
	{ "stale",                   { .stale = READER_YES },                      "" },
	{ "glob",                    { .name_glob = "Ubuntu*" },                   "img-1 img-2 " },
	{ "id",                      { .id = "img-4" },                            "img-4 " },
	{ "uid",                     { .id = "ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/img-3" }, "img-3 " },
	{ "a quote is a quote",      { .id = "' OR 1 --" },                        "" },
	{ "removed",                 { .removed = true },                          "img-5 " },
	{ "removed of another account", { .removed = true, .account = "qa" },      "" },
	{ "since a future day",      { .since = INT64_C(4000000000) },             "" },
	{ "since long ago",          { .since = 1 },                               "img-1 img-2 img-3 " },
	{ "limit",                   { .limit = 2 },                               "img-1 img-2 " },
	{ "order",                   { .sort = "name" },                           "img-3 img-1 img-2 " },
	{ "no value comes last",     { .sort = "size_bytes" },                     "img-2 img-1 img-3 " },
	{ "no value is last downwards too", { .sort = "size_bytes", .descending = true }, "img-1 img-2 img-3 " },
	{ "latest",                  { .latest = true },                           "img-1 img-2 " },
	{ "latest, filtered",        { .latest = true, .account = "qa" },          "img-1 " },
	{ "words: % is itself",      { .words = dotted },                          "img-2 " },
	{ "words: _ is itself",      { .words = underscore },                      "img-2 " },
	{ "words: two Chinese characters", { .words = chinese },                   "img-1 " },
	{ "words: none",             { .words = nothing },                         "" },
};
/* clang-format on */

static void filters_row(void **state)
{
	const struct row *row = *state;
	char text[256] = "";

	start(NULL);
	assert_int_equal(reader_each_image(reader, &row->filter, collect, text, &fixture.err), 0);
	assert_string_equal(text, row->ids);
	fixture_teardown_reader(NULL);
}

static int check_types(const struct reader_row *row, void *data)
{
	(void)data;
	assert_int_equal(row->count, 3);
	assert_string_equal(row->names[0], "size_bytes");
	assert_int_equal(row->values[0].type, READER_INT);
	assert_int_equal(row->values[0].integer, INT64_C(20) << 30);
	assert_int_equal(row->values[1].type, READER_NULL);
	assert_string_equal(row->values[1].text, "");
	assert_string_equal(row->values[2].text, "[\"prod\",\"qa\"]");
	assert_null(reader_value(row, "uid"));
	return 7;
}

static void columns_are_the_view_s(void **state)
{
	static const char *const some[] = { "size_bytes", "price", "accounts", NULL };
	static const char *const bad[] = { "uid", "name\" FROM _raw --", NULL };
	struct image_filter filter = { .columns = some };

	(void)state;
	assert_int_equal(reader_each_image(reader, &filter, check_types, NULL, &fixture.err), 7);
	filter.columns = bad;
	assert_int_equal(reader_each_image(reader, &filter, check_types, NULL, &fixture.err),
			 -EINVAL);
	assert_string_equal(fixture.err.text, "images has no column 'name\" FROM _raw --'");
}

static void nearest_column_is_named(void **state)
{
	static const struct {
		const char *column, *want;
		bool removed;
	} misspelt[] = {
		{ "nonsense", "images has no column 'nonsense'", false },
		{ "os_distr", "images has no column 'os_distr'; did you mean 'os_distro'?", false },
		{ "Zone", "images has no column 'Zone'; did you mean 'zone'?", false },
		{ "removed_ta", "sightings has no column 'removed_ta'; did you mean 'removed_at'?",
		  true },
		{ "", "images has no column ''", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(misspelt); i++) {
		const char *const some[] = { misspelt[i].column, NULL };
		struct image_filter filter = { .sort = misspelt[i].column,
					       .removed = misspelt[i].removed };
		for (int pass = 0; pass < 2; pass++) {
			struct error err = { 0 };
			assert_int_equal(reader_each_image(reader, &filter, check_types, NULL,
							   &err),
					 -EINVAL);
			assert_string_equal(err.text, misspelt[i].want);
			filter.sort = NULL;
			filter.columns = some;
		}
	}
}

static int count(const struct reader_row *row, void *data)
{
	(void)row;
	return ++*(int *)data, 0;
}

static void views_are_read_by_name(void **state)
{
	struct view_query query = { .kind = "removed" };
	enum reader_view view;
	int n = 0;

	(void)state;
	for (enum reader_view v = 0; v < VIEW_COUNT; v++)
		assert_int_equal(reader_query_view(reader, v, &(struct view_query){ 0 }, count, &n,
						   &fixture.err),
				 0);
	n = 0;
	assert_int_equal(reader_each_listing(reader, count, &n, &fixture.err), 0);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(reader_query_view(reader, VIEW_changes, &query, count, &n, &fixture.err),
			 0);
	assert_int_equal(n, 1);
	n = 0;
	query = (struct view_query){ .after = 1, .limit = 1, .account = "qa" };
	assert_int_equal(reader_query_view(reader, VIEW_changes, &query, count, &n, &fixture.err),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(reader_query_view(reader, VIEW_drift, &query, count, &n, &fixture.err),
			 -EINVAL);
	assert_true(reader_view_from_text("polls", &view) && view == VIEW_polls);
	assert_false(reader_view_from_text("_images", &view));
}

/* ---- what cannot be read
 * -------------------------------------------------------------------------- */

static void refuses(const char *path, int code, const char *says)
{
	struct reader *r = NULL;
	struct error err = { 0 };

	assert_int_equal(reader_open(&r, path, &err), code);
	assert_null(r);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
}

static void refusals_say_what_to_do(void **state)
{
	struct fixture *f = &fixture;
	char path[FIXTURE_PATH];
	sqlite3 *db = NULL;

	(void)state;
	fixture_path(f, "none.db", path);
	refuses(path, -ENOENT, "start imagecatd");
	assert_int_equal(access(path, F_OK), -1); /* and did not make one */

	fixture_path(f, "text.db", path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		fputs("this is no database at all, but long enough to have a header\n", file);
	assert_int_equal(fclose(file), 0);
	refuses(path, -EBADMSG, "not an SQLite database");

	fixture_path(f, "foreign.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	refuses(path, -EINVAL, "not an imagecat catalog");

	fixture_exec(f, "PRAGMA user_version = 999");
	refuses(f->path, -EPROTO, "newer release");
	fixture_exec(f, "PRAGMA user_version = 1");
	refuses(f->path, -EPROTO, "older release");
}

#define ROWS_MAX   ARRAY_LEN(rows)

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, fixture_teardown_reader)

int main(void)
{
	struct CMUnitTest tests[ROWS_MAX + 4] = {
		CASE(columns_are_the_view_s),
		CASE(nearest_column_is_named),
		CASE(views_are_read_by_name),
		CASE(refusals_say_what_to_do),
	};

	for (size_t i = 0; i < ROWS_MAX; i++)
		tests[4 + i] = (struct CMUnitTest)TEST_ROW(filters_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
