/*
 * What the tests of config/ share: a temporary folder, one loaded file, its problems.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#include "base/buf.h"
#include "config/config.h"
#include "unit/config_providers.h"

/* ---- a folder of files ------------------------------------------------------------------ */

struct folder {
	char path[64];
};

static inline void folder_init(struct folder *folder)
{
	strcpy(folder->path, "/tmp/imagecat-config-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
}

static inline void folder_finish(struct folder *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
	assert_int_equal(system(command), 0);
}

/* The path of a file in the folder; borrowed until the next call. */
static inline const char *folder_path(const struct folder *folder, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	return path;
}

static inline void folder_write(const struct folder *folder, const char *name, const char *bytes,
				size_t len, mode_t mode)
{
	const char *path = folder_path(folder, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* ---- one loaded file -------------------------------------------------------------------- */

struct loaded {
	struct folder folder;
	struct config *config; /* NULL when it was refused */
	struct buf told;
	int result;
};

static inline void load_folder(struct loaded *loaded, enum config_mode mode)
{
	loaded->config = NULL;
	buf_init(&loaded->told);
	loaded->result = config_load(&loaded->config, folder_path(&loaded->folder, "c.yaml"),
				     fake_providers, mode, &loaded->told);
	assert_int_equal(loaded->result == 0, loaded->config != NULL);
}

static inline void load_bytes(struct loaded *loaded, const char *bytes, size_t len,
			      enum config_mode mode)
{
	folder_init(&loaded->folder);
	folder_write(&loaded->folder, "c.yaml", bytes, len, 0600);
	folder_write(&loaded->folder, "key", "s3cret\n", 7, 0600);
	load_folder(loaded, mode);
}

static inline void loaded_finish(struct loaded *loaded)
{
	config_free(loaded->config);
	buf_finish(&loaded->told);
	folder_finish(&loaded->folder);
}

/* Fails with everything that was told: a substring alone would not help to find out why. */
static inline void assert_told(const struct loaded *loaded, const char *part)
{
	if (!strstr(buf_text(&loaded->told), part))
		fail_msg("'%s' is missing in:\n%s", part, buf_text(&loaded->told));
}

static inline void assert_not_told(const struct loaded *loaded, const char *part)
{
	if (strstr(buf_text(&loaded->told), part))
		fail_msg("'%s' must not be in:\n%s", part, buf_text(&loaded->told));
}

#define UCLOUD_KEYS    "provider: ucloud, public_key: p, private_key_file: key"
#define COMPSHARE_KEYS "provider: compshare, public_key: p, private_key_file: key"
#define QINGCLOUD_KEYS "provider: qingcloud, access_key_id: p, secret_access_key_file: key"

#define BYTES_25       "aaaaaaaaaaaaaaaaaaaaaaaaa"
#define BYTES_125      BYTES_25 BYTES_25 BYTES_25 BYTES_25 BYTES_25
