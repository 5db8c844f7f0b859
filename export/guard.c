#include "export/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { HOST_MAX = 254, NAMES_MAX = 64 };

struct guard {
	bool everywhere;        /* a unix socket */
	bool wildcard;          /* listens on all addresses: any address may be ours */
	bool local;             /* on loopback alone */
	char *names[NAMES_MAX]; /* ends with NULL */
	size_t count;
};

/* The host of "host", "host:80", "[::1]:80"; false when it is none of them. */
static bool split(const char *text, char host[static HOST_MAX])
{
	bool bracket = *text == '[';
	size_t len = bracket ? strcspn(++text, "]") : strcspn(text, ":");
	const char *rest = text + len;

	if (len == 0 || len >= HOST_MAX || (bracket && *rest++ != ']'))
		return false;
	if (*rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] != '\0')
		return false;
	if (*rest != '\0' && *rest != ':')
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return true;
}

static bool add_name(struct guard *guard, const char *name)
{
	if (guard->count + 1 >= NAMES_MAX || !*name)
		return true;
	guard->names[guard->count] = strdup(name);
	return guard->names[guard->count++] != NULL;
}

static bool is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool is_address(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

struct guard *guard_open(const char *listen, const char *machine, const char *const *names)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	char host[HOST_MAX];
	bool ok = true;

	if (!guard)
		return NULL;
	guard->everywhere = strncmp(listen, "unix:", 5) == 0;
	if (!guard->everywhere && split(listen, host)) {
		guard->wildcard = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
		guard->local = is_loopback(host) || text_equal_nocase(host, "localhost");
		ok = add_name(guard, host);
	}
	if (!guard->local && !guard->everywhere)
		ok = add_name(guard, machine) && ok;
	for (; names && *names; names++)
		ok = add_name(guard, *names) && ok;
	if (!ok) {
		guard_close(guard);
		return NULL;
	}
	return guard;
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	for (size_t i = 0; i < guard->count; i++)
		free(guard->names[i]);
	free(guard);
}

bool guard_allows_host(const struct guard *guard, const char *header)
{
	char host[HOST_MAX];

	if (guard->everywhere)
		return true;
	if (!header || !split(header, host))
		return false;
	if (text_equal_nocase(host, "localhost") || is_loopback(host))
		return true;
	if (guard->wildcard && is_address(host))
		return true;
	for (size_t i = 0; i < guard->count; i++)
		if (text_equal_nocase(guard->names[i], host))
			return true;
	return false;
}

bool guard_allows_site(const char *site)
{
	return !site || !text_equal_nocase(site, "cross-site");
}

bool guard_is_link(const char *mode, const char *dest)
{
	return mode && text_equal_nocase(mode, "navigate") && dest &&
	       text_equal_nocase(dest, "document");
}
