#include "model/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/test.h"

enum { ITEMS_MAX = 100 };

static const char *const paths[] = { "ImageSet", "Other", "Group[].Data" };

static int split(struct json_split *ret, const char *text, size_t len, struct error *err)
{
	return json_split(ret, text, len, paths, ARRAY_LEN(paths), ITEMS_MAX, err);
}

/* "item|item", the items of groups with their group's own text in front: "group@item". */
static void render(const struct json_split *split, struct buf *out)
{
	buf_init(out);
	for (size_t i = 0; i < split->count; i++) {
		const struct json_item *item = &split->items[i];
		if (i > 0)
			buf_putc(out, '|');
		if (item->source)
			buf_printf(out, "%u:", item->source);
		if (item->group) {
			const struct json_group *group = &split->groups[item->group - 1];
			const char *after = group->cut.start + group->cut.len;
			buf_put(out, group->range.start,
				(size_t)(group->cut.start - group->range.start));
			buf_put(out, after,
				(size_t)(group->range.start + group->range.len - after));
			buf_putc(out, '@');
		}
		buf_put(out, item->range.start, item->range.len);
		if (!item->is_object)
			buf_putc(out, '!');
		if (item->is_too_deep)
			buf_putc(out, '^');
	}
}

static const struct whole {
	const char *name, *text;
	const char *want; /* as render() has it */
	bool has_array;
	const char *not_a_list;
} wholes[] = {
	/* clang-format off */
	{ "nothing", "{}", "", false, NULL },
	{ "no list", "{\"RetCode\":0}", "", false, NULL },
	{ "null list", "{\"ImageSet\":null}", "", false, NULL },
	{ "empty list", "{\"ImageSet\":[]}", "", true, NULL },
	{ "empty list with blanks", " { \"ImageSet\" : [ \n ] } \r\n", "", true, NULL },
	{ "one item", "{\"ImageSet\":[{\"a\":1}]}", "{\"a\":1}", true, NULL },
	{ "items keep their blanks", "{\"ImageSet\":[ { \"a\" : 1 } , {} ]}", "{ \"a\" : 1 }|{}", true, NULL },
	{ "byte order mark", "\xEF\xBB\xBF{\"ImageSet\":[{}]}", "{}", true, NULL },
	{ "brackets in strings", "{\"ImageSet\":[{\"a\":\"}]\\\"\"},{\"b\":\"\\\\\"}]}",
	  "{\"a\":\"}]\\\"\"}|{\"b\":\"\\\\\"}", true, NULL },
	{ "many backslashes", "{\"ImageSet\":[\"\\\\\\\\\\\"\\\\\"]}", "\"\\\\\\\\\\\"\\\\\"!", true, NULL },
	{ "escaped key", "{\"Image\\u0053et\":[{}]}", "{}", true, NULL },
	{ "escaped slash in key is another key", "{\"Image\\/Set\":[{}]}", "", false, NULL },
	{ "key by prefix is another key", "{\"ImageSetnew\":[{}],\"Image\":[1]}", "", false, NULL },
	{ "two lists", "{\"Other\":[{\"o\":1}],\"x\":1,\"ImageSet\":[{}]}", "1:{\"o\":1}|{}", true, NULL },
	{ "scalars among items", "{\"ImageSet\":[\"a\",1,null,[{}],{}]}", "\"a\"!|1!|null!|[{}]!|{}", true, NULL },
	{ "same name deeper is no list", "{\"x\":{\"ImageSet\":[{}]}}", "", false, NULL },
	{ "bad bytes are judged later", "{\"ImageSet\":[{\"a\":\"\xff\x01\\ud800\\q\"}]}",
	  "{\"a\":\"\xff\x01\\ud800\\q\"}", true, NULL },
	{ "bare words are judged later", "{\"ImageSet\":[{\"a\":NaN,\"b\":01,\"c\":1e400}]}",
	  "{\"a\":NaN,\"b\":01,\"c\":1e400}", true, NULL },
	{ "object where a list belongs", "{\"ImageSet\":{\"a\":[1]}}", "", false, "ImageSet" },
	{ "string where a list belongs", "{\"ImageSet\":\"\",\"Other\":[{}]}", "1:{}", true, "ImageSet" },
	{ "list of lists", "{\"ImageSet\":[[{}]]}", "[{}]!", true, NULL },

	{ "group", "{\"Group\":[{\"GroupId\":\"g\",\"Data\":[{\"a\":1},{}]}]}",
	  "2:{\"GroupId\":\"g\"}@{\"a\":1}|2:{\"GroupId\":\"g\"}@{}", true, NULL },
	{ "group, list first", "{\"Group\":[{\"Data\":[{}] , \"x\":1}]}", "2:{ \"x\":1}@{}", true, NULL },
	{ "group, list between", "{\"Group\":[{\"x\":1,\"Data\":[{}],\"y\":2}]}", "2:{\"x\":1,\"y\":2}@{}", true, NULL },
	{ "group with nothing else", "{\"Group\":[{\"Data\":[{}]}]}", "2:{}@{}", true, NULL },
	{ "group with blanks", "{\"Group\":[{ \"x\":1 , \"Data\" : [ {} ] } ]}", "2:{ \"x\":1  }@{}", true, NULL },
	{ "group without items", "{\"Group\":[{\"x\":1,\"Data\":[]},{\"Data\":null},{\"Data\":[{}]}]}", "2:{}@{}", true, NULL },
	{ "no group but an item", "{\"Group\":[{\"x\":1},{},{\"y\":1,\"Data\":[{}]}]}", "2:{\"x\":1}|2:{}|2:{\"y\":1}@{}", true, NULL },
	{ "scalar among groups", "{\"Group\":[\"x\"]}", "2:\"x\"!", true, NULL },
	{ "wrong list in a group", "{\"Group\":[{\"Data\":{}}]}", "", true, "Group[].Data" },
	{ "escaped key in a group", "{\"Group\":[{\"\\u0044ata\":[{}]}]}", "2:{}@{}", true, NULL },
	/* clang-format on */
};

