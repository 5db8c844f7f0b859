/*
 * A name is read in three steps. It is folded and cut into tokens (osname_scan.c); the words of
 * the distributions are looked up in it (osname_rules.c); from each one found, a walk over words
 * that say nothing ("Server", "LTS", "64位") leads to a number, which must be a plausible version
 * of that distribution (osname_version.c). The walk ends at any other word, so that the number
 * behind "Ubuntu CUDA 12.8" stays CUDA's.
 *
 * The first mention that has a version wins, else the first mention.
 */
#include "model/osname.h"

#include <string.h>

#include "model/osname_rules.h"
#include "model/osname_scan.h"
#include "model/osname_version.h"

enum { WALK_TOKENS_MAX = 10, SEPARATORS_MAX = 3 };

/* A distribution's word at a place of the text. */
struct mention {
	const struct distro *distro;
	const struct code_name *code_name; /* the word was the name of a release */
	bool ambiguous;
	size_t start, end; /* in the text */
};

static const struct distro *distro_by_id(const char *id)
{
	for (size_t i = 0; i < osname_distro_count; i++)
		if (osname_distros[i].id && strcmp(osname_distros[i].id, id) == 0)
			return &osname_distros[i];
	return NULL;
}

static bool is_separator(char c)
{
	return c && !osname_is_letter(c) && !osname_is_digit(c) && (unsigned char)c < 0x80;
}

/* Where the word ends when it stands at `pos`; 0 when it does not. "kylinv10" ends it too. */
static size_t match_word(const struct osname_scan *scan, size_t pos, const char *word)
{
	const char *text = scan->text;

	for (; *word; word++) {
		if (*word == ' ') {
			for (int i = 0; i < SEPARATORS_MAX && is_separator(text[pos]); i++)
				pos++;
		} else if (text[pos] == *word) {
			pos++;
		} else {
			return 0;
		}
	}
	bool ends = !osname_is_letter(text[pos]) ||
		    (text[pos] == 'v' && osname_is_digit(text[pos + 1]));
	return ends || !osname_is_letter(word[-1]) ? pos : 0;
}

/* In Latin script a word begins where its token does; in Chinese, which has no blanks, anywhere. */
static size_t find_word(const struct osname_scan *scan, const struct osname_token *token,
			const char *word, size_t *ret_start)
{
	if (token->kind == OSNAME_WORD) {
		*ret_start = token->start;
		return *word == scan->text[token->start] ? match_word(scan, token->start, word) : 0;
	}
	if (osname_is_letter(*word))
		return 0;
	for (size_t pos = token->start; pos < (size_t)token->start + token->len; pos++) {
		size_t end = *word == scan->text[pos] ? match_word(scan, pos, word) : 0;
		if (end) {
			*ret_start = pos;
			return end;
		}
	}
	return 0;
}

static bool find_code_name(const struct osname_scan *scan, size_t idx, struct mention *ret)
{
	const struct osname_token *token = &scan->tokens[idx];

	for (size_t i = 0; i < osname_code_name_count; i++) {
		const struct code_name *name = &osname_code_names[i];
		if (*name->word == scan->text[token->start] &&
		    osname_token_is(scan, idx, name->word)) {
			*ret = (struct mention){ .distro = distro_by_id(name->distro),
						 .code_name = name,
						 .ambiguous = true,
						 .start = token->start,
						 .end = (size_t)token->start + token->len };
			return true;
		}
	}
	return false;
}

/* The longest word of any distribution at a token; the earliest in a Chinese one. */
static bool find_mention(const struct osname_scan *scan, size_t idx, struct mention *ret)
{
	const struct osname_token *token = &scan->tokens[idx];
	struct mention best = { 0 };

	if (token->kind == OSNAME_NUMBER || token->arch)
		return false;
	for (size_t i = 0; i < osname_distro_count; i++) {
		const struct distro *distro = &osname_distros[i];
		for (size_t w = 0; w < DISTRO_WORDS_MAX && distro->words[w]; w++) {
			bool ambiguous = distro->words[w][0] == '~';
			size_t start,
				end = find_word(scan, token, distro->words[w] + ambiguous, &start);
			if (!end || (best.distro && start > best.start) ||
			    (best.distro && start == best.start && end <= best.end))
				continue;
			best = (struct mention){
				.distro = distro, .ambiguous = ambiguous, .start = start, .end = end
			};
		}
	}
	if (best.distro)
		*ret = best;
	return best.distro || (token->kind == OSNAME_WORD && find_code_name(scan, idx, ret));
}

static bool is_filler_word(const struct osname_scan *scan, size_t idx)
{
	char first = scan->text[scan->tokens[idx].start];

	for (size_t i = 0; i < osname_filler_count; i++)
		if (osname_fillers[i][0] == first && osname_token_is(scan, idx, osname_fillers[i]))
			return true;
	return false;
}

