#include "export/routes.h"

#include <string.h>

#include "base/text.h"
#include "export/answer.h"
#include "export/handlers.h"
#include "model/record.h"

/* ---- parameters -------------------------------------------------------------------------- */

/* clang-format off */
static const struct parameter verbose[] = {
	{ "verbose", PARAMETER_FLAG, .help = "one line for each check" },
	{ 0 },
};
static const struct parameter one_listing[] = {
	{ "listing", PARAMETER_TEXT, .help = "a listing_id, or a name such as `prod uhost cn-bj2`" },
	{ 0 },
};
static const struct parameter none[] = { { 0 } };

/* ---- the routes ---------------------------------------------------------------------------- */

const struct route routes[] = {
	{ "GET", "/", .act = assets_answer, .flags = ROUTE_PAGE | ROUTE_LINKED, .summary = "The page." },
	{ "GET", "/assets/{name}", .act = assets_answer, .flags = ROUTE_PAGE, .summary = "What it is made of." },
	{ "GET", "/favicon.svg", .act = assets_answer, .flags = ROUTE_PAGE, .summary = "Its icon." },
	{ "GET", "/favicon.ico", .act = assets_answer, .flags = ROUTE_PAGE, .summary = "The same." },
	{ "GET", "/licenses.txt", .act = assets_answer, .flags = ROUTE_PAGE, .summary = "Of its libraries." },

	{ "GET", "/livez", .act = health_live, .summary = "The daemon's loop runs." },
	{ "GET", "/readyz", .prepare = health_prepare, .run = health_ready, .parameters = verbose,
	  .flags = ROUTE_NO_CATALOG, .summary = "The catalog can be read and written." },
	{ "GET", "/healthz", .prepare = health_prepare, .run = health_ready, .parameters = verbose,
	  .flags = ROUTE_NO_CATALOG, .summary = "The same as /readyz." },

	/* The longer ones first: what {uid} stands for may have slashes. */
	{ "GET", "/api/v1/images", .run = images_list, .parameters = images_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "images", .summary = "Images, filtered, page by page." },
	{ "GET", "/api/v1/images/{uid}/history", .run = views_history, .parameters = history_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "changes", .summary = "What happened to an image, the oldest first; with sort=-seq the newest." },
	{ "GET", "/api/v1/images/{uid}", .run = images_one, .parameters = none,
	  .flags = ROUTE_CONDITIONAL, .schema = "image", .summary = "One image; also one that was removed." },
	{ "GET", "/api/v1/listings", .run = views_listings, .parameters = listings_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "listings", .summary = "What is polled, and how well it is." },
	{ "GET", "/api/v1/polls", .run = views_polls, .parameters = polls_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "polls", .summary = "Attempts to read a listing, the newest first." },
	{ "GET", "/api/v1/changes", .run = views_changes, .parameters = changes_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "changes", .summary = "What changed, the oldest first; with sort=-seq the newest." },
	{ "GET", "/api/v1/coverage", .run = views_coverage, .parameters = coverage_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "coverage", .summary = "Which system is where, and where it is missing." },
	{ "GET", "/api/v1/counts", .run = views_counts, .parameters = counts_parameters,
	  .flags = ROUTE_CONDITIONAL, .schema = "image_counts",
	  .summary = "How many images there were of which sort at the first poll of each UTC day, the oldest day first." },
	{ "GET", "/api/v1/stats", .run = stats_answer, .parameters = none,
	  .flags = ROUTE_CONDITIONAL, .schema = "stats", .summary = "How many images there are of which sort." },

	{ "GET", "/api/v1/events", .act = events_begin, .parameters = events_parameters,
	  .headers = events_headers, .summary = "Changes as they are committed: server-sent events, id = seq." },
	{ "GET", "/openapi.json", .run = openapi_answer, .parameters = none, .schema = "openapi",
	  .summary = "This description." },
	{ "GET", "/metrics", .prepare = metrics_prepare, .run = metrics_answer,
	  .flags = ROUTE_NO_CATALOG, .summary = "Prometheus text format 0.0.4." },

	{ "POST", "/-/release", .act = control_release, .parameters = one_listing,
	  .flags = ROUTE_TOKEN, .schema = "released",
	  .summary = "Believes the held drop of a listing: its next complete poll counts." },
	{ "POST", "/-/poll", .act = control_poll, .parameters = one_listing,
	  .flags = ROUTE_TOKEN, .schema = "polled",
	  .summary = "Polls a listing now, or all of them." },
	{ "POST", "/-/reload", .act = control_reload, .parameters = none,
	  .flags = ROUTE_TOKEN, .schema = "reloaded",
	  .summary = "Reads the configuration again; answers when it is in force or refused." },
};
/* clang-format on */

const size_t route_count = ARRAY_LEN(routes);

/* ---- finding one --------------------------------------------------------------------------- */