static void splits_whole(void **state)
{
	const struct whole *row = *state;
	struct json_split got;
	struct error err;
	struct buf text;

	assert_int_equal(split(&got, row->text, strlen(row->text), &err), 0);
	render(&got, &text);
	assert_string_equal(buf_text(&text), row->want);
	assert_int_equal(got.has_array, row->has_array);
	if (row->not_a_list)
		assert_string_equal(got.not_a_list, row->not_a_list);
	else
		assert_null(got.not_a_list);
	buf_finish(&text);
	json_split_finish(&got);
}

static const struct broken {
	const char *name, *text, *want; /* part of the sentence */
} brokens[] = {
	/* clang-format off */
	{ "empty", "", "expected an object near byte 0" },
	{ "list at the top", "[]", "expected an object" },
	{ "string at the top", "\"x\"", "expected an object" },
	{ "two documents", "{}{}", "expected nothing more near byte 2" },
	{ "rubbish behind", "{} x", "expected nothing more near byte 3" },
	{ "NUL behind", "{}\0", "expected nothing more" },
	{ "unescaped quote", "{\"ImageSet\":[{\"a\":\"say \"hi\"\"}]}", "expected ',' or '}' near byte 24" },
	{ "missing comma between items", "{\"ImageSet\":[{} {}]}", "expected ',' or ']'" },
	{ "missing comma between members", "{\"ImageSet\":[{\"a\":1 \"b\":2}]}", "expected ',' or '}'" },
	{ "missing comma in the envelope", "{\"a\":1 \"b\":2}", "expected ',' or '}'" },
	{ "two words", "{\"a\":1 2}", "expected ',' or '}'" },
	{ "trailing comma in an object", "{\"ImageSet\":[{\"a\":1,}]}", "expected a member name" },
	{ "trailing comma in a list", "{\"ImageSet\":[{},]}", "expected a value" },
	{ "trailing comma in the envelope", "{\"a\":1,}", "expected a member name" },
	{ "missing colon", "{\"a\" 1}", "expected ':'" },
	{ "missing value", "{\"a\":}", "expected a value" },
	{ "missing key", "{:1}", "expected a member name" },
	{ "key that is no string", "{a:1}", "expected a member name" },
	{ "wrong bracket", "{\"ImageSet\":[{]}}", "expected a member name" },
	{ "crossed brackets", "{\"a\":[{\"b\":1]}}", "expected ',' or '}'" },
	{ "comment", "{/* */}", "expected a member name" },
	{ "single quotes", "{\"a\":'b'}", "expected a value" },
	{ "other blank", "{\v}", "expected a member name" },
	{ "second list in a group", "{\"Group\":[{\"Data\":[],\"Data\":[{}]}]}", "only once" },
	/* clang-format on */
};

static void refuses_broken(void **state)
{
	const struct broken *row = *state;
	struct json_split got;
	struct error err;
	size_t len = strcmp(row->name, "NUL behind") == 0 ? 3 : strlen(row->text);

	assert_int_equal(split(&got, row->text, len, &err), -EBADMSG);
	if (!strstr(err.text, row->want))
		fail_msg("\"%s\" lacks \"%s\"", err.text, row->want);
	json_split_finish(&got);
}

/* An answer that is `depth` containers deep, its deepest value in the middle of `before`, `after`.
 */
