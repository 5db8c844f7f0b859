/*
 * /openapi.json: the table of routes and the catalog's own description of its columns, put
 * together.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "export/handlers.h"

/* ---- what is not a row of a view ------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name, *text;
} schemas[] = {
	{ "problem", "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{"
	  "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
	  "\"detail\":{\"type\":\"string\"},\"oldest_seq\":{\"type\":\"integer\"},"
	  "\"seq\":{\"type\":\"integer\"},\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
	  "\"required\":[\"parameter\",\"detail\"],\"properties\":{\"parameter\":{\"type\":\"string\"},"
	  "\"detail\":{\"type\":\"string\"}}}}}}" },
	{ "image", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/images_row\"},"
	  "{\"$ref\":\"#/components/schemas/sightings_row\"}]}" },
	{ "counts", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"value\"],\"properties\":{"
	  "\"value\":{\"type\":[\"string\",\"null\"]},\"images\":{\"type\":\"integer\"},"
	  "\"listings\":{\"type\":\"integer\"}}}}" },
	{ "stats", "{\"type\":\"object\",\"required\":[\"images\",\"listings\",\"stale_listings\",\"seq\",\"poll_id\","
	  "\"created_at\",\"version\",\"health\",\"by\"],\"properties\":{\"images\":{\"type\":\"integer\"},"
	  "\"listings\":{\"type\":\"integer\"},\"stale_listings\":{\"type\":\"integer\"},\"seq\":{\"type\":\"integer\"},"
	  "\"poll_id\":{\"type\":\"integer\"},\"created_at\":{\"type\":\"integer\"},\"version\":{\"type\":\"string\"},"
	  "\"health\":{\"$ref\":\"#/components/schemas/counts\"},\"by\":{\"type\":\"object\","
	  "\"additionalProperties\":{\"$ref\":\"#/components/schemas/counts\"}}}}" },
	{ "released", "{\"type\":\"object\",\"required\":[\"released\"],\"properties\":{\"released\":{\"type\":\"boolean\"}}}" },
	{ "polled", "{\"type\":\"object\",\"required\":[\"due\",\"running\"],\"properties\":{"
	  "\"due\":{\"type\":\"integer\"},\"running\":{\"type\":\"integer\"}}}" },
	{ "reloaded", "{\"type\":\"object\",\"required\":[\"reloaded\"],\"properties\":{\"reloaded\":{\"type\":\"boolean\"}}}" },
	{ "openapi", "{\"type\":\"object\",\"required\":[\"openapi\",\"info\",\"paths\"]}" },
};

/* Lists are {"items":[…],"next_cursor":…,"seq":N} of rows of these views. */
static const char *const lists[] = { "images", "listings", "polls", "changes",
				     "coverage", "image_counts" };

static const struct {
	const char *type, *schema; /* of column_docs, and of JSON Schema */
} types[] = {
	{ "text", "\"type\":[\"string\",\"null\"]" },   { "word", "\"type\":[\"string\",\"null\"]" },
	{ "date", "\"type\":[\"string\",\"null\"]" },   { "integer", "\"type\":[\"integer\",\"null\"]" },
	{ "time", "\"type\":[\"integer\",\"null\"]" },  { "flag", "\"type\":[\"integer\",\"null\"],\"enum\":[0,1,null]" },
	{ "real", "\"type\":[\"number\",\"null\"]" },   { "json", "\"type\":[\"array\",\"object\",\"null\"]" },
};
/* clang-format on */

/* ---- rows of views --------------------------------------------------------------------------- */

struct columns_writer {
	struct buf *out;
	char view[64];
};

static const char *schema_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].schema;
	return "\"description\":\"\"";
}

/* Rows come view by view. */
static int on_column(const struct reader_row *row, void *data)
{
	struct columns_writer *w = data;
	const char *view = reader_text(row, "view"), *unit = reader_text(row, "unit");
	bool first = strcmp(view, w->view) != 0;

	if (first) {
		buf_printf(w->out, "%s,\n\"%s_row\":{\"type\":\"object\",\"properties\":{",
			   w->view[0] ? "}}" : "", view);
		strncpy(w->view, view, sizeof(w->view) - 1);
	}
	buf_puts(w->out, first ? "\n" : ",\n");
	text_put_json(w->out, reader_text(row, "column"));
	buf_printf(w->out, ":{%s", schema_of(reader_text(row, "type")));
	buf_puts(w->out, ",\"description\":");
	struct buf text;
	buf_init(&text);
	buf_printf(&text, "%s%s%s%s", reader_text(row, "description"), *unit ? " (" : "", unit,
		   *unit ? ")" : "");
	text_put_json(w->out, buf_text(&text));
	w->out->failed |= text.failed;
	buf_finish(&text);
	buf_putc(w->out, '}');
	return w->out->failed ? -ENOMEM : 0;
}

