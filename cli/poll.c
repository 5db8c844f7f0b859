#include <stdio.h>
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

static void print_answer(const char *body)
{
	long due = number_of(body, "\"due\":"), running = number_of(body, "\"running\":");

	printf("%ld listing%s begun", due, due == 1 ? "" : "s");
	if (running > 0)
		printf(", %ld in the middle of a poll: another one follows", running);
	putchar('\n');
}

int poll_run(struct call *call)
{
	struct buf listing, body;

	buf_init(&listing);
	buf_init(&body);
	int status = daemon_post(&call->daemon, "/-/poll",
				 daemon_listing(&listing, call->words, call->word_count), &body);
	if (status == CLI_OK)
		print_answer(buf_text(&body));
	buf_finish(&listing);
	buf_finish(&body);
	return status;
}
