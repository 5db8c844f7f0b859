#include "model/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the walk is; `expected` says what was missing once it failed. */
struct walk {
	const char *begin, *at, *end;
	const char *expected;
};

struct path {
	const char *text;
	size_t top_len;
	const char *inner; /* NULL where the items are in the list itself */
};

/* What the walk through one answer carries along. */
struct splitter {
	struct walk walk;
	const char *const *paths;
	size_t path_count, items_max;
	struct json_split *split;
	int code; /* of a failure that is not about JSON */
};

static bool fail(struct walk *walk, const char *expected)
{
	if (!walk->expected)
		walk->expected = expected;
	return false;
}

static inline char peek(const struct walk *walk)
{
	return walk->at < walk->end ? *walk->at : '\0';
}

/* The next byte that is no blank, not consumed. */
static inline char next(struct walk *walk)
{
	while (walk->at < walk->end &&
	       (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\t' || *walk->at == '\r'))
		walk->at++;
	return peek(walk);
}

static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

const char *json_word_end(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && is_word_byte(*at))
		at++;
	return at > start ? at : NULL;
}

const char *json_string_end(const char *at, const char *end)
{
	const char *from = at + 1;

	while (from < end) {
		const char *quote = memchr(from, '"', (size_t)(end - from));
		if (!quote)
			return NULL;
		/* The run of backslashes cannot reach behind the quote before it: linear in all. */
		const char *slash = quote;
		while (slash > from && slash[-1] == '\\')
			slash--;
		if ((quote - slash) % 2 == 0)
			return quote + 1;
		from = quote + 1;
	}
	return NULL;
}

static bool skip_string(struct walk *walk)
{
	const char *after = json_string_end(walk->at, walk->end);

	if (!after)
		return fail(walk, "the end of a string");
	walk->at = after;
	return true;
}

/* A key and its colon; the key's body goes to ret. */
static bool read_key(struct walk *walk, struct json_range *ret)
{
	if (next(walk) != '"')
		return fail(walk, "a member name");
	const char *quote = walk->at;
	if (!skip_string(walk))
		return false;
	*ret = (struct json_range){ quote + 1, (size_t)(walk->at - quote) - 2 };
	if (next(walk) != ':')
		return fail(walk, "':'");
	walk->at++;
	return true;
}

/* Opens the container here. False when that fails; *ret_empty when it closed at once. */
static bool open_container(struct walk *walk, bool is_object, bool *ret_empty)
{
	struct json_range key;

	walk->at++;
	*ret_empty = next(walk) == (is_object ? '}' : ']');
	if (*ret_empty) {
		walk->at++;
		return true;
	}
	return is_object ? read_key(walk, &key) : true;
}

/* The container here, by counting brackets: no more is asked of what is too deep. */
static bool skip_brackets(struct walk *walk)
{
	size_t open = 0;

	while (walk->at < walk->end) {
		char c = *walk->at;
		if (c == '"') {
			if (!skip_string(walk))
				return false;
			continue;
		}
		walk->at++;
		if (c == '{' || c == '[')
			open++;
		else if ((c == '}' || c == ']') && --open == 0)
			return true;
	}
	return fail(walk, "the end of a container");
}

/* Containers deeper than `depth_left` are an error, or set *deep where it is given. */
static bool skip_value(struct walk *walk, unsigned depth_left, bool *deep)
{
	uint64_t objects = 0; /* bit 0: the innermost open container is an object */
	unsigned level = 0;
	struct json_range key;

	for (;;) {
		char c = next(walk);
		if (c == '{' || c == '[') {
			bool empty = true;
			if (level < depth_left) {
				if (!open_container(walk, c == '{', &empty))
					return false;
			} else if (!deep) {
				return fail(walk, "at most 64 levels");
			} else {
				*deep = true;
				if (!skip_brackets(walk))
					return false;
			}
			if (!empty) {
				objects = objects << 1 | (c == '{');
				level++;
				continue;
			}
		} else if (c == '"') {
			if (!skip_string(walk))
				return false;
		} else {
			const char *after = json_word_end(walk->at, walk->end);
			if (!after)
				return fail(walk, "a value");
			walk->at = after;
		}
		for (; level > 0; level--, objects >>= 1) {
			char after = next(walk);
			if (after == ',')
				break;
			if (after != (objects & 1 ? '}' : ']'))
				return fail(walk, objects & 1 ? "',' or '}'" : "',' or ']'");
			walk->at++;
		}
		if (level == 0)
			return true;
		walk->at++;
		if ((objects & 1) && !read_key(walk, &key))
			return false;
	}
}

const char *json_value_end(const char *at, const char *end, unsigned depth_left)
{
	struct walk walk = { .begin = at, .at = at, .end = end };

	assert(depth_left <= JSON_DEPTH_MAX);
	return skip_value(&walk, depth_left, NULL) ? walk.at : NULL;
}

static bool key_is(struct json_range key, const char *name, size_t name_len)
{
	char plain[128];

	if (!memchr(key.start, '\\', key.len))
		return key.len == name_len && memcmp(key.start, name, name_len) == 0;
	return json_unescape(key, plain, sizeof(plain)) == name_len &&
	       memcmp(plain, name, name_len) == 0;
}

/* Makes room for one more element; false when memory is out. */
static bool grow(struct splitter *splitter, void **elements, size_t count, size_t *size,
		 size_t element_bytes)
{
	if (count < *size)
		return true;
	size_t wanted = *size ? *size * 2 : 128;
	void *grown = realloc(*elements, wanted * element_bytes);
	if (!grown) {
		splitter->code = -ENOMEM;
		return false;
	}
	*elements = grown;
	*size = wanted;
	return true;
}

static bool add_item(struct splitter *splitter, const struct json_item *item)
{
	struct json_split *split = splitter->split;

	if (split->count >= splitter->items_max) {
		splitter->code = -EFBIG;
		return false;
	}
	if (!grow(splitter, (void **)&split->items, split->count, &split->items_size,
		  sizeof(*split->items)))
		return false;
	split->items[split->count++] = *item;
	return true;
}

/* The rest of a container after a value: true when another follows, false at its end or on error.
 */
static bool more(struct walk *walk, char close)
{
	char c = next(walk);

	if (c == ',' || c == close)
		walk->at++;
	else
		fail(walk, close == '}' ? "',' or '}'" : "',' or ']'");
	return c == ',';
}

static bool failed(const struct splitter *splitter)
{
	return splitter->code || splitter->walk.expected;
}

/* Opens the list here; true when it has elements. */
static bool open_list(struct walk *walk)
{
	bool empty;

	return open_container(walk, false, &empty) && !empty;
}

/* The items of the list here, each of them `depth` containers deep. */
static void read_items(struct splitter *splitter, unsigned source, uint32_t group, unsigned depth)
{
	struct walk *walk = &splitter->walk;

	if (!open_list(walk))
		return;
	do {
		struct json_item item = { .source = source, .group = group };
		item.is_object = next(walk) == '{';
		item.range.start = walk->at;
		if (!skip_value(walk, JSON_DEPTH_MAX - depth, &item.is_too_deep))
			return;
		item.range.len = (size_t)(walk->at - item.range.start);
		if (!add_item(splitter, &item))
			return;
	} while (more(walk, ']'));
}

/* The value of a member that should be a list of items: true when it is. */
static bool is_list(struct splitter *splitter, unsigned source, unsigned depth)
{
	struct walk *walk = &splitter->walk;

	if (next(walk) == '[')
		return true;
	const char *start = walk->at;
	if (!skip_value(walk, JSON_DEPTH_MAX - depth, NULL))
		return false;
	bool is_null = walk->at - start == 4 && memcmp(start, "null", 4) == 0;
	if (!is_null && !splitter->split->not_a_list)
		splitter->split->not_a_list = splitter->paths[source];
	return false;
}

/* The members of a group: its items are added; false when it has no such list at all. */
static bool read_group_members(struct splitter *splitter, unsigned source, const struct path *path,
			       struct json_range *ret_cut, bool *deep)
{
	struct walk *walk = &splitter->walk;
	uint32_t group = (uint32_t)splitter->split->group_count;
	const char *comma = NULL; /* before the present member */
	bool found = false, empty;

	walk->at++;
	empty = next(walk) == '}';
	if (empty) {
		walk->at++;
		return false;
	}
	for (bool again = true; again;) {
		struct json_range key;
		next(walk);
		const char *start = walk->at;
		if (!read_key(walk, &key))
			return found;
		bool is_items = key_is(key, path->inner, strlen(path->inner));
		if (is_items && found) {
			fail(walk, "the list of items only once in its group");
			return found;
		}
		if (!is_items)
			skip_value(walk, JSON_DEPTH_MAX - 3, deep);
		else if (is_list(splitter, source, 3))
			read_items(splitter, source, group, 4);
		if (failed(splitter))
			return found;
		const char *end = walk->at;
		again = more(walk, '}');
		if (is_items) {
			const char *from = !again && comma ? comma : start;
			const char *to = again ? walk->at : end;
			*ret_cut = (struct json_range){ from, (size_t)(to - from) };
			found = true;
		}
		comma = walk->at - 1;
	}
	return found;
}

static void read_group(struct splitter *splitter, unsigned source, const struct path *path)
{
	struct json_split *split = splitter->split;
	const char *start = splitter->walk.at;
	size_t first_item = split->count;
	struct json_range cut = { 0 };
	bool deep = false;

	if (split->group_count >= splitter->items_max) {
		splitter->code = -EFBIG;
		return;
	}
	if (!grow(splitter, (void **)&split->groups, split->group_count, &split->groups_size,
		  sizeof(*split->groups)))
		return;
	size_t index = split->group_count++;
	bool found = read_group_members(splitter, source, path, &cut, &deep);
	if (failed(splitter))
		return;
	struct json_range range = { start, (size_t)(splitter->walk.at - start) };
	split->groups[index] = (struct json_group){ range, cut, deep };
	for (size_t i = first_item; deep && i < split->count; i++)
		split->items[i].is_too_deep = true;
	if (found)
		return;
	split->group_count--;
	add_item(splitter, &(struct json_item){ range, source, 0, true, deep });
}

static void read_groups(struct splitter *splitter, unsigned source, const struct path *path)
{
	struct walk *walk = &splitter->walk;

	if (!open_list(walk))
		return;
	do {
		struct json_item item = { .source = source };
		if (next(walk) == '{') {
			read_group(splitter, source, path);
		} else {
			item.range.start = walk->at;
			if (!skip_value(walk, JSON_DEPTH_MAX - 2, &item.is_too_deep))
				return;
			item.range.len = (size_t)(walk->at - item.range.start);
			add_item(splitter, &item);
		}
	} while (!failed(splitter) && more(walk, ']'));
}

static struct path parse_path(const char *text)
{
	const char *mark = strstr(text, "[].");

	return (struct path){ text, mark ? (size_t)(mark - text) : strlen(text),
			      mark ? mark + 3 : NULL };
}

/* The value of a member of the answer, by its key. */
static void read_member(struct splitter *splitter, struct json_range key)
{
	struct json_split *split = splitter->split;

	for (size_t i = 0; i < splitter->path_count; i++) {
		struct path path = parse_path(splitter->paths[i]);
		if (!key_is(key, path.text, path.top_len))
			continue;
		if (!is_list(splitter, (unsigned)i, 1))
			return;
		const char *start = splitter->walk.at;
		split->has_array = true;
		if (path.inner)
			read_groups(splitter, (unsigned)i, &path);
		else
			read_items(splitter, (unsigned)i, 0, 2);
		if (failed(splitter) || !grow(splitter, (void **)&split->cuts, split->cut_count,
					      &split->cuts_size, sizeof(*split->cuts)))
			return;
		split->cuts[split->cut_count++] =
			(struct json_range){ start, (size_t)(splitter->walk.at - start) };
		return;
	}
	skip_value(&splitter->walk, JSON_DEPTH_MAX - 1, NULL);
}

static void read_answer(struct splitter *splitter)
{
	struct walk *walk = &splitter->walk;
	struct json_range key;

	if (walk->end - walk->at >= 3 && memcmp(walk->at, "\xEF\xBB\xBF", 3) == 0)
		walk->at += 3;
	if (next(walk) != '{') {
		fail(walk, "an object");
		return;
	}
	walk->at++;
	if (next(walk) == '}') {
		walk->at++;
	} else {
		do {
			if (!read_key(walk, &key))
				return;
			read_member(splitter, key);
		} while (!failed(splitter) && more(walk, '}'));
	}
	next(walk);
	if (!failed(splitter) && walk->at < walk->end)
		fail(walk, "nothing more");
}

int json_split(struct json_split *ret, const char *bytes, size_t len, const char *const *paths,
	       size_t path_count, size_t items_max, struct error *err)
{
	struct splitter splitter = { .walk = { .begin = bytes, .at = bytes, .end = bytes + len },
				     .paths = paths,
				     .path_count = path_count,
				     .items_max = items_max,
				     .split = ret };

	*ret = (struct json_split){ 0 };
	read_answer(&splitter);
	if (splitter.code == -ENOMEM)
		return error_set(err, -ENOMEM, "out of memory");
	if (splitter.code)
		return error_set(err, splitter.code, "the answer has more than %zu items",
				 items_max);
	if (splitter.walk.expected)
		return error_set(err, -EBADMSG, "the answer is not JSON: expected %s near byte %zu",
				 splitter.walk.expected,
				 (size_t)(splitter.walk.at - splitter.walk.begin));
	return 0;
}

void json_split_finish(struct json_split *split)
{
	free(split->items);
	free(split->groups);
	free(split->cuts);
	*split = (struct json_split){ 0 };
}
