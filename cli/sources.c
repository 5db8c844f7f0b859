#include "cli/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/command.h"

/* Of a text that people write; a file that holds a NUL so early is none. */
enum { TEXT_MAX = 256 << 20, PIECE = 64 << 10 };

struct walk {
	source_fn *each;
	void *data;
	bool unread;
};

static void unread(struct walk *walk, const char *name, const char *why)
{
	walk->unread = true;
	complain(CLI_ERROR, "'%s' cannot be read: %s", name, why);
}

/* 0, or a negative errno: -EILSEQ for what is no text. */
static int read_all(int fd, struct buf *text)
{
	char piece[PIECE];

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return text->failed ? -ENOMEM : 0;
		if (memchr(piece, '\0', (size_t)n))
			return -EILSEQ;
		if (text->len > TEXT_MAX)
			return -EFBIG;
		buf_put(text, piece, (size_t)n);
	}
}

/* `named`: by the user, and not by a directory that happens to have it. */
static int read_source(struct walk *walk, const char *name, int fd, bool named)
{
	struct buf text;
	int result = 0;

	buf_init(&text);
	int rc = fd < 0 ? -errno : read_all(fd, &text);
	if (rc == -EILSEQ && named)
		unread(walk, name, "it is no text");
	else if (rc < 0 && rc != -EILSEQ)
		unread(walk, name, strerror(-rc));
	else if (rc == 0 && text.len > 0)
		result = walk->each(name, text.bytes, named, walk->data);
	buf_finish(&text);
	return result;
}

static int read_file(struct walk *walk, const FTSENT *entry)
{
	int fd = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC);
	int result = read_source(walk, entry->fts_path, fd, entry->fts_level == FTS_ROOTLEVEL);

	if (fd >= 0)
		close(fd);
	return result;
}

static bool is_hidden(const FTSENT *entry)
{
	return entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.';
}

static int visit(struct walk *walk, FTS *tree, FTSENT *entry)
{
	if (is_hidden(entry)) {
		fts_set(tree, entry, FTS_SKIP);
		return 0;
	}
	switch (entry->fts_info) {
	case FTS_F: return read_file(walk, entry);
	case FTS_DEFAULT: /* a pipe, such as the shell's <(command) */
		return entry->fts_level == FTS_ROOTLEVEL ? read_file(walk, entry) : 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS: unread(walk, entry->fts_path, strerror(entry->fts_errno)); return 0;
	case FTS_SLNONE: /* a link to nothing */
		if (entry->fts_level == FTS_ROOTLEVEL)
			unread(walk, entry->fts_path, strerror(ENOENT));
		return 0;
	default: return 0; /* directories, and links below them */
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk_tree(struct walk *walk, char *path)
{
	char *paths[] = { path, NULL };
	FTSENT *entry;
	int result = 0;

	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!tree) {
		unread(walk, path, strerror(errno));
		return 0;
	}
	while (result == 0 && (entry = fts_read(tree)))
		result = visit(walk, tree, entry);
	fts_close(tree);
	return result;
}

int sources_each(char *const *paths, int count, source_fn *each, void *data, bool *ret_unread)
{
	struct walk walk = { each, data, false };
	int result = 0;

	for (int i = 0; i < count && result == 0; i++)
		result = strcmp(paths[i], "-") == 0 ? read_source(&walk, "-", STDIN_FILENO, true)
						    : walk_tree(&walk, paths[i]);
	*ret_unread = walk.unread;
	return result;
}
