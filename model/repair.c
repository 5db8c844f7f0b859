#include "model/repair.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/scratch.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define REDACTED    "\"[redacted]\""

/* A place of the bytes that reads differently: in what is kept, and in what is parsed. */
struct patch {
	struct patch *next;
	struct json_range old;
	struct json_range kept, parsed;
};

struct level {
	bool is_object;
	struct json_range key; /* of the present member; empty before the first */
};

struct scan {
	const struct repair *with;
	const char *begin, *at, *end;
	struct level levels[JSON_DEPTH_MAX];
	unsigned level;
	bool wants_key;
	bool strict; /* the envelope: no redaction, no words made text */
	struct patch *first, *last;
	bool keeps_differ, parsed_differ, was_repaired;
};

static struct json_range range_of(const char *text)
{
	return (struct json_range){ text, text ? strlen(text) : 0 };
}

static void add_patch(struct scan *scan, struct json_range old, struct json_range kept,
		      struct json_range parsed)
{
	struct patch *patch = arena_alloc(scan->with->arena, sizeof(*patch));

	if (!patch)
		return;
	*patch = (struct patch){ NULL, old, kept, parsed };
	if (scan->last)
		scan->last->next = patch;
	else
		scan->first = patch;
	scan->last = patch;
	scan->keeps_differ |= kept.start != old.start;
	scan->parsed_differ |= parsed.start != old.start;
}

/* "Softwares.Ports[].Token", cleaned; "item" where there is no key. */
static const char *path_here(const struct scan *scan)
{
	char plain[256];
	struct buf *out = scan->with->scratch;

	buf_clear(out);
	for (unsigned i = 0; i < scan->level && out->len < NOTE_TEXT_MAX; i++) {
		const struct level *level = &scan->levels[i];
		if (!level->is_object) {
			buf_puts(out, "[]");
			continue;
		}
		size_t len = json_unescape(level->key, plain, sizeof(plain));
		if (len == SIZE_MAX) {
			len = sizeof(plain);
			memcpy(plain, level->key.start, len);
		}
		if (out->len > 0)
			buf_putc(out, '.');
		text_put_clean(out, TEXT_LINE, plain, len);
	}
	if (out->failed)
		scan->with->arena->failed = true;
	char *path = arena_copy(scan->with->arena, buf_text(out), notes_fit(buf_text(out), 256));
	return path && *path ? path : "item";
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* True when the word begins here; '_' and '-' between its letters do not count. */
static bool begins_with(const char *at, const char *end, const char *word)
{
	for (; *word; at++) {
		if (at == end)
			return false;
		if (*at == '_' || *at == '-')
			continue;
		if (folded(*at) != *word)
			return false;
		word++;
	}
	return true;
}

bool repair_is_secret(struct json_range key)
{
	static const char *const words[] = { "passwd", "password", "privatekey", "secret",
					     "token" };
	char plain[1024];

	if (memchr(key.start, '\\', key.len)) {
		size_t len = json_unescape(key, plain, sizeof(plain));
		/* An escaped name of such a length hides something. */
		if (len == SIZE_MAX)
			return true;
		key = (struct json_range){ plain, len };
	}
	for (const char *at = key.start, *end = at + key.len; at < end; at++) {
		char c = folded(*at);
		if (c != 'p' && c != 's' && c != 't')
			continue;
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (c == *words[i] && begins_with(at, end, words[i]))
				return true;
	}
	return false;
}

/* True when all bytes are printable ASCII and none is a backslash. */
static bool is_plain(const char *bytes, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t word;
		memcpy(&word, bytes + i, 8);
		uint64_t slashes = word ^ ones * '\\';
		uint64_t odd = word | (word - ones * 0x20) | (slashes - ones);
		/* A carry only ever adds a false alarm, which the slow check below clears. */
		if (odd & highs)
			return false;
	}
	for (; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 || (unsigned char)bytes[i] >= 0x80 ||
		    bytes[i] == '\\')
			return false;
	return true;
}

