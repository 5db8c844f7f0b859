#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/daemon.h"

/* A number of the answer; it is the daemon's own and flat. */
static long number_of(const char *body, const char *key)
{
	const char *at = strstr(body, key);

	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

static int print_answer(const char *body)
{
	long due = number_of(body, "\"due\":"), running = number_of(body, "\"running\":");
	struct buf out;

	buf_init(&out);
	buf_printf(&out, "%ld listing%s begun", due, due == 1 ? "" : "s");
	if (running > 0)
		buf_printf(&out, ", %ld in the middle of a poll: another one follows", running);
	buf_putc(&out, '\n');
	return print_buf(&out);
}

int poll_run(struct call *call)
{
	struct buf listing, body;

	buf_init(&listing);
	buf_init(&body);
	int status = daemon_post(&call->daemon, "/-/poll",
				 daemon_listing(&listing, call->words, call->word_count), &body);
	if (status == CLI_OK)
		status = print_answer(buf_text(&body));
	buf_finish(&listing);
	buf_finish(&body);
	return status;
}
