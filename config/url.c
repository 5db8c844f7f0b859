#include "config/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/values.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_name(const char *host)
{
	size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return len > 0 && host[len] == '\0' && host[0] != '.' && host[0] != '-' &&
	       !strstr(host, "..");
}

static bool is_ipv6(const char *host, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len < 4 || len - 2 >= sizeof(text) || host[0] != '[' || host[len - 1] != ']')
		return false;
	memcpy(text, host + 1, len - 2);
	text[len - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* HOST[:PORT] without user. */
static bool parse_authority(struct url *ret, const char *text, size_t len,
			    struct complaint *ret_complaint)
{
	const char *bracket = memchr(text, ']', len);
	const char *from = bracket ? bracket : text;
	const char *colon = memchr(from, ':', len - (size_t)(from - text));
	size_t host_len = colon ? (size_t)(colon - text) : len;
	char port[8] = "";
	int64_t number = 0;

	if (host_len == 0 || host_len >= sizeof(ret->host))
		return value_refuse(ret_complaint, NULL, "has no host (use https://HOST/)");
	for (size_t i = 0; i < host_len; i++)
		ret->host[i] = lower(text[i]);
	ret->host[host_len] = '\0';
	if (!is_name(ret->host) && !is_ipv6(ret->host, host_len))
		return value_refuse(ret_complaint, NULL,
				    "has a host that is neither a name nor an address");
	if (!colon)
		return true;
	size_t port_len = len - host_len - 1;
	if (port_len < sizeof(port)) {
		memcpy(port, colon + 1, port_len);
		port[port_len] = '\0';
	}
	if (!text_to_int(port, &number) || number < 1 || number > UINT16_MAX)
		return value_refuse(ret_complaint, NULL, "has a port that is not 1 to 65535");
	ret->port = (uint16_t)number;
	return true;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7F)
			return false;
	return true;
}

bool url_parse(struct url *ret, const char *text, struct complaint *ret_complaint)
{
	const char *colon = strstr(text, "://");
	struct url url = { 0 };

	if (!is_printable(text))
		return value_refuse(ret_complaint, NULL,
				    "has a blank or another character that a URL cannot have");
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(url.scheme))
		return value_refuse(ret_complaint, NULL, "is not a URL (use https://HOST/)");
	for (const char *c = text; c < colon; c++)
		url.scheme[c - text] = lower(*c);

	const char *start = colon + 3;
	size_t len = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', len);
	url.has_user = at;
	url.has_path = start[len] == '/';
	url.has_query = strpbrk(start + len, "?#");
	if (at) {
		len -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	if (!parse_authority(&url, start, len, ret_complaint))
		return false;
	*ret = url;
	return true;
}

bool url_is_loopback(const struct url *url)
{
	struct in_addr address;

	if (strcmp(url->host, "localhost") == 0 || strcmp(url->host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, url->host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool url_is_below(const struct url *url, const char *domain)
{
	size_t len = strlen(url->host), domain_len = strlen(domain);

	if (len < domain_len || strcmp(url->host + len - domain_len, domain) != 0)
		return false;
	return len == domain_len || url->host[len - domain_len - 1] == '.';
}
