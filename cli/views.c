/*
 * The commands that print a view as it is: polls, coverage, schema.
 */
#include <string.h>

#include "base/text.h"
#include "cli/rows.h"

int polls_run(struct call *call)
{
	static const char *const table[] = { "poll_id", "started_at", "account",     "service",
					     "region",  "outcome",    "message",     "items",
					     "added",   "changed",    "missing",     "removed",
					     "zone",    "variant",    "duration_ms", NULL };
	static const char *const id[] = { "poll_id", NULL };
	const struct image_filter *f = &call->filter;
	const struct view_query query = { .provider = f->provider,
					  .account = f->account,
					  .service = f->service,
					  .region = f->region,
					  .zone = f->zone,
					  .outcome = call->outcome,
					  .listing_id = call->listing_id,
					  .since = f->since,
					  .with_listing = true,
					  .descending = true,
					  .limit = f->limit };

	return rows_print_view(call, VIEW_polls, &query, table, id);
}

int coverage_run(struct call *call)
{
	static const char *const table[] = {
		"provider", "region", "zone",          "os_distro",         "os_version", "arch",
		"form",     "images", "system_images", "newest_created_at", NULL
	};
	static const char *const id[] = { "region", NULL };
	const struct image_filter *f = &call->filter;
	const struct view_query query = { .provider = f->provider,
					  .region = f->region,
					  .zone = f->zone,
					  .os_distro = f->os_distro,
					  .os_version = f->os_version,
					  .arch = f->arch,
					  .form = f->form,
					  .missing = call->missing,
					  .limit = f->limit };

	return rows_print_view(call, VIEW_coverage, &query, table, id);
}

static const char *const view_names[] = {
#define X(name, order, second) #name,
	READER_VIEWS(X)
#undef X
		NULL
};

bool view_named(const char *name, enum reader_view *ret)
{
	if (reader_view_from_text(name, ret))
		return true;
	const char *nearest = text_nearest(name, view_names);
	complain(CLI_USAGE, "there is no view '%s'%s%s%s", name,
		 nearest ? "; did you mean '" : "; see imagecat schema", nearest ? nearest : "",
		 nearest ? "'?" : "");
	return false;
}

int schema_run(struct call *call)
{
	static const char *const table[] = {
		"view", "column", "type", "unit", "description", NULL
	};
	static const char *const one_table[] = { "column", "type", "unit", "description", NULL };
	static const char *const id[] = { "column", NULL };
	struct view_query query = { .limit = call->filter.limit };
	enum reader_view view;

	if (call->word_count) {
		query.view = call->words[0];
		if (!view_named(query.view, &view))
			return CLI_USAGE;
	}
	return rows_print_view(call, VIEW_column_docs, &query, query.view ? one_table : table, id);
}
