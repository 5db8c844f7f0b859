#include "store/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"

enum { LINE_MAX_BYTES = 256 };

static void put_line(struct buf *out, const struct witness *w)
{
	buf_printf(out, "imagecat-witness 1 catalog=%s seq=%" PRId64 " poll=%" PRId64,
		   w->catalog_id, w->last_seq, w->last_poll_id);
	if (!out->failed)
		buf_printf(out, " sum=%016" PRIx64 "\n", hash_bytes(out->bytes, out->len, 0));
}

/* A line is good when writing what was read gives the same line. */
static int parse(const char *line, struct witness *ret)
{
	struct witness w = { 0 };
	struct buf again;

	if (sscanf(line, "imagecat-witness 1 catalog=%16[0-9a-f] seq=%" SCNd64 " poll=%" SCNd64,
		   w.catalog_id, &w.last_seq, &w.last_poll_id) != 3)
		return -EBADMSG;
	buf_init(&again);
	put_line(&again, &w);
	int result = again.failed ? -ENOMEM : strcmp(buf_text(&again), line) == 0 ? 0 : -EBADMSG;
	buf_finish(&again);
	if (result == 0)
		*ret = w;
	return result;
}

int witness_read(const char *path, struct witness *ret)
{
	char line[LINE_MAX_BYTES];
	/* Not to wait for a pipe that somebody put there. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	ssize_t len = read(fd, line, sizeof(line) - 1);
	int result = len < 0 ? -errno : 0;
	close(fd);
	if (result < 0)
		return result;
	line[len] = '\0';
	return strlen(line) == (size_t)len ? parse(line, ret) : -EBADMSG;
}

static int write_file(const char *path, const struct buf *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	ssize_t len = write(fd, line->bytes, line->len);
	int result = len < 0 ? -errno : (size_t)len == line->len ? 0 : -ENOSPC;
	if (result == 0 && fdatasync(fd) != 0)
		result = -errno;
	if (close(fd) != 0 && result == 0)
		result = -errno;
	return result;
}

int witness_write(const char *path, const struct witness *witness)
{
	struct buf line, new_path;

	buf_init(&line);
	buf_init(&new_path);
	put_line(&line, witness);
	buf_printf(&new_path, "%s.new", path);
	int result = line.failed || new_path.failed ? -ENOMEM : 0;
	if (result == 0)
		result = write_file(buf_text(&new_path), &line);
	if (result == 0 && rename(buf_text(&new_path), path) != 0)
		result = -errno;
	if (result < 0 && !new_path.failed)
		(void)unlink(buf_text(&new_path)); /* at most a few bytes are left */
	buf_finish(&line);
	buf_finish(&new_path);
	return result;
}
