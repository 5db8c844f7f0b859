#include "model/envelope.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/fieldmap.h"
#include "model/repair.h"

static bool is_digits(const char *text)
{
	text += *text == '-';
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* An integer or a string of digits; "00" is no way to say 0. */
static bool to_integer(const json_t *value, int64_t *ret)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return true;
	}
	return text && is_digits(text) && text_to_int(text, ret) &&
	       (*ret != 0 || strcmp(text, "0") == 0);
}

static int read_code(struct envelope *envelope, const struct provider *provider, struct error *err)
{
	for (const char *const *path = provider->code_paths; *path; path++) {
		const json_t *value = fieldmap_value(envelope->root, *path);
		if (!value)
			continue;
		if (to_integer(value, &envelope->code))
			return 0;
		return error_set(err, -EBADMSG, "the answer's %s is no code", *path);
	}
	return error_set(err, -EBADMSG, "the answer has no %s", provider->code_paths[0]);
}

static void read_message(struct envelope *envelope, struct arena *arena,
			 const struct provider *provider)
{
	const char *const *path = provider->message_paths;

	for (; path && *path && !envelope->message; path++) {
		const json_t *value = fieldmap_value(envelope->root, *path);
		if (!json_is_string(value))
			continue;
		char *text = text_clean(arena, TEXT_LINE, json_string_value(value),
					json_string_length(value));
		if (text)
			text[notes_fit(text, MESSAGE_BYTES_MAX)] = '\0';
		envelope->message = text;
	}
}

/* The answer's text with every list of items replaced by "[]". */
static struct json_range cut_lists(struct arena *arena, const char *bytes, size_t len,
				   const struct json_split *split)
{
	size_t left = len;

	for (size_t i = 0; i < split->cut_count; i++)
		left -= split->cuts[i].len - 2;
	char *text = arena_alloc(arena, left + 1), *out = text;
	if (!text)
		return (struct json_range){ 0 };
	const char *from = bytes;
	for (size_t i = 0; i < split->cut_count; i++) {
		struct json_range cut = split->cuts[i];
		memcpy(out, from, (size_t)(cut.start - from));
		out += cut.start - from;
		*out++ = '[';
		*out++ = ']';
		from = cut.start + cut.len;
	}
	memcpy(out, from, (size_t)(bytes + len - from));
	return (struct json_range){ text, left };
}

/* What people put before an answer that is none. */
static int judge_start(const char **bytes, size_t *len, struct error *err)
{
	static const char bom[] = "\xEF\xBB\xBF";

	if (*len >= 3 && memcmp(*bytes, bom, 3) == 0) {
		*bytes += 3;
		*len -= 3;
	}
	size_t blanks = 0;
	while (blanks < *len && strchr(" \t\r\n", (*bytes)[blanks]) && (*bytes)[blanks])
		blanks++;
	if (blanks == *len)
		return error_set(err, -EBADMSG, "the answer is empty");
	if ((*bytes)[blanks] == '<')
		return error_set(err, -EBADMSG, "the answer is HTML or XML, not JSON");
	return 0;
}

int envelope_read(struct envelope *ret, struct json_split *ret_split, struct arena *arena,
		  const char *bytes, size_t len, const struct provider *provider,
		  const char *const *paths, size_t path_count, size_t items_max, struct error *err)
{
	struct notes warnings = { .count = 0 }, redacted = { .count = 0 };
	struct buf scratch;

	*ret = (struct envelope){ 0 };
	*ret_split = (struct json_split){ 0 };
	int rc = judge_start(&bytes, &len, err);
	if (rc == 0)
		rc = json_split(ret_split, bytes, len, paths, path_count, items_max, err);
	if (rc)
		return rc;
	struct json_range text = cut_lists(arena, bytes, len, ret_split);
	if (!text.start)
		return error_set(err, -ENOMEM, "out of memory");
	buf_init(&scratch);
	const struct repair with = { arena, &scratch, &warnings, &redacted };
	rc = repair_envelope(&with, text.start, text.len, &ret->root, err);
	buf_finish(&scratch);
	if (rc)
		return rc;
	ret->repaired = warnings.count + warnings.left_out;
	read_message(ret, arena, provider);
	return read_code(ret, provider, err);
}

void envelope_finish(struct envelope *envelope)
{
	json_decref(envelope->root);
	*envelope = (struct envelope){ 0 };
}

bool envelope_total(const struct envelope *envelope, const char *const *totals, int64_t *ret,
		    bool *ret_odd)
{
	int64_t total;

	*ret_odd = false;
	for (; totals && *totals; totals++) {
		const json_t *value = fieldmap_value(envelope->root, *totals);
		if (!value)
			continue;
		if (to_integer(value, &total) && total >= 0) {
			*ret = total;
			return true;
		}
		*ret_odd = true;
	}
	return false;
}
