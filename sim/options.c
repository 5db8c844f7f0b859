#include "sim/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/verify.h"

enum option_id {
	OPTION_LISTEN = 256,
	OPTION_SEED,
	OPTION_IMAGES,
	OPTION_SPREAD,
	OPTION_CHURN,
	OPTION_CHURN_SIZE,
	OPTION_CHURN_EVERY,
	OPTION_LATENCY,
	OPTION_FAIL,
	OPTION_LOG,
	OPTION_CLOCK_SKEW,
	OPTION_GATEWAY_ZONES,
	OPTION_FORBIDDEN_REGION,
	OPTION_GZIP,
	OPTION_READY_FD,
	OPTION_VERSION,
	OPTION_HELP,
};

/* clang-format off */
static const struct { const char *name, *value; enum option_id id; const char *help; } rows[] = {
	{ "listen",       "ADDRESS",  OPTION_LISTEN,      "127.0.0.1:8490 by default; port 0 takes a free one; unix:/PATH" },
	{ "seed",         "N",        OPTION_SEED,        "of the catalog, of churn and of faults (1)" },
	{ "images",       "N",        OPTION_IMAGES,      "over all services, see below (2000)" },
	{ "spread",       "NAME=N",   OPTION_SPREAD,      "another number for a service or a segment; may be repeated" },
	{ "churn",        "DURATION", OPTION_CHURN,       "change images that often, such as 30s" },
	{ "churn-size",   "N",        OPTION_CHURN_SIZE,  "changes at a time (5)" },
	{ "churn-every",  "N",        OPTION_CHURN_EVERY, "change images after each N answered image lists" },
	{ "latency",      "DURATION", OPTION_LATENCY,     "of every answer, such as 50ms" },
	{ "fail",         "KIND=RATE", OPTION_FAIL,       "inject faults, see below; may be repeated" },
	{ "log",          "FILE",     OPTION_LOG,         "NDJSON of every request and every change of the truth" },
	{ "clock-skew",   "SECONDS",  OPTION_CLOCK_SKEW,  "how far the clouds' clock is ahead" },
	{ "gateway-zones", NULL,      OPTION_GATEWAY_ZONES, "Compshare lists require Zone, as on the UCloud gateway" },
	{ "forbidden-region", NULL,   OPTION_FORBIDDEN_REGION, "GetRegion also names us-ca, which answers RetCode 230" },
	{ "gzip",         NULL,       OPTION_GZIP,        "answer in gzip (stored) clients that accept it" },
	{ "ready-fd",     "N",        OPTION_READY_FD,    "write the address there when ready, and close it" },
	{ "version",      NULL,       OPTION_VERSION,     "print the version" },
	{ "help",         NULL,       OPTION_HELP,        "print this" },
};
/* clang-format on */

static const char spread_help[] =
	"Images. The number is shared out exactly, by weight, over segments, which are what is\n"
	"listed together:\n"
	"  of 1000, for each of the regions cn-bj2 cn-sh2 cn-gd hk cn-wlcb:\n"
	"      60 uhost/REGION/platform   22 uhost/REGION/org-sim1   8 uhost/REGION/org-sim2\n"
	"       4 uk8s/REGION\n"
	"  for each of cn-sh2 cn-wlcb: 20 custom/REGION\n"
	"  the same in both: 25 platform/System  40 platform/App  5 platform/Game  10 "
	"platform/Other\n"
	"      210 community (versions of groups)  20 shared\n"
	"  QingCloud: 80 images/system, the same in each zone, and for each of pek3 sh1 gd2 ap2a:\n"
	"      20 images/ZONE/self   5 images/ZONE/shared\n"
	"A uhost listing of a project is REGION/platform followed by REGION/PROJECT; org-sim1 is "
	"the\n"
	"default project. --spread replaces the number of all segments that begin with NAME:\n"
	"--images 0 --spread uhost/cn-bj2/platform=100000 is one listing of 100000.\n";

static const char keys_help[] =
	"Keys, published by the vendors as examples and good for nothing else:\n"
	"  UCloud, Compshare  " SIM_UCLOUD_PUBLIC_KEY "\n"
	"                     " SIM_UCLOUD_PRIVATE_KEY "\n"
	"  QingCloud          " SIM_QINGCLOUD_KEY_ID "\n"
	"                     " SIM_QINGCLOUD_SECRET "\n";

void options_put_help(struct buf *out)
{
	buf_puts(out, "Usage: imagecat-sim [OPTION]...\n\n"
		      "A local cloud: UCloud and Compshare on /, QingCloud on /iaas/, signatures "
		      "checked.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char flag[64];
		snprintf(flag, sizeof(flag), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
			 rows[i].value ? rows[i].value : "");
		buf_printf(out, "  %-22s %s\n", flag, rows[i].help);
	}
	buf_printf(out, "\n%s\n%s", keys_help, spread_help);
	buf_puts(out, "\nFaults. RATE is 0 to 1, or #N for the Nth request only; @ACTION after it "
		      "picks one action,\nas in cut=0.1@DescribeImage. Lists without pages (UK8S) "
		      "know only those that fit.\n");
	for (int i = 0; i < FAULT_COUNT; i++)
		buf_printf(out, "  %-12s %s\n", fault_name((enum fault)i),
			   fault_help((enum fault)i));
	buf_puts(out,
		 "\nWhile it runs, /_sim/health, /_sim/segments and /_sim/truth tell, and POST "
		 "to /_sim/churn,\n/_sim/add, /_sim/remove, /_sim/change and /_sim/fail "
		 "changes, without a signature.\n");
}

