#include <stdio.h>
#include <string.h>

#include "sim/call.h"
#include "sim/names.h"
#include "sim/random.h"

/*
 * Compshare's image lists. One item, CompShareImage, in three surroundings: flat lists, lists per
 * ImageType, and groups whose versions are the items.
 */
enum salt {
	SALT_NAME = 200,
	SALT_AUTHOR,
	SALT_TEXT,
	SALT_SIZE,
	SALT_COUNT,
	SALT_SOFT,
	SALT_PRICE,
	SALT_SHAPE,
	SALT_OWNER,
	SALT_HOSTILE,
};

static const struct gpu_app_row *app_of(const struct image *image)
{
	return &gpu_app_rows[draw_below(image->key, SALT_NAME, gpu_app_rows_count)];
}

static void put_name(char *name, size_t size, const struct segment *segment,
		     const struct image *image)
{
	uint64_t key = image->key;

	if (segment->service == SERVICE_COMMUNITY && draw_once_in(key, SALT_HOSTILE, 50))
		snprintf(name, size, "%s",
			 hostile_names[draw_below(key, SALT_NAME, hostile_names_count)]);
	else if (segment->service == SERVICE_CUSTOM || segment->service == SERVICE_SHARED)
		snprintf(name, size, "%s-%u",
			 custom_names[draw_below(key, SALT_NAME, custom_names_count)],
			 image->ordinal);
	else if (segment->part && strcmp(segment->part, "Game") == 0)
		snprintf(name, size, "%s",
			 game_names[draw_below(key, SALT_NAME, game_names_count)]);
	else
		snprintf(name, size, "%s", app_of(image)->name);
}

static void put_tags(struct json *json, const char *tags)
{
	json_array(json, "Tags");
	while (*tags) {
		char tag[64];
		size_t len = strcspn(tags, "|");
		snprintf(tag, sizeof(tag), "%.*s", (int)len, tags);
		json_text(json, NULL, tag);
		tags += len + (tags[len] == '|');
	}
	json_array_end(json);
}

static void put_softwares(struct json *json, const struct image *image)
{
	const struct gpu_app_row *app = app_of(image);

	if (draw_once_in(image->key, SALT_SOFT, 20)) {
		json_null(json, "Softwares");
		return;
	}
	json_object(json, "Softwares");
	json_text(json, "Framework", app->framework);
	json_text(json, "FrameworkVersion", app->framework_version);
	json_text(json, "CUDAVersion", app->cuda);
	json_array(json, "Applications");
	if (draw_once_in(image->key, SALT_SOFT + 1000, 2))
		json_text(json, NULL, "JupyterLab");
	json_array_end(json);
	if (draw_once_in(image->key, SALT_SOFT + 2000, 3)) {
		json_text(json, "OsVersion", "Ubuntu 22.04");
		json_text(json, "PythonVersion", "3.12");
		json_int(json, "FrameworkVersionIndex", 1);
	}
	json_object_end(json);
}

/* A number that some of their lists print as a string. */
static void put_count(struct json *json, const char *key, const struct image *image, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (draw_once_in(image->key, SALT_SHAPE + 3000, 25))
		json_text(json, key, text);
	else
		json_bare(json, key, text);
}

static void put_container(struct json *json, const struct image *image)
{
	bool container = draw_below(image->key, SALT_SHAPE, 10) < 7;

	switch (draw_below(image->key, SALT_SHAPE + 1000, 12)) {
	case 0: json_bool(json, "Container", container); break;
	case 1: json_text(json, "Container", container ? "true" : "false"); break;
	default: json_text(json, "Container", container ? "True" : "False"); break;
	}
}

