/*
 * changes: the feed, and what is added to it while it is watched.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/rows.h"

/* How often the catalog is asked whether anything was committed: a look at shared memory. */
static const struct timespec look_again = { .tv_nsec = 300 * 1000 * 1000 };

static const char *const table_columns[] = { "seq",  "at",      "kind",    "image_id", "name",
					     "what", "account", "service", "region",   NULL };
static const char *const id_columns[] = { "image_id", NULL };

static struct view_query query_of(const struct call *call)
{
	const struct image_filter *f = &call->filter;

	return (struct view_query){ .account = f->account,
				    .service = f->service,
				    .region = f->region,
				    .zone = f->zone,
				    .kind = call->change,
				    .listing_id = call->listing_id,
				    .after = call->after,
				    .since = f->since,
				    .limit = f->limit,
				    .explained = call->format == OUTPUT_TABLE };
}

/* ---- following ----------------------------------------------------------------------------- */

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

struct follower {
	const struct call *call;
	struct reader *reader;
	struct output *output; /* NULL: lines for people */
	struct view_query query;
	int64_t version;
	struct stat file;
};

/* A line as it comes: widths of rows that are not there yet are not known. */
static int print_line(struct follower *f, const struct reader_row *row)
{
	static const char *const parts[] = { "account", "service",  "region",
					     "zone",    "image_id", "name" };
	const struct reader_value *at = reader_value(row, "at");
	struct buf line;

	buf_init(&line);
	output_put_time(&line, at ? at->integer : 0, f->call->utc);
	buf_puts(&line, "  ");
	text_put_clean(&line, TEXT_LINE, reader_text(row, "kind"),
		       strlen(reader_text(row, "kind")));
	for (size_t i = text_width(reader_text(row, "kind")); i < 9; i++)
		buf_putc(&line, ' ');
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *text = reader_text(row, parts[i]);
		buf_puts(&line, *text ? " " : "");
		text_put_clean(&line, TEXT_LINE, text, strlen(text));
	}
	if (*reader_text(row, "what")) {
		buf_puts(&line, "  ");
		text_put_clean(&line, TEXT_LINE, reader_text(row, "what"),
			       strlen(reader_text(row, "what")));
	}
	buf_putc(&line, '\n');
	int result = line.failed ? -ENOMEM : fputs(buf_text(&line), stdout) < 0 ? -errno : 0;
	buf_finish(&line);
	return result;
}

static int on_change(const struct reader_row *row, void *data)
{
	struct follower *f = data;

	return f->output ? output_row(f->output, row) : print_line(f, row);
}

/* What was committed since; the time of the first question counts for the later ones as well. Also
 * what a filter leaves out has been read: how far shows in no row. */
static int print_news(struct follower *f, struct error *err)
{
	struct reader_mark mark = { 0 };
	int result = reader_begin(f->reader, err);

	if (result < 0)
		return result;
	result = reader_mark(f->reader, &mark, err);
	if (result == 0)
		result = reader_query_view(f->reader, VIEW_changes, &f->query, on_change, f, err);
	reader_end(f->reader);
	f->query.after = mark.last_seq;
	if (result == 0 && fflush(stdout) != 0)
		result = -errno;
	return result;
}

/* A catalog that was put in place of this one would never show. */
static int check_file(const struct follower *f, struct error *err)
{
	struct stat now;

	if (stat(f->call->catalog, &now) != 0)
		return error_set(err, -errno, "the catalog '%s' is gone: %s", f->call->catalog,
				 strerror(errno));
	if (now.st_ino != f->file.st_ino || now.st_dev != f->file.st_dev)
		return error_set(err, -ESTALE,
				 "the catalog '%s' was replaced by another: start again",
				 f->call->catalog);
	return 0;
}

/* Returns early when a signal came, and with -EPIPE when nobody reads any more. */
static int wait_a_little(const sigset_t *waiting_mask)
{
	struct pollfd out = { .fd = fileno(stdout) };

	if (ppoll(&out, 1, &look_again, waiting_mask) > 0 && out.revents & (POLLERR | POLLHUP))
		return -EPIPE;
	return 0;
}

static int follow(struct follower *f, const sigset_t *waiting_mask, struct error *err)
{
	int result = print_news(f, err);

	while (result == 0 && !ended) {
		int64_t version = f->version;
		result = wait_a_little(waiting_mask);
		if (result == 0)
			result = check_file(f, err);
		if (result == 0)
			result = reader_version(f->reader, &version, err);
		if (result == 0 && version != f->version)
			result = print_news(f, err);
		f->version = version;
	}
	return result;
}

/* Signals are let in only while it waits, so that none is missed between a look and the wait. */
static void watch_signals(sigset_t *ret_waiting_mask)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, ret_waiting_mask);
	sigdelset(ret_waiting_mask, SIGINT);
	sigdelset(ret_waiting_mask, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int find_end(struct follower *f, struct error *err)
{
	struct reader_mark mark;

	if (f->call->given & (TAKES(AFTER) | TAKES(SINCE)))
		return 0;
	int result = reader_mark(f->reader, &mark, err);
	f->query.after = result == 0 ? mark.last_seq : 0;
	return result;
}

static int follow_opened(struct follower *f)
{
	struct error err = { 0 };
	sigset_t waiting_mask;

	watch_signals(&waiting_mask);
	int result = stat(f->call->catalog, &f->file) == 0 ? 0 : -errno;
	if (result == 0)
		result = reader_version(f->reader, &f->version, &err);
	if (result == 0)
		result = find_end(f, &err);
	if (result == 0)
		result = follow(f, &waiting_mask, &err);
	if (f->output)
		output_close(f->output, true);
	/* Who reads has seen enough. */
	return result == -EPIPE ? CLI_OK : complain_result(result, &err);
}

static int follow_changes(const struct call *call)
{
	struct follower f = { .call = call, .query = query_of(call) };

	if (call->format == OUTPUT_JSON)
		return complain(CLI_USAGE, "--follow: an array that never ends is no JSON; take "
					   "-o ndjson");
	if (call->filter.columns || call->filter.limit)
		return complain(CLI_USAGE, "--follow prints lines or whole rows without an end: "
					   "leave out --columns and --limit");
	f.reader = open_catalog(call->catalog);
	if (!f.reader)
		return CLI_ERROR;
	int status = CLI_OK;
	if (call->format != OUTPUT_TABLE &&
	    output_open(&f.output, stdout, call->format, call->utc) < 0)
		status = complain(CLI_ERROR, "out of memory");
	if (status == CLI_OK)
		status = follow_opened(&f);
	reader_close(f.reader);
	return status;
}

int changes_run(struct call *call)
{
	const struct view_query query = query_of(call);

	return call->follow
		       ? follow_changes(call)
		       : rows_print_view(call, VIEW_changes, &query, table_columns, id_columns);
}
