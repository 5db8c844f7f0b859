#include <errno.h>
#include <string.h>

#include "daemon/plugins.h"

/* Members that provider.h calls required, as offsets of pointers. A plug-in is data: what is
 * missing here would be read through NULL in the middle of a poll. */
struct member {
	const char *name;
	size_t offset;
};

/* clang-format off */
#define MEMBER(type, name) { #name, offsetof(struct type, name) }
static const struct member of_provider[] = {
	MEMBER(provider, name), MEMBER(provider, title), MEMBER(provider, endpoint),
	MEMBER(provider, credential_id), MEMBER(provider, credential_secret),
	MEMBER(provider, method), MEMBER(provider, sign), MEMBER(provider, action_param),
	MEMBER(provider, code_paths), MEMBER(provider, errors), MEMBER(provider, services), { 0 },
};
static const struct member of_service[] = {
	MEMBER(service, name), MEMBER(service, action), MEMBER(service, items), MEMBER(service, fields), { 0 },
};
static const struct member of_discovery[] = {
	MEMBER(discovery, name), MEMBER(discovery, action), MEMBER(discovery, items), { 0 },
};
/* clang-format on */

/* NULL when everything is there. */
static const char *missing_of(const struct member *members, const void *base)
{
	for (const struct member *m = members; m->name; m++) {
		const void *value;
		memcpy(&value, (const char *)base + m->offset, sizeof(value));
		if (!value)
			return m->name;
	}
	return NULL;
}

static int lacks(struct error *err, const char *what, const char *name, const char *member)
{
	return error_set(err, -EINVAL, "its %s%s%s%s has no '%s'", what, *name ? " '" : "", name,
			 *name ? "'" : "", member);
}

static int check_service(const struct provider *provider, const struct service *service,
			 struct error *err)
{
	const char *missing = missing_of(of_service, service);

	if (missing)
		return lacks(err, "service", service->name, missing);
	if (!service->scope)
		return lacks(err, "service", service->name, "scope");
	if (!service->items[0].path)
		return lacks(err, "service", service->name, "items[0].path");
	if (!service->fields[0])
		return lacks(err, "service", service->name, "fields[0]");
	if (service->paging.offset && (!service->paging.limit || !service->paging.page_items))
		return lacks(err, "service", service->name, "paging.limit");
	if (service->variants && !service->variant_param)
		return lacks(err, "service", service->name, "variant_param");
	if ((service->scope & SCOPE_REGION) && !provider->region_param && !provider->zone_is_region)
		return lacks(err, "service", service->name, "region_param of the provider");
	return 0;
}

static int check_tables(const struct provider *provider, struct error *err)
{
	if (!provider->services[0].name)
		return lacks(err, "descriptor", "", "services[0].name");
	if (!provider->code_paths[0])
		return lacks(err, "descriptor", "", "code_paths[0]");
	for (const struct service *s = provider->services; s->name; s++) {
		int rc = check_service(provider, s, err);
		if (rc < 0)
			return rc;
	}
	for (const struct discovery *d = provider->discoveries; d && d->name; d++) {
		const char *missing = missing_of(of_discovery, d);
		if (missing)
			return lacks(err, "discovery", d->name, missing);
		if (!d->places)
			return lacks(err, "discovery", d->name, "places");
	}
	return 0;
}

int plugin_check(const struct provider *provider, const char *name, struct error *err)
{
	/* First of all: with another number nothing else is where it seems to be. */
	if (provider->abi != PROVIDER_ABI)
		return error_set(err, -EINVAL,
				 "it was built for provider ABI %u, this daemon has %u: build it "
				 "anew with this release's headers",
				 (unsigned)provider->abi, (unsigned)PROVIDER_ABI);
	const char *missing = missing_of(of_provider, provider);
	if (missing)
		return lacks(err, "descriptor", "", missing);
	if (strcmp(provider->name, name) != 0)
		return error_set(err, -EINVAL, "it calls itself '%.80s'", provider->name);
	if (strcmp(provider->method, "GET") != 0 && strcmp(provider->method, "POST") != 0)
		return error_set(err, -EINVAL, "its method is neither GET nor POST");
	if (strncmp(provider->endpoint, "https://", 8) != 0)
		return error_set(err, -EINVAL, "its endpoint is not https");
	return check_tables(provider, err);
}
