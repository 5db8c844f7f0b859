#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/call.h"
#include "sim/names.h"
#include "sim/random.h"
#include "sim/verify.h"

/*
 * The UCloud gateway: one endpoint for UHost, UK8S, account and Compshare actions. A refusal is
 * HTTP 200 with a RetCode; checks are made in the order of the codes that the documents list.
 */
enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 100 };

#define DEFAULT_PROJECT "org-sim1"
#define FORBIDDEN       "us-ca"

enum { SALT_CODE = 150 };

/* ---- envelopes ---- */

void ucloud_error(struct call *call, int64_t code, const char *format, ...)
{
	char message[256];
	char response[80];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(response, sizeof(response), "%s%s", call->action, *call->action ? "Response" : "");
	call->code = code;
	call->items = -1;
	buf_clear(&call->body);
	json_init(&call->json, &call->body, false);
	json_object(&call->json, NULL);
	json_int(&call->json, "RetCode", code);
	json_text(&call->json, "Action", response);
	json_text(&call->json, "Message", message);
	json_object_end(&call->json);
}

/* Now and then a gateway of theirs prints the code as a string. It depends on the question alone.
 */
void ucloud_begin(struct call *call, const char *response)
{
	uint64_t question = call->catalog->seed ^ (uint64_t)call->offset;

	for (const char *s = call->scope; *s; s++)
		question = mix(question ^ (unsigned char)*s);
	json_object(&call->json, NULL);
	json_text(&call->json, "Action", response);
	if (draw_once_in(question, SALT_CODE, 12))
		json_text(&call->json, "RetCode", "0");
	else
		json_int(&call->json, "RetCode", 0);
}

void ucloud_end(struct call *call)
{
	json_object_end(&call->json);
}

bool ucloud_paging(struct call *call)
{
	if (!call_count(call, "Offset", 0, &call->offset)) {
		ucloud_error(call, 230, "Params [Offset] not available");
		return false;
	}
	if (!call_count(call, "Limit", LIMIT_DEFAULT, &call->limit)) {
		ucloud_error(call, 230, "Params [Limit] not available");
		return false;
	}
	if (call->limit > LIMIT_MAX)
		call->limit = LIMIT_MAX;
	return true;
}

/* "" for an unknown project, NULL never. */
const char *ucloud_project(const struct call *call)
{
	const char *project = call_param(call, "ProjectId");

	if (!project || !*project || strcmp(project, DEFAULT_PROJECT) == 0)
		return DEFAULT_PROJECT;
	return strcmp(project, "org-sim2") == 0 ? project : "";
}

/* ---- discovery ---- */

static void put_region(struct call *call, const char *region, int number, const char *name,
		       const char *zone, bool first)
{
	struct json *json = &call->json;

	json_object(json, NULL);
	json_int(json, "RegionId", number);
	json_text(json, "RegionName", name);
	json_bool(json, "IsDefault", first);
	json_text(json, "BitMaps", "11111111");
	json_text(json, "Region", region);
	json_text(json, "Zone", zone);
	json_object_end(json);
}

static void get_region(struct call *call)
{
	ucloud_begin(call, "GetRegionResponse");
	json_array(&call->json, "Regions");
	for (size_t z = 0; z < zones_count; z++)
		for (size_t i = 0; i < regions_count; i++)
			if (strcmp(zones[z].region, regions[i].id) == 0)
				put_region(call, regions[i].id, regions[i].number, regions[i].name,
					   zones[z].id, z == 0);
	if (call->options->forbidden_region)
		put_region(call, FORBIDDEN, 1000005, "洛杉矶", FORBIDDEN "-01", false);
	json_array_end(&call->json);
	ucloud_end(call);
}

static void get_project_list(struct call *call)
{
	/* clang-format off */
	static const struct { const char *id, *name; int64_t at; bool first; } projects[] = {
		{ DEFAULT_PROJECT, "默认项目", 1342434682, true },
		{ "org-sim2",      "测试 test", 1468225814, false },
	};
	/* clang-format on */
	struct json *json = &call->json;

	ucloud_begin(call, "GetProjectListResponse");
	json_int(json, "ProjectCount", ARRAY_LEN(projects));
	json_array(json, "ProjectSet");
	for (size_t i = 0; i < ARRAY_LEN(projects); i++) {
		json_object(json, NULL);
		json_text(json, "ProjectId", projects[i].id);
		json_text(json, "ProjectName", projects[i].name);
		json_int(json, "CreateTime", projects[i].at);
		json_bool(json, "IsDefault", projects[i].first);
		json_int(json, "MemberCount", 1);
		json_int(json, "ResourceCount", 52);
		json_text(json, "ParentId", "");
		json_text(json, "ParentName", "");
		json_object_end(json);
	}
	json_array_end(json);
	ucloud_end(call);
}