static void put_prose(struct call *call, const struct segment *segment, const struct image *image)
{
	struct json *json = &call->json;
	const char *text = descriptions[draw_below(image->key, SALT_TEXT, descriptions_count)];
	const char *without = call_param(call, "ExcludeReadme");
	char changed[512];

	if (image->revision > 0) {
		snprintf(changed, sizeof(changed), "%s [v%u 更新]", text, image->revision);
		text = changed;
	}
	json_text(json, "Description", text);
	if (without && strcmp(without, "true") == 0)
		return;
	if (segment->service != SERVICE_COMMUNITY) {
		json_text(json, "Readme", "");
		return;
	}
	struct buf readme = { 0 };
	buf_printf(&readme, "# 使用说明\n\n%s\n\n<p align=\"center\"><b>%s</b></p>\n\n", text,
		   text);
	for (int i = 0; i < 12; i++)
		buf_printf(&readme,
			   "%d. 打开终端，运行 `python launch.py --port %d`，等待启动完成。\n",
			   i + 1, 7860 + i);
	json_text(json, "Readme", buf_text(&readme));
	buf_finish(&readme);
}

static void put_counters(struct call *call, const struct image *image)
{
	struct json *json = &call->json;
	int64_t base = (int64_t)draw_below(image->key, SALT_COUNT, 5000);

	put_count(json, "CreatedCount", image, base + image->uses * 3);
	put_count(json, "FavoritesCount", image, base / 7 + image->uses);
	json_int(json, "ImageUseTime", base * 11 + image->uses * 60);
}

static void put_owner(struct json *json, const struct image *image)
{
	char id[32];

	snprintf(id, sizeof(id), "%u",
		 50000000u + (unsigned)draw_below(image->key, SALT_OWNER, 999999));
	json_object(json, "Owner");
	json_text(json, "AccountId", id);
	json_text(json, "AccountName", authors[draw_below(image->key, SALT_AUTHOR, authors_count)]);
	json_object_end(json);
}

static void put_price(struct json *json, const struct image *image)
{
	static const char *const prices[] = { "0", "0", "0", "0.0", "9.9", "0.35", "128", "19.99" };
	uint64_t row = draw_below(image->key, SALT_PRICE, ARRAY_LEN(prices));

	json_bare(json, "Price", prices[row]);
	json_bool(json, "ImageCharge", row > 3);
}

static void put_gpus(struct json *json, const struct image *image)
{
	uint64_t first = draw_below(image->key, SALT_SHAPE + 2000, gpu_types_count);

	json_array(json, "SupportedGpuTypes");
	json_text(json, NULL, gpu_types[first]);
	json_text(json, NULL, gpu_types[(first + 1) % gpu_types_count]);
	if (first % 3 == 0)
		json_text(json, NULL, gpu_types[first]); /* they list some twice */
	json_array_end(json);
}

/* What kind of image, and whose. */
static void put_class(struct json *json, const struct segment *segment, const struct image *image)
{
	const char *author = authors[draw_below(image->key, SALT_AUTHOR, authors_count)];

	switch (segment->service) {
	case SERVICE_PLATFORM:
		json_text(json, "ImageType", segment->part);
		json_text(json, "ImageOwnerAlias", "Official");
		json_text(json, "Author", "UCloud");
		json_int(json, "AuthInfo", 1);
		json_int(json, "Visibility", 1);
		break;
	case SERVICE_COMMUNITY:
		json_text(json, "ImageType", "Community");
		json_text(json, "ImageOwnerAlias", "Community");
		json_text(json, "Author", author);
		json_int(json, "AuthInfo", (int64_t)draw_below(image->key, SALT_AUTHOR + 1000, 3));
		json_int(json, "Visibility", 1);
		break;
	case SERVICE_UHOST:
	case SERVICE_UK8S:
	case SERVICE_CUSTOM:
	case SERVICE_SHARED:
	case SERVICE_IMAGES:
	case SERVICE_COUNT:
		json_text(json, "ImageType", "Custom");
		json_bool(json, "IsOfficial", false);
		json_text(json, "Author", author);
		json_int(json, "AuthInfo", 0);
		json_int(json, "Visibility", 0);
		json_text(json, "SourceGpuType",
			  gpu_types[draw_below(image->key, SALT_OWNER + 1000, gpu_types_count)]);
		break;
	}
}

