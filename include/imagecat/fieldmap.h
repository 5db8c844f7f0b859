/*
 * Field rows: how one JSON field of a provider becomes one column of the record.
 *
 * A table is an array of struct field_map that ends with {0}. Rows are applied in order; the
 * first that yields a value for a column wins, so that fall-backs are simply later rows (the
 * word "unknown" does not win over a later field; a constant fills only what no field said).
 * One field may have several rows. A value that does not fit its row is a warning and NULL,
 * never a failure.
 *
 * A field of the item that no row names is listed in `unmapped` and reported as drift.
 */
#pragma once

#include <stdbool.h>

#include "imagecat/record.h"

/* One word of an enumeration. Compared without regard to case; "Vgpu_*" matches a prefix. */
struct word {
	const char *native;
	const char *word;
};

/* clang-format off */
enum convert {
	CONVERT_END, /* a row of zeros ends a table */

	CONVERT_TEXT,     /* cleaned line; "" stays "" */
	CONVERT_LINK,     /* as TEXT, but "" is NULL */
	CONVERT_NATIVE,   /* as LINK; a number or a boolean is kept as its text: for *_native columns */
	CONVERT_PROSE,    /* keeps \n */
	CONVERT_ID,       /* byte for byte, blanks included, at most 512; "" is NULL; a number is
			   * accepted as its decimal text, with a warning */
	CONVERT_WORD,     /* through words; a word that is not there becomes "unknown" and drift;
			   * numbers and booleans count as the words "0", "true" … */
	CONVERT_WORD_IF,  /* through words; a word that is not there says nothing */
	CONVERT_INT,      /* integer times factor (0 counts as 1); string spellings accepted; "" is NULL;
			   * below 0 is none where the column has a unit */
	CONVERT_FLAG,     /* bool, 0/1, "true"/"False" */
	CONVERT_FLAG_NOT, /* the opposite */
	CONVERT_REAL,     /* number */
	CONVERT_TIME,     /* seconds, milliseconds, ISO 8601 with Z or an offset, YYYY/MM/DD; 0 and ""
			   * are NULL; no zone or outside 2000..2100 is NULL with a warning */
	CONVERT_DATE,     /* YYYY/MM/DD or YYYY-MM-DD */

	CONVERT_SET,       /* list of strings (or one string): sorted, unique; words give spellings */
	CONVERT_SET_SPLIT, /* as SET; every string is split at , and ， first */
	CONVERT_OBJECTS,   /* list of objects, kept without null members; keys and list sorted; words
			    * rename their keys */
	CONVERT_TAGS,      /* "Default" or ["a"] or [{...}]: as SET or OBJECTS, by what is there */
	CONVERT_SET_HAS,   /* list of strings: the word of the first row of words that is in it */
	CONVERT_SET_FILLED,/* list of strings: 1 when it has any, else nothing */

	CONVERT_OS,        /* a name: os_distro, os_version, and os_type where nothing said it */
	CONVERT_OS_ID,     /* a QingCloud image id (centos77x64a): the same */
	CONVERT_ARCH_NAME, /* a name: arch, where it says so (64位, 32 bit, arm64) */
	CONVERT_ARCH_ID,   /* a QingCloud image id: arch */

	CONVERT_PRESENT,  /* the column is `constant` when the field has a value */
	CONVERT_OS_ARCH,  /* arch is `constant` (inferred) when os_distro is known; the path is not read */
	CONVERT_CONSTANT, /* no path: the column is `constant` */
	CONVERT_KNOWN,    /* no column: stays in raw and `unmapped`, is no drift */
};
/* clang-format on */

struct field_map {
	const char *path; /* "Softwares.CUDAVersion"; NULL for CONVERT_CONSTANT */
	enum convert convert;
	enum column column;
	const struct word *words; /* ends with {0} */
	const char *constant;
	int64_t factor;
	bool inferred; /* list the column in `inferred` when this row fills it */
};

/* A column's number, provided that the member has the type that the conversion fills. */
#define COLUMN_AS(member, type) (_Generic(((struct record *)0)->member, type : COLUMN_##member))

/* clang-format off */
#define MAP_TEXT(member)            .convert = CONVERT_TEXT,       .column = COLUMN_AS(member, const char *)
#define MAP_LINK(member)            .convert = CONVERT_LINK,       .column = COLUMN_AS(member, const char *)
#define MAP_NATIVE(member)          .convert = CONVERT_NATIVE,     .column = COLUMN_AS(member, const char *)
#define MAP_PROSE(member)           .convert = CONVERT_PROSE,      .column = COLUMN_AS(member, const char *)
#define MAP_ID(member)              .convert = CONVERT_ID,         .column = COLUMN_AS(member, const char *)
#define MAP_WORD(member, table)     .convert = CONVERT_WORD,       .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_WORD_IF(member, table)  .convert = CONVERT_WORD_IF,    .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_INT(member)             .convert = CONVERT_INT,        .column = COLUMN_AS(member, int64_t)
#define MAP_SCALED(member, by)      .convert = CONVERT_INT,        .column = COLUMN_AS(member, int64_t), .factor = (by)
#define MAP_FLAG(member)            .convert = CONVERT_FLAG,       .column = COLUMN_AS(member, int64_t)
#define MAP_FLAG_NOT(member)        .convert = CONVERT_FLAG_NOT,   .column = COLUMN_AS(member, int64_t)
#define MAP_REAL(member)            .convert = CONVERT_REAL,       .column = COLUMN_AS(member, double)
#define MAP_TIME(member)            .convert = CONVERT_TIME,       .column = COLUMN_AS(member, int64_t)
#define MAP_DATE(member)            .convert = CONVERT_DATE,       .column = COLUMN_AS(member, const char *)
#define MAP_SET(member)             .convert = CONVERT_SET,        .column = COLUMN_AS(member, const char *)
#define MAP_SET_AS(member, table)   .convert = CONVERT_SET,        .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_SET_SPLIT(member)       .convert = CONVERT_SET_SPLIT,  .column = COLUMN_AS(member, const char *)
#define MAP_OBJECTS(member, table)  .convert = CONVERT_OBJECTS,    .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_TAGS(member, table)     .convert = CONVERT_TAGS,       .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_HAS_WORD(member, table) .convert = CONVERT_SET_HAS,    .column = COLUMN_AS(member, const char *), .words = (table)
#define MAP_HAS_FLAG(member, table) .convert = CONVERT_SET_HAS,    .column = COLUMN_AS(member, int64_t), .words = (table)
#define MAP_FILLED(member)          .convert = CONVERT_SET_FILLED, .column = COLUMN_AS(member, int64_t)
#define MAP_OS()                    .convert = CONVERT_OS,         .column = COLUMN_os_distro
#define MAP_OS_ID()                 .convert = CONVERT_OS_ID,      .column = COLUMN_os_distro
#define MAP_ARCH_NAME()             .convert = CONVERT_ARCH_NAME,  .column = COLUMN_arch, .inferred = true
#define MAP_ARCH_ID()               .convert = CONVERT_ARCH_ID,    .column = COLUMN_arch, .inferred = true
#define MAP_CONSTANT(member, value) .convert = CONVERT_CONSTANT,   .column = COLUMN_AS(member, const char *), .constant = (value)
#define MAP_PRESENT(member, value)  .convert = CONVERT_PRESENT,    .column = COLUMN_AS(member, const char *), .constant = (value)
#define MAP_OS_ARCH(value)          .convert = CONVERT_OS_ARCH,    .column = COLUMN_arch, .constant = (value), .inferred = true
#define MAP_KNOWN()                 .convert = CONVERT_KNOWN
/* clang-format on */
