#include "daemon/plugins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/base.h"
#include "base/text.h"
#include "providers/registry.h"

enum { PLUGINS_MAX = 64 };

/* ---- who could have changed it ----------------------------------------------------------- */

static int judge_owner(const struct stat *info, const char *what, struct error *err)
{
	if (info->st_uid != 0 && info->st_uid != geteuid())
		return error_set(err, -EPERM, "%s belongs to another user", what);
	/* Others may add to a sticky folder, but not touch what is in it. */
	bool sticky = S_ISDIR(info->st_mode) && (info->st_mode & S_ISVTX) && info->st_uid == 0;
	if ((info->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		return error_set(err, -EPERM, "%s is writable by others than its owner", what);
	return 0;
}

/* The folder and all above it: who may rename one may put another in its place. */
static int judge_folders(const char *folder, struct error *err)
{
	char *path = realpath(folder, NULL);
	struct stat info;
	int rc = path ? 0 : error_set(err, -errno, "%s: %s", folder, strerror(errno));

	while (rc == 0) {
		if (lstat(path, &info) < 0)
			rc = error_set(err, -errno, "%s: %s", path, strerror(errno));
		else
			rc = judge_owner(&info, path, err);
		if (strcmp(path, "/") == 0)
			break;
		char *slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
	free(path);
	return rc;
}

/* A file that was cut short ends the process when the loader touches what is missing. */
static int judge_whole(int fd, off_t size, struct error *err)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(part))
		return error_set(err, -ENOEXEC, "it is no library");
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + i * sizeof(part));
		if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part) ||
		    part.p_offset > (uint64_t)size ||
		    part.p_filesz > (uint64_t)size - part.p_offset)
			return error_set(err, -ENOEXEC, "it is cut short");
	}
	return 0;
}

/* The open file, or a negative errno. */
static int open_judged(int folder, const char *file, struct error *err)
{
	struct stat info;
	int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return error_set(err, -errno, "%s",
				 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	int rc = 0;
	if (fstat(fd, &info) < 0)
		rc = error_set(err, -errno, "%s", strerror(errno));
	else if (!S_ISREG(info.st_mode))
		rc = error_set(err, -EINVAL, "it is not a regular file");
	else
		rc = judge_owner(&info, "it", err);
	if (rc == 0)
		rc = judge_whole(fd, info.st_size, err);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* ---- one plug-in -------------------------------------------------------------------------- */

static int find_descriptor(uv_lib_t *lib, const char *name, const struct provider **ret,
			   struct error *err)
{
	char symbol[96];
	void *found;

	snprintf(symbol, sizeof(symbol), "provider_%s", name);
	/* Two copies of SQLite in one process take each other's locks. */
	if (uv_dlsym(lib, "sqlite3_open_v2", &found) == 0)
		return error_set(err, -EINVAL, "it brings SQLite along");
	if (uv_dlsym(lib, symbol, &found) < 0 || !found)
		return error_set(err, -EINVAL, "it has no symbol '%s'", symbol);
	*ret = found;
	return plugin_check(*ret, name, err);
}

static int load(int folder, const char *file, const char *name, const struct provider **ret,
		struct error *err)
{
	char path[64];
	uv_lib_t lib;
	int fd = open_judged(folder, file, err);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int rc = uv_dlopen(path, &lib);
	if (rc < 0) {
		/* Our name for the descriptor says nothing to people. */
		const char *why = uv_dlerror(&lib);
		const char *colon = strncmp(why, path, strlen(path)) == 0 ? strchr(why, ' ') : NULL;
		error_set(err, -ENOEXEC, "it cannot be loaded: %s", colon ? colon + 1 : why);
		uv_dlclose(&lib);
	} else {
		rc = find_descriptor(&lib, name, ret, err);
		if (rc < 0)
			uv_dlclose(&lib);
	}
	close(fd);
	return rc < 0 ? err->code : 0;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* "NAME.so", with a name that a configuration could hold and a symbol could have. */
static bool name_of(const char *file, char name[static 64])
{
	size_t len = strlen(file);

	if (len < 4 || len > 66 || strcmp(file + len - 3, ".so") != 0)
		return false;
	memcpy(name, file, len - 3);
	name[len - 3] = '\0';
	return text_is_provider(name);
}

static int is_library(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add(struct plugins *plugins, const struct provider *provider)
{
	size_t i = 0;

	while (plugins->list[i] && strcmp(plugins->list[i]->name, provider->name) != 0)
		i++;
	if (plugins->list[i])
		buf_printf(&plugins->told,
			   "plug-in '%s' takes the place of the built-in provider\n",
			   provider->name);
	plugins->list[i] = provider;
}

static void load_all(struct plugins *plugins, const char *folder, struct dirent **entries,
		     int count)
{
	struct error err = { 0 };
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (count > 0 && judge_folders(folder, &err) < 0)) {
		buf_printf(&plugins->told, "plug-ins of %s are refused: %s\n", folder,
			   fd < 0 ? strerror(errno) : err.text);
		count = 0;
	}
	for (int i = 0; i < count && i < PLUGINS_MAX; i++) {
		const char *file = entries[i]->d_name;
		const struct provider *provider = NULL;
		char name[64];
		int rc = name_of(file, name)
				 ? load(fd, file, name, &provider, &err)
				 : error_set(&err, -EINVAL,
					     "a provider's name is of a-z, 0-9 and '_', at most "
					     "63 long");
		if (rc == 0)
			add(plugins, provider);
		else
			buf_printf(&plugins->told, "plug-in %s/%s is refused: %s\n", folder, file,
				   err.text);
	}
	if (count > PLUGINS_MAX)
		buf_printf(&plugins->told, "%s holds more than %d plug-ins\n", folder, PLUGINS_MAX);
	if (fd >= 0)
		close(fd);
}

static size_t count_builtin(void)
{
	size_t count = 0;

	while (builtin_providers[count])
		count++;
	return count;
}

const struct provider *const *plugins_list(const char *folder, void *data)
{
	struct plugins *plugins = data;
	struct dirent **entries = NULL;

	if (plugins->listed)
		return (const struct provider *const *)plugins->list;
	plugins->list = calloc(count_builtin() + PLUGINS_MAX + 1, sizeof(*plugins->list));
	if (!plugins->list)
		return NULL;
	memcpy(plugins->list, builtin_providers, count_builtin() * sizeof(*plugins->list));
	plugins->listed = true;
	int count = folder ? scandir(folder, &entries, is_library, compare_names) : 0;
	if (count < 0 && errno != ENOENT)
		buf_printf(&plugins->told, "plug-ins of %s are not there: %s\n", folder,
			   strerror(errno));
	if (count > 0)
		load_all(plugins, folder, entries, count);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return (const struct provider *const *)plugins->list;
}

void plugins_finish(struct plugins *plugins)
{
	free(plugins->list);
	buf_finish(&plugins->told);
	*plugins = (struct plugins){ 0 };
}
