#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/server.h"
#include "sim/options.h"
#include "sim/sim.h"

struct program {
	uv_loop_t loop;
	uv_signal_t terminate, interrupt;
	struct sim *sim;
};

static void on_sim_closed(void *data)
{
	(void)data;
}

/* The second signal finds everything closing already. */
static void on_signal(uv_signal_t *handle, int number)
{
	struct program *program = handle->data;

	(void)number;
	if (!program->sim)
		return;
	sim_close(program->sim, on_sim_closed, NULL);
	program->sim = NULL;
	uv_close((uv_handle_t *)&program->terminate, NULL);
	uv_close((uv_handle_t *)&program->interrupt, NULL);
}

static void watch_signals(struct program *program)
{
	uv_signal_init(&program->loop, &program->terminate);
	uv_signal_init(&program->loop, &program->interrupt);
	program->terminate.data = program->interrupt.data = program;
	uv_signal_start(&program->terminate, on_signal, SIGTERM);
	uv_signal_start(&program->interrupt, on_signal, SIGINT);
	signal(SIGPIPE, SIG_IGN);
}

static void tell_ready(const struct program *program, const struct sim_arguments *arguments)
{
	const char *listen = arguments->options.listen;
	char address[160];

	if (strncmp(listen, "unix:", 5) == 0)
		snprintf(address, sizeof(address), "%s", listen);
	else
		snprintf(address, sizeof(address), "http://%.*s:%d",
			 (int)(strrchr(listen, ':') - listen), listen, sim_port(program->sim));
	printf("listening on %s\n", address);
	fflush(stdout);
	if (arguments->ready_fd >= 0) {
		dprintf(arguments->ready_fd, "%s\n", address);
		close(arguments->ready_fd);
	}
}

static int run(const struct sim_arguments *arguments)
{
	struct program program = { 0 };
	struct error err = { 0 };

	if (uv_loop_init(&program.loop) < 0)
		return 1;
	if (sim_open(&program.sim, &program.loop, &arguments->options, &err) < 0) {
		fprintf(stderr, "imagecat-sim: %s\n", err.text);
		(void)uv_loop_close(&program.loop);
		return 1;
	}
	watch_signals(&program);
	tell_ready(&program, arguments);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&program.loop) == 0 ? 0 : 1;
}

int main(int argc, char *argv[])
{
	static struct sim_arguments arguments;
	struct error err = { 0 };
	struct buf help = { 0 };

	switch (options_parse(&arguments, argc, argv, &err)) {
	case OPTIONS_RUN: return run(&arguments);
	case OPTIONS_VERSION: printf("imagecat-sim %s\n", IMAGECAT_VERSION); return 0;
	case OPTIONS_HELP:
		options_put_help(&help);
		fputs(buf_text(&help), stdout);
		buf_finish(&help);
		return 0;
	case OPTIONS_WRONG: break;
	}
	fprintf(stderr, "imagecat-sim: %s\nTry 'imagecat-sim --help'.\n", err.text);
	return 2;
}
