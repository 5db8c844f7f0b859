#include "imagecat/provider.h"

/*
 * Compshare: GPU images, through api.compshare.cn or through the UCloud gateway (where zones are
 * required). The protocol and its error codes are UCloud's.
 *
 * Sources: provider-docs compshare-DescribeCompShareCustomImages and
 * ucloud-gateway-DescribeCompShareCustomImages; UCloudDoc-Team/api ucompshare-api;
 * compshare-docs pages/gpus; ucloud-sdk-go services/ucompshare.
 */

/* clang-format off */
static const struct word owner_origins[] = {
	{ "Official", "platform" }, { "Community", "community" }, { 0 },
};
static const struct word kinds[] = {
	{ "System", "system" }, { "App", "application" }, { "Custom", "custom" },
	{ "Community", "community" }, { "Game", "application" }, { "Other", "application" }, { 0 },
};
static const struct word type_origins[] = { { "Custom", "self" }, { "Community", "community" }, { 0 } };
static const struct word forms[] = { { "True", "container" }, { "False", "vm" }, { 0 } };
static const struct word states[] = {
	{ "Making", "pending" }, { "Available", "available" }, { "UnAvailable", "unavailable" },
	{ "Reviewing", "reviewing" }, { "Offline", "offline" }, { 0 },
};
static const struct word visibilities[] = { { "0", "private" }, { "1", "public" }, { 0 } };

static const struct field_map fields[] = {
	{ "Zone",                 MAP_LINK(zone) },
	{ "CompShareImageId",     MAP_ID(image_id) },
	{ "ImageId",              MAP_ID(image_id) },
	{ "Name",                 MAP_LINK(name) },
	{ "CompShareImageName",   MAP_LINK(name) },
	{ "ImageName",            MAP_LINK(name) },
	{ "Softwares.OsVersion",  MAP_TEXT(os_name) },
	{ "Softwares.OsVersion",  MAP_OS(), .inferred = true },
	{ "VersionName",          MAP_OS(), .inferred = true },
	{ "Name",                 MAP_OS(), .inferred = true },
	{ "CompShareImageName",   MAP_OS(), .inferred = true },
	{ "ImageName",            MAP_OS(), .inferred = true },
	{ "Softwares.OsVersion",  MAP_ARCH_NAME() },
	{ "VersionName",          MAP_ARCH_NAME() },
	{ "Name",                 MAP_ARCH_NAME() },
	{ "CompShareImageName",   MAP_ARCH_NAME() },
	{ "ImageName",            MAP_ARCH_NAME() },
	{ "Author",               MAP_LINK(author) },
	{ "AuthInfo",             MAP_INT(author_level) },
	{ "ImageOwnerAlias",      MAP_WORD(origin, owner_origins) },
	{ "ImageOwnerAlias",      MAP_NATIVE(origin_native) },
	{ "ImageType",            MAP_WORD(kind, kinds) },
	{ "ImageType",            MAP_NATIVE(kind_native) },
	{ "ImageType",            MAP_WORD_IF(origin, type_origins) },
	{ "IsOfficial",           MAP_FLAG(is_official) },
	{ "Container",            MAP_WORD(form, forms) },
	{ "IsContainer",          MAP_WORD(form, forms) },
	{ "Status",               MAP_WORD(state, states) },
	{ "Status",               MAP_NATIVE(state_native) },
	{ "Size",                 MAP_SCALED(size_bytes, INT64_C(1) << 20) }, /* MB, documented */
	{ "ImageSize",            MAP_SCALED(size_bytes, INT64_C(1) << 20) },
	{ "ActualSize",           MAP_SCALED(size_bytes, INT64_C(1) << 20) },
	{ "Visibility",           MAP_WORD(visibility, visibilities) },
	{ "Visibility",           MAP_NATIVE(visibility_native) },
	{ "Description",          MAP_PROSE(description) },
	{ "Tags",                 MAP_SET_SPLIT(tags) },
	{ "Price",                MAP_REAL(price) },
	{ "Price",                MAP_PRESENT(price_currency, "CNY") },
	{ "Cover",                MAP_LINK(cover_url) },
	{ "Readme",               MAP_PROSE(readme) },
	{ "Softwares.Framework",        MAP_LINK(framework) },
	{ "Softwares.FrameworkVersion", MAP_LINK(framework_version) },
	{ "Softwares.CUDAVersion",      MAP_LINK(cuda_version) },
	{ "Softwares.Applications",     MAP_SET(applications) },
	{ "CreatedCount",         MAP_INT(created_count) },
	{ "FavoritesCount",       MAP_INT(favorites_count) },
	{ "ImageUseTime",         MAP_INT(use_time) },
	{ "FailedReason",         MAP_PROSE(failure_reason) },
	{ "CreateTime",           MAP_TIME(created_at) },
	{ "PubTime",              MAP_TIME(published_at) },
	{ "Owner.AccountId",      MAP_ID(owner_id) },
	{ "Owner.AccountName",    MAP_LINK(owner_name) },
	{ "GroupId",              MAP_ID(group_id) },
	{ "VersionName",          MAP_LINK(version_name) },
	{ "Version",              MAP_LINK(version_name) },
	{ "VersionDesc",          MAP_PROSE(version_description) },
	{ "SourceGpuType",        MAP_LINK(source_gpu_type) },
	{ "AutoStart",            MAP_FLAG(auto_start) },
	{ "ImageCharge",          MAP_FLAG(is_paid) },
	{ "SupportedGpuTypes",    MAP_SET(gpu_types) },
	{ "SupportedGpuTypes",    MAP_FILLED(gpu_supported) },
	{ "UpdateTime",           MAP_KNOWN() },
	{ "SoftwarePorts",        MAP_KNOWN() },
	{ "FirewallPorts",        MAP_KNOWN() },
	{ "QrCodeUrl",            MAP_KNOWN() },
	{ "ImageSupportZone",     MAP_KNOWN() },
	{ "RecommendCount",       MAP_KNOWN() },
	{ "ImageDesc",            MAP_KNOWN() },
	{ "IsFavorite",           MAP_KNOWN() },
	{ "Softwares.PythonVersion",         MAP_KNOWN() },
	{ "Softwares.FrameworkVersionIndex", MAP_KNOWN() },
	{ "PythonVersion",        MAP_KNOWN() },
	{ "FrameworkVersionIndex", MAP_KNOWN() },
	{ 0 },
};

