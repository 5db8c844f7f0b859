#include "export/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int64_t count_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	int64_t count = 0;

	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count - 1; /* the directory itself */
}

void process_read(struct process_figures *ret)
{
	struct rusage usage;
	struct rlimit limit;
	long long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	*ret = (struct process_figures){ .open_fds = count_files() };
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		ret->cpu_s = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		ret->max_fds = (int64_t)limit.rlim_cur;
	if (!file)
		return;
	if (fscanf(file, "%lld %lld", &size, &resident) == 2) {
		ret->virtual_bytes = size * sysconf(_SC_PAGESIZE);
		ret->resident_bytes = resident * sysconf(_SC_PAGESIZE);
	}
	fclose(file);
}
