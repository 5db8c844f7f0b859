/*
 * Members as they would be written in a file; secrets are masked.
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/options.h"
#include "config/url.h"
#include "config/values.h"

/* The words of the enums, in the order in which they are told. */
static const struct {
	const char *word;
	int value;
} levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
}, formats[] = {
	{ "auto", LOG_AUTO },
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	{ "journal", LOG_JOURNAL },
};

static void put_text(struct buf *out, const char *text)
{
	struct buf escaped;

	buf_init(&escaped);
	for (; *text; text++) {
		if (*text == '$')
			buf_putc(&escaped, '$');
		buf_putc(&escaped, *text);
	}
	if (escaped.failed)
		out->failed = true;
	/* YAML reads a plain word of these as it is written; JSON's quoting is YAML's as well. */
	const char *safe = buf_text(&escaped);
	size_t len =
		strspn(safe, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");
	bool plain = safe[0] && !strchr("0123456789._-", safe[0]) && safe[len] == '\0';
	if (plain && strcasecmp(safe, "null") != 0)
		buf_puts(out, safe);
	else
		text_put_json(out, safe);
	buf_finish(&escaped);
}

static bool put_list(struct buf *out, const struct config_list *list)
{
	if (list->all)
		buf_puts(out, "all");
	else if (list->count > 0) {
		for (size_t i = 0; i < list->count; i++) {
			buf_puts(out, i ? ", " : "[");
			put_text(out, list->items[i]);
		}
		buf_putc(out, ']');
	}
	return list->all || list->count > 0;
}

/* Names are shown, values are not: a gateway's header may well be a key. */
static bool put_headers(struct buf *out, const struct config_header *headers)
{
	if (!headers || !headers->name)
		return false;
	for (const struct config_header *header = headers; header->name; header++) {
		buf_puts(out, header == headers ? "{" : ", ");
		put_text(out, header->name);
		buf_puts(out, ": \"********\"");
	}
	buf_putc(out, '}');
	return true;
}

static bool put_proxy(struct buf *out, const char *proxy)
{
	struct url url;
	struct complaint ignored;
	struct buf shown;

	if (!proxy)
		return false;
	if (!url_parse(&url, proxy, &ignored) || url.has_user) {
		const char *at = strrchr(proxy, '@');
		const char *start = strstr(proxy, "://");
		buf_init(&shown);
		if (start)
			buf_put(&shown, proxy, (size_t)(start + 3 - proxy));
		buf_printf(&shown, "********%s", at ? at : "");
		put_text(out, buf_text(&shown));
		buf_finish(&shown);
		return true;
	}
	put_text(out, proxy);
	return true;
}

static bool put_credential(struct buf *out, const struct config_secret *secret)
{
	if (secret->file)
		put_text(out, secret->file);
	else if (secret->value)
		buf_puts(out, "\"********\"");
	return secret->file || secret->value;
}

static bool put_words(struct buf *out, const struct option *option, const void *member)
{
	if (option->kind == OPTION_KIND_LEVEL)
		for (size_t i = 0; i < ARRAY_LEN(levels); i++)
			if (levels[i].value == (int)*(const enum log_level *)member)
				buf_puts(out, levels[i].word);
	if (option->kind == OPTION_KIND_FORMAT)
		for (size_t i = 0; i < ARRAY_LEN(formats); i++)
			if (formats[i].value == (int)*(const enum log_format *)member)
				buf_puts(out, formats[i].word);
	return true;
}

static bool put_path(struct buf *out, const char *text)
{
	if (text)
		put_text(out, text);
	return text;
}

bool option_put(const struct option *option, const void *base, struct buf *out)
{
	const void *member = (const char *)base + option->offset;

	switch (option->kind) {
	case OPTION_KIND_DURATION_S: value_put_duration(out, *(const int64_t *)member); return true;
	case OPTION_KIND_DURATION_MS:
		value_put_duration(out, *(const int64_t *)member / 1000);
		return true;
	case OPTION_KIND_SIZE: value_put_size(out, *(const int64_t *)member); return true;
	case OPTION_KIND_COUNT:
		buf_printf(out, "%lld", (long long)*(const int64_t *)member);
		return true;
	case OPTION_KIND_DECIMAL: value_put_decimal(out, *(const double *)member); return true;
	case OPTION_KIND_BOOL: buf_puts(out, *(const bool *)member ? "true" : "false"); return true;
	case OPTION_KIND_LEVEL:
	case OPTION_KIND_FORMAT: return put_words(out, option, member);
	case OPTION_KIND_PROXY: return put_proxy(out, *(const char *const *)member);
	case OPTION_KIND_PROVIDER:
		put_text(out, (*(const struct provider *const *)member)->name);
		return true;
	case OPTION_KIND_CREDENTIAL: return put_credential(out, member);
	case OPTION_KIND_WORDS:
	case OPTION_KIND_WORDS_OR_ALL: return put_list(out, member);
	case OPTION_KIND_ONE_WORD: return false; /* `projects` prints the same member */
	case OPTION_KIND_HEADERS:
		return put_headers(out, *(const struct config_header *const *)member);
	case OPTION_KIND_LISTEN:
	case OPTION_KIND_NAME:
	case OPTION_KIND_URL:
	case OPTION_KIND_CLOUD:
	case OPTION_KIND_PATH:
	case OPTION_KIND_SECRET_PATH:
	case OPTION_KIND_PUBLIC_PATH: return put_path(out, *(const char *const *)member);
	}
	return false;
}
