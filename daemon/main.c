#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "daemon/app.h"
#include "model/scratch.h"
#include "providers/registry.h"

#define DEFAULT_CONFIG "/etc/imagecat/imagecat.yaml"

static const char usage[] =
	"Usage: imagecatd [OPTION]...\n"
	"Keeps a catalog of the machine images of UCloud, Compshare and QingCloud.\n"
	"\n"
	"  --config FILE      configuration (" DEFAULT_CONFIG ")\n"
	"  --once             poll every listing once, then exit\n"
	"  --check            check the configuration; opens no secret, no network\n"
	"  --print-config     print the effective configuration, secrets masked\n"
	"  --log-level LEVEL  error, warn, info or debug; instead of log.level\n"
	"  --version          print the version\n"
	"  --help             print this\n"
	"\n"
	"Exit status: 0 all listings complete, or a clean stop; 1 failure; 2 usage;\n"
	"3 --once: some listing not complete; 4 --once: authentication failed everywhere;\n"
	"78 configuration invalid.\n";

struct options {
	const char *config;
	bool once, check, print_config;
	bool has_level;
	enum log_level level;
};

enum { OPT_CONFIG = 256, OPT_ONCE, OPT_CHECK, OPT_PRINT, OPT_LEVEL, OPT_VERSION, OPT_HELP };

/* clang-format off */
static const struct option long_options[] = {
	{ "config",       required_argument, NULL, OPT_CONFIG },
	{ "once",         no_argument,       NULL, OPT_ONCE },
	{ "check",        no_argument,       NULL, OPT_CHECK },
	{ "print-config", no_argument,       NULL, OPT_PRINT },
	{ "log-level",    required_argument, NULL, OPT_LEVEL },
	{ "version",      no_argument,       NULL, OPT_VERSION },
	{ "help",         no_argument,       NULL, OPT_HELP },
	{ 0 },
};
/* clang-format on */

static int usage_error(const char *sentence)
{
	if (sentence)
		fprintf(stderr, "imagecatd: %s\n", sentence);
	fputs("Try 'imagecatd --help'.\n", stderr);
	return APP_USAGE;
}

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG: o->config = optarg; break;
		case OPT_ONCE: o->once = true; break;
		case OPT_CHECK: o->check = true; break;
		case OPT_PRINT: o->print_config = true; break;
		case OPT_LEVEL:
			if (!log_level_from_text(optarg, &o->level))
				return usage_error("--log-level is error, warn, info or debug");
			o->has_level = true;
			break;
		case OPT_VERSION: puts("imagecatd " IMAGECAT_VERSION); return APP_OK;
		case OPT_HELP: fputs(usage, stdout); return APP_OK;
		default: return usage_error(NULL);
		}
	}
	if (optind < argc)
		return usage_error("it takes options only");
	return -1;
}

/* A descriptor below 3 that is closed would be taken by the next file that is opened, and what is
 * meant for a person would go into it. */
static bool open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
	struct options o = { .config = DEFAULT_CONFIG };
	struct config *config = NULL;
	struct buf text;

	if (!open_standard_files())
		return APP_FAILED;
	int status = parse(argc, argv, &o);
	if (status >= 0)
		return status;
	/* One heap for all threads: they rarely meet in it, and pages that travel from thread to
	 * thread leave no holes in four others. */
	(void)mallopt(M_ARENA_MAX, 1);
	scratch_install();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full disk is an error of that write, not the end */

	buf_init(&text);
	int rc = config_load(&config, o.config, builtin_providers,
			     o.check ? CONFIG_CHECK : CONFIG_RUN, &text);
	fputs(buf_text(&text), stderr);
	buf_finish(&text);
	if (rc < 0)
		return APP_CONFIG;

	status = APP_OK;
	if (o.print_config) {
		buf_init(&text);
		config_print(config, &text);
		fputs(buf_text(&text), stdout);
		status = text.failed || fflush(stdout) != 0 ? APP_FAILED : APP_OK;
		buf_finish(&text);
	} else if (o.check) {
		fprintf(stderr, "%s: configuration is valid, %zu %s\n", o.config,
			config->account_count, config->account_count == 1 ? "account" : "accounts");
	} else {
		log_setup(o.has_level ? o.level : config->log.level, config->log.format);
		status = app_run(config, env_system(), o.once);
	}
	config_free(config);
	return status;
}
