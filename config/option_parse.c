/*
 * Texts of the configuration into members, by the kind of the option.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/options.h"
#include "config/url.h"
#include "config/values.h"

static bool in_range(const struct option *option, double value, struct complaint *complaint)
{
	struct buf range;

	if (value >= option->min && value <= option->max)
		return true;
	buf_init(&range);
	for (int i = 0; i < 2; i++) {
		double limit = i ? option->max : option->min;
		buf_puts(&range, i ? " to " : "");
		switch ((int)option->kind) {
		case OPTION_KIND_DURATION_S: value_put_duration(&range, (int64_t)limit); break;
		case OPTION_KIND_DURATION_MS:
			value_put_duration(&range, (int64_t)limit / 1000);
			break;
		case OPTION_KIND_SIZE: value_put_size(&range, (int64_t)limit); break;
		default: value_put_decimal(&range, limit); break;
		}
	}
	value_refuse(complaint, NULL, "is out of range: %s", buf_text(&range));
	buf_finish(&range);
	return false;
}

static bool parse_number(const struct option *option, const char *text, int64_t *member,
			 struct complaint *complaint)
{
	int64_t value;
	bool ok;

	if (option->kind == OPTION_KIND_SIZE)
		ok = value_size(text, &value, complaint);
	else if (option->kind == OPTION_KIND_COUNT)
		ok = value_count(text, &value, complaint);
	else
		ok = value_duration(text, &value, complaint);
	if (!ok)
		return false;
	if (option->kind == OPTION_KIND_DURATION_MS && __builtin_mul_overflow(value, 1000, &value))
		value = INT64_MAX;
	if (!in_range(option, (double)value, complaint))
		return false;
	*member = value;
	return true;
}

static bool parse_decimal(const struct option *option, const char *text, double *member,
			  struct complaint *complaint)
{
	double value;

	if (!value_decimal(text, &value, complaint) || !in_range(option, value, complaint))
		return false;
	*member = value;
	return true;
}

static bool parse_bool(const char *text, bool *member, struct complaint *complaint)
{
	static const struct {
		const char *word;
		bool value;
	} other[] = { { "yes", true }, { "on", true }, { "no", false }, { "off", false } };

	*member = strcmp(text, "true") == 0;
	if (*member || strcmp(text, "false") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (text_equal_nocase(text, other[i].word))
			return value_refuse(complaint, other[i].value ? "true" : "false",
					    "is neither true nor false");
	return value_refuse(complaint,
			    text_nearest(text, (const char *[]){ "true", "false", NULL }),
			    "is neither true nor false");
}

static bool parse_level(const char *text, enum log_level *member, struct complaint *complaint)
{
	static const char *const words[] = { "error", "warn", "info", "debug", NULL };

	if (log_level_from_text(text, member))
		return true;
	return value_refuse(complaint, text_nearest(text, words),
			    "is none of error, warn, info and debug");
}

static bool parse_format(const char *text, enum log_format *member, struct complaint *complaint)
{
	static const char *const words[] = { "auto", "text", "json", "journal", NULL };

	if (log_format_from_text(text, member))
		return true;
	return value_refuse(complaint, text_nearest(text, words),
			    "is none of auto, text, json and journal");
}

/* HOST:PORT as in the authority of a URL; port 0 takes a free one. */
static bool is_host_port(const char *text)
{
	char whole[300];
	struct url url;
	struct complaint ignored;
	size_t len = strlen(text);
	bool any_port = len > 2 && strcmp(text + len - 2, ":0") == 0;

	snprintf(whole, sizeof(whole), "http://%.*s", (int)(any_port ? len - 2 : len), text);
	return len < 280 && !strpbrk(text, "/?#@") && url_parse(&url, whole, &ignored) &&
	       (url.port > 0) != any_port;
}

