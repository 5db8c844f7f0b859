/*
 * The other lists: listings, polls, changes, coverage, counts.
 */
#include <errno.h>
#include <string.h>

#include "export/handlers.h"
#include "export/rows.h"

#define PLACE_PARAMETERS                                                                           \
	{ "region", PARAMETER_TEXT, .help = "in that region; - for none" },                        \
	{                                                                                          \
		"zone", PARAMETER_TEXT, .help = "in that zone; - for none"                         \
	}
#define WHOSE_PARAMETERS                                                                           \
	{ "account", PARAMETER_TEXT, .help = "of that account" },                                  \
	{                                                                                          \
		"service", PARAMETER_TEXT, .help = "of that service"                               \
	}
#define LISTING_PARAMETER                                                                          \
	{                                                                                          \
		"listing_id", PARAMETER_INT, 1, INT64_MAX, .help = "of that listing"               \
	}
#define SORT_PARAMETER                                                                             \
	{                                                                                          \
		"sort", PARAMETER_WORD, .words = "seq|-seq",                                       \
					.help = "-seq: the newest first (seq: the oldest first)"   \
	}

/* clang-format off */
const struct parameter listings_parameters[] = {
	{ "provider", PARAMETER_NAME, .help = "of that provider" },
	WHOSE_PARAMETERS, PLACE_PARAMETERS, COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 },
};
const struct parameter polls_parameters[] = {
	LISTING_PARAMETER,
	{ "outcome", PARAMETER_WORD, .words = "complete|partial|suspect|failed|aborted", .help = "that ended so" },
	{ "since", PARAMETER_SINCE, .help = "started since then" },
	COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 },
};
const struct parameter changes_parameters[] = {
	{ "after", PARAMETER_INT, 0, INT64_MAX,
	  .help = "with a greater seq; 410 when some of them were pruned, or the catalog does not know it; 0: all that is kept" },
	LISTING_PARAMETER,
	{ "kind", PARAMETER_WORD, .words = "baseline|added|changed|missing|removed|returned|held|released|source-drift|remapped|disabled|enabled",
	  .help = "of that kind" },
	WHOSE_PARAMETERS, PLACE_PARAMETERS,
	{ "id", PARAMETER_TEXT, .help = "of that image, by uid or image_id" },
	{ "since", PARAMETER_SINCE, .help = "since then" },
	SORT_PARAMETER, COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 },
};
const struct parameter history_parameters[] = { SORT_PARAMETER, COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 } };
const struct parameter coverage_parameters[] = {
	{ "provider", PARAMETER_NAME, .help = "of that provider" },
	PLACE_PARAMETERS,
	{ "os_distro", PARAMETER_TEXT, .help = "of that distribution" },
	{ "os_version", PARAMETER_TEXT, .help = "of that version" },
	{ "arch", PARAMETER_WORD, .words = "", .help = "for that processor; - for not known" },
	{ "form", PARAMETER_WORD, .words = "", .help = "by what it boots as" },
	{ "missing", PARAMETER_FLAG, .help = "only the places that lack it" },
	COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 },
};
const struct parameter counts_parameters[] = {
	{ "provider", PARAMETER_NAME, .help = "of that provider" },
	{ "region", PARAMETER_TEXT, .help = "in that region; - for none" },
	{ "kind", PARAMETER_WORD, .words = "", .help = "of that kind" },
	{ "state", PARAMETER_WORD, .words = "", .help = "in that state" },
	{ "since", PARAMETER_SINCE, .help = "of days that began since then" },
	COLUMNS_PARAMETER(""), ROWS_PARAMETERS, { 0 },
};

#define AT(member) offsetof(struct view_query, member)
/* A parameter that was not declared was not sent. */
static const struct { const char *name; size_t offset; } texts[] = {
	{ "provider", AT(provider) },   { "account", AT(account) }, { "service", AT(service) },
	{ "region", AT(region) },       { "zone", AT(zone) },       { "os_distro", AT(os_distro) },
	{ "os_version", AT(os_version) }, { "arch", AT(arch) },     { "form", AT(form) },
	{ "kind", AT(kind) },           { "state", AT(state) },     { "outcome", AT(outcome) },
	{ "id", AT(id) },
};
/* clang-format on */

static void list(struct exchange *x, struct reader *reader, enum reader_view view,
		 struct view_query *query)
{
	const char *since = exchange_text(x, "since"), *missing = exchange_text(x, "missing"),
		   *sort = exchange_text(x, "sort"), *chosen = exchange_text(x, "columns");
	struct error err = { 0 };
	struct arena arena;
	struct rows rows;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*(const char **)(void *)((char *)query + texts[i].offset) =
			exchange_text(x, texts[i].name);
	query->listing_id = exchange_int(x, "listing_id", 0);
	query->after = exchange_int(x, "after", 0);
	if (since)
		(void)parameter_since(since, x->export->env->now_s(x->export->env), &query->since);
	if (missing)
		(void)parameter_flag(missing, &query->missing);
	if (sort)
		query->descending = *sort == '-';
	if (!rows_begin(&rows, x))
		return;
	query->page = &rows.page;
	arena_init(&arena);
	if (chosen)
		query->columns = rows_split(&arena, chosen, ",", ROWS_COLUMNS_MAX);
	int rc = arena.failed ? error_set(&err, -ENOMEM, "out of memory")
			      : reader_query_view(reader, view, query, rows_add, &rows, &err);
	rows_end(&rows, rc, &err);
	/* What was sent is not repeated. */
	if (rc == -EINVAL)
		answer_bad_parameter(&x->answer, "columns",
				     "columns of the view: see /openapi.json");
	arena_finish(&arena);
}

void views_listings(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_listings, &(struct view_query){ 0 });
}

/* The newest first: that is what people look for. */
void views_polls(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_polls, &(struct view_query){ .descending = true });
}

void views_changes(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_changes, &(struct view_query){ 0 });
}

void views_history(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_changes, &(struct view_query){ .uid = x->tail });
}

void views_coverage(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_coverage, &(struct view_query){ 0 });
}

void views_counts(struct exchange *x, struct reader *reader)
{
	list(x, reader, VIEW_image_counts, &(struct view_query){ 0 });
}
