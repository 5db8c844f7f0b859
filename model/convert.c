#include "model/convert.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/moment.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define EXACT_REAL  9007199254740992.0 /* 2^53: below, a double is the integer that was sent */

bool convert_is_open(const struct reading *reading, enum column column)
{
	if (record_is_absent(reading->record, column))
		return true;
	return columns[column].type == COLUMN_WORD &&
	       strcmp(record_text(reading->record, column), "unknown") == 0;
}

void convert_put_text(struct reading *reading, enum column column, const char *text, bool inferred)
{
	if (!text)
		return;
	record_set_text(reading->record, column, text);
	reading->inferred[column] = inferred;
}

void convert_put_int(struct reading *reading, enum column column, int64_t value, bool inferred)
{
	record_set_int(reading->record, column, value);
	reading->inferred[column] = inferred;
}

/* What a warning shows of a value: never more than a glimpse, never raw. */
static void describe(struct reading *reading, const json_t *value, char ret[static 128])
{
	switch (json_typeof(value)) {
	case JSON_STRING: {
		const char *text = json_string_value(value);
		size_t len = notes_fit(text, FOUND_BYTES_MAX);
		char *clean = text_clean(reading->arena, TEXT_LINE, text, len);
		if (clean)
			clean[notes_fit(clean, FOUND_BYTES_MAX)] = '\0';
		snprintf(ret, 128, "'%s%s'", clean ? clean : "", text[len] ? "…" : "");
		return;
	}
	case JSON_INTEGER:
		snprintf(ret, 128, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL: snprintf(ret, 128, "%.15g", json_real_value(value)); return;
	case JSON_TRUE: snprintf(ret, 128, "true"); return;
	case JSON_FALSE: snprintf(ret, 128, "false"); return;
	case JSON_NULL: snprintf(ret, 128, "null"); return;
	case JSON_ARRAY: snprintf(ret, 128, "a list"); return;
	case JSON_OBJECT: snprintf(ret, 128, "an object"); return;
	}
}

void convert_complain(struct reading *reading, const char *path, const json_t *value,
		      const char *wanted)
{
	char found[128];

	describe(reading, value, found);
	notes_addf(&reading->warnings, reading->arena, "%s: %s is not %s", path, found, wanted);
}

static void complain_range(struct reading *reading, const char *path, const json_t *value,
			   const char *range)
{
	char found[128];

	describe(reading, value, found);
	notes_addf(&reading->warnings, reading->arena, "%s: %s is %s", path, found, range);
}

static size_t count_replacements(const char *text)
{
	size_t count = 0;

	while ((text = strstr(text, REPLACEMENT))) {
		text += strlen(REPLACEMENT);
		count++;
	}
	return count;
}

const char *convert_clean(struct reading *reading, const char *path, const json_t *string,
			  enum text_shape shape, size_t max_bytes)
{
	const char *text = json_string_value(string);
	size_t len = json_string_length(string);
	char *clean = text_clean(reading->arena, shape, text, len);

	if (!clean)
		return NULL;
	size_t fit = notes_fit(clean, max_bytes);
	if (clean[fit]) {
		clean[fit] = '\0';
		notes_addf(&reading->warnings, reading->arena, "%s: cut at %zu of %zu bytes", path,
			   fit, len);
	} else if (strstr(clean, REPLACEMENT) &&
		   count_replacements(clean) > count_replacements(text)) {
		notes_addf(&reading->warnings, reading->arena,
			   "%s: control or direction characters were replaced", path);
	}
	return clean;
}

static bool word_matches(const char *pattern, const char *text)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncasecmp(pattern, text, len - 1) == 0;
	return text_equal_nocase(pattern, text);
}

const struct word *convert_find_word(const struct word *words, const char *native)
{
	for (; words && words->native; words++)
		if (word_matches(words->native, native))
			return words;
	return NULL;
}

