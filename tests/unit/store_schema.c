/*
 * The schema against what the code and the contract say about it.
 */
#include "store_fixture.h"

#include "store/db.h"
#include "store/migrations.h"
#include "store/statements.h"

static void every_statement_prepares(void **state)
{
	static struct statements statements;
	struct error err = { 0 };
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
		assert_int_equal(migrations[i].version, (int)i + 1);
		assert_int_equal(sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL), SQLITE_OK);
	}
	assert_int_equal(db_schema_version(), ARRAY_LEN(migrations));
	if (statements_open(&statements, db, &err) != 0)
		fail_msg("%s", err.text);
	statements_close(&statements);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void images_have_the_record_s_columns(void **state)
{
	struct fixture *f = *state;
	struct buf names, query;

	buf_init(&names);
	buf_init(&query);
	buf_puts(&query, "VALUES ");
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		const char *types[] = { "TEXT", "INTEGER", "REAL" };
		if (c == COLUMN_raw)
			continue;
		buf_printf(&query, "%s('%s', '%s')", names.len ? ", " : "", columns[c].name,
			   types[column_storage(columns[c].type)]);
		buf_printf(&names, "'%s',", columns[c].name);
	}
	buf_puts(&query, " EXCEPT SELECT name, type FROM pragma_table_info('_images')");
	assert_string_equal(fixture_query(f, buf_text(&query)), "");
	buf_puts(&names,
		 "'image','listing_id','presence','absent_polls','uid','first_seen_at',"
		 "'changed_at','last_seen_at','missing_since_at','removed_at','removed_reason',"
		 "'revision','record_hash','mapping_version','raw_exact'");
	buf_clear(&query);
	buf_printf(&query, "SELECT name FROM pragma_table_info('_images') WHERE name NOT IN (%s)",
		   buf_text(&names));
	assert_string_equal(fixture_query(f, buf_text(&query)), "");
	buf_finish(&query);
	buf_finish(&names);
}

static void tables_are_strict_rowid_tables(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		fixture_query(f, "SELECT name FROM pragma_table_list WHERE type = 'table'"
				 " AND schema = 'main' AND name NOT LIKE 'sqlite%'"
				 " AND (wr OR NOT strict OR name NOT LIKE '\\_%' ESCAPE '\\')"),
		"");
	assert_string_equal(fixture_query(f,
					  "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"
					  " AND tbl_name = '_images'"),
			    "3");
}

/* ---- the public face
 * ------------------------------------------------------------------------------ */

static const struct view_row {
	const char *name, *columns;
} view_rows[] = {
	{ "images",
	  "uid provider cloud service region zone zone_id project image_set image_id account "
	  "accounts "
	  "account_count presence first_seen_at last_seen_at changed_at missing_since_at revision "
	  "listing_health stale raw redacted" },
	{ "sightings",
	  "uid presence listing_id removed_at removed_reason stale listing_health raw" },
	{ "latest_images",
	  "uid accounts account_count presence listing_health stale raw rank_reason" },
	{ "families",
	  "provider cloud service name image_ids places images newest_created_at os_distro "
	  "os_version arch" },
	{ "coverage",
	  "provider os_distro os_version arch form region zone images newest_created_at" },
	{ "changes", "seq at kind uid image_id name account service region zone listing_id poll_id "
		     "fields clock_jump" },
	{ "revisions", "uid listing_id revision valid_from_at valid_to_at record" },
	{ "listings",
	  "listing_id account provider cloud service region zone project variant interval_s health "
	  "last_attempt_at last_complete_at next_due_at consecutive_failures last_error "
	  "last_error_class last_code images_present stale" },
	{ "polls",
	  "poll_id listing_id started_at finished_at outcome pages requests retries throttled "
	  "bytes "
	  "duration_ms items duplicates total_reported added changed missing removed returned held "
	  "warnings error_class http_status code provider_message message clock_jump" },
	{ "drift", "provider service path json_type native first_seen_at last_seen_at" },
	{ "image_counts", "time provider region kind state images" },
	{ "column_docs", "view column type unit description source" },
	{ "catalog_info", "key value" },
};

