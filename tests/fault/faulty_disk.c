#include "faulty_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, PATH_SIZE = 512 };

uint64_t next_random(uint64_t *seed)
{
	/* splitmix64 */
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

const char *damage_text(enum damage damage)
{
	static const char *const texts[DAMAGE_COUNT] = {
		[DAMAGE_SYNCED] = "only what was synced",
		[DAMAGE_NONE] = "all writes",
		[DAMAGE_SUBSET] = "some writes in any order",
		[DAMAGE_TORN] = "torn writes",
	};
	return texts[damage];
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char *role_path(const char *path, enum disk_role role, char ret[static PATH_SIZE])
{
	static const char *const suffixes[DISK_ROLES] = { "", "-wal", "-journal" };
	int len = snprintf(ret, PATH_SIZE, "%s%s", path, suffixes[role]);

	assert(len > 0 && len < PATH_SIZE);
	return ret;
}

static void reserve(struct disk_file *file, size_t len)
{
	if (len <= file->len)
		return;
	file->bytes = realloc(file->bytes, len);
	assert(file->bytes);
	memset(file->bytes + file->len, 0, len - file->len);
	file->len = len;
}

void disk_load(struct disk *ret, const char *path)
{
	*ret = (struct disk){ 0 };
	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		struct disk_file *file = &ret->files[role];
		char name[PATH_SIZE];
		struct stat info;
		int fd = open(role_path(path, role, name), O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			assert(errno == ENOENT);
			continue;
		}
		int code = fstat(fd, &info);
		assert(code == 0);
		file->exists = true;
		reserve(file, (size_t)info.st_size);
		ssize_t got = file->len ? read(fd, file->bytes, file->len) : 0;
		assert(got == (ssize_t)file->len);
		close(fd);
	}
}

void disk_store(const struct disk *disk, const char *path)
{
	char name[PATH_SIZE];

	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		const struct disk_file *file = &disk->files[role];
		unlink(role_path(path, role, name));
		if (!file->exists)
			continue;
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		assert(fd >= 0);
		ssize_t put = file->len ? write(fd, file->bytes, file->len) : 0;
		assert(put == (ssize_t)file->len);
		close(fd);
	}
	int len = snprintf(name, sizeof(name), "%s-shm", path);
	assert(len > 0 && len < (int)sizeof(name));
	unlink(name);
}

void disk_copy(struct disk *ret, const struct disk *from)
{
	*ret = (struct disk){ 0 };
	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		ret->files[role].exists = from->files[role].exists;
		reserve(&ret->files[role], from->files[role].len);
		if (from->files[role].len)
			memcpy(ret->files[role].bytes, from->files[role].bytes,
			       from->files[role].len);
	}
}

void disk_clear(struct disk *disk)
{
	for (enum disk_role role = 0; role < DISK_ROLES; role++)
		free(disk->files[role].bytes);
	*disk = (struct disk){ 0 };
}

/* ---- the power goes ------------------------------------------------------------------------- */

/* An event that is not lasting yet. `life` counts how often the file was created before it. */
struct pending {
	const struct io_event *event;
	unsigned life;
};

struct player {
	struct disk disk;                  /* what lasts */
	unsigned life[DISK_ROLES];         /* of the file as the program sees it */
	unsigned lasting_life[DISK_ROLES]; /* of the file that a restart would find */
	struct pending *writes, *names;    /* writes and truncations; creations and deletions */
	size_t writes_count, names_count;
};

static void empty(struct disk_file *file, bool exists)
{
	free(file->bytes);
	*file = (struct disk_file){ .exists = exists };
}

static void apply_name(struct player *p, const struct pending *pending)
{
	enum disk_role role = pending->event->role;

	empty(&p->disk.files[role], pending->event->kind == EVENT_CREATE);
	p->lasting_life[role] = pending->life;
}

static void names_last(struct player *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		apply_name(p, &p->names[i]);
	p->names_count = 0;
}

