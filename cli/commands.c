#include "cli/command.h"

#include <string.h>

#include "base/text.h"

#define PLACE  (TAKES(PROVIDER) | TAKES(ACCOUNT) | TAKES(SERVICE) | TAKES(REGION) | TAKES(ZONE))
#define SYSTEM (TAKES(OS) | TAKES(ARCH) | TAKES(FORM))
#define CLASS                                                                                      \
	(TAKES(CLOUD) | TAKES(KIND) | TAKES(ORIGIN) | TAKES(VISIBILITY) | TAKES(WORKLOAD) |        \
	 TAKES(STATE))
#define ANSWERS   (TAKES(GPU) | TAKES(LAUNCHABLE) | TAKES(STALE))
#define FILTERS   (PLACE | SYSTEM | CLASS | ANSWERS | TAKES(NAME) | TAKES(SINCE))
#define GENERAL   (TAKES(CATALOG) | TAKES(HELP))
#define PRINTING  (TAKES(OUTPUT) | TAKES(UTC) | GENERAL)
#define SELECTION (TAKES(COLUMNS) | TAKES(LIMIT) | PRINTING)
#define ORDER     (TAKES(SORT) | SELECTION)
#define DAEMON    (TAKES(HTTP) | TAKES(TOKEN_FILE) | TAKES(CONFIG) | TAKES(HELP))

/* A name of many words is one argument of many. */
enum { MANY = 1000 };

/* clang-format off */
const struct command commands[] = {
	{ "list", "", 0, 0, FILTERS | TAKES(REMOVED) | ORDER, list_run,
	  "images, by provider, place, system, state and more",
	  "Purged images are left out unless --state asks for them. No image is no error." },
	{ "show", "ID|UID", 1, 1, TAKES(AT) | TAKES(RAW) | PRINTING, show_run,
	  "all that is known of an image, in every place, newest first",
	  "With --at as it was then: present, missing, removed, or not seen yet. Exit status 5 when no poll ever saw it. "
	  "With --raw and no -o it prints one item a line, as the cloud sent it, for jq." },
	{ "search", "WORDS", 1, MANY, FILTERS | TAKES(REMOVED) | ORDER, search_run,
	  "images by words in name, description, tags, software",
	  "All words must be there; Chinese ones may be as short as one character." },
	{ "latest", "", 0, 0, FILTERS | TAKES(ALL) | ORDER, latest_run,
	  "the newest launchable image of each sort, and why it is",
	  "A sort is one provider, cloud, service, region, zone, distribution, version, processor, form, kind, workload and "
	  "answer to gpu. Of each distribution the highest version that the filters leave is taken, compared number by "
	  "number; --all prints the others as well. Images of the community are never chosen.\n"
	  "With -o id exactly one id is printed: nothing and exit status 5 when there is none; nothing and exit status 6 when "
	  "several sorts are left, and stderr names the filters that tell them apart." },
	{ "check", "FILE|DIR|-...", 1, MANY, TAKES(EOL_WITHIN) | TAKES(ALL) | TAKES(COLUMNS) | PRINTING, check_run,
	  "images that your files use: which are gone, or soon will be",
	  "A file in which every line is one word is a list of image_ids or uids, and all of them are looked up; what follows # "
	  "is a comment. In any other "
	  "text, such as Terraform, Packer, cloud-init, JSON and YAML, an id is a word that the catalog knows, a word that "
	  "looks like an id, or the value of a key like image_id. Comments are left out, and in a directory hidden files and "
	  "what is no text.\n"
	  "Told are those that are gone, missing, deprecated, not launchable, stale, or near their end of life; with --all the "
	  "good ones too. An id that no poll has ever seen is gone as well, and the detail says so: a typo, another account's or "
	  "place's, or removed before. What holds in several places that share an id is told once, with their names. Exit "
	  "status 3 if there is any." },
	{ "history", "ID|UID", 1, 1, TAKES(SINCE) | SELECTION, history_run,
	  "what happened to an image, oldest first",
	  "Exit status 5 when no poll ever saw it." },
	{ "changes", "", 0, 0, TAKES(AFTER) | TAKES(SINCE) | TAKES(FOLLOW) | TAKES(CHANGE) | TAKES(ACCOUNT) |
	  TAKES(SERVICE) | TAKES(REGION) | TAKES(ZONE) | TAKES(LISTING) | SELECTION, changes_run,
	  "the feed of changes, oldest first",
	  "--follow without --after and --since begins with what comes next. No number is given twice: remember the greatest "
	  "seq and ask for more with --after. Exit status 1 when changes behind it were pruned (catalog.keep_history), or "
	  "the catalog does not know it, since it is another one or went back to a backup: read the catalog anew." },
	{ "status", "", 0, 0, TAKES(ACCOUNT) | TAKES(PROVIDER) | PRINTING, status_run,
	  "listings: health, freshness, what went wrong",
	  "Exit status 3 when a listing is stale or failing." },
	{ "polls", "", 0, 0, PLACE | TAKES(LISTING) | TAKES(OUTCOME) | TAKES(SINCE) | SELECTION, polls_run,
	  "attempts to read a listing, newest first",
	  "" },
	{ "coverage", "", 0, 0, TAKES(PROVIDER) | TAKES(REGION) | TAKES(ZONE) | SYSTEM | TAKES(MISSING) | SELECTION, coverage_run,
	  "systems against places: how many images, and where there is none",
	  "What counts is an image of the platform that can be launched." },
	{ "export", "", 0, 0, FILTERS | TAKES(REMOVED) | TAKES(VIEW) | TAKES(COLUMNS) | TAKES(CSV) | TAKES(NDJSON) |
	  TAKES(SQLITE) | GENERAL, export_run,
	  "images, a view or the whole catalog into a file",
	  "FILE must not be there yet; it appears whole or not at all." },
	{ "schema", "[VIEW]", 0, 1, SELECTION, schema_run,
	  "views and columns, and what each means",
	  "" },
	{ "poll", "[LISTING]", 0, MANY, DAEMON, poll_run,
	  "have imagecatd poll a listing now, or all",
	  "LISTING is a listing_id, or a name as 'imagecat status' prints it." },
	{ "release", "LISTING", 1, MANY, DAEMON, release_run,
	  "believe what a suspect poll of a listing held back",
	  "Images that are gone in the next complete poll of the listing count as gone. LISTING is a listing_id, or a name as "
	  "'imagecat status' prints it." },
	{ "help", "[COMMAND]", 0, 1, TAKES(HELP), help_run,
	  "this, or what a command takes",
	  "" },
};
/* clang-format on */

const size_t command_count = ARRAY_LEN(commands);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int command_unknown(const char *name)
{
	const char *names[ARRAY_LEN(commands) + 1] = { 0 };

	for (size_t i = 0; i < command_count; i++)
		names[i] = commands[i].name;
	const char *nearest = text_nearest(name, names);
	if (nearest)
		return complain(CLI_USAGE, "unknown command '%s'; did you mean '%s'?", name,
				nearest);
	return complain(CLI_USAGE, "unknown command '%s'; see imagecat --help", name);
}
