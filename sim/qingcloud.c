#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/call.h"
#include "sim/names.h"
#include "sim/random.h"
#include "sim/verify.h"

/*
 * QingCloud: one path, ret_code and message in lower case, \u escapes for Chinese. Its image items
 * carry `default_passwd`; the one here is a canary that must never be seen again.
 */
#define CANARY_PASSWORD "CANARY-Pa55w0rd-never-store"

enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 100 };

enum salt { SALT_NAME = 300, SALT_SIZE, SALT_TEXT, SALT_TAG, SALT_FORM, SALT_OWNER, SALT_ROW };

static void qing_error(struct call *call, int64_t code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Handled errors have no `action`; access denied has a null message. */
static void qing_error(struct call *call, int64_t code, const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	call->code = code;
	call->items = -1;
	buf_clear(&call->body);
	json_init(&call->json, &call->body, true);
	json_object(&call->json, NULL);
	if (code == 1400)
		json_null(&call->json, "message");
	else
		json_text(&call->json, "message", message);
	json_int(&call->json, "ret_code", code);
	json_object_end(&call->json);
}

static bool is_system(const struct segment *segment)
{
	return strcmp(segment->part, "system") == 0;
}

static const struct qing_row *row_of(const struct segment *segment, const struct image *image)
{
	if (is_system(segment))
		return &qing_rows[image->ordinal % qing_rows_count]; /* as its id */
	return &qing_rows[draw_below(image->key, SALT_ROW, qing_rows_count)];
}

static void put_time(struct json *json, const char *key, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_text(json, key, text);
}

static void put_tags(struct json *json, const struct image *image)
{
	char id[32];

	json_array(json, "tags");
	if (draw_once_in(image->key, SALT_TAG, 3)) {
		snprintf(id, sizeof(id), "tag-%08x", (unsigned)draw(image->key, SALT_TAG + 1000));
		json_object(json, NULL);
		json_text(json, "color", "#c096e0");
		json_text(json, "tag_id", id);
		json_text(json, "tag_value", "生产");
		json_text(json, "tag_name", "环境");
		json_text(json, "owner", "usr-sim00001");
		json_text(json, "tag_key", "env");
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_features(struct json *json)
{
	static const char *const names[] = { "set_keypair", "disk_hot_plug",  "root_fs_rw_online",
					     "user_data",   "ipv6_supported", "reset_fstab" };

	json_object(json, "features_supported");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_int(json, names[i], 1);
	json_object_end(json);
}

static void put_description(struct json *json, const struct image *image)
{
	const char *text = descriptions[draw_below(image->key, SALT_TEXT, descriptions_count)];
	char changed[512];

	if (image->revision > 0) {
		snprintf(changed, sizeof(changed), "%s (rev %u)", text, image->revision);
		json_text(json, "description", changed);
	} else if (*text) {
		json_text(json, "description", text);
	} else {
		json_null(json, "description");
	}
}

/* What differs between the clouds' own images and a user's. */
static void put_class(struct json *json, const struct segment *segment, const struct image *image)
{
	char owner[32];

	snprintf(owner, sizeof(owner), "usr-%08x", (unsigned)draw(image->key, SALT_OWNER));
	json_text(json, "visibility", is_system(segment) ? "public" : "private");
	json_text(json, "provider", segment->part);
	json_text(json, "owner",
		  is_system(segment)                     ? "system"
		  : strcmp(segment->part, "shared") == 0 ? owner
							 : "usr-sim00001");
	json_text(json, "recommended_type", is_system(segment) ? "small_b" : "small_c");
	json_int(json, "sub_code", 0);
	put_tags(json, image);
}

static void put_image(struct call *call, const struct segment *segment, const struct image *image)
{
	const struct qing_row *row = row_of(segment, image);
	bool windows = strcmp(row->family, "windows") == 0;
	const char *state = image_state(segment, image);
	struct json *json = &call->json;
	int64_t created = image_time(segment, image);
	char id[IMAGE_ID_SIZE];

	image_id(call->catalog, segment, image, 0, id);
	json_object(json, NULL);
	json_text(json, "image_id", id);
	json_text(json, "image_name",
		  is_system(segment) ? row->name
		  : draw_once_in(image->key, SALT_NAME, 12)
			  ? ""
			  : custom_names[draw_below(image->key, SALT_NAME + 1000,
						    custom_names_count)]);
	put_description(json, image);
	json_int(json, "size",
		 windows ? 50 : 20 + 20 * (int64_t)draw_below(image->key, SALT_SIZE, 2));
	json_text(json, "processor_type", row->processor);
	json_text(json, "platform", windows ? "windows" : "linux");
	json_text(json, "os_family", row->family);
	json_text(json, "status", call_fault(call, FAULT_DRIFT) ? "frozen" : state);
	json_text(json, "transition_status", strcmp(state, "pending") == 0 ? "creating" : "");
	put_time(json, "create_time", created);
	put_time(json, "status_time", created + 3600 + image->revision);
	put_class(json, segment, image);
	json_text(json, "default_user", windows ? "administrator" : "root");
	json_text(json, "default_passwd", CANARY_PASSWORD);
	json_text(json, "hypervisor", "kvm");
	json_text(json, "ui_type", windows ? "gui" : "tui");
	json_int(json, "f_resetpwd", 1);
	json_int(json, "features", draw_once_in(image->key, SALT_FORM, 2) ? 64 : 0);
	if (draw_once_in(image->key, SALT_FORM + 1000, 3))
		put_features(json);
	if (call_fault(call, FAULT_DRIFT))
		json_int(json, "quantum_ready", 1);
	if (call->items == 0 && call_fault(call, FAULT_WRONGZONE))
		json_text(json, "zone", "nowhere1");
	json_object_end(json);
}

static bool keep_image(const struct call *call, const struct segment *segment,
		       const struct image *image)
{
	char own[IMAGE_ID_SIZE];
	bool by_status = false, by_id = false;
	bool status = false, id = false;

	image_id(call->catalog, segment, image, 0, own);
	for (size_t i = 0; i < call->params->count; i++) {
		const struct http_param *p = &call->params->items[i];
		if (strncmp(p->name, "status.", 7) == 0) {
			by_status = true;
			status = status || strcmp(p->value, image_state(segment, image)) == 0;
		} else if (strncmp(p->name, "images.", 7) == 0) {
			by_id = true;
			id = id || strcmp(p->value, own) == 0;
		}
	}
	return (!by_status || status) && (!by_id || id);
}

static bool has_filter(const struct call *call)
{
	for (size_t i = 0; i < call->params->count; i++) {
		const char *name = call->params->items[i].name;
		if (strncmp(name, "status.", 7) == 0 || strncmp(name, "images.", 7) == 0)
			return true;
	}
	return false;
}

/* Without `provider` only the caller's own images are listed. */
static void describe_images(struct call *call)
{
	const char *asked = call_param(call, "provider");
	const char *provider = asked && *asked ? asked : "self";
	const char *zone = call_param(call, "zone");
	const char *place = strcmp(provider, "system") == 0 ? NULL : zone;
	struct view view = { .segment_count = 1, .keep = has_filter(call) ? keep_image : NULL };

	view.segments[0] = catalog_find(call->catalog, SERVICE_IMAGES, place, provider);
	if (!view.segments[0]) {
		qing_error(call, 1100, "InvalidRequestFormat, illegal parameter [provider]");
		return;
	}
	if (!call_count(call, "offset", 0, &call->offset) ||
	    !call_count(call, "limit", LIMIT_DEFAULT, &call->limit)) {
		qing_error(call, 1100, "InvalidRequestFormat, illegal parameter [limit]");
		return;
	}
	if (call->limit > LIMIT_MAX)
		call->limit = LIMIT_MAX;
	snprintf(call->scope, sizeof(call->scope), "images/%s/%s", zone, provider);
	json_object(&call->json, NULL);
	json_text(&call->json, "action", "DescribeImagesResponse");
	listing_page(call, &view, "image_set", put_image);
	listing_total(call, "total_count");
	json_int(&call->json, "ret_code", 0);
	json_object_end(&call->json);
}

static void describe_zones(struct call *call)
{
	json_object(&call->json, NULL);
	json_text(&call->json, "action", "DescribeZonesResponse");
	json_int(&call->json, "total_count", (int64_t)qing_zones_count);
	json_array(&call->json, "zone_set");
	for (size_t i = 0; i < qing_zones_count; i++) {
		json_object(&call->json, NULL);
		json_text(&call->json, "zone_id", qing_zones[i]);
		json_text(&call->json, "status", "active");
		json_object_end(&call->json);
	}
	json_array_end(&call->json);
	json_int(&call->json, "ret_code", 0);
	json_object_end(&call->json);
}

/* clang-format off */
static const struct action { const char *name; bool zone; void (*answer)(struct call *call); } actions[] = {
	{ "DescribeImages", true,  describe_images },
	{ "DescribeZones",  false, describe_zones },
};

static const struct { enum fault fault; int64_t code; const char *message; } failures[] = {
	{ FAULT_UNAVAILABLE,  5100, "ServerBusy, please try again later" },
	{ FAULT_INTERNAL,     5000, "InternalError" },
	{ FAULT_THROTTLE,     2500, "QuotaExceeded, API request quota" },
	{ FAULT_AUTH,         1200, "AuthFailure, signature not matched" },
	{ FAULT_EXPIRED,      1300, "RequestHasExpired" },
	{ FAULT_PERMISSION,   1400, "" },
	{ FAULT_UNKNOWN_CODE, 9999, "未知错误" },
};
/* clang-format on */

static bool refuse_signature(struct call *call)
{
	const struct http_request *request = call->request;
	const char *missing = NULL;

	switch (verify_qingcloud(request->method, request->target, request->raw_path_len,
				 call->params, call->now_s, &missing)) {
	case VERDICT_GOOD: return false;
	case VERDICT_MISSING:
		qing_error(call, 1100, "InvalidRequestFormat, missing or illegal parameter [%s]",
			   missing);
		break;
	case VERDICT_UNSIGNED:
	case VERDICT_UNKNOWN_KEY:
	case VERDICT_MISMATCH: qing_error(call, 1200, "AuthFailure, signature not matched"); break;
	case VERDICT_EXPIRED:
		qing_error(call, 1300, "RequestHasExpired, time_stamp is more than 60 s away");
		break;
	case VERDICT_INTERNAL: qing_error(call, 5000, "InternalError"); break;
	}
	return true;
}

static bool refuse_by_fault(struct call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (!call_fault(call, failures[i].fault))
			continue;
		qing_error(call, failures[i].code, "%s", failures[i].message);
		return true;
	}
	return false;
}

static bool refuse_zone(struct call *call, const struct action *action)
{
	const char *zone = call_param(call, "zone");

	if (!action->zone)
		return false;
	if (!zone || !*zone) {
		qing_error(call, 1100, "InvalidRequestFormat, missing parameter [zone]");
		return true;
	}
	for (size_t i = 0; i < qing_zones_count; i++)
		if (strcmp(qing_zones[i], zone) == 0)
			return false;
	qing_error(call, 1400, "PermissionDenied, zone [%.64s]", zone);
	return true;
}

void qingcloud_answer(struct call *call)
{
	const char *version = call_param(call, "version");
	const struct action *action = NULL;

	call->cloud = "qingcloud";
	json_init(&call->json, &call->body, true);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, call->action) == 0)
			action = &actions[i];
	if (!*call->action)
		qing_error(call, 1100, "InvalidRequestFormat, missing parameter [action]");
	else if (version && strcmp(version, "1") != 0)
		qing_error(call, 1100, "InvalidRequestFormat, illegal parameter [version]");
	else if (refuse_signature(call) || refuse_by_fault(call))
		return;
	else if (!action)
		qing_error(call, 1100, "InvalidRequestFormat, illegal action [%.64s]",
			   call->action);
	else if (!refuse_zone(call, action))
		action->answer(call);
}
