#include "sim/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mangle.h"
#include "sim/options.h"
#include "tests/test.h"

static void opened(struct catalog *catalog, uint64_t seed, size_t images)
{
	struct error err;

	assert_int_equal(catalog_init(catalog, seed, images, NULL, 0, &err), 0);
}

/* ---- sizes ---- */

static void every_image_goes_somewhere(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 1000, 12345, 100000 };
	struct catalog catalog;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		opened(&catalog, 1, sizes[i]);
		size_t counted = 0;
		for (size_t s = 0; s < catalog.segment_count; s++)
			for (size_t n = 0; n < catalog.segments[s].count; n++)
				counted += (size_t)__builtin_popcount(
					catalog.segments[s].images[n].versions);
		assert_int_equal(catalog_images(&catalog), sizes[i]);
		assert_int_equal(counted, sizes[i]);
		catalog_finish(&catalog);
	}
}

static void a_size_of_its_own(void **state)
{
	const struct catalog_size sizes[] = { { "uhost", 1000 }, { "uhost/hk/platform", 77 } };
	const struct catalog_size wrong = { "uhos", 1 };
	struct catalog catalog;
	struct error err;

	(void)state;
	assert_int_equal(catalog_init(&catalog, 1, 0, sizes, 2, &err), 0);
	assert_int_equal(catalog_segment(&catalog, "uhost/hk/platform")->count, 77);
	size_t others = catalog_images(&catalog) - 77;
	assert_in_range(others, 700, 1000);
	assert_int_equal(catalog_segment(&catalog, "community")->count, 0);
	catalog_finish(&catalog);
	assert_true(catalog_init(&catalog, 1, 0, &wrong, 1, &err) < 0);
	assert_non_null(strstr(err.text, "'uhos'"));
}

/* ---- identity ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void no_two_images_share_an_id(void **state)
{
	struct catalog catalog;

	(void)state;
	opened(&catalog, 3, 200000);
	size_t total = catalog_images(&catalog), n = 0;
	char(*ids)[IMAGE_ID_SIZE] = calloc(total, sizeof(*ids));
	assert_non_null(ids);
	for (size_t s = 0; s < catalog.segment_count; s++)
		for (size_t i = 0; i < catalog.segments[s].count; i++)
			for (unsigned v = 0; v < VERSIONS_MAX; v++)
				if (catalog.segments[s].images[i].versions & 1u << v)
					image_id(&catalog, &catalog.segments[s],
						 &catalog.segments[s].images[i], v, ids[n++]);
	assert_int_equal(n, total);
	qsort(ids, n, sizeof(*ids), by_text);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	free(ids);
	catalog_finish(&catalog);
}

static void newest_first_and_found_again(void **state)
{
	struct catalog catalog;
	char id[IMAGE_ID_SIZE];

	(void)state;
	opened(&catalog, 3, 2000);
	struct segment *segment = catalog_find(&catalog, SERVICE_UHOST, "hk", "platform");
	assert_non_null(segment);
	for (size_t i = 0; i < segment->count; i++) {
		image_id(&catalog, segment, &segment->images[i], 0, id);
		assert_int_equal(segment_find(&catalog, segment, id), i);
		if (i > 0)
			assert_true(image_time(segment, &segment->images[i]) <
				    image_time(segment, &segment->images[i - 1]));
	}
	assert_int_equal(segment_find(&catalog, segment, "none"), -1);
	assert_null(catalog_find(&catalog, SERVICE_UHOST, "hk", "none"));
	catalog_finish(&catalog);
}

static bool same(const struct catalog *a, const struct catalog *b)
{
	for (size_t s = 0; s < a->segment_count; s++)
		if (a->segments[s].count != b->segments[s].count ||
		    (a->segments[s].count &&
		     memcmp(a->segments[s].images, b->segments[s].images,
			    a->segments[s].count * sizeof(struct image)) != 0))
			return false;
	return true;
}

static void the_seed_decides(void **state)
{
	struct catalog a, b, c;

	(void)state;
	opened(&a, 5, 3000);
	opened(&b, 5, 3000);
	opened(&c, 6, 3000);
	assert_true(same(&a, &b));
	assert_false(same(&a, &c));
	assert_int_equal(catalog_churn(&a, 500), 0);
	assert_false(same(&a, &b));
	assert_int_equal(catalog_churn(&b, 500), 0);
	assert_true(same(&a, &b));
	catalog_finish(&a);
	catalog_finish(&b);
	catalog_finish(&c);
}

/* ---- changes ---- */

struct told {
	unsigned times[CHANGE_REMOVED + 1];
};

static void on_change(void *data, enum change what, const struct segment *segment,
		      const struct image *image)
{
	struct told *told = data;

	assert_true(image >= segment->images && image < segment->images + segment->count);
	told->times[what]++;
}

static void changes_are_told(void **state)
{
	struct told told = { 0 };
	struct catalog catalog;

	(void)state;
	opened(&catalog, 5, 1000);
	catalog.changed = on_change;
	catalog.data = &told;
	struct segment *segment = catalog_segment(&catalog, "images/pek3/self");
	size_t before = segment->count;
	struct image second = segment->images[1];

	assert_int_equal(catalog_add(&catalog, segment), 0);
	assert_int_equal(segment->count, before + 1);
	assert_memory_equal(&segment->images[2], &second, sizeof(second));
	catalog_remove(&catalog, segment, 0);
	assert_memory_equal(&segment->images[1], &second, sizeof(second));
	catalog_change(&catalog, segment, 1, CHANGE_TEXT);
	assert_int_equal(segment->images[1].revision, 1);
	catalog_change(&catalog, segment, 1, CHANGE_COUNTERS);
	assert_int_equal(segment->images[1].uses, 1);
	const char *word = image_state(segment, &segment->images[1]);
	catalog_change(&catalog, segment, 1, CHANGE_STATE);
	assert_string_not_equal(image_state(segment, &segment->images[1]), word);
	assert_true(catalog_set_state(&catalog, segment, 1, "ceased"));
	assert_string_equal(image_state(segment, &segment->images[1]), "ceased");
	assert_false(catalog_set_state(&catalog, segment, 1, "Available"));
	assert_int_equal(catalog_images(&catalog), 1000); /* one came, one went */
	assert_int_equal(told.times[CHANGE_ADDED], 1);
	assert_int_equal(told.times[CHANGE_REMOVED], 1);
	assert_int_equal(told.times[CHANGE_STATE], 2);
	catalog_finish(&catalog);
}

