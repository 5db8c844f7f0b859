/*
 * The words that the catalog is made of: places, systems, software, people.
 */
#pragma once

#include "base/base.h"

struct region {
	const char *id;
	int number;
	const char *name;
	bool compshare; /* sells there */
};

struct zone {
	const char *id;
	int number;
	const char *region;
	const char *describe;
};

struct os_row {
	const char *name;     /* as UCloud prints it */
	const char *type;     /* OsType */
	const char *features; /* comma separated */
	const char *eol;      /* "" where the cloud does not say */
	const char *cpu;      /* MinimalCPU */
	bool gpu;
};

struct market_row {
	const char *name;
	const char *os;
	const char *software;
	const char *vendor;
	const char *func;  /* FuncType */
	const char *scene; /* "" or a SceneCategories word */
};

struct gpu_app_row {
	const char *name;
	const char *framework;
	const char *framework_version;
	const char *cuda;
	const char *tags; /* '|' between items, so that an item may hold a comma */
};

struct qing_row {
	const char *id; /* before the revision letter */
	const char *name;
	const char *family;
	const char *processor;
};

extern const struct region regions[];
extern const size_t regions_count;
extern const struct zone zones[];
extern const size_t zones_count;
extern const char *const qing_zones[];
extern const size_t qing_zones_count;
extern const struct os_row os_rows[];
extern const size_t os_rows_count;
extern const struct market_row market_rows[];
extern const size_t market_rows_count;
extern const struct gpu_app_row gpu_app_rows[];
extern const size_t gpu_app_rows_count;
extern const struct qing_row qing_rows[];
extern const size_t qing_rows_count;
extern const char *const custom_names[];
extern const size_t custom_names_count;
extern const char *const descriptions[];
extern const size_t descriptions_count;
extern const char *const authors[];
extern const size_t authors_count;
extern const char *const gpu_types[];
extern const size_t gpu_types_count;
extern const char *const game_names[];
extern const size_t game_names_count;
/* Names as nobody should write them, and as anonymous people do. */
extern const char *const hostile_names[];
extern const size_t hostile_names_count;
