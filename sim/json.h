/*
 * Writes JSON into a buffer, member by member. It checks nothing but commas and escapes.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct json {
	struct buf *out;
	bool comma; /* the next value follows another */
	bool ascii; /* everything beyond ASCII as \uXXXX, as some servers' libraries do */
};

void json_init(struct json *json, struct buf *out, bool ascii);

/* `key` is NULL inside arrays and at the top. */
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, const char *text);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/* A number or any other value as it is to appear. */
void json_bare(struct json *json, const char *key, const char *value);
