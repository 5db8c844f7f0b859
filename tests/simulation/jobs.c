#include "tests/simulation/jobs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 64, KEPT_MAX = 3 };

/* What a process tells the one that started it, while it lives. */
struct slot {
	pid_t pid;
	uint64_t next; /* of the range: the seed that it is at */
	char directory[64];
	struct tally tally;
};

static void make_directory(struct slot *slot)
{
	struct stat info;
	bool memory = stat("/dev/shm", &info) == 0 && access("/dev/shm", W_OK) == 0;

	snprintf(slot->directory, sizeof(slot->directory), "%s/simulation-XXXXXX",
		 memory ? "/dev/shm" : "/tmp");
	if (!mkdtemp(slot->directory)) {
		perror(slot->directory);
		exit(1);
	}
}

static void tell_failure(const struct job_range *range, uint64_t seed, const char *what,
			 const char *directory)
{
	printf("FAILED seed %llu scenario %s: %s\n"
	       "       replay: simulation --scenario %s --first %llu --seeds 1 --polls %u "
	       "--verbose\n",
	       (unsigned long long)seed, range->scenario->name, what, range->scenario->name,
	       (unsigned long long)seed, range->polls);
	if (directory)
		printf("       its catalog is left in %s\n", directory);
	fflush(stdout);
}

static void remove_directory(const char *directory)
{
	DIR *files = opendir(directory);
	struct dirent *file;
	char path[512];

	while (files && (file = readdir(files))) {
		snprintf(path, sizeof(path), "%s/%s", directory, file->d_name);
		unlink(path); /* not the directory's own entries */
	}
	if (files)
		closedir(files);
	rmdir(directory);
}

static uint64_t seed_at(const struct job_range *range, uint64_t i)
{
	return range->seeds ? range->seeds[i] : range->first + i;
}

/* Each process takes every `jobs`-th seed. */
static void work(const struct job_range *range, struct slot *slot)
{
	char failure[FAILURE_TEXT];

	make_directory(slot);
	for (; slot->next < range->count; slot->next += range->jobs) {
		uint64_t seed = seed_at(range, slot->next);
		struct run_options options = { .scenario = range->scenario,
					       .seed = seed,
					       .polls = range->polls,
					       .tracing = range->tracing,
					       .directory = slot->directory };
		if (run_seed(&options, &slot->tally, failure))
			continue;
		tell_failure(range, seed, failure,
			     slot->tally.failed <= KEPT_MAX ? slot->directory : NULL);
		/* The first failed ones stay as they are. */
		if (slot->tally.failed <= KEPT_MAX)
			make_directory(slot);
	}
	remove_directory(slot->directory);
}

static bool start(const struct job_range *range, struct slot *slot)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		work(range, slot);
		exit(0);
	}
	slot->pid = pid; /* the slot is shared: only one of the two may write this */
	return pid > 0;
}

static struct slot *find_slot(struct slot *slots, unsigned jobs, pid_t pid)
{
	for (unsigned i = 0; i < jobs; i++)
		if (slots[i].pid == pid)
			return &slots[i];
	return NULL;
}

/* A process that died at a seed: the seed failed, another process goes on behind it. */
static void ended(const struct job_range *range, struct slot *slot, int status, unsigned *running)
{
	char what[64];

	slot->pid = 0;
	(*running)--;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	snprintf(what, sizeof(what), "the process ended with %s %d",
		 WIFSIGNALED(status) ? "signal" : "status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	tell_failure(range, seed_at(range, slot->next), what, slot->directory);
	slot->tally.seeds++;
	slot->tally.failed++;
	slot->next += range->jobs;
	*running += slot->next < range->count && start(range, slot);
}

bool jobs_run(const struct job_range *range, struct tally *ret)
{
	unsigned jobs = range->jobs < JOBS_MAX ? range->jobs : JOBS_MAX, running = 0;
	struct slot *slots = mmap(NULL, JOBS_MAX * sizeof(*slots), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (slots == MAP_FAILED)
		return false;
	for (unsigned i = 0; i < jobs; i++) {
		slots[i].next = i;
		if (i < range->count)
			running += start(range, &slots[i]);
	}
	while (running > 0) {
		int status;
		pid_t pid = wait(&status);
		struct slot *slot = pid > 0 ? find_slot(slots, jobs, pid) : NULL;
		if (slot)
			ended(range, slot, status, &running);
		else if (pid < 0 && errno != EINTR)
			break;
	}
	for (unsigned i = 0; i < jobs; i++)
		tally_add(ret, &slots[i].tally);
	munmap(slots, JOBS_MAX * sizeof(*slots));
	return running == 0;
}
