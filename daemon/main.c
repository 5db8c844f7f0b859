#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "daemon/app.h"
#include "daemon/plugins.h"
#include "model/scratch.h"
#include "store/verify.h"

#define DEFAULT_CONFIG "/etc/imagecat/imagecat.yaml"

static const char usage[] =
	"Usage: imagecatd [OPTION]...\n"
	"Keeps a catalog of the machine images of UCloud, Compshare and QingCloud.\n"
	"\n"
	"  --config FILE      configuration (" DEFAULT_CONFIG ")\n"
	"  --once             poll every listing once, then exit\n"
	"  --check            check the configuration; opens no secret, no network\n"
	"  --verify CATALOG   check that a catalog's history is whole; says what is not\n"
	"  --print-config     print the effective configuration, secrets masked\n"
	"  --log-level LEVEL  error, warn, info or debug; instead of log.level\n"
	"  --version          print the version\n"
	"  --help             print this\n"
	"\n"
	"Exit status: 0 all listings complete, or a clean stop; 1 failure; 2 usage;\n"
	"3 --once: some listing not complete; 4 --once: authentication failed everywhere;\n"
	"78 configuration invalid.\n";

struct options {
	const char *config, *verify;
	bool once, check, print_config;
	bool has_level;
	enum log_level level;
};

enum {
	OPT_CONFIG = 256,
	OPT_ONCE,
	OPT_CHECK,
	OPT_PRINT,
	OPT_VERIFY,
	OPT_LEVEL,
	OPT_VERSION,
	OPT_HELP
};

/* clang-format off */
static const struct option long_options[] = {
	{ "config",       required_argument, NULL, OPT_CONFIG },
	{ "once",         no_argument,       NULL, OPT_ONCE },
	{ "check",        no_argument,       NULL, OPT_CHECK },
	{ "print-config", no_argument,       NULL, OPT_PRINT },
	{ "verify",       required_argument, NULL, OPT_VERIFY },
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
		case OPT_VERIFY: o->verify = optarg; break;
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

static void print_problem(const char *sentence, void *data)
{
	(void)data;
	puts(sentence);
}

static enum app_status verify(const char *path)
{
	struct verify_report report;
	struct error err = { 0 };

	if (store_verify(path, print_problem, NULL, &report, &err) < 0) {
		fprintf(stderr, "imagecatd: %s\n", err.text);
		return APP_FAILED;
	}
	printf("%lld images, %lld revisions, %lld changes, %lld polls: ", (long long)report.images,
	       (long long)report.revisions, (long long)report.changes, (long long)report.polls);
	if (report.problems == 0)
		puts("the history is whole");
	else
		printf("%lld %s\n", (long long)report.problems,
		       report.problems == 1 ? "problem" : "problems");
	return report.problems || fflush(stdout) != 0 ? APP_FAILED : APP_OK;
}

static enum app_status print_config(const struct config *config)
{
	struct buf text;

	buf_init(&text);
	config_print(config, &text);
	fputs(buf_text(&text), stdout);
	enum app_status status = text.failed || fflush(stdout) != 0 ? APP_FAILED : APP_OK;
	buf_finish(&text);
	return status;
}

static enum app_status act(const struct options *o, struct config *config)
{
	if (o->print_config)
		return print_config(config);
	if (o->check) {
		fprintf(stderr, "%s: configuration is valid, %zu %s\n", o->config,
			config->account_count, config->account_count == 1 ? "account" : "accounts");
		return APP_OK;
	}
	if (o->has_level)
		config->log.level = o->level;
	config->log.forced = o->has_level;
	log_setup(config->log.level, config->log.format);
	/* It holds keys: no core file, no debugger of the same user. */
	(void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
	enum app_status status = app_run(config, env_system(), o->once);
	log_finish();
	return status;
}

static int load(const struct options *o, struct plugins *plugins, struct config **ret)
{
	struct buf text;

	buf_init(&text);
	int rc = config_load_with(ret, o->config, plugins_list, plugins,
				  o->check ? CONFIG_CHECK : CONFIG_RUN, &text);
	fputs(buf_text(&plugins->told), stderr);
	fputs(buf_text(&text), stderr);
	buf_finish(&text);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = { .config = DEFAULT_CONFIG };
	struct plugins plugins = { 0 };
	struct config *config = NULL;

	if (!open_standard_files())
		return APP_FAILED;
	int status = parse(argc, argv, &o);
	if (status >= 0)
		return status;
	/* One heap for all threads: they rarely meet in it, and pages that travel from thread to
	 * thread leave no holes in four others. */
	(void)mallopt(M_ARENA_MAX, 1);
	scratch_install();
	if (o.verify)
		return verify(o.verify);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full disk is an error of that write, not the end */

	status = load(&o, &plugins, &config) < 0 ? APP_CONFIG : (int)act(&o, config);
	config_free(config);
	plugins_finish(&plugins);
	return status;
}