static bool check_listen(const char *text, struct complaint *complaint)
{
	if (strcmp(text, "off") == 0 || is_host_port(text))
		return true;
	if (strncmp(text, "unix:/", 6) == 0 && text[6] && strlen(text + 5) < 108)
		return true;
	return value_refuse(complaint, NULL,
			    "is not HOST:PORT, unix:/PATH (up to 107 bytes) or off");
}

static bool check_endpoint(const char *text, struct complaint *complaint)
{
	struct url url;

	if (!url_parse(&url, text, complaint))
		return false;
	if (strcmp(url.scheme, "https") != 0 && strcmp(url.scheme, "http") != 0)
		return value_refuse(complaint, NULL, "has another scheme than https or http");
	if (url.has_user)
		return value_refuse(
			complaint, NULL,
			"must not hold a user or password: credentials have their own keys");
	if (url.has_query)
		return value_refuse(complaint, NULL,
				    "must not have a query or fragment ('?', '#')");
	return true;
}

static bool check_proxy(const char *text, struct complaint *complaint)
{
	static const char *const schemes[] = { "http", "https", "socks5", "socks5h", NULL };
	struct url url;

	if (!url_parse(&url, text, complaint))
		return false;
	for (const char *const *scheme = schemes; *scheme; scheme++)
		if (strcmp(url.scheme, *scheme) == 0)
			return true;
	return value_refuse(complaint, NULL,
			    "has another scheme than http, https, socks5 or socks5h");
}

static bool check_cloud(const char *text, struct complaint *complaint)
{
	size_t len = strspn(text,
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:[]");

	if (len > 0 && len <= 255 && text[len] == '\0')
		return true;
	return value_refuse(complaint, NULL,
			    "is not a host name: letters, digits, '.', '-', '_' and ':'");
}

static bool check_name(const char *text, struct complaint *complaint)
{
	if (value_is_word(text))
		return true;
	return value_refuse(complaint, NULL,
			    "is not a name: 1 to 64 letters, digits, '.', '_' and '-'");
}

static bool set_text(const char *text, struct arena *arena, const char **member,
		     struct complaint *complaint)
{
	const char *copy = arena_string(arena, text);

	if (!copy)
		return value_refuse(complaint, NULL, "cannot be kept: out of memory");
	*member = copy;
	return true;
}

bool option_parse(const struct option *option, const char *text, struct arena *arena, void *base,
		  struct complaint *ret)
{
	void *member = (char *)base + option->offset;
	bool ok = true;

	switch (option->kind) {
	case OPTION_KIND_DURATION_S:
	case OPTION_KIND_DURATION_MS:
	case OPTION_KIND_SIZE:
	case OPTION_KIND_COUNT: return parse_number(option, text, member, ret);
	case OPTION_KIND_DECIMAL: return parse_decimal(option, text, member, ret);
	case OPTION_KIND_BOOL: return parse_bool(text, member, ret);
	case OPTION_KIND_LEVEL: return parse_level(text, member, ret);
	case OPTION_KIND_FORMAT: return parse_format(text, member, ret);
	case OPTION_KIND_LISTEN: ok = check_listen(text, ret); break;
	case OPTION_KIND_NAME: ok = check_name(text, ret); break;
	case OPTION_KIND_URL: ok = check_endpoint(text, ret); break;
	case OPTION_KIND_PROXY: ok = check_proxy(text, ret); break;
	case OPTION_KIND_CLOUD: ok = check_cloud(text, ret); break;
	case OPTION_KIND_PATH:
	case OPTION_KIND_SECRET_PATH:
	case OPTION_KIND_PUBLIC_PATH: break;
	case OPTION_KIND_PROVIDER:
	case OPTION_KIND_CREDENTIAL:
	case OPTION_KIND_ONE_WORD:
	case OPTION_KIND_WORDS:
	case OPTION_KIND_WORDS_OR_ALL:
	case OPTION_KIND_HEADERS: assert(!"not one text"); return false;
	}
	return ok && set_text(text, arena, member, ret);
}
