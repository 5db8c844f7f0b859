#include "cli/uses.h"

#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of an id; a uid has slashes and colons as well. */
static bool is_of_word(char c)
{
	return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static bool is_of_uid(char c)
{
	return is_of_word(c) || c == '/' || c == ':';
}

static size_t run_of(const char *text, bool (*belongs)(char c))
{
	size_t len = 0;

	while (belongs(text[len]))
		len++;
	return len;
}

/* ---- a list ---------------------------------------------------------------------------------- */

static const char around[] = " \t\r\n\"',";

/* Where the word of a line is; false where the line has more than a word. */
static bool read_line(const char *line, size_t *ret_begin, size_t *ret_len)
{
	size_t end = strcspn(line, "\n#"), begin = strspn(line, around);

	if (begin > end)
		begin = end;
	while (end > begin && strchr(around, line[end - 1]))
		end--;
	*ret_begin = begin;
	*ret_len = end - begin;
	return run_of(line + begin, is_of_uid) >= end - begin;
}

/* From the beginning of a line to that of the next. */
static size_t line_length(const char *line)
{
	size_t len = strcspn(line, "\n");

	return len + (line[len] == '\n');
}

static bool is_list(const char *text)
{
	size_t begin, len;

	for (; *text; text += line_length(text))
		if (!read_line(text, &begin, &len))
			return false;
	return true;
}

static int find_in_list(char *text, const struct uses *uses)
{
	int result = 0;

	for (size_t number = 1; *text && result == 0; number++) {
		size_t begin, len, next = line_length(text);
		read_line(text, &begin, &len);
		text[begin + len] = '\0';
		if (len > 0)
			result = uses->found(text + begin, number, uses->data);
		text += next;
	}
	return result;
}

/* ---- what an id looks like ------------------------------------------------------------------- */

static bool looks_like_id(const char *word)
{
	static const struct {
		const char *prefix;
		size_t least, most; /* letters and digits behind it */
	} shapes[] = {
		{ "uimage-", 4, 64 },
		{ "compshareImage-", 4, 64 },
		{ "img-", 8, 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		size_t prefix = strlen(shapes[i].prefix);
		if (strncmp(word, shapes[i].prefix, prefix) != 0)
			continue;
		size_t len = run_of(word + prefix, is_alnum);
		if (!word[prefix + len] && len >= shapes[i].least && len <= shapes[i].most)
			return true;
	}
	return false;
}

/* provider/cloud/service/region/zone/image_id */
static bool looks_like_uid(const char *word)
{
	static const char *const providers[] = { "ucloud/", "compshare/", "qingcloud/" };
	size_t slashes = 0;

	for (const char *c = word; *c; c++)
		slashes += *c == '/';
	for (size_t i = 0; i < ARRAY_LEN(providers); i++)
		if (strncmp(word, providers[i], strlen(providers[i])) == 0)
			return slashes == 5;
	return false;
}

/* "image_id", "SourceImageId", "base-image-ids" */
static bool names_images(const char *key)
{
	static const char *const ends[] = { "imageid", "imageids" };
	char letters[64];
	size_t len = 0;

	for (; *key; key++)
		if (is_alnum(*key) && len + 1 < sizeof(letters))
			letters[len++] = *key;
	letters[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (len >= strlen(ends[i]) &&
		    text_equal_nocase(letters + len - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

/* ---- any other text -------------------------------------------------------------------------- */

struct scan {
	const struct uses *uses;
	char *at;
	size_t line;
	bool quoted; /* between double quotes of this line */
	/* The value that is being read belongs to a key that names images. */
	bool wanted, bare; /* a word without quotes may be one */
	size_t brackets;   /* that were opened in the value: it goes on behind the line */
	const char *last;  /* that was told of this line, `last_len` of it */
	size_t last_len;
};

static void end_line(struct scan *s)
{
	s->line++;
	s->quoted = false;
	s->last = NULL;
	if (s->brackets == 0)
		s->wanted = false;
}

/* True where a comment begins: `s->at` is moved to its end. */
static bool skip_comment(struct scan *s, bool line_begins, char before)
{
	bool blank = line_begins || before == ' ' || before == '\t';
	char *end;

	if (s->quoted || !blank)
		return false;
	if (*s->at == '#' || strncmp(s->at, "//", 2) == 0) {
		s->at += strcspn(s->at, "\n");
		return true;
	}
	/* Elsewhere it may be a glob behind a directory. */
	if (!line_begins || strncmp(s->at, "/*", 2) != 0)
		return false;
	end = strstr(s->at, "*/");
	for (; *s->at && s->at != end; s->at++)
		s->line += *s->at == '\n';
	s->at += end ? 2 : 0;
	return true;
}

/* "KEY": VALUE, KEY = VALUE, KEY=VALUE; `rest` is what follows the word. */
static bool is_key(const char *rest, bool *ret_bare)
{
	const char *at = rest + (*rest == '"' || *rest == '\'');

	at += strspn(at, " \t");
	/* An assignment with blanks is of a language in which a bare word is a reference. */
	*ret_bare = *at == ':' || (at == rest && at[0] == '=' && at[1] != ' ');
	return (*at == ':' && at[1] != ':') || (*at == '=' && at[1] != '=');
}

/* A word between the brackets, quotes or blanks of a wanted value, and nothing beside it. */
static bool is_value(const struct scan *s, const char *word, char before, char after)
{
	bool digit = false;

	if (!s->wanted || strlen(word) < 3 || strchr(word, '.'))
		return false;
	if (before == '"' || before == '\'')
		return before == after;
	for (const char *c = word; *c; c++)
		digit |= is_digit(*c);
	return s->bare && !s->quoted && digit && strchr(" \t:=[,", before) &&
	       (!after || strchr(" \t\r\n,]", after));
}

static int tell(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if (s->last && s->last_len == len && memcmp(s->last, word, len) == 0)
		return 0;
	s->last = word;
	s->last_len = len;
	return s->uses->found(word, s->line, s->uses->data);
}

/* A word of `len` bytes; what is around it is still there. */
static int read_word(struct scan *s, char *word, size_t len, char before)
{
	char *rest = word + len, after = *rest;
	const struct uses *uses = s->uses;
	bool bare, key = is_key(rest, &bare);
	int result = 0;

	*rest = '\0';
	if (looks_like_id(word) || uses->is_known(word, uses->data)) {
		result = tell(s, word);
	} else if (key) {
		s->wanted = names_images(word);
		s->bare = bare;
		s->brackets = 0;
	} else if (is_value(s, word, before, after)) {
		result = tell(s, word);
	}
	*rest = after;
	return result;
}

/* A run of what a uid may have: one, or several words with slashes and colons between. */
static int read_run(struct scan *s, size_t len, char before)
{
	char *run = s->at, after = run[len];
	int result = 0;

	run[len] = '\0';
	bool uid = looks_like_uid(run);
	if (uid)
		result = tell(s, run);
	run[len] = after;
	s->at += len;
	for (char *word = run; !uid && word < s->at && result == 0;) {
		size_t word_len = run_of(word, is_of_word);
		/* A sentence may end behind it. */
		size_t dots = 0;
		while (dots < word_len && word[word_len - 1 - dots] == '.')
			dots++;
		if (word_len > dots)
			result = read_word(s, word, word_len - dots,
					   word == run ? before : word[-1]);
		word += word_len > 0 ? word_len : 1;
	}
	return result;
}

static int find_in_text(char *text, const struct uses *uses)
{
	struct scan s = { .uses = uses, .at = text, .line = 1 };
	bool line_begins = true;
	int result = 0;

	while (*s.at && result == 0) {
		char before = s.at > text ? s.at[-1] : '\n';
		size_t len = run_of(s.at, is_of_uid);
		if (skip_comment(&s, line_begins, before))
			continue;
		line_begins = *s.at == '\n' || (line_begins && strchr(" \t", *s.at));
		if (len > 0) {
			result = read_run(&s, len, before);
			continue;
		}
		switch (*s.at++) {
		case '\n': end_line(&s); break;
		case '"': s.quoted = !s.quoted; break;
		case '[': s.brackets += s.wanted; break;
		case ']': s.brackets -= s.brackets > 0; break;
		case ';':
		case '}': s.wanted = s.wanted && s.quoted; break;
		}
	}
	return result;
}

int uses_find(char *text, bool may_be_list, const struct uses *uses)
{
	static const char mark[] = "\xEF\xBB\xBF";

	text += strncmp(text, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
	return may_be_list && is_list(text) ? find_in_list(text, uses) : find_in_text(text, uses);
}
