/*
 * Answers replayed through a provider's own tables. The truth is written by hand, from the
 * providers' documents and the mapping that the project promises: one row, one named test.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/fieldmap.h"
#include "model/page.h"
#include "model/record.h"
#include "providers/registry.h"
#include "tests/provider/expect.h"
#include "tests/test.h"

enum { REPLAY_ROWS_MAX = 800, REPLAY_NAME_SIZE = 192 };

enum { NO_TOTAL = -1 };

struct answer {
	const char *name, *fixture, *service;
	const char *region, *zone; /* asked for */
	size_t images, quarantined, skipped, elsewhere;
	int64_t code, total;
	const char *message; /* NULL: none, or "" */
	bool has_no_list;
	enum error_class class;
	const char *drifts[12]; /* "path type" of a field, "path 'word'" of a word; any order */
	const struct expectation *expected;
};

/* What a test is about; members that it does not need are zero. */
struct replay_row {
	char name[REPLAY_NAME_SIZE];
	const struct provider *provider;
	const struct answer *answers; /* all of the provider's, for what is true of a service */
	const struct answer *answer;
	const struct expectation *image, *expectation;
	const struct service *service;
};

static struct replay_row replay_rows[REPLAY_ROWS_MAX];
static struct CMUnitTest replay_tests[REPLAY_ROWS_MAX];
static size_t replay_count;

struct replay {
	struct page page;
	struct page_scope scope;
	char *bytes;
};

static const struct service *find_service(const struct provider *provider, const char *name)
{
	for (const struct service *service = provider->services; service->name; service++)
		if (strcmp(service->name, name) == 0)
			return service;
	fail_msg("%s has no service %s", provider->name, name);
	return NULL;
}

static char *read_fixture(const char *name, size_t *ret_len)
{
	char path[512];
	enum { SIZE_MAX_BYTES = 64 * 1024 };

	snprintf(path, sizeof(path), "%s/%s", FIXTURES, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("%s cannot be opened", path);
	char *bytes = malloc(SIZE_MAX_BYTES);
	assert_non_null(bytes);
	*ret_len = fread(bytes, 1, SIZE_MAX_BYTES, file);
	assert_true(*ret_len > 0 && *ret_len < SIZE_MAX_BYTES);
	fclose(file);
	/* An exact allocation: a byte read behind the answer is a report of the sanitizer. */
	char *exact = realloc(bytes, *ret_len);
	return exact ? exact : bytes;
}

static void replay_start(struct replay *replay, const struct provider *provider,
			 const struct answer *answer)
{
	size_t len;

	replay->scope = (struct page_scope){ .provider = provider,
					     .service = find_service(provider, answer->service),
					     .region = answer->region,
					     .zone = answer->zone,
					     .seed = 7 };
	replay->bytes = read_fixture(answer->fixture, &len);
	page_read(&replay->page, replay->bytes, len, &replay->scope);
}

static void replay_end(struct replay *replay)
{
	page_finish(&replay->page);
	free(replay->bytes);
}

static const struct page_item *find_image(const struct page *page, const char *id, size_t nth)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct record *record = page->items[i].record;
		if (record && record->image_id && strcmp(record->image_id, id) == 0 && nth-- == 0)
			return &page->items[i];
	}
	fail_msg("image %s is not there", id);
	return NULL;
}

static void expects(void **state)
{
	const struct replay_row *row = *state;
	const struct expectation *e = row->expectation;
	struct replay replay;
	char room[64];

	replay_start(&replay, row->provider, row->answer);
	const struct record *record =
		find_image(&replay.page, row->image->text, row->image->nth)->record;
	const char *text = column_text(record, e->column, room);
	switch (e->expect) {
	case EXPECT_END:
	case EXPECT_IMAGE: break;
	case EXPECT_IS: expect_is(record, e); break;
	case EXPECT_NONE:
		if (text)
			fail_msg("%s is '%s', wanted none", columns[e->column].name, text);
		break;
	case EXPECT_HAS:
		if (!text || !strstr(text, e->text))
			fail_msg("%s is '%s', wanted '%s' in it", columns[e->column].name,
				 text ? text : "not reported", e->text);
		break;
	case EXPECT_NO_MORE: expect_no_more(record, row->image); break;
	case EXPECT_NOWHERE: expect_nowhere(record, e->text); break;
	}
	replay_end(&replay);
}

static void drift_text(const struct page_drift *drift, char ret[static 320])
{
	if (drift->native)
		snprintf(ret, 320, "%s '%s'", drift->path, drift->native);
	else
		snprintf(ret, 320, "%s %s", drift->path, drift->json_type);
}

