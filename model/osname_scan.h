/*
 * The lexical half of osname: a name becomes folded text and tokens.
 *
 * Folded text is at most OSNAME_BYTES long: ASCII letters in lower case, full-width forms as
 * ASCII, blanks, controls, symbols and broken UTF-8 as spaces. Words of other scripts than Latin
 * stay as they are. A name that is longer is cut after its last whole word.
 */
#pragma once

#include "base/base.h"

enum { OSNAME_BYTES = 512 };

enum osname_kind {
	OSNAME_WORD,   /* a run of Latin letters */
	OSNAME_NUMBER, /* digits, with dots between digits: "22.04" */
	OSNAME_HAN,    /* a run of anything else that is written: Chinese, mostly */
};

struct osname_token {
	uint16_t start, len; /* in the folded text */
	uint8_t kind;        /* enum osname_kind */
	bool glued;          /* nothing stands between it and the token before */
	bool listed;         /* a separator of lists does: "," "+" "|" */
	bool arch;           /* part of what names the architecture: "x86_64", "64位" */
	char joint;          /* the one separator before it; '\0' when there are none or several */
};

struct osname_scan {
	char text[OSNAME_BYTES + 1];
	struct osname_token tokens[OSNAME_BYTES];
	size_t count;
	const char
		*arch; /* what the architecture words say together; NULL when nothing or unknown */
	bool arm;      /* the bare word "arm": an architecture beside an OS, else maybe a limb */
};

void osname_scan(struct osname_scan *scan, const char *name);

/* True for a token that is exactly this word, or a number whose digits before a dot are these. */
bool osname_token_is(const struct osname_scan *scan, size_t idx, const char *text);

bool osname_is_letter(char c);
bool osname_is_digit(char c);
