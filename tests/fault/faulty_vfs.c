#include "faulty_vfs.h"

#include <stdlib.h>
#include <string.h>

#define BIT(call) (1u << IO_##call)

/* clang-format off */
const struct fault faults[] = {
	{ "cannot open",         SQLITE_CANTOPEN,        BIT(OPEN) },
	{ "opens read-only",     SQLITE_READONLY,        BIT(OPEN) },
	{ "no memory",           SQLITE_IOERR_NOMEM,     BIT(OPEN) | BIT(SHM_MAP) },
	{ "read error",          SQLITE_IOERR_READ,      BIT(READ) },
	{ "short read",          SQLITE_IOERR_SHORT_READ, BIT(READ) },
	{ "write error",         SQLITE_IOERR_WRITE,     BIT(WRITE) },
	{ "disk full",           SQLITE_FULL,            BIT(WRITE) },
	{ "truncate error",      SQLITE_IOERR_TRUNCATE,  BIT(TRUNCATE) },
	{ "sync error",          SQLITE_IOERR_FSYNC,     BIT(SYNC) },
	{ "size error",          SQLITE_IOERR_FSTAT,     BIT(SIZE) },
	{ "busy",                SQLITE_BUSY,            BIT(LOCK) | BIT(SHM_LOCK) },
	{ "lock error",          SQLITE_IOERR_LOCK,      BIT(LOCK) },
	{ "shm lock error",      SQLITE_IOERR_SHMLOCK,   BIT(SHM_LOCK) },
	{ "shm map error",       SQLITE_IOERR_SHMMAP,    BIT(SHM_MAP) },
	{ "shm cannot open",     SQLITE_CANTOPEN,        BIT(SHM_MAP) },
	{ "delete error",        SQLITE_IOERR_DELETE,    BIT(DELETE) },
	{ "access error",        SQLITE_IOERR_ACCESS,    BIT(ACCESS) },
	{ 0 },
};
/* clang-format on */

const char *io_call_text(enum io_call call)
{
	static const char *const texts[IO_CALL_COUNT] = {
#define X(name, text) [IO_##name] = text,
		IO_CALLS(X)
#undef X
	};
	return texts[call];
}

/* ---- counting and failing ------------------------------------------------------------------- */

enum { CALLS_MAX = 65536 };

static struct {
	bool armed, sticky, ignore_syncs;
	const struct fault *fault;
	size_t at, calls, failed, open_files;
	uint8_t log[CALLS_MAX];
	struct io_trace *trace;
} shim;

/* The code with which this call fails, or SQLITE_OK. */
static int judge_call(enum io_call call)
{
	if (!shim.armed)
		return SQLITE_OK;
	assert(shim.calls < CALLS_MAX);
	shim.log[shim.calls++] = (uint8_t)call;
	if (!shim.fault || !(shim.fault->calls & (1u << call)))
		return SQLITE_OK;
	if (shim.sticky ? shim.calls < shim.at : shim.calls != shim.at)
		return SQLITE_OK;
	shim.failed++;
	return shim.fault->code;
}

void faulty_vfs_arm(const struct fault *fault, size_t at, bool sticky)
{
	shim.armed = true;
	shim.fault = fault;
	shim.at = at;
	shim.sticky = sticky;
	shim.calls = shim.failed = 0;
}

size_t faulty_vfs_disarm(void)
{
	shim.armed = false;
	return shim.failed;
}

size_t faulty_vfs_calls(void)
{
	return shim.calls;
}

enum io_call faulty_vfs_call(size_t call)
{
	assert(call > 0 && call <= shim.calls);
	return (enum io_call)shim.log[call - 1];
}

size_t faulty_vfs_open_files(void)
{
	return shim.open_files;
}

void faulty_vfs_ignore_syncs(bool ignore)
{
	shim.ignore_syncs = ignore;
}

/* ---- the trace ------------------------------------------------------------------------------ */

void faulty_vfs_record(struct io_trace *trace)
{
	shim.trace = trace;
}

static void record(struct io_event event, const void *bytes)
{
	struct io_trace *trace = shim.trace;

	if (!trace || event.role == DISK_ROLES)
		return;
	if (trace->count == trace->capacity) {
		trace->capacity = trace->capacity ? 2 * trace->capacity : 256;
		trace->events = realloc(trace->events, trace->capacity * sizeof(*trace->events));
		assert(trace->events);
	}
	if (bytes) {
		event.bytes = malloc(event.len + 1);
		assert(event.bytes);
		memcpy(event.bytes, bytes, event.len);
	}
	trace->events[trace->count++] = event;
}

void faulty_vfs_mark(void)
{
	record((struct io_event){ .kind = EVENT_MARK }, NULL);
}

void io_trace_clear(struct io_trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		free(trace->events[i].bytes);
	free(trace->events);
	*trace = (struct io_trace){ 0 };
}

static enum disk_role role_of_name(const char *name)
{
	static const char *const suffixes[DISK_ROLES] = { ".db", "-wal", "-journal" };
	size_t len = name ? strlen(name) : 0;

	for (enum disk_role role = 0; role < DISK_ROLES; role++) {
		size_t tail = strlen(suffixes[role]);
		if (len >= tail && strcmp(name + len - tail, suffixes[role]) == 0)
			return role;
	}
	return DISK_ROLES;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* SQLite allocates szOsFile bytes: ours, then those of the VFS below. */
struct faulty_file {
	sqlite3_file base;
	enum disk_role role; /* DISK_ROLES: a temporary file */
	uint64_t below[];
};

static sqlite3_vfs *below; /* SQLite's own */

static sqlite3_file *real(sqlite3_file *file)
{
	return (sqlite3_file *)((struct faulty_file *)file)->below;
}

static enum disk_role role_of(sqlite3_file *file)
{
	return ((struct faulty_file *)file)->role;
}

static int on_close(sqlite3_file *file)
{
	shim.open_files--;
	return real(file)->pMethods->xClose(real(file));
}

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
	int code = judge_call(IO_READ);