static void check_drifts(const struct page *page, const struct answer *answer)
{
	size_t wanted = 0;
	char text[320];

	for (; wanted < ARRAY_LEN(answer->drifts) && answer->drifts[wanted]; wanted++) {
		bool found = false;
		for (size_t i = 0; i < page->drift_count && !found; i++) {
			drift_text(&page->drifts[i], text);
			found = strcmp(text, answer->drifts[wanted]) == 0;
		}
		if (!found)
			fail_msg("drift %s is missing", answer->drifts[wanted]);
	}
	for (size_t i = 0; i < page->drift_count; i++) {
		bool found = false;
		drift_text(&page->drifts[i], text);
		for (size_t k = 0; k < wanted && !found; k++)
			found = strcmp(text, answer->drifts[k]) == 0;
		if (!found)
			fail_msg("nobody expected drift %s", text);
	}
}

static void has_envelope(void **state)
{
	const struct replay_row *row = *state;
	const struct answer *answer = row->answer;
	struct replay replay;
	size_t images = 0, elsewhere = 0;

	replay_start(&replay, row->provider, answer);
	const struct page *page = &replay.page;
	for (size_t i = 0; i < page->count; i++) {
		images += page->items[i].record != NULL;
		elsewhere += page->items[i].out_of_scope;
	}
	assert_int_equal(page->class, answer->class);
	assert_true((page->class != CLASS_NONE) == (page->error != NULL));
	assert_int_equal(page->code, answer->code);
	assert_int_equal(page->has_total ? page->total : NO_TOTAL, answer->total);
	assert_string_equal(page->message ? page->message : "",
			    answer->message ? answer->message : "");
	assert_int_equal(page->has_array, !answer->has_no_list);
	assert_int_equal(images, answer->images);
	assert_int_equal(elsewhere, answer->elsewhere);
	assert_int_equal(page->quarantined, answer->quarantined);
	assert_int_equal(page->skipped, answer->skipped);
	assert_int_equal(page->count, images + elsewhere + page->quarantined);
	check_drifts(page, answer);
	replay_end(&replay);
}

static void keeps_promises(void **state)
{
	const struct replay_row *row = *state;
	struct replay replay;

	replay_start(&replay, row->provider, row->answer);
	for (size_t i = 0; i < replay.page.count; i++) {
		const struct record *record = replay.page.items[i].record;
		if (!record)
			continue;
		assert_non_null(record->image_id);
		assert_non_null(record->raw);
		assert_true(replay.page.items[i].key != 0);
		for (enum column c = 0; c < COLUMN_COUNT; c++)
			check_column(record, c);
		json_t *inferred = parse_list(record->inferred ? record->inferred : "[]");
		for (enum column c = 0; c < COLUMN_COUNT; c++) {
			json_t *name = json_string(columns[c].name);
			if (list_has(inferred, name) && record_is_absent(record, c))
				fail_msg("%s is inferred but not there", columns[c].name);
			json_decref(name);
		}
		json_decref(inferred);
	}
	replay_end(&replay);
}

/* The columns that a service's tables can fill. */
static void find_fillable(const struct service *service, bool ret[static COLUMN_COUNT])
{
	static const enum column always[] = { COLUMN_zone,     COLUMN_form,     COLUMN_launchable,
					      COLUMN_inferred, COLUMN_warnings, COLUMN_unmapped,
					      COLUMN_raw,      COLUMN_redacted };

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		ret[always[i]] = true;
	for (const struct item_source *source = service->items; source->path; source++) {
		const struct field_map *row = source->constants;
		for (; row && row->convert != CONVERT_END; row++)
			ret[row->column] = true;
		if (source->image_set)
			ret[COLUMN_image_set] = true;
	}
	for (const struct field_map *const *table = service->fields; *table; table++) {
		for (const struct field_map *row = *table; row->convert != CONVERT_END; row++) {
			if (row->convert != CONVERT_KNOWN)
				ret[row->column] = true;
			if (row->convert == CONVERT_OS || row->convert == CONVERT_OS_ID)
				ret[COLUMN_os_version] = ret[COLUMN_os_type] = true;
		}
	}
}

static void covers_every_column(void **state)
{
	const struct replay_row *row = *state;
	bool fillable[COLUMN_COUNT] = { false }, covered[COLUMN_COUNT] = { false };
	char missing[1024] = "";

	find_fillable(row->service, fillable);
	for (const struct answer *answer = row->answers; answer->name; answer++) {
		const struct expectation *e = answer->expected;
		if (strcmp(answer->service, row->service->name) != 0)
			continue;
		for (; e && e->expect != EXPECT_END; e++)
			if (e->expect == EXPECT_IS || e->expect == EXPECT_HAS)
				covered[e->column] = true;
	}
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		size_t used = strlen(missing);
		if (fillable[c] && !covered[c])
			snprintf(missing + used, sizeof(missing) - used, " %s", columns[c].name);
		if (covered[c] && !fillable[c])
			fail_msg("%s is expected of a service that cannot fill it",
				 columns[c].name);
	}
	if (*missing)
		fail_msg("no row expects a value of%s", missing);
}

