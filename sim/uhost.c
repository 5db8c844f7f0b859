#include <stdio.h>
#include <string.h>

#include "sim/call.h"
#include "sim/names.h"
#include "sim/random.h"

/*
 * UCloud's own image lists: DescribeImage, in pages, and DescribeUK8SImage, all in one answer.
 */
enum salt {
	SALT_KIND = 100,
	SALT_ROW,
	SALT_TEXT,
	SALT_SIZE,
	SALT_ACTUAL,
	SALT_PRICE,
	SALT_TAG,
	SALT_SNAPSHOT,
	SALT_GPU,
	SALT_SET,
};

/* ---- DescribeImage ---- */

static const struct zone *zone_of(const struct segment *segment, const struct image *image)
{
	const struct zone *own[8];
	size_t n = 0;

	for (size_t i = 0; i < zones_count && n < ARRAY_LEN(own); i++)
		if (strcmp(zones[i].region, segment->place) == 0)
			own[n++] = &zones[i];
	return own[image->ordinal % n];
}

static const char *uhost_kind(const struct segment *segment, const struct image *image)
{
	if (strcmp(segment->part, "platform") != 0)
		return "Custom";
	return draw_below(image->key, SALT_KIND, 10) < 7 ? "Base" : "Business";
}

static const struct market_row *market_of(const struct segment *segment, const struct image *image)
{
	if (strcmp(uhost_kind(segment, image), "Business") != 0)
		return NULL;
	return &market_rows[draw_below(image->key, SALT_ROW, market_rows_count)];
}

static const struct os_row *os_of(const struct segment *segment, const struct image *image)
{
	const struct market_row *market = market_of(segment, image);

	for (size_t i = 0; market && i < os_rows_count; i++)
		if (strcmp(os_rows[i].name, market->os) == 0)
			return &os_rows[i];
	return &os_rows[draw_below(image->key, SALT_ROW, os_rows_count)];
}

static void put_words(struct json *json, const char *key, const char *words)
{
	json_array(json, key);
	while (*words) {
		char word[64];
		size_t len = strcspn(words, ",");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		json_text(json, NULL, word);
		words += len + (words[len] == ',');
	}
	json_array_end(json);
}

static void put_gpu_types(struct json *json, const char *key, uint64_t image_key, bool gpu)
{
	json_array(json, key);
	for (uint64_t i = 0; gpu && i < 1 + draw_below(image_key, SALT_GPU, 4); i++)
		json_text(json, NULL,
			  gpu_types[draw_below(image_key, SALT_GPU + 1000 + i, gpu_types_count)]);
	json_array_end(json);
}

