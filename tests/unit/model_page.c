#include "model/page.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/record.h"
#include "tests/test.h"

enum { SEED = 99 };

/* clang-format off */
static const struct field_map fields[] = {
	{ "Zone", MAP_LINK(zone) }, { "ZoneId", MAP_INT(zone_id) }, { "Id", MAP_ID(image_id) },
	{ "Name", MAP_TEXT(name) }, { "Time", MAP_TIME(created_at) }, { 0 },
};
static const struct item_source sources[] = { { "Set" }, { "Twin", "Twin" }, { "Group[].Data" }, { 0 } };
static const struct service services[] = {
	{ .name = "plain", .items = sources, .totals = (const char *const[]){ "TotalCount", "Total", NULL },
	  .fields = (const struct field_map *const[]){ fields, NULL } },
	{ .name = "skips", .items = sources, .skip_non_objects = true,
	  .fields = (const struct field_map *const[]){ fields, NULL } },
};
static const struct provider provider = {
	.name = "p", .code_paths = (const char *const[]){ "RetCode", "ret_code", NULL },
	.message_paths = (const char *const[]){ "Message", "message", NULL },
};
/* clang-format on */

static struct page_scope scope_of(unsigned service)
{
	return (struct page_scope){ .provider = &provider,
				    .service = &services[service],
				    .seed = SEED };
}

static void read_text(struct page *page, const char *text, unsigned service)
{
	struct page_scope scope = scope_of(service);

	page_read(page, text, strlen(text), &scope);
}

/* The code of an answer: only 0 and "0" say that it went well. */
static const struct code {
	const char *name, *value; /* NULL: no code at all */
	bool usable;
	int64_t want;
} codes[] = {
	/* clang-format off */
	{ "0", "0", true, 0 }, { "spelt 0", "\"0\"", true, 0 }, { "-0", "-0", true, 0 },
	{ "171", "171", true, 171 }, { "spelt 171", "\"171\"", true, 171 }, { "-1", "-1", true, -1 },
	{ "spelt -1", "\"-1\"", true, -1 }, { "largest", "9223372036854775807", true, INT64_MAX },
	{ "absent", NULL, false, 0 }, { "null", "null", false, 0 }, { "true", "true", false, 0 },
	{ "false", "false", false, 0 }, { "0.0", "0.0", false, 0 }, { "0e0", "0e0", false, 0 }, { "-0.0", "-0.0", false, 0 },
	{ "1.0", "1.0", false, 0 }, { "00", "00", false, 0 }, { "+0", "+0", false, 0 }, { "0x0", "0x0", false, 0 },
	{ "NaN", "NaN", false, 0 }, { "word", "zero", false, 0 }, { "empty text", "\"\"", false, 0 },
	{ "blank text", "\" \"", false, 0 }, { "blank before", "\" 0\"", false, 0 }, { "blank after", "\"0 \"", false, 0 },
	{ "spelt 00", "\"00\"", false, 0 }, { "spelt -0", "\"-0\"", false, 0 }, { "spelt +0", "\"+0\"", false, 0 },
	{ "spelt 0.0", "\"0.0\"", false, 0 }, { "spelt 0x0", "\"0x0\"", false, 0 }, { "spelt null", "\"null\"", false, 0 },
	{ "spelt OK", "\"OK\"", false, 0 }, { "wide 0", "\"\xEF\xBC\x90\"", false, 0 }, { "escaped 0", "\"\\u0030\"", true, 0 },
	{ "0 and NUL", "\"0\\u0000\"", false, 0 }, { "list", "[]", false, 0 }, { "list of 0", "[0]", false, 0 },
	{ "object", "{}", false, 0 }, { "beyond 64 bits", "9223372036854775808", false, 0 },
	{ "spelt beyond 64 bits", "\"9223372036854775808\"", false, 0 }, { "1e400", "1e400", false, 0 },
	/* clang-format on */
};