/* A scalar in the words of the provider; NULL for lists and objects. */
static const char *native_text(struct reading *reading, const char *path, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING: return convert_clean(reading, path, value, TEXT_LINE, LINE_BYTES_MAX);
	case JSON_INTEGER:
		return arena_format(reading->arena, "%" JSON_INTEGER_FORMAT,
				    json_integer_value(value));
	case JSON_REAL: return arena_format(reading->arena, "%.15g", json_real_value(value));
	case JSON_TRUE: return "true";
	case JSON_FALSE: return "false";
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT: return NULL;
	}
	return NULL;
}

static void convert_text(struct reading *reading, const struct field_map *row, const json_t *value)
{
	bool prose = row->convert == CONVERT_PROSE;

	if (!json_is_string(value)) {
		convert_complain(reading, row->path, value, "a text");
		return;
	}
	const char *text = convert_clean(reading, row->path, value, prose ? TEXT_PROSE : TEXT_LINE,
					 prose ? PROSE_BYTES_MAX : LINE_BYTES_MAX);
	if (text && (*text || row->convert != CONVERT_LINK))
		convert_put_text(reading, row->column, text, row->inferred);
}

static void convert_native(struct reading *reading, const struct field_map *row,
			   const json_t *value)
{
	const char *text = native_text(reading, row->path, value);

	if (!text)
		convert_complain(reading, row->path, value, "a word");
	else if (*text)
		convert_put_text(reading, row->column, text, row->inferred);
}

/*
 * Ids are kept byte for byte, blanks included, as long as they can be shown: only what no column
 * may hold (control and direction characters) is replaced.
 */
static const char *id_text(struct reading *reading, const char *path, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	const char *line = text_clean(reading->arena, TEXT_LINE, text, len);
	if (!line || strcmp(line, text) == 0 || !*line)
		return line;
	/* Clean between two letters, as prose, nothing is trimmed and no run of blanks collapses.
	 */
	const char *framed = arena_format(reading->arena, "x%sx", text);
	const char *kept = framed ? text_clean(reading->arena, TEXT_PROSE, framed, len + 2) : NULL;
	if (kept && strcmp(kept, framed) == 0 && !strchr(text, '\n'))
		return arena_copy(reading->arena, text, len);
	notes_addf(&reading->warnings, reading->arena, "%s: characters of the id were replaced",
		   path);
	return line;
}

static void convert_id(struct reading *reading, const struct field_map *row, const json_t *value)
{
	const char *text;

	if (json_is_integer(value)) {
		text = native_text(reading, row->path, value);
		notes_addf(&reading->warnings, reading->arena, "%s: a number where text belongs",
			   row->path);
	} else if (!json_is_string(value)) {
		convert_complain(reading, row->path, value, "an id");
		return;
	} else if (json_string_length(value) > ID_BYTES_MAX) {
		complain_range(reading, row->path, value, "too long for an id");
		return;
	} else {
		text = id_text(reading, row->path, value);
	}
	if (text && *text)
		convert_put_text(reading, row->column, text, row->inferred);
}

static void convert_word(struct reading *reading, const struct field_map *row, const json_t *value)
{
	const char *native = native_text(reading, row->path, value);

	if (!native) {
		convert_complain(reading, row->path, value, "a word");
		return;
	}
	if (!*native)
		return;
	const struct word *word = convert_find_word(row->words, native);
	if (word) {
		if (convert_is_open(reading, row->column))
			convert_put_text(reading, row->column, word->word, row->inferred);
		return;
	}
	if (row->convert == CONVERT_WORD_IF)
		return;
	char cut[WORD_BYTES_MAX + 1];
	snprintf(cut, sizeof(cut), "%.*s", (int)notes_fit(native, WORD_BYTES_MAX), native);
	drifts_add(reading->drifts, reading->arena, row->path, NULL, cut);
	if (record_is_absent(reading->record, row->column) &&
	    strstr(columns[row->column].words, "unknown"))
		convert_put_text(reading, row->column, "unknown", row->inferred);
}

