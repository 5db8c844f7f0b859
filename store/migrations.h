/*
 * The migrations of store/schema/, oldest first: the n-th makes version n. For db.c, and for tests
 * that make a catalog of an older release.
 */
#pragma once

static const struct migration {
	int version;
	const char *name, *sql;
} migrations[] = {
#define X(version, name, sql) { version, name, sql },
#include "migrations.inc"
#undef X
};
