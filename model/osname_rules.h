/*
 * What osname knows, as tables: a distribution, a code name or a filler word is a row.
 */
#pragma once

#include "base/base.h"

/* How a distribution counts its versions; osname_version.c reads each shape. */
enum version_shape {
	VERSION_NONE,
	VERSION_POINT,   /* 7, 7.9, 7.9.2009; glued digits are split: centos79 */
	VERSION_MONTH,   /* YY.MM[.point]; glued digits are split: ubuntu2204 */
	VERSION_DATE,    /* YYYY.MM[.DD] */
	VERSION_WINDOWS, /* 2012 R2, 10, XP */
};

/* clang-format off */
enum distro_flag {
	DISTRO_PACKS        = 1 << 0, /* has service packs: "15 SP4" */
	DISTRO_DOTTED_PACKS = 1 << 1, /* 15.4 is another way to write 15 SP4 */
	DISTRO_BARE_ID      = 1 << 2, /* QingCloud ids of it need not end in x64 or x86 */
	DISTRO_ID_X86_64    = 1 << 3, /* an id implies the architecture, and its digits no version */
};
/* clang-format on */

enum { DISTRO_WORDS_MAX = 10 };

/*
 * A word is folded text. Its blanks match separators or nothing: "red hat" is also "redhat" and
 * "Red-Hat". It ends where a word ends; Chinese may stand anywhere. The longest word at a place
 * wins.
 * "~" marks a word that means other things too: it counts when a version follows, or when it
 * begins a name that has nothing else to say.
 */
struct distro {
	const char *id; /* NULL: a false friend, named only to be left alone */
	const char *os_type;
	enum version_shape shape;
	uint16_t low, high;             /* plausible majors (years of VERSION_MONTH) */
	uint16_t other_low, other_high; /* a second range; 0 when there is none */
	uint16_t minor_high; /* highest plausible minor; VERSION_MONTH: bit set of months */
	uint8_t keep;        /* parts kept: 2 turns 7.9.2009 into 7.9 */
	unsigned flags;      /* of enum distro_flag */
	const char *words[DISTRO_WORDS_MAX];
	const char *behind, *becomes; /* a word behind the version, and whose id it makes it then */
};

extern const struct distro osname_distros[];
extern const size_t osname_distro_count;

/* A release that people call by its name. */
struct code_name {
	const char *word, *distro, *version;
};

extern const struct code_name osname_code_names[];
extern const size_t osname_code_name_count;

/* Words that may stand between a distribution and its version. */
extern const char *const osname_fillers[];
extern const size_t osname_filler_count;

/* The same in Chinese: a run made of these pieces alone says nothing. */
extern const char *const osname_han_fillers[];
extern const size_t osname_han_filler_count;

/* What may stand behind the version in an id of Windows, one piece after the other: "dcchs". */
extern const char *const osname_editions[];
extern const size_t osname_edition_count;

/* A number before one of these counts something: "8GB", "16核". `apart`: also after a blank. */
struct unit {
	const char *word;
	bool apart;
};

extern const struct unit osname_units[];
extern const size_t osname_unit_count;
