#include "daemon/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/test.h"

/*
 * A scripted cloud that lives in this file: a list of keys, the quirks of its paging, and changes
 * that happen between two requests. What it answers is all that daemon/listing gets to see.
 */
enum { KEYS_MAX = 400, CAP = 10, GROUP = 3 };

/* clang-format off */
enum quirk {
	PLAIN, NO_TOTAL, TOTAL_HIGH, TOTAL_LOW, IGNORES_OFFSET, CLAMPS_TO_4, SHORT_MIDDLE, FAILS_THIRD,
	ENDLESS, SHUFFLES, NO_ARRAY, EMPTY_TOTAL_ONLY, TOTAL_CHANGES, CONFLICT, NO_ID, OUT_OF_SCOPE,
	TOTAL_ON_FIRST_ONLY, GROUPS, ROUNDS_OFFSETS, ROUNDS_NO_TOTAL, HOLE, HOLE_NO_TOTAL, HOLE_ONCE,
	SHUFFLES_NO_TOTAL,
};
/* clang-format on */

enum churn { QUIET, DELETE_ABOVE, INSERT_ABOVE, DELETE_AND_INSERT, NEVER_QUIET };

struct cloud {
	uint64_t keys[KEYS_MAX];
	size_t count;
	enum quirk quirk;
	enum churn churn;
	size_t churn_at; /* before the answer of this number */
	size_t answers;
	uint64_t next_key;
};

static void remove_at(struct cloud *c, size_t at)
{
	memmove(c->keys + at, c->keys + at + 1, (c->count - at - 1) * sizeof(c->keys[0]));
	c->count--;
}

static void insert_at(struct cloud *c, size_t at)
{
	memmove(c->keys + at + 1, c->keys + at, (c->count - at) * sizeof(c->keys[0]));
	c->keys[at] = c->next_key++;
	c->count++;
}

static void churn(struct cloud *c)
{
	if (c->churn != NEVER_QUIET && c->answers != c->churn_at)
		return;
	switch (c->churn) {
	case QUIET: break;
	case DELETE_ABOVE: remove_at(c, 0); break;
	case INSERT_ABOVE: insert_at(c, 0); break;
	case NEVER_QUIET: /* at every answer */
	case DELETE_AND_INSERT:
		remove_at(c, 0);
		insert_at(c, c->count);
		break;
	}
}

/* Offsets count groups; a group holds none to three images, as its key says. */
static void answer_groups(const struct cloud *c, uint64_t offset, struct listing_page *page)
{
	page->count = page->units = 0;
	for (size_t g = offset; g < c->count && page->units < CAP; g++, page->units++)
		for (uint64_t k = 0; k < c->keys[g] % (GROUP + 1); k++)
			page->items[page->count++] = (struct listing_item){
				.key = c->keys[g] * 1000 + k, .content = k, .unit = page->units
			};
	page->has_total = false;
}

/* Items go into a block that the test frees at STORE or DROP. */
static struct listing_page answer(struct cloud *c, uint64_t offset)
{
	size_t cap = c->quirk == CLAMPS_TO_4 ? 4 : CAP;
	struct listing_item *items = calloc(GROUP * CAP + 1, sizeof(*items));
	struct listing_page page = { .items = items, .has_total = true, .has_array = true };

	assert_non_null(items);
	churn(c);
	if (c->quirk == SHUFFLES || c->quirk == SHUFFLES_NO_TOTAL)
		for (size_t i = c->count - 1; i > 0; i--) {
			size_t k = hash_bytes(&i, sizeof(i), c->answers) % (i + 1);
			uint64_t key = c->keys[i];
			c->keys[i] = c->keys[k];
			c->keys[k] = key;
		}
	if (c->quirk == IGNORES_OFFSET)
		offset = 0;
	if (c->quirk == ROUNDS_OFFSETS || c->quirk == ROUNDS_NO_TOTAL)
		offset = offset / CAP * CAP;
	bool in_hole = offset > CAP && offset < 2 * CAP;
	if (((c->quirk == HOLE || c->quirk == HOLE_NO_TOTAL) && in_hole) ||
	    (c->quirk == HOLE_ONCE && c->answers == 2))
		cap = 0;
	if (c->quirk == SHORT_MIDDLE && c->answers == 2)
		cap = 3;
	for (size_t i = offset; i < c->count && page.count < cap; i++)
		items[page.count++] =
			(struct listing_item){ .key = c->keys[i], .content = c->keys[i] };
	if (c->quirk == ENDLESS)
		for (page.count = 0; page.count < CAP; page.count++)
			items[page.count] = (struct listing_item){ .key = offset + page.count + 1,
								   .content = 1 };
	page.units = page.count;
	for (size_t i = 0; i < page.count; i++)
		items[i].unit = i;
	if (c->quirk == GROUPS)
		answer_groups(c, offset, &page);
	page.total = (int64_t)c->count;
	if (c->quirk == TOTAL_HIGH)
		page.total += 3;
	if (c->quirk == TOTAL_LOW)
		page.total -= 3;
	if (c->quirk == TOTAL_CHANGES)
		page.total += (int64_t)c->answers;
	if (c->quirk == NO_TOTAL || c->quirk == ROUNDS_NO_TOTAL || c->quirk == HOLE_NO_TOTAL ||
	    c->quirk == SHUFFLES_NO_TOTAL || (c->quirk == TOTAL_ON_FIRST_ONLY && offset > 0))
		page.has_total = false;
	if (c->quirk == NO_ARRAY)
		page.count = 0, page.has_array = false;
	if (c->quirk == EMPTY_TOTAL_ONLY)
		page.count = 0, page.has_array = false, page.total = 0;
	if (c->quirk == CONFLICT && offset == 0)
		items[page.count] = (struct listing_item){ .key = items[1].key, .content = 99 },
		page.count++;
	if (c->quirk == NO_ID && offset == 0)
		items[2].key = 0;
	if (c->quirk == OUT_OF_SCOPE && offset == 0)
		items[2].out_of_scope = true;
	if (c->quirk == CONFLICT && offset == 0)
		items[page.count - 1].unit = page.units++;
	c->answers++;
	page.user = items;
	return page;
}