/* Does the path fit the row's? `{uid}` is any text that is not empty. */
static bool fits(const char *pattern, const char *path, struct route_match *match)
{
	const char *brace = strchr(pattern, '{');

	if (!brace)
		return strcmp(pattern, path) == 0;
	const char *end = strchr(brace, '}') + 1;
	size_t head = (size_t)(brace - pattern), tail = strlen(end), len = strlen(path);
	if (len <= head + tail || strncmp(pattern, path, head) != 0 ||
	    strcmp(path + len - tail, end) != 0)
		return false;
	match->tail_at = head;
	match->tail_len = len - head - tail;
	return true;
}

static bool is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

struct route_match route_find(const char *method, const char *path)
{
	struct route_match match = { 0 };

	for (size_t i = 0; i < route_count && !match.route; i++) {
		if (!fits(routes[i].path, path, &match))
			continue;
		match.allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : "POST";
		if (is_method(&routes[i], method))
			match.route = &routes[i];
	}
	return match;
}

/* ---- checking ------------------------------------------------------------------------------ */

static bool is_word(const char *words, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = words; len > 0 && at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

bool parameter_flag(const char *value, bool *ret)
{
	*ret = *value == '\0' || is_word("1|true|yes", value);
	return *ret || is_word("0|false|no", value);
}

bool parameter_since(const char *value, int64_t now_s, int64_t *ret_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t len = strspn(value, "0123456789");
	char digits[16] = "";
	int64_t number;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, value, len);
	if (!text_to_int(digits, &number) || number > INT64_C(100000000000))
		return false;
	if (value[len] == '\0') {
		*ret_s = number;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (value[len] != units[i].unit || value[len + 1] != '\0')
			continue;
		*ret_s = now_s - number * units[i].seconds;
		return true;
	}
	return false;
}

const char *parameter_words(const struct parameter *p)
{
	for (enum column c = 0; c < COLUMN_COUNT && !*p->words; c++)
		if (strcmp(columns[c].name, p->name) == 0)
			return columns[c].words;
	return p->words;
}

/* False after the answer was made a problem. */
static bool check_value(const struct parameter *p, const char *value, struct answer *answer)
{
	struct buf wanted;
	int64_t number;
	bool flag, ok = true;

	buf_init(&wanted);
	switch (p->type) {
	case PARAMETER_TEXT:
		ok = *value != '\0';
		buf_puts(&wanted, "a text that is not empty");
		break;
	case PARAMETER_NAME:
		ok = text_is_provider(value);
		buf_puts(&wanted, "a provider's name: of a-z, 0-9 and _");
		break;
	case PARAMETER_INT:
		ok = text_to_int(value, &number) && number >= p->min && number <= p->max;
		buf_printf(&wanted, "a whole number from %lld to %lld", (long long)p->min,
			   (long long)p->max);
		break;
	case PARAMETER_WORD:
		ok = is_word(parameter_words(p), value) || (!*p->words && strcmp(value, "-") == 0);
		buf_puts(&wanted, "one of ");
		for (const char *c = parameter_words(p); *c; c++)
			buf_puts(&wanted, *c == '|' ? ", " : (char[]){ *c, '\0' });
		break;
	case PARAMETER_FLAG:
		ok = parameter_flag(value, &flag);
		buf_puts(&wanted, "1 or 0");
		break;
	case PARAMETER_ANSWER:
		ok = parameter_flag(value, &flag) || strcmp(value, "unknown") == 0;
		buf_puts(&wanted, "1, 0 or unknown");
		break;
	case PARAMETER_SINCE:
		ok = parameter_since(value, 0, &number);
		buf_puts(&wanted, "an age such as 90s, 10m, 6h or 7d, or Unix seconds");
		break;
	}
	if (!ok)
		answer_bad_parameter(answer, p->name, buf_text(&wanted));
	buf_finish(&wanted);
	return ok;
}

/* What was sent is not repeated; what could have been is. */
static void refuse_unknown(const struct route *route, struct answer *answer)
{
	struct buf detail;

	buf_init(&detail);
	buf_puts(&detail, route->parameters[0].name ? "a parameter is not known here; these are: "
						    : "no parameter is known here");
	for (const struct parameter *p = route->parameters; p->name; p++)
		buf_printf(&detail, "%s%s", p == route->parameters ? "" : ", ", p->name);
	answer_problem(answer, 400, buf_text(&detail));
	buf_finish(&detail);
}

bool route_check(const struct route *route, const struct http_params *query, struct answer *answer)
{
	for (size_t i = 0; route->parameters && i < query->count; i++) {
		const struct http_param *given = &query->items[i];
		const struct parameter *p = route->parameters;
		while (p->name && strcmp(p->name, given->name) != 0)
			p++;
		if (!p->name) {
			refuse_unknown(route, answer);
			return false;
		}
		if (http_params_get(query, given->name) != given->value) {
			answer_bad_parameter(answer, p->name, "given once");
			return false;
		}
		if (!check_value(p, given->value, answer))
			return false;
	}
	return true;
}
