/*
 * What people write behind an option: ages, moments, lists.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/* "90s", "10m", "6h", "7d"; false for anything else. */
bool value_age(const char *text, int64_t *ret_s);

/*
 * A moment: an age before `now_s`, "2026-11-20", "2026-11-20T08:00", with a blank or a T between,
 * with seconds or without, local time unless Z or +08:00 follows; or @1795161600.
 */
bool value_moment(const char *text, int64_t now_s, int64_t *ret_s);

/* "a,b,c" into a list that ends with NULL; NULL when memory is out. */
const char *const *value_split(struct arena *arena, const char *text, char separator);