/* The length of the escape here, a surrogate pair in one; 0 when it stands for no character. */
static size_t escape_len(const char *at, const char *end)
{
	int32_t code = json_escape_code(at, end);

	if (code >= 0xD800 && code <= 0xDBFF) {
		int32_t low = json_escape_code(at + 6, end);
		return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
	}
	if (code >= 0)
		return code == 0 || (code >= 0xDC00 && code <= 0xDFFF) ? 0 : 6;
	return end - at > 1 && at[1] && strchr("\"\\/bfnrt", at[1]) ? 2 : 0;
}

static bool is_sound(struct json_range body)
{
	const char *end = body.start + body.len;

	for (const char *at = body.start; at < end;) {
		if ((unsigned char)*at < 0x20)
			return false;
		size_t step = *at == '\\' ? escape_len(at, end) : 1;
		if (step == 0)
			return false;
		at += step;
	}
	return text_is_utf8(body.start, body.len);
}

static void put_sound(struct buf *out, struct json_range body)
{
	const char *end = body.start + body.len;

	for (const char *at = body.start; at < end;) {
		const char *from = at;
		if ((unsigned char)*at >= 0x80) {
			while (at < end && (unsigned char)*at >= 0x80)
				at++;
			text_put_utf8(out, from, (size_t)(at - from));
			continue;
		}
		size_t step = *at == '\\' ? escape_len(at, end) : (unsigned char)*at >= 0x20;
		if (step > 0) {
			buf_put(out, at, step);
			at += step;
		} else {
			buf_puts(out, REPLACEMENT);
			at += json_escape_code(at, end) >= 0 ? 6 : 1;
		}
	}
}

/* The string literal from `quote` to `after`: patched when it is not sound. */
static void check_string(struct scan *scan, const char *quote, const char *after)
{
	struct json_range body = { quote + 1, (size_t)(after - quote) - 2 };
	struct buf *out = scan->with->scratch;

	if (is_plain(body.start, body.len) || is_sound(body))
		return;
	notes_addf(scan->with->warnings, scan->with->arena,
		   "%s: bytes that are no text were replaced", path_here(scan));
	buf_clear(out);
	buf_putc(out, '"');
	put_sound(out, body);
	buf_putc(out, '"');
	const char *text = out->failed ? NULL : arena_copy(scan->with->arena, out->bytes, out->len);
	if (!text) {
		scan->with->arena->failed = true;
		return;
	}
	struct json_range range = { text, out->len };
	add_patch(scan, (struct json_range){ quote, (size_t)(after - quote) }, range, range);
	scan->was_repaired = true;
}

static bool is_number(const char *text)
{
	text += *text == '-';
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || (*text == '0' && digits > 1))
		return false;
	text += digits;
	if (*text == '.') {
		digits = strspn(++text, "0123456789");
		if (digits == 0)
			return false;
		text += digits;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		digits = strspn(text, "0123456789");
		if (digits == 0)
			return false;
		text += digits;
	}
	return !*text;
}

/* True for numbers that jansson keeps: integers of 64 bits, finite reals. */
static bool is_kept(const char *number)
{
	int64_t integer;

	if (!strpbrk(number, ".eE"))
		return text_to_int(number, &integer);
	return isfinite(strtod(number, NULL));
}