struct reading {
	struct evidence evidence;
	enum outcome outcome;
	char why[256];
	size_t fresh;
	size_t asked;
	unsigned proof_begins;
	bool aligned;
};

/* Plays one reading; with several pages in flight the answers come newest first. */
static struct reading play(struct cloud *c, bool paged, unsigned ahead_max, unsigned rereads_max)
{
	struct listing_config config = { .paged = paged,
					 .ahead_max = ahead_max,
					 .rereads_max = rereads_max };
	struct listing_action pending[LISTING_ASKED_MAX];
	struct reading r = { 0 };
	struct listing l;
	struct buf why;
	size_t out = 0, handed = 0, returned = 0;
	bool over = false;

	listing_init(&l, &config);
	while (!over) {
		struct listing_action action = listing_next(&l);
		switch (action.kind) {
		case LISTING_ASK:
			assert_true(out < ahead_max);
			pending[out++] = action;
			r.asked++;
			break;
		case LISTING_STORE: {
			struct listing_item *items = action.user;
			for (size_t i = 0; i < GROUP * CAP + 1; i++)
				r.fresh += items[i].fresh;
			free(items);
			returned++;
			break;
		}
		case LISTING_DROP:
			free(action.user);
			returned++;
			break;
		case LISTING_NONE:
			assert_true(out > 0); /* it waits for something */
			action = pending[--out];
			if (c->quirk == FAILS_THIRD && c->answers == 2) {
				c->answers++;
				listing_failed(&l, action.ask, CLASS_UNAVAILABLE);
				break;
			}
			struct listing_page page = answer(c, action.offset);
			handed++;
			listing_page(&l, action.ask, &page);
			break;
		case LISTING_PAUSE:
			assert_int_equal(out, 0); /* nothing is in flight between two readings */
			assert_int_equal(listing_next(&l).kind, LISTING_NONE);
			listing_resume(&l);
			break;
		case LISTING_END: over = true; break;
		}
	}
	assert_int_equal(handed, returned); /* every page came back exactly once */
	buf_init(&why);
	r.outcome = evidence_judge(&l.evidence, &why);
	snprintf(r.why, sizeof(r.why), "%s", buf_text(&why));
	r.evidence = l.evidence;
	r.proof_begins = listing_proof_begins(&l);
	r.aligned = l.config.aligned;
	assert_true(l.evidence.readings <= LISTING_READINGS_MAX);
	buf_finish(&why);
	listing_finish(&l);
	return r;
}

static struct cloud cloud_of(size_t count, enum quirk quirk)
{
	struct cloud c = { .count = count, .quirk = quirk, .next_key = 100000 };

	for (size_t i = 0; i < count; i++)
		c.keys[i] = i + 1;
	return c;
}

