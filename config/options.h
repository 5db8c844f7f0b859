/*
 * The table of options (options.def) and what can be done with any row of it.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "config/config.h"

enum option_kind {
	OPTION_KIND_PATH,        /* relative ones start at the folder of the file that names them */
	OPTION_KIND_SECRET_PATH, /* a file that others should not read */
	OPTION_KIND_PUBLIC_PATH, /* a file of certificates; opened also by --check */
	OPTION_KIND_DURATION_S,
	OPTION_KIND_DURATION_MS,
	OPTION_KIND_SIZE,
	OPTION_KIND_COUNT,
	OPTION_KIND_DECIMAL,
	OPTION_KIND_BOOL,
	OPTION_KIND_LEVEL,
	OPTION_KIND_FORMAT,
	OPTION_KIND_LISTEN,
	OPTION_KIND_NAME,
	OPTION_KIND_URL,
	OPTION_KIND_PROXY,
	OPTION_KIND_CLOUD,
	OPTION_KIND_PROVIDER, /* the kinds from here on are not one text: accounts.c reads them */
	OPTION_KIND_CREDENTIAL,
	OPTION_KIND_ONE_WORD,
	OPTION_KIND_WORDS,
	OPTION_KIND_WORDS_OR_ALL,
	OPTION_KIND_HEADERS,
};

enum option_flag {
	OPTION_FIXED = 1 << 0,     /* a reload cannot change it */
	OPTION_NO_EFFECT = 1 << 1, /* accepted, warned about: nothing reads it yet */
	OPTION_SHARED = 1 << 2,    /* of an account; may stand under `defaults` as well */
	OPTION_REQUIRED = 1 << 3,
	OPTION_MENTIONED = 1 << 4, /* in the shipped example a remark only */
	OPTION_PRINTABLE = 1 << 5, /* its words may be any printable text */
};

#define OPTION(id, ...) OPTION_##id,
enum option_id {
#include "config/options.def"
	OPTION_COUNT
};
#undef OPTION

struct option {
	const char *section; /* "" at the top, "accounts" for a key of an account */
	const char *key;     /* NULL: the provider names it (credentials) */
	enum option_kind kind;
	size_t offset; /* in struct config, or struct config_account */
	const char *default_text;
	double min, max;
	unsigned flags; /* of enum option_flag */
	const char *example;
	const char *help; /* lines */
};

extern const struct option options[OPTION_COUNT];

/* The sections besides `accounts` and `defaults`; ends with NULL. */
extern const char *const option_sections[];

/* Why a text is refused: continues "interval 'x' ". */
struct complaint {
	char text[240];
	char suggestion[40]; /* "" when there is none */
};

/* One text into the member of `base`, a struct config or config_account; false with a complaint. */
bool option_parse(const struct option *option, const char *text, struct arena *arena, void *base,
		  struct complaint *ret_complaint);

/* The member as it would be written in a file; nothing and false where it is not set. */
bool option_put(const struct option *option, const void *base, struct buf *out);

/* Do both have the same value there? */
bool option_equal(const struct option *option, const void *a, const void *b);

/* Fills in the table's defaults of the options of a section. False when memory is out. */
bool option_set_defaults(const char *section, struct arena *arena, void *base);

/* The option of a section's key; NULL when there is none. */
const struct option *option_find(const char *section, const char *key);

/* The keys of a section, for "did you mean"; ends with NULL; `shared` leaves out what defaults may
 * not have. */
void option_keys(const char *section, bool shared, const char *ret_keys[static OPTION_COUNT + 1]);

/* May what follows this key be shown to anybody? */
bool option_is_harmless(const char *key, size_t len);

/* example.c: the shipped imagecat.yaml, every option with its help. */
void option_put_example(struct buf *out);