static char *nested(const char *before, unsigned levels, const char *open, const char *close,
		    const char *after)
{
	struct buf out;

	buf_init(&out);
	buf_puts(&out, before);
	for (unsigned i = 0; i < levels; i++)
		buf_puts(&out, open);
	buf_puts(&out, "1");
	for (unsigned i = 0; i < levels; i++)
		buf_puts(&out, close);
	buf_puts(&out, after);
	assert_false(out.failed);
	return out.bytes;
}

/* Where depth is, how many containers are around it there, and what an excess of it spoils. */
static const struct deep {
	const char *name, *before, *after;
	unsigned around;
	const char *marks; /* of its items, '^' for too deep; NULL when the answer is refused */
} deeps[] = {
	/* clang-format off */
	{ "item", "{\"ImageSet\":[{\"a\":1},", ",{\"b\":2}]}", 2, ".^." },
	{ "member of an item", "{\"ImageSet\":[{},{\"x\":", ",\"y\":[1]},{}]}", 3, ".^." },
	{ "item of a group", "{\"Group\":[{\"Data\":[{},{\"x\":", "},{}]},{\"Data\":[{}]}]}", 5, ".^.." },
	{ "group", "{\"Group\":[{\"Data\":[{}]},{\"x\":", ",\"Data\":[{},{}]},{\"Data\":[{}]}]}", 3, ".^^." },
	{ "group, list first", "{\"Group\":[{\"Data\":[{}],\"x\":", "},{\"Data\":[{}]}]}", 3, "^." },
	{ "group that is an item", "{\"Group\":[{\"x\":", "},{\"y\":1}]}", 3, "^." },
	{ "scalar among groups", "{\"Group\":[", ",{\"Data\":[{}]}]}", 2, "^." },
	{ "envelope", "{\"ImageSet\":[{}],\"x\":", "}", 1, NULL },
	{ "no list", "{\"ImageSet\":{\"x\":", "}}", 2, NULL },
	{ "no list in a group", "{\"Group\":[{\"Data\":{\"x\":", "}}]}", 4, NULL },
	/* clang-format on */
};

static void depth_ends_at_64(void **state)
{
	static const char *const pairs[][2] = { { "[", "]" },
						{ "{\"a\":", "}" },
						{ "[\"}]\\\"]\",{\"[{\":", "}]" } };
	const struct deep *row = *state;

	for (size_t p = 0; p < ARRAY_LEN(pairs); p++) {
		unsigned each = p == 2 ? 2 : 1;
		unsigned most = (JSON_DEPTH_MAX - row->around) / each;
		for (unsigned levels = most - 2; levels < most + 40; levels++) {
			struct json_split got;
			bool excess = levels > most;
			char *text =
				nested(row->before, levels, pairs[p][0], pairs[p][1], row->after);
			int rc = split(&got, text, strlen(text), NULL);
			bool is_list = !strstr(row->name, "no list");
			assert_int_equal(rc, excess && !row->marks ? -EBADMSG : 0);
			for (size_t i = 0; row->marks && i < got.count; i++)
				assert_int_equal(got.items[i].is_too_deep,
						 excess && row->marks[i] == '^');
			if (row->marks)
				assert_int_equal(got.count, strlen(row->marks));
			else if (!excess)
				assert_int_equal(got.not_a_list == NULL, is_list);
			json_split_finish(&got);
			free(text);
		}
	}
}