static void put_state(struct call *call, const struct segment *segment, const struct image *image)
{
	const char *state = image_state(segment, image);
	bool failed = strcmp(state, "UnAvailable") == 0;

	json_text(&call->json, "Status", call_fault(call, FAULT_DRIFT) ? "Frozen" : state);
	json_text(&call->json, "FailedReason",
		  failed ? "镜像制作失败：磁盘空间不足 (no space left)" : "");
	if (call_fault(call, FAULT_DRIFT))
		json_int(&call->json, "QuantumReady", 1);
}

static void put_group_id(struct json *json, const char *key, const struct image *image)
{
	char id[48];

	snprintf(id, sizeof(id), "compshareImageGroup-%012llx",
		 (unsigned long long)(image->key >> 16));
	json_text(json, key, id);
}

static void put_version(struct json *json, const struct image *image, unsigned version)
{
	char name[32];

	put_group_id(json, "GroupId", image);
	snprintf(name, sizeof(name), "v%u.%u", version + 1, (unsigned)(image->key % 10));
	json_text(json, "VersionName", name);
	json_text(json, "VersionDesc", version ? "修复依赖，更新模型" : "");
}

static void put_item(struct call *call, const struct segment *segment, const struct image *image,
		     unsigned version)
{
	struct json *json = &call->json;
	int64_t created = image_time(segment, image) + version * 3600;
	char id[IMAGE_ID_SIZE];
	char name[256];

	image_id(call->catalog, segment, image, version, id);
	put_name(name, sizeof(name), segment, image);
	json_object(json, NULL);
	json_text(json, "CompShareImageId", id);
	json_text(json, "Name", name);
	put_class(json, segment, image);
	put_container(json, image);
	put_state(call, segment, image);
	json_int(json, "Size", 10240 + 1024 * (int64_t)draw_below(image->key, SALT_SIZE, 90));
	put_prose(call, segment, image);
	put_tags(json, app_of(image)->tags);
	put_price(json, image);
	json_text(json, "Cover",
		  segment->service == SERVICE_COMMUNITY ? "https://compshare.cn/static/cover.png"
							: "");
	put_softwares(json, image);
	put_counters(call, image);
	put_count(json, "CreateTime", image, created);
	put_count(json, "PubTime", image,
		  segment->service == SERVICE_COMMUNITY ? created + 600 : 0);
	put_owner(json, image);
	if (segment->service == SERVICE_COMMUNITY)
		put_version(json, image, version);
	json_bool(json, "AutoStart", draw_once_in(image->key, SALT_SHAPE + 4000, 4));
	put_gpus(json, image);
	if (call->items == 0 && call_fault(call, FAULT_WRONGZONE))
		json_text(json, "Zone", "us-ca-01");
	json_object_end(json);
}

static void put_flat(struct call *call, const struct segment *segment, const struct image *image)
{
	put_item(call, segment, image, 0);
}

/* A group and its versions. */
static void put_group(struct call *call, const struct segment *segment, const struct image *image)
{
	struct json *json = &call->json;
	char name[256];

	put_name(name, sizeof(name), segment, image);
	json_object(json, NULL);
	put_group_id(json, "GroupId", image);
	json_text(json, "ImageName", name);
	json_text(json, "ImageDesc", "");
	put_counters(call, image);
	json_int(json, "RecommendCount", 0);
	json_bool(json, "IsFavorite", false);
	json_text(json, "Status", image_state(segment, image));
	json_array(json, "Data");
	for (unsigned v = 0; v < VERSIONS_MAX; v++)
		if (image->versions & 1u << v)
			put_item(call, segment, image, v);
	json_array_end(json);
	json_object_end(json);
}

/* ---- the lists ---- */