static void reads_code(void **state)
{
	const struct code *row = *state;
	struct page page;
	char text[256];

	snprintf(text, sizeof(text), "{%s%s%s\"Set\":[{\"Id\":\"i\"}]}",
		 row->value ? "\"RetCode\":" : "", row->value ? row->value : "",
		 row->value ? "," : "");
	read_text(&page, text, 0);
	assert_int_equal(page.class, row->usable ? CLASS_NONE : CLASS_MALFORMED);
	assert_int_equal(page.error != NULL, !row->usable);
	assert_int_equal(page.has_code, row->usable);
	assert_int_equal(page.code, row->want);
	assert_int_equal(page.count, row->usable && row->want == 0);
	page_finish(&page);
}

#define LISTS_16 "[[[[[[[[[[[[[[[["
#define ENDS_16  "]]]]]]]]]]]]]]]]"
#define TOO_DEEP LISTS_16 LISTS_16 LISTS_16 LISTS_16 ENDS_16 ENDS_16 ENDS_16 ENDS_16

/* Whole answers. `want` is one line of facts, see facts(). */
static const struct answer {
	const char *name, *text, *want;
	unsigned service;
} answers[] = {
	/* clang-format off */
	{ "nothing in it", "{\"RetCode\":0}", "none" },
	{ "empty list", "{\"RetCode\":0,\"Set\":[],\"TotalCount\":0}", "array total=0" },
	{ "null list", "{\"RetCode\":0,\"Set\":null,\"TotalCount\":0}", "total=0" },
	{ "items", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\"},{\"Id\":\"b\",\"Name\":\"n\"}],\"TotalCount\":2}", "array total=2 a b" },
	{ "byte order mark", "\xEF\xBB\xBF{\"RetCode\":0,\"Set\":[{\"Id\":\"a\"}]}", "array a" },
	{ "escaped keys", "{\"Ret\\u0043ode\":0,\"\\u0053et\":[{\"I\\u0064\":\"a\"}]}", "array a" },
	{ "other spelling of the code", "{\"ret_code\":0,\"Set\":[]}", "array" },
	{ "all lists", "{\"RetCode\":0,\"Twin\":[{\"Id\":\"t\"}],\"Set\":[{\"Id\":\"a\"}],\"Group\":[{\"Data\":[{\"Id\":\"g\"}]}]}", "array 1:t a 2:g" },
	{ "error", "{\"RetCode\":171,\"Message\":\" Signature\\u001b VerifyAC\\n Error \",\"Set\":[{\"Id\":\"a\"}]}",
	  "array code=171 message=Signature\xEF\xBF\xBD VerifyAC Error" },
	{ "error with a strange list", "{\"RetCode\":171,\"Set\":\"\"}", "code=171" },
	{ "null message", "{\"ret_code\":1400,\"message\":null}", "code=1400" },
	{ "message is no text", "{\"RetCode\":0,\"Message\":{\"a\":1}}", "none" },
	{ "message with bad bytes", "{\"RetCode\":1,\"Message\":\"a\xff\\ud800\"}", "code=1 message=a\xEF\xBF\xBD\xEF\xBF\xBD warnings=1" },
	{ "spelt total", "{\"RetCode\":0,\"TotalCount\":\"12\"}", "total=12" },
	{ "second total", "{\"RetCode\":0,\"Total\":3}", "total=3" },
	{ "null total", "{\"RetCode\":0,\"TotalCount\":null,\"Total\":3}", "total=3" },
	{ "first total wins", "{\"RetCode\":0,\"Total\":3,\"TotalCount\":4}", "total=4" },
	{ "large total", "{\"RetCode\":0,\"TotalCount\":2147483648}", "total=2147483648" },
	{ "negative total", "{\"RetCode\":0,\"TotalCount\":-1}", "warnings=1" },
	{ "fractional total", "{\"RetCode\":0,\"TotalCount\":4.0}", "warnings=1" },
	{ "word for a total", "{\"RetCode\":0,\"TotalCount\":\"many\"}", "warnings=1" },
	{ "boundless total", "{\"RetCode\":0,\"TotalCount\":99999999999999999999}", "warnings=2" },

	{ "item without an id", "{\"RetCode\":0,\"Set\":[{\"Name\":\"n\"},{\"Id\":\"b\"}]}", "array ? b quarantined=1 warnings=1" },
	{ "scalars among items", "{\"RetCode\":0,\"Set\":[\"x\",1,null,[],{\"Id\":\"b\"}]}", "array ? ? ? ? b quarantined=4 warnings=4" },
	{ "skipped scalars", "{\"RetCode\":0,\"Set\":[\"x\",{\"Id\":\"b\"}],\"Twin\":[\"y\"]}", "array b skipped=2 warnings=2", .service = 1 },
	{ "poisoned item", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"Name\":\"\\u0000\xff\\ud800\",\"\\u0000\":1e999},{\"Id\":\"b\"}]}", "array a b repaired=1 warnings=3 drifts=1" },
	{ "warnings add up", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"Time\":\"x\"},{\"Id\":\"b\",\"Time\":\"y\",\"Name\":1}]}", "array a b warnings=3" },
	{ "drift is told once", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"New\":1},{\"Id\":\"b\",\"New\":2},{\"Id\":\"c\",\"New\":\"\"}]}", "array a b c drifts=2" },

	{ "empty", "", "malformed: the answer is empty" },
	{ "blank", " \r\n", "malformed: the answer is empty" },
	{ "HTML", " <html><body>502</body></html>", "malformed: the answer is HTML or XML, not JSON" },
	{ "word", "Bad Gateway", "malformed: the answer is not JSON: expected an object near byte 0" },
	{ "list", "[{\"RetCode\":0}]", "malformed: the answer is not JSON: expected an object near byte 0" },
	{ "null", "null", "malformed: the answer is not JSON: expected an object near byte 0" },
	{ "no code", "{\"Set\":[{\"Id\":\"a\"}]}", "malformed: the answer has no RetCode" },
	{ "code twice", "{\"RetCode\":0,\"RetCode\":171}", "malformed: a member of the answer is there twice" },
	{ "code twice, once escaped", "{\"RetCode\":0,\"Ret\\u0043ode\":171}", "malformed: a member of the answer is there twice" },
	{ "list twice", "{\"RetCode\":0,\"Set\":[],\"Set\":[{\"Id\":\"a\"}]}", "malformed: a member of the answer is there twice" },
	{ "list twice, once escaped", "{\"RetCode\":0,\"Set\":[],\"\\u0053et\":[]}", "malformed: a member of the answer is there twice" },
	{ "list and null", "{\"RetCode\":0,\"Set\":[],\"Set\":null}", "malformed: a member of the answer is there twice" },
	{ "list is an object", "{\"RetCode\":0,\"Set\":{}}", "malformed: the answer's Set is not a list" },
	{ "list is a text", "{\"RetCode\":0,\"Twin\":\"\"}", "malformed: the answer's Twin is not a list" },
	{ "inner list is a number", "{\"RetCode\":0,\"Group\":[{\"Data\":1}]}", "malformed: the answer's Group[].Data is not a list" },
	{ "item that is too deep", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\"},{\"Id\":\"b\",\"x\":" TOO_DEEP "},{\"Id\":\"c\"}]}", "array a ? c quarantined=1 warnings=1" },
	{ "group that is too deep", "{\"RetCode\":0,\"Group\":[{\"x\":" TOO_DEEP ",\"Data\":[{\"Id\":\"a\"}]},{\"Data\":[{\"Id\":\"c\"}]}]}", "array 2:? 2:c quarantined=1 warnings=1" },
	{ "list of nothing that is too deep", "{\"RetCode\":0,\"Group\":[{\"x\":" TOO_DEEP "},{\"Data\":[{\"Id\":\"c\"}]}]}", "array 2:? 2:c quarantined=1 warnings=1" },
	{ "scalar that is too deep", "{\"RetCode\":0,\"Set\":[" TOO_DEEP ",{\"Id\":\"c\"}]}", "array ? c quarantined=1 warnings=1" },
	{ "skipped though too deep", "{\"RetCode\":0,\"Set\":[" TOO_DEEP ",{\"Id\":\"c\"}]}", "array c skipped=1 warnings=1", 1 },
	{ "envelope that is too deep", "{\"RetCode\":0,\"x\":" TOO_DEEP "}", "malformed: the answer is not JSON: expected at most 64 levels near byte 80" },
	{ "unescaped quote", "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\"b\"}]}", "malformed: the answer is not JSON: expected ',' or '}' near byte 29" },
	{ "two documents", "{\"RetCode\":0}{\"RetCode\":0}", "malformed: the answer is not JSON: expected nothing more near byte 13" },
	{ "bare word in the envelope", "{\"RetCode\":0,\"x\":tru}", "malformed: the answer is not JSON" },
	/* clang-format on */
};