static void churn_does_everything(void **state)
{
	struct told told = { 0 };
	struct catalog catalog;

	(void)state;
	opened(&catalog, 5, 1000);
	catalog.changed = on_change;
	catalog.data = &told;
	assert_int_equal(catalog_churn(&catalog, 1000), 0);
	unsigned sum = 0;
	for (size_t i = 0; i < ARRAY_LEN(told.times); i++) {
		assert_true(told.times[i] > 50);
		sum += told.times[i];
	}
	assert_int_equal(sum, 1000);
	assert_int_equal(catalog_images(&catalog) > 0, 1);
	catalog_finish(&catalog);
}

/* ---- rules and options ---- */

/* clang-format off */
static const struct rule_row { const char *name; bool good; } rule_rows[] = {
	{ "http500=0.5", true }, { "cut=#3", true }, { "cut=1@DescribeImage", true }, { "cut=#12@X", true },
	{ "cut=0", true }, { "cut", false }, { "cut=", false }, { "cut=1.5", false }, { "cut=-1", false },
	{ "cut=nan", false }, { "cut=#0", false }, { "cut=#", false }, { "cut=#-3", false }, { "cut=1x", false },
	{ "cu=1", false }, { "cutt=1", false }, { "=1", false }, { "", false },
	{ "cut=1@AnActionWhoseNameIsMuchTooLongToBeTheNameOfAnAction", false },
};

static const struct duration_row { const char *name; int64_t ms; } duration_rows[] = {
	{ "50ms", 50 }, { "30s", 30000 }, { "5m", 300000 }, { "1h", 3600000 }, { "0s", 0 },
	{ "5", -1 }, { "s", -1 }, { "", -1 }, { "-5s", -1 }, { "5 s", -1 }, { "5sec", -1 },
	{ "99999999999999999999s", -1 }, { "3000000000ms", -1 },
};
/* clang-format on */

static void reads_a_rule(void **state)
{
	const struct rule_row *row = *state;
	struct faults faults;
	struct error err;

	faults_init(&faults, 1);
	assert_int_equal(faults_add(&faults, row->name, &err) == 0, row->good);
	assert_int_equal(faults.rule_count, row->good);
}

static void reads_a_duration(void **state)
{
	const struct duration_row *row = *state;
	int64_t ms = -1;

	assert_int_equal(options_duration(row->name, &ms), row->ms >= 0);
	assert_int_equal(ms, row->ms);
}

static void faults_follow_their_rules(void **state)
{
	struct faults faults;
	unsigned often = 0, third = 0, other = 0;

	(void)state;
	faults_init(&faults, 1);
	assert_int_equal(faults_add(&faults, "cut=0.25", NULL), 0);
	assert_int_equal(faults_add(&faults, "reset=#3@A", NULL), 0);
	assert_int_equal(faults_add(&faults, "html=1@B", NULL), 0);
	for (int i = 0; i < 4000; i++) {
		uint64_t set = faults_draw(&faults, "A");
		often += fault_in(set, FAULT_CUT);
		other += fault_in(set, FAULT_HTML);
		if (fault_in(set, FAULT_RESET)) {
			assert_int_equal(i, 2);
			third++;
		}
	}
	assert_in_range(often, 800, 1200);
	assert_int_equal(third, 1);
	assert_int_equal(other, 0);
	assert_int_equal(faults.hits[FAULT_CUT], often);
	assert_true(fault_in(faults_draw(&faults, "B"), FAULT_HTML));
}

/* Damage of any kind to a body of any length: nothing but the sanitizers is asserted. */
static void damage_stays_in_bounds(void **state)
{
	static const char text[] = "{\"Name\":\"\xe4\xbd\xa0\"}";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		for (int kind = FAULT_LONG_MESSAGE; kind < FAULT_COUNT; kind++) {
			struct buf body = { 0 };
			buf_put(&body, text, len);
			mangle_body(&body, (uint64_t)1 << kind, len);
			gzip_store(&body);
			assert_true(body.len > 18);
			buf_finish(&body);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(every_image_goes_somewhere),
		cmocka_unit_test(a_size_of_its_own),
		cmocka_unit_test(no_two_images_share_an_id),
		cmocka_unit_test(newest_first_and_found_again),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(churn_does_everything),
		cmocka_unit_test(faults_follow_their_rules),
		cmocka_unit_test(damage_stays_in_bounds),
	};
	struct CMUnitTest tests[ARRAY_LEN(plain) + ARRAY_LEN(rule_rows) + ARRAY_LEN(duration_rows)];
	size_t n = ARRAY_LEN(plain);

	memcpy(tests, plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_LEN(rule_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(reads_a_rule, &rule_rows[i]);
	for (size_t i = 0; i < ARRAY_LEN(duration_rows); i++)
		tests[n++] = (struct CMUnitTest)TEST_ROW(reads_a_duration, &duration_rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
