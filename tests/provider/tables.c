#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/record.h"
#include "providers/registry.h"
#include "tests/test.h"

extern const struct provider provider_ucloud, provider_compshare, provider_qingcloud;

/*
 * What every provider's tables promise, whatever cloud they are of; and what the tables of ours
 * say, against the documents: calls, error codes, and that no documented field is forgotten.
 */

enum { TABLE_MAX = 500, PATHS_MAX = 64 };

struct row {
	char name[160];
	const struct provider *provider;
	const void *row;
};

/* ---- any provider -------------------------------------------------------------------------- */

static void names_what_is_required(void **state)
{
	const struct provider *p = ((const struct row *)*state)->provider;

	assert_int_equal(p->abi, PROVIDER_ABI);
	assert_true(p->name && *p->name && p->title && *p->title);
	assert_non_null(p->endpoint);
	assert_int_equal(strncmp(p->endpoint, "https://", 8), 0);
	assert_int_equal(p->endpoint[strlen(p->endpoint) - 1], '/');
	assert_true(p->credential_id && p->credential_secret);
	assert_true(strcmp(p->method, "GET") == 0 || strcmp(p->method, "POST") == 0);
	assert_non_null(p->sign);
	assert_non_null(p->action_param);
	assert_true(p->code_paths && p->code_paths[0]);
	assert_true(p->message_paths && p->message_paths[0]);
	assert_true(p->errors && p->errors[0].first);
	assert_true(p->services && p->services[0].name);
	assert_true(p->requests_per_second > 0);
}

static void check_scope(const struct provider *p, const struct service *s)
{
	assert_true(s->scope != 0);
	assert_int_equal(s->scope & ~(unsigned)(SCOPE_REGION | SCOPE_ZONE | SCOPE_ZONE_IF_SET), 0);
	assert_false((s->scope & SCOPE_ZONE) && (s->scope & SCOPE_ZONE_IF_SET));
	if (s->scope & SCOPE_REGION)
		assert_non_null(p->region_param);
	if (s->scope & (SCOPE_ZONE | SCOPE_ZONE_IF_SET))
		assert_non_null(p->zone_param);
}

static void check_paging(const struct service *s)
{
	if (!s->paging.offset) {
		assert_null(s->paging.limit);
		return;
	}
	assert_non_null(s->paging.limit);
	assert_in_range(s->paging.page_items, 1, 1000);
	assert_true(s->totals && s->totals[0]);
}

static size_t head_len(const char *path)
{
	return strcspn(path, "[.");
}

/* No two lists share a member of the answer: the splitter finds an item by one path. */
static void check_items(const struct service *s)
{
	assert_true(s->items && s->items[0].path);
	for (const struct item_source *a = s->items; a->path; a++) {
		assert_true(a - s->items < TABLE_MAX);
		for (const struct item_source *b = a + 1; b->path; b++)
			assert_false(head_len(a->path) == head_len(b->path) &&
				     strncmp(a->path, b->path, head_len(a->path)) == 0);
		for (const struct field_map *f = a->constants; f && f->convert != CONVERT_END; f++)
			assert_int_equal(f->convert, CONVERT_CONSTANT);
	}
}

static void services_can_be_asked(void **state)
{
	const struct provider *p = ((const struct row *)*state)->provider;

	for (const struct service *s = p->services; s->name; s++) {
		assert_true(s - p->services < TABLE_MAX);
		assert_true(s->action && *s->action);
		assert_true(s->fields && s->fields[0]);
		check_scope(p, s);
		check_paging(s);
		check_items(s);
		for (const struct fixed_param *param = s->params; param && param->name; param++)
			assert_true(param->value && *param->value);
		assert_true((s->variant_param != NULL) == (s->variants != NULL));
		for (const struct variant *v = s->variants; v && v->name; v++)
			assert_true(v->value && *v->value);
		for (const struct service *other = s + 1; other->name; other++)
			assert_string_not_equal(s->name, other->name);
	}
}