static bool keep_id(const struct call *call, const struct segment *segment,
		    const struct image *image)
{
	const char *id = call_param(call, "CompShareImageId");
	char own[IMAGE_ID_SIZE];

	for (unsigned v = 0; v < VERSIONS_MAX; v++) {
		if (!(image->versions & 1u << v))
			continue;
		image_id(call->catalog, segment, image, v, own);
		if (strcmp(id, own) == 0)
			return true;
	}
	return false;
}

static keep_fn *filter_of(const struct call *call)
{
	const char *id = call_param(call, "CompShareImageId");

	return id && *id ? keep_id : NULL;
}

static void flat_list(struct call *call, const struct segment *segment, const char *response)
{
	struct view view = { .segments = { segment }, .segment_count = 1, .keep = filter_of(call) };

	if (!ucloud_paging(call))
		return;
	ucloud_begin(call, response);
	listing_page(call, &view, "ImageSet", put_flat);
	listing_total(call, "TotalCount");
	ucloud_end(call);
}

void compshare_custom(struct call *call)
{
	const char *region = call_param(call, "Region");

	snprintf(call->scope, sizeof(call->scope), "custom/%s", region);
	flat_list(call, catalog_find(call->catalog, SERVICE_CUSTOM, region, NULL),
		  "DescribeCompShareCustomImagesResponse");
}

void compshare_platform(struct call *call)
{
	const char *kind = call_param(call, "ImageType");
	const char *wanted = kind && *kind ? kind : "System";
	const struct segment *segment = catalog_find(call->catalog, SERVICE_PLATFORM, NULL, wanted);

	snprintf(call->scope, sizeof(call->scope), "platform/%s/%.40s", call_param(call, "Region"),
		 wanted);
	if (segment)
		flat_list(call, segment, "DescribeCompShareImagesResponse");
	else
		ucloud_error(call, 230, "Params [ImageType] not available");
}

void compshare_shared(struct call *call)
{
	snprintf(call->scope, sizeof(call->scope), "shared/%s", call_param(call, "Region"));
	flat_list(call, catalog_find(call->catalog, SERVICE_SHARED, NULL, NULL),
		  "DescribeCompShareSharingImagesResponse");
}

void compshare_community(struct call *call)
{
	const char *field = call_param(call, "SortCondition.Field");
	const char *ascending = call_param(call, "SortCondition.ASC");
	struct view view = { .segments = { catalog_find(call->catalog, SERVICE_COMMUNITY, NULL,
							NULL) },
			     .segment_count = 1,
			     .keep = filter_of(call),
			     .oldest_first = ascending && strcmp(ascending, "true") == 0 };

	snprintf(call->scope, sizeof(call->scope), "community/%s", call_param(call, "Region"));
	if (field && *field && strcmp(field, "PubTime") != 0 && strcmp(field, "CreateTime") != 0) {
		ucloud_error(call, 230, "Params [SortCondition.Field] not available");
		return;
	}
	if (!ucloud_paging(call))
		return;
	ucloud_begin(call, "DescribeCommunityImagesResponse");
	listing_page(call, &view, "CompshareImageGroup", put_group);
	listing_total(call, "TotalCount");
	json_int(&call->json, "AvailableTotalCount", call->total);
	ucloud_end(call);
}

void compshare_support_zone(struct call *call)
{
	struct json *json = &call->json;

	ucloud_begin(call, "DescribeCompShareSupportZoneResponse");
	json_array(json, "ZoneInfo");
	for (size_t z = 0; z < zones_count; z++) {
		for (size_t i = 0; i < regions_count; i++) {
			if (!regions[i].compshare || strcmp(zones[z].region, regions[i].id) != 0)
				continue;
			json_object(json, NULL);
			json_text(json, "Region", regions[i].id);
			json_text(json, "Zone", zones[z].id);
			json_text(json, "Describe", zones[z].describe);
			json_int(json, "RegionId", regions[i].number);
			json_int(json, "ZoneId", zones[z].number);
			json_object_end(json);
		}
	}
	json_array_end(json);
	ucloud_end(call);
}
