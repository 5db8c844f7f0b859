/*
 * The item splitter: walks an answer once and finds where its items are, so that each is judged
 * alone. It knows brackets, commas, colons and quotes; what is between them is judged later
 * (model/repair), so that one bad string or number never takes its page down.
 *
 * Pure; ranges point into the bytes that were given. Time is linear, depth bounded, nothing
 * recurses.
 */
#pragma once

#include "base/base.h"
#include "base/error.h"

enum { JSON_DEPTH_MAX = 64 };

struct json_range {
	const char *start;
	size_t len;
};

struct json_item {
	struct json_range range;
	unsigned source; /* index of its path */
	uint32_t group;  /* index + 1 into groups; 0 when in none */
	bool is_object;
	bool is_too_deep; /* it or its group is: the deep part was skipped by its brackets alone */
};

/* An object that holds a list of items beside fields of its own. */
struct json_group {
	struct json_range range;
	struct json_range
		cut; /* the list with its key and one comma: without it the object is JSON */
	bool is_too_deep;
};

struct json_split {
	struct json_item *items;
	size_t count, items_size;
	struct json_group *groups;
	size_t group_count, groups_size;
	struct json_range *cuts; /* the lists of the envelope; each stands for "[]" */
	size_t cut_count, cuts_size;
	bool has_array;         /* a list of some path is there */
	const char *not_a_list; /* the first path at which something else is; NULL */
};

/*
 * A path is a member of the answer, "ImageSet", or a list inside the objects of one,
 * "Group[].Data". An object of such a list that lacks the inner member is an item itself. No two
 * paths share a member. null is an absent list. What is deeper than JSON_DEPTH_MAX spoils its item
 * or group; outside of items it spoils the answer.
 *
 * 0, or -EBADMSG (no JSON), -EFBIG (more than items_max items or groups), -ENOMEM, with a sentence.
 * json_split_finish() is needed after either.
 */
int json_split(struct json_split *ret, const char *bytes, size_t len, const char *const *paths,
	       size_t path_count, size_t items_max, struct error *err);
void json_split_finish(struct json_split *split);

/*
 * The end of the value, string or word that starts here; NULL when its structure is broken or
 * deeper than `depth_left` containers.
 */
const char *json_value_end(const char *at, const char *end, unsigned depth_left);
const char *json_string_end(const char *at, const char *end); /* at the opening quote */
const char *json_word_end(const char *at, const char *end);   /* number, true, NaN … */

/*
 * Decodes the body of a string literal (no quotes) into out, at most `size` bytes. Returns the
 * length, or SIZE_MAX when it is longer. What is no escape stays as it is.
 */
size_t json_unescape(struct json_range body, char *out, size_t size);

/* The 16 bits of "\uXXXX" at this place, or -1. */
int32_t json_escape_code(const char *at, const char *end);