static void put_item(struct buf *out, const struct page_item *item)
{
	buf_puts(out, " ");
	if (item->source)
		buf_printf(out, "%u:", item->source);
	if (item->record)
		buf_puts(out, item->record->image_id);
	else
		buf_puts(out, item->out_of_scope ? "!" : item->known ? "=" : "?");
}

/* All that a page says, in one line; what is 0 is left out. */
static void facts(const struct page *page, struct buf *out)
{
	static const char *const classes[] = { [CLASS_MALFORMED] = "malformed",
					       [CLASS_OVERSIZED] = "oversized",
					       [CLASS_INTERNAL] = "internal" };

	buf_init(out);
	if (page->class) {
		assert_int_equal(page->count, 0);
		buf_printf(out, " %s: %s", classes[page->class], page->error);
		return;
	}
	if (page->has_array)
		buf_puts(out, " array");
	if (page->code)
		buf_printf(out, " code=%lld", (long long)page->code);
	if (page->message)
		buf_printf(out, " message=%s", page->message);
	if (page->has_total)
		buf_printf(out, " total=%lld", (long long)page->total);
	for (size_t i = 0; i < page->count; i++)
		put_item(out, &page->items[i]);
	const struct {
		const char *name;
		size_t count;
	} counts[] = { { "quarantined", page->quarantined },
		       { "skipped", page->skipped },
		       { "repaired", page->repaired },
		       { "warnings", page->warnings },
		       { "drifts", page->drift_count } };
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i].count)
			buf_printf(out, " %s=%zu", counts[i].name, counts[i].count);
	if (out->len == 0)
		buf_puts(out, " none");
}

