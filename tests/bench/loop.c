/*
 * The daemon, with a stopwatch on its loop thread: how long it stayed away from epoll_wait(), that
 * is for how long no socket and no timer of it was heard.
 *
 *   bench_loop CONFIG             imagecatd --once; one line on stdout: the longest absence and how
 * many were longer than 20 ms, in wall time and in CPU time of the thread; and how often the thread
 * slept anywhere but in epoll_wait(), for a disk, a lock, or a peer, and how long at most in a turn
 *   bench_loop --service CONFIG   the same of imagecatd, until SIGTERM
 *
 * Wall time counts what the disk or another process took from the thread too; CPU time and sleeps
 * do not. libuv finds the functions below before those of libc, since the program defines them;
 * libmicrohttpd, which has a descriptor of its own that it never waits for, is not counted.
 */
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/app.h"
#include "providers/registry.h"
#include "tests/bench/bench.h"

typedef int wait_fn(int epoll, struct epoll_event *events, int max, int timeout_ms);
typedef int pwait_fn(int epoll, struct epoll_event *events, int max, int timeout_ms,
		     const sigset_t *mask);

static const double long_s = 0.020, long_sleep_s = 0.200;

struct stopwatch {
	clockid_t clock;
	double since; /* 0: not running */
	double longest, total;
	unsigned long over;
};

static _Thread_local bool is_loop_thread;
static struct stopwatch wall = { .clock = CLOCK_MONOTONIC };
static struct stopwatch cpu = { .clock = CLOCK_THREAD_CPUTIME_ID };
static unsigned long turns;
static int loop_epoll = -1; /* the first one that the thread waits for */
static long sleeps, sleeps_before = -1;
/*
 * What is left of the wall time between two waits without the time on a processor and the time in
 * the queue for one: other processes do not count.
 */
static double queued_since, longest_sleep;
static unsigned long long_sleeps;

static long sleeps_of_thread(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage) != 0)
		die("getrusage", "failed");
	return usage.ru_nvcsw;
}

/* Ready to run, and kept waiting by others. */
static double queued_of_thread(void)
{
	unsigned long long run, queued;
	FILE *file = fopen("/proc/thread-self/schedstat", "re");

	if (!file || fscanf(file, "%llu %llu", &run, &queued) != 2)
		die("/proc/thread-self/schedstat", "cannot be read");
	(void)fclose(file);
	return (double)queued / 1e9;
}

static void count_sleep(void)
{
	double slept = (seconds(wall.clock) - wall.since) - (seconds(cpu.clock) - cpu.since) -
		       (queued_of_thread() - queued_since);

	long_sleeps += slept > long_sleep_s;
	if (slept > longest_sleep)
		longest_sleep = slept;
}

static bool is_loop(int epoll)
{
	if (is_loop_thread && loop_epoll < 0)
		loop_epoll = epoll;
	return is_loop_thread && epoll == loop_epoll;
}

static void stop(struct stopwatch *w)
{
	if (w->since <= 0)
		return;
	double away = seconds(w->clock) - w->since;
	w->total += away;
	w->over += away > long_s;
	if (away > w->longest)
		w->longest = away;
}

static void enter(int epoll)
{
	if (!is_loop(epoll))
		return;
	stop(&wall);
	stop(&cpu);
	if (sleeps_before >= 0) {
		sleeps += sleeps_of_thread() - sleeps_before;
		count_sleep();
	}
	turns++;
}

static void leave(int epoll)
{
	if (!is_loop(epoll))
		return;
	sleeps_before = sleeps_of_thread();
	queued_since = queued_of_thread();
	wall.since = seconds(wall.clock);
	cpu.since = seconds(cpu.clock);
}

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		die(name, "not found");
	return found;
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
	static wait_fn *next;

	if (!next)
		next = (wait_fn *)(uintptr_t)real("epoll_wait");
	enter(epoll);
	int n = next(epoll, events, max, timeout_ms);
	leave(epoll);
	return n;
}

int epoll_pwait(int epoll, struct epoll_event *events, int max, int timeout_ms,
		const sigset_t *mask)
{
	static pwait_fn *next;

	if (!next)
		next = (pwait_fn *)(uintptr_t)real("epoll_pwait");
	enter(epoll);
	int n = next(epoll, events, max, timeout_ms, mask);
	leave(epoll);
	return n;
}

int main(int argc, char **argv)
{
	struct config *config = NULL;
	struct buf text;

	bool service = argc == 3 && strcmp(argv[1], "--service") == 0;
	if (argc != 2 && !service) {
		fputs("Usage: bench_loop [--service] CONFIG\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	buf_init(&text);
	int rc = config_load(&config, argv[argc - 1], builtin_providers, CONFIG_RUN, &text);
	fputs(buf_text(&text), stderr);
	buf_finish(&text);
	if (rc < 0)
		return APP_CONFIG;
	log_setup(config->log.level, config->log.format);
	is_loop_thread = true;
	enum app_status status = app_run(config, env_system(), !service);
	config_free(config);
	if (turns == 0)
		die("epoll_wait", "libuv never called it here: nothing was measured");
	printf("turns=%lu longest_wall=%.6f longest_cpu=%.6f over_wall=%lu over_cpu=%lu "
	       "busy_cpu=%.6f sleeps=%ld longest_sleep=%.6f long_sleeps=%lu\n",
	       turns, wall.longest, cpu.longest, wall.over, cpu.over, cpu.total, sleeps,
	       longest_sleep, long_sleeps);
	return status;
}
