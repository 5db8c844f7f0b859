/*
 * export: images, a view, or the whole catalog into a file that appears whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/rows.h"

/* Which of the three, and where to. */
struct target {
	const char *path;
	enum output_format format;
	bool sqlite;
};

static int find_target(const struct call *call, struct target *ret)
{
	const struct target targets[] = { { call->csv, OUTPUT_CSV, false },
					  { call->ndjson, OUTPUT_NDJSON, false },
					  { call->sqlite, OUTPUT_TABLE, true } };
	const uint64_t filters = call->given & ~(TAKES(CSV) | TAKES(NDJSON) | TAKES(SQLITE) |
						 TAKES(CATALOG) | TAKES(VIEW) | TAKES(COLUMNS));
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		if (!targets[i].path)
			continue;
		*ret = targets[i];
		count++;
	}
	if (count != 1)
		return complain(CLI_USAGE, "export needs one of --csv FILE, --ndjson FILE, "
					   "--sqlite FILE");
	if (ret->sqlite && (filters || call->given & (TAKES(VIEW) | TAKES(COLUMNS))))
		return complain(CLI_USAGE, "--sqlite copies the whole catalog: leave out filters, "
					   "--view and --columns");
	if (filters && call->given & TAKES(VIEW))
		return complain(CLI_USAGE, "--view writes the whole view: leave out filters");
	if (ret->sqlite && strcmp(ret->path, "-") == 0)
		return complain(CLI_USAGE, "--sqlite needs a file, not standard output");
	return CLI_OK;
}

/* ---- the file ------------------------------------------------------------------------------ */

static int refuse_existing(const char *path)
{
	struct stat info;

	if (lstat(path, &info) == 0)
		return complain(CLI_ERROR, "'%s' is there already: delete it, or name another",
				path);
	return CLI_OK;
}

/* Beside the file, so that it can be moved into its place; the caller frees it. */
static char *temporary_name(const char *path)
{
	const struct env *env = env_system();
	char *name = NULL;

	if (asprintf(&name, "%s.%016llx.tmp", path, (unsigned long long)env->random(env)) < 0)
		return NULL;
	return name;
}

static int sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return result;
}

/* Where something appeared in the meantime it stays: a link never replaces. */
static int put_in_place(const char *temporary, const char *path)
{
	int result = sync_path(temporary);

	if (result == 0 && link(temporary, path) != 0)
		result = -errno;
	/* A file system without links, such as a memory stick's. */
	if (result == -EPERM || result == -ENOTSUP)
		result = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0
				 ? 0
				 : -errno;
	unlink(temporary);
	return result;
}

/* ---- rows ---------------------------------------------------------------------------------- */

struct sink {
	const char *const *columns;
	struct output *output;
	size_t rows;
};

static int on_row(const struct reader_row *row, void *data)
{
	struct sink *sink = data;

	sink->rows++;
	return output_row(sink->output, row);
}

static int write_rows(struct call *call, struct reader *reader, struct sink *sink,
		      struct error *err)
{
	const char *view = call->filter.removed ? "sightings" : "images";
	const struct view_query query = { .columns = sink->columns };
	int result;

	call->filter.purged = !(call->given & TAKES(STATE));
	if (call->view == VIEW_COUNT) {
		result = reader_each_image(reader, &call->filter, on_row, sink, err);
	} else {
		view = reader_view_name(call->view);
		result = reader_query_view(reader, call->view, &query, on_row, sink, err);
	}
	/* A file of no rows has its first line all the same. */
	if (result == 0 && sink->rows == 0 && sink->columns)
		output_header(sink->output, sink->columns);
	else if (result == 0 && sink->rows == 0)
		result = rows_put_header(sink->output, reader, view, &call->arena, err);
	return result;
}

static int write_to(struct call *call, struct reader *reader, FILE *file, const char *name,
		    enum output_format format)
{
	struct error err = { 0 };
	struct sink sink = { .columns = call->filter.columns };

	if (output_open(&sink.output, file, format, true) < 0)
		return complain(CLI_ERROR, "out of memory");
	int result = write_rows(call, reader, &sink, &err);
	int closed = output_close(sink.output, result == 0);
	if (closed < 0)
		return complain(CLI_ERROR, "%s cannot be written: %s", name, strerror(-closed));
	return complain_result(result, &err);
}

static int cannot_write(const struct target *target, int code)
{
	return complain(CLI_ERROR, "'%s' cannot be written: %s", target->path, strerror(code));
}

/* Who may not read the catalog may not read what is taken from it; the umask takes away more. */
static int create(const char *temporary, const char *catalog)
{
	const mode_t own = S_IRUSR | S_IWUSR, all = own | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
	struct stat info;

	if (stat(catalog, &info) != 0)
		return -1;
	return open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (info.st_mode & all) | own);
}

static int write_file(struct call *call, struct reader *reader, const struct target *target, int fd)
{
	FILE *file = fdopen(fd, "w");

	if (!file) {
		int code = errno;
		close(fd);
		return cannot_write(target, code);
	}
	int status = write_to(call, reader, file, target->path, target->format);
	if (fclose(file) != 0 && status == CLI_OK)
		status = cannot_write(target, errno);
	return status;
}

/* Into the empty file. */
static int write_copy(struct reader *reader, const char *temporary, int fd)
{
	struct error err = { 0 };

	close(fd);
	return complain_result(reader_copy(reader, temporary, &err), &err);
}

static int export_to_file(struct call *call, struct reader *reader, const struct target *target)
{
	int status = refuse_existing(target->path);

	if (status != CLI_OK)
		return status;
	char *temporary = temporary_name(target->path);
	if (!temporary)
		return complain(CLI_ERROR, "out of memory");
	int fd = create(temporary, call->catalog);
	if (fd < 0)
		status = cannot_write(target, errno);
	else
		status = target->sqlite ? write_copy(reader, temporary, fd)
					: write_file(call, reader, target, fd);
	if (status == CLI_OK) {
		int result = put_in_place(temporary, target->path);
		if (result < 0)
			status = cannot_write(target, -result);
	} else if (fd >= 0) {
		unlink(temporary);
	}
	free(temporary);
	return status;
}

int export_run(struct call *call)
{
	struct target target = { 0 };

	int status = find_target(call, &target);
	if (status != CLI_OK)
		return status;
	struct reader *reader = open_catalog(call->catalog);
	if (!reader)
		return CLI_ERROR;
	if (strcmp(target.path, "-") == 0)
		status = write_to(call, reader, stdout, "standard output", target.format);
	else
		status = export_to_file(call, reader, &target);
	reader_close(reader);
	return status;
}
