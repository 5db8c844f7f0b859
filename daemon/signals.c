#include "daemon/signals.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static const int numbers[SIGNALS_COUNT] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

static void on_signal(uv_signal_t *handle, int number)
{
	struct signals *s = handle->data;

	switch (number) {
	case SIGHUP: s->reload(s->data); break;
	case SIGUSR1: s->survey(s->data); break;
	default: s->stop(s->data, number); break;
	}
}

int signals_open(struct signals *s, uv_loop_t *loop)
{
	signal(SIGUSR2, SIG_IGN);
	for (s->open = 0; s->open < SIGNALS_COUNT;) {
		uv_signal_t *handle = &s->handles[s->open];
		int rc = uv_signal_init(loop, handle);
		if (rc < 0)
			return rc;
		handle->data = s;
		rc = uv_signal_start(handle, on_signal, numbers[s->open++]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the last resort ----------------------------------------------------------------------- */

enum { DEADLINE_S = 4 };

static volatile sig_atomic_t deadline_status;

static void on_deadline(int number)
{
	(void)number;
	_exit(deadline_status);
}

void signals_deadline(int status)
{
	const struct itimerval after = { .it_value = { .tv_sec = DEADLINE_S } };

	deadline_status = status;
	signal(SIGALRM, on_deadline);
	(void)setitimer(ITIMER_REAL, &after, NULL);
}

/* ---- closing -------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct signals *s = handle->data;

	if (--s->open == 0)
		s->closed(s->data);
}

void signals_close(struct signals *s, void (*closed)(void *data))
{
	size_t count = s->open;

	s->closed = closed;
	if (count == 0) {
		closed(s->data);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uv_close((uv_handle_t *)&s->handles[i], on_closed);
		/* libuv gives back the default: a second SIGTERM must not kill what has just
		 * ended well. */
		signal(numbers[i], SIG_IGN);
	}
}
