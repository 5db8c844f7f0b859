#include "cli/command.h"

int release_run(struct call *call)
{
	struct buf listing, body, out;

	buf_init(&listing);
	buf_init(&body);
	int status = daemon_post(&call->daemon, "/-/release",
				 daemon_listing(&listing, call->words, call->word_count), &body);
	if (status == CLI_OK) {
		buf_init(&out);
		buf_printf(&out, "%s: released, the next complete poll is believed\n",
			   buf_text(&listing));
		status = print_buf(&out);
	}
	buf_finish(&listing);
	buf_finish(&body);
	return status;
}