bool options_duration(const char *text, int64_t *ret_ms)
{
	/* clang-format off */
	static const struct { const char *unit; int64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};
	/* clang-format on */
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) != 0 || errno || n > INT32_MAX)
			continue;
		*ret_ms = (int64_t)n * units[i].ms;
		return true;
	}
	return false;
}

static int take_count(const char *name, const char *text, int64_t max, int64_t *ret,
		      struct error *err)
{
	if (text_to_int(text, ret) && *ret >= 0 && *ret <= max)
		return 0;
	return error_set(err, -EINVAL, "--%s: '%s' is no number from 0 to %lld", name, text,
			 (long long)max);
}

static int take_size(const char *name, const char *text, size_t *ret, struct error *err)
{
	int64_t n;
	int r = take_count(name, text, 16000000, &n, err);

	if (r == 0)
		*ret = (size_t)n;
	return r;
}

static int take_duration(const char *name, const char *text, int64_t *ret, struct error *err)
{
	if (options_duration(text, ret))
		return 0;
	return error_set(err, -EINVAL, "--%s: '%s' is no duration such as 50ms, 30s or 5m", name,
			 text);
}

static int take_spread(struct sim_arguments *arguments, const char *text, struct error *err)
{
	struct sim_options *o = &arguments->options;
	const char *equals = strchr(text, '=');

	if (!equals || (size_t)(equals - text) >= sizeof(arguments->names[0]))
		return error_set(err, -EINVAL, "--spread: '%s' is no NAME=N", text);
	if (o->size_count == SIM_SIZES_MAX)
		return error_set(err, -E2BIG, "--spread: at most %d times", SIM_SIZES_MAX);
	char *name = arguments->names[o->size_count];
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	o->sizes[o->size_count].name = name;
	return take_size("spread", equals + 1, &o->sizes[o->size_count++].images, err);
}

static int take_fault(struct sim_options *o, const char *text, struct error *err)
{
	if (o->fail_count == FAULT_RULES_MAX)
		return error_set(err, -E2BIG, "--fail: at most %d times", FAULT_RULES_MAX);
	o->fail[o->fail_count++] = text;
	return 0;
}

static int take_skew(struct sim_options *o, const char *text, struct error *err)
{
	if (text_to_int(text, &o->clock_skew_s) && llabs(o->clock_skew_s) < INT32_MAX)
		return 0;
	return error_set(err, -EINVAL, "--clock-skew: '%s' is no number of seconds", text);
}

static int take(struct sim_arguments *arguments, enum option_id id, const char *value,
		struct error *err)
{
	struct sim_options *o = &arguments->options;
	int64_t n = 0;
	int r = 0;

	switch (id) {
	case OPTION_LISTEN: o->listen = value; break;
	case OPTION_SEED:
		r = take_count("seed", value, INT64_MAX, &n, err);
		o->seed = (uint64_t)n;
		break;
	case OPTION_IMAGES: r = take_size("images", value, &o->images, err); break;
	case OPTION_SPREAD: r = take_spread(arguments, value, err); break;
	case OPTION_CHURN: r = take_duration("churn", value, &o->churn_ms, err); break;
	case OPTION_CHURN_SIZE: r = take_size("churn-size", value, &o->churn_size, err); break;
	case OPTION_CHURN_EVERY: r = take_size("churn-every", value, &o->churn_every, err); break;
	case OPTION_LATENCY: r = take_duration("latency", value, &o->latency_ms, err); break;
	case OPTION_FAIL: r = take_fault(o, value, err); break;
	case OPTION_LOG: o->log_file = value; break;
	case OPTION_CLOCK_SKEW: r = take_skew(o, value, err); break;
	case OPTION_GATEWAY_ZONES: o->gateway_zones = true; break;
	case OPTION_FORBIDDEN_REGION: o->forbidden_region = true; break;
	case OPTION_GZIP: o->gzip = true; break;
	case OPTION_READY_FD:
		r = take_count("ready-fd", value, 1 << 20, &n, err);
		arguments->ready_fd = (int)n;
		break;
	case OPTION_VERSION:
	case OPTION_HELP: break;
	}
	return r;
}

static enum options_result read_all(struct sim_arguments *arguments, int argc, char *argv[],
				    const struct option *known, struct error *err)
{
	optind = 0;
	opterr = 0;
	for (;;) {
		int id = getopt_long(argc, argv, ":", known, NULL);
		if (id < 0)
			break;
		if (id == OPTION_HELP)
			return OPTIONS_HELP;
		if (id == OPTION_VERSION)
			return OPTIONS_VERSION;
		if (id == '?' || id == ':') {
			error_set(err, -EINVAL, "%s: %s", argv[optind - 1],
				  id == ':' ? "a value is missing" : "no such option");
			return OPTIONS_WRONG;
		}
		if (take(arguments, (enum option_id)id, optarg, err) < 0)
			return OPTIONS_WRONG;
	}
	if (optind == argc)
		return OPTIONS_RUN;
	error_set(err, -EINVAL, "'%s': no argument is expected", argv[optind]);
	return OPTIONS_WRONG;
}

enum options_result options_parse(struct sim_arguments *arguments, int argc, char *argv[],
				  struct error *err)
{
	struct option known[ARRAY_LEN(rows) + 1] = { 0 };

	*arguments = (struct sim_arguments){ .ready_fd = -1 };
	sim_defaults(&arguments->options);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		known[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].value ? required_argument : no_argument,
			.val = (int)rows[i].id,
		};
	return read_all(arguments, argc, argv, known, err);
}
