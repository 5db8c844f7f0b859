#include "imagecat/provider.h"

/*
 * UCloud: machine images (uhost) and node images of its Kubernetes (uk8s).
 *
 * Every error comes as HTTP 200 with a RetCode. Sources: provider-docs ucloud-DescribeImage and
 * ucloud-DescribeUK8SImage; UCloudDoc-Team/api; ucloud-sdk-go services/uhost, services/uk8s.
 */

/* clang-format off */
static const struct word os_types[] = {
	/* The document knows the first two; imported, older and other products' images say the rest. */
	{ "Linux", "linux" }, { "Windows", "windows" }, { "Liunx", "linux" }, { "unix", "linux" },
	{ "Other", "other" }, { "Others", "other" },
	{ "CentOS", "linux" }, { "Ubuntu", "linux" }, { "RedHat", "linux" }, { "Debian", "linux" },
	{ "docky", "linux" }, { "Rocky*", "linux" }, { "Alma*", "linux" }, { "Anolis*", "linux" },
	{ "openEuler", "linux" }, { "SUSE*", "linux" }, { "openSUSE*", "linux" }, { "Fedora", "linux" },
	{ "Gentoo", "linux" }, { "Arch*", "linux" }, { "CoreOS", "linux" }, { "FreeBSD", "other" },
	{ 0 },
};

static const struct word kinds[] = {
	{ "Base", "system" }, { "Business", "marketplace" }, { "Custom", "custom" }, { 0 },
};
static const struct word origins[] = {
	{ "Base", "platform" }, { "Business", "platform" }, { "Custom", "self" }, { 0 },
};
static const struct word visibilities[] = {
	{ "Base", "public" }, { "Business", "public" }, { "Custom", "private" }, { 0 },
};
static const struct word states[] = {
	{ "Available", "available" }, { "Making", "pending" }, { "Unavailable", "unavailable" },
	{ "Copying", "copying" }, { 0 },
};

/* The document spells the first one without its a; recorded answers do not. */
static const struct word features[] = { { "NetEnhnced", "NetEnhanced" }, { 0 } };
static const struct word feature_arch[] = { { "Aarch64_Type", "aarch64" }, { 0 } };
static const struct word feature_gpu[] = { { "GPU", "1" }, { "Vgpu_*", "1" }, { 0 } };
static const struct word as_sent[] = { { 0 } };

static const struct field_map uhost_fields[] = {
	{ "Zone",              MAP_LINK(zone) },
	{ "ImageId",           MAP_ID(image_id) },
	{ "ImageName",         MAP_TEXT(name) },
	{ "OsType",            MAP_WORD(os_type, os_types) },
	{ "OsName",            MAP_TEXT(os_name) },
	{ "OsName",            MAP_OS() },
	{ "ImageName",         MAP_OS(), .inferred = true },
	{ "OsType",            MAP_OS() },
	{ "ImageType",         MAP_WORD(kind, kinds) },
	{ "ImageType",         MAP_NATIVE(kind_native) },
	{ "ImageType",         MAP_WORD(origin, origins) },
	{ "ImageType",         MAP_NATIVE(origin_native) },
	{ "ImageType",         MAP_WORD_IF(visibility, visibilities), .inferred = true },
	{ "Features",          MAP_SET_AS(features, features) },
	{ "Features",          MAP_HAS_WORD(arch, feature_arch) },
	{ "OsName",            MAP_ARCH_NAME() },
	{ "ImageName",         MAP_ARCH_NAME() },
	{ NULL,                MAP_CONSTANT(arch, "x86_64"), .inferred = true },
	{ "Features",          MAP_HAS_FLAG(gpu_supported, feature_gpu) },
	{ "SupportedGPUTypes", MAP_FILLED(gpu_supported) },
	{ "SupportedGPUTypes", MAP_SET(gpu_types) },
	{ "FuncType",          MAP_LINK(workload) },
	{ "IntegratedSoftware", MAP_LINK(integrated_software) },
	{ "Vendor",            MAP_LINK(vendor) },
	{ "Links",             MAP_LINK(link_url) },
	{ "State",             MAP_WORD(state, states) },
	{ "State",             MAP_NATIVE(state_native) },
	{ "ImageDescription",  MAP_PROSE(description) },
	{ "CreateTime",        MAP_TIME(created_at) },
	{ "ImageSize",         MAP_SCALED(size_bytes, INT64_C(1) << 30) }, /* GiB: terraform, packer, cloudmux agree */
	{ "MinimalCPU",        MAP_LINK(min_cpu_platform) },
	{ "MaintainEol",       MAP_DATE(eol_on) },
	{ "DataSnapshotIds",   MAP_SET(data_snapshot_ids) },
	{ "SceneCategories",   MAP_SET(scene_categories) },
	{ "PrimarySoftware",   MAP_LINK(primary_software) },
	{ "PriceSet",          MAP_OBJECTS(prices, as_sent) },
	{ "Tag",               MAP_TAGS(tags, as_sent) },
	{ "ActualSize",        MAP_KNOWN() }, /* unit not documented */
	{ 0 },
};

