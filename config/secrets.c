#include "config/secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "config/file.h"

enum { SECRET_BYTES_MAX = 64 * 1024 };

/* Up to the limit and one byte more, which tells that there is too much. */
static ssize_t read_fully(int fd, char bytes[static SECRET_BYTES_MAX + 1])
{
	size_t len = 0;

	while (len <= SECRET_BYTES_MAX) {
		ssize_t n = read(fd, bytes + len, SECRET_BYTES_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* `path` is NULL for a value that came from the configuration itself. */
static int refuse(int code, const char *path, const char *sentence, struct error *err)
{
	if (!path)
		return error_set(err, code, "the value %s", sentence);
	return error_set(err, code, "'%s' %s", path, sentence);
}

/* What is left of the bytes without a byte order mark and one line end. */
static const char *trim(const char *bytes, size_t *len)
{
	if (*len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
		bytes += 3;
		*len -= 3;
	}
	if (*len > 0 && bytes[*len - 1] == '\n')
		*len -= *len > 1 && bytes[*len - 2] == '\r' ? 2 : 1;
	return bytes;
}

static int keep(struct secret *ret, const char *bytes, size_t len, const char *path,
		struct error *err)
{
	size_t blanks = 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F)
			return refuse(-EINVAL, path,
				      "has a NUL, a second line or another control character", err);
		blanks += bytes[i] == ' ';
	}
	if (blanks == len)
		return refuse(-EINVAL, path, "is empty", err);
	char *copy = malloc(len + 1);
	if (!copy)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	*ret = (struct secret){ .bytes = copy, .len = len };
	return 0;
}

static int read_open(struct secret *ret, int fd, const char *path, struct error *err)
{
	char *bytes = malloc(SECRET_BYTES_MAX + 1);

	if (!bytes)
		return error_set(err, -ENOMEM, "out of memory");
	ssize_t n = read_fully(fd, bytes);
	size_t len = n > 0 ? (size_t)n : 0;
	int r;
	if (n < 0) {
		r = error_set(err, (int)n, "'%s' cannot be read: %s", path, strerror((int)-n));
	} else if (n > SECRET_BYTES_MAX) {
		r = error_set(err, -EFBIG, "'%s' is larger than 64 KiB", path);
	} else {
		const char *text = trim(bytes, &len);
		r = keep(ret, text, len, path, err);
	}
	crypto_wipe(bytes, n > 0 ? (size_t)n : 0);
	free(bytes);
	return r;
}

int secret_read(struct secret *ret, const struct config_secret *from, struct error *err)
{
	if (!from->file)
		return keep(ret, from->value, strlen(from->value), NULL, err);
	int fd = file_open(from->file, err);
	if (fd < 0)
		return fd;
	int r = read_open(ret, fd, from->file, err);
	close(fd);
	return r;
}

void secret_wipe(struct secret *secret)
{
	if (secret->bytes)
		crypto_wipe(secret->bytes, secret->len);
	free(secret->bytes);
	*secret = (struct secret){ 0 };
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
