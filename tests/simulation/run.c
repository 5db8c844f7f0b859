#include "tests/simulation/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/app.h"
#include "providers/registry.h"
#include "store/store.h"
#include "tests/simulation/world.h"

/* ---- files --------------------------------------------------------------------------------------
 */

/* The catalog and whatever the store keeps beside it. */
static void remove_catalog(const char *directory)
{
	DIR *files = opendir(directory);
	struct dirent *file;
	char path[512];

	while (files && (file = readdir(files))) {
		if (strncmp(file->d_name, "catalog.db", strlen("catalog.db")) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, file->d_name);
		unlink(path);
	}
	if (files)
		closedir(files);
}

/*
 * An empty catalog as the store makes it, made once for a process: making it anew costs as much as
 * ten polls. Some seeds do without it and begin with no file.
 */
static bool make_template(const char *path)
{
	struct store *store = NULL;
	struct error err = { 0 };

	if (access(path, F_OK) == 0)
		return true;
	int rc = store_open(&store, path, IMAGECAT_VERSION, env_system(), &err);
	if (rc == 0)
		rc = store_describe(store, builtin_providers, &err);
	store_close(store);
	return rc == 0;
}

static bool copy(const char *from, const char *to)
{
	struct stat info;
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	bool ok = in >= 0 && out >= 0 && fstat(in, &info) == 0 &&
		  sendfile(out, in, NULL, (size_t)info.st_size) == info.st_size;

	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok;
}

static void begin_catalog(struct world *world, const char *directory, const char *catalog)
{
	char template[160];

	snprintf(template, sizeof(template), "%s/template.db", directory);
	if (world->seed % 10 != 0 && !(make_template(template) && copy(template, catalog)))
		world_fail(world, "%s cannot be made", catalog);
}

static struct config *load(struct world *world, const char *path, const struct buf *yaml)
{
	struct config *config = NULL;
	struct buf diagnostics;
	FILE *file = fopen(path, "w");

	buf_init(&diagnostics);
	if (!file || fwrite(yaml->bytes, 1, yaml->len, file) != yaml->len || fclose(file) != 0)
		world_fail(world, "%s cannot be written", path);
	else if (config_load(&config, path, builtin_providers, CONFIG_RUN, &diagnostics) < 0)
		world_fail(world, "the configuration is refused: %s", buf_text(&diagnostics));
	buf_finish(&diagnostics);
	return config;
}

/* ---- a seed -------------------------------------------------------------------------------------
 */

static void run_daemon(struct world *world, const struct config *config)
{
	do {
		world->active = world->open_handles = 0;
		enum app_status status = app_run(config, &world->env, false);
		if (status != APP_OK)
			world_fail(world, "the daemon ended with status %d", (int)status);
	} while (director_ended(world->director));
}

bool run_seed(const struct run_options *options, struct tally *tally,
	      char failure[static FAILURE_TEXT])
{
	struct world world;
	struct cloud cloud;
	struct oracle oracle;
	struct director director;
	struct buf yaml;
	char catalog[160], file[160];

	snprintf(catalog, sizeof(catalog), "%s/catalog.db", options->directory);
	snprintf(file, sizeof(file), "%s/imagecat.yaml", options->directory);
	remove_catalog(options->directory);
	const struct course *course = options->scenario->course;
	if (course && course->begin_seed)
		course->begin_seed(options->seed);
	world_init(&world, course && course->begin_seed ? course->world_seed : options->seed);
	world.tracing = options->tracing;
	world.tally = tally;
	world.cloud = &cloud;
	world.oracle = &oracle;
	world.director = &director;
	the_world = &world;
	int64_t began_us = world.now_us;
	cloud_init(&cloud);
	oracle_init(&oracle, &world, catalog, 2);
	director_init(&director, &world, options->scenario, options->polls);
	buf_init(&yaml);
	director_set_stage(&director, &cloud, catalog, &yaml);

	begin_catalog(&world, options->directory, catalog);
	struct config *config = load(&world, file, &yaml);
	if (config) {
		run_daemon(&world, config);
		oracle_judge_history(&oracle);
	}
	config_free(config);
	buf_finish(&yaml);
	oracle_finish(&oracle);
	cloud_finish(&cloud);
	tally->seeds++;
	tally->failed += world.failed;
	tally->events += world.steps;
	tally->digest +=
		luck_mix(oracle.feed_hash ^ luck_mix((uint64_t)world.now_us) ^ world.steps);
	tally->virtual_s += (uint64_t)(world.now_us - began_us) / 1000000;
	world_finish(&world);
	the_world = NULL;
	snprintf(failure, FAILURE_TEXT, "%s", world.failure);
	if (!world.failed)
		remove_catalog(options->directory);
	return !world.failed;
}