/* Below the limit brackets are only counted; what is around stays under the eye. */
static void deep_part_may_be_odd(void **state)
{
	static const struct {
		const char *inside, *after;
		int want;
	} rows[] = {
		{ "a b,,:", "", 0 },     { "[}", "", 0 },         { "]", "", -EBADMSG },
		{ "[", "", -EBADMSG },   { "\"", "", -EBADMSG },  { "\"]\\\"[\"", "", 0 },
		{ "1", ",}", -EBADMSG }, { "1", " 2", -EBADMSG }, { "1", ",\"z\":[{}]", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_split got;
		struct buf out;
		buf_init(&out);
		buf_puts(&out, "{\"ImageSet\":[{\"x\":");
		for (int n = 0; n < 80; n++)
			buf_putc(&out, '[');
		buf_puts(&out, rows[i].inside);
		for (int n = 0; n < 80; n++)
			buf_putc(&out, ']');
		buf_puts(&out, rows[i].after);
		buf_puts(&out, "},{}]}");
		assert_int_equal(split(&got, out.bytes, out.len, NULL), rows[i].want);
		if (rows[i].want == 0) {
			assert_int_equal(got.count, 2);
			assert_true(got.items[0].is_too_deep && !got.items[1].is_too_deep);
			assert_int_equal(got.items[1].range.len, 2);
		}
		json_split_finish(&got);
		buf_finish(&out);
	}
}

static void *split_bomb(void *text)
{
	struct json_split got;
	int rc = split(&got, text, strlen(text), NULL);

	json_split_finish(&got);
	return rc == -EBADMSG ? NULL : text;
}

static void bombs_need_no_stack(void **state)
{
	static const char *const pieces[] = { "[", "{\"a\":", "[{\"a\":", "\"" };
	static const char *const starts[] = { "", "{\"a\":", "{\"ImageSet\":[",
					      "{\"Group\":[{\"Data\":[" };
	pthread_attr_t attributes;
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
	for (size_t i = 0; i < ARRAY_LEN(pieces) * ARRAY_LEN(starts); i++) {
		struct buf bomb;
		buf_init(&bomb);
		buf_puts(&bomb, starts[i % ARRAY_LEN(starts)]);
		for (int n = 0; n < 100000; n++)
			buf_puts(&bomb, pieces[i / ARRAY_LEN(starts)]);
		assert_false(bomb.failed);
		assert_int_equal(pthread_create(&thread, &attributes, split_bomb, bomb.bytes), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_null(result);
		buf_finish(&bomb);
	}
	pthread_attr_destroy(&attributes);
}

static void too_many_items(void **state)
{
	static const char *const elements[] = { "{\"ImageSet\":[", "{\"Group\":[" };

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(elements); e++) {
		for (int extra = 0; extra < 2; extra++) {
			struct json_split got;
			struct error err;
			struct buf text;
			buf_init(&text);
			buf_puts(&text, elements[e]);
			for (int i = 0; i < ITEMS_MAX + extra; i++)
				buf_printf(&text, "%s{\"Data\":[]}", i > 0 ? "," : "");
			buf_puts(&text, "]}");
			assert_int_equal(split(&got, text.bytes, text.len, &err),
					 extra ? -EFBIG : 0);
			if (extra)
				assert_string_equal(err.text, "the answer has more than 100 items");
			json_split_finish(&got);
			buf_finish(&text);
		}
	}
}

static void every_prefix_is_refused(void **state)
{
	static const char text[] =
		"{\"RetCode\":0,\"ImageSet\":[{\"a\":\"\\\"x\\\\\",\"b\":[1,{\"c\":null}]},{}],"
		"\"Group\":[{\"x\":1,\"Data\":[{\"d\":-1.5e3}],\"y\":{}}],\"TotalCount\":3}";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		/* A copy of its own, so that a sanitizer sees the smallest step behind its end. */
		char *prefix = malloc(len ? len : 1);
		struct json_split got;
		assert_non_null(prefix);
		memcpy(prefix, text, len);
		assert_int_equal(split(&got, prefix, len, NULL),
				 len == sizeof(text) - 1 ? 0 : -EBADMSG);
		json_split_finish(&got);
		free(prefix);
	}
}

static const struct unescaped {
	const char *name, *body, *want;
} unescapeds[] = {
	/* clang-format off */
	{ "plain", "abc", "abc" },
	{ "short escapes", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
	{ "ASCII", "\\u0041\\u007a", "Az" },
	{ "two bytes", "\\u00e9", "\xC3\xA9" },
	{ "three bytes", "\\u955C\\u50cF", "\xE9\x95\x9C\xE5\x83\x8F" },
	{ "unknown escape stays", "a\\qb", "a\\qb" },
	{ "cut escape stays", "\\u00", "\\u00" },
	{ "backslash at the end", "a\\", "a\\" },
	/* clang-format on */
};

static void unescapes(void **state)
{
	const struct unescaped *row = *state;
	char out[32];

	struct json_range body = { row->body, strlen(row->body) };
	size_t len = json_unescape(body, out, sizeof(out));
	assert_int_equal(len, strlen(row->want));
	assert_memory_equal(out, row->want, len);
	for (size_t size = 0; size < len; size++)
		assert_int_equal(json_unescape(body, out, size), SIZE_MAX);
}

int main(void)
{
	enum { FIXED = 4 };
	struct CMUnitTest tests[ARRAY_LEN(wholes) + ARRAY_LEN(brokens) + ARRAY_LEN(unescapeds) +
				ARRAY_LEN(deeps) + FIXED] = {
		cmocka_unit_test(deep_part_may_be_odd),
		cmocka_unit_test(bombs_need_no_stack),
		cmocka_unit_test(too_many_items),
		cmocka_unit_test(every_prefix_is_refused),
	};
	size_t count = FIXED;

	for (size_t i = 0; i < ARRAY_LEN(wholes); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(splits_whole, &wholes[i]);
	for (size_t i = 0; i < ARRAY_LEN(brokens); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(refuses_broken, &brokens[i]);
	for (size_t i = 0; i < ARRAY_LEN(unescapeds); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(unescapes, &unescapeds[i]);
	for (size_t i = 0; i < ARRAY_LEN(deeps); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(depth_ends_at_64, &deeps[i]);
	return _cmocka_run_group_tests("json", tests, count, NULL, NULL);
}
