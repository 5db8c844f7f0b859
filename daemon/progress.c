#include "daemon/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

enum { REDRAW_MS = 100, LINES_MAX = 12 };

/* Listings in flight are redrawn in place below the lines of those that have ended. */
struct progress {
	struct watch *const *const *watches; /* the app's list; it may grow */
	const size_t *count;
	uv_timer_t timer;
	bool live;
	unsigned drawn; /* lines to go up before the next redraw */
	void (*closed)(void *data);
	void *closed_data;
};

static size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

/* One line, cleaned, cut to the terminal. */
static void put_line(struct buf *out, const char *text, size_t columns)
{
	struct buf clean;

	buf_init(&clean);
	text_put_clean(&clean, TEXT_LINE, text, strlen(text));
	size_t fits = columns > 0 ? text_fit(buf_text(&clean), columns) : clean.len;
	buf_put(out, buf_text(&clean), fits);
	buf_putc(out, '\n');
	buf_finish(&clean);
}

static void erase(struct progress *p, struct buf *out)
{
	if (p->drawn > 0)
		buf_printf(out, "\033[%uA\033[J", p->drawn);
	p->drawn = 0;
}

static void draw(struct progress *p, struct buf *out)
{
	size_t columns = terminal_columns() - 1;
	size_t running = 0;

	for (size_t i = 0; i < *p->count; i++) {
		const struct watch *w = (*p->watches)[i];
		struct buf line;

		if (!w->poll)
			continue;
		if (++running > LINES_MAX)
			continue;
		struct poll_progress now = poll_progress(w->poll);
		buf_init(&line);
		watch_put_name(&line, &w->identity);
		buf_printf(&line, ": %zu pages, %zu images", now.pages, now.images);
		if (now.total > 0)
			buf_printf(&line, ", %lld%%",
				   (long long)((int64_t)now.images * 100 / now.total));
		put_line(out, buf_text(&line), columns);
		p->drawn++;
		buf_finish(&line);
	}
	if (running > LINES_MAX) {
		buf_printf(out, "… and %zu more\n", running - LINES_MAX);
		p->drawn++;
	}
}

static void on_redraw(uv_timer_t *timer)
{
	struct progress *p = container_of(timer, struct progress, timer);
	struct buf out;

	buf_init(&out);
	erase(p, &out);
	draw(p, &out);
	log_put(out.bytes, out.len);
	buf_finish(&out);
}

int progress_open(struct progress **ret, uv_loop_t *loop, struct watch *const *const *watches,
		  const size_t *count)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (!p)
		return UV_ENOMEM;
	p->watches = watches;
	p->count = count;
	p->live = isatty(STDERR_FILENO) == 1 && !(term && strcmp(term, "dumb") == 0);
	int rc = uv_timer_init(loop, &p->timer);
	if (rc == 0 && p->live)
		rc = uv_timer_start(&p->timer, on_redraw, REDRAW_MS, REDRAW_MS);
	assert(rc == 0);
	*ret = p;
	return 0;
}

static void put_count(struct buf *line, const char *before, int64_t n, const char *noun)
{
	buf_printf(line, "%s%lld %s%s", before, (long long)n, noun, n == 1 ? "" : "s");
}

static void put_result(struct buf *line, const struct watch *w, const struct poll_report *report)
{
	const struct poll_log *log = report->log;
	const struct commit *c = report->commit;

	if (report->store_error) {
		watch_put_name(line, &w->identity);
		buf_printf(line, ": not stored: %s", report->store_error);
		return;
	}
	if (log->message) {
		buf_printf(line, "%s: ", outcome_text(log->outcome));
		buf_puts(line, log->message);
	} else {
		buf_printf(line, "%s: ", outcome_text(log->outcome));
		watch_put_name(line, &w->identity);
	}
	put_count(line, "; ", log->items, w->discovery ? "place" : "image");
	if (c->added > 0)
		buf_printf(line, ", %lld new", (long long)c->added);
	if (c->changed_count > 0)
		buf_printf(line, ", %lld changed", (long long)c->changed_count);
	if (c->removed > 0)
		buf_printf(line, ", %lld removed", (long long)c->removed);
	if (log->warnings > 0)
		put_count(line, ", ", log->warnings, "warning");
	put_count(line, " (", log->requests, "request");
	buf_printf(line, ", %lld ms)", (long long)log->duration_ms);
}

void progress_ended(struct progress *p, const struct watch *watch, const struct poll_report *report)
{
	struct buf out, line;

	buf_init(&out);
	buf_init(&line);
	put_result(&line, watch, report);
	if (p->live)
		erase(p, &out);
	put_line(&out, buf_text(&line), 0);
	if (p->live)
		draw(p, &out);
	log_put(out.bytes, out.len);
	buf_finish(&line);
	buf_finish(&out);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct progress *p = container_of((uv_timer_t *)handle, struct progress, timer);
	struct buf out;

	buf_init(&out);
	if (p->live)
		erase(p, &out);
	log_put(out.bytes, out.len);
	buf_finish(&out);
	void (*closed)(void *) = p->closed;
	void *data = p->closed_data;
	free(p);
	closed(data);
}

void progress_close(struct progress *p, void (*closed)(void *data), void *data)
{
	p->closed = closed;
	p->closed_data = data;
	uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}