/* A number from its JSON or its spelling. False when it is neither; "" gives NaN. */
static bool to_real(const json_t *value, double *ret)
{
	char *end;

	if (json_is_number(value)) {
		*ret = json_number_value(value);
		return true;
	}
	const char *text = json_string_value(value);
	if (!text)
		return false;
	text += strspn(text, " ");
	if (!*text) {
		*ret = (double)NAN;
		return true;
	}
	if (!strchr("-.0123456789", *text) || strpbrk(text, "xXpP"))
		return false;
	*ret = strtod(text, &end);
	return end != text && !end[strspn(end, " ")] && isfinite(*ret);
}

/* An integer times a factor. */
static bool scale(const json_t *value, int64_t factor, int64_t *ret)
{
	int64_t integer;
	double real;

	if (json_is_integer(value))
		integer = json_integer_value(value);
	else if (!json_is_string(value) || !text_to_int(json_string_value(value), &integer)) {
		if (!to_real(value, &real))
			return false;
		real *= (double)factor;
		if (factor > 1)
			real = nearbyint(real);
		if (fabs(real) > EXACT_REAL || real != nearbyint(real))
			return false;
		*ret = (int64_t)real;
		return true;
	}
	return !__builtin_mul_overflow(integer, factor, ret) && *ret != RECORD_ABSENT;
}

static bool is_blank(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && !text[strspn(text, " \t\r\n")];
}

static void convert_int(struct reading *reading, const struct field_map *row, const json_t *value)
{
	int64_t number;

	if (is_blank(value))
		return;
	if (!scale(value, row->factor ? row->factor : 1, &number)) {
		convert_complain(reading, row->path, value, "an integer");
		return;
	}
	if (number < 0 && *columns[row->column].unit) {
		complain_range(reading, row->path, value, "below 0");
		return;
	}
	convert_put_int(reading, row->column, number, row->inferred);
}

static void convert_real(struct reading *reading, const struct field_map *row, const json_t *value)
{
	double number;

	if (is_blank(value))
		return;
	if (!to_real(value, &number)) {
		convert_complain(reading, row->path, value, "a number");
		return;
	}
	record_set_real(reading->record, row->column, number);
	reading->inferred[row->column] = row->inferred;
}

static void convert_flag(struct reading *reading, const struct field_map *row, const json_t *value)
{
	static const struct word spellings[] = {
		{ "true", "1" }, { "1", "1" }, { "false", "0" }, { "0", "0" }, { 0 }
	};

	const char *text = native_text(reading, row->path, value);
	const struct word *word = text ? convert_find_word(spellings, text) : NULL;
	if (word)
		convert_put_int(reading, row->column,
				(*word->word == '1') != (row->convert == CONVERT_FLAG_NOT),
				row->inferred);
	else if (!text || *text)
		convert_complain(reading, row->path, value, "true or false");
}

/* True when there is a moment; warns when there should be one. */
static bool judge(struct reading *reading, const char *path, const json_t *value,
		  enum moment moment, const char *wanted)
{
	switch (moment) {
	case MOMENT_OK: return true;
	case MOMENT_NONE: return false;
	case MOMENT_NO_TIME: convert_complain(reading, path, value, wanted); return false;
	case MOMENT_NO_ZONE:
		complain_range(reading, path, value, "a time without a zone");
		return false;
	case MOMENT_FAR: complain_range(reading, path, value, "outside 2000 to 2100"); return false;
	}
	return false;
}

static void convert_time(struct reading *reading, const struct field_map *row, const json_t *value)
{
	enum moment moment = MOMENT_NO_TIME;
	int64_t seconds;

	if (json_is_integer(value)) {
		moment = moment_from_number(json_integer_value(value), &seconds);
	} else if (json_is_real(value)) {
		double real = floor(json_real_value(value));
		if (fabs(real) <= EXACT_REAL)
			moment = moment_from_number((int64_t)real, &seconds);
	} else if (json_is_string(value)) {
		const char *text = text_clean(reading->arena, TEXT_LINE, json_string_value(value),
					      json_string_length(value));
		if (!text)
			return;
		moment = moment_from_text(text, &seconds);
	}
	if (judge(reading, row->path, value, moment, "a time"))
		convert_put_int(reading, row->column, seconds, row->inferred);
}

