/*
 * A catalog with a bit of every history is whole; each row spoils it in one way, and the check that
 * is there for that must name it.
 */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>

/* ---- a history --------------------------------------------------------------------------------
 */

static void sees(struct fixture *f, struct poll *poll, const char *id, const char *state)
{
	struct record record = fixture_record(id, id);

	(void)f;
	record.state = state;
	record.launchable = strcmp(state, "available") == 0;
	poll_sees(poll, record);
}

/* img-1 changes twice, img-2 goes and comes back, img-3 is added and goes for good, img-4 ends in a
 * final state, img-5 is missing, img-6 has a secret. Polls 1 to 5, changes 1 to 12. */
static void a_life_of_each_kind(struct fixture *f, int64_t listing)
{
	struct record secret = fixture_record("img-6", "secret");
	struct record one = fixture_record("img-1", "one");
	struct poll poll;

	secret.raw = "{\"ImageId\":\"img-6\",\"Password\":\"[redacted]\",\"a\":[{\"token\":\"["
		     "redacted]\"}]}";
	secret.redacted = "[\"Password\",\"a[].token\"]";
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, one);
	sees(f, &poll, "img-2", "available");
	sees(f, &poll, "img-4", "available");
	sees(f, &poll, "img-5", "available");
	poll_sees(&poll, secret);
	poll_commit(f, &poll);

	one.name = "uno";
	one.eol_on = "2030-01-01";
	one.tags = "[{\"key\":\"k\",\"value\":1.10}]";
	one.price = 0.1;
	one.created_count = 7;
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, one);
	sees(f, &poll, "img-3", "available");
	poll_commit(f, &poll);

	one.name = "一";
	one.eol_on = NULL;
	one.created_count = 8;
	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	poll_sees(&poll, one);
	sees(f, &poll, "img-4", "deleted");
	poll_misses(f, &poll, "img-2");
	poll_misses(f, &poll, "img-3");
	poll_commit(f, &poll);

	poll_init(f, &poll, listing, OUTCOME_COMPLETE);
	sees(f, &poll, "img-2", "deprecated");
	poll_misses(f, &poll, "img-3");
	poll_misses(f, &poll, "img-4");
	poll_misses(f, &poll, "img-5");
	poll_commit(f, &poll);

	poll_init(f, &poll, listing, OUTCOME_FAILED);
	poll_commit(f, &poll);
}

/* The other listing changes an image before its baseline. Polls 6 to 8. */
static void a_late_baseline(struct fixture *f, int64_t listing)
{
	struct record record = fixture_record("img-9", "nine");
	struct poll poll;

	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
	record.name = "neun";
	poll_init(f, &poll, listing, OUTCOME_PARTIAL);
	poll_sees(&poll, record);
	poll_commit(f, &poll);
	fixture_poll(f, listing, record);
}

static void a_history(struct fixture *f)
{
	fixture_make(f);
	a_life_of_each_kind(f, fixture_listing(f, "prod", "uhost"));
	int64_t other = fixture_listing(f, "other", "uk8s");
	a_late_baseline(f, other);
	fixture_check_history(f);
	assert_int_equal(store_disable(f->store, other, &f->err), 0);
}

/* ---- verifying --------------------------------------------------------------------------------
 */

static int64_t verify(struct fixture *f, struct buf *lines)
{
	struct verify_report report;
	struct error err = { 0 };

	buf_init(lines);
	if (store_verify(f->path, fixture_keep_line, lines, &report, &err) != 0)
		fail_msg("store_verify: %s", err.text);
	return report.problems;
}

static void a_good_catalog_is_whole(void **state)
{
	struct fixture f;
	struct verify_report report;
	struct buf lines;

	(void)state;
	a_history(&f);
	buf_init(&lines);
	assert_int_equal(store_verify(f.path, fixture_keep_line, &lines, &report, &f.err), 0);
	assert_string_equal(buf_text(&lines), "");
	assert_int_equal(report.problems, 0);
	assert_int_equal(report.images, 7);
	assert_int_equal(report.revisions, 5);
	assert_int_equal(report.changes, 14);
	assert_int_equal(report.polls, 8);
	buf_finish(&lines);
	fixture_end(&f);
}