/* clang-format off */
static const struct row {
	const char *name;
	size_t count;
	enum quirk quirk;
	bool paged;
	enum outcome outcome;
	const char *why; /* a part of the sentence */
	size_t fresh;    /* 0: not judged */
	size_t readings; /* 0: not judged */
} rows[] = {
	{ "empty, said so",             0,  PLAIN,            true,  OUTCOME_COMPLETE, "", 0 },
	{ "empty by total, no array",   0,  EMPTY_TOTAL_ONLY, true,  OUTCOME_COMPLETE, "", 0 },
	{ "no array is no empty list",  5,  NO_ARRAY,         true,  OUTCOME_FAILED,   "no list", 0 },
	{ "one image",                  1,  PLAIN,            true,  OUTCOME_COMPLETE, "", 1 },
	{ "one page",                   7,  PLAIN,            true,  OUTCOME_COMPLETE, "", 7 },
	{ "exactly one page",           10, PLAIN,            true,  OUTCOME_COMPLETE, "", 10 },
	{ "a page and one",             11, PLAIN,            true,  OUTCOME_COMPLETE, "", 11 },
	{ "many pages",                 95, PLAIN,            true,  OUTCOME_COMPLETE, "", 95 },
	{ "unpaged",                    9,  PLAIN,            false, OUTCOME_COMPLETE, "", 9 },
	{ "no total",                   35, NO_TOTAL,         true,  OUTCOME_COMPLETE, "", 35 },
	{ "total too high",             35, TOTAL_HIGH,       true,  OUTCOME_PARTIAL,  "says 38 images, 35 were listed", 35, 2 },
	{ "total too low",              35, TOTAL_LOW,        true,  OUTCOME_PARTIAL,  "says 32 images, 35 were listed", 35, 2 },
	{ "total changes",              35, TOTAL_CHANGES,    true,  OUTCOME_PARTIAL,  "total changed", 35 },
	{ "total on the first page only", 35, TOTAL_ON_FIRST_ONLY, true, OUTCOME_PARTIAL, "some have none", 35 },
	{ "page size clamped",          35, CLAMPS_TO_4,      true,  OUTCOME_COMPLETE, "", 35 },
	{ "short page in the middle",   45, SHORT_MIDDLE,     true,  OUTCOME_COMPLETE, "", 45 },
	{ "groups of images",           41, GROUPS,           true,  OUTCOME_COMPLETE, "", 61 },
	{ "a last group without images", 24, GROUPS,          true,  OUTCOME_COMPLETE, "", 36 },
	{ "offset ignored, one page",   8,  IGNORES_OFFSET,   true,  OUTCOME_COMPLETE, "", 8 },
	{ "offset ignored, more",       30, IGNORES_OFFSET,   true,  OUTCOME_PARTIAL,  "says 30 images, 10 were listed", 10, 2 },
	{ "offsets rounded",            45, ROUNDS_OFFSETS,   true,  OUTCOME_COMPLETE, "", 45, 3 },
	{ "offsets rounded, one page",  9,  ROUNDS_OFFSETS,   true,  OUTCOME_COMPLETE, "", 9, 1 },
	{ "offsets rounded, full pages", 40, ROUNDS_OFFSETS,  true,  OUTCOME_COMPLETE, "", 40, 3 },
	{ "offsets rounded, no total",  45, ROUNDS_NO_TOTAL,  true,  OUTCOME_COMPLETE, "", 45, 3 },
	{ "hole in the middle",         45, HOLE,             true,  OUTCOME_PARTIAL,  "", 0, 2 },
	{ "hole, no total",             45, HOLE_NO_TOTAL,    true,  OUTCOME_PARTIAL,  "in the middle", 0 },
	{ "a page was empty once",      45, HOLE_ONCE,        true,  OUTCOME_COMPLETE, "", 45, 2 },
	{ "third page fails",           45, FAILS_THIRD,      true,  OUTCOME_PARTIAL,  "before a page failed", 0 },
	{ "order changes at each request", 45, SHUFFLES,      true,  OUTCOME_COMPLETE, "", 45 },
	{ "order changes, two pages",   12, SHUFFLES,         true,  OUTCOME_COMPLETE, "", 12 },
	{ "order changes, no total",    45, SHUFFLES_NO_TOTAL, true, OUTCOME_PARTIAL,  "", 0 },
	{ "conflicting twins",          9,  CONFLICT,         true,  OUTCOME_PARTIAL,  "different content", 9 },
	{ "item without id",            9,  NO_ID,            true,  OUTCOME_PARTIAL,  "no readable id", 8 },
	{ "item of another place",      9,  OUT_OF_SCOPE,     true,  OUTCOME_PARTIAL,  "not asked for", 8 },
};
/* clang-format on */

static void reads_row(void **state)
{
	const struct row *row = *state;

	for (unsigned ahead = 1; ahead <= 8; ahead += 7) {
		struct cloud c = cloud_of(row->count, row->quirk);
		struct reading r = play(&c, row->paged, ahead, LISTING_REREADS_MAX);
		if (r.outcome != row->outcome)
			fail_msg("%s, why: %s", outcome_text(r.outcome), r.why);
		assert_non_null(strstr(r.why, row->why));
		if (row->fresh > 0)
			assert_int_equal(r.fresh, row->fresh);
		assert_int_equal(r.evidence.unique_all, r.fresh);
		if (row->readings > 0)
			assert_int_equal(r.evidence.readings, row->readings);
	}
}

