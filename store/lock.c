#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { CATALOG_MODE = 0640 };

/* What the holder wrote: "pid 4711 (imagecatd)". Cleaned, since anyone in the group may write
 * there. */
static void read_holder(int lock, char *ret_holder, size_t size)
{
	char bytes[128];
	struct buf clean;
	ssize_t n = pread(lock, bytes, sizeof(bytes), 0);

	buf_init(&clean);
	if (n > 0)
		text_put_clean(&clean, TEXT_LINE, bytes, (size_t)n);
	snprintf(ret_holder, size, "%s", clean.len ? buf_text(&clean) : "another process");
	buf_finish(&clean);
}

static int write_holder(int lock)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "pid %ld (%s)\n", (long)getpid(),
			   program_invocation_short_name);

	if (len < 0 || (size_t)len >= sizeof(text))
		return -EINVAL;
	if (ftruncate(lock, 0) != 0)
		return -errno;
	ssize_t n = pwrite(lock, text, (size_t)len, 0);
	return n < 0 ? -errno : n == len ? 0 : -EIO;
}

static int explain_open(const char *catalog, const char *lock_path, int code, struct error *err)
{
	if (code == ENOENT || code == ENOTDIR)
		return error_set(
			err, -code,
			"catalog '%s': its directory does not exist: create it, owned by the "
			"user that runs imagecatd",
			catalog);
	if (code == EACCES || code == EPERM)
		return error_set(
			err, -code,
			"catalog '%s': cannot write '%s': let the user that runs imagecatd write "
			"in that directory",
			catalog, lock_path);
	if (code == EROFS)
		return error_set(
			err, -code,
			"catalog '%s': its file system is mounted read-only: set catalog.path to a "
			"writable place",
			catalog);
	return error_set(err, -code, "catalog '%s': cannot open '%s': %s", catalog, lock_path,
			 strerror(code));
}

int lock_take(const char *catalog, const char *lock_path, struct error *err)
{
	int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, CATALOG_MODE);

	if (lock < 0)
		return explain_open(catalog, lock_path, errno, err);
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		int code = errno;
		char holder[160];
		read_holder(lock, holder, sizeof(holder));
		close(lock);
		if (code != EWOULDBLOCK)
			return error_set(err, -code, "catalog '%s': cannot lock '%s': %s", catalog,
					 lock_path, strerror(code));
		return error_set(err, -EBUSY,
				 "catalog '%s' is in use by %s: stop it first, or give this one "
				 "another catalog.path",
				 catalog, holder);
	}
	/* SQLite copies this mode to a catalog that it creates: whatever the umask, the group
	 * reads. */
	int result = fchmod(lock, CATALOG_MODE) == 0 ? write_holder(lock) : -errno;
	if (result < 0) {
		close(lock);
		return error_set(err, result, "catalog '%s': cannot write '%s': %s", catalog,
				 lock_path, strerror(-result));
	}
	return lock;
}

void lock_release(int lock)
{
	if (lock >= 0)
		close(lock);
}
