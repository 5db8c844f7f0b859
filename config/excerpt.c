/*
 * The echo of a line of the configuration. It must never show a secret, not even one under a
 * misspelt key or in a file that is not YAML at all; so the tree is not asked. Instead only
 * what follows a key that is known to be harmless is shown:
 *
 *   word: …   the word is a key when it starts a token and a ':', '=' or '：' follows it
 *   a key that is no harmless one, or a word that sounds secret, hides what follows it
 *   a line without any key belongs to the nearest line above that has one
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/diagnostics.h"
#include "config/options.h"

enum {
	LINE_BYTES_MAX = 4096, /* a longer line is not echoed */
	WINDOW_COLUMNS = 100,  /* shown of one line */
	LINES_ABOVE_MAX = 200, /* looked at for the key that a line belongs to */
	HIDDEN_MAX = 16,       /* parts of one line */
};

#define MASK       "********"

#define WIDE_COLON "\xEF\xBC\x9A"
#define WIDE_BLANK "\xE3\x80\x80"

static bool is_at(const char *text, size_t len, const char *sign)
{
	return len >= strlen(sign) && memcmp(text, sign, strlen(sign)) == 0;
}

/* Whatever may stand before a colon, in any script. */
static size_t word_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !strchr(" \t:={}[],\"'", text[n]) &&
	       !is_at(text + n, len - n, WIDE_COLON) && !is_at(text + n, len - n, WIDE_BLANK))
		n++;
	return n;
}

/* Does the word begin a token: after a blank, an opening bracket, a comma, a quote? */
static bool starts_token(const char *line, size_t at)
{
	if (at >= 2 && line[at - 1] == '{' && line[at - 2] == '$')
		return false; /* ${VAR} */
	return at == 0 || strchr(" \t{[,\"'", line[at - 1]) ||
	       (at >= 3 && is_at(line + at - 3, 3, WIDE_BLANK));
}

/* The length of what makes the word before it a key, blanks and a closing quote included; else 0.
 */
static size_t separator_len(const char *text, size_t len)
{
	size_t n = 0;

	if (n < len && (text[n] == '"' || text[n] == '\''))
		n++;
	while (n < len && (text[n] == ' ' || text[n] == '\t'))
		n++;
	if (n < len && (text[n] == ':' || text[n] == '='))
		return n + 1;
	return is_at(text + n, len - n, WIDE_COLON) ? n + strlen(WIDE_COLON) : 0;
}

static bool contains(const char *word, size_t len, const char *part)
{
	size_t part_len = strlen(part);

	for (size_t i = 0; i + part_len <= len; i++)
		if (strncasecmp(word + i, part, part_len) == 0)
			return true;
	return false;
}

static bool sounds_secret(const char *word, size_t len)
{
	static const char *const parts[] = { "private",    "secret", "passw", "token",
					     "credential", "_key",   "-key",  "apikey" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (contains(word, len, parts[i]))
			return true;
	return false;
}

static bool is_file_key(const char *word, size_t len)
{
	return len > 5 && memcmp(word + len - 5, "_file", 5) == 0;
}

/* A key pasted where its file's name belongs must not be shown; a path may. */
static bool looks_like_path(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(" \t\"'", text[n]))
		n++;
	return n == len || (text[n] && strchr("/.~$#", text[n]));
}

/* A scheme is no key: the colon of "https://" separates nothing. */
static bool is_scheme(const char *word, size_t len, const char *after)
{
	static const char *const schemes[] = { "http", "https", "unix", "socks5", "socks5h" };

	if (after[0] != ':' || after[1] != '/')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strlen(schemes[i]) == len && memcmp(word, schemes[i], len) == 0)
			return true;
	return false;
}

/* A known key whose value may be seen, or a misspelt one that cannot be meant for a secret. */
static bool is_harmless(const char *word, size_t len)
{
	const char *keys[2 * OPTION_COUNT + 1];
	char copy[32];
	size_t count = 0;

	if (option_is_harmless(word, len))
		return true;
	if (len >= sizeof(copy) || sounds_secret(word, len))
		return false;
	memcpy(copy, word, len);
	copy[len] = '\0';
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].key)
			keys[count++] = options[i].key;
	for (const char *const *section = option_sections; *section; section++)
		keys[count++] = *section;
	keys[count] = NULL;
	const char *meant = text_nearest(copy, keys);
	return meant && option_is_harmless(meant, strlen(meant));
}