/* What stands here without quotes: most of it is a short integer or true, false, null. */
static void check_word(struct scan *scan, const char *after)
{
	size_t len = (size_t)(after - scan->at);
	struct json_range old = { scan->at, len };
	struct arena *arena = scan->with->arena;

	if (len <= 18 && *scan->at >= '1' && *scan->at <= '9') {
		size_t digits = 1;
		while (digits < len && scan->at[digits] >= '0' && scan->at[digits] <= '9')
			digits++;
		if (digits == len)
			return;
	}
	if ((len == 4 && (memcmp(scan->at, "true", 4) == 0 || memcmp(scan->at, "null", 4) == 0)) ||
	    (len == 5 && memcmp(scan->at, "false", 5) == 0) || (len == 1 && *scan->at == '0'))
		return;
	char *quoted = arena_alloc(arena, len + 3);
	if (!quoted)
		return;
	quoted[0] = '"';
	memcpy(quoted + 1, scan->at, len);
	bool number = is_number(quoted + 1);
	if (number && is_kept(quoted + 1))
		return;
	quoted[len + 1] = '"';
	if (number) {
		notes_addf(scan->with->warnings, arena, "%s: %.*s%s is too large for a number",
			   path_here(scan), (int)(len < 60 ? len : 60), scan->at,
			   len < 60 ? "" : "…");
		add_patch(scan, old, old, range_of(quoted));
	} else if (!scan->strict) {
		notes_addf(scan->with->warnings, arena, "%s: %.*s is no JSON, kept as text",
			   path_here(scan), (int)(len < 60 ? len : 60), scan->at);
		add_patch(scan, old, range_of(quoted), range_of(quoted));
		scan->was_repaired = true;
	}
}

/* Moves behind the key here, and behind its value when that is a secret. */
static bool scan_key(struct scan *scan, const char *after)
{
	struct level *level = &scan->levels[scan->level - 1];

	level->key = (struct json_range){ scan->at + 1, (size_t)(after - scan->at) - 2 };
	check_string(scan, scan->at, after);
	scan->at = after;
	scan->wants_key = false;
	if (scan->strict || !repair_is_secret(level->key))
		return true;
	while (scan->at < scan->end && strchr(" \t\r\n:", *scan->at))
		scan->at++;
	const char *value_end = json_value_end(scan->at, scan->end, JSON_DEPTH_MAX);
	if (!value_end)
		return false;
	notes_add(scan->with->redacted, scan->with->arena, path_here(scan));
	add_patch(scan, (struct json_range){ scan->at, (size_t)(value_end - scan->at) },
		  range_of(REDACTED), range_of("null"));
	scan->at = value_end;
	return true;
}

static bool open_level(struct scan *scan, bool is_object)
{
	if (scan->level == JSON_DEPTH_MAX)
		return false;
	scan->levels[scan->level++] = (struct level){ .is_object = is_object };
	scan->wants_key = is_object;
	scan->at++;
	return true;
}

/* One step of the walk; false when the structure is not what json_split() would let through. */
static bool scan_step(struct scan *scan)
{
	const char *after;

	switch (*scan->at) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case ':': scan->at++; return true;
	case ',':
		scan->wants_key = scan->level > 0 && scan->levels[scan->level - 1].is_object;
		scan->at++;
		return true;
	case '{': return open_level(scan, true);
	case '[': return open_level(scan, false);
	case '}':
	case ']':
		scan->level -= scan->level > 0;
		scan->wants_key = false;
		scan->at++;
		return true;
	case '"':
		after = json_string_end(scan->at, scan->end);
		if (!after)
			return false;
		if (scan->wants_key)
			return scan_key(scan, after);
		check_string(scan, scan->at, after);
		scan->at = after;
		return true;
	default:
		after = json_word_end(scan->at, scan->end);
		if (!after)
			return false;
		check_word(scan, after);
		scan->at = after;
		return true;
	}
}

/* The bytes with every patch in place, in the arena. */
static struct json_range splice(const struct scan *scan, bool for_parser)
{
	size_t len = (size_t)(scan->end - scan->begin);

