/*
 * An item is stored as its length, its two fingerprints and every column that is not absent:
 * the column's number and its value. While everything fits into the budget it stays in `memory`;
 * the first item that does not fit moves all to a file, and `memory` becomes the file's write
 * buffer, later its read buffer.
 */
#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "model/record.h"

enum { CHUNK_BYTES = 256 * 1024 };

#define END_OF_RECORD 0xff /* where a column's number would be */

_Static_assert((int)COLUMN_COUNT < END_OF_RECORD, "a column's number is one byte");

struct spool {
	char *directory;
	size_t budget_bytes;
	size_t count;
	int file;          /* -1 while everything is in memory */
	off_t file_bytes;  /* written so far */
	off_t file_read;   /* handed to `memory` so far */
	struct buf memory; /* all items, or those not yet written; while reading a file: a window */
	size_t memory_read; /* of memory: already returned */
	bool reading;
};

int spool_open(struct spool **ret, const char *directory, size_t memory_bytes)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		return -ENOMEM;
	spool->directory = strdup(directory);
	if (!spool->directory) {
		free(spool);
		return -ENOMEM;
	}
	spool->budget_bytes = memory_bytes;
	spool->file = -1;
	buf_init(&spool->memory);
	*ret = spool;
	return 0;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->file >= 0)
		close(spool->file);
	buf_finish(&spool->memory);
	free(spool->directory);
	free(spool);
}

size_t spool_count(const struct spool *spool)
{
	return spool->count;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Without a name from the start where the file system can, else unlinked at once. */
static int open_nameless(const char *directory)
{
	int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file >= 0)
		return file;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -errno;

	struct buf path;
	buf_init(&path);
	buf_printf(&path, "%s/.spool-XXXXXX", directory);
	if (path.failed) {
		buf_finish(&path);
		return -ENOMEM;
	}
	file = mkostemp(path.bytes, O_CLOEXEC);
	int result = file < 0 ? -errno : file;
	if (file >= 0)
		unlink(path.bytes);
	buf_finish(&path);
	return result;
}

/* What a failed write left behind is overwritten by the next try. */
static int flush(struct spool *spool, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(spool->file, spool->memory.bytes + done, len - done,
				   spool->file_bytes + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	spool->file_bytes += (off_t)len;
	memmove(spool->memory.bytes, spool->memory.bytes + len, spool->memory.len - len);
	spool->memory.len -= len;
	return 0;
}

static void put_text(struct buf *out, const char *text)
{
	uint64_t len = strlen(text) + 1;

	buf_put(out, (const char *)&len, sizeof(len));
	buf_put(out, text, len);
}

static void put_record(struct buf *out, const struct record *record)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (record_is_absent(record, c))
			continue;
		buf_putc(out, (char)c);
		switch (column_storage(columns[c].type)) {
		case STORED_AS_TEXT: put_text(out, record_text(record, c)); break;
		case STORED_AS_INT: {
			int64_t value = record_int(record, c);
			buf_put(out, (const char *)&value, sizeof(value));
			break;
		}
		case STORED_AS_REAL: {
			double value = record_real(record, c);
			buf_put(out, (const char *)&value, sizeof(value));
			break;
		}
		}
	}
	buf_putc(out, (char)END_OF_RECORD);
}

/* Everything but the newest item, which starts at `keep_from`, may go to the file. */
static int make_room(struct spool *spool, size_t keep_from)
{
	if (spool->file < 0) {
		if (spool->memory.len <= spool->budget_bytes)
			return 0;
		int file = open_nameless(spool->directory);
		if (file < 0)
			return file;
		spool->file = file;
		return flush(spool, keep_from);
	}
	return spool->memory.len < CHUNK_BYTES ? 0 : flush(spool, keep_from);
}

int spool_put(struct spool *spool, const struct spooled *item)
{
	struct buf *memory = &spool->memory;
	size_t start = memory->len;
	uint64_t len = 0;

	assert(!spool->reading);
	buf_put(memory, (const char *)&len, sizeof(len));
	buf_put(memory, (const char *)&item->key, sizeof(item->key));
	buf_put(memory, (const char *)&item->content, sizeof(item->content));
	put_record(memory, &item->record);
	if (memory->failed) {
		memory->failed = false; /* what was there before is still whole */
		memory->len = start;
		return -ENOMEM;
	}
	len = memory->len - start;
	memcpy(memory->bytes + start, &len, sizeof(len));

	int result = make_room(spool, start);
	if (result < 0) {
		memory->len = start;
		return result;
	}
	spool->count++;
	return 0;
}

/* ---- reading ---------------------------------------------------------------------------- */

int spool_rewind(struct spool *spool)
{
	spool->reading = true;
	spool->memory_read = 0;
	if (spool->file < 0)
		return 0;
	if (spool->file_read == 0 && spool->memory.len) { /* the tail that was never written */
		int result = flush(spool, spool->memory.len);
		if (result < 0)
			return result;
	}
	buf_clear(&spool->memory);
	spool->file_read = 0;
	return 0;
}

/* Makes `need` bytes from memory_read on available; -EIO when the file ends before. */
static int window(struct spool *spool, size_t need)
{
	struct buf *memory = &spool->memory;
	size_t have = memory->len - spool->memory_read;

	if (have >= need)
		return 0;
	if (spool->file < 0)
		return -EIO;
	if (have)
		memmove(memory->bytes, memory->bytes + spool->memory_read, have);
	memory->len = have;
	spool->memory_read = 0;
	while (memory->len < need) {
		char chunk[16 * 1024];
		ssize_t n = pread(spool->file, chunk, sizeof(chunk), spool->file_read);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf_put(memory, chunk, (size_t)n);
		if (memory->failed)
			return -ENOMEM;
		spool->file_read += n;
	}
	return 0;
}

static void get(const char **at, void *value, size_t len)
{
	memcpy(value, *at, len);
	*at += len;
}

static void get_record(const char *at, struct record *ret)
{
	record_init(ret);
	for (;;) {
		unsigned char column = 0;
		get(&at, &column, 1);
		if (column == END_OF_RECORD)
			return;
		switch (column_storage(columns[column].type)) {
		case STORED_AS_TEXT: {
			uint64_t len;
			get(&at, &len, sizeof(len));
			record_set_text(ret, (enum column)column, at);
			at += len;
			break;
		}
		case STORED_AS_INT: {
			int64_t value;
			get(&at, &value, sizeof(value));
			record_set_int(ret, (enum column)column, value);
			break;
		}
		case STORED_AS_REAL: {
			double value;
			get(&at, &value, sizeof(value));
			record_set_real(ret, (enum column)column, value);
			break;
		}
		}
	}
}

int spool_next(struct spool *spool, struct spooled *ret)
{
	uint64_t len = 0;

	assert(spool->reading);
	if (spool->memory_read == spool->memory.len &&
	    (spool->file < 0 || spool->file_read == spool->file_bytes))
		return 0;
	int result = window(spool, sizeof(len));
	if (result < 0)
		return result;
	memcpy(&len, spool->memory.bytes + spool->memory_read, sizeof(len));
	result = window(spool, (size_t)len);
	if (result < 0)
		return result;

	const char *at = spool->memory.bytes + spool->memory_read + sizeof(len);
	get(&at, &ret->key, sizeof(ret->key));
	get(&at, &ret->content, sizeof(ret->content));
	get_record(at, &ret->record);
	spool->memory_read += (size_t)len;
	return 1;
}