/* `len` of the write's bytes. */
static void apply_write(struct player *p, const struct pending *pending, size_t len)
{
	const struct io_event *event = pending->event;
	struct disk_file *file = &p->disk.files[event->role];

	if (!file->exists || p->lasting_life[event->role] != pending->life)
		return;
	if (event->kind == EVENT_TRUNCATE) {
		reserve(file, (size_t)event->offset);
		file->len = (size_t)event->offset;
	} else if (len) {
		reserve(file, (size_t)event->offset + len);
		memcpy(file->bytes + event->offset, event->bytes, len);
	}
}

/* A sync of a file whose name does not last yet: only logs and journals have their directory
 * synced, and then every name in it lasts. */
static void sync_file(struct player *p, enum disk_role role)
{
	size_t kept = 0;

	if (role != DISK_MAIN)
		for (size_t i = 0; i < p->names_count; i++)
			if (p->names[i].event->role == role &&
			    p->names[i].event->kind == EVENT_CREATE) {
				names_last(p, p->names_count);
				break;
			}
	if (p->lasting_life[role] != p->life[role])
		return;
	for (size_t i = 0; i < p->writes_count; i++)
		if (p->writes[i].event->role == role)
			apply_write(p, &p->writes[i], p->writes[i].event->len);
		else
			p->writes[kept++] = p->writes[i];
	p->writes_count = kept;
}

static void play(struct player *p, const struct io_event *event)
{
	enum disk_role role = event->role;

	switch (event->kind) {
	case EVENT_CREATE:
		p->life[role]++;
		p->names[p->names_count++] = (struct pending){ event, p->life[role] };
		break;
	case EVENT_DELETE:
		p->names[p->names_count++] = (struct pending){ event, p->life[role] };
		if (event->offset)
			names_last(p, p->names_count);
		break;
	case EVENT_WRITE:
	case EVENT_TRUNCATE:
		p->writes[p->writes_count++] = (struct pending){ event, p->life[role] };
		break;
	case EVENT_SYNC: sync_file(p, role); break;
	case EVENT_MARK: break;
	}
}

static void shuffle(struct pending *list, size_t count, uint64_t *seed)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = next_random(seed) % i;
		struct pending moved = list[i - 1];
		list[i - 1] = list[k];
		list[k] = moved;
	}
}

static size_t torn_len(const struct io_event *event, uint64_t *seed)
{
	switch (next_random(seed) % 3) {
	case 0: return 0;
	case 1: {
		/* Up to the end of one of the sectors that it touches. */
		size_t first = (size_t)event->offset % SECTOR;
		size_t sectors = (first + event->len + SECTOR - 1) / SECTOR;
		size_t end = (1 + next_random(seed) % sectors) * SECTOR - first;
		return end < event->len ? end : event->len;
	}
	}
	return event->len;
}

static void power_goes(struct player *p, enum damage damage, uint64_t seed)
{
	if (damage == DAMAGE_SYNCED)
		return;
	names_last(p, damage == DAMAGE_NONE ? p->names_count
					    : next_random(&seed) % (p->names_count + 1));
	if (damage == DAMAGE_SUBSET)
		shuffle(p->writes, p->writes_count, &seed);
	for (size_t i = 0; i < p->writes_count; i++) {
		size_t len = p->writes[i].event->len;
		if (damage == DAMAGE_SUBSET && next_random(&seed) % 2)
			continue;
		if (damage == DAMAGE_TORN && p->writes[i].event->kind == EVENT_WRITE)
			len = torn_len(p->writes[i].event, &seed);
		apply_write(p, &p->writes[i], len);
	}
}

void disk_after(struct disk *ret, const struct disk *from, const struct io_trace *trace,
		size_t count, enum damage damage, uint64_t seed)
{
	struct player p = { .writes = calloc(count + 1, sizeof(*p.writes)),
			    .names = calloc(count + 1, sizeof(*p.names)) };

	assert(p.writes && p.names && count <= trace->count);
	disk_copy(&p.disk, from);
	for (size_t i = 0; i < count; i++)
		play(&p, &trace->events[i]);
	power_goes(&p, damage, seed);
	free(p.writes);
	free(p.names);
	*ret = p.disk;
}
