#include "export/assets.h"

#include <string.h>
#include <strings.h>

#include "export/handlers.h"

#include "assets.inc"

static const char no_page[] =
	"imagecatd " IMAGECAT_VERSION ", built without its page.\n\n"
	"/api/v1/images /api/v1/changes /api/v1/listings /api/v1/coverage   the catalog\n"
	"/openapi.json                                                      all addresses\n"
	"/metrics /readyz                                                   for monitoring\n";

const struct asset *asset_find(const char *path)
{
	for (const struct asset *a = assets; a->path; a++)
		if (strcmp(a->path, path) == 0)
			return a;
	return NULL;
}

/* Is a weight, "q=0.5", more than nothing? Without one it is. */
static bool has_weight(const char *parameters, size_t len)
{
	const char *q = memchr(parameters, '=', len);
	size_t at = q ? (size_t)(q - parameters) + 1 : len;

	if (!q)
		return true;
	while (at < len && strchr("0. \t", parameters[at]))
		at++;
	return at < len;
}

bool asset_may_be_gzip(const char *accepted)
{
	bool any = false;

	for (const char *at = accepted; at && *at;) {
		at += strspn(at, " \t,");
		size_t len = strcspn(at, ","), name = strcspn(at, " \t,;");
		bool wanted = has_weight(at + name, len - name);
		if (name == 4 && strncasecmp(at, "gzip", 4) == 0)
			return wanted;
		any |= name == 1 && *at == '*' && wanted;
		at += len;
	}
	return any;
}

static void put_asset(struct exchange *x, const struct asset *a)
{
	const char *accepted = http_request_header(x->request, "Accept-Encoding");
	bool gzip = asset_may_be_gzip(accepted);

	x->answer.vary = "Accept-Encoding";
	buf_puts(&x->answer.etag, a->etag);
	if (exchange_knows(x)) {
		answer_begin(&x->answer, 304, NULL);
		return;
	}
	struct buf *out = answer_begin(&x->answer, 200, a->type);
	if (gzip)
		x->answer.encoding = "gzip";
	buf_put(out, (const char *)(gzip ? a->gzip : a->plain), gzip ? a->gzip_len : a->plain_len);
}

void assets_answer(struct exchange *x)
{
	const struct asset *asset = asset_find(x->path);

	if (asset)
		put_asset(x, asset);
	else if (strcmp(x->path, "/") == 0)
		buf_puts(answer_begin(&x->answer, 200, TYPE_TEXT), no_page);
	else
		answer_problem(&x->answer, 404, "there is nothing at this address");
	exchange_end(x);
}
