#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

enum { CERTIFICATES_BYTES_MAX = 4 << 20 };

static int check_kind(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "'%s' cannot be read: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(err, -EISDIR, "'%s' is a directory", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "'%s' is not a regular file", path);
	return 0;
}

int file_open(const char *path, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO without a writer returns at once. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_set(err, -errno, "'%s' cannot be read: %s", path, strerror(errno));
	int r = check_kind(fd, path, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int check_certificates(FILE *file, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fileno(file), &st) == 0 && st.st_size > CERTIFICATES_BYTES_MAX)
		return error_set(err, -EFBIG, "'%s' is larger than 4 MiB", path);
	int count = crypto_count_certificates(file);
	if (ferror(file))
		return error_set(err, -EIO, "'%s' cannot be read", path);
	if (count < 0)
		return error_set(err, -EINVAL, "'%s' has a certificate that cannot be read", path);
	if (count == 0)
		return error_set(err, -EINVAL, "'%s' has no certificate in PEM form", path);
	return 0;
}

int file_check_certificates(const char *path, struct error *err)
{
	int fd = file_open(path, err);

	if (fd < 0)
		return fd;
	FILE *file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return error_set(err, -ENOMEM, "out of memory");
	}
	int r = check_certificates(file, path, err);
	fclose(file);
	return r;
}
