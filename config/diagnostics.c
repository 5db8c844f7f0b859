#include "config/diagnostics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
	*diagnostics = (struct diagnostics){ .arena = arena };
	diagnostics->end = &diagnostics->first;
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		     struct position position, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (severity == SEVERITY_ERROR)
		diagnostics->errors++;
	else
		diagnostics->warnings++;
	if (diagnostics->kept == DIAGNOSTICS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	struct diagnostic *d = arena_alloc(diagnostics->arena, sizeof(*d));
	if (!d)
		return;
	d->text = arena_string(diagnostics->arena, text);
	if (!d->text)
		return;
	d->severity = severity;
	d->position = position;
	*diagnostics->end = d;
	diagnostics->end = &d->next;
	diagnostics->kept++;
}

static int compare_size(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* The text is the last key only to bring the same problem, found twice, together. */
static int compare(const void *left, const void *right)
{
	const struct diagnostic *a = *(struct diagnostic *const *)left;
	const struct diagnostic *b = *(struct diagnostic *const *)right;
	int r = compare_size(a->position.document->order, b->position.document->order);

	if (r == 0)
		r = compare_size(a->position.line, b->position.line);
	if (r == 0)
		r = compare_size(a->position.column, b->position.column);
	return r ? r : strcmp(a->text, b->text);
}

/* The array of what was kept, sorted; NULL when memory is out. */
static struct diagnostic **sorted(const struct diagnostics *diagnostics)
{
	struct diagnostic **list =
		arena_alloc(diagnostics->arena,
			    (diagnostics->kept + 1) * sizeof(struct diagnostic *));
	size_t count = 0;

	if (!list)
		return NULL;
	for (struct diagnostic *d = diagnostics->first; d; d = d->next)
		list[count++] = d;
	qsort(list, count, sizeof(struct diagnostic *), compare);
	return list;
}

static void print_one(const struct diagnostic *d, struct buf *out)
{
	text_put_clean(out, TEXT_LINE, d->position.document->path,
		       strlen(d->position.document->path));
	if (d->position.line > 0)
		buf_printf(out, ":%zu:%zu", d->position.line, d->position.column);
	buf_puts(out, d->severity == SEVERITY_ERROR ? ": error: " : ": warning: ");
	text_put_clean(out, TEXT_LINE, d->text, strlen(d->text));
	buf_putc(out, '\n');
	excerpt_print(&d->position, out);
}

void diagnostics_print(struct diagnostics *diagnostics, struct buf *out)
{
	struct diagnostic **list = sorted(diagnostics);
	size_t total = diagnostics->errors + diagnostics->warnings;

	if (!list) {
		out->failed = true;
		return;
	}
	/* An alias shows its anchor's problems once more. */
	for (size_t i = 0; i < diagnostics->kept; i++) {
		if (i > 0 && compare(&list[i - 1], &list[i]) == 0)
			diagnostics->errors -= list[i]->severity == SEVERITY_ERROR;
		else
			print_one(list[i], out);
	}
	if (total > diagnostics->kept)
		buf_printf(out, "and %zu more problems\n", total - diagnostics->kept);
	if (diagnostics->errors > 0)
		buf_printf(out, "%zu error%s; configuration not loaded\n", diagnostics->errors,
			   diagnostics->errors == 1 ? "" : "s");
}