	for (const struct patch *p = scan->first; p; p = p->next)
		len += (for_parser ? p->parsed.len : p->kept.len) - p->old.len;
	char *text = arena_alloc(scan->with->arena, len + 1);
	if (!text)
		return (struct json_range){ 0 };
	char *out = text;
	const char *from = scan->begin;
	for (const struct patch *p = scan->first; p; p = p->next) {
		struct json_range new = for_parser ? p->parsed : p->kept;
		memcpy(out, from, (size_t)(p->old.start - from));
		out += p->old.start - from;
		memcpy(out, new.start, new.len);
		out += new.len;
		from = p->old.start + p->old.len;
	}
	memcpy(out, from, (size_t)(scan->end - from));
	return (struct json_range){ text, len };
}

static int scan_all(struct scan *scan)
{
	while (scan->at < scan->end)
		if (!scan_step(scan))
			return -EBADMSG;
	return scan->with->arena->failed ? -ENOMEM : 0;
}

/* Where jansson runs out of memory it often says nothing. */
static bool is_out_of_memory(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_out_of_memory || code == json_error_unknown;
}

/* What jansson reads while memory runs out may be cut short, and is not used. */
static json_t *load(struct json_range text, size_t flags, json_error_t *error)
{
	(void)scratch_ran_out();
	json_t *root = json_loadb(text.start, text.len, flags, error);
	if (!scratch_ran_out() || !root)
		return root;
	json_decref(root);
	*error = (json_error_t){ 0 };
	return NULL;
}

/* Parses what the scan made; a member that is there twice is a warning: the last one counts. */
static int parse_item(const struct repair *with, struct json_range text, json_t **ret)
{
	json_error_t error = { 0 }; /* not always set when memory is out */
	json_t *root = load(text, JSON_REJECT_DUPLICATES, &error);

	if (!root && json_error_code(&error) == json_error_duplicate_key) {
		const char *quote = strchr(error.text, '"');
		const char *name = quote ? quote + 1 : "";
		const char *clean = text_clean(with->arena, TEXT_LINE, name, strcspn(name, "\""));
		notes_addf(with->warnings, with->arena, "%s: there twice, the last one counts",
			   clean ? clean : "");
		root = load(text, 0, &error);
	}
	if (!root)
		return is_out_of_memory(&error) ? -ENOMEM : -EBADMSG;
	*ret = root;
	return 0;
}

int repair_item(const struct repair *with, const char *bytes, size_t len, struct repaired *ret)
{
	struct scan scan = { .with = with, .begin = bytes, .at = bytes, .end = bytes + len };
	struct json_range text = { bytes, len };

	int rc = scan_all(&scan);
	if (rc)
		return rc;
	const char *raw = scan.keeps_differ ? splice(&scan, false).start
					    : arena_copy(with->arena, bytes, len);
	if (scan.parsed_differ)
		text = splice(&scan, true);
	if (!raw || !text.start)
		return -ENOMEM;
	json_t *root;
	rc = parse_item(with, text, &root);
	if (rc)
		return rc;
	*ret = (struct repaired){ root, raw, scan.was_repaired };
	return 0;
}

int repair_envelope(const struct repair *with, const char *bytes, size_t len, json_t **ret,
		    struct error *err)
{
	struct scan scan = {
		.with = with, .begin = bytes, .at = bytes, .end = bytes + len, .strict = true
	};
	struct json_range text = { bytes, len };
	json_error_t error = { 0 };

	int rc = scan_all(&scan);
	if (rc == 0 && scan.parsed_differ)
		text = splice(&scan, true);
	if (rc == -ENOMEM || !text.start)
		return error_set(err, -ENOMEM, "out of memory");
	json_t *root = rc ? NULL : load(text, JSON_REJECT_DUPLICATES, &error);
	if (root) {
		*ret = root;
		return 0;
	}
	if (rc)
		return error_set(err, rc, "the answer is not JSON");
	if (is_out_of_memory(&error))
		return error_set(err, -ENOMEM, "out of memory");
	if (json_error_code(&error) == json_error_duplicate_key)
		return error_set(err, -EBADMSG, "a member of the answer is there twice");
	return error_set(err, -EBADMSG, "the answer is not JSON");
}