static void discoveries_can_be_asked(void **state)
{
	const struct provider *p = ((const struct row *)*state)->provider;

	for (const struct discovery *d = p->discoveries; d && d->name; d++) {
		assert_true(d->action && d->items);
		assert_true(d->places != 0);
		assert_int_equal(!(d->places & PLACE_REGION), !d->region);
		assert_int_equal(!(d->places & PLACE_ZONE), !d->zone);
		assert_int_equal(!(d->places & PLACE_PROJECT), !d->project);
		assert_int_equal(!d->status, !d->status_usable);
		if (d->project)
			assert_non_null(p->project_param);
	}
}

/* Every code range is a range, of a class that an answer can have, and no earlier row hides it. */
static void errors_are_sane(void **state)
{
	const struct provider *p = ((const struct row *)*state)->provider;

	for (const struct error_code *e = p->errors; e->first; e++) {
		assert_true(e - p->errors < TABLE_MAX);
		assert_true(e->first > 0 && e->first <= e->last);
		assert_true(e->class > CLASS_NONE && e->class < CLASS_COUNT);
		assert_true(e->class != CLASS_SUSPECT && e->class != CLASS_INCOMPLETE &&
			    e->class != CLASS_INTERNAL);
		for (const struct error_code *before = p->errors; before < e; before++)
			if (before->first <= e->first && e->last <= before->last)
				fail_msg("%lld is hidden by an earlier row", (long long)e->first);
	}
}

static bool in_vocabulary(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at && *at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	return false;
}

