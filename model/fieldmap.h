/*
 * The tables of a service, made ready for a page: every row in order, and an index that says
 * which fields of an item any row names.
 *
 * Pure; lives in the arena it was built in and borrows the tables.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "imagecat/provider.h"

enum path_use {
	PATH_MAPPED = 1 << 0, /* a row makes a column of it */
	PATH_KNOWN = 1 << 1,  /* a row says that it stays in raw */
	PATH_PARENT = 1 << 2, /* rows name members of it */
};

struct path_entry {
	const char *text; /* borrowed from the row; NULL in a free slot */
	size_t len;
	unsigned uses; /* of enum path_use */
};

struct fieldmap {
	const struct field_map **rows;
	size_t count;
	struct path_entry *slots; /* open addressing */
	size_t slot_count;        /* a power of two */
};

/* 0 or -ENOMEM. */
int fieldmap_build(struct fieldmap *ret, struct arena *arena, const struct service *service);

/* The uses of a path; 0 for one that no row names. */
unsigned fieldmap_uses(const struct fieldmap *map, const char *path, size_t len);

/* The value at "Softwares.CUDAVersion", or NULL where it is not there or null. */
const json_t *fieldmap_value(const json_t *object, const char *path);
