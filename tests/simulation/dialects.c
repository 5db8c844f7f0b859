/*
 * How the clouds speak, from their documents: parameters, members of the answer, items.
 */
#include <string.h>

#include "tests/simulation/cloud.h"

/* clang-format off */
static const struct state_word ucloud_states[] = {
	{ "Available", "available" }, { "Making", "pending" }, { "Unavailable", "unavailable" },
	{ "Copying", "copying" }, { 0 },
};
static const struct state_word compshare_states[] = {
	{ "Available", "available" }, { "Making", "pending" }, { "UnAvailable", "unavailable" },
	{ "Reviewing", "reviewing" }, { "Offline", "offline", true }, { 0 },
};
static const struct state_word qingcloud_states[] = {
	{ "available", "available" }, { "pending", "pending" }, { "deprecated", "deprecated" },
	{ "suspended", "suspended" }, { "deleted", "deleted", true }, { "ceased", "purged", true }, { 0 },
};
/* clang-format on */

/* Members that come and go with the edition, so that a change may be of any of them. */
static unsigned part(unsigned edition, unsigned number, unsigned n)
{
	return (unsigned)(luck_mix(edition * 31u + number) % n);
}

static void put_uhost(struct buf *out, const struct item_text *t)
{
	static const char *const features[] = {
		"[\"NetEnhanced\",\"HotPlug\",\"CloudInit\"]",
		"[\"CloudInit\",\"NetEnhanced\",\"HotPlug\"]",
		"[\"RssdAttachable\",\"Aarch64_Type\",\"CloudInit\"]",
		"[\"GPU\",\"Vgpu_NVIDIA\"]",
	};

	buf_printf(out, "{\"Zone\":\"%s\",", t->zone);
	if (t->id)
		buf_printf(out, "\"ImageId\":\"%s\",", t->id);
	buf_printf(out,
		   "\"ImageName\":\"%s\",\"OsType\":\"Linux\",\"OsName\":\"Ubuntu 22.04 "
		   "64\xe4\xbd\x8d\","
		   "\"ImageType\":\"%s\",\"Features\":%s,\"FuncType\":\"\",\"State\":\"%s\","
		   "\"ImageDescription\":\"edition %u\",\"CreateTime\":%u,\"ImageSize\":%u,"
		   "\"MaintainEol\":\"2027/04/01\",\"SupportedGPUTypes\":[],\"Tag\":\"Default\"%s}",
		   t->name, part(t->edition, 1, 3) ? "Base" : "Custom",
		   features[part(t->edition, 2, ARRAY_LEN(features))], t->state, t->edition,
		   1600000000 + part(t->edition, 3, 90000000), 20 + 20 * part(t->edition, 4, 4),
		   t->extra);
}

static void put_uk8s(struct buf *out, const struct item_text *t)
{
	buf_printf(out, "{\"ZoneId\":%u,", t->zone_id);
	if (t->id)
		buf_printf(out, "\"ImageId\":\"%s\",", t->id);
	buf_printf(out,
		   "\"ImageName\":\"%s\",\"NotSupportGPU\":%s,\"OsType\":\"Linux\","
		   "\"OsName\":\"CentOS 7.6\",\"Features\":[\"CloudInit\"],\"ImageSize\":%u,"
		   "\"IntegratedSoftware\":\"edition %u\",\"SupportedGPUTypes\":[]%s}",
		   t->name, part(t->edition, 1, 2) ? "true" : "false",
		   20 + 20 * part(t->edition, 2, 3), t->edition, t->extra);
}