static void check_value(const struct field_map *f, const char *value)
{
	const struct column_info *column = &columns[f->column];

	assert_non_null(value);
	if (column->type == COLUMN_WORD && !in_vocabulary(column->words, value))
		fail_msg("%s: '%s' is no word of %s", f->path ? f->path : "", value, column->name);
	if (column->type == COLUMN_FLAG && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		fail_msg("%s: '%s' is no flag", f->path ? f->path : "", value);
}

/* The column's type is what the conversion makes. */
static bool fits(enum convert convert, enum column_type type)
{
	switch (convert) {
	case CONVERT_END: return false;
	case CONVERT_TEXT:
	case CONVERT_LINK:
	case CONVERT_NATIVE:
	case CONVERT_ID: return type == COLUMN_TEXT;
	case CONVERT_PROSE: return type == COLUMN_PROSE;
	case CONVERT_WORD:
	case CONVERT_WORD_IF: return type == COLUMN_WORD;
	case CONVERT_INT: return type == COLUMN_INT;
	case CONVERT_FLAG:
	case CONVERT_FLAG_NOT:
	case CONVERT_SET_FILLED: return type == COLUMN_FLAG;
	case CONVERT_REAL: return type == COLUMN_REAL;
	case CONVERT_TIME: return type == COLUMN_TIME;
	case CONVERT_DATE: return type == COLUMN_DATE;
	case CONVERT_SET:
	case CONVERT_SET_SPLIT:
	case CONVERT_OBJECTS:
	case CONVERT_TAGS: return type == COLUMN_LIST;
	case CONVERT_SET_HAS: return type == COLUMN_WORD || type == COLUMN_FLAG;
	case CONVERT_OS:
	case CONVERT_OS_ID: return type == COLUMN_TEXT;
	case CONVERT_ARCH_NAME:
	case CONVERT_ARCH_ID:
	case CONVERT_OS_ARCH: return type == COLUMN_WORD;
	case CONVERT_PRESENT:
	case CONVERT_CONSTANT: return type == COLUMN_TEXT || type == COLUMN_WORD;
	case CONVERT_KNOWN: return true;
	}
	return false;
}

static void check_field(const struct field_map *f)
{
	bool words_needed = f->convert == CONVERT_WORD || f->convert == CONVERT_WORD_IF ||
			    f->convert == CONVERT_SET_HAS;
	bool is_constant = f->convert == CONVERT_CONSTANT || f->convert == CONVERT_PRESENT ||
			   f->convert == CONVERT_OS_ARCH;

	assert_in_range(f->column, 0, COLUMN_COUNT - 1);
	if (!fits(f->convert, columns[f->column].type))
		fail_msg("%s does not fit %s", f->path ? f->path : "", columns[f->column].name);
	assert_int_equal(f->path == NULL, f->convert == CONVERT_CONSTANT);
	if (f->path)
		assert_true(*f->path && !strstr(f->path, "..") && !strpbrk(f->path, "[] "));
	assert_true(!words_needed || f->words);
	assert_int_equal(is_constant, f->constant != NULL);
	assert_true(f->factor >= 0);
	if (is_constant)
		check_value(f, f->constant);
	for (const struct word *w = f->words; w && w->native; w++) {
		assert_true(w - f->words < TABLE_MAX);
		assert_true(*w->native && w->word && *w->word);
		if (words_needed)
			check_value(f, w->word);
		for (const struct word *other = w + 1; other->native; other++)
			assert_string_not_equal(w->native, other->native);
	}
}

static void check_twice(const struct service *s, const struct field_map *field)
{
	size_t count = 0;

	for (const struct field_map *const *table = s->fields; *table; table++)
		for (const struct field_map *f = *table; f->convert != CONVERT_END; f++)
			count += f->path && strcmp(f->path, field->path) == 0 &&
				 f->column == field->column && f->convert == field->convert;
	if (count != 1)
		fail_msg("%s: %s is mapped %zu times in one way", s->name, field->path, count);
}

static void fields_are_sane(void **state)
{
	const struct provider *p = ((const struct row *)*state)->provider;

	for (const struct service *s = p->services; s->name; s++) {
		for (const struct item_source *i = s->items; i->path; i++)
			for (const struct field_map *f = i->constants; f && f->convert; f++)
				check_field(f);
		for (const struct field_map *const *table = s->fields; *table; table++) {
			assert_true(table - s->fields < TABLE_MAX);
			for (const struct field_map *f = *table; f->convert != CONVERT_END; f++) {
				assert_true(f - *table < TABLE_MAX);
				check_field(f);
				if (f->path)
					check_twice(s, f);
			}
		}
	}
}

static bool maps(const struct service *s, enum column column)
{
	for (const struct field_map *const *table = s->fields; *table; table++)
		for (const struct field_map *f = *table; f->convert != CONVERT_END; f++)
			if (f->column == column && f->convert != CONVERT_KNOWN)
				return true;
	return false;
}

/* A word that is read from one field keeps its native twin. */
static void words_keep_their_native(void **state)
{
	static const struct {
		enum column word, native;
	} twins[] = { { COLUMN_kind, COLUMN_kind_native },
		      { COLUMN_origin, COLUMN_origin_native },
		      { COLUMN_state, COLUMN_state_native } };
	const struct provider *p = ((const struct row *)*state)->provider;

	for (const struct service *s = p->services; s->name; s++) {
		assert_true(maps(s, COLUMN_image_id) && maps(s, COLUMN_name));
		for (const struct field_map *const *table = s->fields; *table; table++)
			for (const struct field_map *f = *table; f->convert != CONVERT_END; f++)
				for (size_t i = 0; i < ARRAY_LEN(twins); i++)
					if (f->column == twins[i].word &&
					    f->convert == CONVERT_WORD)
						assert_true(maps(s, twins[i].native));
	}
}

/* ---- ours: the calls ----------------------------------------------------------------------- */

/* clang-format off */
static const struct call {
	const char *name;
	const struct provider *provider;
	const char *service, *action;
	bool on_request;
	unsigned page_items;
	const char *params[8];   /* "name=value" of every fixed one */
	const char *variant_param, *variants[6]; /* "?shared" is on request only */
	bool total_untrusted, skips;
	unsigned scope;
} calls[] = {
	{ "calls uhost", &provider_ucloud, "uhost", "DescribeImage", false, 100, { "PriceSet=1" }, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls uk8s", &provider_ucloud, "uk8s", "DescribeUK8SImage", .skips = true, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls custom", &provider_compshare, "custom", "DescribeCompShareCustomImages", false, 100, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls platform", &provider_compshare, "platform", "DescribeCompShareImages", false, 100,
	  .variant_param = "ImageType", .variants = { "System", "App", "Game", "Other" }, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls community", &provider_compshare, "community", "DescribeCommunityImages", false, 100,
	  { "ExcludeReadme=true", "SortCondition.Field=PubTime", "SortCondition.ASC=true" }, .total_untrusted = true, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls shared", &provider_compshare, "shared", "DescribeCompShareSharingImages", true, 100, .scope = SCOPE_REGION | SCOPE_ZONE_IF_SET },
	{ "calls images", &provider_qingcloud, "images", "DescribeImages", false, 100, { "verbose=0" },
	  .variant_param = "provider", .variants = { "system", "self", "?shared" }, .scope = SCOPE_ZONE },
};

static const struct numbers { const char *name; const struct provider *provider; size_t services; } numbers[] = {
	{ "ucloud has 2 services", &provider_ucloud, 2 }, { "compshare has 4 services", &provider_compshare, 4 }, { "qingcloud has 1 service", &provider_qingcloud, 1 },
};
/* clang-format on */

static const struct service *find_service(const struct provider *provider, const char *name)
{
	for (const struct service *s = provider->services; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	fail_msg("%s has no service %s", provider->name, name);
	return NULL;
}

static void check_params(const struct call *call, const struct service *s)
{
	size_t count = 0;
	char text[128];

	for (; s->params && s->params[count].name; count++) {
		assert_non_null(call->params[count]);
		snprintf(text, sizeof(text), "%s=%s", s->params[count].name,
			 s->params[count].value);
		assert_string_equal(text, call->params[count]);
	}
	assert_null(call->params[count]);
}

static void check_variants(const struct call *call, const struct service *s)
{
	size_t count = 0;

	if (!call->variant_param) {
		assert_null(s->variant_param);
		return;
	}
	assert_string_equal(s->variant_param, call->variant_param);
	for (; s->variants[count].name; count++) {
		const char *wanted = call->variants[count];
		assert_non_null(wanted);
		assert_int_equal(s->variants[count].on_request, *wanted == '?');
		assert_string_equal(s->variants[count].name, wanted + (*wanted == '?'));
		assert_string_equal(s->variants[count].value, wanted + (*wanted == '?'));
	}
	assert_null(call->variants[count]);
}

static void calls_as_documented(void **state)
{
	const struct call *call = *state;
	const struct service *s = find_service(call->provider, call->service);

	assert_string_equal(s->action, call->action);
	assert_int_equal(s->on_request, call->on_request);
	assert_int_equal(s->scope, call->scope);
	assert_int_equal(s->paging.page_items, call->page_items);
	assert_int_equal(s->paging.offset != NULL, call->page_items > 0);
	assert_int_equal(s->total_untrusted, call->total_untrusted);
	assert_int_equal(s->skip_non_objects, call->skips);
	check_params(call, s);
	check_variants(call, s);
}

static void has_no_other_services(void **state)
{
	const struct numbers *row = *state;
	size_t count = 0;

	while (row->provider->services[count].name)
		count++;
	assert_int_equal(count, row->services);
}

/* ---- ours: error codes --------------------------------------------------------------------- */

/* clang-format off */
static const struct code {
	const struct provider *provider;
	int64_t code;
	enum error_class class; /* NONE: no row, so it is unavailable once */
	bool resign;
} codes[] = {
	{ &provider_ucloud, 153, CLASS_THROTTLED }, { &provider_compshare, 153, CLASS_THROTTLED }, { &provider_qingcloud, 2500, CLASS_THROTTLED },

	{ &provider_ucloud, 110, CLASS_UNAVAILABLE }, { &provider_ucloud, 130, CLASS_UNAVAILABLE }, { &provider_ucloud, 150, CLASS_UNAVAILABLE },
	{ &provider_ucloud, 8025, CLASS_UNAVAILABLE }, { &provider_ucloud, 8031, CLASS_UNAVAILABLE }, { &provider_ucloud, 8857, CLASS_UNAVAILABLE },
	{ &provider_ucloud, 8874, CLASS_UNAVAILABLE }, { &provider_ucloud, 8889, CLASS_UNAVAILABLE },
	{ &provider_compshare, 110, CLASS_UNAVAILABLE }, { &provider_compshare, 130, CLASS_UNAVAILABLE }, { &provider_compshare, 150, CLASS_UNAVAILABLE },
	{ &provider_compshare, 8433, CLASS_UNAVAILABLE }, { &provider_compshare, 8025, CLASS_UNAVAILABLE }, { &provider_compshare, 8031, CLASS_UNAVAILABLE },
	{ &provider_compshare, 8857, CLASS_UNAVAILABLE }, { &provider_compshare, 8874, CLASS_UNAVAILABLE }, { &provider_compshare, 8889, CLASS_UNAVAILABLE },
	{ &provider_qingcloud, 5000, CLASS_UNAVAILABLE }, { &provider_qingcloud, 5100, CLASS_UNAVAILABLE },
	{ &provider_qingcloud, 5200, CLASS_UNAVAILABLE }, { &provider_qingcloud, 5300, CLASS_UNAVAILABLE },
	{ &provider_ucloud, 1, CLASS_NONE }, { &provider_ucloud, 8300, CLASS_NONE }, { &provider_compshare, 99999, CLASS_NONE },
	{ &provider_compshare, 226700, CLASS_NONE }, { &provider_compshare, 226599, CLASS_NONE },
	{ &provider_qingcloud, 1700, CLASS_NONE }, { &provider_qingcloud, 1499, CLASS_NONE }, { &provider_qingcloud, 8000, CLASS_NONE },

	{ &provider_ucloud, 170, CLASS_AUTH }, { &provider_ucloud, 171, CLASS_AUTH }, { &provider_ucloud, 172, CLASS_AUTH }, { &provider_ucloud, 174, CLASS_AUTH },
	{ &provider_compshare, 170, CLASS_AUTH }, { &provider_compshare, 171, CLASS_AUTH }, { &provider_compshare, 172, CLASS_AUTH }, { &provider_compshare, 174, CLASS_AUTH },
	{ &provider_qingcloud, 1200, CLASS_AUTH }, { &provider_qingcloud, 2000, CLASS_AUTH }, { &provider_qingcloud, 1300, CLASS_AUTH, .resign = true },

	{ &provider_ucloud, 230, CLASS_PERMISSION }, { &provider_ucloud, 292, CLASS_PERMISSION }, { &provider_ucloud, 293, CLASS_PERMISSION },
	{ &provider_ucloud, 294, CLASS_PERMISSION }, { &provider_ucloud, 295, CLASS_PERMISSION }, { &provider_ucloud, 299, CLASS_PERMISSION },
	{ &provider_compshare, 230, CLASS_PERMISSION }, { &provider_compshare, 292, CLASS_PERMISSION }, { &provider_compshare, 293, CLASS_PERMISSION },
	{ &provider_compshare, 294, CLASS_PERMISSION }, { &provider_compshare, 295, CLASS_PERMISSION }, { &provider_compshare, 299, CLASS_PERMISSION },
	{ &provider_compshare, 226600, CLASS_PERMISSION }, { &provider_compshare, 226601, CLASS_PERMISSION }, { &provider_compshare, 226602, CLASS_PERMISSION },
	{ &provider_compshare, 226603, CLASS_PERMISSION }, { &provider_compshare, 226606, CLASS_PERMISSION }, { &provider_compshare, 226699, CLASS_PERMISSION },
	{ &provider_qingcloud, 1400, CLASS_PERMISSION }, { &provider_qingcloud, 1500, CLASS_PERMISSION }, { &provider_qingcloud, 1599, CLASS_PERMISSION },
	{ &provider_qingcloud, 1600, CLASS_PERMISSION }, { &provider_qingcloud, 1699, CLASS_PERMISSION },

	{ &provider_ucloud, 160, CLASS_PARAMETER }, { &provider_ucloud, 161, CLASS_PARAMETER }, { &provider_ucloud, 210, CLASS_PARAMETER },
	{ &provider_compshare, 160, CLASS_PARAMETER }, { &provider_compshare, 161, CLASS_PARAMETER }, { &provider_compshare, 210, CLASS_PARAMETER },
	{ &provider_qingcloud, 1100, CLASS_PARAMETER }, { &provider_qingcloud, 1101, CLASS_PARAMETER }, { &provider_qingcloud, 2100, CLASS_PARAMETER },
};
/* clang-format on */

static void has_class(void **state)
{
	const struct code *wanted = ((const struct row *)*state)->row;
	const struct error_code *found = wanted->provider->errors;

	while (found->first && !(found->first <= wanted->code && wanted->code <= found->last))
		found++;
	assert_int_equal(found->first ? found->class : CLASS_NONE, wanted->class);
	assert_int_equal(found->resign, wanted->resign);
}

/* ---- ours: every documented field is named by some row ------------------------------------- */

/* clang-format off */
#define COMPSHARE_FIELDS \
	"CompShareImageId", "Name", "Author", "AuthInfo", "ImageOwnerAlias", "ImageType", "IsOfficial", "Container", "Status", "Size", "Visibility", \
	"Description", "Tags", "Price", "Cover", "Readme", "Softwares", "CreatedCount", "FavoritesCount", "FailedReason", "CreateTime", "PubTime", \
	"Owner", "GroupId", "VersionName", "VersionDesc", "SourceGpuType", "AutoStart", "ImageCharge", "ImageUseTime", \
	"Softwares.Framework", "Softwares.FrameworkVersion", "Softwares.CUDAVersion", "Softwares.Applications", "Owner.AccountName", "Owner.AccountId", \
	/* The site's pages and the live service. */ \
	"ImageId", "CompShareImageName", "ImageName", "ImageSize", "IsContainer", "Version", "Softwares.OsVersion", "SupportedGpuTypes", "Zone", \
	"UpdateTime", "SoftwarePorts", "FirewallPorts", "QrCodeUrl", "ImageSupportZone", "RecommendCount", "ImageDesc", "IsFavorite", \
	"Softwares.PythonVersion", "Softwares.FrameworkVersionIndex"

static const struct document {
	const char *name;
	const struct provider *provider;
	const char *service;
	const char *arrays[10], *totals[3];
	const char *fields[PATHS_MAX];
} documents[] = {
	{ "ucloud DescribeImage: UHostImageSet", &provider_ucloud, "uhost", { "ImageSet" }, { "TotalCount" },
	  { "Zone", "ImageId", "ImageName", "OsType", "OsName", "ImageType", "Features", "FuncType", "IntegratedSoftware", "Vendor", "Links", "State", "ImageDescription",
	    "CreateTime", "ImageSize", "MinimalCPU", "MaintainEol", "DataSnapshotIds", "SupportedGPUTypes", "SceneCategories", "PrimarySoftware",
	    "PriceSet", "Tag", "ActualSize" } },
	{ "ucloud DescribeUK8SImage: ImageInfo", &provider_ucloud, "uk8s",
	  { "ImageSet", "PHostImageSet", "CustomImageSet", "CustomPHostImageSet", "ImageSetnew", "CustomIImageSet", "PHostCustomIImageSet" }, { NULL },
	  { "ZoneId", "ImageId", "ImageName", "NotSupportGPU", "OsType", "OsName", "Features", "ImageSize", "IntegratedSoftware", "SupportedGPUTypes" } },
	{ "compshare custom: CompShareImage, Software, Projects", &provider_compshare, "custom", { "ImageSet", "CompshareImageGroup[].Data", "ImageSetGroup" },
	  { "TotalCount", "Total" }, { COMPSHARE_FIELDS } },
	{ "compshare platform: CompShareImage", &provider_compshare, "platform", { "ImageSet" }, { "TotalCount", "Total" }, { COMPSHARE_FIELDS } },
	{ "compshare community: CompShareImage", &provider_compshare, "community", { "ImageSet", "CompshareImageGroup[].Data", "ImageSetGroup" },
	  { "TotalCount", "Total" }, { COMPSHARE_FIELDS } },
	{ "compshare shared: CompShareImage", &provider_compshare, "shared", { "ImageSet" }, { "TotalCount", "Total" }, { COMPSHARE_FIELDS } },
	{ "qingcloud DescribeImages: image_set", &provider_qingcloud, "images", { "image_set" }, { "total_count" },
	  { "image_id", "image_name", "description", "size", "processor_type", "platform", "os_family", "visibility", "provider", "owner", "recommended_type", "status",
	    "transition_status", "create_time", "status_time", "tags", "sub_code",
	    "architecture", "image_size", "default_user", "default_passwd", "hypervisor", "features", "feature", "features_supported", "f_resetpwd", "ui_type", "agent_type",
	    "root_id", "instance_ids", "billing_id", "app_billing_id" } },
};
/* clang-format on */

static bool names_path(const struct service *s, const char *path)
{
	size_t len = strlen(path);

	for (const struct field_map *const *table = s->fields; *table; table++)
		for (const struct field_map *f = *table; f->convert != CONVERT_END; f++)
			if (f->path && strncmp(f->path, path, len) == 0 &&
			    (f->path[len] == '\0' || f->path[len] == '.'))
				return true;
	return false;
}

static bool names_array(const struct service *s, const char *path)
{
	size_t len = strlen(path);

	/* A list whose objects may be groups reads objects that are none as images. */
	for (const struct item_source *i = s->items; i->path; i++)
		if (strncmp(i->path, path, len) == 0 &&
		    (i->path[len] == '\0' || i->path[len] == '['))
			return true;
	return false;
}

static bool names_total(const struct service *s, const char *name)
{
	for (const char *const *total = s->totals; total && *total; total++)
		if (strcmp(*total, name) == 0)
			return true;
	return false;
}

static void names_every_field(void **state)
{
	const struct document *document = *state;
	const struct service *s = find_service(document->provider, document->service);

	for (size_t i = 0; document->fields[i]; i++)
		if (!names_path(s, document->fields[i]))
			fail_msg("no row names %s", document->fields[i]);
	for (size_t i = 0; document->arrays[i]; i++)
		if (!names_array(s, document->arrays[i]))
			fail_msg("no source names %s", document->arrays[i]);
	for (size_t i = 0; document->totals[i]; i++)
		if (!names_total(s, document->totals[i]))
			fail_msg("no total is %s", document->totals[i]);
	assert_int_equal(s->totals == NULL, document->totals[0] == NULL);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static const struct promise {
	const char *name;
	void (*function)(void **);
} checks[] = {
	{ "names what is required", names_what_is_required },
	{ "services can be asked", services_can_be_asked },
	{ "discoveries can be asked", discoveries_can_be_asked },
	{ "error codes are sane", errors_are_sane },
	{ "fields are sane", fields_are_sane },
	{ "words keep their native", words_keep_their_native },
};

enum { ROWS_MAX = 256 };

static struct CMUnitTest tests[ROWS_MAX];
static struct row rows[ROWS_MAX];
static size_t count;

static struct row *add(void (*function)(void **))
{
	assert(count < ROWS_MAX);
	tests[count] = (struct CMUnitTest)TEST_ROW(function, &rows[count]);
	return &rows[count++];
}

int main(void)
{
	for (const struct provider *const *p = builtin_providers; *p; p++) {
		for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
			struct row *row = add(checks[i].function);
			row->provider = *p;
			snprintf(row->name, sizeof(row->name), "%s: %s", (*p)->name,
				 checks[i].name);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct row *row = add(has_class);
		row->row = &codes[i];
		snprintf(row->name, sizeof(row->name), "%s: code %lld", codes[i].provider->name,
			 (long long)codes[i].code);
	}
	assert(count + ARRAY_LEN(calls) + ARRAY_LEN(numbers) + ARRAY_LEN(documents) <= ROWS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(calls_as_documented, &calls[i]);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(has_no_other_services, &numbers[i]);
	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		tests[count++] = (struct CMUnitTest)TEST_ROW(names_every_field, &documents[i]);
	return _cmocka_run_group_tests("tables", tests, count, NULL, NULL);
}
