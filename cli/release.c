#include <stdio.h>

#include "cli/command.h"

int release_run(struct call *call)
{
	struct buf listing, body;

	buf_init(&listing);
	buf_init(&body);
	int status = daemon_post(&call->daemon, "/-/release",
				 daemon_listing(&listing, call->words, call->word_count), &body);
	if (status == CLI_OK)
		printf("%s: released, the next complete poll is believed\n", buf_text(&listing));
	buf_finish(&listing);
	buf_finish(&body);
	return status;
}