static void reads_answer(void **state)
{
	const struct answer *row = *state;
	struct page page;
	struct buf got;

	read_text(&page, row->text, row->service);
	facts(&page, &got);
	assert_string_equal(buf_text(&got) + 1, row->want);
	buf_finish(&got);
	page_finish(&page);
}

static void message_is_cut(void **state)
{
	struct page page;
	struct buf text;

	(void)state;
	buf_init(&text);
	buf_puts(&text, "{\"RetCode\":1,\"Message\":\"");
	for (int i = 0; i < 400; i++)
		buf_puts(&text, "\xE9\x95\x9C");
	buf_puts(&text, "\"}");
	read_text(&page, text.bytes, 0);
	assert_int_equal(strlen(page.message), 510);
	assert_true(text_is_utf8(page.message, 510));
	page_finish(&page);
	buf_finish(&text);
}

static void too_many_items(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct page page;
		struct buf text;
		buf_init(&text);
		buf_puts(&text, "{\"RetCode\":0,\"Set\":[0");
		for (int i = 1; i < 20000 + extra; i++)
			buf_puts(&text, ",0");
		buf_puts(&text, "]}");
		read_text(&page, text.bytes, 0);
		assert_int_equal(page.class, extra ? CLASS_OVERSIZED : CLASS_NONE);
		assert_int_equal(page.count, extra ? 0 : 20000);
		page_finish(&page);
		buf_finish(&text);
	}
}

