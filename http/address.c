#include "http/address.h"

#include <netinet/in.h>
#include <string.h>

struct prefix {
	unsigned bits;
	uint8_t bytes[16];
};

/* clang-format off */
static const struct prefix prefixes[] = {
	{ 10,  { 0xfe, 0x80 } },
	{ 112, { [10] = 0xff, 0xff, 0xa9, 0xfe } },                 /* ::ffff:169.254.0.0, IPv4 itself */
	{ 112, { [12] = 0xa9, 0xfe } },                             /* ::169.254.0.0, IPv4-compatible */
	{ 112, { 0x00, 0x64, 0xff, 0x9b, [12] = 0xa9, 0xfe } },     /* 64:ff9b::/96, NAT64 */
	{ 32,  { 0x20, 0x02, 0xa9, 0xfe } },                        /* 2002::/16, 6to4 */
};
/* clang-format on */

static bool matches(const struct prefix *prefix, const uint8_t bytes[static 16])
{
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (memcmp(prefix->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || (prefix->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

bool address_is_link_local(const struct sockaddr *address)
{
	uint8_t bytes[16] = { [10] = 0xff, 0xff };

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		memcpy(bytes + 12, &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		memcpy(bytes, &in6->sin6_addr, 16);
	} else {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (matches(&prefixes[i], bytes))
			return true;
	return false;
}
