#include "imagecat/provider.h"

/*
 * QingCloud: one call, asked once per zone and per `provider` filter, because without the filter it
 * returns only the caller's own images.
 *
 * Sources: provider-docs qingcloud-DescribeImages; yunify/qingcloud-docs; qingcloud-sdk-go
 * service/types.go; recorded image objects of DescribeInstances.
 */

/* clang-format off */
static const struct word archs[] = {
	{ "x86_64", "x86_64" }, { "amd64", "x86_64" }, { "x64", "x86_64" }, { "i386", "i386" }, { "i686", "i386" },
	{ "x86", "i386" }, { "aarch64", "aarch64" }, { "arm64", "aarch64" }, { 0 },
};
static const struct word processors[] = { { "64bit", "x86_64" }, { "32bit", "i386" }, { 0 } };
static const struct word os_types[] = { { "linux", "linux" }, { "windows", "windows" }, { 0 } };
static const struct word visibilities[] = { { "public", "public" }, { "private", "private" }, { "shared", "shared" }, { 0 } };
static const struct word kinds[] = { { "system", "system" }, { "self", "custom" }, { "shared", "shared" }, { 0 } };
static const struct word origins[] = { { "system", "platform" }, { "self", "self" }, { "shared", "shared" }, { 0 } };
static const struct word states[] = {
	{ "pending", "pending" }, { "available", "available" }, { "deprecated", "deprecated" },
	{ "suspended", "suspended" }, { "deleted", "deleted" }, { "ceased", "purged" }, { 0 },
};
static const struct word tag_keys[] = {
	{ "tag_key", "key" }, { "tag_value", "value" }, { "tag_name", "name" }, { "tag_id", "id" },
	{ "color", "color" }, { "owner", "owner" }, { 0 },
};

static const struct field_map fields[] = {
	{ "image_id",          MAP_ID(image_id) },
	{ "image_name",        MAP_TEXT(name) },
	{ "description",       MAP_PROSE(description) },
	{ "size",              MAP_SCALED(size_bytes, INT64_C(1) << 30) }, /* GB, documented */
	{ "image_size",        MAP_SCALED(size_bytes, INT64_C(1) << 30) },
	{ "architecture",      MAP_WORD(arch, archs) },
	{ "processor_type",    MAP_WORD(arch, processors), .inferred = true },
	{ "image_name",        MAP_ARCH_NAME() },
	{ "image_id",          MAP_ARCH_ID() },
	{ "platform",          MAP_WORD(os_type, os_types) },
	{ "os_family",         MAP_TEXT(os_name) },
	{ "os_family",         MAP_OS() },
	{ "image_name",        MAP_OS() },
	{ "image_id",          MAP_OS_ID() },
	{ "visibility",        MAP_WORD(visibility, visibilities) },
	{ "visibility",        MAP_NATIVE(visibility_native) },
	{ "provider",          MAP_WORD(kind, kinds) },
	{ "provider",          MAP_NATIVE(kind_native) },
	{ "provider",          MAP_WORD(origin, origins) },
	{ "provider",          MAP_NATIVE(origin_native) },
	{ "owner",             MAP_ID(owner_id) },
	{ "recommended_type",  MAP_LINK(recommended_type) },
	{ "status",            MAP_WORD(state, states) },
	{ "status",            MAP_NATIVE(state_native) },
	{ "transition_status", MAP_LINK(transition) },
	{ "create_time",       MAP_TIME(created_at) },
	{ "status_time",       MAP_TIME(state_changed_at) },
	{ "tags",              MAP_TAGS(tags, tag_keys) },
	{ "sub_code",          MAP_KNOWN() },
	{ "default_user",      MAP_KNOWN() },
	{ "default_passwd",    MAP_KNOWN() },
	{ "hypervisor",        MAP_KNOWN() },
	{ "features",          MAP_KNOWN() },
	{ "feature",           MAP_KNOWN() },
	{ "features_supported", MAP_KNOWN() },
	{ "f_resetpwd",        MAP_KNOWN() },
	{ "ui_type",           MAP_KNOWN() },
	{ "agent_type",        MAP_KNOWN() },
	{ "root_id",           MAP_KNOWN() },
	{ "instance_ids",      MAP_KNOWN() },
	{ "billing_id",        MAP_KNOWN() },
	{ "app_billing_id",    MAP_KNOWN() },
	{ 0 },
};

static const struct item_source items[] = { { "image_set" }, { 0 } };

static const struct variant variants[] = {
	{ "system", "system" }, { "self", "self" }, { "shared", "shared", .on_request = true }, { 0 },
};

static const struct error_code errors[] = {
	{ 1100, 1101, CLASS_PARAMETER },
	{ 2100, 2100, CLASS_PARAMETER },
	{ 1200, 1200, CLASS_AUTH, "signature refused by", CHECK_SECRET },
	{ 2000, 2000, CLASS_AUTH, "session expired at", CHECK_SECRET },
	/* A stamp that is too old may be our own delay: believed only after a fresh one. */
	{ 1300, 1300, CLASS_AUTH, "time stamp refused by", CHECK_CLOCK, .resign = true },
	{ 1400, 1400, CLASS_PERMISSION },
	{ 1500, 1699, CLASS_PERMISSION, "account refused by" },
	{ 2500, 2500, CLASS_THROTTLED, "request quota exceeded at" },
	{ 5000, 5000, CLASS_UNAVAILABLE }, { 5100, 5100, CLASS_UNAVAILABLE, "server busy at" },
	{ 5200, 5200, CLASS_UNAVAILABLE }, { 5300, 5300, CLASS_UNAVAILABLE, "service being updated at" },
	{ 0 },
};

static const struct service services[] = {
	{
		.name = "images", .action = "DescribeImages", .scope = SCOPE_ZONE,
		.params = (const struct fixed_param[]){ { "verbose", "0" }, { 0 } },
		.paging = { "offset", "limit", 100 },
		.totals = (const char *const[]){ "total_count", "total_sum", NULL },
		.variant_param = "provider", .variants = variants,
		.items = items,
		.fields = (const struct field_map *const[]){ fields, NULL },
	},
	{ 0 },
};

static const struct discovery discoveries[] = {
	{ .name = "zones", .places = PLACE_ZONE, .action = "DescribeZones", .items = "zone_set",
	  .params = (const struct fixed_param[]){ { "status.1", "active" }, { 0 } },
	  .zone = "zone_id", .status = "status", .status_usable = "active" },
	{ 0 },
};
/* clang-format on */

const struct provider provider_qingcloud = {
	.abi = PROVIDER_ABI,
	.name = "qingcloud",
	.title = "QingCloud",
	.endpoint = "https://api.qingcloud.com/iaas/",
	.credential_id = "access_key_id",
	.credential_secret = "secret_access_key",
	.method = "GET",
	.sign = sign_qingcloud,
	.action_param = "action",
	.zone_param = "zone",
	.zone_is_region = true,
	.code_paths = (const char *const[]){ "ret_code", "code", NULL },
	.message_paths = (const char *const[]){ "message", NULL },
	.errors = errors,
	.requests_per_second = 0.5,
	.services = services,
	.discoveries = discoveries,
};
