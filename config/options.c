#include "config/options.h"

#include <string.h>

#include "config/values.h"

/* The C type of a member by the kind of its option: another type does not compile. */
#define MEMBER_PATH         const char *
#define MEMBER_SECRET_PATH  const char *
#define MEMBER_PUBLIC_PATH  const char *
#define MEMBER_DURATION_S   int64_t
#define MEMBER_DURATION_MS  int64_t
#define MEMBER_SIZE         int64_t
#define MEMBER_COUNT        int64_t
#define MEMBER_DECIMAL      double
#define MEMBER_BOOL         bool
#define MEMBER_LEVEL        enum log_level
#define MEMBER_FORMAT       enum log_format
#define MEMBER_LISTEN       const char *
#define MEMBER_NAME         const char *
#define MEMBER_URL          const char *
#define MEMBER_PROXY        const char *
#define MEMBER_CLOUD        const char *
#define MEMBER_PROVIDER     const struct provider *
#define MEMBER_CREDENTIAL   struct config_secret
#define MEMBER_ONE_WORD     struct config_list
#define MEMBER_WORDS        struct config_list
#define MEMBER_WORDS_OR_ALL struct config_list
#define MEMBER_HEADERS      const struct config_header *

#define FIXED               OPTION_FIXED
#define NO_EFFECT           OPTION_NO_EFFECT
#define SHARED              OPTION_SHARED
#define REQUIRED            OPTION_REQUIRED
#define MENTIONED           OPTION_MENTIONED
#define PRINTABLE           OPTION_PRINTABLE

/* clang-format off */
#define OPTION(id, section_, key_, kind_, type, member, default_, min_, max_, flags_, example_, help_) \
	[OPTION_##id] = {                                                                           \
		.section = section_, .key = key_, .kind = OPTION_KIND_##kind_,                      \
		.offset = OFFSET_OF(type, member, MEMBER_##kind_), .default_text = default_,        \
		.min = min_, .max = max_, .flags = flags_, .example = example_, .help = help_,      \
	},
/* clang-format on */
const struct option options[OPTION_COUNT] = {
#include "config/options.def"
};
#undef OPTION

const char *const option_sections[] = { "catalog", "removal", "limits", "http", "log", NULL };

bool option_set_defaults(const char *section, struct arena *arena, void *base)
{
	struct complaint complaint;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		if (strcmp(option->section, section) != 0 || !option->default_text)
			continue;
		if (!option_parse(option, option->default_text, arena, base, &complaint))
			return false;
	}
	return true;
}

const struct option *option_find(const char *section, const char *key)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].key && strcmp(options[i].section, section) == 0 &&
		    strcmp(options[i].key, key) == 0)
			return &options[i];
	return NULL;
}

void option_keys(const char *section, bool shared, const char *ret_keys[static OPTION_COUNT + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		if (!option->key || strcmp(option->section, section) != 0)
			continue;
		if (!shared || (option->flags & OPTION_SHARED))
			ret_keys[count++] = option->key;
	}
	ret_keys[count] = NULL;
}

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && memcmp(word, text, len) == 0;
}

bool option_is_harmless(const char *key, size_t len)
{
	for (const char *const *section = option_sections; *section; section++)
		if (is_word(*section, key, len))
			return true;
	if (is_word("defaults", key, len) || is_word("accounts", key, len))
		return true;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].key && is_word(options[i].key, key, len))
			return options[i].kind != OPTION_KIND_PROXY;
	return false;
}

static bool equal_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool equal_lists(const struct config_list *a, const struct config_list *b)
{
	if (a->all != b->all || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool equal_headers(const struct config_header *a, const struct config_header *b)
{
	static const struct config_header none = { 0 };

	a = a ? a : &none;
	b = b ? b : &none;
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || strcmp(a->value, b->value) != 0)
			return false;
	return a->name == b->name;
}

bool option_equal(const struct option *option, const void *base_a, const void *base_b)
{
	const void *a = (const char *)base_a + option->offset;
	const void *b = (const char *)base_b + option->offset;

	switch (option->kind) {
	case OPTION_KIND_DURATION_S:
	case OPTION_KIND_DURATION_MS:
	case OPTION_KIND_SIZE:
	case OPTION_KIND_COUNT: return *(const int64_t *)a == *(const int64_t *)b;
	case OPTION_KIND_DECIMAL: return *(const double *)a == *(const double *)b;
	case OPTION_KIND_BOOL: return *(const bool *)a == *(const bool *)b;
	case OPTION_KIND_LEVEL: return *(const enum log_level *)a == *(const enum log_level *)b;
	case OPTION_KIND_FORMAT: return *(const enum log_format *)a == *(const enum log_format *)b;
	case OPTION_KIND_PROVIDER:
		return *(const struct provider *const *)a == *(const struct provider *const *)b;
	case OPTION_KIND_CREDENTIAL:
		return equal_text(((const struct config_secret *)a)->value,
				  ((const struct config_secret *)b)->value) &&
		       equal_text(((const struct config_secret *)a)->file,
				  ((const struct config_secret *)b)->file);
	case OPTION_KIND_ONE_WORD:
	case OPTION_KIND_WORDS:
	case OPTION_KIND_WORDS_OR_ALL: return equal_lists(a, b);
	case OPTION_KIND_HEADERS:
		return equal_headers(*(const struct config_header *const *)a,
				     *(const struct config_header *const *)b);
	case OPTION_KIND_LISTEN:
	case OPTION_KIND_NAME:
	case OPTION_KIND_URL:
	case OPTION_KIND_PROXY:
	case OPTION_KIND_CLOUD:
	case OPTION_KIND_PATH:
	case OPTION_KIND_SECRET_PATH:
	case OPTION_KIND_PUBLIC_PATH:
		return equal_text(*(const char *const *)a, *(const char *const *)b);
	}
	return false;
}
