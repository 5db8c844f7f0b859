#include "daemon/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* Those that stop come last: see signals_ready(). */
static const int numbers[SIGNALS_COUNT] = { SIGHUP, SIGUSR1, SIGINT, SIGTERM };
enum { SIGNALS_KEPT = 2 };

static void on_signal(uv_signal_t *handle, int number)
{
	struct signals *s = handle->data;

	switch (number) {
	case SIGHUP: s->reload(s->data); break;
	case SIGUSR1: s->survey(s->data); break;
	default: s->stop(s->data, number); break;
	}
}

/* Dies of the same signal; who is process 1 does not, and ends. */
static void on_early_stop(int number)
{
	(void)raise(number);
	_exit(128 + number);
}

static int start(struct signals *s, size_t from, size_t to)
{
	int rc = 0;

	for (size_t i = from; i < to && rc == 0; i++)
		rc = uv_signal_start(&s->handles[i], on_signal, numbers[i]);
	return rc;
}

int signals_open(struct signals *s, uv_loop_t *loop)
{
	const struct sigaction early = { .sa_handler = on_early_stop,
					 .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	signal(SIGUSR2, SIG_IGN);
	for (s->open = 0; s->open < SIGNALS_COUNT; s->open++) {
		int rc = uv_signal_init(loop, &s->handles[s->open]);
		if (rc < 0)
			return rc;
		s->handles[s->open].data = s;
	}
	for (size_t i = SIGNALS_KEPT; i < SIGNALS_COUNT; i++)
		if (sigaction(numbers[i], &early, NULL) < 0)
			return -errno;
	return start(s, 0, SIGNALS_KEPT);
}

int signals_ready(struct signals *s)
{
	return start(s, SIGNALS_KEPT, SIGNALS_COUNT);
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