/* True when the text from `pos` to `end` is made of filler pieces alone. */
static bool is_filler_han(const struct osname_scan *scan, size_t pos, size_t end)
{
	while (pos < end) {
		size_t step = 0;
		for (size_t i = 0; i < osname_han_filler_count && !step; i++) {
			size_t len = strlen(osname_han_fillers[i]);
			if (len <= end - pos &&
			    memcmp(scan->text + pos, osname_han_fillers[i], len) == 0)
				step = len;
		}
		if (!step)
			return false;
		pos += step;
	}
	return true;
}

static bool is_filler(const struct osname_scan *scan, size_t idx)
{
	const struct osname_token *token = &scan->tokens[idx];

	if (token->arch)
		return true;
	switch ((enum osname_kind)token->kind) {
	case OSNAME_WORD: return is_filler_word(scan, idx);
	case OSNAME_NUMBER: return false;
	case OSNAME_HAN:
		return is_filler_han(scan, token->start, (size_t)token->start + token->len);
	}
	return false;
}

static size_t token_behind(const struct osname_scan *scan, size_t idx, size_t end)
{
	while (idx < scan->count && scan->tokens[idx].start < end)
		idx++;
	return idx;
}

/* What is left of a Chinese token behind the word that was found in it must say nothing. */
static bool is_clean_behind(const struct osname_scan *scan, size_t idx, size_t end)
{
	const struct osname_token *last = &scan->tokens[idx - 1];

	return last->kind != OSNAME_HAN ||
	       is_filler_han(scan, end, (size_t)last->start + last->len);
}

/* What a walk from a mention found. */
struct found {
	const struct distro *distro;
	struct osname_version version;
	bool numbered; /* by a number, not by the name of a release */
};

/* "CentOS 8 Stream": the number is the version, the word behind it says of what. */
static void read_behind(const struct osname_scan *scan, size_t idx, size_t end, struct found *found)
{
	const struct distro *named = found->distro;
	struct osname_version version;

	if (!named->behind || end >= scan->count || scan->tokens[end].listed ||
	    !osname_token_is(scan, end, named->behind))
		return;
	const struct distro *distro = distro_by_id(named->becomes);
	if (osname_version_read(scan, idx, distro, &version, &end)) {
		found->distro = distro;
		found->version = version;
	}
}

/*
 * Walks from a mention to its version. The same distribution may be named again on the way, "统信
 * UOS 20"; the name of a release stands in where no number follows.
 */
static struct found walk_to_version(const struct osname_scan *scan, size_t idx,
				    const struct mention *mention)
{
	const struct code_name *code_name = mention->code_name;
	size_t i = token_behind(scan, idx, mention->end);
	bool clean = is_clean_behind(scan, i, mention->end);
	struct found found = { .distro = mention->distro };

	for (int step = 0; step < WALK_TOKENS_MAX && clean && i < scan->count; step++) {
		struct mention again;
		if (scan->tokens[i].listed)
			break;
		if (scan->tokens[i].kind == OSNAME_NUMBER && !scan->tokens[i].arch) {
			size_t end;
			found.numbered =
				osname_version_read(scan, i, mention->distro, &found.version, &end);
			if (found.numbered)
				read_behind(scan, i, end, &found);
			break;
		}
		if (is_filler(scan, i)) {
			i++;
			continue;
		}
		if (!find_mention(scan, i, &again) || again.distro != mention->distro ||
		    again.start != scan->tokens[i].start)
			break;
		code_name = again.code_name ? again.code_name : code_name;
		i = token_behind(scan, i, again.end);
		clean = is_clean_behind(scan, i, again.end);
	}
	if (!found.numbered && code_name) {
		found.version.len = strlen(code_name->version);
		memcpy(found.version.text, code_name->version, found.version.len + 1);
	}
	return found;
}

/* True when the mention begins the name and nothing else is said. */
static bool is_alone(const struct osname_scan *scan, size_t idx, const struct mention *mention)
{
	size_t i = token_behind(scan, idx, mention->end);

	if (idx > 0 || mention->start != scan->tokens[0].start ||
	    !is_clean_behind(scan, i, mention->end))
		return false;
	struct mention again;
	for (; i < scan->count; i++)
		if (!is_filler(scan, i) &&
		    !(find_mention(scan, i, &again) && again.distro == mention->distro))
			return false;
	return true;
}

/* A word with other meanings is believed beside a version, and where there is nothing else. */
static bool is_believed(const struct osname_scan *scan, size_t idx, const struct mention *mention,
			bool numbered)
{
	bool behind_digits = scan->tokens[idx].glued && scan->tokens[idx - 1].kind == OSNAME_NUMBER;

	return !mention->ambiguous || (numbered && !behind_digits) || is_alone(scan, idx, mention);
}

static void name_system(struct arena *arena, const struct distro *distro,
			const struct osname_version *version, struct osname *ret)
{
	ret->distro = distro->id;
	ret->os_type = distro->os_type;
	if (version->len)
		ret->version = arena_copy(arena, version->text, version->len);
}