static const struct field_map uk8s_fields[] = {
	{ "ZoneId",            MAP_INT(zone_id) },
	{ "ImageId",           MAP_ID(image_id) },
	{ "ImageName",         MAP_TEXT(name) },
	{ "NotSupportGPU",     MAP_FLAG_NOT(gpu_supported) },
	{ "Features",          MAP_HAS_FLAG(gpu_supported, feature_gpu) },
	{ "SupportedGPUTypes", MAP_FILLED(gpu_supported) },
	{ "SupportedGPUTypes", MAP_SET(gpu_types) },
	{ "OsType",            MAP_WORD(os_type, os_types) },
	{ "OsName",            MAP_TEXT(os_name) },
	{ "OsName",            MAP_OS() },
	{ "ImageName",         MAP_OS(), .inferred = true },
	{ "OsType",            MAP_OS() },
	{ "Features",          MAP_SET_AS(features, features) },
	{ "Features",          MAP_HAS_WORD(arch, feature_arch) },
	{ "OsName",            MAP_ARCH_NAME() },
	{ "ImageName",         MAP_ARCH_NAME() },
	{ NULL,                MAP_CONSTANT(arch, "x86_64"), .inferred = true },
	{ "ImageSize",         MAP_SCALED(size_bytes, INT64_C(1) << 30) },
	{ "IntegratedSoftware", MAP_LINK(integrated_software) },
	{ NULL,                MAP_CONSTANT(state, "available"), .inferred = true }, /* the call lists available images */
	{ 0 },
};

static const struct field_map uk8s_system[] = {
	{ NULL, MAP_CONSTANT(kind, "system"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "platform"), .inferred = true },
	{ NULL, MAP_CONSTANT(visibility, "public"), .inferred = true },
	{ NULL, MAP_CONSTANT(form, "vm"), .inferred = true },
	{ 0 },
};
static const struct field_map uk8s_system_metal[] = {
	{ NULL, MAP_CONSTANT(kind, "system"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "platform"), .inferred = true },
	{ NULL, MAP_CONSTANT(visibility, "public"), .inferred = true },
	{ NULL, MAP_CONSTANT(form, "baremetal"), .inferred = true },
	{ 0 },
};
static const struct field_map uk8s_custom[] = {
	{ NULL, MAP_CONSTANT(kind, "custom"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "self"), .inferred = true },
	{ NULL, MAP_CONSTANT(visibility, "private"), .inferred = true },
	{ NULL, MAP_CONSTANT(form, "vm"), .inferred = true },
	{ 0 },
};
static const struct field_map uk8s_custom_metal[] = {
	{ NULL, MAP_CONSTANT(kind, "custom"), .inferred = true },
	{ NULL, MAP_CONSTANT(origin, "self"), .inferred = true },
	{ NULL, MAP_CONSTANT(visibility, "private"), .inferred = true },
	{ NULL, MAP_CONSTANT(form, "baremetal"), .inferred = true },
	{ 0 },
};

static const struct item_source uhost_items[] = { { "ImageSet" }, { 0 } };

/* The data model names the first four; the document's own example the misspelt twins. */
static const struct item_source uk8s_items[] = {
	{ "ImageSet",            "ImageSet",            uk8s_system },
	{ "PHostImageSet",       "PHostImageSet",       uk8s_system_metal },
	{ "CustomImageSet",      "CustomImageSet",      uk8s_custom },
	{ "CustomPHostImageSet", "CustomPHostImageSet", uk8s_custom_metal },
	{ "ImageSetnew",         "ImageSetnew",         uk8s_system },
	{ "CustomIImageSet",     "CustomIImageSet",     uk8s_custom },
	{ "PHostCustomIImageSet", "PHostCustomIImageSet", uk8s_custom_metal },
	{ 0 },
};

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
	{ 0 },
};

static const struct service services[] = {
	{
		.name = "uhost", .action = "DescribeImage", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.params = (const struct fixed_param[]){ { "PriceSet", "1" }, { 0 } },
		.paging = { "Offset", "Limit", 100 },
		.totals = (const char *const[]){ "TotalCount", NULL },
		.items = uhost_items,
		.fields = (const struct field_map *const[]){ uhost_fields, NULL },
	},
	{
		.name = "uk8s", .action = "DescribeUK8SImage", .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET,
		.items = uk8s_items,
		.fields = (const struct field_map *const[]){ uk8s_fields, NULL },
		.skip_non_objects = true,
	},
	{ 0 },
};

static const struct discovery discoveries[] = {
	{ .name = "regions", .places = PLACE_REGION | PLACE_ZONE, .action = "GetRegion", .items = "Regions",
	  .region = "Region", .zone = "Zone" },
	{ .name = "projects", .places = PLACE_PROJECT, .action = "GetProjectList", .items = "ProjectSet",
	  .project = "ProjectId" },
	{ 0 },
};
/* clang-format on */

const struct provider provider_ucloud = {
	.abi = PROVIDER_ABI,
	.name = "ucloud",
	.title = "UCloud",
	.endpoint = "https://api.ucloud.cn/",
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