/* All of Compshare's machines are x86_64, where the name of a system was understood. */
static const struct field_map default_arch[] = { { "Name", MAP_OS_ARCH("x86_64") }, { 0 } };

/* The service decides first for shared images; for the others it fills in what the item left open. */
static const struct field_map always_shared[] = {
	{ NULL, MAP_CONSTANT(kind, "shared") },
	{ NULL, MAP_CONSTANT(origin, "shared") },
	{ 0 },
};
static const struct field_map else_custom[] = {
	{ NULL, MAP_CONSTANT(kind, "custom"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "self"), .inferred = true },
	{ 0 },
};
static const struct field_map else_platform[] = {
	{ NULL, MAP_CONSTANT(origin, "platform"), .inferred = true },
	{ 0 },
};
static const struct field_map else_community[] = {
	{ NULL, MAP_CONSTANT(kind, "community"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "community"), .inferred = true },
	{ 0 },
};

/* Three spellings of the same list are met: flat, the site's and the live service's groups, the SDK's. */
static const struct item_source items[] = {
	{ "ImageSet" }, { "CompshareImageGroup[].Data" }, { "ImageSetGroup[].Data" }, { 0 },
};

/* The live service pages each type on its own, whatever the document says of a default. */
static const struct variant types[] = {
	{ "System", "System" }, { "App", "App" }, { "Game", "Game" }, { "Other", "Other" }, { 0 },
};

static const char *const totals[] = { "TotalCount", "Total", NULL };