static int put_schemas(struct buf *out, struct reader *reader, struct error *err)
{
	struct columns_writer writer = { .out = out };

	buf_puts(out,
		 "\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":"
		 "\"bearer\"}},\n\"schemas\":{");
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
		buf_printf(out, "%s\n\"%s\":%s", i > 0 ? "," : "", schemas[i].name,
			   schemas[i].text);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		buf_printf(out,
			   ",\n\"%s\":{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\","
			   "\"seq\"],\"properties\":{\"items\":{\"type\":\"array\",\"items\":{"
			   "\"$ref\":\"#/components/schemas/%s_row\"}},\"next_cursor\":{\"type\":["
			   "\"string\",\"null\"]},\"seq\":{\"type\":\"integer\"}}}",
			   lists[i], lists[i]);
	int rc = reader_query_view(reader, VIEW_column_docs, &(struct view_query){ 0 }, on_column,
				   &writer, err);
	buf_puts(out, writer.view[0] ? "}}\n}}" : "\n}}");
	return rc;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void put_words(struct buf *out, const struct parameter *p)
{
	buf_puts(out, "\"type\":\"string\",\"enum\":[\"");
	for (const char *c = parameter_words(p); *c; c++)
		buf_puts(out, *c == '|' ? "\",\"" : (char[]){ *c, '\0' });
	buf_puts(out, *p->words ? "\"]" : "\",\"-\"]");
}

static void put_parameter(struct buf *out, const struct parameter *p, const char *where)
{
	buf_printf(out, "{\"name\":\"%s\",\"in\":\"%s\",\"description\":", p->name, where);
	text_put_json(out, p->help);
	buf_puts(out, ",\"schema\":{");
	switch (p->type) {
	case PARAMETER_TEXT: buf_puts(out, "\"type\":\"string\",\"minLength\":1"); break;
	case PARAMETER_NAME:
		buf_puts(out, "\"type\":\"string\",\"pattern\":\"^[a-z0-9_]{1,63}$\"");
		break;
	case PARAMETER_INT:
		buf_printf(out, "\"type\":\"integer\",\"minimum\":%lld,\"maximum\":%lld",
			   (long long)p->min, (long long)p->max);
		break;
	case PARAMETER_WORD: put_words(out, p); break;
	case PARAMETER_FLAG: buf_puts(out, "\"enum\":[0,1]"); break;
	case PARAMETER_ANSWER: buf_puts(out, "\"enum\":[0,1,\"unknown\"]"); break;
	case PARAMETER_SINCE:
		buf_puts(out, "\"type\":\"string\",\"pattern\":\"^[0-9]+[smhd]?$\"");
		break;
	}
	buf_puts(out, "}}");
}

static void put_parameters(struct buf *out, const struct route *route)
{
	const char *between = "\n";

	buf_puts(out, ",\"parameters\":[");
	if (strchr(route->path, '{')) {
		buf_puts(out, "{\"name\":\"uid\",\"in\":\"path\",\"required\":true,\"description\":"
			      "\"its slashes are literal\",\"schema\":{\"type\":\"string\"}}");
		between = ",\n";
	}
	for (const struct parameter *p = route->parameters; p && p->name; p++) {
		buf_puts(out, between);
		put_parameter(out, p, "query");
		between = ",\n";
	}
	for (const struct parameter *p = route->headers; p && p->name; p++) {
		buf_puts(out, between);
		put_parameter(out, p, "header");
		between = ",\n";
	}
	buf_putc(out, ']');
}

static void put_responses(struct buf *out, const struct route *route)
{
	buf_puts(out, ",\"responses\":{\"2XX\":{\"description\":");
	text_put_json(out, route->summary);
	if (route->schema)
		buf_printf(out,
			   ",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
			   "\"#/components/schemas/%s\"}}}",
			   route->schema);
	if (route->flags & ROUTE_CONDITIONAL)
		buf_puts(out, "},\"304\":{\"description\":\"Not Modified\"");
	buf_puts(out, "},\"default\":{\"description\":\"a problem\",\"content\":{\"" TYPE_PROBLEM
		      "\":{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}}}}");
}

static void put_route(struct buf *out, const struct route *route)
{
	buf_puts(out, "\n");
	text_put_json(out, route->path);
	buf_puts(out, strcmp(route->method, "POST") == 0 ? ":{\"post\":{" : ":{\"get\":{");
	buf_puts(out, "\"summary\":");
	text_put_json(out, route->summary);
	if (route->flags & ROUTE_TOKEN)
		buf_puts(out, ",\"security\":[{\"token\":[]}]");
	put_parameters(out, route);
	put_responses(out, route);
	buf_puts(out, "}}");
}

void openapi_answer(struct exchange *x, struct reader *reader)
{
	struct buf *out = answer_begin(&x->answer, 200, TYPE_JSON);
	struct error err = { 0 };

	buf_puts(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"imagecat\",\"version\":"
		      "\"" IMAGECAT_VERSION "\",\"license\":{\"name\":\"MIT\"}},\n\"paths\":{");
	const char *between = "";
	for (size_t i = 0; i < route_count; i++) {
		if (routes[i].flags & ROUTE_PAGE)
			continue;
		buf_puts(out, between);
		put_route(out, &routes[i]);
		between = ",";
	}
	buf_puts(out, "\n},\n");
	int rc = put_schemas(out, reader, &err);
	buf_puts(out, "}\n");
	answer_hide_markup(out);
	if (rc < 0)
		exchange_failed(x, rc, &err);
}