/* What of a line must not be shown, in bytes from the left. */
struct sight {
	bool has_key;
	bool secretive; /* some key's value is not to be seen, on this line or below */
	size_t count;
	struct {
		size_t from, to;
	} hidden[HIDDEN_MAX];
};

static void hide(struct sight *sight, size_t from, size_t to)
{
	if (from >= to)
		return;
	if (sight->count == HIDDEN_MAX) {
		sight->hidden[HIDDEN_MAX - 1].to = SIZE_MAX;
		return;
	}
	sight->hidden[sight->count].from = from;
	sight->hidden[sight->count++].to = to;
}

/*
 * Where the value at `from` ends. Inside braces a comma or a brace ends it, or its closing quote;
 * elsewhere it has the rest of the line, and more.
 */
static size_t value_end(const char *line, size_t from, size_t len)
{
	size_t i = from;

	if (!memchr(line, '{', from))
		return len;
	while (i < len && line[i] == ' ')
		i++;
	char quote = i < len && strchr("\"'", line[i]) ? line[i] : '\0';
	for (size_t start = i + (quote != '\0'); quote; start++) {
		const char *end = start < len ? memchr(line + start, quote, len - start) : NULL;
		if (!end)
			return len;
		start = (size_t)(end - line);
		bool escaped = quote == '"' ? end[-1] == '\\' : end[1] == quote;
		if (!escaped)
			return start + 1;
		start += quote == '\'';
	}
	while (i < len && !strchr(",}", line[i]))
		i++;
	return i;
}

/* May what follows the word be shown? False for what has no meaning as a key. */
static bool hides(const char *word, size_t len, const char *after, size_t after_len,
		  size_t separator)
{
	if (separator && is_file_key(word, len))
		return !looks_like_path(after + separator, after_len - separator);
	if (!separator)
		return sounds_secret(word, len);
	return !is_harmless(word, len);
}

/* The lines lie in a NUL-terminated buffer: one byte past the end can be read. */
static struct sight look_at(const char *line, size_t len)
{
	struct sight sight = { 0 };

	for (size_t i = 0, n; i < len; i += n) {
		n = word_len(line + i, len - i);
		if (n == 0 || !starts_token(line, i)) {
			n += n == 0;
			continue;
		}
		const char *after = line + i + n;
		size_t after_len = len - i - n;
		size_t separator = separator_len(after, after_len);
		if (is_scheme(line + i, n, after) || strspn(line + i, "0123456789.") >= n)
			continue;
		/* What stands before the first key may end a text of the lines above. */
		if (separator && !sight.has_key && strspn(line, " \t-{[?\"'") < i)
			hide(&sight, 0, i);
		sight.has_key = sight.has_key || separator > 0;
		if (hides(line + i, n, after, after_len, separator)) {
			sight.secretive = true;
			size_t end = value_end(line, i + n + separator, len);
			hide(&sight, i + n + separator, end);
			n = end - i;
		}
	}
	return sight;
}

/* A user and password without the "://" that render() looks for: the token with the '@'. */
static void hide_bare_userinfo(struct sight *sight, const char *line, size_t len)
{
	const char *at = memchr(line, '@', len);

	if (!at || memmem(line, len, "://", 3))
		return;
	while (at > line && !strchr(" \t\"'", at[-1]))
		at--;
	hide(sight, (size_t)(at - line), len);
}

/* What of the line must not be shown, the lines above considered. */
static struct sight what_to_hide(const struct document *document, const char *line, size_t len)
{
	struct sight sight = look_at(line, len);
	bool known = sight.has_key, shown = true;
	const char *above = line;

	for (int i = 0; !known && i < LINES_ABOVE_MAX && above > document->bytes; i++) {
		const char *end = above - 1; /* its newline */
		above = end;
		while (above > document->bytes && above[-1] != '\n')
			above--;
		if (end - above > LINE_BYTES_MAX)
			break;
		struct sight other = look_at(above, (size_t)(end - above));
		known = other.has_key;
		shown = !other.secretive;
	}
	if (!known || !shown)
		sight = (struct sight){ .count = 1, .hidden = { { 0, len } } };
	else
		hide_bare_userinfo(&sight, line, len);
	return sight;
}

