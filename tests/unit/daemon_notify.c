/*
 * What `systemctl status` shows: the line from a struct, the struct from the listings. The socket's
 * side is tested from outside, in tests/system/service.py.
 */
#include "daemon/notify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/messages.h"
#include "daemon/standing.h"
#include "test.h"

#define NOON INT64_C(1795348800) /* 2026-11-22T12:00:00Z */

static int64_t now_ms(const struct env *env)
{
	(void)env;
	return 1000000;
}

static int64_t now_s(const struct env *env)
{
	(void)env;
	return NOON;
}

static const struct env noon = { .now_ms = now_ms, .now_s = now_s };

/* ---- the line ---------------------------------------------------------------------------- */

#define LISTING(place)                                                                             \
	.identity = { .account = "prod",                                                           \
		      .service = "uhost",                                                          \
		      .region = (place),                                                           \
		      .zone = "",                                                                  \
		      .project = "",                                                               \
		      .variant = "" }

static const struct watch refused = { LISTING("cn-bj2"), .polled = true,
				      .error_class = CLASS_AUTH };
static const struct watch unpolled = { LISTING("hk") };
static const struct watch hostile = { LISTING("a\nMAINPID=1\r\x1B[2J\xE2\x80\xAE<0>\"%s\""),
				      .polled = true, .error_class = CLASS_TIMEOUT };
static const struct watch chinese = { LISTING("\xE9\x9B\x86") };

struct line {
	const char *name;
	struct standing standing;
	const char *text;
};

/* clang-format off */
static const struct line lines[] = {
	{ "nothing configured", { 0 }, "no listing is configured" },
	{ "one of each", { .listings = 1, .images = 1, .next_at = NOON + 41 },
	  "1 listing; 1 image; next poll at 12:00:41 UTC" },
	{ "the first failing one is named",
	  { .listings = 3, .failing = 1, .worst = &refused, .images = 1842, .next_at = NOON + 41 },
	  "3 listings, 1 failing (prod uhost cn-bj2: auth); 1842 images; next poll at 12:00:41 UTC" },
	{ "others are counted", { .listings = 3, .failing = 3, .worst = &refused },
	  "3 listings, 3 failing (prod uhost cn-bj2: auth, and 2 more); 0 images" },
	{ "of the last run the reason is not known", { .listings = 1, .failing = 1, .worst = &unpolled },
	  "1 listing, 1 failing (prod uhost hk); 0 images" },
	{ "being polled", { .listings = 4, .polling = 2, .images = 7, .next_at = NOON },
	  "4 listings; 7 images; 2 being polled; next poll at 12:00:00 UTC" },
	{ "another day", { .listings = 1, .next_at = NOON + 86400 },
	  "1 listing; 0 images; next poll on 2026-11-23 at 12:00:00 UTC" },
	{ "beyond all calendars", { .listings = 1, .next_at = INT64_MAX },
	  "1 listing; 0 images" },
	{ "a hostile place", { .listings = 1, .failing = 1, .worst = &hostile },
	  "1 listing, 1 failing (prod uhost a?MAINPID?1???2J????0???s?: timeout); 0 images" },
	{ "a Chinese place", { .listings = 1, .failing = 1, .worst = &chinese },
	  "1 listing, 1 failing (prod uhost ?\?\?); 0 images" },
};
/* clang-format on */

static void line_of(void **state)
{
	const struct line *row = *state;
	struct buf out;

	buf_init(&out);
	standing_put(&out, &row->standing, NOON);
	assert_string_equal(buf_text(&out), row->text);
	buf_finish(&out);
}

static void any_place_stays_in_the_line(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		char place[512];
		for (size_t i = 0; i < sizeof(place); i++) {
			random = random * UINT64_C(6364136223846793005) + 1;
			place[i] = (char)(random >> 56);
		}
		place[random % sizeof(place)] = '\0';
		place[sizeof(place) - 1] = '\0';
		const struct watch watch = { LISTING(place), .polled = true,
					     .error_class = CLASS_TLS };
		const struct standing standing = { .listings = 9, .failing = 9, .worst = &watch };
		struct buf out;
		buf_init(&out);
		standing_put(&out, &standing, NOON);
		assert_true(out.len < 300);
		for (size_t i = 0; i < out.len; i++)
			assert_true(isalnum((unsigned char)out.bytes[i]) ||
				    strchr(" ._-,;:?()", out.bytes[i]));
		buf_finish(&out);
	}
}