/* What the store relies on to know the items again after a restart. */
static void fingerprints(void **state)
{
	static const char item[] = "{\"Id\":\"a\", \"Name\":\"n\",\"ZoneId\":5}";
	struct page page, grouped, other;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "{\"RetCode\":0,\"Set\":[ %s ],\"Twin\":[%s]}", item, item);
	read_text(&page, text, 0);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.items[0].record->raw, item);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(page.items[i].key, page_key(SEED, NULL, 5, "a"));
	assert_int_equal(page.items[0].content, hash_bytes(item, strlen(item), SEED));
	/* The array's name goes to the record: the same bytes in another are another image. */
	assert_true(page.items[1].content != page.items[0].content);

	/* In a group the group's own fields count, the other items do not. */
	snprintf(text, sizeof(text),
		 "{\"RetCode\":0,\"Group\":[{\"g\":1,\"Data\":[%s,{\"Id\":\"b\"}]}]}", item);
	read_text(&grouped, text, 0);
	assert_string_equal(grouped.items[0].record->raw,
			    "{\"Id\":\"a\", \"Name\":\"n\",\"ZoneId\":5,\"Group\": {\"g\":1}}");
	assert_string_equal(grouped.items[0].record->unmapped, "[\"Group.g\"]");
	assert_int_equal(grouped.drift_count, 0);
	assert_int_equal(grouped.items[0].key, page.items[0].key);
	assert_true(grouped.items[0].content != page.items[0].content);
	snprintf(text, sizeof(text), "{\"RetCode\":0,\"Group\":[{\"g\":1,\"Data\":[%s]}]}", item);
	read_text(&other, text, 0);
	assert_true(grouped.items[0].content == other.items[0].content);
	page_finish(&other);
	snprintf(text, sizeof(text), "{\"RetCode\":0,\"Group\":[{\"g\":2,\"Data\":[%s]}]}", item);
	read_text(&other, text, 0);
	assert_true(grouped.items[0].content != other.items[0].content);
	page_finish(&other);
	page_finish(&grouped);
	page_finish(&page);
}