static void convert_date(struct reading *reading, const struct field_map *row, const json_t *value)
{
	enum moment moment = MOMENT_NO_TIME;
	char day[MOMENT_DAY_SIZE];

	if (json_is_string(value)) {
		const char *text = text_clean(reading->arena, TEXT_LINE, json_string_value(value),
					      json_string_length(value));
		if (!text)
			return;
		moment = moment_day(text, day);
	} else if (json_is_integer(value) && json_integer_value(value) == 0) {
		moment = MOMENT_NONE;
	}
	if (judge(reading, row->path, value, moment, "a date"))
		convert_put_text(reading, row->column, arena_string(reading->arena, day),
				 row->inferred);
}

static void name_os(struct reading *reading, const struct field_map *row, const json_t *value,
		    struct osname *ret)
{
	const char *text = NULL;

	*ret = (struct osname){ 0 };
	if (json_is_string(value))
		text = text_clean(reading->arena, TEXT_LINE, json_string_value(value),
				  json_string_length(value));
	if (!text || !*text || strlen(text) > LINE_BYTES_MAX)
		return;
	if (row->convert == CONVERT_OS_ID || row->convert == CONVERT_ARCH_ID)
		osname_from_id(reading->arena, text, ret);
	else
		osname_from_name(reading->arena, text, ret);
}

/* A version belongs to its distribution: one that another field named is never mixed in. */
static void convert_os(struct reading *reading, const struct field_map *row, const json_t *value)
{
	struct record *record = reading->record;
	struct osname os;

	if (record->os_distro && record->os_version)
		return;
	name_os(reading, row, value, &os);
	if (!os.distro || (record->os_distro && strcmp(record->os_distro, os.distro) != 0))
		return;
	if (!record->os_distro)
		convert_put_text(reading, COLUMN_os_distro, os.distro, row->inferred);
	if (!record->os_version && os.version)
		convert_put_text(reading, COLUMN_os_version, os.version, row->inferred);
}

static void convert_arch(struct reading *reading, const struct field_map *row, const json_t *value)
{
	struct osname os;

	name_os(reading, row, value, &os);
	if (os.arch)
		convert_put_text(reading, row->column, os.arch, row->inferred);
}

void convert_field(struct reading *reading, const struct field_map *row, const json_t *value)
{
	/* A word is read even where it decides nothing: an unknown one is worth telling. */
	bool open = convert_is_open(reading, row->column);
	if (!open && row->convert != CONVERT_WORD && row->convert != CONVERT_OS &&
	    row->convert != CONVERT_OS_ID)
		return;
	switch (row->convert) {
	case CONVERT_END:
	case CONVERT_CONSTANT:
	case CONVERT_OS_ARCH:
	case CONVERT_KNOWN: return;
	case CONVERT_PRESENT:
		if (!is_blank(value))
			convert_put_text(reading, row->column, row->constant, row->inferred);
		return;
	case CONVERT_TEXT:
	case CONVERT_LINK:
	case CONVERT_PROSE: convert_text(reading, row, value); return;
	case CONVERT_NATIVE: convert_native(reading, row, value); return;
	case CONVERT_ID: convert_id(reading, row, value); return;
	case CONVERT_WORD:
	case CONVERT_WORD_IF: convert_word(reading, row, value); return;
	case CONVERT_INT: convert_int(reading, row, value); return;
	case CONVERT_FLAG:
	case CONVERT_FLAG_NOT: convert_flag(reading, row, value); return;
	case CONVERT_REAL: convert_real(reading, row, value); return;
	case CONVERT_TIME: convert_time(reading, row, value); return;
	case CONVERT_DATE: convert_date(reading, row, value); return;
	case CONVERT_OS:
	case CONVERT_OS_ID: convert_os(reading, row, value); return;
	case CONVERT_ARCH_NAME:
	case CONVERT_ARCH_ID: convert_arch(reading, row, value); return;
	case CONVERT_SET:
	case CONVERT_SET_SPLIT:
	case CONVERT_OBJECTS:
	case CONVERT_TAGS:
	case CONVERT_SET_HAS:
	case CONVERT_SET_FILLED: convert_list(reading, row, value); return;
	}
}