/* ---- the gateway ---- */

enum place { PLACE_NONE, PLACE_REGION, PLACE_GPU_REGION };

/* clang-format off */
static const struct action { const char *name; enum place place; void (*answer)(struct call *call); } actions[] = {
	{ "DescribeImage",                  PLACE_REGION,     uhost_images },
	{ "DescribeUK8SImage",              PLACE_REGION,     uhost_uk8s },
	{ "GetRegion",                      PLACE_NONE,       get_region },
	{ "GetProjectList",                 PLACE_NONE,       get_project_list },
	{ "DescribeCompShareCustomImages",  PLACE_GPU_REGION, compshare_custom },
	{ "DescribeCompShareImages",        PLACE_GPU_REGION, compshare_platform },
	{ "DescribeCommunityImages",        PLACE_GPU_REGION, compshare_community },
	{ "DescribeCompShareSharingImages", PLACE_GPU_REGION, compshare_shared },
	{ "DescribeCompShareSupportZone",   PLACE_NONE,       compshare_support_zone },
};

static const struct { enum fault fault; int64_t code; const char *message; } failures[] = {
	{ FAULT_UNAVAILABLE,  150,   "Service unavailable" },
	{ FAULT_INTERNAL,     130,   "Gateway service exception" },
	{ FAULT_THROTTLE,     153,   "Request rate limited" },
	{ FAULT_AUTH,         171,   "Signature VerifyAC Error" },
	{ FAULT_EXPIRED,      174,   "Token Not Exists" },
	{ FAULT_PERMISSION,   299,   "IAM permission check failed" },
	{ FAULT_UNKNOWN_CODE, 99999, "未知错误" },
};
/* clang-format on */

static bool place_is_known(const struct call *call, enum place place)
{
	const char *region = call_param(call, "Region");
	const char *zone = call_param(call, "Zone");

	for (size_t i = 0; i < regions_count; i++) {
		if (strcmp(regions[i].id, region) != 0)
			continue;
		if (place == PLACE_GPU_REGION && !regions[i].compshare)
			return false;
		if (!zone || !*zone)
			return true;
		for (size_t z = 0; z < zones_count; z++)
			if (strcmp(zones[z].id, zone) == 0 && strcmp(zones[z].region, region) == 0)
				return true;
		return false;
	}
	return false;
}

/* True when a refusal was written. */
static bool refuse_place(struct call *call, enum place place)
{
	const char *zone = call_param(call, "Zone");

	if (place == PLACE_NONE)
		return false;
	if (!call_param(call, "Region") || !*call_param(call, "Region"))
		ucloud_error(call, 210, "Missing params [Region]");
	else if (place == PLACE_GPU_REGION && call->options->gateway_zones && (!zone || !*zone))
		ucloud_error(call, 210, "Missing params [Zone]");
	else if (!place_is_known(call, place))
		ucloud_error(call, 230, "Params [%s] not available",
			     zone && *zone ? "Zone" : "Region");
	else if (!*ucloud_project(call))
		ucloud_error(call, 292, "Project not found");
	else
		return false;
	return true;
}

static bool refuse_signature(struct call *call)
{
	switch (verify_ucloud(call->params)) {
	case VERDICT_GOOD: return false;
	case VERDICT_UNSIGNED: ucloud_error(call, 170, "Missing Signature"); break;
	case VERDICT_UNKNOWN_KEY: ucloud_error(call, 172, "User not found"); break;
	case VERDICT_MISMATCH: ucloud_error(call, 171, "Signature VerifyAC Error"); break;
	case VERDICT_EXPIRED:
	case VERDICT_MISSING:
	case VERDICT_INTERNAL: ucloud_error(call, 130, "Gateway service exception"); break;
	}
	return true;
}

static bool refuse_by_fault(struct call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (!call_fault(call, failures[i].fault))
			continue;
		ucloud_error(call, failures[i].code, "%s", failures[i].message);
		return true;
	}
	return false;
}

void ucloud_answer(struct call *call)
{
	const struct action *action = NULL;

	call->cloud = "ucloud";
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, call->action) == 0)
			action = &actions[i];
	if (!*call->action)
		ucloud_error(call, 160, "Missing Action");
	else if (!action)
		ucloud_error(call, 161, "Action [%s] not available", call->action);
	else if (!refuse_signature(call) && !refuse_by_fault(call) &&
		 !refuse_place(call, action->place))
		action->answer(call);
}