void osname_from_name(struct arena *arena, const char *name, struct osname *ret)
{
	const struct distro *named = NULL;
	struct found found = { 0 };
	struct osname_scan scan;
	struct mention mention;

	*ret = (struct osname){ 0 };
	osname_scan(&scan, name);
	for (size_t i = 0, next; i < scan.count && !found.version.len; i = next) {
		next = i + 1;
		if (!find_mention(&scan, i, &mention))
			continue;
		next = token_behind(&scan, i, mention.end);
		if (!mention.distro->id)
			continue;
		found = walk_to_version(&scan, i, &mention);
		if (!is_believed(&scan, i, &mention, found.numbered))
			found.version.len = 0;
		else if (found.version.len || !named)
			named = found.distro;
	}
	if (named)
		name_system(arena, named, &found.version, ret);
	ret->arch = scan.arm && named ? "aarch64" : scan.arch;
}

/* Cuts "x64", "x86" and a revision of up to two letters off an id; NULL where it ends otherwise. */
static const char *cut_arch(char *id, size_t *len)
{
	/* clang-format off */
	static const struct { const char *ending, *arch; } endings[] = {
		{ "x64", "x86_64" }, { "x86", "i386" }, { "arm64", "aarch64" },
	};
	/* clang-format on */

	for (size_t letters = 0; letters <= 2 && letters < *len; letters++) {
		size_t end = *len - letters;
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			size_t ending = strlen(endings[i].ending);
			if (end > ending &&
			    memcmp(id + end - ending, endings[i].ending, ending) == 0) {
				*len = end - ending;
				id[*len] = '\0';
				return endings[i].arch;
			}
		}
		if (!osname_is_letter(id[end - 1]))
			break;
	}
	return NULL;
}

/* "trustysrv": what it is for says nothing here. "coreose", "coreos4": revisions of the family. */
static void cut_ending(char *id, size_t *len, bool has_arch)
{
	if (*len > 3 && memcmp(id + *len - 3, "srv", 3) == 0)
		*len -= 3;
	else if (!has_arch && *len == 7 && memcmp(id, "coreos", 6) == 0)
		*len = 6;
	id[*len] = '\0';
}

/* "focal1" is the first point release of 20.04, "bookworm5" is 12.5. */
static bool read_point_release(const struct osname_scan *scan, const struct mention *mention,
			       struct osname_version *ret)
{
	const struct osname_token *point = &scan->tokens[1];
	size_t base = strlen(mention->code_name->version);

	*ret = (struct osname_version){ .len = base };
	memcpy(ret->text, mention->code_name->version, base + 1);
	if (scan->count == 1)
		return true;
	if (scan->count != 2 || point->kind != OSNAME_NUMBER || point->len > 2)
		return false;
	ret->text[ret->len++] = '.';
	memcpy(ret->text + ret->len, scan->text + point->start, point->len);
	ret->len += point->len;
	return true;
}

/* "dcchs": nothing but editions and languages of Windows behind its version. */
static bool is_edition(const struct osname_scan *scan, size_t idx)
{
	const struct osname_token *token = &scan->tokens[idx];
	const char *at = scan->text + token->start, *end = at + token->len;

	while (at < end) {
		size_t step = 0;
		for (size_t i = 0; i < osname_edition_count; i++) {
			size_t len = strlen(osname_editions[i]);
			if (len > step && len <= (size_t)(end - at) &&
			    memcmp(at, osname_editions[i], len) == 0)
				step = len;
		}
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

static bool read_id_version(const struct osname_scan *scan, const struct mention *mention,
			    struct osname_version *ret)
{
	size_t end = 1;

	if (mention->code_name)
		return read_point_release(scan, mention, ret);
	if (scan->count == 1 || (mention->distro->flags & DISTRO_ID_X86_64))
		return true;
	if (!osname_version_read(scan, 1, mention->distro, ret, &end))
		return false;
	return end == scan->count || (mention->distro->shape == VERSION_WINDOWS &&
				      end + 1 == scan->count && is_edition(scan, end));
}

void osname_from_id(struct arena *arena, const char *id, struct osname *ret)
{
	enum { ID_BYTES = 40 };
	char stem[ID_BYTES + 1];
	size_t len = strnlen(id, ID_BYTES + 1);
	struct osname_version version = { 0 };
	struct osname_scan scan;
	struct mention mention;

	*ret = (struct osname){ 0 };
	if (len > ID_BYTES)
		return;
	for (size_t i = 0; i < len; i++)
		if (!osname_is_digit(id[i]) && !(id[i] >= 'a' && id[i] <= 'z'))
			return; /* "img-…" and its kind are random letters */
	memcpy(stem, id, len + 1);
	const char *arch = cut_arch(stem, &len);
	cut_ending(stem, &len, arch != NULL);
	osname_scan(&scan, stem);
	if (scan.count == 0 || !find_mention(&scan, 0, &mention) || !mention.distro->id ||
	    token_behind(&scan, 0, mention.end) != 1)
		return;
	if (!arch && !(mention.distro->flags & DISTRO_BARE_ID))
		return;
	if (!read_id_version(&scan, &mention, &version))
		return;
	name_system(arena, mention.distro, &version, ret);
	ret->arch = !arch && (mention.distro->flags & DISTRO_ID_X86_64) ? "x86_64" : arch;
}
