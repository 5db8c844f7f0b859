#include "daemon/evidence.h"

#include <string.h>

#include "tests/test.h"

/* The evidence of a listing that is whole; each row spoils one fact, and that is what is told. */
static struct evidence whole(void)
{
	return (struct evidence){ .paged = true,
				  .pages = 3,
				  .pages_with_new = 2,
				  .pages_with_total = 3,
				  .items = 14,
				  .unique = 12,
				  .total_known = true,
				  .total = 12,
				  .first_page_items = 10,
				  .overlaps = 2,
				  .end_reached = true,
				  .first_again_done = true,
				  .first_again_same = true,
				  .readings = 1,
				  .pages_all = 4,
				  .unique_all = 12,
				  .span_ms = 1000 };
}

/* clang-format off */
#define SPOILS(name, statement) static void name(struct evidence *e) { statement; }
SPOILS(nothing,             (void)e)
SPOILS(endless,             e->too_many = true)
SPOILS(no_array,            e->array_absent = true)
SPOILS(no_id,               e->quarantined = 1)
SPOILS(scope,               e->out_of_scope = 1)
SPOILS(conflict,            e->conflicts = 1)
SPOILS(total_changed,       e->total_changed = true)
SPOILS(total_sometimes,     e->pages_with_total = 2)
SPOILS(total_higher,        e->total = 13)
SPOILS(total_lower,         e->total = 11)
SPOILS(no_end,              e->end_reached = false)
SPOILS(hole,                e->hole = true)
SPOILS(offsets,             e->offsets_ignored = true)
SPOILS(order,               e->overlap_broken = true)
SPOILS(not_agreed,          e->aligned = true)
SPOILS(first_unread,        e->first_again_done = false)
SPOILS(first_changed,       e->first_again_same = false)
SPOILS(span,                e->span_ms = EVIDENCE_SPAN_MAX_MS)
SPOILS(key,                 e->key_changed = true)
SPOILS(no_total,            e->total_known = false; e->pages_with_total = 0)
SPOILS(unpaged,             e->paged = false; e->end_reached = false; e->pages_with_new = 1)
SPOILS(offsets_do_not_matter, e->offsets_ignored = true; e->first_page_items = 12)
SPOILS(aligned_one_page,    e->aligned = true; e->first_page_items = 12; e->first_again_done = false)
SPOILS(two_agree,           e->aligned = e->agreed = true; e->first_again_done = false; e->overlap_broken = true)

static const struct row {
	const char *name;
	void (*spoil)(struct evidence *e);
	enum doubt doubt;
	bool may_settle;
	const char *why; /* a part of the sentence */
} rows[] = {
	{ "whole",                    nothing,         DOUBT_NONE,            false, "" },
	{ "does not end",             endless,         DOUBT_ENDLESS,         false, "does not end" },
	{ "no array",                 no_array,        DOUBT_NO_ARRAY,        false, "no list of images" },
	{ "no id",                    no_id,           DOUBT_NO_ID,           false, "1 item has no readable id" },
	{ "another place",            scope,           DOUBT_SCOPE,           false, "1 image belongs to a place" },
	{ "conflict",                 conflict,        DOUBT_CONFLICT,        true,  "listed twice with different content" },
	{ "total changed",            total_changed,   DOUBT_TOTAL_CHANGED,   true,  "total changed" },
	{ "total sometimes",          total_sometimes, DOUBT_TOTAL_SOMETIMES, true,  "some have none" },
	{ "total higher",             total_higher,    DOUBT_TOTAL,           true,  "the cloud says 13 images, 12 were listed" },
	{ "total lower",              total_lower,     DOUBT_TOTAL,           true,  "the cloud says 11 images, 12 were listed" },
	{ "end not reached",          no_end,          DOUBT_NO_END,          true,  "the end of the listing" },
	{ "hole",                     hole,            DOUBT_HOLE,            true,  "in the middle" },
	{ "offsets ignored",          offsets,         DOUBT_OFFSETS,         true,  "every offset" },
	{ "order",                    order,           DOUBT_ORDER,           true,  "the order of images changed" },
	{ "no two agree",             not_agreed,      DOUBT_NOT_AGREED,      true,  "agree" },
	{ "first page unread",        first_unread,    DOUBT_FIRST_UNREAD,    true,  "not read again" },
	{ "first page changed",       first_changed,   DOUBT_FIRST_CHANGED,   true,  "the first page changed" },
	{ "too slow",                 span,            DOUBT_SPAN,            false, "60 s" },
	{ "another key",              key,             DOUBT_KEY,             false, "key" },
	{ "no total at all",          no_total,        DOUBT_NONE,            false, "" },
	{ "not paged",                unpaged,         DOUBT_NONE,            false, "" },
	{ "offsets ignored, one page", offsets_do_not_matter, DOUBT_NONE,     false, "" },
	{ "page behind page, one page", aligned_one_page, DOUBT_NONE,         false, "" },
	{ "two readings agree",       two_agree,       DOUBT_NONE,            false, "" },
};
/* clang-format on */

static void doubts_row(void **state)
{
	const struct row *row = *state;
	struct evidence e = whole();
	struct buf why;

	row->spoil(&e);
	assert_int_equal(evidence_doubt(&e), row->doubt);
	assert_int_equal(evidence_may_settle(row->doubt), row->may_settle);
	buf_init(&why);
	assert_int_equal(evidence_judge(&e, &why),
			 row->doubt == DOUBT_NONE ? OUTCOME_COMPLETE : OUTCOME_PARTIAL);
	assert_int_equal(why.len > 0, row->doubt != DOUBT_NONE);
	assert_non_null(strstr(buf_text(&why), row->why));

	/* With nothing seen in any reading it is a failure; seen in an earlier one, it is not. */
	buf_clear(&why);
	e.unique_all = 0;
	if (row->doubt != DOUBT_NONE)
		assert_int_equal(evidence_judge(&e, &why), OUTCOME_FAILED);
	buf_clear(&why);
	e.unique_all = 5;
	e.failure = CLASS_UNAVAILABLE;
	assert_int_equal(evidence_judge(&e, &why), OUTCOME_PARTIAL);
	e.interrupted = true;
	assert_int_equal(evidence_judge(&e, &why), OUTCOME_ABORTED);
	buf_finish(&why);
}

static void every_doubt_has_a_row(void **state)
{
	(void)state;
	for (enum doubt doubt = DOUBT_NONE; doubt < DOUBT_COUNT; doubt++) {
		bool found = false;
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			found = found || rows[i].doubt == doubt;
		if (!found)
			fail_msg("doubt %d has no row", (int)doubt);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = { cmocka_unit_test(every_doubt_has_a_row) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[1 + i] = (struct CMUnitTest)TEST_ROW(doubts_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
