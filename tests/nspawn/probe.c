/*
 * Tries to get out of the sandbox, one attempt a line: "denied NAME" or "ESCAPED NAME".
 *
 *   probe          all attempts, from wherever it was started
 *   probe attach PID   as gdb and gcore would
 *
 * Started without a sandbox, as root, most attempts succeed: that shows that they are real. So they
 * must do no harm: what is written is removed, what takes numbers gets the present ones.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATE "/var/lib/imagecat/"

static bool opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool created(const char *path)
{
	bool made = opened(path, O_WRONLY | O_CREAT | O_EXCL);

	if (made)
		unlink(path);
	return made;
}

static bool listed(const char *path)
{
	DIR *directory = opendir(path);
	bool any = directory && readdir(directory);

	if (directory)
		closedir(directory);
	return any;
}

static bool socketed(int domain, int type, int protocol)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A child that cannot execute ends with 111. */
static bool executed(const char *path, const char *argument)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execl(path, path, "-c", argument, NULL);
		_exit(111);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool attached(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return false;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static bool in_child(bool (*attempt)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(attempt() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool shadow(void)
{
	return opened("/etc/shadow", O_RDONLY);
}
static bool write_usr(void)
{
	return created("/usr/escaped");
}
static bool write_etc(void)
{
	return created("/etc/escaped");
}
static bool write_config(void)
{
	return created("/etc/imagecat/escaped");
}
static bool write_boot(void)
{
	return created("/boot/escaped");
}
static bool write_var(void)
{
	return created("/var/lib/escaped");
}
static bool read_root(void)
{
	return listed("/root");
}
static bool read_home(void)
{
	return opened("/home/reader/secret", O_RDONLY);
}
static bool packet_socket(void)
{
	return socketed(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}
static bool raw_socket(void)
{
	return socketed(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static bool other_socket(void)
{
	return socketed(AF_ALG, SOCK_SEQPACKET, 0);
}
static bool shell(void)
{
	return executed("/bin/sh", "exit 0");
}
static bool trace_init(void)
{
	return attached(1);
}
static bool proc_of_others(void)
{
	return opened("/proc/1/cmdline", O_RDONLY);
}
static bool dev_mem(void)
{
	return opened("/dev/mem", O_RDONLY) || opened("/dev/kmsg", O_RDONLY);
}
static bool kernel_log(void)
{
	return klogctl(10, NULL, 0) >= 0;
}
static bool set_uid(void)
{
	return setuid(0) == 0;
}
static bool user_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}
static bool mount_namespace(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

static bool mounted(void)
{
	if (mount("none", "/tmp", "tmpfs", 0, NULL) != 0)
		return false;
	umount2("/tmp", MNT_DETACH);
	return true;
}

static bool copied(const char *to)
{
	char bytes[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t n = in >= 0 && out >= 0 ? 1 : -1;

	while (n > 0) {
		n = read(in, bytes, sizeof(bytes));
		if (n > 0 && write(out, bytes, (size_t)n) != n)
			n = -1;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n == 0;
}

static bool ran_copy(const char *path)
{
	bool ran = copied(path) && executed(path, "");

	unlink(path);
	return ran;
}

static bool own_program(void)
{
	return ran_copy(STATE "escaped");
}

static bool temporary_program(void)
{
	return ran_copy("/tmp/escaped") || ran_copy("/var/tmp/escaped") ||
	       ran_copy("/run/imagecat/escaped") || ran_copy("/dev/shm/escaped");
}

/* What dlopen() of a file in the state directory needs. */
static bool own_library(void)
{
	int fd = open(STATE "escaped", O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	void *map = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, 4096) == 0)
		map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED)
		munmap(map, 4096);
	if (fd >= 0)
		close(fd);
	unlink(STATE "escaped");
	return map != MAP_FAILED;
}

static bool set_user_bit(void)
{
	int fd = open(STATE "escaped", O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	bool set = fd >= 0 && fchmod(fd, 04755) == 0;

	if (fd >= 0)
		close(fd);
	unlink(STATE "escaped");
	return set;
}

static bool write_and_execute(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map != MAP_FAILED)
		munmap(map, 4096);
	return map != MAP_FAILED;
}

static bool make_device(void)
{
	bool made = mknod(STATE "escaped", S_IFCHR | 0600, makedev(1, 3)) == 0;

	unlink(STATE "escaped");
	return made;
}

static bool set_clock(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 && clock_settime(CLOCK_REALTIME, &now) == 0;
}

static bool set_hostname(void)
{
	char name[256];

	return gethostname(name, sizeof(name)) == 0 && sethostname(name, strlen(name)) == 0;
}

/* The open alone is the right to change it. */
static bool set_sysctl(void)
{
	return opened("/proc/sys/kernel/domainname", O_WRONLY);
}

static bool set_personality(void)
{
	int now = personality(0xffffffff);

	return now != -1 && personality((unsigned long)now | ADDR_NO_RANDOMIZE) != -1;
}

static bool realtime(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

/* A syscall that is let through complains of the arguments; EPERM and ENOSYS are the sandbox. */
static bool let_through(long result)
{
	return result >= 0 || (errno != EPERM && errno != ENOSYS && errno != EACCES);
}

static bool load_module(void)
{
	return let_through(syscall(SYS_init_module, "", 0UL, ""));
}
static bool kexec(void)
{
	return let_through(syscall(SYS_kexec_load, 0UL, 0UL, NULL, ~0UL));
}
static bool keys(void)
{
	return let_through(syscall(SYS_keyctl, 0, -3, 0));
}
static bool io_uring(void)
{
	return let_through(syscall(SYS_io_uring_setup, 0, NULL));
}
static bool swap_on(void)
{
	return let_through(syscall(SYS_swapon, "/escaped", 0));
}
static bool chroot_to(void)
{
	return chroot("/usr") == 0;
}

static bool load_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};
	long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static bool perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_DUMMY };
	long fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static bool set_cgroup(void)
{
	return opened("/sys/fs/cgroup/cgroup.procs", O_WRONLY) ||
	       opened("/sys/fs/cgroup/system.slice/cgroup.procs", O_WRONLY);
}

/* clang-format off */
static const struct { const char *name; bool (*attempt)(void); } attempts[] = {
	{ "open /etc/shadow", shadow },           { "write /usr", write_usr },
	{ "write /etc", write_etc },              { "write its own configuration", write_config },
	{ "write /boot", write_boot },            { "write /var/lib", write_var },
	{ "read /root", read_root },              { "read /home", read_home },
	{ "packet socket", packet_socket },       { "raw IP socket", raw_socket },
	{ "AF_ALG socket", other_socket },        { "execute /bin/sh", shell },
	{ "execute a file of its own", own_program },
	{ "execute a temporary file", temporary_program }, { "map a library of its own", own_library },
	{ "write and execute memory", write_and_execute }, { "set-user-id bit", set_user_bit },
	{ "make a device", make_device },         { "attach to process 1", trace_init },
	{ "read /proc of others", proc_of_others }, { "read /dev/mem, /dev/kmsg", dev_mem },
	{ "read the kernel log", kernel_log },    { "mount", mounted },
	{ "user namespace", user_namespace },     { "mount namespace", mount_namespace },
	{ "setuid(0)", set_uid },                 { "chroot", chroot_to },
	{ "load a kernel module", load_module },  { "kexec", kexec },
	{ "change a sysctl", set_sysctl },        { "set the clock", set_clock },
	{ "set the host name", set_hostname },    { "change the personality", set_personality },
	{ "realtime priority", realtime },        { "bpf", load_bpf },
	{ "perf events", perf },                  { "keyrings", keys },
	{ "io_uring", io_uring },                 { "swapon", swap_on },
	{ "move to another control group", set_cgroup },
};
/* clang-format on */

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "attach") == 0)
		return attached((pid_t)strtol(argv[2], NULL, 10)) ? 0 : 1;
	if (argc > 1)
		return 0; /* a copy of it was run */
	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++)
		printf("%s %s\n", in_child(attempts[i].attempt) ? "ESCAPED" : "denied",
		       attempts[i].name);
	return fflush(stdout) == 0 ? 0 : 1;
}
