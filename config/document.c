#include "config/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"

enum { READ_TRIES = 5 };

/* What a writer changes when it is at work on the file. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads up to `size_bytes`; the number read, or a negative errno. */
static ssize_t read_fully(int fd, char *bytes, size_t size_bytes)
{
	size_t len = 0;

	while (len < size_bytes) {
		ssize_t n = pread(fd, bytes + len, size_bytes - len, (off_t)len);
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

static int check_kind(const struct stat *st, struct error *err)
{
	if (S_ISDIR(st->st_mode))
		return error_set(err, -EISDIR, "this is a directory, not a file");
	if (!S_ISREG(st->st_mode))
		return error_set(err, -EINVAL, "this is not a regular file");
	if (st->st_size > DOCUMENT_BYTES_MAX)
		return error_set(err, -EFBIG, "the file is larger than 4 MiB");
	return 0;
}

/* One attempt; -EAGAIN when the file changed meanwhile. */
static int read_once(struct document *ret, int fd, struct arena *arena, struct error *err)
{
	struct stat before, after;

	if (fstat(fd, &before) < 0)
		return error_set(err, -errno, "cannot be read: %s", strerror(errno));
	int r = check_kind(&before, err);
	if (r < 0)
		return r;
	ret->bytes = arena_alloc(arena, (size_t)before.st_size + 1);
	if (!ret->bytes)
		return error_set(err, -ENOMEM, "out of memory");
	ret->len = (size_t)before.st_size;
	ssize_t n = read_fully(fd, ret->bytes, ret->len);
	if (n < 0)
		return error_set(err, (int)n, "cannot be read: %s", strerror((int)-n));
	if (fstat(fd, &after) < 0 || !is_same(&before, &after) || (size_t)n != ret->len) {
		crypto_wipe(ret->bytes, ret->len);
		return error_set(err, -EAGAIN, "the file kept changing while it was read");
	}
	ret->read_by_others = before.st_mode & S_IROTH;
	return 0;
}

/* The first position that is not UTF-8, or a NUL. */
static struct position first_bad(const struct document *document)
{
	struct position position = { .document = document, .line = 1, .column = 1 };

	for (size_t i = 0, step; i < document->len; i += step) {
		step = 1;
		while (step < 4 && i + step < document->len &&
		       ((unsigned char)document->bytes[i + step] & 0xC0) == 0x80)
			step++;
		if (!text_is_utf8(document->bytes + i, step))
			break;
		position.column++;
		if (document->bytes[i] == '\n') {
			position.line++;
			position.column = 1;
		}
	}
	return position;
}

int document_read(struct document *ret, const char *path, struct arena *arena,
		  struct position *ret_position, struct error *err)
{
	int r = -EAGAIN;

	ret->path = path;
	*ret_position = (struct position){ .document = ret };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(err, -errno, "cannot be opened: %s", strerror(errno));
	for (int i = 0; i < READ_TRIES && r == -EAGAIN; i++)
		r = read_once(ret, fd, arena, err);
	close(fd);
	if (r < 0)
		return r;
	if (ret->len >= 3 && memcmp(ret->bytes, "\xEF\xBB\xBF", 3) == 0) {
		ret->bytes += 3;
		ret->len -= 3;
	}
	if (!text_is_utf8(ret->bytes, ret->len)) {
		*ret_position = first_bad(ret);
		return error_set(err, -EINVAL, "the file is not UTF-8 text");
	}
	return 0;
}

void document_wipe(struct document *document)
{
	for (struct node *node = document->newest; node; node = node->older) {
		if (node->text)
			crypto_wipe(node->text, node->len);
		if (node->expanded)
			crypto_wipe(node->expanded, strlen(node->expanded));
	}
	if (document->bytes)
		crypto_wipe(document->bytes, document->len);
}

const char *document_line(const struct document *document, size_t line, size_t *ret_len)
{
	const char *start = document->bytes;
	const char *end = start ? start + document->len : NULL;

	if (!start || line == 0)
		return NULL;
	while (--line > 0) {
		start = memchr(start, '\n', (size_t)(end - start));
		if (!start)
			return NULL;
		start++;
	}
	const char *stop = memchr(start, '\n', (size_t)(end - start));
	size_t len = (size_t)((stop ? stop : end) - start);
	*ret_len = len > 0 && start[len - 1] == '\r' ? len - 1 : len;
	return start;
}

struct node *node_find(const struct node *map, const char *key)
{
	if (!map || map->type != NODE_MAP)
		return NULL;
	for (const struct node_entry *entry = map->entries; entry; entry = entry->next)
		if (strcmp(entry->key->text, key) == 0)
			return entry->value;
	return NULL;
}

bool node_is_null(const struct node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (node->type != NODE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

bool node_append(struct node *parent, struct node *key, struct node *value, struct arena *arena)
{
	struct node_entry *entry = arena_alloc(arena, sizeof(*entry));

	if (!entry)
		return false;
	entry->key = key;
	entry->value = value;
	*parent->end = entry;
	parent->end = &entry->next;
	parent->count++;
	return true;
}

/* A copy that can grow; the entries' keys and values are shared. */
static struct node *copy_container(const struct node *node, struct arena *arena)
{
	struct node *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = (struct node){ .type = node->type,
			       .position = node->position,
			       .weight = node->weight };
	copy->end = &copy->entries;
	for (const struct node_entry *entry = node->entries; entry; entry = entry->next)
		if (!node_append(copy, entry->key, entry->value, arena))
			return NULL;
	return copy;
}

static struct node *join_lists(const struct node *base, const struct node *over,
			       struct arena *arena)
{
	struct node *list = copy_container(base, arena);

	for (const struct node_entry *entry = over->entries; list && entry; entry = entry->next)
		if (!node_append(list, NULL, entry->value, arena))
			return NULL;
	return list;
}

static bool is_in(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

/* What one key holds after the merge; NULL when memory is out. */
static struct node *merge_value(const struct node_entry *base, const struct node_entry *over,
				const char *const *appended, struct arena *arena)
{
	static const char *const none[] = { NULL };
	bool append = is_in(over->key->text, appended);

	if (base->value->type == NODE_MAP && over->value->type == NODE_MAP)
		return node_merge(base->value, over->value, none, arena);
	if (append && base->value->type == NODE_LIST && over->value->type == NODE_LIST)
		return join_lists(base->value, over->value, arena);
	/* An empty section takes nothing away from the one before. */
	if (node_is_null(over->value) && base->value->type != NODE_SCALAR)
		return base->value;
	return over->value;
}

struct node *node_merge(const struct node *base, const struct node *over,
			const char *const *appended, struct arena *arena)
{
	struct node *merged = copy_container(base, arena);

	if (!merged)
		return NULL;
	for (const struct node_entry *entry = over->entries; entry; entry = entry->next) {
		struct node_entry *known = merged->entries;

		while (known && strcmp(known->key->text, entry->key->text) != 0)
			known = known->next;
		if (!known) {
			if (!node_append(merged, entry->key, entry->value, arena))
				return NULL;
			continue;
		}
		struct node *value = merge_value(known, entry, appended, arena);
		if (!value)
			return NULL;
		known->key = entry->key;
		known->value = value;
	}
	return merged;
}