static bool answers_have(const struct replay_row *row, const char *path)
{
	bool found = false;

	for (const struct answer *answer = row->answers; answer->name && !found; answer++) {
		struct replay replay;
		if (strcmp(answer->service, row->service->name) != 0)
			continue;
		replay_start(&replay, row->provider, answer);
		for (size_t i = 0; i < replay.page.count && !found; i++) {
			const struct record *record = replay.page.items[i].record;
			json_t *raw = record ? json_loads(record->raw, JSON_ALLOW_NUL, NULL) : NULL;
			found = raw && fieldmap_value(raw, path) != NULL;
			json_decref(raw);
		}
		replay_end(&replay);
	}
	return found;
}

/* A row that no answer reaches is a row that nobody tried. */
static void reaches_every_row(void **state)
{
	const struct replay_row *row = *state;

	for (const struct field_map *const *table = row->service->fields; *table; table++)
		for (const struct field_map *f = *table; f->convert != CONVERT_END; f++)
			if (f->path && !answers_have(row, f->path))
				fail_msg("no fixture has %s", f->path);
}

static struct replay_row *add_row(void (*function)(void **))
{
	if (replay_count == REPLAY_ROWS_MAX) {
		fprintf(stderr, "REPLAY_ROWS_MAX is too small\n");
		exit(1);
	}
	struct replay_row *row = &replay_rows[replay_count];
	replay_tests[replay_count++] = (struct CMUnitTest)TEST_ROW(function, row);
	return row;
}

static void name_row(struct replay_row *row)
{
	const struct answer *a = row->answer;
	const struct expectation *e = row->expectation;
	const char *column = e ? columns[e->column].name : "";
	const char *id = row->image ? row->image->text : "";
	size_t size = sizeof(row->name);

	switch (e ? e->expect : EXPECT_END) {
	case EXPECT_END: break;
	case EXPECT_IMAGE: snprintf(row->name, size, "%s: %s is there", a->name, id); break;
	case EXPECT_IS:
		snprintf(row->name, size, "%s: %s: %s is %.80s", a->name, id, column, e->text);
		break;
	case EXPECT_NONE: snprintf(row->name, size, "%s: %s: no %s", a->name, id, column); break;
	case EXPECT_HAS:
		snprintf(row->name, size, "%s: %s: %s has %.80s", a->name, id, column, e->text);
		break;
	case EXPECT_NO_MORE: snprintf(row->name, size, "%s: %s: nothing else", a->name, id); break;
	case EXPECT_NOWHERE:
		snprintf(row->name, size, "%s: %s: %.80s is nowhere", a->name, id, e->text);
		break;
	}
	for (char *at = strchr(row->name, '\n'); at; at = strchr(at, '\n'))
		*at = ' ';
}

static void add_answer(const struct provider *provider, const struct answer *answer)
{
	const struct expectation *image = NULL;

	struct replay_row *row = add_row(has_envelope);
	*row = (struct replay_row){ .provider = provider, .answer = answer };
	snprintf(row->name, sizeof(row->name), "%s: envelope", answer->name);
	row = add_row(keeps_promises);
	*row = (struct replay_row){ .provider = provider, .answer = answer };
	snprintf(row->name, sizeof(row->name), "%s: every column keeps its promise", answer->name);
	for (const struct expectation *e = answer->expected; e && e->expect != EXPECT_END; e++) {
		if (e->expect == EXPECT_IMAGE)
			image = e;
		row = add_row(expects);
		*row = (struct replay_row){
			.provider = provider, .answer = answer, .image = image, .expectation = e
		};
		name_row(row);
	}
}

/* All answers of a provider, then what is true of each of its services. Ends with {0}. */
static inline int replay_run(const char *group, const struct provider *provider,
			     const struct answer *answers, const struct CMUnitTest *more,
			     size_t more_count)
{
	for (const struct answer *answer = answers; answer->name; answer++)
		add_answer(provider, answer);
	for (const struct service *service = provider->services; service->name; service++) {
		const struct replay_row about = { .provider = provider,
						  .answers = answers,
						  .service = service };
		struct replay_row *row = add_row(covers_every_column);
		*row = about;
		snprintf(row->name, sizeof(row->name), "%s: every column is expected",
			 service->name);
		row = add_row(reaches_every_row);
		*row = about;
		snprintf(row->name, sizeof(row->name), "%s: every field is in a fixture",
			 service->name);
	}
	for (size_t i = 0; i < more_count; i++) {
		add_row(more[i].test_func);
		replay_tests[replay_count - 1] = more[i];
	}
	return _cmocka_run_group_tests(group, replay_tests, replay_count, NULL, NULL);
}