static void keys_differ(void **state)
{
	const uint64_t keys[] = {
		page_key(SEED, NULL, RECORD_ABSENT, "a"),
		page_key(SEED, NULL, RECORD_ABSENT, "A"),
		page_key(SEED, NULL, RECORD_ABSENT, "a "),
		page_key(SEED, NULL, 0, "a"),
		page_key(SEED, NULL, 5, "a"),
		page_key(SEED, "a", RECORD_ABSENT, ""),
		page_key(SEED, "z", RECORD_ABSENT, "a"),
		page_key(SEED + 1, NULL, RECORD_ABSENT, "a"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t j = 0; j < i; j++)
			assert_true(keys[i] != keys[j]);
	assert_true(page_key(SEED, "", 1, "a") == page_key(SEED, NULL, 1, "a"));
}

static void known_items_are_not_parsed(void **state)
{
	static const char first[] =
		"{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"New\":1},{\"Id\":\"b\"}]}";
	static const char second[] =
		"{\"RetCode\":0,\"Set\":[{\"Id\":\"b\",\"Name\":\"n\"},{\"Id\":\"a\",\"New\":1}]}";
	struct page_scope scope = scope_of(0);
	struct page page, again;
	struct known known;

	(void)state;
	known_init(&known);
	page_read(&page, first, strlen(first), &scope);
	for (size_t i = 0; i < page.count; i++) {
		struct known_entry entry = { page.items[i].key, page.items[i].content,
					     (int64_t)i + 1, PRESENCE_PRESENT };
		assert_int_equal(known_put(&known, &entry), 0);
	}
	scope.known = &known;
	page_read(&again, second, strlen(second), &scope);
	assert_int_equal(again.count, 2);
	assert_null(again.items[0].known);
	assert_non_null(again.items[0].record);
	assert_int_equal(again.items[0].key, page.items[1].key);
	assert_non_null(again.items[1].known);
	assert_int_equal(again.items[1].known->row, 1);
	assert_int_equal(again.items[1].key, page.items[0].key);
	assert_null(again.items[1].record);
	assert_int_equal(again.drift_count, 0);
	page_finish(&again);
	page_finish(&page);
	known_finish(&known);
}

static void scope_is_judged(void **state)
{
	static const char text[] = "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"Zone\":\"z1\"},{\"Id\":"
				   "\"b\",\"Zone\":\"z2\"},{\"Id\":\"c\"}]}";
	struct page_scope scope = scope_of(0);
	struct page page;
	struct buf got;

	(void)state;
	scope.zone = "z1";
	page_read(&page, text, strlen(text), &scope);
	facts(&page, &got);
	assert_string_equal(buf_text(&got), " array a ! c");
	assert_int_equal(page.items[1].key, page_key(SEED, "z2", RECORD_ABSENT, "b"));
	assert_string_equal(page.items[2].record->zone, "z1");
	buf_finish(&got);
	page_finish(&page);
}

static const char sample[] =
	"{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"Name\":\"\xE9\x95\x9C\\n\"},{\"Id\":\"b\","
	"\"passwd\":\"x\"}],"
	"\"Group\":[{\"g\":[1.5],\"Data\":[{\"Id\":\"c\"}]}],\"TotalCount\":3}";

static void every_prefix_is_refused(void **state)
{
	struct page_scope scope = scope_of(0);

	(void)state;
	for (size_t len = 0; len < sizeof(sample); len++) {
		char *prefix = malloc(len ? len : 1);
		struct page page;
		assert_non_null(prefix);
		memcpy(prefix, sample, len);
		page_read(&page, prefix, len, &scope);
		assert_int_equal(page.class,
				 len == sizeof(sample) - 1 ? CLASS_NONE : CLASS_MALFORMED);
		page_finish(&page);
		free(prefix);
	}
}

/* Whatever byte is put at whatever place of the first item's name: the others stay. */
static void one_bad_byte_spoils_one_item(void **state)
{
	struct page_scope scope = scope_of(0);
	size_t from = (size_t)(strstr(sample, "\xE9\x95\x9C") - sample), usable = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(sample) - 1; at++) {
		for (int byte = 0; byte < 256; byte++) {
			char text[sizeof(sample)];
			struct page page;
			memcpy(text, sample, sizeof(text));
			text[at] = (char)byte;
			page_read(&page, text, sizeof(text) - 1, &scope);
			usable += page.class == CLASS_NONE;
			bool in_text = at >= from && at < from + 3 && byte != '"' && byte != '\\';
			if (in_text) {
				assert_int_equal(page.class, CLASS_NONE);
				assert_int_equal(page.count, 3);
				assert_string_equal(page.items[0].record->image_id, "a");
				assert_string_equal(page.items[1].record->image_id, "b");
				assert_string_equal(page.items[2].record->image_id, "c");
			}
			page_finish(&page);
		}
	}
	assert_true(usable > 3 * 254);
}

static void *read_bomb(void *text)
{
	struct page page;

	read_text(&page, text, 0);
	bool alone = page.class == CLASS_NONE && page.count == 2 && page.quarantined == 1 &&
		     page.warnings == 1 && !page.items[0].record && page.items[1].record;
	page_finish(&page);
	return alone ? NULL : text;
}

static void *read_deep(void *text)
{
	struct page page;

	read_text(&page, text, 0);
	bool read = page.class == CLASS_NONE && page.count == 2 && page.items[0].record;
	page_finish(&page);
	return read ? NULL : text;
}