static void view_has_its_columns(void **state)
{
	const struct view_row *row = *state;
	bool records = strcmp(row->name, "images") == 0 || strcmp(row->name, "sightings") == 0 ||
		       strcmp(row->name, "latest_images") == 0;
	char list[1024], sql[256];
	struct buf query;

	fixture_setup((void *[]){ NULL });
	assert_true(strlen(row->columns) < sizeof(list));
	strcpy(list, row->columns);
	buf_init(&query);
	buf_puts(&query, "VALUES");
	for (char *name = strtok(list, " "); name; name = strtok(NULL, " "))
		buf_printf(&query, "%s('%s')", name == list ? " " : ", ", name);
	for (enum column c = 0; c < COLUMN_COUNT && records; c++)
		buf_printf(&query, ", ('%s')", columns[c].name);
	buf_printf(&query, " EXCEPT SELECT name FROM pragma_table_info('%s')", row->name);
	assert_string_equal(fixture_query(&fixture, buf_text(&query)), "");
	buf_finish(&query);
	snprintf(sql, sizeof(sql),
		 "SELECT name FROM pragma_table_info('%s') WHERE name LIKE '%%\\_at' ESCAPE"
		 " '\\' AND name || '_utc' NOT IN (SELECT name FROM pragma_table_info('%s'))",
		 row->name, row->name);
	assert_string_equal(fixture_query(&fixture, sql), "");
	fixture_teardown(NULL);
}

static void every_column_is_described(void **state)
{
	struct fixture *f = *state;
	const char *missing =
		"SELECT s.name, c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c"
		" WHERE s.type = 'view' AND s.name NOT LIKE '\\_%' ESCAPE '\\' EXCEPT"
		" SELECT view, column FROM column_docs";
	const char *invented =
		"SELECT view, column FROM column_docs EXCEPT"
		" SELECT s.name, c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c"
		" WHERE s.type = 'view'";

	assert_string_equal(fixture_query(f, missing), "");
	assert_string_equal(fixture_query(f, invented), "");
	assert_string_equal(
		fixture_query(f, "SELECT view, column FROM column_docs WHERE description = ''"
				 " OR type = '' OR source = ''"),
		"");
	assert_string_equal(fixture_query(f, "SELECT type, unit, description FROM column_docs WHERE"
					     " view = 'images' AND column = 'size_bytes'"),
			    "integer|bytes|size");
	assert_string_equal(fixture_query(f, "SELECT description FROM column_docs WHERE"
					     " view = 'images' AND column = 'created_at_utc'"),
			    "created_at as text: RFC 3339, UTC");
	/* Written again when the texts differ from those of another release. */
	fixture_exec(f, "DELETE FROM _column_docs WHERE view = 'polls'; UPDATE _meta SET value = 1"
			" WHERE key = 'docs'");
	fixture_reopen(f);
	assert_string_equal(fixture_query(f, missing), "");
}

static void sources_name_the_provider_s_fields(void **state)
{
	static const struct field_map fields[] = { { "ImageName", MAP_TEXT(name) },
						   { "Alias", MAP_TEXT(name) },
						   { 0 } };
	static const struct field_map *const tables[] = { fields, NULL };
	static const struct service services[] = { { .name = "uhost", .fields = tables }, { 0 } };
	static const struct provider cloud = { .name = "ucloud", .services = services };
	const struct provider *const providers[] = { &cloud, NULL };
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		assert_int_equal(store_describe(f->store, providers, &f->err), 0);
	assert_string_equal(
		fixture_query(f, "SELECT view, source FROM column_docs WHERE column = 'name'"
				 " AND view IN ('images', 'sightings', 'changes') ORDER BY 1"),
		"changes|imagecat\nimages|ucloud uhost: ImageName, Alias\n"
		"sightings|ucloud uhost: ImageName, Alias");
	assert_string_equal(fixture_query(f, "SELECT source FROM column_docs WHERE column = 'price'"
					     " AND view = 'images'"),
			    "imagecat");
}

static void the_catalog_says_what_it_is(void **state)
{
	struct fixture *f = *state;
	char expected[128];

	fixture_end(f);
	fixture_start(f);
	fixture_create(f);
	snprintf(expected, sizeof(expected),
		 "created_at|%lld\ndaemon_version|1.2.3\nlast_seq|0\n"
		 "schema_version|%d",
		 (long long)f->now, db_schema_version());
	assert_string_equal(fixture_query(f, "SELECT key, value FROM catalog_info ORDER BY key"),
			    expected);
	assert_string_equal(fixture_query(f, "PRAGMA application_id"), "1768120692");
	assert_string_equal(fixture_query(f, "PRAGMA journal_mode"), "wal");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
enum { CASES = 6 };

int main(void)
{
	struct CMUnitTest tests[CASES + ARRAY_LEN(view_rows)] = {
		cmocka_unit_test(every_statement_prepares), CASE(images_have_the_record_s_columns),
		CASE(tables_are_strict_rowid_tables),       CASE(every_column_is_described),
		CASE(sources_name_the_provider_s_fields),   CASE(the_catalog_says_what_it_is),
	};

	for (size_t i = 0; i < ARRAY_LEN(view_rows); i++)
		tests[CASES + i] = (struct CMUnitTest)TEST_ROW(view_has_its_columns, &view_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
