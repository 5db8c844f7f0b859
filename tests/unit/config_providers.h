/*
 * Providers for the tests of config/: only what configuration looks at.
 */
#pragma once

#include "base/base.h"
#include "imagecat/provider.h"

/* clang-format off */
static const struct service ucloud_services[] = {
	{ .name = "uhost", .action = "A", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ .name = "uk8s",  .action = "B", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ 0 },
};
static const struct variant compshare_types[] = {
	{ "System", "System" }, { "App", "App" }, { 0 },
};
static const struct service compshare_services[] = {
	{ .name = "custom",   .action = "C", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ .name = "platform", .action = "D", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET, .variants = compshare_types },
	{ .name = "shared",   .action = "E", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET, .on_request = true },
	{ 0 },
};
static const struct variant qingcloud_variants[] = {
	{ "system", "system" }, { "self", "self" }, { "shared", "shared", .on_request = true }, { 0 },
};
static const struct service qingcloud_services[] = {
	{ .name = "images", .action = "F", .scope = SCOPE_ZONE, .variants = qingcloud_variants },
	{ 0 },
};
static const struct discovery ucloud_discoveries[] = {
	{ .name = "regions",  .places = PLACE_REGION | PLACE_ZONE, .action = "G" },
	{ .name = "projects", .places = PLACE_PROJECT,             .action = "H" },
	{ 0 },
};
static const struct discovery qingcloud_discoveries[] = {
	{ .name = "zones", .places = PLACE_ZONE, .action = "I" }, { 0 },
};
/* clang-format on */

static const struct provider fake_ucloud = {
	.abi = PROVIDER_ABI,
	.name = "ucloud",
	.endpoint = "https://api.ucloud.cn/",
	.credential_id = "public_key",
	.credential_secret = "private_key",
	.region_param = "Region",
	.zone_param = "Zone",
	.project_param = "ProjectId",
	.requests_per_second = 10,
	.services = ucloud_services,
	.discoveries = ucloud_discoveries,
};
/* Tells no places, and no rate. */
static const struct provider fake_compshare = {
	.abi = PROVIDER_ABI,
	.name = "compshare",
	.endpoint = "https://api.compshare.cn/",
	.credential_id = "public_key",
	.credential_secret = "private_key",
	.region_param = "Region",
	.zone_param = "Zone",
	.project_param = "ProjectId",
	.services = compshare_services,
};
static const struct provider fake_qingcloud = {
	.abi = PROVIDER_ABI,
	.name = "qingcloud",
	.endpoint = "https://api.qingcloud.com/iaas/",
	.credential_id = "access_key_id",
	.credential_secret = "secret_access_key",
	.zone_param = "zone",
	.zone_is_region = true,
	.requests_per_second = 0.5,
	.services = qingcloud_services,
	.discoveries = qingcloud_discoveries,
};
static const struct provider *const fake_providers[] = { &fake_ucloud, &fake_compshare,
							 &fake_qingcloud, NULL };