static bool is_hidden(const struct sight *sight, size_t at, size_t *ret_end)
{
	for (size_t i = 0; i < sight->count; i++) {
		*ret_end = sight->hidden[i].to;
		if (at >= sight->hidden[i].from && at < *ret_end)
			return true;
	}
	return false;
}

/* User and password of a URL end at an '@'; which one a password may hold as well: the last. */
static size_t userinfo_len(const char *text, size_t len)
{
	const char *at = memrchr(text, '@', len);

	return at ? (size_t)(at - text) : 0;
}

static size_t character_len(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && ((unsigned char)text[n] & 0xC0) == 0x80)
		n++;
	return n;
}

/* Blanks stay blanks, what a terminal must not see becomes U+FFFD. */
static void put_character(struct buf *out, const char *text, size_t len)
{
	size_t before = out->len;

	if (len == 1 && (*text == ' ' || *text == '\t')) {
		buf_putc(out, ' ');
		return;
	}
	text_put_clean(out, TEXT_LINE, text, len);
	if (out->len == before) /* a blank of another kind: show a Chinese one, it is the problem */
		buf_put(out, len == 3 ? text : " ", len == 3 ? len : 1);
}

struct rendering {
	struct buf text;
	size_t caret; /* byte of `text` */
	size_t caret_end;
};

/* The line as it may be shown, and where the position is in that. */
static void render(struct rendering *r, const struct position *position, const char *line,
		   size_t len, const struct sight *sight)
{
	size_t column = 1, masked_until = 0, end;

	r->caret = r->caret_end = SIZE_MAX;
	for (size_t i = 0, n; i < len; i += n, column++) {
		n = character_len(line + i, len - i);
		if (column == position->column)
			r->caret = r->text.len;
		if (column == position->end_column)
			r->caret_end = r->text.len;
		if (i < masked_until)
			continue;
		if (line[i] != ' ' && line[i] != '\t' && is_hidden(sight, i, &end)) {
			buf_puts(&r->text, MASK);
			masked_until = end;
			continue;
		}
		put_character(&r->text, line + i, n);
		if (i >= 2 && memcmp(line + i - 2, "://", 3) == 0) {
			size_t user = userinfo_len(line + i + 1, len - i - 1);
			if (user > 0)
				buf_puts(&r->text, MASK);
			masked_until = i + 1 + user;
		}
	}
	if (r->caret > r->text.len)
		r->caret = r->text.len;
	if (position->end_column <= position->column)
		r->caret_end = r->caret;
	else if (r->caret_end > r->text.len)
		r->caret_end = r->text.len;
}

/* Cuts a long line to a window around the caret; moves the caret with it. */
static void cut(struct rendering *r)
{
	size_t start = 0;
	const char *text = buf_text(&r->text);

	if (text_width(text) <= WINDOW_COLUMNS)
		return;
	while (r->caret - start > WINDOW_COLUMNS / 2)
		start += character_len(text + start, r->text.len - start);
	size_t end = start + text_fit(text + start, WINDOW_COLUMNS);
	memmove(r->text.bytes, r->text.bytes + start, end - start);
	r->text.bytes[end - start] = '\0';
	r->text.len = end - start;
	r->caret -= start;
	r->caret_end = r->caret_end > end ? r->text.len : r->caret_end - start;
	if (r->caret_end < r->caret)
		r->caret_end = r->caret;
}

static size_t width_of(const struct rendering *r, size_t from, size_t to)
{
	struct buf part;

	buf_init(&part);
	if (r->text.bytes)
		buf_put(&part, r->text.bytes + from, to - from);
	size_t width = text_width(buf_text(&part));
	buf_finish(&part);
	return width;
}

void excerpt_print(const struct position *position, struct buf *out)
{
	struct rendering r = { 0 };
	size_t len;
	const char *line = document_line(position->document, position->line, &len);

	if (!line || len > LINE_BYTES_MAX)
		return;
	struct sight sight = what_to_hide(position->document, line, len);
	render(&r, position, line, len, &sight);
	cut(&r);
	if (r.text.failed)
		out->failed = true;
	size_t before = width_of(&r, 0, r.caret);
	size_t under = width_of(&r, r.caret, r.caret_end);
	buf_printf(out, "%5zu | %s\n      | %*s^", position->line, buf_text(&r.text), (int)before,
		   "");
	for (; under > 1; under--)
		buf_putc(out, '~');
	buf_putc(out, '\n');
	buf_finish(&r.text);
}