	/* What SQLite asks of a short read: the rest is zero. */
	if (code == SQLITE_IOERR_SHORT_READ)
		memset(bytes, 0, (size_t)len);
	return code != SQLITE_OK ? code
				 : real(file)->pMethods->xRead(real(file), bytes, len, offset);
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	int code = judge_call(IO_WRITE);

	/* A disk that fails or is full has often taken a part. */
	if (code != SQLITE_OK)
		len /= 2;
	record((struct io_event){ EVENT_WRITE, role_of(file), offset, (size_t)len, NULL }, bytes);
	int written = real(file)->pMethods->xWrite(real(file), bytes, len, offset);
	return code != SQLITE_OK ? code : written;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int code = judge_call(IO_TRUNCATE);

	if (code != SQLITE_OK)
		return code;
	record((struct io_event){ EVENT_TRUNCATE, role_of(file), size, 0, NULL }, NULL);
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	int code = judge_call(IO_SYNC);

	(void)flags;
	if (code == SQLITE_OK && !shim.ignore_syncs)
		record((struct io_event){ EVENT_SYNC, role_of(file), 0, 0, NULL }, NULL);
	return code;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	int code = judge_call(IO_SIZE);

	return code != SQLITE_OK ? code : real(file)->pMethods->xFileSize(real(file), ret_size);
}

static int on_lock(sqlite3_file *file, int level)
{
	int code = judge_call(IO_LOCK);

	return code != SQLITE_OK ? code : real(file)->pMethods->xLock(real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int on_check_lock(sqlite3_file *file, int *ret_reserved)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret_reserved);
}

static int on_control(sqlite3_file *file, int op, void *data)
{
	return real(file)->pMethods->xFileControl(real(file), op, data);
}

static int on_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

/* Not more than what the crash model gives: a write does not touch the bytes beside it. */
static int on_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file)) &
	       SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
	int code = judge_call(IO_SHM_MAP);

	if (code == SQLITE_OK)
		return real(file)->pMethods->xShmMap(real(file), region, size, extend, ret);
	*ret = NULL;
	return code;
}

/* Giving a lock back cannot fail. */
static int on_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	int code = flags & SQLITE_SHM_UNLOCK ? SQLITE_OK : judge_call(IO_SHM_LOCK);

	return code != SQLITE_OK ? code
				 : real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int on_shm_unmap(sqlite3_file *file, int delete)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete);
}

/* Version 2: the store maps no part of the catalog into memory, so there is no xFetch. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

/* ---- the file system ------------------------------------------------------------------------ */

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		   int *ret_flags)
{
	struct faulty_file *self = (struct faulty_file *)file;
	int code = judge_call(IO_OPEN), exists = 0;

	(void)vfs;
	file->pMethods = NULL;
	if (code == SQLITE_READONLY) {
		flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
		flags |= SQLITE_OPEN_READONLY;
	} else if (code != SQLITE_OK) {
		return code;
	}
	self->role = role_of_name(name);
	if (name && flags & SQLITE_OPEN_CREATE)
		below->xAccess(below, name, SQLITE_ACCESS_EXISTS, &exists);
	code = below->xOpen(below, name, real(file), flags, ret_flags);
	if (code != SQLITE_OK) {
		if (real(file)->pMethods)
			real(file)->pMethods->xClose(real(file));
		return code;
	}
	if (flags & SQLITE_OPEN_CREATE && !exists)
		record((struct io_event){ EVENT_CREATE, self->role, 0, 0, NULL }, NULL);
	file->pMethods = &methods;
	shim.open_files++;
	return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int code = judge_call(IO_DELETE);

	(void)vfs;
	if (code != SQLITE_OK)
		return code;
	code = below->xDelete(below, name, 0);
	if (code == SQLITE_OK)
		record((struct io_event){ EVENT_DELETE, role_of_name(name),
					  sync && !shim.ignore_syncs, 0, NULL },
		       NULL);
	return code;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
	int code = judge_call(IO_ACCESS);

	(void)vfs;
	return code != SQLITE_OK ? code : below->xAccess(below, name, flags, ret);
}

static int on_full_path(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
	(void)vfs;
	return below->xFullPathname(below, name, size, ret);
}

/* A wait for a lock ends at once: its time is counted by SQLite, not by a clock. */
static int on_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static sqlite3_vfs faulty;

void faulty_vfs_install(void)
{
	if (!below) {
		below = sqlite3_vfs_find(NULL);
		assert(below);
		faulty = *below;
		faulty.szOsFile = (int)sizeof(struct faulty_file) + below->szOsFile;
		faulty.zName = "faulty";
		faulty.xOpen = on_open;
		faulty.xDelete = on_delete;
		faulty.xAccess = on_access;
		faulty.xFullPathname = on_full_path;
		faulty.xSleep = on_sleep;
	}
	int code = sqlite3_vfs_register(&faulty, 1);
	assert(code == SQLITE_OK);
}

void faulty_vfs_remove(void)
{
	int code = sqlite3_vfs_unregister(&faulty);

	assert(code == SQLITE_OK);
}
