#include "cli/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *const choice_columns[] = { "provider",  "cloud",         "service", "region", "zone",
				       "os_distro", "os_version",    "arch",    "form",   "kind",
				       "workload",  "gpu_supported", NULL };

/* ---- versions ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A number or a word; what is between is skipped. NULL at the end. */
static const char *next_part(const char **at, size_t *ret_len)
{
	const char *begin = *at;

	while (*begin && !is_digit(*begin) && !is_letter(*begin))
		begin++;
	const char *end = begin;
	while (*end && (is_digit(*begin) ? is_digit(*end) : is_letter(*end)))
		end++;
	*at = end;
	*ret_len = (size_t)(end - begin);
	return *begin ? begin : NULL;
}

static int compare_parts(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (is_digit(*a) != is_digit(*b))
		return is_digit(*a) ? 1 : -1;
	if (is_digit(*a)) {
		for (; a_len > 1 && *a == '0'; a_len--)
			a++;
		for (; b_len > 1 && *b == '0'; b_len--)
			b++;
		if (a_len != b_len)
			return a_len < b_len ? -1 : 1;
	}
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int choice_compare_versions(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	for (;;) {
		size_t a_len, b_len;
		const char *a_part = next_part(&a, &a_len), *b_part = next_part(&b, &b_len);
		if (!a_part || !b_part)
			return (a_part != NULL) - (b_part != NULL);
		int order = compare_parts(a_part, a_len, b_part, b_len);
		if (order != 0)
			return order;
	}
}

/* ---- rows ---------------------------------------------------------------------------------- */

const struct reader_row *choice_keep(struct arena *arena, const struct reader_row *row)
{
	struct reader_row *kept = arena_alloc(arena, sizeof(*kept));
	const char **names = arena_alloc(arena, row->count * sizeof(*names));
	struct reader_value *values = arena_alloc(arena, row->count * sizeof(*values));

	for (size_t i = 0; i < row->count && kept && names && values; i++) {
		names[i] = arena_string(arena, row->names[i]);
		values[i] = row->values[i];
		values[i].text = arena_string(arena, row->values[i].text);
	}
	if (!kept || arena->failed)
		return NULL;
	*kept = (struct reader_row){ row->count, names, values };
	return kept;
}

static const char *text_of(const struct reader_row *row, const char *column)
{
	const struct reader_value *value = reader_value(row, column);

	return value && value->type == READER_TEXT ? value->text : NULL;
}

/* Within these a version is compared: no place is left for another because that has a newer system.
 */
static const char *const rank_columns[] = { "provider", "cloud", "service",
					    "region",   "zone",  "os_distro" };

static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_ranks(const struct reader_row *a, const struct reader_row *b)
{
	int order = 0;

	for (size_t i = 0; i < ARRAY_LEN(rank_columns) && order == 0; i++)
		order = compare_texts(text_of(a, rank_columns[i]), text_of(b, rank_columns[i]));
	return order;
}

/* By place and distribution, the highest version first. */
static int by_rank(const void *one, const void *other)
{
	const struct reader_row *a = *(const struct reader_row *const *)one,
				*b = *(const struct reader_row *const *)other;
	int order = compare_ranks(a, b);

	return order != 0 ? order
			  : choice_compare_versions(text_of(b, "os_version"),
						    text_of(a, "os_version"));
}

static int rank_of(const void *row, const void *element)
{
	return compare_ranks(row, *(const struct reader_row *const *)element);
}

/* The first of each place and distribution; how many. */
static size_t keep_best(const struct reader_row **sorted, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_ranks(sorted[kept - 1], sorted[i]) != 0)
			sorted[kept++] = sorted[i];
	return kept;
}

size_t choice_highest(struct arena *arena, const struct reader_row **rows, size_t count)
{
	const struct reader_row **best = arena_alloc(arena, (count + 1) * sizeof(*best));
	size_t kept = 0;

	if (!best || count == 0)
		return 0;
	memcpy(best, rows, count * sizeof(*best));
	qsort(best, count, sizeof(*best), by_rank);
	size_t found = keep_best(best, count);
	for (size_t i = 0; i < count; i++) {
		const struct reader_row *const *of_its =
			bsearch(rows[i], best, found, sizeof(*best), rank_of);
		if (of_its && choice_compare_versions(text_of(rows[i], "os_version"),
						      text_of(*of_its, "os_version")) >= 0)
			rows[kept++] = rows[i];
	}
	return kept;
}

/* ---- what tells them apart ------------------------------------------------------------------- */

enum { VALUES_SHOWN = 8 };

/* As it is written behind the option. */
static void put_value(struct buf *out, const struct reader_row *row, const char *column)
{
	const struct reader_value *value = reader_value(row, column);

	if (value && value->type == READER_INT) {
		buf_puts(out, value->integer ? "yes" : "no");
		return;
	}
	if (!value || value->type == READER_NULL) {
		buf_puts(out, strcmp(column, "gpu_supported") == 0 ? "unknown" : "-");
		return;
	}
	if (strcmp(column, "os_version") == 0) {
		put_value(out, row, "os_distro");
		buf_putc(out, ':');
	}
	text_put_clean(out, TEXT_LINE, value->text, strlen(value->text));
}

static bool is_new(const struct reader_row *const *rows, size_t idx, const char *column)
{
	const struct reader_value *value = reader_value(rows[idx], column);

	for (size_t i = 0; i < idx && value; i++) {
		const struct reader_value *other = reader_value(rows[i], column);
		if (other && other->type == value->type && other->integer == value->integer &&
		    strcmp(other->text, value->text) == 0)
			return false;
	}
	return value != NULL;
}

static void put_difference(struct buf *out, const struct reader_row *const *rows, size_t count,
			   const char *column, const char *option)
{
	size_t distinct = 0;
	struct buf line;

	buf_init(&line);
	for (size_t i = 0; i < count && distinct <= VALUES_SHOWN; i++) {
		if (!is_new(rows, i, column))
			continue;
		if (distinct++ == VALUES_SHOWN) {
			buf_puts(&line, "|...");
			break;
		}
		buf_putc(&line, distinct == 1 ? (*option == 'g' ? '=' : ' ') : '|');
		put_value(&line, rows[i], column);
	}
	if (distinct > 1)
		buf_printf(out, "  --%s%s\n", option, buf_text(&line));
	out->failed |= line.failed;
	buf_finish(&line);
}

void choice_put_differences(struct buf *out, const struct reader_row *const *rows, size_t count)
{
	size_t before = out->len;

	for (size_t i = 0; choice_columns[i]; i++) {
		const char *column = choice_columns[i], *option = column;
		if (strcmp(column, "os_version") == 0)
			continue;
		if (strcmp(column, "os_distro") == 0)
			option = "os";
		if (strcmp(column, "gpu_supported") == 0)
			option = "gpu";
		put_difference(out, rows, count, column, option);
	}
	/* Where distributions differ their names are enough. */
	if (out->len == before)
		put_difference(out, rows, count, "os_version", "os");
}