/* What is as deep as it may be, and what is much deeper, on a stack of 256 KiB. */
static void depth_needs_no_stack(void **state)
{
	static const struct {
		const char *open, *close;
		int depth;
		void *(*run)(void *text);
	} bombs[] = { { "[", "]", 62, read_bomb },           { "{\"a\":", "}", 62, read_bomb },
		      { "[", "]", 8 << 20, read_bomb }, /* 16 MiB: linear, or never done */
		      { "{\"a\":", "}", 100000, read_bomb }, { "[", "]", 61, read_deep },
		      { "{\"a\":", "}", 61, read_deep } };
	pthread_attr_t attributes;
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		struct buf text;
		buf_init(&text);
		buf_puts(&text, "{\"RetCode\":0,\"Set\":[{\"Id\":\"a\",\"x\":");
		for (int n = 0; n < bombs[i].depth; n++)
			buf_puts(&text, bombs[i].open);
		buf_puts(&text, "1");
		for (int n = 0; n < bombs[i].depth; n++)
			buf_puts(&text, bombs[i].close);
		buf_puts(&text, "},{\"Id\":\"b\"}]}");
		assert_int_equal(pthread_create(&thread, &attributes, bombs[i].run, text.bytes), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_null(result);
		buf_finish(&text);
	}
	pthread_attr_destroy(&attributes);
}

/* The n-th allocation fails, ours and the parser's: the page says so, and nothing leaks. */
static size_t allocations, failing;

void *__real_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	return ++allocations == failing;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static void *counted_malloc(size_t size)
{
	return __wrap_malloc(size);
}

static void survives_lack_of_memory(void **state)
{
	static const char text[] = "{\"RetCode\":0,\"Message\":\"a\xff\",\"Set\":[{\"Id\":\"a\","
				   "\"Name\":\"x  \xff\",\"New\":1,"
				   "\"passwd\":\"x\",\"passwd\":2,\"Time\":1e999}],\"Group\":[{"
				   "\"g\":1,\"Data\":[{\"Id\":\"c\"}]}]}";
	struct page page;
	size_t needed, internal = 0;

	(void)state;
	json_set_alloc_funcs(counted_malloc, free);
	failing = 0;
	allocations = 0;
	read_text(&page, text, 0);
	needed = allocations;
	assert_int_equal(page.class, CLASS_NONE);
	page_finish(&page);
	assert_true(needed > 20);
	for (size_t n = 1; n <= needed; n++) {
		allocations = 0;
		failing = n;
		read_text(&page, text, 0);
		failing = 0;
		/* The parser does not always tell lack of memory from bad text: then the page or
		 * the item counts as bad, which never looks like a whole page either. */
		if (page.class == CLASS_INTERNAL)
			assert_string_equal(page.error, "out of memory");
		else if (page.class != CLASS_MALFORMED && page.quarantined == 0)
			fail_msg("allocation %zu of %zu went unnoticed", n, needed);
		internal += page.class == CLASS_INTERNAL;
		page_finish(&page);
	}
	assert_true(internal > 10);
	json_set_alloc_funcs(malloc, free);
}

int main(void)
{
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(message_is_cut),
		cmocka_unit_test(too_many_items),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(known_items_are_not_parsed),
		cmocka_unit_test(scope_is_judged),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(one_bad_byte_spoils_one_item),
		cmocka_unit_test(depth_needs_no_stack),
		cmocka_unit_test(survives_lack_of_memory),
	};
	struct CMUnitTest tests[ARRAY_LEN(fixed) + ARRAY_LEN(codes) + ARRAY_LEN(answers)];
	size_t count = ARRAY_LEN(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(reads_code, &codes[i]);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(reads_answer, &answers[i]);
	return _cmocka_run_group_tests("page", tests, count, NULL, NULL);
}
