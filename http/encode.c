#include "http/encode.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"

/* Where the authority ("user@host:port") starts; the URL itself where it names no scheme. */
static const char *authority(const char *url, size_t *ret_len)
{
	size_t scheme = strcspn(url, ":/?#");

	if (strncmp(url + scheme, "://", 3) == 0)
		url += scheme + 3;
	*ret_len = strcspn(url, "/?#");
	return url;
}

static void put_param(struct buf *out, const struct request_param *param, bool first)
{
	const char *value = param->value ? param->value : "";

	if (!first)
		buf_putc(out, '&');
	crypto_put_percent(out, param->name, strlen(param->name));
	buf_putc(out, '=');
	crypto_put_percent(out, value, strlen(value));
}

static void put_params(struct buf *out, const struct request *request)
{
	for (size_t i = 0; i < request->count; i++)
		put_param(out, &request->params[i], i == 0);
}

static void put_path(struct buf *out, const char *path)
{
	if (*path != '/')
		buf_putc(out, '/');
	buf_put(out, path, strcspn(path, "?#"));
}

int request_encode(const struct request *request, const char *endpoint, const char *action_param,
		   struct buf *url, struct buf *body)
{
	size_t len;
	const char *host = authority(endpoint, &len);
	const char *path = request->path && *request->path ? request->path : host + len;

	buf_clear(url);
	buf_clear(body);
	buf_put(url, endpoint, (size_t)(host + len - endpoint));
	put_path(url, path);
	if (strcmp(request->method, "POST") == 0) {
		put_params(body, request);
		for (size_t i = 0; action_param && i < request->count; i++) {
			if (strcmp(request->params[i].name, action_param) == 0) {
				buf_putc(url, '?');
				put_param(url, &request->params[i], true);
				break;
			}
		}
	} else if (request->count > 0) {
		buf_putc(url, '?');
		put_params(url, request);
	}
	return url->failed || body->failed ? -ENOMEM : 0;
}

int url_path(const char *url, struct buf *ret_path)
{
	size_t len;
	const char *host = authority(url, &len);

	buf_clear(ret_path);
	put_path(ret_path, host + len);
	return ret_path->failed ? -ENOMEM : 0;
}

const char *url_host(const char *url, size_t *ret_len)
{
	size_t len;
	const char *host = authority(url, &len);
	const char *user = memrchr(host, '@', len);

	if (user) {
		len -= (size_t)(user + 1 - host);
		host = user + 1;
	}
	const char *bracket = *host == '[' ? memchr(host, ']', len) : NULL;
	const char *colon = memchr(host, ':', len);
	if (bracket)
		len = (size_t)(bracket + 1 - host);
	else if (colon)
		len = (size_t)(colon - host);
	*ret_len = len;
	return host;
}