static void put_prices(struct json *json, uint64_t key)
{
	static const char *const charges[] = { "Year", "Month", "Dynamic" };
	uint64_t cents = 1000 + draw_below(key, SALT_PRICE, 90000);

	json_array(json, "PriceSet");
	for (size_t i = 0; i < ARRAY_LEN(charges); i++) {
		char text[32];
		uint64_t price = i == 0 ? cents * 10 : i == 1 ? cents : cents / 600;
		json_object(json, NULL);
		json_text(json, "ChargeType", charges[i]);
		snprintf(text, sizeof(text), "%u.%02u", (unsigned)(price / 100),
			 (unsigned)(price % 100));
		json_bare(json, "Price", text);
		snprintf(text, sizeof(text), "%u.%02u", (unsigned)(price / 80),
			 (unsigned)(price % 100));
		json_bare(json, "OriginalPrice", text);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_uhost_names(struct call *call, const struct segment *segment,
			    const struct image *image)
{
	const struct market_row *market = market_of(segment, image);
	const struct os_row *os = os_of(segment, image);
	struct json *json = &call->json;
	char name[128];

	if (strcmp(segment->part, "platform") != 0)
		snprintf(name, sizeof(name), "%s-%03u",
			 custom_names[draw_below(image->key, SALT_TEXT, custom_names_count)],
			 image->ordinal % 1000);
	else
		snprintf(name, sizeof(name), "%s", market ? market->name : os->name);
	json_text(json, "ImageName", name);
	json_text(json, "OsType", os->type);
	json_text(json, "OsName", os->name);
	json_text(json, "ImageType", uhost_kind(segment, image));
	put_words(json, "Features", os->features);
	json_text(json, "FuncType", market ? market->func : os->gpu ? "gpu" : "");
	json_text(json, "IntegratedSoftware", market ? market->software : "");
	json_text(json, "Vendor", market ? market->vendor : "");
	json_text(json, "Links", market ? "https://docs.ucloud.cn/uhost/introduction/image" : "");
	json_text(json, "MinimalCPU", os->cpu);
	json_text(json, "MaintainEol", os->eol);
	put_gpu_types(json, "SupportedGPUTypes", image->key, os->gpu);
	put_words(json, "SceneCategories", market ? market->scene : "");
	json_text(json, "PrimarySoftware", market ? market->software : "");
}

static void put_description(struct call *call, const char *key, const struct image *image)
{
	const char *text = descriptions[draw_below(image->key, SALT_TEXT + 50, descriptions_count)];
	char changed[512];

	if (image->revision > 0) {
		snprintf(changed, sizeof(changed), "%s（第 %u 次更新 / update %u）", text,
			 image->revision, image->revision);
		text = changed;
	}
	json_text(&call->json, key, text);
}

static void put_snapshots(struct json *json, uint64_t key)
{
	char id[32];

	json_array(json, "DataSnapshotIds");
	if (draw_once_in(key, SALT_SNAPSHOT, 3)) {
		snprintf(id, sizeof(id), "bsm-%08x", (unsigned)draw(key, SALT_SNAPSHOT + 1000));
		json_text(json, NULL, id);
	}
	json_array_end(json);
}

static void put_drift(struct call *call)
{
	if (call_fault(call, FAULT_DRIFT))
		json_text(&call->json, "QuantumReady", "maybe");
}

static void put_uhost(struct call *call, const struct segment *segment, const struct image *image)
{
	struct json *json = &call->json;
	bool elsewhere = call->items == 0 && call_fault(call, FAULT_WRONGZONE);
	bool custom = strcmp(uhost_kind(segment, image), "Custom") == 0;
	char id[IMAGE_ID_SIZE];

	image_id(call->catalog, segment, image, 0, id);
	json_object(json, NULL);
	json_text(json, "Zone", elsewhere ? "us-ca-01" : zone_of(segment, image)->id);
	json_text(json, "ImageId", id);
	put_uhost_names(call, segment, image);
	json_text(json, "State",
		  call_fault(call, FAULT_DRIFT) ? "Frozen" : image_state(segment, image));
	put_description(call, "ImageDescription", image);
	json_int(json, "CreateTime", image_time(segment, image));
	json_int(json, "ImageSize", 20 + 20 * (int64_t)draw_below(image->key, SALT_SIZE, 4));
	if (draw_once_in(image->key, SALT_ACTUAL, 4))
		json_int(json, "ActualSize",
			 2000 + (int64_t)draw_below(image->key, SALT_SIZE, 9000));
	if (custom)
		put_snapshots(json, image->key);
	if (call_param(call, "PriceSet") && strcmp(call_param(call, "PriceSet"), "1") == 0 &&
	    market_of(segment, image))
		put_prices(json, image->key);
	json_text(json, "Tag",
		  custom && draw_once_in(image->key, SALT_TAG, 3) ? "生产" : "Default");
	put_drift(call);
	json_object_end(json);
}

static bool keep_uhost(const struct call *call, const struct segment *segment,
		       const struct image *image)
{
	const char *kind = call_param(call, "ImageType");
	const char *type = call_param(call, "OsType");
	const char *zone = call_param(call, "Zone");
	const char *id = call_param(call, "ImageId");
	char own[IMAGE_ID_SIZE];

	if (kind && *kind && strcmp(kind, uhost_kind(segment, image)) != 0)
		return false;
	if (zone && *zone && strcmp(zone, zone_of(segment, image)->id) != 0)
		return false;
	bool windows = strcmp(os_of(segment, image)->type, "Windows") == 0;
	if (type && *type && windows != (strcmp(type, "Windows") == 0))
		return false;
	if (!id || !*id)
		return true;
	image_id(call->catalog, segment, image, 0, own);
	return strcmp(id, own) == 0;
}

void uhost_images(struct call *call)
{
	static const char *const filters[] = { "ImageType", "OsType", "Zone", "ImageId" };
	const char *region = call_param(call, "Region");
	const char *project = ucloud_project(call);
	struct view view = { .segment_count = 2 };

	if (!ucloud_paging(call))
		return;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (call_param(call, filters[i]) && *call_param(call, filters[i]))
			view.keep = keep_uhost;
	view.segments[0] = catalog_find(call->catalog, SERVICE_UHOST, region, "platform");
	view.segments[1] = catalog_find(call->catalog, SERVICE_UHOST, region, project);
	snprintf(call->scope, sizeof(call->scope), "uhost/%s/%s", region, project);
	ucloud_begin(call, "DescribeImageResponse");
	listing_page(call, &view, "ImageSet", put_uhost);
	listing_total(call, "TotalCount");
	ucloud_end(call);
}

/* ---- DescribeUK8SImage: no paging, no total, one answer for a region ---- */

static void put_uk8s(struct call *call, const struct segment *segment, const struct image *image)
{
	const struct os_row *os = &os_rows[draw_below(image->key, SALT_ROW, os_rows_count)];
	struct json *json = &call->json;
	char id[IMAGE_ID_SIZE];
	char name[128];

	image_id(call->catalog, segment, image, 0, id);
	snprintf(name, sizeof(name), image->revision ? "%s %s(r%u)" : "%s %s",
		 draw_once_in(image->key, SALT_TEXT, 2) ? "UK8S" : "K8S节点", os->name,
		 image->revision);
	json_object(json, NULL);
	json_int(json, "ZoneId", zone_of(segment, image)->number);
	json_text(json, "ImageId", id);
	json_text(json, "ImageName", name);
	json_bool(json, "NotSupportGPU", !os->gpu);
	/* The older of two copies of the document has only the four above. */
	if (!draw_once_in(image->key, SALT_SIZE, 4)) {
		json_text(json, "OsType", os->type);
		json_text(json, "OsName", os->name);
		put_words(json, "Features", os->features);
		json_int(json, "ImageSize", 40);
		json_text(json, "IntegratedSoftware", "");
		put_gpu_types(json, "SupportedGPUTypes", image->key, os->gpu);
	}
	put_drift(call);
	json_object_end(json);
}

/* clang-format off */
static const struct { const char *name, *twin; } uk8s_sets[] = {
	{ "ImageSet",           "ImageSetnew" },
	{ "PHostImageSet",      NULL },
	{ "CustomImageSet",     "CustomIImageSet" },
	{ "CustomPHostImageSet", "PHostCustomIImageSet" },
};
/* clang-format on */

enum { SET_NEW = ARRAY_LEN(uk8s_sets) };

/* Half are plain; in a region with twins some of the plain ones sit in ImageSetnew. */
static size_t uk8s_set_of(const struct image *image, bool twins)
{
	static const size_t sets[] = { 0, 0, 0, 0, 1, 2, 2, 3 };
	size_t set = sets[draw_below(image->key, SALT_SET, ARRAY_LEN(sets))];

	return set == 0 && twins && draw_once_in(image->key, SALT_SET + 1000, 3) ? SET_NEW : set;
}

static void put_uk8s_set(struct call *call, const struct segment *segment, size_t set, bool twins,
			 const char *key)
{
	json_array(&call->json, key);
	for (size_t i = 0; i < segment->count && !call_fault(call, FAULT_EMPTYSET); i++) {
		if (uk8s_set_of(&segment->images[i], twins) != set)
			continue;
		put_uk8s(call, segment, &segment->images[i]);
		call->items++;
	}
	json_array_end(&call->json);
}

/* The misspelt arrays of the vendor's example hold strings and nothing of use. */
static void put_uk8s_strings(struct call *call)
{
	for (size_t i = 2; i < ARRAY_LEN(uk8s_sets); i++) {
		json_array(&call->json, uk8s_sets[i].twin);
		json_text(&call->json, NULL, "vcSXSoOo");
		json_array_end(&call->json);
	}
}

void uhost_uk8s(struct call *call)
{
	const char *region = call_param(call, "Region");
	const struct segment *segment = catalog_find(call->catalog, SERVICE_UK8S, region, NULL);
	bool twins = strcmp(region, "cn-gd") == 0 || strcmp(region, "hk") == 0;

	snprintf(call->scope, sizeof(call->scope), "uk8s/%s", region);
	call->items = 0;
	ucloud_begin(call, "DescribeUK8SImageResponse");
	for (size_t set = 0; set < ARRAY_LEN(uk8s_sets); set++) {
		if (set == 0 && call_fault(call, FAULT_NOSET))
			continue;
		if (set == 0 && call_fault(call, FAULT_NULLSET))
			json_null(&call->json, uk8s_sets[set].name);
		else
			put_uk8s_set(call, segment, set, twins, uk8s_sets[set].name);
	}
	if (twins) {
		put_uk8s_set(call, segment, SET_NEW, twins, uk8s_sets[0].twin);
		put_uk8s_strings(call);
		json_text(&call->json, "Message", "");
	}
	ucloud_end(call);
}
