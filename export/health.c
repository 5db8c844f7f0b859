/*
 * For supervisors: does it live, can it be asked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/handlers.h"

void health_live(struct exchange *x)
{
	buf_puts(answer_begin(&x->answer, 200, TYPE_TEXT), "ok\n");
	exchange_end(x);
}

/* What the loop knows, for the worker. */
struct readiness {
	char not_stored[256]; /* "": the last poll was stored */
};

bool health_prepare(struct exchange *x)
{
	struct readiness *state = calloc(1, sizeof(*state));
	struct export_figures figures = { 0 };

	if (!state)
		return false;
	x->state = state;
	x->export->hooks.figures(x->export->hooks.data, &figures);
	if (figures.not_stored)
		strncpy(state->not_stored, figures.not_stored, sizeof(state->not_stored) - 1);
	return true;
}

static void put_check(struct buf *out, const char *name, bool good, const char *why)
{
	buf_printf(out, "[%c] %s", good ? '+' : '-', name);
	if (!good) {
		buf_puts(out, ": ");
		text_put_clean(out, TEXT_LINE, why, strlen(why));
	}
	buf_putc(out, '\n');
}

void health_ready(struct exchange *x, struct reader *reader)
{
	const struct readiness *state = x->state;
	const char *verbose = exchange_text(x, "verbose");
	bool stored = !state->not_stored[0], all = false;
	bool good = reader && stored;
	struct buf *out = answer_begin(&x->answer, good ? 200 : 503, TYPE_TEXT);

	x->answer.seq = reader ? x->mark.last_seq : -1;
	if (verbose && parameter_flag(verbose, &all) && all) {
		put_check(out, "catalog can be read", reader != NULL, "see the log");
		put_check(out, "catalog can be written", stored, state->not_stored);
	}
	buf_puts(out, good ? "ok\n" : "not ready\n");
}