#define IMAGE(id) "(SELECT image FROM _images WHERE image_id = '" id "')"
#define FREE      "DROP TRIGGER _changes_are_final;"
#define UHOST     "image ucloud/api.ucloud.cn/uhost/cn-bj2/cn-bj2-02/"

/* clang-format off */
static const struct row {
	const char *name; /* the check, a colon, what is spoilt */
	const char *sql, *says;
} rows[] = {
	{ "integrity: an index of other rows",
	  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage ="
	  " (SELECT rootpage FROM sqlite_schema WHERE name = '_listings_by_place') WHERE name = '_images_by_image_id'",
	  "the file is damaged: " },
	{ "presence: none that there is",
	  "PRAGMA ignore_check_constraints = ON; UPDATE _images SET presence = 7 WHERE image_id = 'img-6'",
	  UHOST "img-6: it is removed, but " },
	{ "references: an image of no listing", "UPDATE _images SET listing_id = 99 WHERE image_id = 'img-6'",
	  "table _images row 5 names a row of _listings that does not exist" },

	{ "feed-gap: an entry is gone", "DELETE FROM _changes WHERE seq = 7", "changes 7 to 7 are missing from the feed" },
	{ "feed-gap: the newest are gone", "DELETE FROM _changes WHERE seq > 12",
	  "changes 13 to 14 are missing from the feed" },
	{ "feed-gap: not those that a rollback skipped",
	  "INSERT INTO _meta VALUES ('lost_seqs', '[[5,5],[7,8]]'); DELETE FROM _changes WHERE seq IN (5, 7)",
	  "changes 7 to 7 are missing from the feed" },
	{ "feed-beyond: the numbers were set back", "UPDATE sqlite_sequence SET seq = 12 WHERE name = '_changes'",
	  "change 14 is beyond the last number that was given (12)" },
	{ "feed-kind: a kind that does not exist", FREE "UPDATE _changes SET kind = 'melted' WHERE seq = 14",
	  "change 14: 'melted' is no kind of change" },
	{ "feed-kind: with control characters", FREE "UPDATE _changes SET kind = 'a' || char(27) || '[31m' || char(10) || 'b' WHERE seq = 14",
	  "change 14: 'a\357\277\275[31m b' is no kind of change\n" },
	{ "feed-subject: an image entry without an image", FREE "UPDATE _changes SET image = NULL WHERE seq = 3",
	  "change 3: a 'added' entry without an image" },
	{ "feed-subject: a listing entry with one", FREE "UPDATE _changes SET image = 1 WHERE seq = 14",
	  "change 14: a 'disabled' entry with an image" },
	{ "feed-image: an image that does not exist", FREE "UPDATE _changes SET image = 99 WHERE seq = 3",
	  "change 3: its image 99 is not an image of its listing 1" },
	{ "feed-image: an image of another listing", FREE "UPDATE _changes SET listing_id = 2 WHERE seq = 3",
	  "change 3: its image 6 is not an image of its listing 2" },
	{ "feed-listing: a listing that does not exist", FREE "UPDATE _changes SET listing_id = 9 WHERE seq = 14",
	  "change 14: there is no listing 9" },
	{ "feed-fields: none of a change", FREE "UPDATE _changes SET fields = NULL WHERE seq = 4",
	  "change 4: the fields of a 'changed' entry" },
	{ "feed-fields: no JSON", FREE "UPDATE _changes SET fields = '{\"name' WHERE seq = 4",
	  "change 4: the fields of a 'changed' entry" },
	{ "feed-fields: some of a removal", FREE "UPDATE _changes SET fields = '{\"a\":[1,2]}' WHERE seq = 10",
	  "change 10: the fields of a 'removed' entry" },
	{ "baseline: at another time", "UPDATE _listings SET first_baseline_at = first_baseline_at + 1 WHERE listing_id = 1",
	  "listing 1: its baseline is told at change 1, which" },
	{ "baseline: twice", FREE "UPDATE _changes SET kind = 'baseline' WHERE seq = 14",
	  "listing 2: its baseline is told at change 14, which" },
	{ "unproved: removed by a poll that was partial",
	  "UPDATE _polls SET outcome = 'partial' WHERE poll_id = (SELECT poll_id FROM _changes WHERE seq = 10)",
	  UHOST "img-3: change 10 says 'removed' by a poll that ended as partial" },
	{ "before-baseline: an image is added before it", FREE
	  "UPDATE _changes SET seq = -1 WHERE seq = 3; UPDATE _changes SET seq = 3 WHERE seq = 1; UPDATE _changes SET seq = 1 WHERE seq = -1",
	  UHOST "img-3: change 1 ('added') is told before its listing's baseline" },

	{ "life: added twice", FREE "UPDATE _changes SET kind = 'added' WHERE seq = 7", UHOST "img-3: change 7 says 'added' after 'added'" },
	{ "life: removed twice", FREE "UPDATE _changes SET kind = 'removed' WHERE seq = 7",
	  UHOST "img-3: change 10 says 'removed' after 'removed'" },
	{ "life: returned though present", FREE "UPDATE _changes SET kind = 'returned' WHERE seq = 12",
	  UHOST "img-5: change 12 says 'returned' after 'nothing'" },
	{ "life: changed while missing", FREE "UPDATE _changes SET kind = 'missing' WHERE seq = 8",
	  UHOST "img-2: change 9 says 'changed' after 'missing'" },
	{ "life: missing twice", FREE "UPDATE _changes SET kind = 'missing' WHERE seq = 10",
	  UHOST "img-3: change 10 says 'missing' after 'missing'" },
	{ "life-now: removed, but the row is present",
	  "UPDATE _images SET presence = 0, absent_polls = 0, missing_since_at = NULL, removed_at = NULL, removed_reason = NULL WHERE image_id = 'img-3'",
	  UHOST "img-3: change 10 says 'removed' and is its last, but the image is present" },
	{ "life-now: added, but the row is removed", FREE "UPDATE _changes SET image = " IMAGE("img-6") " WHERE seq = 12",
	  UHOST "img-6: change 12 says 'missing' and is its last, but the image is present" },
	{ "life-untold: nothing says that it is missing", FREE "UPDATE _changes SET image = " IMAGE("img-6") " WHERE seq = 12",
	  UHOST "img-5: it is missing, and no change says so" },
	{ "life-revision: back to an older one", FREE "UPDATE _changes SET revision = 1 WHERE seq = 11",
	  UHOST "img-4: change 11 is about revision 1, the one before it about 2" },
	{ "presence: present, but absent from polls", "UPDATE _images SET absent_polls = 1 WHERE image_id = 'img-6'",
	  UHOST "img-6: it is present, but the number of polls without it (1) does not fit" },
	{ "presence: removed, but absent from none", "UPDATE _images SET absent_polls = 0 WHERE image_id = 'img-3'",
	  UHOST "img-3: it is removed, but the number of polls without it (0) does not fit" },
	{ "presence: missing since never", "UPDATE _images SET missing_since_at = NULL WHERE image_id = 'img-5'",
	  UHOST "img-5: it is missing, but the time since when it is missing does not fit" },
	{ "presence: removed never", "UPDATE _images SET removed_at = NULL WHERE image_id = 'img-3'",
	  UHOST "img-3: it is removed, but the time of its removal does not fit" },
	{ "presence: a reason of nothing", "UPDATE _images SET removed_reason = 'absent' WHERE image_id = 'img-6'",
	  UHOST "img-6: it is present, but the reason of its removal does not fit" },
	{ "presence: reported gone in no final state", "UPDATE _images SET removed_reason = 'reported' WHERE image_id = 'img-3'",
	  UHOST "img-3: it is removed, but the reason of its removal (reported) does not fit" },
	{ "presence: never seen", "UPDATE _images SET last_seen_at = NULL WHERE image_id = 'img-5'",
	  UHOST "img-5: it is missing, but the time when it was last seen does not fit" },
	{ "seen: last before first", "UPDATE _images SET last_seen_at = first_seen_at - 1 WHERE image_id = 'img-3'",
	  UHOST "img-3: it was last seen (" },

	{ "revision-json: broken", "UPDATE _revisions SET record = '{\"name\":' WHERE image = " IMAGE("img-4"),
	  UHOST "img-4: revision 1 is no JSON object" },
	{ "revision-image: of none", "UPDATE _revisions SET image = 99 WHERE image = " IMAGE("img-4"),
	  "revision 1 belongs to image 99, which does not exist" },
	{ "revision-beyond: the present one too", "UPDATE _images SET revision = 1 WHERE image_id = 'img-4'",
	  UHOST "img-4: revision 1 is stored as superseded, but the present one is 1" },
	{ "revision-gap: in the middle", "DELETE FROM _revisions WHERE image = " IMAGE("img-1") " AND revision = 2",
	  UHOST "img-1: revision 2 is missing" },
	{ "revision-gap: the first", "DELETE FROM _revisions WHERE image = " IMAGE("img-1") " AND revision = 1",
	  UHOST "img-1: revision 1 is missing" },
	{ "revision-gap: the only one", "DELETE FROM _revisions WHERE image = " IMAGE("img-4"),
	  UHOST "img-4: revision 1 is missing" },
	{ "revision-gap: a jump", "UPDATE _images SET revision = 4 WHERE image_id = 'img-1'", UHOST "img-1: revision 3 is missing" },
	{ "revision-times: a hole between two", "UPDATE _revisions SET valid_from_at = valid_from_at + 1 WHERE revision = 2",
	  UHOST "img-1: revision 1 ends at " },
	{ "revision-start: before it was seen", "UPDATE _revisions SET valid_from_at = 5 WHERE image = " IMAGE("img-4"),
	  UHOST "img-4: its first revision begins at 5, but it was first seen at " },
	{ "change-time: not when the revision ended", FREE "UPDATE _changes SET at = at + 1 WHERE seq = 4",
	  UHOST "img-1: change 4 happened at " },
	{ "change-time: not when the row changed", "UPDATE _images SET changed_at = changed_at - 1 WHERE image_id = 'img-1'",
	  UHOST "img-1: change 4 happened at " },
	{ "change-revision: one that is not there yet", FREE "UPDATE _changes SET revision = 4 WHERE seq = 4",
	  UHOST "img-1: change 4 made revision 4, but it is not there" },
	{ "change-revision: what was before is gone", "DELETE FROM _revisions WHERE image = " IMAGE("img-1") " AND revision = 1",
	  UHOST "img-1: change 2 made revision 2, but the one before it is not there" },
	{ "change-values: another old value", FREE "UPDATE _changes SET fields = replace(fields, '\"uno\"', '\"due\"') WHERE seq = 4",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: name" },
	{ "change-values: another new value", FREE "UPDATE _changes SET fields = replace(fields, '\"\344\270\200\"', '\"\344\272\214\"') WHERE seq = 4",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: name" },
	{ "change-values: a difference that is not told", FREE "UPDATE _changes SET fields = json_remove(fields, '$.tags') WHERE seq = 2",
	  UHOST "img-1: change 2 does not agree with revisions 1 and 2: tags" },
	{ "change-values: one that is none", FREE "UPDATE _changes SET fields = json_set(fields, '$.form', json('[null,null]')) WHERE seq = 4",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: form" },
	{ "change-values: of a column that is not a change", FREE "UPDATE _changes SET fields = json_set(fields, '$.created_count', json('[7,8]')) WHERE seq = 4",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: created_count" },
	{ "change-values: no pair", FREE "UPDATE _changes SET fields = '{\"name\":\"x\",\"eol_on\":[\"2030-01-01\",null]}' WHERE seq = 4",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: name" },
	{ "change-values: a number that is text", FREE "UPDATE _changes SET fields = replace(fields, '0.1]', '\"0.1\"]') WHERE seq = 2",
	  UHOST "img-1: change 2 does not agree with revisions 1 and 2: price" },
	{ "change-values: the revision says otherwise", "UPDATE _revisions SET record = json_set(record, '$.arch', 'i386') WHERE revision = 2",
	  UHOST "img-1: change 2 does not agree with revisions 1 and 2: arch" },
	{ "change-values: the present row says otherwise", "UPDATE _images SET arch = 'i386' WHERE image_id = 'img-1'",
	  UHOST "img-1: change 4 does not agree with revisions 2 and 3: arch" },
	{ "change-untold: a revision out of nothing", FREE "UPDATE _changes SET image = " IMAGE("img-6") " WHERE seq = 4",
	  UHOST "img-1: no change tells how revision 3 came to be" },

	{ "poll-gap: one is gone", "DELETE FROM _polls WHERE poll_id = 5", "polls 5 to 5 are missing" },
	{ "poll-outcome: a word that does not exist", "UPDATE _polls SET outcome = 'fine' WHERE poll_id = 5", "poll 5: 'fine' is no outcome" },
	{ "poll-listing: of none", "UPDATE _polls SET listing_id = 9 WHERE poll_id = 5", "poll 5: there is no listing 9" },
	{ "poll-of-change: of another listing", "UPDATE _polls SET listing_id = 2 WHERE poll_id = 2",
	  "change 2: its poll 2 is not a poll of its listing 1" },
	{ "poll-of-change: that was never made", FREE "UPDATE _changes SET poll_id = 77 WHERE seq = 12",
	  "change 12: its poll 77 is not a poll of its listing 1" },
	{ "poll-counts: more than is told", "UPDATE _polls SET returned = 2 WHERE poll_id = 4",
	  "poll 4: it counted 0 added, 1 changed, 1 missing, 2 removed, 2 returned but the feed tells 0 added, 1 changed, 1 missing, 2 removed, 1 returned" },
	{ "poll-counts: nothing is told", "UPDATE _polls SET added = 1 WHERE poll_id = 5",
	  "poll 5: it counted 1 added, 0 changed, 0 missing, 0 removed, 0 returned but the feed tells 0 added" },

	{ "listing-count: another number", "UPDATE _listings SET images_present = 8 WHERE listing_id = 1",
	  "listing 1 (prod uhost cn-bj2): it counts 8 present images, but has 3" },
	{ "raw-json: broken", "UPDATE _raw SET raw = '{\"a\":' WHERE image = " IMAGE("img-2"), UHOST "img-2: its raw item is no JSON" },
	{ "raw-image: of none", "INSERT INTO _raw VALUES (99, '{}')", "a raw item belongs to image 99, which does not exist" },
	{ "redacted: a password came back", "UPDATE _raw SET raw = replace(raw, 'Password\":\"[redacted]', 'Password\":\"p4ss') WHERE image = " IMAGE("img-6"),
	  UHOST "img-6: 'Password' should be redacted, but its raw item has a value there" },
	{ "redacted: all of them", "UPDATE _raw SET raw = replace(raw, '[redacted]', 'p4ss') WHERE image = " IMAGE("img-6"),
	  UHOST "img-6: 'a[].token' should be redacted, but its raw item has a value there" },
	{ "rows: a column was changed by hand", "UPDATE _images SET os_version = '22.05' WHERE image_id = 'img-6'",
	  UHOST "img-6: its row is not what was stored" },
	{ "rows: a raw item was changed by hand", "UPDATE _raw SET raw = '{}' WHERE image = " IMAGE("img-5"),
	  UHOST "img-5: its row is not what was stored" },
	{ "rows: a uid of another place", "UPDATE _images SET uid = replace(uid, 'cn-bj2/', 'hk/') WHERE image_id = 'img-6'",
	  "image ucloud/api.ucloud.cn/uhost/hk/cn-bj2-02/img-6: its uid is not made of its listing, zone and id" },
};
/* clang-format on */

/* The same history for every row: made once, copied, spoilt. */
static struct fixture original;

static int make_original(void **state)
{
	(void)state;
	a_history(&original);
	store_close(original.store);
	original.store = NULL;
	return 0;
}

static int drop_original(void **state)
{
	(void)state;
	fixture_end(&original);
	return 0;
}

static void copy_original(const char *to)
{
	static char bytes[MIB(4)];
	FILE *from = fopen(original.path, "r"), *file = fopen(to, "w");

	assert_non_null(from);
	assert_non_null(file);
	size_t len = fread(bytes, 1, sizeof(bytes), from);
	assert_true(len > 0 && len < sizeof(bytes));
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(from), 0);
	assert_int_equal(fclose(file), 0);
}

static void names_what_is_wrong(void **state)
{
	const struct row *row = *state;
	struct fixture f;
	struct buf lines;

	fixture_start(&f);
	copy_original(f.path);
	fixture_exec(&f, row->sql);
	assert_true(verify(&f, &lines) > 0);
	if (!strstr(buf_text(&lines), row->says))
		fail_msg("'%s' is not said by:\n%s", row->says, buf_text(&lines));
	if (strstr(buf_text(&lines), "could not be made"))
		fail_msg("%s", buf_text(&lines));
	buf_finish(&lines);
	fixture_end(&f);
}

static void every_check_has_a_row(void **state)
{
	static const char *const names[] = {
#define CHECK(name, sentence, sql) name,
#include "store/verify.def"
#undef CHECK
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool found = false;
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			size_t len = strlen(names[i]);
			found |= strncmp(rows[k].name, names[i], len) == 0 &&
				 rows[k].name[len] == ':';
		}
		if (!found)
			fail_msg("no row spoils '%s'", names[i]);
	}
}

/* ---- histories that look odd and are whole
 * ------------------------------------------------------- */

static void a_pruned_history_is_whole(void **state)
{
	struct fixture f;

	(void)state;
	a_history(&f);
	for (int64_t keep = 11 * 60; keep > 0; keep -= 30) {
		assert_int_equal(store_prune(f.store, f.now, keep, 0, &f.err), 0);
		fixture_check_whole(&f);
	}
	assert_query(&f, "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM revisions)",
		     "2|0");
	f.now += 10;
	assert_int_equal(store_prune(f.store, f.now, 1, 1, &f.err), 0);
	fixture_check_whole(&f);
	fixture_end(&f);
}

static void a_new_mapping_is_whole(void **state)
{
	struct fixture f;
	struct record record = fixture_record("img-1", "one");

	(void)state;
	fixture_make(&f);
	int64_t listing = fixture_listing(&f, "prod", "uhost");
	fixture_poll(&f, listing, record);
	fixture_exec(&f, "UPDATE _images SET mapping_version = 0");
	record.arch = "x86_64";
	fixture_poll(&f, listing, record);
	assert_query(&f, "SELECT kind, revision FROM changes ORDER BY seq",
		     "baseline|NULL\nremapped|NULL");
	assert_query(&f, "SELECT revision FROM images", "2");
	fixture_check_whole(&f);
	fixture_end(&f);
}

static void many_of_a_sort_are_counted(void **state)
{
	struct fixture f;
	struct buf lines;
	struct poll poll;
	char id[40][16];

	(void)state;
	fixture_make(&f);
	poll_init(&f, &poll, fixture_listing(&f, "prod", "uhost"), OUTCOME_COMPLETE);
	for (size_t i = 0; i < ARRAY_LEN(id); i++) {
		snprintf(id[i], sizeof(id[i]), "img-%zu", i);
		poll_sees(&poll, fixture_record(id[i], "name"));
	}
	poll_commit(&f, &poll);
	fixture_exec(&f, "UPDATE _images SET name = 'other'");
	assert_int_equal(verify(&f, &lines), 40);
	assert_non_null(strstr(buf_text(&lines), "\nand 30 more of this sort\n"));
	buf_finish(&lines);
	fixture_end(&f);
}

/* ---- files
 * ------------------------------------------------------------------------------------------ */

static void refuses(const char *path, int code, const char *says)
{
	struct verify_report report;
	struct error err = { 0 };

	assert_int_equal(store_verify(path, fixture_keep_line, NULL, &report, &err), code);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
}

static void what_is_no_catalog_is_refused(void **state)
{
	struct fixture f;
	char path[FIXTURE_PATH];
	sqlite3 *db = NULL;

	(void)state;
	fixture_start(&f);
	refuses(f.path, -ENOENT, "there is no catalog at '");

	FILE *file = fopen(fixture_path(&f, "notes", path), "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database\n", file);
	assert_int_equal(fclose(file), 0);
	refuses(path, -EBADMSG, "is not an SQLite database");

	assert_int_equal(sqlite3_open(fixture_path(&f, "foreign", path), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	refuses(path, -EINVAL, "is not an imagecat catalog");

	fixture_open(&f);
	fixture_exec(&f, "PRAGMA user_version = 99");
	refuses(f.path, -EPROTO, "was written by a newer release");
	fixture_end(&f);
}

/* Inside it is not what its header says: every check says so, none crashes. */
static void tables_that_are_not_ours(void **state)
{
	struct fixture f;
	struct buf lines;

	(void)state;
	a_history(&f);
	fixture_exec(&f, "DROP TABLE _revisions; DROP TABLE _meta; CREATE TABLE _meta (x)");
	assert_true(verify(&f, &lines) > 0);
	assert_non_null(strstr(buf_text(&lines), "the check 'revision-gap' could not be made"));
	buf_finish(&lines);
	fixture_end(&f);
}

/* Each page in turn is overwritten: a sentence or a harmless one, never a crash. */
static void damaged_pages(void **state)
{
	struct fixture f;
	struct stat info;
	char good[65536], noise[4096];
	int64_t found = 0, pages;

	(void)state;
	a_history(&f);
	store_close(f.store);
	f.store = NULL;
	memset(noise, 0xa5, sizeof(noise));
	assert_int_equal(stat(f.path, &info), 0);
	pages = info.st_size / 4096;
	assert_true(pages > 10);
	for (int64_t page = 0; page < pages; page++) {
		struct verify_report report;
		struct error err = { 0 };
		struct buf lines;
		int fd = open(f.path, O_RDWR);
		assert_true(fd >= 0);
		off_t at = page * 4096 + (page == 0 ? 100 : 0);
		assert_int_equal(pread(fd, good, 2000, at), 2000);
		assert_int_equal(pwrite(fd, noise, 2000, at), 2000);
		buf_init(&lines);
		int result = store_verify(f.path, fixture_keep_line, &lines, &report, &err);
		found += result < 0 ? err.text[0] != '\0' : report.problems > 0;
		buf_finish(&lines);
		assert_int_equal(pwrite(fd, good, 2000, at), 2000);
		close(fd);
	}
	if (found * 4 < pages * 3)
		fail_msg("only %lld of %lld damaged pages were noticed", (long long)found,
			 (long long)pages);
	fixture_check_whole(&f);
	fixture_end(&f);
}

int main(void)
{
	static struct CMUnitTest row_tests[ARRAY_LEN(rows)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_catalog_is_whole),
		cmocka_unit_test(every_check_has_a_row),
		cmocka_unit_test(a_pruned_history_is_whole),
		cmocka_unit_test(a_new_mapping_is_whole),
		cmocka_unit_test(many_of_a_sort_are_counted),
		cmocka_unit_test(what_is_no_catalog_is_refused),
		cmocka_unit_test(tables_that_are_not_ours),
		cmocka_unit_test(damaged_pages),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		row_tests[i] = (struct CMUnitTest)TEST_ROW(names_what_is_wrong, &rows[i]);
	int failed = cmocka_run_group_tests_name("verify", tests, NULL, NULL);
	return failed +
	       cmocka_run_group_tests_name("verify rows", row_tests, make_original, drop_original);
}
