/*
 * The files of the page, as they were when the program was built: web/build.mjs makes the table.
 * Built without the page the table is empty, and a text that names the other addresses stands in.
 */
#pragma once

#include "base/base.h"

struct asset {
	const char *path; /* NULL ends the table */
	const char *type, *etag;
	const unsigned char *plain;
	size_t plain_len;
	const unsigned char *gzip;
	size_t gzip_len;
};

extern const struct asset assets[];

/* NULL when there is none. */
const struct asset *asset_find(const char *path);

/* Of a request's Accept-Encoding, which may be NULL. */
bool asset_may_be_gzip(const char *accepted);