static const struct error_code errors[] = {
	{ 110, 110, CLASS_UNAVAILABLE, "time-out behind the gateway of" },
	{ 130, 130, CLASS_UNAVAILABLE, "failure in the gateway of" },
	{ 150, 150, CLASS_UNAVAILABLE, "service unavailable at" },
	{ 153, 153, CLASS_THROTTLED },
	{ 160, 161, CLASS_PARAMETER, "call not known to" },
	{ 170, 171, CLASS_AUTH, "signature refused by", CHECK_SECRET },
	{ 172, 172, CLASS_AUTH, "account unknown to", CHECK_ID },
	{ 174, 174, CLASS_AUTH, "key or channel unknown to", CHECK_ID },
	{ 210, 210, CLASS_PARAMETER },
	{ 230, 230, CLASS_PERMISSION, "region refused by" },
	{ 292, 292, CLASS_PERMISSION, "project unknown to", CHECK_PROJECT },
	{ 293, 293, CLASS_PERMISSION, "zone refused by" },
	{ 294, 294, CLASS_PERMISSION, "address of this machine refused by" },
	{ 295, 295, CLASS_PERMISSION, "account locked by" },
	{ 299, 299, CLASS_PERMISSION, "denied by the IAM of", CHECK_PROJECT },
	{ 8025, 8025, CLASS_UNAVAILABLE }, { 8031, 8031, CLASS_UNAVAILABLE }, { 8857, 8857, CLASS_UNAVAILABLE },
	{ 8874, 8874, CLASS_UNAVAILABLE }, { 8889, 8889, CLASS_UNAVAILABLE },
	{ 8433, 8433, CLASS_UNAVAILABLE },
	{ 226601, 226601, CLASS_PERMISSION, "account in arrears at" },
	{ 226606, 226606, CLASS_PERMISSION, "account without a verified real name at" },
	{ 226600, 226699, CLASS_PERMISSION },
	{ 0 },
};

static const struct service services[] = {
	{
		.name = "custom", .action = "DescribeCompShareCustomImages", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.paging = { "Offset", "Limit", 100 }, .totals = totals, .items = items,
		.fields = (const struct field_map *const[]){ fields, default_arch, else_custom, NULL },
	},
	{
		.name = "platform", .action = "DescribeCompShareImages", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.paging = { "Offset", "Limit", 100 }, .totals = totals, .items = items,
		.variant_param = "ImageType", .variants = types,
		.fields = (const struct field_map *const[]){ fields, default_arch, else_platform, NULL },
	},
	{
		.name = "community", .action = "DescribeCommunityImages", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.params = (const struct fixed_param[]){
			{ "ExcludeReadme", "true" }, /* one to two KiB of every row otherwise */
			{ "SortCondition.Field", "PubTime" }, { "SortCondition.ASC", "true" }, { 0 } },
		.paging = { "Offset", "Limit", 100 }, .totals = totals, .total_untrusted = true, .items = items,
		.fields = (const struct field_map *const[]){ fields, default_arch, else_community, NULL },
	},
	{
		.name = "shared", .action = "DescribeCompShareSharingImages", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.on_request = true,
		.paging = { "Offset", "Limit", 100 }, .totals = totals, .items = items,
		.fields = (const struct field_map *const[]){ always_shared, fields, default_arch, NULL },
	},
	{ 0 },
};

static const struct discovery discoveries[] = {
	{ .name = "zones", .places = PLACE_REGION | PLACE_ZONE, .action = "DescribeCompShareSupportZone",
	  .items = "ZoneInfo", .region = "Region", .zone = "Zone" },
	{ .name = "projects", .places = PLACE_PROJECT, .action = "GetProjectList", .items = "ProjectSet",
	  .project = "ProjectId" },
	{ 0 },
};
/* clang-format on */

const struct provider provider_compshare = {
	.abi = PROVIDER_ABI,
	.name = "compshare",
	.title = "Compshare",
	.endpoint = "https://api.compshare.cn/",
	.credential_id = "public_key",
	.credential_secret = "private_key",
	.method = "POST",
	.sign = sign_ucloud,
	.action_param = "Action",
	.region_param = "Region",
	.zone_param = "Zone",
	.project_param = "ProjectId",
	.code_paths = (const char *const[]){ "RetCode", NULL },
	.message_paths = (const char *const[]){ "Message", NULL },
	.errors = errors,
	.requests_per_second = 5,
	.services = services,
	.discoveries = discoveries,
};
