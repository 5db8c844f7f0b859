#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/filter.h"
#include "cli/output.h"

/* What a terminal row has room for; --columns asks for others, the other formats give all. */
static const char *const table_columns[] = { "account", "service",   "region",     "image_id",
					     "name",    "os_distro", "os_version", "arch",
					     "kind",    "state",     NULL };
static const char *const id_columns[] = { "image_id", NULL };

struct list_options {
	struct image_filter filter;
	enum output_format format;
	bool utc;
	struct arena arena;
};

enum { OPT_OUTPUT = 'o', OPT_UTC = 256, OPT_HELP };

static void print_help(void)
{
	puts("Usage: imagecat list [FILTER]...\n"
	     "Images of the catalog; purged ones only when asked for by --state.\n");
	filter_help();
	puts("  -o FORMAT            table, json, ndjson, csv, tsv or id\n"
	     "  --utc                times of a table in UTC");
}

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct list_options *o)
{
	struct option options[FILTER_OPTIONS + 4];
	size_t count = filter_options(options);
	int c;

	options[count++] = (struct option){ "output", required_argument, NULL, OPT_OUTPUT };
	options[count++] = (struct option){ "utc", no_argument, NULL, OPT_UTC };
	options[count++] = (struct option){ "help", no_argument, NULL, OPT_HELP };
	options[count] = (struct option){ 0 };
	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c >= FILTER_FIRST) {
			if (!filter_set(&o->filter, &o->arena, c, optarg))
				return CLI_USAGE;
		} else if (c == OPT_OUTPUT) {
			if (!output_format_from_text(optarg, &o->format))
				return complain(
					CLI_USAGE,
					"-o: '%s' is none of table, json, ndjson, csv, tsv, id",
					optarg);
		} else if (c == OPT_UTC) {
			o->utc = true;
		} else if (c == OPT_HELP) {
			print_help();
			return CLI_OK;
		} else {
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return complain(CLI_USAGE, "list takes filters only, not '%s'", argv[optind]);
	return -1;
}

static int on_row(const struct reader_row *row, void *data)
{
	return output_row(data, row);
}

static int print_images(struct list_options *o, struct reader *reader)
{
	struct output *output;
	struct error err = { 0 };

	if (output_open(&output, stdout, o->format, o->utc) < 0)
		return complain(CLI_ERROR, "out of memory");
	int rc = reader_each_image(reader, &o->filter, on_row, output, &err);
	int closed = output_close(output);
	if (rc == -EINVAL && err.text[0])
		return complain(CLI_USAGE, "%s", err.text);
	if (rc < 0)
		return complain(CLI_ERROR, "%s", err.text[0] ? err.text : strerror(-rc));
	return closed < 0 ? complain(CLI_ERROR, "%s", strerror(-closed)) : CLI_OK;
}

int list_run(int argc, char **argv, const char *catalog)
{
	struct list_options o = { .format = OUTPUT_TABLE };

	int status = parse(argc, argv, &o);
	if (status < 0 && o.format == OUTPUT_TABLE && !o.filter.columns)
		o.filter.columns = table_columns;
	if (status < 0 && o.format == OUTPUT_ID)
		o.filter.columns = id_columns;
	struct reader *reader = status < 0 ? open_catalog(catalog) : NULL;
	if (status < 0)
		status = reader ? print_images(&o, reader) : CLI_ERROR;
	reader_close(reader);
	arena_finish(&o.arena);
	return status;
}
