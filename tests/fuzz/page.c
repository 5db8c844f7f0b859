/*
 * Any bytes as the answer of a listing. A record that comes out is fit for the catalog: valid
 * UTF-8, nothing that a terminal obeys, raw that is JSON with its secrets taken out.
 */
#include "model/page.h"

#include "tests/fuzz/check_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const struct word states[] = { { "Available", "available" }, { "Making", "pending" }, { 0 } };
static const struct word gpus[] = { { "GPU", "1" }, { "Vgpu_*", "1" }, { 0 } };
static const struct word keys[] = { { "tag_key", "key" }, { 0 } };
static const struct field_map fields[] = {
	{ "Zone", MAP_LINK(zone) }, { "ZoneId", MAP_INT(zone_id) }, { "Id", MAP_ID(image_id) },
	{ "Name", MAP_TEXT(name) }, { "Text", MAP_PROSE(description) }, { "Link", MAP_LINK(link_url) },
	{ "State", MAP_WORD(state, states) }, { "State", MAP_NATIVE(state_native) },
	{ "Size", MAP_SCALED(size_bytes, INT64_C(1) << 30) }, { "Paid", MAP_FLAG(is_paid) },
	{ "Price", MAP_REAL(price) }, { "Time", MAP_TIME(created_at) }, { "Day", MAP_DATE(eol_on) },
	{ "Set", MAP_SET(features) }, { "Set", MAP_HAS_FLAG(gpu_supported, gpus) },
	{ "Split", MAP_SET_SPLIT(scene_categories) }, { "Prices", MAP_OBJECTS(prices, NULL) },
	{ "Tags", MAP_TAGS(tags, keys) }, { "Name", MAP_OS() }, { "Name", MAP_ARCH_NAME() }, { "Id", MAP_OS_ID() },
	{ "Soft.Cuda", MAP_LINK(cuda_version) }, { "Kept", MAP_KNOWN() }, { 0 },
};
static const struct item_source sources[] = { { "Set" }, { "Twin", "Twin" }, { "Group[].Data" }, { 0 } };
static const struct service service = {
	.name = "s", .items = sources, .totals = (const char *const[]){ "TotalCount", NULL },
	.fields = (const struct field_map *const[]){ fields, NULL },
};
static const struct provider provider = {
	.name = "p", .code_paths = (const char *const[]){ "RetCode", NULL },
	.message_paths = (const char *const[]){ "Message", NULL },
};
/* clang-format on */

/* Every item is known the second time, by the same key. */
static void read_again(const struct page *first, const uint8_t *data, size_t size,
		       struct page_scope *scope)
{
	struct known known;
	struct page page;

	known_init(&known);
	for (size_t i = 0; i < first->count; i++) {
		struct known_entry entry = { .key = first->items[i].key,
					     .content = first->items[i].content };
		check(known_put(&known, &entry) == 0);
	}
	scope->known = &known;
	page_read(&page, (const char *)data, size, scope);
	check(page.class == first->class && page.count == first->count);
	for (size_t i = 0; i < page.count; i++)
		check(page.items[i].content == first->items[i].content);
	page_finish(&page);
	known_finish(&known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct page_scope scope = { &provider, &service, "r1", size % 2 ? "z1" : NULL, 7, NULL };
	struct page page;

	page_read(&page, (const char *)data, size, &scope);
	check((page.class == CLASS_NONE) == (page.error == NULL));
	check(page.class != CLASS_INTERNAL);
	for (size_t i = 0; i < page.count; i++)
		if (page.items[i].record)
			check_record(page.items[i].record);
	for (size_t i = 0; i < page.drift_count; i++)
		check(text_is_utf8(page.drifts[i].path, strlen(page.drifts[i].path)));
	if (page.class == CLASS_NONE && page.code == 0)
		read_again(&page, data, size, &scope);
	page_finish(&page);
	return 0;
}