/* An endless cloud ends by the cap, not by memory. */
static void endless_listing_ends(void **state)
{
	struct cloud c = cloud_of(1, ENDLESS);

	(void)state;
	struct reading r = play(&c, true, 1, LISTING_REREADS_MAX);
	assert_int_equal(r.outcome, OUTCOME_PARTIAL);
	assert_non_null(strstr(r.why, "does not end"));
}

/* Every kind of change, before every answer, sequential and ahead: never complete unless all
 * that lived through the whole reading was seen. */
static void churn_is_noticed(void **state)
{
	size_t complete = 0, readings = 0;

	(void)state;
	for (int kind = DELETE_ABOVE; kind <= DELETE_AND_INSERT; kind++) {
		for (size_t at = 0; at < 8; at++) {
			for (unsigned ahead = 1; ahead <= 8; ahead += 7) {
				struct cloud c = cloud_of(45, PLAIN);
				c.churn = (enum churn)kind;
				c.churn_at = at;
				struct reading r = play(&c, true, ahead, 0);
				readings++;
				complete += r.outcome == OUTCOME_COMPLETE;
				/* 44 of the first 45 live on whatever the change was. */
				if (r.outcome == OUTCOME_COMPLETE)
					assert_true(r.fresh >= 44 + (kind == INSERT_ABOVE));
			}
		}
	}
	assert_true(complete > 0 && complete < readings);
}

/* A list that changed once is whole the next time; one that always changes ends all the same, and
 * never as complete: in this cloud an image is replaced at every answer. */
static void churn_settles(void **state)
{
	(void)state;
	for (int kind = DELETE_ABOVE; kind <= DELETE_AND_INSERT; kind++) {
		for (size_t at = 0; at < 8; at++) {
			for (unsigned ahead = 1; ahead <= 8; ahead += 7) {
				struct cloud c = cloud_of(45, PLAIN);
				c.churn = (enum churn)kind;
				c.churn_at = at;
				struct reading r = play(&c, true, ahead, LISTING_REREADS_MAX);
				assert_int_equal(r.outcome, OUTCOME_COMPLETE);
				assert_int_equal(r.proof_begins, r.evidence.readings - 1);
				assert_false(r.aligned);
			}
		}
	}
	for (unsigned rereads = 0; rereads <= LISTING_REREADS_MAX; rereads++) {
		struct cloud c = cloud_of(95, PLAIN);
		c.churn = NEVER_QUIET;
		struct reading r = play(&c, true, 1, rereads);
		assert_int_equal(r.outcome, OUTCOME_PARTIAL);
		if (!r.aligned)
			assert_int_equal(r.evidence.readings, rereads + 1);
	}
}

/* Two readings that must agree begin with the first of them; what it showed counts. */
static void agreement_is_of_two_readings(void **state)
{
	struct cloud c = cloud_of(45, ROUNDS_OFFSETS);

	(void)state;
	struct reading r = play(&c, true, 1, LISTING_REREADS_MAX);
	assert_true(r.aligned && r.evidence.agreed);
	assert_int_equal(r.proof_begins, r.evidence.readings - 2);

	/* An image goes between the two: the first is no proof, a third is. */
	c = cloud_of(45, ROUNDS_OFFSETS);
	c.churn = DELETE_ABOVE;
	c.churn_at = 9;
	r = play(&c, true, 1, LISTING_REREADS_MAX);
	assert_int_equal(r.outcome, OUTCOME_COMPLETE);
	assert_true(r.evidence.readings > 3);
	assert_int_equal(r.evidence.unique, 44);
}

/* With a total and a steady page size nothing is asked that the chain does not need. */
static void asking_ahead_wastes_nothing(void **state)
{
	(void)state;
	for (size_t count = 0; count < 60; count++) {
		struct cloud one = cloud_of(count, PLAIN), many = cloud_of(count, PLAIN);
		struct reading a = play(&one, true, 1, 0), b = play(&many, true, 8, 0);
		assert_int_equal(a.outcome, OUTCOME_COMPLETE);
		assert_int_equal(b.outcome, OUTCOME_COMPLETE);
		assert_int_equal(a.asked, b.asked);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 5] = {
		cmocka_unit_test(endless_listing_ends),
		cmocka_unit_test(churn_is_noticed),
		cmocka_unit_test(churn_settles),
		cmocka_unit_test(agreement_is_of_two_readings),
		cmocka_unit_test(asking_ahead_wastes_nothing),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[5 + i] = (struct CMUnitTest)TEST_ROW(reads_row, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