static void put_compshare(struct buf *out, const struct item_text *t)
{
	buf_puts(out, "{");
	if (t->id)
		buf_printf(out, "\"CompShareImageId\":\"%s\",", t->id);
	buf_printf(out,
		   "\"Name\":\"%s\",\"Author\":\"team\",\"ImageType\":\"Custom\",\"Status\":\"%s\","
		   "\"Description\":\"edition %u\",\"Size\":%u,\"CreateTime\":%u,"
		   "\"Container\":\"%s\",\"Tags\":[\"a\xef\xbc\x8c"
		   "b\"],\"Visibility\":0,\"Price\":%u.5,"
		   "\"Softwares\":{\"Framework\":\"PyTorch\",\"CUDAVersion\":\"12.%u\"},"
		   "\"CreatedCount\":%u,\"Owner\":{\"AccountId\":50,\"AccountName\":\"x\"}%s}",
		   t->name, t->state, t->edition, 1024 * (1 + part(t->edition, 1, 40)),
		   1700000000 + part(t->edition, 2, 9000000),
		   part(t->edition, 3, 2) ? "True" : "False", part(t->edition, 4, 5),
		   part(t->edition, 5, 9), part(t->edition, 6, 1000), t->extra);
}

static void put_qingcloud(struct buf *out, const struct item_text *t)
{
	buf_puts(out, "{");
	if (t->id)
		buf_printf(out, "\"image_id\":\"%s\",", t->id);
	buf_printf(out,
		   "\"image_name\":\"%s\",\"description\":\"edition %u\",\"size\":%u,"
		   "\"processor_type\":\"64bit\",\"platform\":\"linux\",\"os_family\":\"centos\","
		   "\"visibility\":\"public\",\"provider\":\"system\",\"owner\":\"system\","
		   "\"status\":\"%s\",\"transition_status\":\"\",\"sub_code\":0,"
		   "\"create_time\":\"2026-0%u-11T09:00:00Z\",\"status_time\":\"2026-08-11T09:00:"
		   "00Z\","
		   "\"default_passwd\":\"p12cHANgepwD\",\"tags\":[]%s}",
		   t->name, t->edition, 20 + 10 * part(t->edition, 1, 4), t->state,
		   1 + part(t->edition, 2, 8), t->extra);
}

/* clang-format off */
#define UCLOUD_REFUSALS    { 130, 150, 110, 153, 171, 299, 160, 9999 }
#define QINGCLOUD_REFUSALS { 5000, 5100, 5300, 2500, 1200, 1400, 1100, 9999 }
#define UCLOUD_WORDS \
	.action_param = "Action", .key_param = "PublicKey", .region_param = "Region", .zone_param = "Zone", \
	.code = "RetCode", .message = "Message", .refusals = UCLOUD_REFUSALS, .limit_default = 20

const struct dialect dialects[] = {
	{ .provider = "ucloud", .service = "uhost", .action = "DescribeImage", UCLOUD_WORDS,
	  .offset = "Offset", .limit = "Limit", .total = "TotalCount", .arrays = { "ImageSet" },
	  .states = ucloud_states, .item_has_zone = true, .twins = true, .put_item = put_uhost },
	{ .provider = "ucloud", .service = "uk8s", .action = "DescribeUK8SImage", UCLOUD_WORDS,
	  .arrays = { "ImageSet", "PHostImageSet", "CustomImageSet", "CustomPHostImageSet" },
	  .put_item = put_uk8s },
	{ .provider = "compshare", .service = "custom", .action = "DescribeCompShareCustomImages", UCLOUD_WORDS,
	  .offset = "Offset", .limit = "Limit", .total = "TotalCount", .arrays = { "ImageSet" },
	  .states = compshare_states, .put_item = put_compshare },
	{ .provider = "qingcloud", .service = "images", .action = "DescribeImages",
	  .action_param = "action", .key_param = "access_key_id", .zone_param = "zone", .variant_param = "provider",
	  .code = "ret_code", .message = "message", .refusals = QINGCLOUD_REFUSALS, .limit_default = 20,
	  .offset = "offset", .limit = "limit", .total = "total_count", .arrays = { "image_set" },
	  .states = qingcloud_states, .put_item = put_qingcloud },
	{ 0 },
};
/* clang-format on */

const struct dialect *dialect_find(const char *provider, const char *service)
{
	const struct dialect *d = dialects;

	while (d->provider &&
	       (strcmp(d->provider, provider) != 0 || strcmp(d->service, service) != 0))
		d++;
	assert(d->provider);
	return d;
}