/* ---- the struct -------------------------------------------------------------------------- */

static struct poll *const in_flight = (struct poll *)&(char){ 0 };

static void listings_are_summed_up(void **state)
{
	struct watch watches[] = {
		{ .listing_id = 1, .images_present = 5, .due_ms = 1000000 + 41000 },
		{ .listing_id = 2,
		  .images_present = 7,
		  .due_ms = 1000000 + 40001,
		  .failing = true },
		{ .listing_id = 3,
		  .images_present = 1,
		  .due_ms = 1,
		  .poll = in_flight,
		  .failing = true },
		{ .listing_id = 4,
		  .images_present = 99,
		  .due_ms = 1,
		  .gone = true,
		  .failing = true },
		{ .listing_id = 0, .images_present = 99, .due_ms = 1, .failing = true },
	};
	struct watch *list[ARRAY_LEN(watches)];
	struct standing standing;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(watches); i++)
		list[i] = &watches[i];
	standing_take(&standing, list, ARRAY_LEN(list), &noon, 10000);
	assert_int_equal(standing.listings, 3);
	assert_int_equal(standing.images, 13);
	assert_int_equal(standing.failing, 2);
	assert_ptr_equal(standing.worst, &watches[1]);
	assert_int_equal(standing.polling, 1);
	assert_int_equal(standing.next_at, NOON + 41);
	assert_false(standing.forgotten);

	standing_take(&standing, list, 0, &noon, 10000);
	assert_int_equal(standing.listings, 0);
	assert_int_equal(standing.next_at, 0);
	assert_null(standing.worst);
}

struct waiting {
	const char *name;
	int64_t late_ms;
	bool polled;
	bool forgotten;
};

/* clang-format off */
static const struct waiting waitings[] = {
	{ "not due",                 -5000, false, false },
	{ "due now",                     0, false, false },
	{ "late, within patience",   10000, false, false },
	{ "later than patience",     10001, false, true },
	{ "late, and in flight",    900000, true,  false },
};
/* clang-format on */

static void listing_that_waits(void **state)
{
	const struct waiting *row = *state;
	struct watch watch = { .listing_id = 1,
			       .due_ms = 1000000 - row->late_ms,
			       .poll = row->polled ? in_flight : NULL };
	struct watch *list[] = { &watch };
	struct standing standing;

	standing_take(&standing, list, 1, &noon, 10000);
	assert_int_equal(standing.forgotten, row->forgotten);
}

/* ---- who listens ------------------------------------------------------------------------- */

static void count_call(void *data)
{
	++*(int *)data;
}

static void nobody_listens(void **state)
{
	struct notify *notify = (struct notify *)in_flight;
	int calls = 0;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_open(&notify, NULL, NULL, NULL, NULL), 0);
	assert_null(notify);
	notify_ready(notify);
	notify_reloading(notify);
	notify_changed(notify);
	notify_stopping(notify);
	notify_close(notify, count_call, &calls);
	assert_int_equal(calls, 1);
}

static void every_message_has_its_own_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGE_COUNT; i++) {
		assert_int_equal(strlen(messages[i].id), 32);
		assert_int_equal(strspn(messages[i].id, "0123456789abcdef"), 32);
		assert_true(messages[i].message[0] != '\0');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(messages[i].id, messages[k].id);
	}
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(any_place_stays_in_the_line),
		cmocka_unit_test(listings_are_summed_up),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(every_message_has_its_own_id),
	};
	struct CMUnitTest tests[ARRAY_LEN(lines) + ARRAY_LEN(waitings) + ARRAY_LEN(others)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(line_of, &lines[i]);
	for (size_t i = 0; i < ARRAY_LEN(waitings); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(listing_that_waits, &waitings[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("daemon_notify", tests, count, NULL, NULL);
}
